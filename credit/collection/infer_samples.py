"""Two values of a column for the eye, masked (样例脱敏): no citizen number and no person's name in clear; pure.

What is recognised (codes, dates, organisations, document numbers, citations, words of a vocabulary) is shown; free text
may name anybody, so only its length is.
"""

import re
from typing import Final

from credit.collection.infer_columns import ColumnView
from credit.collection.infer_values import kinds_of
from credit.collection.values import is_null
from credit.identifiers import mask_name, mask_phone, scrub
from credit.names import looks_like_person

LONGEST: Final = 40
_SHOWN: Final = frozenset(
    ("code", "date", "year", "doc_no", "authority", "region", "money", "decimal", "grade", "result", "penalty_word", "uuid",
     "subject_word", "id_type", "company_type", "yes_no", "ruined", "masked", "org_code", "licence", "day_serial")
)  # fmt: skip
_PARTIES: Final = ("name", "authority", "source_unit")
_brackets = re.compile(r"[(（]([^()（）]{1,40})[)）]")
_digits = re.compile(r"[0-9]{15,}")
_surrounding = re.compile(r"《[^》]{1,30}》")


def show_samples(view: ColumnView, means: str) -> list[str]:
    """Two different values as they may be shown."""
    shown: list[str] = []
    for cell in view.cells:
        if is_null(cell) or not cell.strip().strip("*"):
            continue
        text = mask_value(cell.strip(), means, common=view.profile.distinct <= 12)
        if text not in shown:
            shown.append(text)
        if len(shown) == 2:
            break
    return shown


def mask_value(text: str, means: str, *, common: bool = False) -> str:
    """One value as it may be shown."""
    kinds = kinds_of(text)
    if means == "id_no" or "citizen" in kinds:
        return text[:4] + "*" * 8
    if looks_like_person(text) or means == "legal_rep":
        return mask_name(text)
    if means == "phone" or ("phone" in kinds and "decimal" not in kinds):
        return mask_phone(text)
    plain = _brackets.sub(_without_person, scrub(text.replace("\n", " ")))
    if "code" not in kinds:
        plain = _digits.sub(lambda match: match.group()[:4] + "*" * 8, plain)
    if "sentence" not in kinds and (kinds & _SHOWN or "org_name" in kinds or means in _PARTIES):
        return _cut(plain)
    if "law" in kinds and (law := _surrounding.search(plain)):
        return f"{law.group()}…"
    if means == "address" or "address" in kinds:
        return _cut(plain, 9)
    return _cut(plain) if common and len(plain) <= 20 else f"（文字，{len(text)}字）"


def _without_person(match: re.Match[str]) -> str:
    inner = match[1]
    return match[0] if not looks_like_person(inner) and "*" not in inner else "（***）"


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[:longest] + "…"
