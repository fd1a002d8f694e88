"""A simulated city platform beside the deployment under test."""

import contextlib
import secrets
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
import yaml

from api.sample.city import City
from credit.city.link import BASE, load_link
from credit.city.mapping import load_city_mappings
from tests import factories

TOKEN = secrets.token_urlsafe(24)


class Clock:
    """A clock that tests move."""

    def __init__(self):
        self.now = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def forward(self, **span):
        self.now += timedelta(**span)


@pytest.fixture
def clock():
    return Clock()


@contextlib.contextmanager
def serving(folder, token=TOKEN, port=0, **options):
    with City(folder, port, token, **options) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def configure(instance, server=None, *, way="service", transport="00112233445566778899aabbccddeeff" * 2):
    """Write connections.yaml of the instance; the transport key is the tests' own."""
    host = f"127.0.0.1:{server.server_address[1]}" if server is not None else "127.0.0.1:1"
    content = {
        "hosts": [host],
        "bases": {BASE: f"http://{host}"},
        "credentials": {"city": TOKEN, "city-transport": transport},
        "city": {"way": way, "credential": "city", **({"transport": "city-transport"} if transport else {})},
    }
    (instance / "connections.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_link(instance)


@pytest.fixture
def city(tmp_path):
    with serving(tmp_path / "city", returns=False) as server:
        yield server


@pytest.fixture
def link(deployment, city):
    return configure(deployment.instance, city)


@pytest.fixture
def mappings():
    return load_city_mappings()


PAYLOAD = {
    "doc_no": "沪测罚〔2026〕1号",
    "decision_date": "2026-03-02",
    "authority": "区市场监督管理局",
    "violation": "虚假宣传",
    "fine": 500_000,
}


def penalty(subject=None, **changes):
    """A penalty as a department's description maps it: the catalogue's natural key."""
    payload = {**PAYLOAD, **changes}
    document = payload["doc_no"]
    extra = {} if subject is None else {"subject": subject}
    return factories.make_draft(
        payload=payload,
        document_number=document,
        authority=payload["authority"],
        amount=payload["fine"],
        natural_key=("-", document.replace("〔", "(").replace("〕", ")"), payload["authority"], "2026-03-02"),
        **extra,
    )


def supplied(draft, **changes):
    """The same penalty as the city supplies it."""
    row = {
        "XDR_MC": draft.subject.name,
        "XDR_LX": "1",
        "XDR_DM": draft.subject.code or "",
        "WSH": draft.document_number,
        "WFXWLX": "虚假宣传",
        "FKJE": "5000.00",
        "JDRQ": "2026-03-02",
        "JDJG": draft.authority,
        "SJLYDW": "示范市公共信用信息服务平台",
        **changes,
    }
    return {"address": "SH-CF-01", "row": row}
