"""Opaque positions for lists: whoever pages sends back what it was given, and anything else is refused."""

import base64
import json

from credit.errors import InvalidQuery


def dump_cursor(position: int | None) -> str | None:
    """A position as text; None at the end."""
    if position is None:
        return None
    return base64.urlsafe_b64encode(json.dumps([position]).encode()).decode().rstrip("=")


def load_cursor(text: str | None) -> int:
    """The position; 0 without one."""
    if text is None:
        return 0
    try:
        decoded = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        (position,) = decoded
    except (ValueError, TypeError, RecursionError):
        position = None
    if type(position) is not int or not 0 <= position < 2**63:
        raise InvalidQuery("分页位置无效", faults=[{"field": "cursor", "code": "invalid", "message": "分页位置无效"}])
    return position
