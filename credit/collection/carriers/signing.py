"""Signed requests to a department's service (接口签名): HMAC-SHA-256 under a named credential; pure.

Signed are, one to a line: the method, the path, the query (name=value pairs percent-encoded by RFC 3986, sorted by name and
value, joined by &), the timestamp (seconds since 1970) and the nonce. Four headers carry it: ``X-Credential`` (the name of the
credential, never the secret), ``X-Timestamp``, ``X-Nonce`` and ``X-Signature`` (lower-case hexadecimal). Whoever answers refuses
a timestamp more than 300 seconds off and a nonce seen within that time.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

WINDOW_SECONDS: Final = 300
CREDENTIAL, TIMESTAMP, NONCE, SIGNATURE = "X-Credential", "X-Timestamp", "X-Nonce", "X-Signature"


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """A query in the one order and spelling that is signed."""
    return "&".join(
        f"{name}={value}" for name, value in sorted((quote(n, safe="~"), quote(v, safe="~")) for n, v in pairs)
    )


def signature_of(secret: str, method: str, path: str, query: str, timestamp: int, nonce: str) -> str:
    """The signature of a request whose ``query`` is canonical."""
    text = "\n".join((method.upper(), path, query, str(timestamp), nonce))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_headers(
    name: str, secret: str, method: str, path: str, query: str, *, timestamp: int, nonce: str
) -> dict[str, str]:
    """The headers of one signed request; a request asked again is signed again with a nonce of its own."""
    return {
        CREDENTIAL: name,
        TIMESTAMP: str(timestamp),
        NONCE: nonce,
        SIGNATURE: signature_of(secret, method, path, query, timestamp, nonce),
    }
