"""Deliveries and batches: what came, piece by piece, with counts that always add up.

The same bytes from the same source under the same description are the same delivery: closed, it is not taken again; torn off
in the middle, it goes on at the next batch. Raw rows of a batch are kept as one sealed block under the delivery's own key.
"""

import dataclasses
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from credit.bulk import insert_rows
from credit.catalogue import CatalogueItem, get_item
from credit.collection.description import Description
from credit.collection.endings import SHRINK_LIMIT, end_missing, note_keys
from credit.departments import ensure_department
from credit.deployment import deployment_of
from credit.drafts import Fault, RowResult
from credit.editions import ensure_edition
from credit.enquiry_log import new_ref
from credit.errors import DoesNotAddUp, NotFound
from credit.freshness import forget_sources
from credit.keyring import SealBox
from credit.provenances import keep_provenances, screen_department
from credit.records import AcceptContext, accept_records, count_outcomes
from credit.waiting import settle_batch
from models.base import DISTRICT_ZONE
from models.collection import Batch, Delivery, Rejection, Source
from models.session import dump_json
from models.terms import DeliveryMode, DeliveryState, RowOutcome

RAW_CONTEXT = b"batch-rows"
REJECTED_CONTEXT = b"rejected-row"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A delivery as reported to its sender; ``repeated``: these bytes were taken before, nothing was changed."""

    source: str
    batch: str
    received: int
    accepted: int
    unchanged: int
    superseded: int
    parked: int
    rejected: int
    by_fault: dict[str, int]
    columns_dropped: int
    records_made: int
    repeated: bool = False
    ended: int = 0
    endings_held: int = 0


@dataclass(slots=True)
class OpenDelivery:
    """A delivery being taken: its row, key and item, and how many batches are in already."""

    delivery_id: int
    ref: str
    source_id: int
    source: str
    edition_id: int
    key: bytes
    item: CatalogueItem
    full: bool = False
    shrink_limit: float = SHRINK_LIMIT
    batches_done: int = 0
    counts: Counter[str] = field(default_factory=Counter)


def register_source(session: Session, description: Description) -> int:
    """The source of a description, entered or brought up to date. Returns its id."""
    department_id = ensure_department(session, description.department, description.department_code)
    source = session.execute(select(Source).where(Source.name == description.name)).scalar()
    if source is None:
        source = Source(name=description.name)
        session.add(source)
    source.title, source.department_id = description.title, department_id
    source.item, source.list_code = description.item, description.list_code
    source.carrier = str(description.carrier)
    forget_sources(deployment_of(session))
    body = plain(description)
    if source.description != body:
        source.description = body
    session.flush()
    return source.id


def plain(value: Any) -> Any:
    """A description, or a part of it, as JSON has it."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    return value


def delivery_digest(content_digest: str, description: Description, edition: str) -> bytes:
    """What makes a delivery the same again: bytes, description and edition."""
    text = json.dumps([content_digest, plain(description), edition], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).digest()


def open_delivery(
    session: Session, source_id: int, description: Description, *, name: str, digest: bytes, now: datetime
) -> OpenDelivery | DeliveryReport:
    """Open a delivery, take up one that was torn off, or report one that was taken whole before."""
    deployment = deployment_of(session)
    item = get_item(deployment.catalogue, description.item)
    found = session.execute(select(Delivery).where(Delivery.source_id == source_id, Delivery.digest == digest)).scalar()
    if found is not None and found.state == DeliveryState.closed.value:
        return repeated_report(found, description.name)
    if found is None:
        found = Delivery(
            ref=new_ref(),
            source_id=source_id,
            edition_id=ensure_edition(session, deployment.catalogue, now),
            name=name[:255],
            digest=digest,
            state=DeliveryState.open.value,
            mode=description.delivery.value,
            received_at=now,
            key_sealed=deployment.keyring.wrap(deployment.keyring.new_delivery_key()),
            by_fault={},
        )
        session.add(found)
        session.flush()
    done = session.execute(select(func.count()).where(Batch.delivery_id == found.id)).scalar_one()
    return OpenDelivery(
        delivery_id=found.id,
        ref=found.ref,
        source_id=source_id,
        source=description.name,
        edition_id=found.edition_id,
        key=deployment.keyring.unwrap(found.key_sealed or b""),
        item=item,
        full=found.mode == DeliveryMode.full.value,
        shrink_limit=description.shrink_limit,
        batches_done=done,
    )


def write_batch(
    session: Session,
    delivery: OpenDelivery,
    results: Sequence[RowResult],
    *,
    sequence: int,
    first_row: int,
    today: date,
    now: datetime,
    position: Mapping[str, Any] | None = None,
) -> Counter[str]:
    """Take one batch of read rows: records, parked rows, rejections, the sealed block, counts and the source's position.

    One transaction of the caller's. Returns how many rows ended how.
    """
    batch_id = _enter_batch(session, delivery, results, sequence, first_row, now)
    results, known = screen_department(session, results, delivery.item, delivery.source, now)
    drafts = [result.draft for result in results if result.draft is not None]
    context = AcceptContext(delivery.item, delivery.source_id, batch_id, delivery.edition_id, delivery.key, now, today)
    accepted = accept_records(session, drafts, context)
    keep_provenances(session, known, delivery.source_id, batch_id, now)
    settle_batch(session, batch_id, now=now)
    if delivery.full:
        note_keys(session, delivery.delivery_id, accepted.keys)
    turned_away = [(result.row_number, result.faults, result.raw) for result in results if result.draft is None]
    sound = [result for result in results if result.draft is not None]
    turned_away += [(sound[place].row_number, (fault,), sound[place].raw) for place, fault in accepted.refused.items()]
    by_fault = _reject(session, batch_id, turned_away, SealBox(delivery.key))
    counts = count_outcomes(accepted.outcomes)
    counts[RowOutcome.rejected.value] += len(results) - len(drafts)
    _count(session, delivery, counts, by_fault, len(results), accepted.records_made)
    if position is not None:
        session.execute(update(Source).where(Source.id == delivery.source_id).values(position=dict(position)))
    return counts


def _enter_batch(
    session: Session, delivery: OpenDelivery, results: Sequence[RowResult], sequence: int, first_row: int, now: datetime
) -> int:
    block = zlib.compress(dump_json([[result.row_number, *result.raw] for result in results]).encode(), 1)
    batch = Batch(
        delivery_id=delivery.delivery_id,
        sequence=sequence,
        first_row=first_row,
        row_count=len(results),
        raw_sealed=SealBox(delivery.key).seal(block, RAW_CONTEXT),
        raw_digest=hashlib.sha256(block).digest(),
        committed_at=now,
    )
    session.add(batch)
    session.flush()
    return batch.id


def _reject(
    session: Session, batch_id: int, rows: Sequence[tuple[int, Sequence[Fault], Sequence[str]]], box: SealBox
) -> Counter[str]:
    """Keep rows turned away with their faults; count each fault once per row."""
    by_fault: Counter[str] = Counter()
    values = []
    for number, faults, raw in rows:
        by_fault.update({fault.code for fault in faults})
        listed = dump_json([fault._asdict() for fault in faults])
        values.append((batch_id, number, listed, box.seal(dump_json(raw).encode(), REJECTED_CONTEXT)))
    insert_rows(session.connection(), Rejection, ("batch_id", "row_number", "faults", "row_sealed"), values)
    return by_fault


def _count(
    session: Session, delivery: OpenDelivery, counts: Counter[str], by_fault: Counter[str], received: int, made: int
) -> None:
    row = session.get_one(Delivery, delivery.delivery_id)
    row.received += received
    row.records_made += made
    for outcome in RowOutcome:
        setattr(row, outcome.value, getattr(row, outcome.value) + counts[outcome.value])
    if by_fault:
        row.by_fault = dict(Counter(row.by_fault) + by_fault)
    session.flush()


def close_delivery(session: Session, delivery: OpenDelivery, *, columns_dropped: int, now: datetime) -> DeliveryReport:
    """Close a delivery whose counts add up, against its batches and its own sums; DoesNotAddUp otherwise.

    Of a full delivery, what it did not name ends here, or is held for a person above the source's limit.
    """
    row = session.get_one(Delivery, delivery.delivery_id)
    in_batches = session.execute(
        select(func.coalesce(func.sum(Batch.row_count), 0)).where(Batch.delivery_id == row.id)
    ).scalar_one()
    total = row.accepted + row.unchanged + row.superseded + row.parked + row.rejected
    if not row.received == in_batches == total:
        raise DoesNotAddUp(received=row.received, in_batches=in_batches, outcomes=total)
    row.state, row.closed_at, row.columns_dropped = DeliveryState.closed.value, now, columns_dropped
    session.execute(update(Source).where(Source.id == row.source_id).values(last_delivery_at=now))
    forget_sources(deployment_of(session))
    session.flush()
    today = now.astimezone(DISTRICT_ZONE).date()
    row.ended = end_missing(session, row, limit=delivery.shrink_limit, today=today, now=now).ended
    session.flush()
    return report_of(row, delivery.source)


def report_of(row: Delivery, source: str) -> DeliveryReport:
    """A delivery's counts."""
    return DeliveryReport(
        source, row.ref, row.received, row.accepted, row.unchanged, row.superseded, row.parked, row.rejected,
        dict(sorted(row.by_fault.items())), row.columns_dropped, row.records_made,
        ended=row.ended, endings_held=row.endings_held,
    )  # fmt: skip


def repeated_report(row: Delivery, source: str) -> DeliveryReport:
    """The same delivery once more: what was taken then is unchanged now."""
    unchanged = row.accepted + row.unchanged + row.superseded
    return DeliveryReport(
        source, row.ref, row.received, 0, unchanged, 0, row.parked, row.rejected, dict(sorted(row.by_fault.items())),
        row.columns_dropped, 0, repeated=True,
    )  # fmt: skip


def get_delivery(session: Session, ref: str) -> Delivery:
    """A delivery by its reference; NotFound."""
    row = session.execute(select(Delivery).where(Delivery.ref == ref)).scalar()
    if row is None:
        raise NotFound("没有这个批次")
    return row


def list_rejections(session: Session, delivery_id: int) -> list[dict[str, Any]]:
    """Rows of a delivery that were turned away: number and faults, in order, without the rows themselves."""
    statement = (
        select(Rejection.row_number, Rejection.faults)
        .join(Batch, Batch.id == Rejection.batch_id)
        .where(Batch.delivery_id == delivery_id)
        .order_by(Rejection.row_number)
    )
    return [{"row": number, "faults": faults} for number, faults in session.execute(statement)]
