"""Histories gathered from the tables: the only module of ``scoring`` that reads records.

Whether a record may be used at all is asked of ``credit.disclosure_sql`` with *today*, whatever the day of the facts:
what is repaired, withdrawn, disputed or past its term today counts for no day (令36号 Art. 3; 上海条例 Art. 35, 38).
Subjects come in order of id, page by page, so that a run holds one page in memory and each page can be a transaction
of its own. Only the catalogue items and payload fields that the standard names are read; persons are never gathered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from credit.disclosure import USABLE_ENDS
from credit.disclosure_sql import usable
from models.listings import Listing, ListingRemoval
from models.records import CurrentRecord, Record
from models.subjects import Subject
from scoring.card import Fact, Standard

PAGE: Final = 1_000
IN_LIST: Final = 500
STATUS_LISTING: Final = "status"
"""Listing kind of an entry in a register (经营异常名录) that is neither reward nor punishment: no listing row."""

YEAR_FIELD: Final = "year"
NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})


class SubjectHistory(NamedTuple):
    """One subject with the usable facts about it, in the order of its records."""

    subject_id: int
    facts: tuple[Fact, ...]


class Asked(NamedTuple):
    """What a run asks for: the day of the facts, the day of asking, and how far our knowledge may reach (None: all)."""

    as_of: date
    today: date
    known_until: datetime | None = None


def gather_histories(
    session: Session,
    standard: Standard,
    *,
    as_of: date,
    today: date,
    known_until: datetime | None = None,
    subject_ids: Iterable[int] | None = None,
    page: int = PAGE,
) -> Iterator[SubjectHistory]:
    """Histories of the standard's subjects, ordered by subject, those without any fact included."""
    asked = Asked(as_of, today, known_until)
    if subject_ids is not None:
        wanted = sorted(set(subject_ids))
        for start in range(0, len(wanted), IN_LIST):
            yield from gather_some(session, standard, asked, wanted[start : start + IN_LIST])
        return
    after = 0
    while histories := gather_page(session, standard, asked, after=after, size=page):
        yield from histories
        after = histories[-1].subject_id


def gather_page(session: Session, standard: Standard, asked: Asked, *, after: int, size: int) -> list[SubjectHistory]:
    """The next ``size`` subjects behind ``after``, with their facts; empty at the end."""
    subject_ids = list(session.execute(_subjects(standard).where(Subject.id > after).limit(size)).scalars())
    if not subject_ids:
        return []
    between = CurrentRecord.subject_id.between(subject_ids[0], subject_ids[-1])
    return _histories(session, standard, asked, subject_ids, between)


def gather_some(session: Session, standard: Standard, asked: Asked, subject_ids: Sequence[int]) -> list[SubjectHistory]:
    """Those of the named subjects that the standard evaluates (at most ``IN_LIST``), with their facts."""
    known = list(session.execute(_subjects(standard).where(Subject.id.in_(subject_ids))).scalars())
    return _histories(session, standard, asked, known, CurrentRecord.subject_id.in_(known)) if known else []


def count_subjects(session: Session, standard: Standard) -> int:
    """How many subjects the standard evaluates."""
    return session.execute(select(func.count()).select_from(_subjects(standard).subquery())).scalar_one()


def _subjects(standard: Standard) -> Select[int]:
    kinds = Subject.kind.in_(sorted(standard.subject_kinds - {"person"}))
    return select(Subject.id).where(kinds, Subject.merged_into.is_(None)).order_by(Subject.id)


def _histories(
    session: Session, standard: Standard, asked: Asked, subject_ids: Sequence[int], which: ColumnElement[bool]
) -> list[SubjectHistory]:
    rows = session.execute(_facts(standard, asked, which))
    read = _fact_reader(standard.fields)
    facts: dict[int, tuple[Fact, ...]] = {}
    for subject_id, group in groupby(rows, key=itemgetter(0)):
        facts[subject_id] = tuple(map(read, group))
    return [SubjectHistory(subject_id, facts.get(subject_id, ())) for subject_id in subject_ids]


def _facts(standard: Standard, asked: Asked, which: ColumnElement[bool]) -> Select[Any]:
    columns = CurrentRecord.__table__.c
    payload = [Record.payload[name].as_string() for name in (YEAR_FIELD, *standard.fields)]
    listed, removed = [Listing.record_key == CurrentRecord.record_key], [ListingRemoval.listing_id == Listing.id]
    if asked.known_until is not None:
        listed.append(Listing.entered_at <= asked.known_until)
        removed.append(ListingRemoval.removed_at <= asked.known_until)
    statement = select(
        CurrentRecord.subject_id, Record.id, CurrentRecord.item, CurrentRecord.tone, Record.severity, Record.held_from,
        Record.held_until, Record.amount, Record.list_code, columns[USABLE_ENDS], Listing.kind,
        Listing.begun_on, Listing.until, ListingRemoval.effective_on, *payload,
    ).select_from(CurrentRecord)  # fmt: skip
    return (
        statement.join(Record, _version(asked))
        .outerjoin(Listing, and_(*listed))
        .outerjoin(ListingRemoval, and_(*removed))
        .where(usable(asked.today), CurrentRecord.item.in_(sorted(standard.items)), which)
        .order_by(CurrentRecord.subject_id, Record.id)
    )


def _version(asked: Asked) -> ColumnElement[bool]:
    """The version of a fact that is meant: the newest, or the newest we had by then."""
    if asked.known_until is None:
        return Record.id == CurrentRecord.record_id
    newest = select(func.max(Record.id)).where(Record.known_at <= asked.known_until).group_by(Record.record_key)
    return and_(Record.record_key == CurrentRecord.record_key, Record.id.in_(newest))


def _fact_reader(fields: Sequence[str]) -> Callable[[Any], Fact]:
    def read(row: Any) -> Fact:
        (_, record_id, item, tone, severity, held_from, held_until, amount, list_code, usable_until, kind,
         begun_on, until, removed_on, year, *values) = row  # fmt: skip
        if item == "listing":
            if kind is None:
                kind = STATUS_LISTING
            else:
                held_from, held_until = begun_on, _last_day(until, removed_on)
        held_from = held_from or first_day_of(year)
        payload = {name: str(value) for name, value in zip(fields, values, strict=True) if value is not None}
        return Fact(
            record_id, item, tone, severity, held_from, held_until, amount, list_code, kind, usable_until,
            payload or NO_FIELDS,
        )  # fmt: skip

    return read


def first_day_of(year: object) -> date | None:
    """The day a fact counts from that is known by its year alone; None where no year is given.

    The first day of the year: an adverse fact then leaves its window soonest, and none counts before its year.
    """
    text = str(year)
    return (
        date(int(text), 1, 1)
        if text.isascii() and text.isdigit() and len(text) == len("2026") and text > "0000"
        else None
    )


def _last_day(until: date | None, removed_on: date | None) -> date | None:
    """The last day of a listing: of its term, or the day before its removal took effect."""
    ends = [day for day in (until, removed_on and removed_on - timedelta(days=1)) if day is not None]
    return min(ends, default=None)
