"""Listings (名单): entries with their decision, their removal, and what departments did about them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime


class Listing(Base):
    """An entry on a reward or punishment list. Without a decision's number and authority there is none.

    ``begun_on`` to ``until`` is the term the decision gives, last day included; None: until removed.
    """

    __tablename__ = "listings"
    __table_args__ = (
        Index("ix_listings_subject_id", "subject_id"),
        Index("ix_listings_list_code_id", "list_code", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_key: Mapped[bytes] = mapped_column(Digest, unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    list_code: Mapped[str] = mapped_column(String(48))
    kind: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(16))
    authority: Mapped[str] = mapped_column(String(200))
    document_number: Mapped[str] = mapped_column(String(200))
    basis: Mapped[str] = mapped_column(String(400))
    decided_on: Mapped[date]
    begun_on: Mapped[date]
    until: Mapped[date | None]
    entered_at: Mapped[datetime] = mapped_column(UtcTime)


class ListingRemoval(Base):
    """The end of an entry before its term: why, on whose word, when."""

    __tablename__ = "listing_removals"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(400))
    effective_on: Mapped[date]
    removed_at: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(64))


class Measure(Base):
    """A measure (奖惩措施) taken by a department because of a listing."""

    __tablename__ = "measures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    measure_code: Mapped[str] = mapped_column(String(48))
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    state: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date | None]


class MeasureFeedback(Base):
    """What the department reported: applied, not applicable, lifted; with result and day."""

    __tablename__ = "measure_feedback"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    measure_id: Mapped[int] = mapped_column(ForeignKey("measures.id"))
    outcome: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(String(400))
    happened_on: Mapped[date]
    actor: Mapped[str] = mapped_column(String(64))
    reported_at: Mapped[datetime] = mapped_column(UtcTime)


class Check(Base):
    """An approval check (信用核查): the answer as given, kept with its case number, and its outcome."""

    __tablename__ = "checks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    account: Mapped[str] = mapped_column(String(64))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    matter: Mapped[str] = mapped_column(String(64))
    case_number: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    checked_at: Mapped[datetime] = mapped_column(UtcTime)
    valid_until: Mapped[datetime] = mapped_column(UtcTime)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(Json)
    outcome_at: Mapped[datetime | None] = mapped_column(UtcTime)
