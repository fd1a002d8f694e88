"""How an edition of one of the three lists (三清单) comes about: proposals, the dated steps taken, the public's comments.

A proposal keeps the whole document as proposed; nothing of it changes afterwards. What is in force is the state of a proposal,
so that every process sees the same, and the steps say who decided what, when and why.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime


class EditionProposal(Base):
    """One proposed edition of a list (catalogue 数据清单, behaviour 行为清单, application 应用清单)."""

    __tablename__ = "edition_proposals"
    __table_args__ = (Index("ix_edition_proposals_state", "state"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    list_name: Mapped[str] = mapped_column(String(16))
    edition: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[bytes] = mapped_column(Digest)
    against: Mapped[str] = mapped_column(String(64))
    punitive: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcTime)
    comment_from: Mapped[date | None]
    comment_until: Mapped[date | None]
    active_from: Mapped[date | None]


class EditionStep(Base):
    """One step taken: by whom, on which day, why, and under which document; the first is the proposal itself."""

    __tablename__ = "edition_steps"
    __table_args__ = (UniqueConstraint("proposal_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("edition_proposals.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    actor: Mapped[str] = mapped_column(String(200))
    organisation: Mapped[str] = mapped_column(String(200))
    taken_on: Mapped[date]
    taken_at: Mapped[datetime] = mapped_column(UtcTime)
    reason: Mapped[str] = mapped_column(String(2000))
    document_number: Mapped[str | None] = mapped_column(String(100))


class EditionComment(Base):
    """What somebody of the public said while comments were asked for, and how it was answered (采纳情况)."""

    __tablename__ = "edition_comments"
    __table_args__ = (UniqueConstraint("proposal_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("edition_proposals.id"))
    number: Mapped[int]
    said_by: Mapped[str | None] = mapped_column(String(50))
    text: Mapped[str] = mapped_column(String(2000))
    said_at: Mapped[datetime] = mapped_column(UtcTime)
    adopted: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(String(2000))
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
