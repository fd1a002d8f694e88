"""The data catalogue (数据清单) as published: editions and their items. The content is the checked YAML, kept whole."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime


class CatalogueEdition(Base):
    """One published edition; exactly one is active on a day (the latest whose first day has come)."""

    __tablename__ = "catalogue_editions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    active_from: Mapped[date]
    digest: Mapped[bytes] = mapped_column(Digest)
    published_at: Mapped[datetime] = mapped_column(UtcTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)


class CatalogueItemRow(Base):
    """One item of an edition; ``body`` is the item as the YAML has it."""

    __tablename__ = "catalogue_items"
    __table_args__ = (UniqueConstraint("edition_id", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("catalogue_editions.id"))
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))
    category: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
