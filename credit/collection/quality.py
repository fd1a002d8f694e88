"""Whether a draft may go to the door (质量检查): required fields, dates that can be true, amounts that can be.

Pure. The kinds of fault are those a city platform counts: 必填为空, 日期大于当前日期, 代码校验失败, 格式转换错误.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from credit.catalogue import CatalogueItem
from credit.collection.amounts_in_words import find_fine
from credit.collection.faults import make_fault
from credit.collection.values import OPEN_ENDS
from credit.drafts import Fault, RecordDraft, SubjectDraft
from models.terms import SubjectKind

EARLIEST: Final = date(1949, 10, 1)
NEVER_IN_FUTURE: Final = ("decision_date", "publish_date")
_OPEN: Final = frozenset(day.isoformat() for day in OPEN_ENDS)
_PERIODS: Final = (("valid_from", "valid_until"),)

Check = Callable[[RecordDraft], tuple[Fault, ...]]


def check_draft(draft: RecordDraft, item: CatalogueItem, today: date) -> tuple[Fault, ...]:
    """All faults of a draft under its item on that day; empty where it may be accepted."""
    return compile_check(item, today)(draft)


def compile_check(item: CatalogueItem, today: date, labels: Mapping[str, str] | None = None) -> Check:
    """``check_draft`` for many drafts of one item. ``labels`` gives the department's own column names."""
    shown = {field.name: field.label for field in item.fields.values()} | dict(labels or {})
    required = tuple(field.name for field in item.fields.values() if field.required)
    dates = tuple(field.name for field in item.fields.values() if field.type == "date")
    amounts = tuple(field.name for field in item.fields.values() if field.type == "money")
    limits = {name: today.isoformat() for name in NEVER_IN_FUTURE}
    earliest = EARLIEST.isoformat()
    consent = item.consent
    latest = (today + timedelta(days=366 * 100)).isoformat()

    def check(draft: RecordDraft) -> tuple[Fault, ...]:
        payload = draft.payload
        faults: list[Fault] = []
        for name in required:
            if name not in payload:
                faults.append(make_fault(shown[name], "REQUIRED_MISSING"))
        if consent is not None and consent not in payload and _is_person(draft.subject):
            faults.append(make_fault(shown[consent], "CONSENT_MISSING"))
        for name in dates:
            day = payload.get(name)
            if day is None:
                continue
            if day < earliest:
                faults.append(make_fault(shown[name], "DATE_TOO_EARLY"))
            elif day > limits.get(name, latest) and (name in limits or day not in _OPEN):
                faults.append(make_fault(shown[name], "DATE_IN_FUTURE"))
        for name in amounts:
            if payload.get(name, 0) < 0:
                faults.append(make_fault(shown[name], "AMOUNT_NEGATIVE"))
        for begin, end in _PERIODS:
            if begin in payload and end in payload and payload[end] < payload[begin]:
                faults.append(make_fault(shown[end], "DATE_ORDER"))
        return tuple(faults)

    return check


def _is_person(subject: SubjectDraft) -> bool:
    return subject.kind is SubjectKind.person or subject.number is not None


def contradicts(fine: int, text: str) -> bool:
    """Whether a fine differs from the one its text names by exactly the factor between 元 and 万元."""
    named = find_fine(text)
    return named is not None and (named == fine * 10_000 or fine == named * 10_000) and fine != 0
