"""What came in: sources, deliveries, batches with sealed raw rows, rejections and parked rows.

Counts of a delivery always add up: received = accepted + unchanged + superseded + parked + rejected. Raw rows are sealed as
one compressed block per batch under the delivery's own key; destroying the key after its keeping time destroys the rows.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime

ADDS_UP = "received = accepted + unchanged + superseded + parked + rejected"


class Source(Base):
    """A department × carrier × description. ``position`` is the carrier's cursor, moved in the batch's transaction."""

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    item: Mapped[str] = mapped_column(String(32))
    list_code: Mapped[str | None] = mapped_column(String(48))
    carrier: Mapped[str] = mapped_column(String(16))
    description: Mapped[dict[str, Any]] = mapped_column(Json)
    position: Mapped[dict[str, Any] | None] = mapped_column(Json)
    last_delivery_at: Mapped[datetime | None] = mapped_column(UtcTime)
    next_due: Mapped[date | None]
    disabled: Mapped[bool] = mapped_column(default=False)


class Delivery(Base):
    """One file, pull or push. The same digest from the same source again changes nothing."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("source_id", "digest"),
        CheckConstraint(f"state <> 'closed' OR ({ADDS_UP})", name="counts_add_up"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("catalogue_editions.id"))
    name: Mapped[str] = mapped_column(String(255))
    digest: Mapped[bytes] = mapped_column(Digest)
    state: Mapped[str] = mapped_column(String(16))
    mode: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    columns_dropped: Mapped[int] = mapped_column(default=0)
    received: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    superseded: Mapped[int] = mapped_column(default=0)
    parked: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    records_made: Mapped[int] = mapped_column(default=0)
    ended: Mapped[int] = mapped_column(default=0)
    endings_held: Mapped[int] = mapped_column(default=0)
    by_fault: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    note: Mapped[str | None] = mapped_column(String(400))


class DeliveryKey(Base):
    """A fact that a full delivery named; what it did not name ends when it closes. Gone once that is decided."""

    __tablename__ = "delivery_keys"
    __table_args__ = (Index("ix_delivery_keys_delivery_id_record_key", "delivery_id", "record_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"))
    record_key: Mapped[bytes] = mapped_column(Digest)


class Batch(Base):
    """At most 5,000 rows, one transaction. ``first_row`` and ``row_count`` are the delivery's own row numbers."""

    __tablename__ = "batches"
    __table_args__ = (UniqueConstraint("delivery_id", "sequence"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"))
    sequence: Mapped[int]
    first_row: Mapped[int]
    row_count: Mapped[int]
    raw_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    raw_digest: Mapped[bytes] = mapped_column(Digest)
    committed_at: Mapped[datetime] = mapped_column(UtcTime)


class Rejection(Base):
    """A row turned away: number, faults (column, code, message), the row itself sealed. Never dropped in silence."""

    __tablename__ = "rejections"
    __table_args__ = (UniqueConstraint("batch_id", "row_number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    row_number: Mapped[int]
    faults: Mapped[list[dict[str, str]]] = mapped_column(Json)
    row_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class ParkedRow(Base):
    """A sound row that waits for its subject or its decision reference; it becomes a record when linked.

    ``name_digest`` finds it by exact normalised name without keeping the name in plain text.
    """

    __tablename__ = "parked_rows"
    __table_args__ = (
        UniqueConstraint("batch_id", "row_number"),
        Index("ix_parked_rows_name_digest", "name_digest"),
        Index("ix_parked_rows_record_key", "record_key"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    row_number: Mapped[int]
    item: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(32))
    record_key: Mapped[bytes] = mapped_column(Digest)
    content_digest: Mapped[bytes] = mapped_column(Digest)
    name_digest: Mapped[bytes | None] = mapped_column(Digest)
    draft_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    parked_at: Mapped[datetime] = mapped_column(UtcTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    record_id: Mapped[int | None] = mapped_column(BigId)
