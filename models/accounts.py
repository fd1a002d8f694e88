"""Who may come in: accounts, the departments and agencies they belong to, and their credentials."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime


class Department(Base):
    """A department (部门) of the district or a neighbour: supplies records, asks, decides."""

    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    code: Mapped[str | None] = mapped_column(String(18))
    in_district: Mapped[bool] = mapped_column(default=True)


class Agency(Base):
    """A third-party agency (第三方机构): bank, rating firm. Admitted until a day, for named purposes."""

    __tablename__ = "agencies"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    code: Mapped[str | None] = mapped_column(String(18))
    secret_digest: Mapped[bytes] = mapped_column(Digest)
    filing_number: Mapped[str | None] = mapped_column(String(100))
    admitted_until: Mapped[date | None]
    disabled_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Account(Base):
    """One person or system that signs in. ``tokens_from`` ends every token issued before it."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    otp_sealed: Mapped[bytes | None] = mapped_column(Digest)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("subjects.id"))
    scopes: Mapped[list[str]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    tokens_from: Mapped[datetime] = mapped_column(UtcTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RevokedToken(Base):
    """A token called back before its end; kept until it would have ended by itself."""

    __tablename__ = "revoked_tokens"
    __table_args__ = (UniqueConstraint("jti"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    jti: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime] = mapped_column(UtcTime)
