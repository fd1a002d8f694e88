"""How sources stand: freshness, volumes and pass rate, and the latest deliveries. For pages and ``flask collect status``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.accounts import Department
from models.base import DISTRICT_ZONE
from models.collection import Delivery, Source


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source: sums over all its deliveries, ``days_silent`` since it last spoke (None: never)."""

    source: str
    title: str
    department: str
    item: str
    carrier: str
    last_delivery_at: datetime | None
    days_silent: int | None
    deliveries: int
    received: int
    accepted: int
    unchanged: int
    superseded: int
    parked: int
    rejected: int

    @property
    def pass_rate(self) -> float | None:
        """Share of received rows that were not turned away; None where nothing came."""
        return None if self.received == 0 else 1 - self.rejected / self.received


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """One delivery with its counts and faults."""

    ref: str
    source: str
    title: str
    name: str
    state: str
    received_at: datetime
    received: int
    accepted: int
    unchanged: int
    superseded: int
    parked: int
    rejected: int
    by_fault: dict[str, int]


def list_source_status(session: Session, today: date, department_id: int | None = None) -> Sequence[SourceStatus]:
    """Every source, or those of one department, by department and title."""
    sums = [
        func.coalesce(func.sum(column), 0)
        for column in (
            Delivery.received, Delivery.accepted, Delivery.unchanged, Delivery.superseded, Delivery.parked, Delivery.rejected,
        )
    ]  # fmt: skip
    statement = (
        select(Source, Department.name, func.count(Delivery.id), *sums)
        .join(Department, Department.id == Source.department_id)
        .outerjoin(Delivery, Delivery.source_id == Source.id)
        .group_by(Source.id, Department.name)
        .order_by(Department.name, Source.title)
    )
    if department_id is not None:
        statement = statement.where(Source.department_id == department_id)
    found = []
    for source, department, deliveries, *counts in session.execute(statement):
        moment = source.last_delivery_at
        silent = None if moment is None else (today - moment.astimezone(DISTRICT_ZONE).date()).days
        found.append(
            SourceStatus(
                source.name, source.title, department, source.item, source.carrier, moment, silent, deliveries,
                *(int(count) for count in counts),
            )
        )  # fmt: skip
    return found


def list_deliveries(session: Session, *, department_id: int | None = None, limit: int = 50) -> Sequence[DeliveryStatus]:
    """The latest deliveries, newest first."""
    statement = select(Delivery, Source.name, Source.title).join(Source, Source.id == Delivery.source_id)
    if department_id is not None:
        statement = statement.where(Source.department_id == department_id)
    return [
        DeliveryStatus(
            row.ref, source, title, row.name, row.state, row.received_at, row.received, row.accepted, row.unchanged,
            row.superseded, row.parked, row.rejected, dict(row.by_fault),
        )
        for row, source, title in session.execute(statement.order_by(Delivery.id.desc()).limit(limit))
    ]  # fmt: skip
