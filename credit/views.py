"""What an answer holds: plain frozen data, made below and dumped by whichever entrance asked. [pure]"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldView:
    """One value of a record: its name in the catalogue, its Chinese label, the value as this enquirer may see it."""

    name: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record comes from: source, department, delivery row, when we knew."""

    source: str
    source_title: str
    department: str
    batch: int
    row: int
    known_at: datetime


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record as this enquirer may see it. ``amount`` in fen; ``record`` is its address (hexadecimal key)."""

    record: str
    record_id: int
    item: str
    item_name: str
    category: str
    listed: bool
    tone: str
    severity: str | None
    document_number: str | None
    authority: str | None
    held_from: date | None
    held_until: date | None
    publish_until: date | None
    amount: int | None
    disputed: bool
    fields: tuple[FieldView, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ListingView:
    """One entry on a list, with the decision behind it."""

    list_code: str
    list_name: str
    kind: str
    origin: str
    authority: str
    document_number: str
    basis: str
    basis_verified: bool
    decided_on: date
    begun_on: date
    until: date | None
    disputed: bool
    record: str
    subject_ref: str | None = None
    subject_code: str | None = None
    subject_name: str | None = None
    subject_number: str | None = None


@dataclass(frozen=True, slots=True)
class ListView:
    """One list as published, with its legal basis."""

    code: str
    name: str
    kind: str
    field: str
    basis: str
    verified: bool
    term_years: int | None
    decided_by: str
    exit: str


@dataclass(frozen=True, slots=True)
class ListingPage:
    """A page of entries; ``next_after`` continues it."""

    entries: tuple[ListingView, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class EvaluationView:
    """A stored evaluation: full name of the model before the letter; None for the grade while it is recomputed."""

    model: str
    title: str
    grade: str | None
    as_of: date
    points: int
    vetoed_by: str | None
    contributions: tuple[dict[str, Any], ...]
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a source is."""

    source: str
    title: str
    department: str
    last_delivery_at: datetime | None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RightNeeded:
    """A category that needs consent or duty: from role and catalogue alone, the same for every subject."""

    category: str
    name: str
    needs: str


@dataclass(frozen=True, slots=True)
class SubjectView:
    """All that one enquirer may know about one subject."""

    ref: str
    kind: str
    code: str | None
    name: str
    number_mask: str | None
    former_names: tuple[str, ...]
    as_of: date
    view: str
    categories: tuple[tuple[str, str, tuple[RecordView, ...]], ...]
    listings: tuple[ListingView, ...]
    evaluation: EvaluationView | None
    freshness: tuple[Freshness, ...]
    categories_by_right: tuple[RightNeeded, ...]
    authorisation: str | None
    enquiry: str
    subject_id: int


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A subject found by name; ``matched`` is the name that matched when it is a former one."""

    ref: str
    code: str | None
    name: str
    kind: str
    matched: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of hits; ``next_cursor`` continues it."""

    hits: tuple[SearchHit, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class EnquiryView:
    """Who asked about me, when, why, what they saw."""

    receipt: str
    asked_at: datetime
    role: str
    organisation: str
    action: str
    purpose: str | None
    case_number: str | None
    outcome: str
    shown: dict[str, int]
