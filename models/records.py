"""Records (信用信息): insert-only and bitemporal (when it held, when we knew), their events, and the projection.

``Record`` is never updated. Every change of standing is one ``RecordEvent`` with one cause. ``CurrentRecord`` is a projection
of both, one row per fact (``record_key``), written in the same transaction and rebuildable: it holds the standing and the
terms (publish, share, use, query), decided once when a record or event arrives. ``credit.disclosure`` only compares them.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, Money, UtcTime


class Record(Base):
    """One fact under one catalogue item from one source, with its provenance down to batch and row.

    ``held_from`` is the day of decision or event, ``held_until`` its own last day; ``known_at`` when this platform knew;
    ``amount`` in fen; ``version`` is the source's own stamp, ``mark`` the deciding body's word on openness; ``payload`` maps
    catalogue field names to values (identity numbers only sealed).
    """

    __tablename__ = "records"
    __table_args__ = (
        Index("ix_records_subject_id", "subject_id"),
        Index("ix_records_batch_id", "batch_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_key: Mapped[bytes] = mapped_column(Digest)
    content_digest: Mapped[bytes] = mapped_column(Digest)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    edition_id: Mapped[int] = mapped_column(SmallInteger)
    item: Mapped[str] = mapped_column(String(32))
    list_code: Mapped[str | None] = mapped_column(String(48))
    source_id: Mapped[int]
    batch_id: Mapped[int]
    row_number: Mapped[int]
    supersedes: Mapped[int | None] = mapped_column(BigId)
    linked_by: Mapped[str] = mapped_column(String(8))
    document_number: Mapped[str | None] = mapped_column(String(200))
    authority: Mapped[str | None] = mapped_column(String(200))
    held_from: Mapped[date | None]
    held_until: Mapped[date | None]
    publish_limit: Mapped[date | None]
    known_at: Mapped[datetime] = mapped_column(UtcTime)
    severity: Mapped[str | None] = mapped_column(String(8))
    amount: Mapped[int | None] = mapped_column(Money)
    version: Mapped[str | None] = mapped_column(String(32))
    mark: Mapped[str | None] = mapped_column(String(12))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)


class RecordEvent(Base):
    """A change of standing: kind, cause, the day it takes effect, when we knew, who."""

    __tablename__ = "record_events"
    __table_args__ = (Index("ix_record_events_record_key", "record_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_key: Mapped[bytes] = mapped_column(Digest)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("records.id"))
    kind: Mapped[str] = mapped_column(String(24))
    cause: Mapped[str] = mapped_column(String(400))
    effective_on: Mapped[date]
    known_at: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class CurrentRecord(Base):
    """The projection: one row per fact, pointing at its newest version.

    No module but ``credit.disclosure`` and its SQL twin may compare the columns from ``standing`` on.
    """

    __tablename__ = "current_records"
    __table_args__ = (
        Index("uq_current_records_record_key", "record_key", unique=True),
        Index("ix_current_records_subject_id", "subject_id"),
    )

    record_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_key: Mapped[bytes] = mapped_column(Digest)
    content_digest: Mapped[bytes] = mapped_column(Digest)
    subject_id: Mapped[int]
    item: Mapped[str] = mapped_column(String(32))
    tone: Mapped[str] = mapped_column(String(12))
    disclosure: Mapped[str] = mapped_column(String(12))
    standing: Mapped[str] = mapped_column(String(12))
    disputed: Mapped[bool]
    link_confirmed: Mapped[bool]
    publish_from: Mapped[date | None]
    publish_until: Mapped[date | None]
    share_until: Mapped[date | None]
    use_until: Mapped[date | None]
    query_until: Mapped[date | None]
    rule: Mapped[str] = mapped_column(String(64))
    version: Mapped[str | None] = mapped_column(String(32))


class Erasure(Base):
    """What is left after an erasure ordered by law: a keyed digest that refuses redelivery, day and basis."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_key: Mapped[bytes] = mapped_column(Digest, unique=True)
    basis: Mapped[str] = mapped_column(String(400))
    erased_at: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(64))
