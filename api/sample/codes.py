"""Makes identifiers with right check digits for things that do not exist.

Check digits follow GB 32100 (统一社会信用代码), GB 11714 (组织机构代码), GB 11643 (公民身份号码). Bodies begin
with ``MX`` or ``99``, series of their own here; persons get a birth year before 1900 so that no number can be a
living citizen's.
"""

from datetime import date

CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_NUMBER_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NUMBER_CHECKS = "10X98765432"


def org_code(body: str) -> str:
    """An organisation code of nine characters from a body of eight."""
    total = sum(_ORG_ALPHABET.index(char) * weight for char, weight in zip(body, _ORG_WEIGHTS, strict=True))
    return body + "0123456789X0"[(11 - total % 11)]


def credit_code(prefix: str, region: str, body: str) -> str:
    """A unified social credit code from its class (two characters), region (six) and organisation body (eight)."""
    head = prefix + region + org_code(body)
    total = sum(CODE_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(head))
    return head + CODE_ALPHABET[(31 - total % 31) % 31]


def serial_body(series: str, serial: int) -> str:
    """An organisation body: the series, then the serial number in base 31 (digits where the series is digits)."""
    places = 8 - len(series)
    if series.isascii() and series.isdigit():
        return f"{series}{serial:0{places}d}"
    text = ""
    for _ in range(places):
        serial, rest = divmod(serial, 31)
        text = CODE_ALPHABET[rest] + text
    return series + text


def citizen_number(region: str, birth: date, sequence: int) -> str:
    """A citizen number for a synthetic person; a birth year of 1900 or later is refused with ValueError."""
    if birth.year >= 1900:
        raise ValueError("synthetic persons are born before 1900")
    head = f"{region}{birth:%Y%m%d}{sequence:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(head, _NUMBER_WEIGHTS, strict=True))
    return head + _NUMBER_CHECKS[total % 11]


def registration_number(region: str, sequence: int) -> str:
    """A 15-digit business registration number (工商注册号, GS 15-2006)."""
    head = f"{region}{sequence:08d}"
    product = 10
    for digit in head:
        total = (product + int(digit)) % 10 or 10
        product = (2 * total) % 11
    return head + str((11 - product) % 10)
