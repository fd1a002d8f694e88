"""The verification code of a report: short enough to type, long enough not to be guessed.

Eighteen letters carry 90 bits of a keyed digest of the report number; two more check them, so that any one mistyped
letter and any two neighbours exchanged are noticed before the register is asked. The alphabet is Crockford's: no I,
L, O or U; what is typed for them is read as 1, 1 and 0.
"""

import hmac
import unicodedata
from hashlib import sha256

from credit.errors import ReportNotVerifiable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BODY, CHECK, GROUP = 18, 2, 4
PRIME = 1021
MISREAD = str.maketrans("ILO", "110", "- \t·—–_")
MINIMUM_SECRET = 32


def verification_code(number: str, secret: bytes) -> str:
    """The code of the report with this number: ``XXXX-XXXX-XXXX-XXXX-XXXX``. The secret has at least 32 bytes."""
    if len(secret) < MINIMUM_SECRET:
        raise ValueError(f"the secret must have at least {MINIMUM_SECRET} bytes")
    digest = hmac.new(secret, b"credit-report\0" + number.encode(), sha256).digest()
    bits = int.from_bytes(digest, "big") >> (len(digest) * 8 - BODY * 5)
    body = "".join(ALPHABET[bits >> shift & 31] for shift in range((BODY - 1) * 5, -1, -5))
    code = body + _check(body)
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(typed: str) -> str:
    """A code as somebody typed it, in its one written form; ``ReportNotVerifiable`` if it cannot be one."""
    code = unicodedata.normalize("NFKC", typed[:100]).strip().upper().translate(MISREAD)
    if len(code) != BODY + CHECK or any(letter not in ALPHABET for letter in code):
        raise ReportNotVerifiable("验证码应为 20 位字母和数字")
    if _check(code[:BODY]) != code[BODY:]:
        raise ReportNotVerifiable("验证码有误，请核对后重新输入")
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def is_code_of(typed: str, number: str, secret: bytes) -> bool:
    """Whether what was typed is the code of this report; compared in constant time."""
    return hmac.compare_digest(read_code(typed), verification_code(number, secret))


def _check(body: str) -> str:
    total = sum(ALPHABET.index(letter) * pow(32, place, PRIME) for place, letter in enumerate(body, 1)) % PRIME
    return ALPHABET[total >> 5] + ALPHABET[total & 31]
