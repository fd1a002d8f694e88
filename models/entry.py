"""What departments hand in by hand or by program: submissions (推送), drafts of online entry (在线填报), zero reports (零报告).

A draft's rows may name persons: they are sealed. What was sent lives on as records; the draft says who wrote and who reviewed.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Json, UtcTime


class Submission(Base):
    """Who handed a delivery over, and the column names under which its rows are kept."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    delivery_ref: Mapped[str] = mapped_column(ForeignKey("deliveries.ref"), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    layout: Mapped[str] = mapped_column(String(64))
    columns: Mapped[list[str]] = mapped_column(Json)
    idempotency_key: Mapped[str | None] = mapped_column(String(128))
    submitted_at: Mapped[datetime] = mapped_column(UtcTime)


class EntryDraft(Base):
    """Rows of one catalogue item typed or uploaded at the entry desk, on their way: draft, in_review, sent, discarded.

    ``authors`` are the accounts that wrote any of it: none of them may review. ``corrects`` names the sent draft and row
    whose record this one corrects, with reason and document.
    """

    __tablename__ = "entry_drafts"
    __table_args__ = (Index("ix_entry_drafts_department_id_state", "department_id", "state"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    item: Mapped[str] = mapped_column(String(32))
    list_code: Mapped[str | None] = mapped_column(String(48))
    state: Mapped[str] = mapped_column(String(16))
    rows_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    row_count: Mapped[int]
    authors: Mapped[list[int]] = mapped_column(Json)
    author_name: Mapped[str] = mapped_column(String(200))
    reviewer_name: Mapped[str | None] = mapped_column(String(200))
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    note: Mapped[str | None] = mapped_column(String(400))
    corrects_ref: Mapped[str | None] = mapped_column(ForeignKey("entry_drafts.ref"))
    corrects_row: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(400))
    document_number: Mapped[str | None] = mapped_column(String(200))
    delivery_ref: Mapped[str | None] = mapped_column(ForeignKey("deliveries.ref"))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)


class ZeroReport(Base):
    """A department says that a source has nothing to report for a period (2026-10, 2026-W43, 2026-Q3, 2026-H1, 2026)."""

    __tablename__ = "zero_reports"
    __table_args__ = (UniqueConstraint("source_id", "period"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    period: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reported_by: Mapped[str] = mapped_column(String(200))
    reported_at: Mapped[datetime] = mapped_column(UtcTime)
