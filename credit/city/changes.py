"""What changed since the cursor, in the order in which the city must hear it: records, then standings, erasures, objections.

Read by id after commit, under the lock all writers of records take, so that no smaller id can still appear. What came from
the city does not go back to it. A change whose code is not mapped is withheld, and with it what follows about the same fact.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Select, func, literal, null, select
from sqlalchemy.orm import Session, aliased

from credit.city.lines import (
    DELETED,
    OBJECTION,
    RECORD,
    STANDING,
    Line,
    Subject,
    fact_fields,
    make_line,
    subject_fields,
)
from credit.city.link import NEIGHBOUR, SOURCE_PREFIX, CityLink
from credit.city.mapping import CityMapping, Unmapped
from credit.deployment import deployment_of
from models.casework import Objection
from models.catalogue import CatalogueEdition
from models.collection import Source
from models.records import CurrentRecord, Erasure, Record, RecordEvent
from models.subjects import Subject as SubjectRow
from models.terms import EventKind

AnySelect = Select[*tuple[Any, ...]]

TOLD_KINDS = (
    EventKind.withdrawn, EventKind.annulled, EventKind.repaired, EventKind.reinstated, EventKind.objected,
    EventKind.objection_closed, EventKind.ended,
)  # fmt: skip
DOOR = "-"
"""Who speaks where a source's own delivery changed a standing."""


class Change(NamedTuple):
    """One change to tell: a line, or the reason why it waits."""

    kind: str
    row_id: int
    record_key: bytes
    item: str
    line: Line | None
    reason: str = ""


class Teller:
    """Makes lines of rows under the mappings of their catalogue editions."""

    def __init__(self, session: Session, link: CityLink, mappings: Mapping[str, CityMapping]) -> None:
        self.session, self.link, self.mappings = session, link, mappings
        self.keyring = deployment_of(session).keyring
        self.items = deployment_of(session).catalogue.items
        self.editions: dict[int, str] = {
            row.id: row.name for row in session.execute(select(CatalogueEdition.id, CatalogueEdition.name))
        }

    def mapping(self, edition_id: int) -> CityMapping:
        """The mapping of a catalogue edition. Raises Unmapped."""
        name = self.editions.get(edition_id, "?")
        if name not in self.mappings:
            raise Unmapped(f"目录版次 {name} 没有市平台代码对照")
        return self.mappings[name]

    def tells(self, row: Any) -> bool:
        """Whether the item of a row goes up at all."""
        return all(row.item not in mapping.not_told for mapping in self.mappings.values())

    def tell(self, kind: str, row: Any) -> Change:
        """The change of a row (of ``read_changes``)."""
        unit = row.item if row.list_code is None else f"{row.item}/{row.list_code}"
        makers = {RECORD: self._record, STANDING: self._standing, DELETED: self._deleted, OBJECTION: self._objection}
        try:
            line = makers[kind](row)
        except Unmapped as unmapped:
            return Change(kind, row.row_id, bytes(row.record_key), unit, None, unmapped.what[:200])
        return Change(kind, row.row_id, bytes(row.record_key), unit, line)

    def _fact(self, mapping: CityMapping, row: Any) -> dict[str, Any]:
        return fact_fields(
            mapping, row.item, row.list_code, row.document_number, row.authority, row.held_from
        ) | subject_fields(
            mapping, Subject(row.name, row.subject_kind, row.code, row.number_sealed), self.link, self.keyring
        )

    def _record(self, row: Any) -> Line:
        mapping = self.mapping(row.edition_id)
        payload = self._written(row.item, row.payload)
        fields = self._fact(mapping, row) | {
            "severity": mapping.word("severities", row.severity),
            "linked_by_name": row.linked_by == "name",
            "fields": mapping.fields(row.item, payload),
        }
        code = mapping.item(row.item).code
        return make_line(RECORD, code, row.known_at, bytes(row.record_key), row.row_id, mapping.edition, fields)

    def _written(self, item: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The payload as it travels: money in yuan with two places; an identity number never. Raises Unmapped."""
        written = dict(payload)
        known = self.items[item].fields if item in self.items else {}
        for name, value in payload.items():
            kind = known[name].type if name in known else "text"
            if kind == "identity_number":
                raise Unmapped(f"字段 {name} 含证件号码，不上传")
            if kind == "money":
                written[name] = f"{value // 100}.{value % 100:02d}"
        return written

    def _standing(self, row: Any) -> Line:
        mapping = self.mapping(row.edition_id)
        fields = self._fact(mapping, row) | {
            "standing": mapping.word("standings", row.event_kind),
            "effective_on": row.effective_on.isoformat(),
            "cause": row.cause,
        }
        code = mapping.item(row.item).code
        return make_line(STANDING, code, row.known_at, bytes(row.record_key), row.row_id, mapping.edition, fields)

    def _deleted(self, row: Any) -> Line:
        edition = max((mapping.edition for mapping in self.mappings.values()), default="")
        return make_line(
            DELETED, DELETED, row.known_at, bytes(row.record_key), row.row_id, edition, {"basis": row.basis}
        )

    def _objection(self, row: Any) -> Line:
        mapping = self.mapping(row.edition_id)
        fields = self._fact(mapping, row) | {
            "case": row.case_ref, "claim": row.claim, "due_on": row.due_on.isoformat(),
            "objected_field": None if row.field is None else mapping.item(row.item).fields.get(row.field),
        }  # fmt: skip
        code = mapping.item(row.item).code
        return make_line(OBJECTION, code, row.known_at, bytes(row.record_key), row.row_id, mapping.edition, fields)


def read_rows(
    session: Session, kind: str, after: int, limit: int, only: list[int] | None = None
) -> tuple[list[Any], int]:
    """Rows of a kind after an id (or exactly those named), and the last id looked at: what the city told is skipped."""
    statement, key = _STATEMENTS[kind]()
    if only is not None:
        return list(session.execute(statement.where(key.in_(only)).order_by(key))), after
    upper = select(key).where(key > after).order_by(key).limit(limit).subquery()
    last = session.execute(select(func.max(upper.c[0]))).scalar()
    if last is None:
        return [], after
    return list(session.execute(statement.where(key > after, key <= last).order_by(key))), last


_MERGED = aliased(SubjectRow)
_FACT = (
    Record.edition_id, Record.item, Record.list_code, Record.document_number, Record.authority, Record.held_from,
    func.coalesce(_MERGED.name, SubjectRow.name).label("name"),
    func.coalesce(_MERGED.kind, SubjectRow.kind).label("subject_kind"),
    func.coalesce(_MERGED.code, SubjectRow.code).label("code"),
    func.coalesce(_MERGED.number_sealed, SubjectRow.number_sealed).label("number_sealed"),
)  # fmt: skip


def _joined(statement: AnySelect) -> AnySelect:
    return (
        statement.join(SubjectRow, SubjectRow.id == Record.subject_id)
        .outerjoin(_MERGED, _MERGED.id == SubjectRow.merged_into)
        .join(Source, Source.id == Record.source_id)
    )


def _records() -> tuple[AnySelect, Any]:
    statement = select(
        Record.id.label("row_id"), Record.record_key, Record.known_at, Record.severity, Record.linked_by,
        Record.payload, *_FACT,
    )  # fmt: skip
    return _joined(statement).where(~Source.name.startswith(SOURCE_PREFIX, autoescape=True)), Record.id


def _standings() -> tuple[AnySelect, Any]:
    statement = select(
        RecordEvent.id.label("row_id"), RecordEvent.record_key, RecordEvent.known_at, RecordEvent.effective_on,
        RecordEvent.cause, RecordEvent.kind.label("event_kind"), *_FACT,
    ).join(Record, Record.id == RecordEvent.record_id)  # fmt: skip
    wanted = [kind.value for kind in TOLD_KINDS]
    own = RecordEvent.actor.not_in((NEIGHBOUR, DOOR)) | (
        (RecordEvent.actor == DOOR) & ~Source.name.startswith(SOURCE_PREFIX, autoescape=True)
    )
    return _joined(statement).where(RecordEvent.kind.in_(wanted), own), RecordEvent.id


def _erasures() -> tuple[AnySelect, Any]:
    statement = select(
        Erasure.id.label("row_id"), Erasure.record_key, Erasure.erased_at.label("known_at"), Erasure.basis,
        literal(DELETED).label("item"), null().label("list_code"),
    )  # fmt: skip
    return statement, Erasure.id


def _objections() -> tuple[AnySelect, Any]:
    """Objections on facts whose newest word is the city's: it decides them."""
    statement = (
        select(
            Objection.id.label("row_id"), Objection.record_key, Objection.opened_at.label("known_at"),
            Objection.ref.label("case_ref"), Objection.claim, Objection.due_on, Objection.field, *_FACT,
        )
        .join(CurrentRecord, CurrentRecord.record_key == Objection.record_key)
        .join(Record, Record.id == CurrentRecord.record_id)
    )  # fmt: skip
    return _joined(statement).where(Source.name.startswith(SOURCE_PREFIX, autoescape=True)), Objection.id


_STATEMENTS = {RECORD: _records, STANDING: _standings, DELETED: _erasures, OBJECTION: _objections}


def read_changes(teller: Teller, kind: str, after: int, limit: int) -> tuple[list[Change], int]:
    """The changes of a kind after an id, and the last id they cover."""
    rows, last = read_rows(teller.session, kind, after, limit)
    return [teller.tell(kind, row) for row in rows if teller.tells(row)], last


def retell(teller: Teller, kind: str, row_ids: list[int]) -> Iterator[Change]:
    """Withheld changes once more."""
    for row in read_rows(teller.session, kind, 0, 0, only=row_ids)[0]:
        if teller.tells(row):
            yield teller.tell(kind, row)
