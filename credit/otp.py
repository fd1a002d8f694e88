"""Time-based one-time codes (动态口令), RFC 6238 over RFC 4226.

SHA-1, six digits, steps of 30 s, as every authenticator app has them.

Pure: the moment is a parameter. One step of clock skew either way is allowed; that a code works only once is kept by
``credit.limits``, which remembers the steps used.
"""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
SKEW_STEPS = 1
SECRET_BYTES = 20


def make_otp_secret() -> bytes:
    """A new secret of 160 bits (RFC 4226 §4 R6)."""
    return secrets.token_bytes(SECRET_BYTES)


def step_of(seconds: float) -> int:
    """The step that a moment, in seconds since the epoch, falls into."""
    return int(seconds // STEP_SECONDS)


def code_at(secret: bytes, step: int) -> str:
    """The code of one step."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def find_step(secret: bytes, code: str, seconds: float) -> int | None:
    """The step near this moment whose code this is, or None; every candidate is compared in constant time."""
    now = step_of(seconds)
    given = code.encode("utf-8", "replace")
    found = None
    for step in range(now - SKEW_STEPS, now + SKEW_STEPS + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), given):
            found = step
    return found


def enrolment_address(secret: bytes, account: str, issuer: str) -> str:
    """The ``otpauth`` address an authenticator app takes, as a QR code or typed."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?secret={text}&issuer={quote(issuer)}"
