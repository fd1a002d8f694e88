"""One fact told by several sources is one record (同一事实), with a provenance for each: nothing counts twice.

A fact is the same whoever tells it: item, list, subject, document number, authority, decision day; brackets, widths and
spaces aside. What the city sends back of a fact that a department told (回流) never replaces the department's words; what a
department tells of a fact so far known from the city does, under the same key. Without document number or day no two are
held to be one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, and_, select
from sqlalchemy.orm import Session, aliased

from credit.bulk import adapter_of, insert_rows, lock_writing
from credit.catalogue import CatalogueItem
from credit.deployment import deployment_of
from credit.door import record_key_text
from credit.drafts import Fault, RecordDraft, RowResult
from credit.names import normalise_name
from credit.resolve import Resolver
from models.city import RecordProvenance
from models.collection import Source
from models.records import CurrentRecord, Record
from models.terms import DisclosureLevel, Severity, Standing

CITY_SOURCES: Final = "city-"
SAME_FACT: Final = Fault("", "SAME_FACT", "该事实已由其他来源提供，未重复入库")
CHUNK: Final = 5000
_DEPARTMENT: Final = ~Source.name.startswith(CITY_SOURCES, autoescape=True)
_BRACKETS: Final = {**str.maketrans("〔〕﹝﹞［］[]【】（）", "()()()()()()"), 32: None}

FactKey = tuple[int, str | None, str, str, date]


class Told(NamedTuple):
    """A fact already held: its key, its newest version (a row of ``records``), its source's description.

    ``by_department``: a source other than the city's told it; ``ended``: its source no longer names it; ``corrected``: what
    a department last said where the city has corrected it since.
    """

    record_key: bytes
    record: Any
    by_department: bool
    description: Mapping[str, Any]
    ended: bool
    corrected: Any | None = None


class Screened(NamedTuple):
    """Rows ready for the door, and which of them speak of a fact already held: row number to record key."""

    results: list[RowResult]
    known: dict[int, bytes]


def fold(text: str) -> str:
    """A document number or authority as compared: brackets, widths and spaces folded."""
    return normalise_name(text.translate(_BRACKETS))


def fact_key(
    subject_id: int, list_code: str | None, document: str | None, authority: str | None, held: date | None
) -> FactKey | None:
    """What names a fact within its item, whoever tells it; None where too little is said."""
    if not document or held is None:
        return None
    return subject_id, list_code, fold(document), fold(authority or ""), held


def find_told(
    connection: Connection, item: str, wanted: Collection[FactKey], *, by_city: bool = False
) -> dict[FactKey, Told]:
    """Those of the wanted facts of an item that are held; ``by_city``: of those the city told in any version alone.

    First the names of the subjects' facts, then the few that are wanted in full.
    """
    names = select(
        Record.id, Record.subject_id, Record.list_code, Record.document_number, Record.authority, Record.held_from
    ).join(CurrentRecord, CurrentRecord.record_id == Record.id)
    matched: dict[int, FactKey] = {}
    subjects = sorted({key[0] for key in wanted})
    for start in range(0, len(subjects), CHUNK):
        part = subjects[start : start + CHUNK]
        statement = names.where(CurrentRecord.subject_id.in_(part), CurrentRecord.item == item)
        if by_city:
            version = aliased(Record)
            city = select(Source.id).where(~_DEPARTMENT)
            told = select(version.record_key).where(version.subject_id.in_(part), version.source_id.in_(city))
            statement = statement.where(CurrentRecord.record_key.in_(told))
        for row in connection.execute(statement.order_by(Record.id.desc())):
            key = fact_key(row.subject_id, row.list_code, row.document_number, row.authority, row.held_from)
            if key is not None and key in wanted:
                matched[row.id] = key
    return _in_full(connection, matched)


def _in_full(connection: Connection, matched: Mapping[int, FactKey]) -> dict[FactKey, Told]:
    statement = (
        select(
            Record, Source.name.label("source_name"), Source.description.label("source_description"),
            CurrentRecord.standing.label("now"),
        )
        .join(CurrentRecord, CurrentRecord.record_id == Record.id)
        .join(Source, Source.id == Record.source_id)
        .order_by(Record.id)
    )  # fmt: skip
    found: dict[FactKey, Told] = {}
    ids = list(matched)
    for start in range(0, len(ids), CHUNK):
        for row in connection.execute(statement.where(Record.id.in_(ids[start : start + CHUNK]))):
            own, ended = not row.source_name.startswith(CITY_SOURCES), row.now == Standing.ended.value
            found.setdefault(matched[row.id], Told(bytes(row.record_key), row, own, row.source_description, ended))
    theirs = {told.record_key for told in found.values() if not told.by_department}
    last = {bytes(row.record_key): row for row in _asked(connection, _versions(Record).where(_DEPARTMENT), theirs)}
    provenances = (
        select(RecordProvenance.record_key)
        .join(Source, Source.id == RecordProvenance.source_id)
        .join(CurrentRecord, CurrentRecord.record_key == RecordProvenance.record_key)
        .where(_DEPARTMENT)
    )
    further = {bytes(row.record_key) for row in _asked(connection, provenances, theirs)}
    for key, told in found.items():
        if told.record_key in last or told.record_key in further:
            found[key] = told._replace(by_department=True, corrected=last.get(told.record_key))
    return found


def _versions(*columns: Any) -> Select[*tuple[Any, ...]]:
    """All versions of facts in their order, reached through the projection: records themselves have no index by key."""
    same = and_(CurrentRecord.subject_id == Record.subject_id, CurrentRecord.record_key == Record.record_key)
    return (
        select(*columns)
        .join_from(CurrentRecord, Record, same)
        .join(Source, Source.id == Record.source_id)
        .order_by(Record.id)
    )


def _asked(connection: Connection, statement: Select[*tuple[Any, ...]], keys: Collection[bytes]) -> Iterator[Any]:
    """The rows of a statement about these facts, a part at a time."""
    listed = list(keys)
    for start in range(0, len(listed), CHUNK):
        part = listed[start : start + CHUNK]
        yield from connection.execute(statement.where(CurrentRecord.record_key.in_(part)))


def screen(
    session: Session,
    results: Sequence[RowResult],
    item: CatalogueItem,
    source_name: str,
    known_at: datetime,
    corrections: Collection[int] = (),
) -> Screened:
    """Rows as they may go to the door. To be called in the batch's transaction, before ``accept_records``.

    ``corrections``: rows by which the city corrects on purpose; they do replace. A department's batch costs one question
    where the city never told anything under this item.
    """
    from_city = source_name.startswith(CITY_SOURCES)
    connection = session.connection()
    if not from_city and not _city_tells(connection, item.code):
        return Screened(list(results), {})
    lock_writing(connection)
    resolver = Resolver(connection, deployment_of(session).keyring, known_at, 0, renames=False)
    drafts = [result.draft for result in results if result.draft is not None]
    resolver.load([draft.subject for draft in drafts])
    named = {id(draft): resolver.resolve(draft).subject_id or -1 for draft in drafts}
    subjects = {draft: resolver.kept.get(subject_id, subject_id) for draft, subject_id in named.items()}
    keys = {
        id(draft): fact_key(
            subjects[id(draft)], draft.list_code, draft.document_number, draft.authority, draft.held_from
        )
        for draft in drafts
        if subjects[id(draft)] > 0
    }
    wanted = {key for key in keys.values() if key is not None}
    told = find_told(connection, item.code, wanted, by_city=not from_city)
    screened, known = [], {}
    for result in results:
        draft = result.draft
        if draft is not None:
            key = keys.get(id(draft))
            held = None if key is None else told.get(key)
            if held is not None:
                known[result.row_number] = held.record_key
                echo = held.by_department and result.row_number not in corrections
                if not from_city:
                    echo = held.corrected is not None and words(draft) == words(held.corrected)
                result = _joined(session, result, draft, held, item, echo=echo)
        screened.append(result)
    return Screened(screened, known)


def screen_department(
    session: Session, results: Sequence[RowResult], item: CatalogueItem, source_name: str, known_at: datetime
) -> Screened:
    """``screen`` for the door of every source; the city's own rows were screened as they came down.

    A department that repeats the very words the city corrected does not undo the correction; other words do.
    """
    if source_name.startswith(CITY_SOURCES):
        return Screened(list(results), {})
    return screen(session, results, item, source_name, known_at)


def words(told: Any) -> tuple[Any, ...]:
    """What a draft or a version of a record says, apart from who says it of whom."""
    return (
        dict(told.payload), told.document_number, told.authority, told.held_from, told.held_until, told.publish_limit,
        told.amount, None if told.severity is None else str(told.severity), None if told.mark is None else str(told.mark),
    )  # fmt: skip


def _city_tells(connection: Connection, item: str) -> bool:
    statement = select(Source.id).where(
        Source.name.startswith(CITY_SOURCES, autoescape=True), Source.item == item, Source.last_delivery_at.is_not(None)
    )
    return connection.execute(statement.limit(1)).first() is not None


def _joined(
    session: Session, result: RowResult, draft: RecordDraft, held: Told, item: CatalogueItem, *, echo: bool
) -> RowResult:
    """The row under the key of the fact held; an echo also with its words, so that the door finds nothing new."""
    record = held.record
    parts = tuple(held.description.get("natural_key") or ()) or item.natural_key
    joined = draft._replace(
        natural_key=(draft.natural_key[0], *key_texts(item, parts, record.payload, record.list_code))
    )
    digests = deployment_of(session).keyring.digests(record_key_text(joined, record.subject_id), "record")
    if held.record_key not in digests:
        return result._replace(draft=None, faults=(SAME_FACT,))
    if not echo:
        return result._replace(draft=joined)
    return result._replace(
        draft=joined._replace(
            payload=dict(record.payload), held_from=record.held_from, held_until=record.held_until,
            publish_limit=record.publish_limit, document_number=record.document_number, authority=record.authority,
            amount=record.amount, list_code=record.list_code,
            severity=None if record.severity is None else Severity(record.severity),
            mark=None if record.mark is None else DisclosureLevel(record.mark), version=None, deleted=held.ended,
        )
    )  # fmt: skip


def key_texts(
    item: CatalogueItem, parts: Sequence[str], payload: Mapping[str, Any], list_code: str | None
) -> tuple[str, ...]:
    """The parts of a natural key after the subject, as ``collection.mapping`` writes them."""
    texts = tuple(field.name for field in item.fields.values() if field.type in ("text", "grade"))
    listed = (list_code,) if "list" in parts and list_code else ()
    values = ((part, payload.get(part)) for part in parts if part not in ("subject", "list"))
    return (
        *listed,
        *("" if value is None else fold(value) if part in texts else str(value) for part, value in values),
    )


def keep_provenances(
    session: Session, known: Mapping[int, bytes], source_id: int, batch_id: int, known_at: datetime
) -> int:
    """Note the source of each row about a fact already held, once per fact and source; how many were new."""
    if not known:
        return 0
    connection = session.connection()
    rows = {key: number for number, key in sorted(known.items(), reverse=True)}
    versions = _versions(Record.record_key).where(Record.source_id == source_id)
    kept = (
        select(RecordProvenance.record_key)
        .join(CurrentRecord, CurrentRecord.record_key == RecordProvenance.record_key)
        .where(RecordProvenance.source_id == source_id)
    )
    for statement in (versions, kept):
        for row in list(_asked(connection, statement, rows)):
            rows.pop(bytes(row.record_key), None)
    moment = adapter_of(connection).time(known_at)
    values = [(key, source_id, batch_id, number, moment) for key, number in rows.items()]
    columns = ("record_key", "source_id", "batch_id", "row_number", "known_at")
    insert_rows(connection, RecordProvenance, columns, values)
    return len(values)


def list_provenances(session: Session, record_key: bytes) -> list[tuple[str, int, int]]:
    """Every source that told a fact, as (source, batch, row), the first teller first."""
    versions = _versions(Source.name, Record.batch_id, Record.row_number)
    kept = (
        select(Source.name, RecordProvenance.batch_id, RecordProvenance.row_number)
        .join(Source, Source.id == RecordProvenance.source_id)
        .where(RecordProvenance.record_key == record_key)
        .order_by(RecordProvenance.id)
    )
    found: dict[str, tuple[str, int, int]] = {}
    for statement in (versions.where(CurrentRecord.record_key == record_key), kept):
        for name, batch_id, row_number in session.execute(statement):
            found.setdefault(name, (name, batch_id, row_number))
    return list(found.values())
