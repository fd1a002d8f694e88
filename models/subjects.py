"""Subjects (信用主体): five kinds, an opaque ref, several names and identifiers, links between them.

A person's number is never here in plain text: keyed digest to find it, cipher text to hand it to those entitled, mask to show.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigId, Digest, NameText, UtcTime


class Subject(Base):
    """One subject. ``name`` is the current one; ``merged_into`` is the one kept after a merge (reversible), never itself merged.

    ``named_on`` is the decision day of the registration that gave the current name, so that an older file never renames it.
    """

    __tablename__ = "subjects"
    __table_args__ = (
        CheckConstraint("kind <> 'person' OR code IS NULL", name="person_has_no_code"),
        Index("ix_subjects_org_code", text("substr(code, 9, 9)")),
        Index(
            "ix_subjects_merged_into",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(26), unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    code: Mapped[str | None] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(400))
    name_norm: Mapped[str] = mapped_column(NameText)
    number_digest: Mapped[bytes | None] = mapped_column(Digest, unique=True)
    number_sealed: Mapped[bytes | None] = mapped_column(Digest)
    number_mask: Mapped[str | None] = mapped_column(String(24))
    named_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("subjects.id"))


class SubjectName(Base):
    """Every name a subject ever carried; searched through the bigram index whose row id is this id."""

    __tablename__ = "subject_names"
    __table_args__ = (UniqueConstraint("subject_id", "name_norm"), Index("ix_subject_names_name_norm", "name_norm"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    name: Mapped[str] = mapped_column(String(400))
    name_norm: Mapped[str] = mapped_column(NameText)
    current: Mapped[bool]
    known_at: Mapped[datetime] = mapped_column(UtcTime)


class SubjectIdentifier(Base):
    """Further identifiers of an organisation: reg_no 工商注册号, org_code 组织机构代码, tax_no, former codes."""

    __tablename__ = "subject_identifiers"
    __table_args__ = (UniqueConstraint("scheme", "value"), Index("ix_subject_identifiers_subject_id", "subject_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    scheme: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(32))
    known_at: Mapped[datetime] = mapped_column(UtcTime)


class SubjectConflict(Base):
    """Two facts about identity that do not fit; a person decides. Shown in the console, never overwritten.

    ``decision`` (keep, former, other), ``reason`` and ``actor`` are empty where a later registration settled it.
    """

    __tablename__ = "subject_conflicts"
    __table_args__ = (UniqueConstraint("subject_id", "kind", "value"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    kind: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(String(400))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"))
    noticed_at: Mapped[datetime] = mapped_column(UtcTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    decision: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(400))
    actor: Mapped[str | None] = mapped_column(String(64))


class SubjectMerge(Base):
    """A merge of two subjects, as a row of its own: who, when, why; and who undid it, when, why."""

    __tablename__ = "subject_merges"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    reason: Mapped[str] = mapped_column(String(400))
    actor: Mapped[str] = mapped_column(String(64))
    merged_at: Mapped[datetime] = mapped_column(UtcTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcTime)
    undone_by: Mapped[str | None] = mapped_column(String(64))
    undone_reason: Mapped[str | None] = mapped_column(String(400))


class MaskedDigest(Base):
    """Keyed digest over a person's name and the visible places of a masked number, of a subject or of a parked row.

    Several persons share one: it gives candidates for a person to choose from, never a link.
    """

    __tablename__ = "masked_digests"
    __table_args__ = (Index("ix_masked_digests_digest", "digest"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[bytes] = mapped_column(Digest)
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("subjects.id"), unique=True)
    parked_id: Mapped[int | None] = mapped_column(ForeignKey("parked_rows.id"), unique=True)


class SubjectLink(Base):
    """A relation between subjects: legal representative, shareholder, branch (risk models only)."""

    __tablename__ = "subject_links"
    __table_args__ = (UniqueConstraint("from_id", "to_id", "relation"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    relation: Mapped[str] = mapped_column(String(32))
    known_at: Mapped[datetime] = mapped_column(UtcTime)


class SubjectChange(Base):
    """Written in the transaction that touched a subject; ``scoring`` drains it to re-evaluate."""

    __tablename__ = "subject_changes"
    __table_args__ = (Index("ix_subject_changes_subject_id", "subject_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
