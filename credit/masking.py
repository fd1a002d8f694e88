"""Masking (脱敏) of numbers, names and phones, and scrubbing of free text.

Displays keep what the courts keep when they publish (ten and the last four characters; month and day hidden). Logs,
errors and free text keep only the first four digits: ten and four leave some thirty candidates for a whole number.
Scrubbing prefers hiding too much over too little, but leaves sound credit codes alone.
"""

import re
import unicodedata
from typing import Final

from credit.identifier_checks import code_fault, looks_like_number, normalise, number_fault, reads_as_old_number
from credit.identifier_tables import COMPOUND_SURNAMES, FAR_FUTURE

_D: Final = "[0-9\uff10-\uff19]"
_X: Final = "[0-9\uff10-\uff19XxＸｘ]"
_GAP: Final = "[ \u00a0\u3000\u200b\ufeff\\-\uff0d‐‑–—]{1,2}"

_masked: Final = re.compile(r"[1-9][0-9]{9}\*{4}[0-9]{3}[0-9X]").fullmatch
_digits_enough: Final = re.compile(rf"{_D}{{6}}").search
_candidates: Final = re.compile(
    rf"{_D}{{17,}}{_X}?"
    rf"|(?<!{_D}){_D}{{6}}{_GAP}{_D}{{4}}(?:{_GAP})?{_D}{{2}}(?:{_GAP})?{_D}{{2}}(?:{_GAP})?{_D}{{3}}(?:{_GAP})?{_X}(?!{_D})"
    rf"|(?<!{_D}){_D}{{14}}(?:{_GAP}){_D}{{3}}(?:{_GAP})?{_X}(?!{_D})"
    rf"|(?<!{_D}){_D}{{15}}(?!{_D})"
    rf"|(?<![A-Za-z])[A-Za-z]{{3}}{_D}{{12}}(?!{_D})"
).sub

_words: Final = re.compile(r"[0-9A-Za-z]{18}").findall
_windows: Final = re.compile(
    r"(?=([1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]))"
).finditer


def mask_number(number: str) -> str:
    """An identity number for display: eighteen characters as ten, four stars, last four.

    Fifteen keep eight and three, others a quarter at each end. A number that is masked already is returned as it is.
    """
    if "*" in number:
        return number
    if len(number) == 18:
        return f"{number[:10]}****{number[14:]}"
    if len(number) == 15:
        return f"{number[:8]}****{number[12:]}"
    kept = len(number) // 4
    return f"{number[:kept]}****{number[len(number) - kept :]}"


def read_masked(text: str) -> str | None:
    """A number masked as courts publish it (3101061980****001X), in the form of ``mask_number``; else None."""
    plain = normalise(text)
    return plain if _masked(plain) else None


def mask_name(name: str) -> str:
    """A natural person's name for public display: the surname and one star (王*, 欧阳*); one character is hidden."""
    name = name.strip()
    if len(name) < 2:
        return "*" if name else ""
    if len(name) > 2 and name[:2] in COMPOUND_SURNAMES:
        return name[:2] + "*"
    return name[0] + "*"


def mask_phone(phone: str) -> str:
    """A telephone number as three digits, four stars, last four; shorter ones keep their last two."""
    if len(phone) >= 11:
        return f"{phone[:3]}****{phone[-4:]}"
    return "****" + phone[-2:] if len(phone) > 4 else "****"


def scrub(text: str) -> str:
    """A free text with every citizen number in it cut down to its first four digits and stars.

    Finds eighteen characters, fifteen digits, old foreigners' cards, full-width digits, numbers written in groups, and
    those inside longer runs of digits (there only with a right check character). A wrong check character hides nothing
    the less.
    """
    if _digits_enough(text) is None:
        return text
    return _candidates(_scrubbed, text)


def _scrubbed(match: re.Match[str]) -> str:
    found = match.group()
    plain = normalise(found)
    if len(plain) > 18:
        return _scrub_run(found)
    if len(plain) in (15, 17) and _stands_in_code(match):
        return found
    return _hidden(found) if looks_like_number(plain) or reads_as_old_number(plain) else found


def _stands_in_code(match: re.Match[str]) -> bool:
    """Whether digits found are part of a sound code that has letters too (52110…A)."""
    start, end = match.span()
    around = match.string[max(0, start - 3) : end + 3]
    return any(code_fault(normalise(word)) is None for word in _words(around))


def _hidden(found: str) -> str:
    return unicodedata.normalize("NFKC", found[:4]) + "*" * (len(found) - 4)


def _scrub_run(run: str) -> str:
    """A longer run of digits with every sound number in it hidden; what hides one may not begin another."""
    plain = unicodedata.normalize("NFKC", run).upper()
    parts, done = [], 0
    for match in _windows(plain):
        start, window = match.start(), match[1]
        if start >= done and number_fault(window, FAR_FUTURE) is None and code_fault(window) is not None:
            parts += [plain[done:start], _hidden(window)]
            done = start + 18
    return "".join([*parts, plain[done:]]) if parts else run
