"""The enquiry log (查询日志): a database of its own, append-only, one hash chain.

Each entry's hash covers its content and the hash before it; signed heads leave to ``instance/heads``. Subject lines say whom
an answer to a question about many disclosed. Names and numbers are not here: subjects by their opaque ref.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import JSON

from models.base import NAMING, BigId, Digest, UtcTime


class EnquiryBase(DeclarativeBase):
    """Base of the log's own metadata."""

    metadata = MetaData(naming_convention=NAMING)


class Enquiry(EnquiryBase):
    """Who asked about whom, why, when, what was shown, how it ended; chained."""

    __tablename__ = "enquiries"
    __table_args__ = (Index("ix_enquiries_subject_ref", "subject_ref"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    receipt: Mapped[str] = mapped_column(String(26), unique=True)
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    account: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    organisation: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(48))
    subject_ref: Mapped[str | None] = mapped_column(String(26))
    purpose: Mapped[str | None] = mapped_column(String(48))
    case_number: Mapped[str | None] = mapped_column(String(64))
    authorisation_ref: Mapped[str | None] = mapped_column(String(26))
    as_of: Mapped[str | None] = mapped_column(String(10))
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(64))
    shown: Mapped[dict[str, int]] = mapped_column(JSON)
    chain: Mapped[bytes] = mapped_column(Digest)


class EnquirySubject(EnquiryBase):
    """One line for each subject that an answer about many disclosed."""

    __tablename__ = "enquiry_subjects"
    __table_args__ = (Index("ix_enquiry_subjects_subject_ref", "subject_ref"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    enquiry_id: Mapped[int] = mapped_column(ForeignKey("enquiries.id"))
    subject_ref: Mapped[str] = mapped_column(String(26))
    shown: Mapped[dict[str, int]] = mapped_column(JSON)


class AccessCount(EnquiryBase):
    """Access statistics of questions that disclose nothing withheld (public name search): counts per day, no persons."""

    __tablename__ = "access_counts"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    action: Mapped[str] = mapped_column(String(48), primary_key=True)
    count: Mapped[int]
