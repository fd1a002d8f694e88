"""Listings (名单): entering, removing, listing them.

An entry needs a decision: authority, document number, day. It is visible exactly as far as its record is (the projection is
joined and ``credit.disclosure`` judges), current between its first and last day, and gone with repair or removal at once.
"""

import functools
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, and_, bindparam, delete, exists, insert, or_, select
from sqlalchemy.orm import Session

from credit.bulk import adapter_of, insert_rows, table_of
from credit.deployment import deployment_of
from credit.disclosure import Rule, View, usable_conditions
from credit.disclosure_sql import TODAY, render, visible, visible_today
from credit.drafts import RecordDraft
from credit.enquirer import Enquirer
from credit.errors import InvalidQuery, ListingNeedsDecision, NotFound
from credit.list_kinds import ListKind
from credit.masking import mask_name
from credit.prepared import Prepared
from credit.views import ListingPage, ListingView, ListView
from models.base import DISTRICT_ZONE
from models.listings import Listing, ListingRemoval
from models.records import CurrentRecord, Record
from models.subjects import Subject, SubjectChange
from models.terms import ListingOrigin, SubjectKind

COLUMNS = (
    "record_key", "subject_id", "list_code", "kind", "origin", "authority", "document_number", "basis", "decided_on",
    "begun_on", "until", "entered_at",
)  # fmt: skip
LARGEST_PAGE = 200


def enter_received(
    connection: Connection, entries: Sequence[tuple[RecordDraft, ListKind, bytes, int]], entered_at: datetime
) -> None:
    """Enter listings decided elsewhere (归集), or replace the entry of a corrected record.

    Each entry is (draft, list kind, record key, subject id). Raises ListingNeedsDecision: the door parks such rows before.
    """
    if not entries:
        return
    day, moment = adapter_of(connection).day, adapter_of(connection).time(entered_at)
    rows: dict[bytes, tuple[Any, ...]] = {}
    for draft, kind, key, subject_id in entries:
        decided_on = draft.held_from
        if not draft.document_number or not draft.authority or decided_on is None:
            raise ListingNeedsDecision()
        until = draft.held_until or kind.end_of_term(decided_on)
        rows[key] = (
            key, subject_id, kind.code, kind.kind, ListingOrigin.received.value, draft.authority, draft.document_number,
            kind.basis, day(decided_on), day(decided_on), day(until), moment,
        )  # fmt: skip
    table = table_of(Listing)
    old = list(connection.execute(select(table.c.id).where(table.c.record_key.in_(list(rows)))).scalars())
    if old:
        removals = table_of(ListingRemoval)
        removed = set(connection.execute(select(removals.c.listing_id).where(removals.c.listing_id.in_(old))).scalars())
        keep = select(table.c.record_key).where(table.c.id.in_(list(removed)))
        for key in connection.execute(keep).scalars():
            rows.pop(bytes(key), None)
        connection.execute(delete(table).where(table.c.id.in_([row for row in old if row not in removed])))
    insert_rows(connection, Listing, COLUMNS, list(rows.values()))


def remove_listing(
    session: Session, listing_id: int, *, reason: str, effective_on: date, removed_at: datetime, actor: str
) -> None:
    """End an entry before its term, on whose word and why."""
    listing = session.get(Listing, listing_id)
    if listing is None:
        raise NotFound("没有这条名单记录")
    values = {
        "listing_id": listing_id,
        "reason": reason,
        "effective_on": effective_on,
        "removed_at": removed_at,
        "actor": actor,
    }
    session.execute(insert(ListingRemoval).values(**values))
    session.add(SubjectChange(subject_id=listing.subject_id, changed_at=removed_at))
    session.flush()


def current_on(day: Any) -> ColumnElement[bool]:
    """Entries in force on a day (or a placeholder for one): begun, not past their last day, not removed.

    Needs the outer join to removals.
    """
    return and_(
        Listing.begun_on <= day,
        or_(Listing.until.is_(None), Listing.until >= day),
        or_(ListingRemoval.id.is_(None), ListingRemoval.effective_on > day),
    )


def end_of_day(day: date) -> datetime:
    """The first moment after a day of the district (+08:00)."""
    return datetime.combine(day + timedelta(days=1), time(), DISTRICT_ZONE)


REMOVED_KEYS = Prepared(
    select(Listing.record_key)
    .join(ListingRemoval, ListingRemoval.listing_id == Listing.id)
    .where(Listing.subject_id == bindparam("subject"), ListingRemoval.effective_on <= bindparam("today", type_=Date()))
)


def list_removed_keys(session: Session, subject_id: int, today: date) -> set[bytes]:
    """Records of a subject whose entry on a list was removed: with the entry goes what it said."""
    found = REMOVED_KEYS.all(session.connection(), subject=subject_id, today=today)
    return {bytes(row.record_key) for row in found}


def list_subject_listings(
    session: Session, subject_id: int, view: View, *, as_of: date, today: date
) -> list[ListingView]:
    """Entries of one subject that this view shows: in force on the day asked about, and still today."""
    deployment, connection = deployment_of(session), session.connection()
    if as_of == today:
        rows = _subject_statement(view.rule).all(connection, subject=subject_id, today=today)
    else:
        days = {"subject": subject_id, "today": today, "as_of": as_of, "known_by": end_of_day(as_of)}
        rows = _past_statement(view.rule).all(connection, **days)
    return [listing_view(row, deployment.list_kinds[row.list_code]) for row in rows]


def _subject_select(rule: Rule) -> Any:
    return (
        select(*LISTING_COLUMNS)
        .join(CurrentRecord, CurrentRecord.record_key == Listing.record_key)
        .outerjoin(ListingRemoval, ListingRemoval.listing_id == Listing.id)
        .where(Listing.subject_id == bindparam("subject"), visible_today(rule), current_on(TODAY))
        .order_by(Listing.begun_on.desc(), Listing.id)
    )


@functools.lru_cache(maxsize=64)
def _subject_statement(rule: Rule) -> Prepared:
    """Made once per rule of disclosure: a look-up makes no statement."""
    return Prepared(_subject_select(rule))


@functools.lru_cache(maxsize=64)
def _past_statement(rule: Rule) -> Prepared:
    known = exists().where(
        Record.subject_id.in_(
            select(Subject.id).where(
                or_(Subject.id == bindparam("subject"), Subject.merged_into == bindparam("subject"))
            )
        ),
        Record.record_key == Listing.record_key,
        Record.known_at < bindparam("known_by", type_=table_of(Record).c.known_at.type),
    )
    return Prepared(_subject_select(rule).where(current_on(bindparam("as_of", type_=Date())), known))


def list_usable_listings(
    session: Session, subject_ids: Sequence[int], day: date, view: View | None = None
) -> Sequence[Any]:
    """Entries in force on ``day`` that may be used, and that ``view`` shows where one is given.

    As (subject_id, list_code, kind, record_key, begun_on, until, authority, document_number, basis).
    """
    statement = (
        select(
            Listing.subject_id, Listing.list_code, Listing.kind, Listing.record_key, Listing.begun_on, Listing.until,
            Listing.authority, Listing.document_number, Listing.basis,
        )
        .join(CurrentRecord, CurrentRecord.record_key == Listing.record_key)
        .outerjoin(ListingRemoval, ListingRemoval.listing_id == Listing.id)
        .where(Listing.subject_id.in_(list(subject_ids)), render(usable_conditions(day)), current_on(day))
        .order_by(Listing.id)
    )  # fmt: skip
    if view is not None:
        statement = statement.where(visible(view, day))
    return session.execute(statement).all()


LISTING_COLUMNS = (
    Listing.id, Listing.list_code, Listing.kind, Listing.origin, Listing.authority, Listing.document_number,
    Listing.basis, Listing.decided_on, Listing.begun_on, Listing.until, Listing.record_key, CurrentRecord.disputed,
    CurrentRecord.publish_until,
)  # fmt: skip


def listing_view(row: Any, kind: ListKind, *, subject: Any = None) -> ListingView:
    """One entry as shown."""
    person = subject is not None and subject.subject_kind == SubjectKind.person.value
    return ListingView(
        list_code=row.list_code,
        list_name=kind.name,
        kind=row.kind,
        origin=row.origin,
        authority=row.authority,
        document_number=row.document_number,
        basis=row.basis,
        basis_verified=kind.verified,
        decided_on=row.decided_on,
        begun_on=row.begun_on,
        until=row.until,
        disputed=bool(row.disputed),
        record=bytes(row.record_key).hex(),
        subject_ref=None if subject is None or person else subject.subject_ref,
        subject_code=None if subject is None else subject.subject_code,
        subject_name=None if subject is None else mask_name(subject.subject_name) if person else subject.subject_name,
        subject_number=None if subject is None or not person else subject.number_mask,
    )


def list_lists(session: Session) -> list[ListView]:
    """The published lists with field, basis, term and who decides."""
    return [
        ListView(
            code=kind.code,
            name=kind.name,
            kind=kind.kind,
            field=kind.field,
            basis=kind.basis,
            verified=kind.verified,
            term_years=kind.term_years,
            decided_by=kind.decided_by,
            exit=kind.exit,
        )
        for kind in deployment_of(session).list_kinds.values()
    ]


def list_public_listings(
    session: Session,
    enquirer: Enquirer,
    *,
    list_code: str | None = None,
    kind: str | None = None,
    active: bool = True,
    limit: int = 50,
    after: int = 0,
    today: date,
) -> ListingPage:
    """The public part of the lists, oldest entry first: what everybody may see, whoever asks.

    Persons appear only masked and without ref. Only entries in force; past ones are not published (``active`` False is
    refused: what has ended is unseen).
    """
    deployment = deployment_of(session)
    if list_code is not None and list_code not in deployment.list_kinds:
        raise InvalidQuery("没有这个名单", faults=[{"field": "list", "code": "UNKNOWN", "message": "名单代码不存在"}])
    if not active:
        raise InvalidQuery(
            "已结束的名单信息不再提供", faults=[{"field": "active", "code": "ENDED", "message": "只提供有效名单"}]
        )
    view = deployment.disclosure.views["public"]
    subject_columns = (
        Subject.ref.label("subject_ref"), Subject.code.label("subject_code"), Subject.name.label("subject_name"),
        Subject.kind.label("subject_kind"), Subject.number_mask,
    )  # fmt: skip
    statement = (
        select(*LISTING_COLUMNS, *subject_columns)
        .join(Subject, Subject.id == Listing.subject_id)
        .join(CurrentRecord, CurrentRecord.record_key == Listing.record_key)
        .outerjoin(ListingRemoval, ListingRemoval.listing_id == Listing.id)
        .where(visible(view, today), current_on(today), Listing.id > after)
        .order_by(Listing.id)
        .limit(min(limit, LARGEST_PAGE) + 1)
    )
    if list_code is not None:
        statement = statement.where(Listing.list_code == list_code)
    if kind is not None:
        statement = statement.where(Listing.kind == kind)
    rows = session.execute(statement).all()
    shown = rows[: min(limit, LARGEST_PAGE)]
    return ListingPage(
        entries=tuple(listing_view(row, deployment.list_kinds[row.list_code], subject=row) for row in shown),
        next_after=shown[-1].id if len(rows) > len(shown) else None,
    )
