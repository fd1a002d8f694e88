"""The quality of what departments sent in a month (数据质量月报): per source and department volumes, faults, timeliness, silence.

Counts, names and document numbers only: no row that came in. 瞒报 is never asserted, only hinted at by gaps in document numbers;
numbers of rows that wait or were counted elsewhere are looked at too, so that a parked row is no gap.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit.collection.due import list_due
from credit.collection.periods import DutyState
from credit.collection.quality_measures import (
    QualityRules,
    Timeliness,
    count_kinds,
    last_day,
    load_quality_rules,
    measure_timeliness,
    rate,
)
from credit.deployment import deployment_of
from credit.document_series import Gap, find_gaps
from credit.drafts import load_draft
from credit.keyring import SealBox
from credit.parking import PARKED_CONTEXT
from credit.workdays import load_calendar
from models.accounts import Department
from models.base import DISTRICT_ZONE
from models.collection import Batch, Delivery, ParkedRow, Rejection, Source
from models.records import Record
from models.terms import ParkedReason

CONFLICTING: Final = frozenset({ParkedReason.subject_ambiguous.value, ParkedReason.identity_conflict.value})
PERIODS_A_MONTH: Final = 6
MOST_PARKED: Final = 20_000
NOTHING_MEASURED: Final = Timeliness()


@dataclass(slots=True)
class SourceMonth:
    """One source in one month; received = accepted + unchanged + superseded + parked + rejected."""

    source: str
    title: str
    department: str
    department_id: int
    item: str
    received: int = 0
    accepted: int = 0
    unchanged: int = 0
    superseded: int = 0
    parked: int = 0
    rejected: int = 0
    by_fault: dict[str, int] = field(default_factory=dict)
    by_kind: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    conflicting: int = 0
    timeliness: Timeliness = NOTHING_MEASURED
    missed: tuple[str, ...] = ()
    late_periods: tuple[str, ...] = ()

    @property
    def pass_rate(self) -> float | None:
        """合规率: the share of received rows that were not rejected."""
        return rate(self.received - self.rejected, self.received)


@dataclass(frozen=True, slots=True)
class DepartmentMonth:
    """One department in one month: 合规率, 及时率, 迟报 (records and periods), 漏报 (periods)."""

    department: str
    department_id: int
    received: int
    rejected: int
    pass_rate: float | None
    timeliness: Timeliness
    late_periods: int
    missed: int
    waiting: int
    conflicting: int


@dataclass(frozen=True, slots=True)
class QualityReport:
    """A month: sources by department, departments, and (for one department) gaps in its document numbers."""

    month: date
    sources: tuple[SourceMonth, ...]
    departments: tuple[DepartmentMonth, ...]
    gaps: tuple[Gap, ...] = ()


def report_quality(session: Session, month: date, *, today: date, department_id: int | None = None) -> QualityReport:
    """The quality of a month (its first day), of all departments or one; gaps in document numbers only for one."""
    rules = load_quality_rules()
    begin, end = _bounds(month)
    sources = _sources(session, begin, end, department_id)
    _add_waiting(session, sources, begin, end)
    _add_timeliness(session, sources, begin, end, rules)
    _add_duties(session, sources, month, today, department_id)
    for one in sources.values():
        one.by_kind = count_kinds(one.by_fault, rules)
    found = tuple(sorted(sources.values(), key=lambda one: (one.department, one.title, one.source)))
    gaps = tuple(list_gaps(session, department_id, month.year, rules)) if department_id is not None else ()
    return QualityReport(month, found, _departments(found), gaps)


def _bounds(month: date) -> tuple[datetime, datetime]:
    begin = datetime.combine(month, datetime.min.time(), DISTRICT_ZONE)
    return begin, datetime.combine(last_day(month) + timedelta(days=1), datetime.min.time(), DISTRICT_ZONE)


def _sources(session: Session, begin: datetime, end: datetime, department_id: int | None) -> dict[int, SourceMonth]:
    statement = select(Source, Department.name).join(Department, Department.id == Source.department_id)
    if department_id is not None:
        statement = statement.where(Source.department_id == department_id)
    sources = {
        source.id: SourceMonth(source.name, source.title, department, source.department_id, source.item)
        for source, department in session.execute(statement)
    }
    delivered = select(Delivery).where(Delivery.received_at >= begin, Delivery.received_at < end)
    if department_id is not None:
        delivered = delivered.where(Delivery.source_id.in_(sources))
    for delivery in session.execute(delivered).scalars():
        one = sources[delivery.source_id]
        for name in ("received", "accepted", "unchanged", "superseded", "parked", "rejected"):
            setattr(one, name, getattr(one, name) + getattr(delivery, name))
        one.by_fault = dict(Counter(one.by_fault) + Counter(delivery.by_fault))
    return sources


def _add_waiting(session: Session, sources: dict[int, SourceMonth], begin: datetime, end: datetime) -> None:
    """Rows of the month that still wait, and those among them in which identities conflict."""
    statement = (
        select(Delivery.source_id, ParkedRow.reason, func.count())
        .join(Batch, Batch.id == ParkedRow.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .where(ParkedRow.settled_at.is_(None), Delivery.received_at >= begin, Delivery.received_at < end)
        .group_by(Delivery.source_id, ParkedRow.reason)
    )
    for source_id, reason, count in session.execute(statement):
        if source_id in sources:
            sources[source_id].waiting += count
            sources[source_id].conflicting += count if reason in CONFLICTING else 0


def _add_timeliness(
    session: Session, sources: dict[int, SourceMonth], begin: datetime, end: datetime, rules: QualityRules
) -> None:
    """Day of decision against the day the fact was first received, for what law gives a term."""
    days = deployment_of(session).rules.workdays[rules.term].days
    first = {
        source_id: _day(moment)
        for source_id, moment in session.execute(
            select(Delivery.source_id, func.min(Delivery.received_at)).group_by(Delivery.source_id)
        )
    }
    statement = (
        select(Delivery.source_id, Batch.committed_at, Record.held_from, func.count())
        .join(Batch, Batch.id == Record.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .where(
            Delivery.source_id.in_(sources), Batch.committed_at >= begin, Batch.committed_at < end, Record.supersedes.is_(None),
            Record.item.in_(sorted(rules.timely_items)), Record.held_from.is_not(None),
        )
        .group_by(Delivery.source_id, Batch.committed_at, Record.held_from)
    )  # fmt: skip
    rows: defaultdict[int, Counter[tuple[date, date]]] = defaultdict(Counter)
    for source_id, moment, decided, count in session.execute(statement):
        if source_id in sources and decided is not None:
            rows[source_id][(decided, _day(moment))] += count
    calendar = load_calendar()
    for source_id, counted in rows.items():
        pairs = [(decided, known, count) for (decided, known), count in counted.items()]
        sources[source_id].timeliness = measure_timeliness(pairs, first[source_id], days, calendar)


def _add_duties(
    session: Session, sources: dict[int, SourceMonth], month: date, today: date, department_id: int | None
) -> None:
    """Periods that fell due in the month and were missed (漏报) or reported late."""
    by_name = {one.source: one for one in sources.values()}
    back = PERIODS_A_MONTH * ((today.year - month.year) * 12 + today.month - month.month + 1)
    for duty in list_due(session, today, department_id=department_id, back=back):
        one = by_name.get(duty.source)
        if one is None or not month <= duty.due_on <= last_day(month):
            continue
        if duty.state is DutyState.missing:
            one.missed += (duty.period,)
        elif duty.state is DutyState.late:
            one.late_periods += (duty.period,)


def _departments(sources: Sequence[SourceMonth]) -> tuple[DepartmentMonth, ...]:
    grouped: defaultdict[tuple[str, int], list[SourceMonth]] = defaultdict(list)
    for one in sources:
        grouped[(one.department, one.department_id)].append(one)
    return tuple(_sum_up(name, number, mine) for (name, number), mine in sorted(grouped.items()))


def _sum_up(name: str, department_id: int, mine: Sequence[SourceMonth]) -> DepartmentMonth:
    received, rejected = sum(one.received for one in mine), sum(one.rejected for one in mine)
    timeliness = NOTHING_MEASURED
    for one in mine:
        timeliness = timeliness.plus(one.timeliness)
    return DepartmentMonth(
        name, department_id, received, rejected, rate(received - rejected, received), timeliness,
        sum(len(one.late_periods) for one in mine), sum(len(one.missed) for one in mine),
        sum(one.waiting for one in mine), sum(one.conflicting for one in mine),
    )  # fmt: skip


def list_gaps(session: Session, department_id: int, year: int, rules: QualityRules | None = None) -> list[Gap]:
    """Hints at what a department did not report (瞒报线索): numbers missing from its series of documents of a year."""
    rules = rules or load_quality_rules()
    documents = [
        *_recorded(session, department_id, year, rules),
        *parked_documents(session, rules.series_items, department_id),
    ]
    return find_gaps(
        documents,
        year,
        least_numbers=rules.least_numbers,
        largest_gap=rules.largest_gap,
        least_share=rules.least_share,
    )


def _recorded(session: Session, department_id: int, year: int, rules: QualityRules) -> Iterator[tuple[str, str]]:
    statement = (
        select(Record.authority, Record.document_number)
        .join(Source, Source.id == Record.source_id)
        .where(
            Source.department_id == department_id,
            Record.item.in_(sorted(rules.series_items)),
            Record.document_number.contains(str(year)),
        )
        .distinct()
    )
    for authority, document in session.execute(statement):
        yield authority or "", document or ""


def parked_documents(
    session: Session, items: Collection[str], department_id: int | None = None
) -> Iterator[tuple[str, str]]:
    """Authority and document number of rows that wait: reported, though not yet recorded."""
    statement = (
        select(ParkedRow.draft_sealed, Delivery.key_sealed)
        .join(Batch, Batch.id == ParkedRow.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .join(Source, Source.id == Delivery.source_id)
        .where(ParkedRow.item.in_(sorted(items)), ParkedRow.settled_at.is_(None), Delivery.key_sealed.is_not(None))
        .limit(MOST_PARKED)
    )
    if department_id is not None:
        statement = statement.where(Source.department_id == department_id)
    keyring = deployment_of(session).keyring
    boxes: dict[bytes, SealBox] = {}
    for sealed, key_sealed in session.execute(statement):
        key = bytes(key_sealed or b"")
        box = boxes.get(key) or SealBox(keyring.unwrap(key))
        boxes[key] = box
        draft = load_draft(box.open(bytes(sealed), PARKED_CONTEXT))
        if draft.document_number:
            yield draft.authority or "", draft.document_number


def list_faulty_rows(session: Session, month: date, department_id: int) -> Iterator[tuple[str, ...]]:
    """The list of faulty rows of a month (问题数据清单): source, delivery, row number, column, code, message. No row content."""
    begin, end = _bounds(month)
    statement: Any = (
        select(Source.title, Delivery.name, Delivery.ref, Rejection.row_number, Rejection.faults)
        .join(Batch, Batch.id == Rejection.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .join(Source, Source.id == Delivery.source_id)
        .where(Source.department_id == department_id, Delivery.received_at >= begin, Delivery.received_at < end)
        .order_by(Source.title, Delivery.id, Rejection.row_number)
    )
    for title, name, ref, number, faults in session.execute(statement.execution_options(yield_per=2000)):
        for fault in faults:
            yield title, name, ref, str(number), fault["column"] or "整行", fault["code"], fault["message"]


def _day(moment: datetime) -> date:
    return moment.astimezone(DISTRICT_ZONE).date()
