"""Signing in and out: every way in, every refusal the same, nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest

from credit.accounts import disable_account, enable_otp, find_account, make_agency, set_password
from credit.otp import code_at, step_of
from models.terms import Role
from tests.factories import PASSWORD, make_account

ADDRESS = "/api/v1/tokens"


def sign_in(client, account, password=PASSWORD, **more):
    return client.post(ADDRESS, json={"grant_type": "password", "account": account, "password": password, **more})


@pytest.fixture
def firm(session):
    account = make_account(session, role=Role.enterprise, name="firm")
    session.commit()
    return account


@pytest.fixture
def officer(session):
    account = make_account(session, role=Role.regulator, name="officer")
    secret = enable_otp(session, account)
    session.commit()
    return secret


def test_password_opens_and_token_works(client, firm):
    answer = sign_in(client, "firm")
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "token_type", "expires_in", "scopes"}
    assert answer.json["expires_in"] <= 900
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.delete(f"{ADDRESS}/current", headers=headers).status_code == 204
    assert client.delete(f"{ADDRESS}/current", headers=headers).status_code == 401
