"""Issued reports: number, digest of the bytes, the day they speak of, and the code that verifies them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, UtcTime


class IssuedReport(Base):
    """One report as it left the platform. ``content_digest`` tells whether anything changed since."""

    __tablename__ = "issued_reports"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    verification_code: Mapped[str] = mapped_column(String(40), unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    kind: Mapped[str] = mapped_column(String(16))
    audience: Mapped[str] = mapped_column(String(16))
    account: Mapped[str | None] = mapped_column(String(64))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))
    purpose: Mapped[str | None] = mapped_column(String(48))
    as_of: Mapped[date]
    content_digest: Mapped[bytes] = mapped_column(Digest)
    digest: Mapped[bytes] = mapped_column(Digest)
    pdf_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(UtcTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)
