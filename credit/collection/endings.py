"""What a full delivery no longer names (来源名单已无): it ends when the delivery closes, unless too much would end at once.

A full list that is 90 % shorter, or empty, is more often a fault than news: above the description's limit nothing ends, the
delivery is marked, and a person decides the same day. What ended comes back when the source names it again.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, exists, func, insert, literal, select, update
from sqlalchemy.orm import Session

from credit.bulk import insert_rows, table_of
from credit.errors import Conflict, InvalidContent, NotFound
from models.collection import Delivery, DeliveryKey
from models.records import CurrentRecord, Record, RecordEvent
from models.subjects import SubjectChange
from models.terms import DeliveryMode, EventKind, Standing

SHRINK_LIMIT = 0.1
SMALL_LIST = 5
"""So many entries may end whatever share they are: a list of eight loses one now and then."""
CAUSE = "来源名单已无"

RECORD, CURRENT, KEY = table_of(Record), table_of(CurrentRecord), table_of(DeliveryKey)


class Endings(NamedTuple):
    """How many facts ended, or would have: then they are ``held`` for a person."""

    ended: int
    held: int


def note_keys(session: Session, delivery_id: int, keys: Iterable[bytes]) -> None:
    """Remember the facts that a full delivery named, in the batch's transaction."""
    insert_rows(session.connection(), DeliveryKey, ("delivery_id", "record_key"), [(delivery_id, key) for key in keys])


def end_missing(
    session: Session, delivery: Delivery, *, limit: float = SHRINK_LIMIT, today: date, now: datetime
) -> Endings:
    """End what a whole full delivery did not name, or hold it where that is more than ``limit`` of the list."""
    if delivery.mode != DeliveryMode.full.value:
        return Endings(0, 0)
    listed = select(func.count()).select_from(_of_source(delivery.source_id).subquery())
    missing = select(func.count()).select_from(_missing(delivery).subquery())
    total = int(session.execute(listed).scalar_one())
    gone = int(session.execute(missing).scalar_one())
    if gone > max(SMALL_LIST, limit * total) or (gone and gone == total):
        delivery.endings_held = gone
        delivery.note = f"全量名单比现有信息少 {gone} 条，超过限额，待人工确认"
        session.flush()
        return Endings(0, gone)
    if gone:
        _end(session, delivery, today, now)
    _forget(session, delivery)
    return Endings(gone, 0)


def decide_endings(
    session: Session, ref: str, *, end: bool, actor: str, reason: str, today: date, now: datetime
) -> Endings:
    """A person decides what a shrunken list means: end what it lacks, or keep everything. Once, with a reason."""
    delivery = session.execute(select(Delivery).where(Delivery.ref == ref)).scalar()
    if delivery is None:
        raise NotFound("没有这个批次")
    if not delivery.endings_held:
        raise Conflict("该批次没有待确认的减少")
    if not reason.strip():
        raise InvalidContent("须说明理由", faults=[{"field": "reason", "code": "MISSING", "message": "须说明理由"}])
    held = delivery.endings_held
    if end:
        _end(session, delivery, today, now, actor)
    decided = "确认终止" if end else "予以保留"
    delivery.note = f"名单减少 {held} 条，{actor} {decided}：{reason.strip()}"[:400]
    delivery.endings_held = 0
    _forget(session, delivery)
    return Endings(held if end else 0, 0)


def _of_source(source_id: int) -> Select[Any]:
    return (
        select(CURRENT.c.record_key, CURRENT.c.record_id, CURRENT.c.subject_id)
        .join(RECORD, RECORD.c.id == CURRENT.c.record_id)
        .where(RECORD.c.source_id == source_id, CURRENT.c.standing == Standing.valid.value)
    )


def _missing(delivery: Delivery) -> Select[Any]:
    named = exists().where(KEY.c.delivery_id == delivery.id, KEY.c.record_key == CURRENT.c.record_key)
    return _of_source(delivery.source_id).where(~named)


def _end(session: Session, delivery: Delivery, today: date, now: datetime, actor: str = "-") -> None:
    """Events first, then the subjects' changes, then the projection: each one statement over the same set."""
    missing = _missing(delivery).subquery()
    events = table_of(RecordEvent)
    columns = ("record_key", "record_id", "kind", "cause", "effective_on", "known_at", "actor", "facts")
    literals = [
        literal(EventKind.ended.value), literal(CAUSE), literal(today, events.c.effective_on.type),
        literal(now, events.c.known_at.type), literal(actor), literal({}, events.c.facts.type),
    ]  # fmt: skip
    session.execute(insert(events).from_select(columns, select(missing.c.record_key, missing.c.record_id, *literals)))
    changes = table_of(SubjectChange)
    changed = select(missing.c.subject_id, literal(now, changes.c.changed_at.type)).distinct()
    session.execute(insert(changes).from_select(("subject_id", "changed_at"), changed))
    keys = select(missing.c.record_key)
    session.execute(update(CURRENT).where(CURRENT.c.record_key.in_(keys)).values(standing=Standing.ended.value))
    session.expire_all()


def _forget(session: Session, delivery: Delivery) -> None:
    session.execute(delete(KEY).where(KEY.c.delivery_id == delivery.id))
    session.flush()
