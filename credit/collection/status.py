"""How collection stands (归集情况), for operators, for departments about themselves, and in one line for the public.

Only counts, names and fault codes are read: no row that came in, so nothing of a person can appear here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit.errors import NotFound
from models.accounts import Department
from models.base import DISTRICT_ZONE
from models.collection import Batch, Delivery, Rejection, Source
from models.subjects import Subject
from models.terms import SubjectKind

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source: how much came in all, how fresh it is. ``days_silent`` is None where it never delivered."""

    name: str
    title: str
    department: str
    carrier: str
    disabled: bool
    last_delivery_at: datetime | None
    days_silent: int | None
    overdue: bool
    deliveries: int
    received: int
    accepted: int
    parked: int
    rejected: int

    @property
    def pass_rate(self) -> float | None:
        """The share of received rows that were not rejected, 0 to 1; None where nothing was received."""
        return None if not self.received else (self.received - self.rejected) / self.received


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """One delivery with its counts; received = accepted + unchanged + superseded + parked + rejected."""

    ref: str
    source: str
    source_title: str
    department: str
    name: str
    state: str
    mode: str
    received_at: datetime
    received: int
    accepted: int
    unchanged: int
    superseded: int
    parked: int
    rejected: int
    by_fault: dict[str, int]
    note: str | None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row turned away: its number in the delivery and why, without the row itself."""

    row: int
    faults: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the platform holds, as told to everybody: organisations, sources, departments, the newest delivery."""

    organisations: int
    sources: int
    departments: int
    newest: datetime | None


SUMS = [
    func.coalesce(func.sum(column), 0)
    for column in (Delivery.received, Delivery.accepted, Delivery.parked, Delivery.rejected)
]


def list_source_status(session: Session, today: date) -> list[SourceStatus]:
    """Every source with its totals, by department and title. A source past the day it is due is ``overdue``."""
    statement = (
        select(Source, Department.name, func.count(Delivery.id), *SUMS)
        .join(Department, Department.id == Source.department_id)
        .outerjoin(Delivery, Delivery.source_id == Source.id)
        .group_by(Source.id, Department.id)
        .order_by(Department.name, Source.title, Source.name)
    )
    return [
        _source_status(source, name, [int(value) for value in counts], today)
        for source, name, *counts in session.execute(statement)
    ]


def _source_status(source: Source, department: str, counts: Sequence[int], today: date) -> SourceStatus:
    last = source.last_delivery_at
    deliveries, received, accepted, parked, rejected = counts
    return SourceStatus(
        name=source.name,
        title=source.title,
        department=department,
        carrier=source.carrier,
        disabled=source.disabled,
        last_delivery_at=last,
        days_silent=None if last is None else (today - last.astimezone(DISTRICT_ZONE).date()).days,
        overdue=source.next_due is not None and source.next_due < today and not source.disabled,
        deliveries=deliveries,
        received=received,
        accepted=accepted,
        parked=parked,
        rejected=rejected,
    )


def _deliveries() -> Any:
    return (
        select(Delivery, Source.name, Source.title, Department.name)
        .join(Source, Source.id == Delivery.source_id)
        .join(Department, Department.id == Source.department_id)
    )


def list_deliveries(
    session: Session, *, department_id: int | None = None, source: str | None = None, limit: int = 50
) -> list[DeliveryStatus]:
    """The newest deliveries, of one department or one source where named."""
    statement = _deliveries().order_by(Delivery.id.desc()).limit(min(limit, LARGEST_PAGE))
    if department_id is not None:
        statement = statement.where(Source.department_id == department_id)
    if source is not None:
        statement = statement.where(Source.name == source)
    return [_delivery_status(*row) for row in session.execute(statement)]


def get_delivery_status(session: Session, ref: str, *, department_id: int | None = None) -> DeliveryStatus:
    """One delivery; NotFound, also for another department's where one is named."""
    statement = _deliveries().where(Delivery.ref == ref)
    if department_id is not None:
        statement = statement.where(Source.department_id == department_id)
    row = session.execute(statement).first()
    if row is None:
        raise NotFound("没有这个批次")
    return _delivery_status(*row)


def list_rejected_rows(session: Session, ref: str, *, after: int = 0, limit: int = 100) -> list[RejectedRow]:
    """Rows of a delivery that were turned away, in order, after a row number."""
    statement = (
        select(Rejection.row_number, Rejection.faults)
        .join(Batch, Batch.id == Rejection.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .where(Delivery.ref == ref, Rejection.row_number > after)
        .order_by(Rejection.row_number)
        .limit(min(limit, LARGEST_PAGE))
    )
    return [RejectedRow(number, tuple(faults)) for number, faults in session.execute(statement)]


def summarise_holdings(session: Session) -> Holdings:
    """What the platform holds. Persons are not counted; sources that never delivered are not either."""
    organisations = select(func.count(Subject.id)).where(
        Subject.kind != SubjectKind.person.value, Subject.merged_into.is_(None)
    )
    spoken = select(
        func.count(Source.id), func.count(func.distinct(Source.department_id)), func.max(Source.last_delivery_at)
    ).where(Source.last_delivery_at.is_not(None))
    sources, departments, newest = session.execute(spoken).one()
    return Holdings(int(session.execute(organisations).scalar_one()), sources, departments, newest)


def _delivery_status(delivery: Delivery, source: str, title: str, department: str) -> DeliveryStatus:
    return DeliveryStatus(
        ref=delivery.ref,
        source=source,
        source_title=title,
        department=department,
        name=delivery.name,
        state=delivery.state,
        mode=delivery.mode,
        received_at=delivery.received_at,
        received=delivery.received,
        accepted=delivery.accepted,
        unchanged=delivery.unchanged,
        superseded=delivery.superseded,
        parked=delivery.parked,
        rejected=delivery.rejected,
        by_fault=dict(delivery.by_fault),
        note=delivery.note,
    )
