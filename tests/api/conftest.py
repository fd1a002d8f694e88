"""Fixtures of the pages: clients with a page session, and forms sent as a browser would send them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from credit.enquirer import Enquirer
from models.base import EPOCH, MICROSECOND

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class PageClient:
    """A browser without scripts: keeps its cookie and sends the mark of the page it looked at last."""

    def __init__(self, client: FlaskClient, enquirer: Enquirer | None) -> None:
        self.client, self.enquirer = client, enquirer
        self.token: str | None = None

    def get(self, address: str, **options: Any) -> TestResponse:
        answer = self.client.get(address, **options)
        found = TOKEN.search(answer.text) if answer.mimetype == "text/html" else None
        self.token = found.group(1) if found else self.token
        return answer

    def post(self, address: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(address, data={"csrf_token": self.token or "", **(data or {})}, **options)


@pytest.fixture
def page_client(app: Flask, as_enquirer: Callable[..., Enquirer]) -> Callable[..., PageClient]:
    """``page_client("enterprise", subject_id=…)``: signed in to the pages; ``page_client("public")`` is nobody."""

    def make(kind: str = "public", **account: Any) -> PageClient:
        enquirer = as_enquirer(kind, **account)
        client = app.test_client()
        if enquirer.account_id is not None:
            with client.session_transaction() as kept:
                kept["actor"], kept["sid"] = f"account:{enquirer.account_id}", f"sid-{enquirer.account_id}"
                kept["at"] = (datetime.now(UTC) - EPOCH) // MICROSECOND
                kept.permanent = True
        return PageClient(client, enquirer)

    return make
