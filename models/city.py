"""The exchange with the city platform (市平台): how far we told it, what waits, what both sides hold.

Changes are read off records, events and erasures by id, after their commit, so the door knows nothing of the city. A batch is
kept as the very bytes that go up (sealed) until its receipt is there: sent twice it is the same batch. What came down about
a record that is not here yet waits in ``waiting_news``; one fact told by several sources keeps each in ``record_provenances``.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime


class CityCursor(Base):
    """Up to where changes were taken into batches, under which mapping, and the last news read. One row."""

    __tablename__ = "city_cursors"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_id: Mapped[int] = mapped_column(BigId, default=0)
    event_id: Mapped[int] = mapped_column(BigId, default=0)
    erasure_id: Mapped[int] = mapped_column(BigId, default=0)
    objection_id: Mapped[int] = mapped_column(BigId, default=0)
    sequence: Mapped[int] = mapped_column(default=0)
    mapping_digest: Mapped[str] = mapped_column(String(64), default="")
    news_position: Mapped[int] = mapped_column(BigId, default=0)


class CityBatch(Base):
    """One numbered batch going up. ``body_sealed`` is forgotten when the receipt came; its digest stays.

    Delivery (lease, attempts, receipt) is the outbox message's: ``outbox_id``. ``refused`` lists lines the city turned away.
    """

    __tablename__ = "city_batches"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sequence: Mapped[int] = mapped_column(unique=True)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"))
    line_count: Mapped[int]
    digest: Mapped[bytes] = mapped_column(Digest)
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime | None] = mapped_column(UtcTime)
    refused: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    fault: Mapped[str | None] = mapped_column(String(200))


class CityLine(Base):
    """One line of a batch: which fact, which change, its digest; enough to name a difference, nothing of its content."""

    __tablename__ = "city_lines"
    __table_args__ = (
        Index("ix_city_lines_code_day", "code", "day"),
        Index("ix_city_lines_sequence", "sequence"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    code: Mapped[str] = mapped_column(String(32))
    day: Mapped[date]
    record_key: Mapped[bytes] = mapped_column(Digest)
    revision: Mapped[int] = mapped_column(BigId)
    digest: Mapped[bytes] = mapped_column(Digest)


class CityWithheld(Base):
    """A change that cannot go up yet: its code is not mapped, or an earlier change of the same fact waits."""

    __tablename__ = "city_withheld"
    __table_args__ = (
        UniqueConstraint("kind", "row_id"),
        Index("ix_city_withheld_settled_at_record_key", "settled_at", "record_key"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    row_id: Mapped[int] = mapped_column(BigId)
    record_key: Mapped[bytes] = mapped_column(Digest)
    item: Mapped[str] = mapped_column(String(96))
    reason: Mapped[str] = mapped_column(String(200))
    noticed_at: Mapped[datetime] = mapped_column(UtcTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)


class WaitingNews(Base):
    """News about a record from a neighbour, kept until the record is there. What it says is sealed; it is applied once.

    ``number_digest`` stands for a person, ``subject_code`` for every other subject.
    """

    __tablename__ = "waiting_news"
    __table_args__ = (
        UniqueConstraint("neighbour", "sequence"),
        Index("ix_waiting_news_state_subject_code", "state", "subject_code"),
        Index("ix_waiting_news_state_number_digest", "state", "number_digest"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    neighbour: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(24))
    item: Mapped[str] = mapped_column(String(32))
    list_code: Mapped[str | None] = mapped_column(String(48))
    subject_code: Mapped[str | None] = mapped_column(String(18))
    number_digest: Mapped[bytes | None] = mapped_column(Digest)
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    record_key: Mapped[bytes | None] = mapped_column(Digest)
    note: Mapped[str | None] = mapped_column(String(200))


class RecordProvenance(Base):
    """A further source that told a fact already held: which, in which batch and row. The first is in ``records``."""

    __tablename__ = "record_provenances"
    __table_args__ = (UniqueConstraint("record_key", "source_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_key: Mapped[bytes] = mapped_column(Digest)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    batch_id: Mapped[int] = mapped_column(BigId)
    row_number: Mapped[int]
    known_at: Mapped[datetime] = mapped_column(UtcTime)


class CityDifference(Base):
    """What the last reconciliation (对账) of a code and day found unlike; gone when the next finds both alike."""

    __tablename__ = "city_differences"
    __table_args__ = (UniqueConstraint("direction", "code", "day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    direction: Mapped[str] = mapped_column(String(8))
    code: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    ours: Mapped[int]
    theirs: Mapped[int]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    found_at: Mapped[datetime] = mapped_column(UtcTime)
