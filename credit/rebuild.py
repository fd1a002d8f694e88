"""The projection made again from records and events alone: proof that it holds nothing of its own, and repair where it does.

One walk over records and events in the order of their keys; memory stays flat. Facts of a merged subject stand under the one
kept. ``compare`` names the facts whose stored row differs, ``rebuild`` replaces the whole table. Terms are decided as on the
day the newest version became known.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from credit import projection
from credit.bulk import adapter_of, insert_rows, lock_writing, table_of
from credit.deployment import Deployment, deployment_of
from credit.projection import Mark
from models.base import DISTRICT_ZONE
from models.records import CurrentRecord, Record, RecordEvent
from models.subjects import Subject
from models.terms import EventKind, LinkedBy

CHUNK = 2000
SUBJECT = projection.COLUMNS.index("subject_id")
DAYS = frozenset({"publish_from", "publish_until", "share_until", "use_until", "query_until"})
Row = tuple[Any, ...]


def rebuild(session: Session) -> int:
    """Write the projection anew; how many facts it holds. One transaction of the caller's; nobody writes meanwhile."""
    connection = session.connection()
    lock_writing(connection)
    day = adapter_of(connection).day
    session.execute(delete(CurrentRecord))
    count = 0
    for chunk in _chunks(project_all(session)):
        rows = [
            tuple(day(value) if name in DAYS else value for name, value in zip(projection.COLUMNS, row, strict=True))
            for row in chunk
        ]
        insert_rows(connection, CurrentRecord, projection.COLUMNS, rows)
        count += len(rows)
    return count


def compare(session: Session) -> list[bytes]:
    """Keys of the facts whose stored projection is not what records and events say; empty where all is well."""
    stored = _stored(session)
    wrong, here = [], next(stored, None)
    for row in project_all(session):
        key = bytes(row[1])
        while here is not None and bytes(here[1]) < key:
            wrong.append(bytes(here[1]))
            here = next(stored, None)
        if here is None or bytes(here[1]) != key or here != row:
            wrong.append(key)
        if here is not None and bytes(here[1]) == key:
            here = next(stored, None)
    while here is not None:
        wrong.append(bytes(here[1]))
        here = next(stored, None)
    return wrong


def project_all(session: Session) -> Iterator[Row]:
    """One projection row per fact, as ``projection.COLUMNS``, in the order of the keys."""
    deployment, kept = deployment_of(session), _kept(session)
    events = _events(session)
    event = next(events, None)
    for key, versions in groupby(_records(session), key=lambda record: bytes(record.record_key)):
        while event is not None and event[0] < key:
            event = next(events, None)
        mine = event[1] if event is not None and event[0] == key else []
        row = project_one(deployment, list(versions), mine)
        subject_id = row[SUBJECT]
        yield (*row[:SUBJECT], kept.get(subject_id, subject_id), *row[SUBJECT + 1 :])


def _kept(session: Session) -> dict[int, int]:
    """Merged subjects and the one each was merged into."""
    statement = select(Subject.id, Subject.merged_into).where(Subject.merged_into.is_not(None))
    return {subject_id: kept for subject_id, kept in session.execute(statement) if kept is not None}


def project_one(deployment: Deployment, versions: Sequence[Any], events: Sequence[Any]) -> Row:
    """The projection of one fact from its versions (oldest first) and its events in order."""
    newest, by_id = versions[-1], {version.id: version for version in versions}
    mark = projection.mark_of(versions[0].linked_by, ())
    for event in events:
        kind = EventKind(event.kind)
        mark = projection.mark_after(mark, kind)
        if kind is EventKind.superseded:
            by = by_id.get(event.facts.get("by"))
            confirmed = by is not None and by.linked_by != LinkedBy.name.value
            mark = Mark(mark.standing, mark.disputed, mark.link_confirmed or confirmed)
    item = deployment.catalogue.items[newest.item]
    list_kind = deployment.list_kinds[newest.list_code] if newest.list_code else None
    tone = projection.tone_of(item, list_kind)
    terms = projection.terms_of(
        item,
        tone,
        deployment.rules,
        severity=newest.severity,
        held_from=newest.held_from,
        held_until=projection.last_day(list_kind, newest.held_from, newest.held_until),
        publish_limit=newest.publish_limit,
        known_on=newest.known_at.astimezone(DISTRICT_ZONE).date(),
    )
    values: Mapping[str, Any] = projection.projection_values(
        record_id=newest.id, record_key=bytes(newest.record_key), content_digest=bytes(newest.content_digest),
        subject_id=newest.subject_id, item=item, tone=tone, mark=mark, terms=terms,
        disclosure=projection.disclosure_of(item, newest.mark), version=_version(versions, events),
    )  # fmt: skip
    return tuple(values[name] for name in projection.COLUMNS)


def _version(versions: Sequence[Any], events: Sequence[Any]) -> str | None:
    """The latest stamp of the source, on a version or restated by an event."""
    stamps = [version.version for version in versions] + [event.facts.get("version") for event in events]
    return max((stamp for stamp in stamps if stamp is not None), default=None)


def _records(session: Session) -> Iterable[Any]:
    statement = select(
        Record.id, Record.record_key, Record.content_digest, Record.subject_id, Record.item, Record.list_code,
        Record.linked_by, Record.held_from, Record.held_until, Record.publish_limit, Record.severity, Record.known_at,
        Record.version, Record.mark,
    ).order_by(Record.record_key, Record.id)  # fmt: skip
    return session.execute(statement.execution_options(yield_per=CHUNK))


def _events(session: Session) -> Iterator[tuple[bytes, list[Any]]]:
    statement = select(RecordEvent.record_key, RecordEvent.kind, RecordEvent.facts).order_by(
        RecordEvent.record_key, RecordEvent.id
    )
    rows = session.execute(statement.execution_options(yield_per=CHUNK))
    for key, group in groupby(rows, key=lambda event: bytes(event.record_key)):
        yield key, list(group)


def _stored(session: Session) -> Iterator[Row]:
    table = table_of(CurrentRecord)
    statement = select(*(table.c[name] for name in projection.COLUMNS)).order_by(table.c.record_key)
    for row in session.execute(statement.execution_options(yield_per=CHUNK)):
        yield tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    yield chunk
