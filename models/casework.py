"""Casework: objections (异议), repairs (信用修复), and every step of both, by whom and when."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime


class Objection(Base):
    """A subject says that one record is wrong."""

    __tablename__ = "objections"
    __table_args__ = (Index("ix_objections_subject_id", "subject_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    record_key: Mapped[bytes] = mapped_column(Digest)
    field: Mapped[str | None] = mapped_column(String(48))
    claim: Mapped[str] = mapped_column(String(2000))
    state: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    due_on: Mapped[date]
    due_provisional: Mapped[bool]


class Repair(Base):
    """A subject asks that a breach be repaired, or a neighbour reports that it was."""

    __tablename__ = "repairs"
    __table_args__ = (Index("ix_repairs_subject_id", "subject_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    record_key: Mapped[bytes] = mapped_column(Digest)
    state: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime] = mapped_column(UtcTime)
    due_on: Mapped[date]
    due_provisional: Mapped[bool]


class CaseEvent(Base):
    """One step of a case."""

    __tablename__ = "case_events"
    __table_args__ = (Index("ix_case_events_case_kind_case_id", "case_kind", "case_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_kind: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[int] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(2000))
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    happened_at: Mapped[datetime] = mapped_column(UtcTime)
