"""Evaluations (公共信用综合评价): a new row only when something differs; contributions packed in one column."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, Json, UtcTime


class ModelCard(Base):
    """A registered evaluation model: what it is, for what use, on whose approval."""

    __tablename__ = "model_cards"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(100))
    use: Mapped[str] = mapped_column(String(24))
    digest: Mapped[bytes] = mapped_column(Digest)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    registered_at: Mapped[datetime] = mapped_column(UtcTime)
    active_from: Mapped[date | None]


class EvaluationRun(Base):
    """One run over everybody, with the inputs it read."""

    __tablename__ = "evaluation_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model_cards.id"))
    as_of: Mapped[date]
    known_until: Mapped[datetime] = mapped_column(UtcTime)
    evaluated: Mapped[int]
    written: Mapped[int]
    grades: Mapped[dict[str, int]] = mapped_column(Json)
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime] = mapped_column(UtcTime)


class Evaluation(Base):
    """A grade of one subject by one model. ``points`` in hundredths; ``valid_until``: the day a window or term turns."""

    __tablename__ = "evaluations"
    __table_args__ = (Index("ix_evaluations_subject_id_model_id", "subject_id", "model_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("model_cards.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("evaluation_runs.id"))
    as_of: Mapped[date]
    grade: Mapped[str] = mapped_column(String(2))
    points: Mapped[int]
    vetoed_by: Mapped[str | None] = mapped_column(String(64))
    contributions: Mapped[list[Any]] = mapped_column(Json)
    digest: Mapped[bytes] = mapped_column(Digest)
    valid_until: Mapped[date | None]
    evaluated_at: Mapped[datetime] = mapped_column(UtcTime)
