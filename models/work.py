"""Work kept in tables: jobs, the outbox, the change feed, idempotency keys.

Written in the business transaction, claimed with a lease; a ticker only drains. Nothing is queued that a rollback would not undo.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime


class Job(Base):
    """Work longer than a request may hold a worker."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(64))
    arguments: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16))
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)


class OutboxMessage(Base):
    """What goes to a neighbour (city platform, department, agency), with its receipt."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_neighbour_delivered_at", "neighbour", "delivered_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    neighbour: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    attempts: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    receipt: Mapped[str | None] = mapped_column(String(200))


class FeedEntry(Base):
    """The change feed: position given in the committing transaction."""

    __tablename__ = "feed"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    record_key: Mapped[bytes | None] = mapped_column(Digest)
    entered_at: Mapped[datetime] = mapped_column(UtcTime)


class IdempotencyKey(Base):
    """A creating POST remembered for 30 days: same key, same body, same answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("account", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128))
    request_digest: Mapped[bytes] = mapped_column(Digest)
    status: Mapped[int | None]
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
