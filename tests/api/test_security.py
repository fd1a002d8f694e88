"""Forged, foreign, stale and stolen tokens: every one is refused with the same words. And what revocation means."""

import base64
import hmac
import json
import time
from datetime import UTC, date, datetime, timedelta

import jwt
import pytest

from api import security
from api.security import Gate, sign_in_to_pages, sign_out_of_pages
from api.settings import load_settings, read_key
from credit.accounts import SignIn, disable_account, find_account, set_password
from models.accounts import Agency
from models.base import EPOCH, MICROSECOND

PROBE = "/api/v1/authorisations"


@pytest.fixture
def owner(as_enquirer):
    return as_enquirer("enterprise")


@pytest.fixture
def key(databases, deployment):
    return read_key(load_settings(databases.settings(deployment.instance), environ={}), "token_key")


def claims_for(owner, **changes):
    now = int(time.time())
    claims = {
        "sub": f"account:{owner.account_id}", "jti": "j-1", "type": "access", "fresh": False, "iat": now, "nbf": now,
        "exp": now + 600, "iss": "credit-platform", "aud": "credit-platform-api",
        "at": (datetime.now(UTC) - EPOCH) // MICROSECOND,
    }  # fmt: skip
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not ...}


def part(value):
    """One part of a token; a claim that is ``...`` is left out."""
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if inner is not ...}
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(header, claims, key):
    body = f"{part(header)}.{part(claims)}"
    return f"{body}.{part(hmac.digest(key.encode(), body.encode(), 'sha256'))}"


HS = {"alg": "HS256", "typ": "JWT"}
RSA_PUBLIC = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK8\n-----END PUBLIC KEY-----\n"
FORGERIES = {
    "none": lambda c, k: f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(c)}.",
    "NoNe": lambda c, k: f"{part({'alg': 'NoNe', 'typ': 'JWT'})}.{part(c)}.",
    "none with signature": lambda c, k: signed({"alg": "none", "typ": "JWT"}, c, k),
    "no signature": lambda c, k: signed(HS, c, k).rsplit(".", 1)[0] + ".",
    "signature of another token": lambda c, k: f"{part(HS)}.{part({**c, 'jti': 'j-2'})}." + signed(HS, c, k).rsplit(".", 1)[1],
    "other key": lambda c, k: signed(HS, c, "x" * 64),
    "empty key": lambda c, k: signed(HS, c, ""),
    "public key as secret": lambda c, k: signed(HS, c, RSA_PUBLIC),
    "HS512 with our key": lambda c, k: jwt.encode(c, k, "HS512"),
    "alg says RS256": lambda c, k: signed({"alg": "RS256", "typ": "JWT"}, c, k),
    "kid traversal": lambda c, k: signed({**HS, "kid": "../../dev/null"}, c, k),
    "kid with SQL": lambda c, k: signed({**HS, "kid": "x' UNION SELECT 'a"}, c, k),
    "jku": lambda c, k: signed({**HS, "jku": "https://example.org/keys"}, c, k),
    "jwk": lambda c, k: signed({**HS, "jwk": {"kty": "oct", "k": part(b"x" * 32)}}, c, "x" * 32),
    "x5u": lambda c, k: signed({**HS, "x5u": "https://example.org/cert"}, c, k),
    "crit": lambda c, k: signed({**HS, "crit": ["exp"]}, c, k),
    "no exp": lambda c, k: signed(HS, {**c, "exp": ...}, k),
    "exp a string": lambda c, k: signed(HS, {**c, "exp": str(c["exp"])}, k),
    "exp a float": lambda c, k: signed(HS, {**c, "exp": float(c["exp"])}, k),
    "exp true": lambda c, k: signed(HS, {**c, "exp": True}, k),
    "exp past": lambda c, k: signed(HS, {**c, "exp": c["iat"] - 60, "iat": c["iat"] - 600, "nbf": c["iat"] - 600}, k),
    "exp far future": lambda c, k: signed(HS, {**c, "exp": c["iat"] + 10**9}, k),
    "exp over the longest life": lambda c, k: signed(HS, {**c, "exp": c["iat"] + 901}, k),
    "exp beyond any clock": lambda c, k: signed(HS, {**c, "exp": 10**30}, k),
    "issued in the future": lambda c, k: signed(HS, {**c, "iat": c["iat"] + 300, "exp": c["exp"] + 300}, k),
    "not yet valid": lambda c, k: signed(HS, {**c, "nbf": c["iat"] + 120}, k),
    "no iat": lambda c, k: signed(HS, {**c, "iat": ...}, k),
    "no nbf": lambda c, k: signed(HS, {**c, "nbf": ...}, k),
    "no jti": lambda c, k: signed(HS, {**c, "jti": ...}, k),
    "jti null": lambda c, k: signed(HS, {**c, "jti": None}, k),
    "no subject": lambda c, k: signed(HS, {**c, "sub": ...}, k),
    "subject a number": lambda c, k: signed(HS, {**c, "sub": 1}, k),
    "subject unknown": lambda c, k: signed(HS, {**c, "sub": "account:999999"}, k),
    "subject of no kind": lambda c, k: signed(HS, {**c, "sub": "root:1"}, k),
    "subject full-width": lambda c, k: signed(HS, {**c, "sub": "account:１"}, k),
    "subject huge": lambda c, k: signed(HS, {**c, "sub": "account:" + "9" * 40}, k),
    "foreign issuer": lambda c, k: signed(HS, {**c, "iss": "elsewhere"}, k),
    "no issuer": lambda c, k: signed(HS, {**c, "iss": ...}, k),
    "foreign audience": lambda c, k: signed(HS, {**c, "aud": "another-service"}, k),
    "no audience": lambda c, k: signed(HS, {**c, "aud": ...}, k),
    "refresh as access": lambda c, k: signed(HS, {**c, "type": "refresh"}, k),
    "no type of token": lambda c, k: signed(HS, {**c, "type": "id"}, k),
    "issued before the account's tokens begin": lambda c, k: signed(HS, {**c, "at": 0}, k),
    "no moment of issue": lambda c, k: signed(HS, {**c, "at": ...}, k),
    "claims a list": lambda c, k: signed(HS, [c], k),
    "deep claims": lambda c, k: f"{part(HS)}.{part(b'[' * 5000)}.x",
    "garbage": lambda c, k: "not.a.token",
    "one part": lambda c, k: "abc",
    "too long": lambda c, k: signed(HS, {**c, "pad": "x" * 4000}, k),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_tokens_are_refused(client, owner, key, name):
    token = FORGERIES[name](claims_for(owner), key)
    answer = client.get(PROBE, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401, name
    assert answer.json["type"] == "not-authenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_template_of_the_forgeries_is_good(client, owner, key):
    """If this fails the forgeries above prove nothing."""
    token = signed(HS, claims_for(owner), key)
    assert client.get(PROBE, headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token abc", "Bearer a b"])
def test_headers_that_are_no_bearer_token(client, header):
    assert client.get(PROBE, headers={"Authorization": header}).status_code == 401


def test_a_bad_token_is_refused_even_where_none_is_needed(client):
    assert client.get("/api/v1/lists", headers={"Authorization": "Bearer x.y.z"}).status_code == 401
    assert client.get("/api/v1/lists").status_code == 200


def test_a_cookie_opens_no_interface(app, owner):
    browser = app.test_client()
    with app.test_request_context("/"):
        sign_in_to_pages(SignIn(f"account:{owner.account_id}", owner), datetime.now(UTC))
        from flask import session as cookie

        content = dict(cookie)
    with browser.session_transaction() as cookie:
        cookie.update(content)
    assert browser.get(PROBE).status_code == 401


def test_revoked_at_once_and_in_other_workers_within_a_second(
    app, databases, deployment, owner, token_for, monkeypatch
):
    from api import create_app

    other = create_app(databases.settings(deployment.instance))
    headers = {"Authorization": f"Bearer {token_for(owner)}"}
    here, there = app.test_client(), other.test_client()
    assert here.get(PROBE, headers=headers).status_code == there.get(PROBE, headers=headers).status_code == 200
    assert here.delete("/api/v1/tokens/current", headers=headers).status_code == 204
    assert here.get(PROBE, headers=headers).status_code == 401
    assert security.REMEMBERED_SECONDS < 1
    real = time.monotonic
    monkeypatch.setattr(security.time, "monotonic", lambda: real() + security.REMEMBERED_SECONDS)
    assert there.get(PROBE, headers=headers).status_code == 401
    other.extensions["credit.deployment"].engine.dispose()
    other.extensions["credit.deployment"].enquiry_log.engine.dispose()


def end_by_disabling(session, account):
    disable_account(session, account, now=datetime.now(UTC))


def end_by_password(session, account):
    set_password(session, account, "another-Phrase-77", now=datetime.now(UTC))


@pytest.mark.parametrize("end", [end_by_disabling, end_by_password])
def test_tokens_end_with_their_account(app, session, owner, as_client, end):
    client = as_client(owner)
    assert client.get(PROBE).status_code == 200
    end(session, find_account(session, owner.account))
    session.commit()
    forget(app)
    assert client.get(PROBE).status_code == 401


@pytest.mark.parametrize("change", [{"disabled_at": datetime.now(UTC)}, {"admitted_until": date(2026, 1, 1)}])
def test_tokens_end_with_their_agency(app, session, as_enquirer, as_client, change):
    bank = as_enquirer("agency")
    client = as_client(bank)
    assert client.get("/api/v1/lists").status_code == 200
    agency = session.get(Agency, bank.agency_id)
    for name, value in change.items():
        setattr(agency, name, value)
    session.commit()
    forget(app)
    assert client.get("/api/v1/lists").status_code == 401


def test_the_memory_of_tokens_is_bounded():
    gate = Gate(limits=None, session_minutes=30)
    for number in range(security.REMEMBERED_AT_MOST + 10):
        gate.remember(str(number), None)
    assert len(gate.remembered) <= security.REMEMBERED_AT_MOST


def test_a_remembered_token_still_expires(app, client, owner, key, monkeypatch):
    token = signed(HS, claims_for(owner, exp=int(time.time()) + 5), key)
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(PROBE, headers=headers).status_code == 200
    real = time.time
    monkeypatch.setattr(security.time, "time", lambda: real() + 6)
    app.extensions[security.EXTENSION].remembered[token]
    jwt_now = datetime.now(UTC) + timedelta(seconds=60)
    monkeypatch.setattr(
        "jwt.api_jwt.datetime", type("Clock", (datetime,), {"now": staticmethod(lambda tz=None: jwt_now)})
    )
    assert client.get(PROBE, headers=headers).status_code == 401


def test_page_sessions_begin_and_end_on_the_server(app, owner):
    signed_in = SignIn(f"account:{owner.account_id}", owner)
    with app.test_request_context("/"):
        from flask import g
        from flask import session as cookie

        sign_in_to_pages(signed_in, datetime.now(UTC))
        kept = dict(cookie)
        assert security.current_enquirer().account == owner.account
        sign_out_of_pages(datetime.now(UTC))
        g.pop("enquirer")
        cookie.update(kept)
        assert security.current_enquirer().account == "-"


@pytest.mark.parametrize(("hours", "open_"), [(11, True), (13, False)])
def test_page_sessions_end_after_half_a_day_of_use(app, owner, hours, open_):
    with app.test_request_context("/"):
        sign_in_to_pages(SignIn(f"account:{owner.account_id}", owner), datetime.now(UTC) - timedelta(hours=hours))
        assert (security.current_enquirer().account == owner.account) == open_


def forget(app):
    app.extensions[security.EXTENSION].remembered.clear()
