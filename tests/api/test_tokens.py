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


def refusal(answer):
    return answer.status_code, answer.json["type"], answer.json["detail"]


def test_every_refusal_is_the_same(client, session, firm, officer):
    closed = make_account(session, role=Role.enterprise, name="closed")
    disable_account(session, closed, now=datetime.now(UTC))
    session.commit()
    answers = {
        refusal(sign_in(client, "firm", "wrong-password")),
        refusal(sign_in(client, "nobody")),
        refusal(sign_in(client, "closed")),
        refusal(sign_in(client, "officer")),
        refusal(sign_in(client, "officer", otp="000000")),
        refusal(sign_in(client, "firm' OR 1=1 --")),
    }
    assert len(answers) == 1
    assert answers.pop()[:2] == (401, "not-authenticated")


def test_a_second_factor_is_required_and_opens_once(client, officer):
    now = step_of(datetime.now(UTC).timestamp())
    code = code_at(officer, now)
    assert sign_in(client, "officer", otp=code).status_code == 200
    assert sign_in(client, "officer", otp=code).status_code == 401
    assert sign_in(client, "officer", otp=code_at(officer, now + 1)).status_code == 200
    assert sign_in(client, "officer", otp=code_at(officer, now + 9)).status_code == 401


@pytest.mark.parametrize("role", [Role.regulator, Role.operator, Role.auditor])
def test_roles_with_second_factor_do_not_sign_in_without_one(client, session, role):
    make_account(session, role=role, name="bare")
    session.commit()
    assert sign_in(client, "bare").status_code == 401
    assert sign_in(client, "bare", otp="123456").status_code == 401


def test_whoever_has_a_second_factor_must_use_it(client, session, firm):
    enable_otp(session, find_account(session, "firm"))
    session.commit()
    assert sign_in(client, "firm").status_code == 401


def test_failures_lock_the_account_for_the_address(client, firm):
    for _attempt in range(5):
        assert sign_in(client, "firm", "wrong-password").status_code == 401
    locked = sign_in(client, "firm")
    assert (locked.status_code, locked.json["type"]) == (429, "too-many-attempts")
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    spoofed = client.post(
        ADDRESS,
        json={"grant_type": "password", "account": "firm", "password": PASSWORD},
        headers={"X-Forwarded-For": "10.1.1.1"},
    )
    assert spoofed.status_code == 429
    elsewhere = client.post(
        ADDRESS,
        json={"grant_type": "password", "account": "firm", "password": PASSWORD},
        environ_base={"REMOTE_ADDR": "10.9.9.9"},
    )
    assert elsewhere.status_code == 200


def test_signing_in_does_not_wait_behind_a_writer(client, session, firm):
    session.add(make_account(session, role=Role.auditor))
    session.flush()
    begun = datetime.now(UTC)
    assert sign_in(client, "firm").status_code == 200
    assert datetime.now(UTC) - begun < timedelta(seconds=5)


def test_unknown_accounts_lock_alike(client):
    answers = [sign_in(client, "nobody").status_code for _attempt in range(6)]
    assert answers == [401] * 5 + [429]


def test_a_good_sign_in_forgets_failures(client, firm):
    for _round in range(3):
        for _attempt in range(4):
            sign_in(client, "firm", "wrong-password")
        assert sign_in(client, "firm").status_code == 200


def test_an_agency_signs_in_with_its_secret(client, session):
    _agency, secret = make_agency(session, "bank-1", name="某某银行")
    session.commit()
    body = {"grant_type": "client_credentials", "client_id": "bank-1", "client_secret": secret}
    answer = client.post(ADDRESS, json=body)
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get("/api/v1/lists", headers=headers).status_code == 200
    assert client.post(ADDRESS, json={**body, "client_secret": secret[:-1]}).status_code == 401
    assert client.post(ADDRESS, json={**body, "client_id": "bank-2"}).status_code == 401


@pytest.mark.parametrize("days", [-1, 0])
def test_an_agency_is_admitted_to_its_last_day(client, session, days):
    from models.base import DISTRICT_ZONE

    until = datetime.now(DISTRICT_ZONE).date() + timedelta(days=days)
    _agency, secret = make_agency(session, "bank-1", name="某某银行", admitted_until=until)
    session.commit()
    body = {"grant_type": "client_credentials", "client_id": "bank-1", "client_secret": secret}
    assert client.post(ADDRESS, json=body).status_code == (200 if days == 0 else 401)


def test_a_new_password_replaces_the_old(client, session, firm):
    set_password(session, find_account(session, "firm"), "another-Phrase-77", now=datetime.now(UTC))
    session.commit()
    assert sign_in(client, "firm").status_code == 401
    assert sign_in(client, "firm", "another-Phrase-77").status_code == 200


def test_passwords_are_argon2id_and_secrets_digests(session, firm):
    set_password(session, firm, "another-Phrase-77", now=datetime.now(UTC))
    assert firm.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    agency, secret = make_agency(session, "bank-1", name="某某银行")
    assert secret.encode() not in bytes(agency.secret_digest)
    assert len(secret) >= 43
