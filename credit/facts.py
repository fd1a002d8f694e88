"""The records of one subject as a view shows them. Statements are made once per rule of disclosure and executed with the
subject and the day as parameters: a look-up makes none."""

import functools
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from credit.bulk import table_of
from credit.catalogue import CatalogueItem
from credit.deployment import Deployment, deployment_of
from credit.disclosure import FieldTreatment, Rule, View, treat_field
from credit.disclosure_sql import visible_today
from credit.freshness import known_sources, provenance_of
from credit.listings import end_of_day, list_removed_keys
from credit.masking import mask_name
from credit.prepared import Prepared
from credit.subjects import SubjectRow
from credit.views import FieldView, Provenance, RecordView
from models.records import CurrentRecord, Record
from models.subjects import Subject

Categories = tuple[tuple[str, str, tuple[RecordView, ...]], ...]

RECORD, CURRENT = table_of(Record), table_of(CurrentRecord)
COLUMNS = (
    RECORD.c.id, RECORD.c.record_key, RECORD.c.item, RECORD.c.list_code, RECORD.c.source_id, RECORD.c.batch_id,
    RECORD.c.row_number, RECORD.c.severity, RECORD.c.document_number, RECORD.c.authority, RECORD.c.held_from,
    RECORD.c.held_until, RECORD.c.known_at, RECORD.c.amount, RECORD.c.payload, CURRENT.c.tone, CURRENT.c.disputed,
    CURRENT.c.publish_until,
)  # fmt: skip
KEPT_AND_MERGED = select(Subject.id).where(
    or_(Subject.id == bindparam("subject"), Subject.merged_into == bindparam("subject"))
)
"""A subject and those merged into it: their records keep the subject they were told of."""


@functools.lru_cache(maxsize=64)
def _current_statement(rule: Rule) -> Prepared:
    return Prepared(
        select(*COLUMNS)
        .join(RECORD, RECORD.c.id == CURRENT.c.record_id)
        .where(CURRENT.c.subject_id == bindparam("subject"), visible_today(rule))
        .order_by(RECORD.c.held_from.desc().nulls_last(), RECORD.c.id.desc())
    )


@functools.lru_cache(maxsize=64)
def _past_statement(rule: Rule) -> Prepared:
    return Prepared(
        select(*COLUMNS)
        .join(RECORD, RECORD.c.record_key == CURRENT.c.record_key)
        .where(
            CURRENT.c.subject_id == bindparam("subject"),
            RECORD.c.subject_id.in_(KEPT_AND_MERGED),
            RECORD.c.known_at < bindparam("known_by", type_=RECORD.c.known_at.type),
            visible_today(rule),
        )
        .order_by(RECORD.c.id)
    )


def list_categories(
    session: Session, subject: SubjectRow, views: Sequence[View], *, as_of: date, today: date, now: datetime
) -> Categories:
    """What these views show of a subject, by category in the catalogue's order; a consent's view shows what it names."""
    deployment = deployment_of(session)
    sources = known_sources(session, now)
    grouped: dict[str, dict[int, RecordView]] = {}
    removed: set[bytes] | None = None
    for view in views:
        for row in _visible_rows(session, subject.id, view, as_of=as_of, today=today):
            item = deployment.catalogue.items[row.item]
            category = _category(deployment, item, row)
            if row.list_code and removed is None:
                removed = list_removed_keys(session, subject.id, today)
            if row.list_code and bytes(row.record_key) in (removed or ()):
                continue
            if view.covers(category) and row.id not in grouped.setdefault(category, {}):
                names = provenance_of(session, sources, row.source_id)
                grouped[category][row.id] = _record_view(row, item, category, view, subject, names)
    return tuple(
        (code, name, tuple(grouped[code].values()))
        for code, name in deployment.catalogue.categories.items()
        if grouped.get(code)
    )


def _visible_rows(session: Session, subject_id: int, view: View, *, as_of: date, today: date) -> Sequence[Any]:
    """Records this view shows, newest first; for a past day, the version known at its end, if the fact is visible today."""
    connection = session.connection()
    if as_of == today:
        return _current_statement(view.rule).all(connection, subject=subject_id, today=today)
    known_by = end_of_day(as_of)
    found = _past_statement(view.rule).all(connection, subject=subject_id, today=today, known_by=known_by)
    newest = {bytes(row.record_key): row for row in found}
    rows = [row for row in newest.values() if row.held_from is None or row.held_from <= as_of]
    return sorted(rows, key=lambda row: (row.held_from or date.min, row.id), reverse=True)


def _category(deployment: Deployment, item: CatalogueItem, row: Any) -> str:
    """A listing's record is shown under the category of its list."""
    kind = deployment.list_kinds.get(row.list_code) if row.list_code else None
    return kind.category if kind is not None else item.category


def _record_view(
    row: Any, item: CatalogueItem, category: str, view: View, subject: SubjectRow, names: tuple[str, str, str]
) -> RecordView:
    source, title, department = names
    return RecordView(
        record=bytes(row.record_key).hex(),
        record_id=row.id,
        item=item.code,
        item_name=item.name,
        category=category,
        listed=row.list_code is not None,
        tone=row.tone,
        severity=row.severity,
        document_number=row.document_number,
        authority=row.authority,
        held_from=row.held_from,
        held_until=row.held_until,
        publish_until=row.publish_until,
        amount=row.amount,
        disputed=bool(row.disputed),
        fields=_fields(row.payload, item, view, subject.kind),
        provenance=Provenance(source, title, department, row.batch_id, row.row_number, row.known_at),
    )


def _fields(payload: dict[str, Any], item: CatalogueItem, view: View, kind: str) -> tuple[FieldView, ...]:
    """The payload as this view may see it, in the catalogue's order; what it may not see leaves no trace."""
    shown = []
    for name, label, treatment in _treatments(item, view, kind):
        value = payload.get(name)
        if value is not None:
            text = value if treatment == "shown" else mask_name(str(value))
            shown.append(FieldView(name, label, text))
    return tuple(shown)


Treated = tuple[tuple[str, str, FieldTreatment], ...]
_TREATED: dict[tuple[int, str, str], tuple[CatalogueItem, Treated]] = {}
MOST_TREATED = 2000


def _treatments(item: CatalogueItem, view: View, kind: str) -> Treated:
    """The fields of an item that a view does not withhold, with their treatment; remembered per item, view and kind."""
    key = (id(item), view.name, kind)
    known = _TREATED.get(key)
    if known is not None and known[0] is item:
        return known[1]
    treated = []
    for field in item.fields.values():
        level = (field.disclosure or item.disclosure).value
        treatment = treat_field(view, level=level, field_type=field.type, subject_kind=kind)
        if treatment != "withheld":
            treated.append((field.name, field.label, treatment))
    if len(_TREATED) >= MOST_TREATED:
        _TREATED.clear()
    _TREATED[key] = (item, tuple(treated))
    return tuple(treated)
