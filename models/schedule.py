"""When a pulled source is due and who has it: one row per source, claimed with a lease, so that two workers never share one."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, UtcTime


class SourceTurn(Base):
    """The next turn of a source. ``lease`` names the claim that holds it until ``lease_until``; ``failures`` in a row."""

    __tablename__ = "source_turns"
    __table_args__ = (Index("ix_source_turns_due_at", "due_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(64), unique=True)
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    lease: Mapped[str | None] = mapped_column(String(26))
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    failures: Mapped[int] = mapped_column(default=0)
    last_fault: Mapped[str | None] = mapped_column(String(200))
    last_done_at: Mapped[datetime | None] = mapped_column(UtcTime)
