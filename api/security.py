"""Who comes in: a token (programs) or a cookie (pages) becomes an ``Enquirer``, and closed stays what nobody opened.

Every endpoint declares the one scope it needs with ``require``; the few in ``PUBLIC_ROUTES`` need none; an endpoint that says
neither is refused, and a test walks all of them. Addresses under ``/api`` take only a bearer token and pages only a cookie, so
no foreign page can use a browser's cookie against the interface.

flask-jwt-extended signs and verifies (HS256, issuer, audience); what it leaves open (no ``exp``, no ``jti``, any header, any
life) is refused here. A verified token is remembered for under a second with its enquirer: so the usual request costs a
dictionary look-up, and a revocation, a disabled account or a lapsed agency still acts within a second in every worker.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import jwt
from flask import Flask, current_app, g, request, session
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException

from api.clock import district_day
from api.database import open_reading_session
from api.roles import PUBLIC_ROUTES, scopes_of
from api.settings import TOKEN_MINUTES_AT_MOST, Settings, SettingsRefused, read_key
from credit.accounts import SignIn, find_enquirer
from credit.enquirer import PUBLIC, Enquirer
from credit.errors import NotAuthenticated, NotAuthorised
from credit.limits import Limits, LockRule
from models.base import EPOCH, MICROSECOND

ALGORITHM = "HS256"
HEADERS = frozenset({"alg", "typ"})
CLAIMS: dict[str, type] = {"sub": str, "jti": str, "iss": str, "exp": int, "iat": int, "nbf": int, "at": int}
LONGEST_TOKEN = 2048
HAND_MINUTES_AT_MOST = 12 * 60
SESSION_SECONDS_AT_MOST = 12 * 3600
SKEW_SECONDS = 10
REMEMBERED_SECONDS = 0.9
REMEMBERED_AT_MOST = 4096
EXTENSION = "credit.security"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Known:
    """A verified token and whom it stands for, good until ``until`` on the monotonic clock."""

    enquirer: Enquirer
    actor: str
    issued: int
    jti: str
    expires: int
    until: float


class Gate:
    """What the guards of one application share: limits and the short memory of verified tokens."""

    def __init__(self, limits: Limits, session_minutes: int) -> None:
        self.limits = limits
        self.session_minutes = session_minutes
        self.remembered: dict[str, Known] = {}

    def remember(self, key: str, known: Known) -> None:
        """Keep an answer for under a second; the memory is bounded."""
        if len(self.remembered) >= REMEMBERED_AT_MOST:
            self.remembered.clear()
        self.remembered[key] = known


def register_security(app: Flask, settings: Settings, limits: Limits) -> None:
    """Set up tokens, cookies and the guard in front of every view."""
    token_key, session_key = read_key(settings, "token_key"), read_key(settings, "session_key")
    if secrets.compare_digest(token_key, session_key):
        raise SettingsRefused("TOKEN_KEY and SESSION_KEY must differ")
    app.config.update(
        SECRET_KEY=session_key,
        SESSION_COOKIE_NAME="credit_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(minutes=settings.session_minutes),
        JWT_SECRET_KEY=token_key,
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_ENCODE_ISSUER=settings.token_issuer,
        JWT_DECODE_ISSUER=settings.token_issuer,
        JWT_ENCODE_AUDIENCE=settings.token_audience,
        JWT_DECODE_AUDIENCE=settings.token_audience,
        JWT_DECODE_LEEWAY=SKEW_SECONDS,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(minutes=settings.token_minutes),
        JWT_TOKEN_LOCATION=["headers"],
    )
    JWTManager(app)
    app.extensions[EXTENSION] = Gate(limits, settings.session_minutes)
    app.before_request(guard)


def make_limits(settings: Settings, engine: Any) -> Limits:
    """The lockouts and revocations of this deployment."""
    rule = LockRule(settings.failures_allowed, timedelta(minutes=settings.lock_minutes))
    return Limits(settings.limits_path, engine, rule)


def require(scope: str) -> Callable[[View], View]:
    """Open a view to those who hold the scope."""

    def mark(view: View) -> View:
        view.__guard__ = scope  # type: ignore[attr-defined]
        return view

    return mark


def guard_of(app: Flask, endpoint: str) -> str | None:
    """The scope an endpoint declares, if it declares one."""
    return getattr(app.view_functions[endpoint], "__guard__", None)


def guard() -> None:
    """Before every view: let in who may, refuse who may not, and refuse views that declare nothing."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC_ROUTES:
        return
    scope = guard_of(current_app, endpoint)
    if scope is None:
        raise NotAuthorised
    enquirer = current_enquirer()
    if scope not in enquirer.scopes:
        raise NotAuthenticated if enquirer.role is PUBLIC.role else NotAuthorised


def current_enquirer() -> Enquirer:
    """Who asks: from the token or the cookie of this request, else the public. A bad token is refused, never ignored."""
    enquirer: Enquirer | None = g.get("enquirer")
    if enquirer is None:
        enquirer = g.enquirer = _from_header() if request.path.startswith("/api/") else _from_cookie()
    return enquirer


def issue_access_token(sign_in: SignIn, now: datetime, minutes: int | None = None) -> tuple[str, int]:
    """A token and its life in seconds. ``minutes`` is for tokens made by hand in the instance folder, twelve hours at most."""
    life: timedelta = current_app.config["JWT_ACCESS_TOKEN_EXPIRES"]
    claims: dict[str, Any] = {"at": (now - EPOCH) // MICROSECOND}
    if minutes is not None:
        life = timedelta(minutes=max(1, min(minutes, HAND_MINUTES_AT_MOST)))
        claims["hand"] = True
    token = create_access_token(sign_in.actor, additional_claims=claims, expires_delta=life)
    return token, int(life.total_seconds())


def revoke_current_token(now: datetime) -> None:
    """End the token of this request, at once here and within a second in every worker."""
    gate, token = _gate(), _bearer() or ""
    known = gate.remembered.get(token) or _known(token)
    gate.limits.revoke(known.jti, datetime.fromtimestamp(known.expires, UTC), now)
    gate.remembered.pop(token, None)


def sign_in_to_pages(sign_in: SignIn, now: datetime) -> None:
    """Start a page session for whoever signed in; what an earlier visitor left in it goes first."""
    session.clear()
    session.permanent = True
    session["actor"], session["sid"] = sign_in.actor, secrets.token_urlsafe(18)
    session["at"] = (now - EPOCH) // MICROSECOND


def sign_out_of_pages(now: datetime) -> None:
    """End the page session, on the server too: a kept copy of the cookie opens nothing."""
    sid = session.get("sid")
    gate = _gate()
    if sid is not None:
        gate.limits.revoke(sid, now + timedelta(minutes=gate.session_minutes + 1), now)
        gate.remembered.pop(sid, None)
    session.clear()


def _gate() -> Gate:
    gate: Gate = current_app.extensions[EXTENSION]
    return gate


def _bearer() -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotAuthenticated("令牌无效")
    return token


def _from_header() -> Enquirer:
    token = _bearer()
    if token is None:
        return PUBLIC
    known = _gate().remembered.get(token)
    if known is None or known.expires <= time.time():
        known = _known(token)
    elif known.until < time.monotonic():
        known = _look_up(known.actor, known.issued, known.jti, known.expires)
        _gate().remember(token, known)
    return known.enquirer


def _known(token: str) -> Known:
    claims = verify_token(token)
    known = _look_up(claims["sub"], claims["at"], claims["jti"], claims["exp"])
    _gate().remember(token, known)
    return known


def verify_token(token: str) -> dict[str, Any]:
    """The claims of a token we signed and that has not ended; NotAuthenticated for any other, without saying why."""
    refused = NotAuthenticated("令牌无效或已失效")
    if len(token) > LONGEST_TOKEN:
        raise refused
    try:
        header = jwt.get_unverified_header(token)
        if not HEADERS.issuperset(header) or header.get("alg") != ALGORITHM:
            raise refused
        claims: dict[str, Any] = decode_token(token)
    except (jwt.PyJWTError, JWTExtendedException, ValueError, TypeError, OverflowError, RecursionError):
        raise refused from None
    if any(type(claims.get(name)) is not kind for name, kind in CLAIMS.items()) or claims.get("type") != "access":
        raise refused
    minutes = HAND_MINUTES_AT_MOST if claims.get("hand") is True else TOKEN_MINUTES_AT_MOST
    if not 0 < claims["exp"] - claims["iat"] <= minutes * 60:
        raise refused
    return claims


def _from_cookie() -> Enquirer:
    actor, sid, issued = session.get("actor"), session.get("sid"), session.get("at")
    if not (isinstance(actor, str) and isinstance(sid, str) and isinstance(issued, int)):
        return PUBLIC
    if time.time() - issued / 1_000_000 > SESSION_SECONDS_AT_MOST:
        session.clear()
        return PUBLIC
    known = _gate().remembered.get(sid)
    if known is None or known.until < time.monotonic():
        try:
            known = _look_up(actor, issued, sid, 0)
        except NotAuthenticated:
            session.clear()
            return PUBLIC
        _gate().remember(sid, known)
    return known.enquirer


def _look_up(actor: str, issued: int, jti: str, expires: int) -> Known:
    if _gate().limits.revoked(jti):
        raise NotAuthenticated("令牌无效或已失效")
    with open_reading_session() as reading:
        enquirer = find_enquirer(reading, actor, issued, today=district_day())
    if enquirer is None:
        raise NotAuthenticated("令牌无效或已失效")
    enquirer = replace(enquirer, scopes=scopes_of(enquirer.role, enquirer.scopes))
    return Known(enquirer, actor, issued, jti, expires, time.monotonic() + REMEMBERED_SECONDS)
