"""Authorisations (信用授权): a subject's consent for one agency, named categories, one purpose, until a day."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Json, UtcTime


class Authorisation(Base):
    """One consent as given; it is never changed, only revoked."""

    __tablename__ = "authorisations"
    __table_args__ = (Index("ix_authorisations_subject_id_agency_id", "subject_id", "agency_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id"))
    categories: Mapped[list[str]] = mapped_column(Json)
    purpose: Mapped[str] = mapped_column(String(48))
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    granted_by: Mapped[str] = mapped_column(String(64))
    granted_at: Mapped[datetime] = mapped_column(UtcTime)


class Revocation(Base):
    """The end of a consent on the subject's word."""

    __tablename__ = "revocations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    authorisation_id: Mapped[int] = mapped_column(ForeignKey("authorisations.id"), unique=True)
    revoked_by: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime] = mapped_column(UtcTime)
