"""Addresses fit to be repeated: whatever could hold a citizen number (身份证件号码) is blanked before it is logged or sent back.

A segment counts as suspicious when, after decoding and width folding, it holds fifteen digits or more and is no valid-looking
unified code of an organisation. Rather one address too many is blanked than one number written down.
"""

import logging
import re
import unicodedata
from urllib.parse import unquote_plus

from flask import request

from credit.errors import NumberInAddress
from credit.identifiers import looks_like_number, normalise

HIDDEN = "[已隐去]"
DIGITS_OF_A_NUMBER = 15
_PARTS = re.compile(r"([/?&=;,\s\"]+)")
_CODE = re.compile(r"[0-9A-HJ-NP-RT-UW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RT-UW-Y]{10}")
_NUMBER = re.compile(r"[1-9][0-9]{5}(1[89]|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]")


def safe_address(address: str) -> str:
    """The address with every segment blanked that may be a citizen number."""
    return "".join(HIDDEN if _suspicious(part) else part for part in _PARTS.split(address))


def _suspicious(part: str) -> bool:
    if len(part) < DIGITS_OF_A_NUMBER:
        return False
    text = unicodedata.normalize("NFKC", unquote_plus(unquote_plus(part))).upper()
    if sum(character.isdigit() for character in text) < DIGITS_OF_A_NUMBER:
        return False
    return _NUMBER.fullmatch(text) is not None or _CODE.fullmatch(text) is None


def refuse_numbers() -> None:
    """Before every request: a citizen number among the parameters is refused; one in the path the use case refuses."""
    if len(request.query_string) < DIGITS_OF_A_NUMBER:
        return
    for value in request.args.values():
        if len(value) >= DIGITS_OF_A_NUMBER and looks_like_number(normalise(value)):
            raise NumberInAddress


class AddressFilter(logging.Filter):
    """Blanks numbers in the messages and arguments of access logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the line in place; every line is kept."""
        record.msg = safe_address(record.getMessage())
        record.args = ()
        return True


def guard_access_logs() -> None:
    """Put the filter on the loggers of the servers this application runs under."""
    for name in ("werkzeug", "granian.access", "_granian"):
        logger = logging.getLogger(name)
        if not any(isinstance(each, AddressFilter) for each in logger.filters):
            logger.addFilter(AddressFilter())
