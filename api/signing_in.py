"""Signing in, the same for tokens and for pages: locked first, then proven, then counted.

The lock is asked before any password is hashed, so that guessing costs us nothing. A one-time code is taken once.
Nothing here takes the business database's write lock, so signing in never waits behind an import.
"""

from datetime import datetime
from typing import Any

from flask import current_app

from api.clock import district_day, moment
from api.database import open_reading_session
from api.roles import SECOND_FACTOR, scopes_of
from api.security import EXTENSION, Gate, issue_access_token
from credit.accounts import REFUSED, SignIn, authenticate, authenticate_agency
from credit.errors import NotAuthenticated, TooManyAttempts
from credit.limits import Limits


def sign_in_person(account: str, password: str, otp: str | None, address: str, now: datetime) -> SignIn:
    """Prove a person; NotAuthenticated, or TooManyAttempts while the account is locked for this address."""
    limits = _limits()
    _refuse_locked(limits, account, address, now)
    try:
        with open_reading_session() as reading:
            sign_in = authenticate(reading, account, password, otp, second_factor=SECOND_FACTOR, now=now)
        if sign_in.step is not None and not limits.use_code(sign_in.actor, sign_in.step):
            raise NotAuthenticated(REFUSED)
    except NotAuthenticated:
        limits.note_failure(account, address, now)
        raise
    limits.forget_failures(account, address)
    return sign_in


def sign_in_agency(client_id: str, secret: str, address: str, now: datetime) -> SignIn:
    """Prove an agency's system by its secret."""
    limits = _limits()
    _refuse_locked(limits, client_id, address, now)
    try:
        with open_reading_session() as reading:
            sign_in = authenticate_agency(reading, client_id, secret, today=district_day())
    except NotAuthenticated:
        limits.note_failure(client_id, address, now)
        raise
    limits.forget_failures(client_id, address)
    return sign_in


def token_answer(sign_in: SignIn, minutes: int | None = None) -> dict[str, Any]:
    """The body of a token answer."""
    token, seconds = issue_access_token(sign_in, moment(), minutes)
    scopes = scopes_of(sign_in.enquirer.role, sign_in.enquirer.scopes)
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scopes": sorted(scopes)}


def _limits() -> Limits:
    gate: Gate = current_app.extensions[EXTENSION]
    return gate.limits


def _refuse_locked(limits: Limits, account: str, address: str, now: datetime) -> None:
    seconds = limits.seconds_locked(account, address, now)
    if seconds:
        raise TooManyAttempts("失败次数过多，请稍后再试", retry_after=seconds)
