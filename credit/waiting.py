"""News about a record from a neighbour (修复、撤销、移出), also before the record is here: it waits, and is applied once.

News names a fact as everybody does (item, list, subject, document number, authority, decision day), or by our own key where
the record went up from here. ``apply_waiting`` belongs at the end of every batch, in its transaction, with the subjects the
batch touched; the ticker calls it for all. News about one fact is applied in the neighbour's order.
"""

import json
import re
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from credit.deployment import deployment_of
from credit.listings import remove_listing
from credit.provenances import FactKey, Told, fact_key, find_told
from credit.records import change_standing
from models.city import WaitingNews
from models.listings import Listing, ListingRemoval
from models.records import CurrentRecord, Record, RecordEvent
from models.subjects import Subject
from models.terms import EventKind

CONTEXT: Final = b"waiting-news"
REMOVED: Final = "removed"
KINDS: Final = {
    kind.value: kind for kind in (
        EventKind.repaired, EventKind.withdrawn, EventKind.annulled, EventKind.reinstated, EventKind.objected,
        EventKind.objection_closed, EventKind.ended,
    )
}  # fmt: skip
STANDINGS: Final = frozenset(("repaired", "withdrawn", "annulled", "reinstated", "ended"))
CHUNK: Final = 500
_is_key: Final = re.compile("[0-9a-f]{32}").fullmatch
WAITING, APPLIED, VOID = "waiting", "applied", "void"


class News(NamedTuple):
    """One piece of news. ``kind`` is one of ``KINDS`` or ``removed``; a person is named by ``number`` (kept only as digest)."""

    sequence: int
    kind: str
    item: str
    list_code: str | None
    subject_code: str | None
    number: str | None
    document_number: str | None
    authority: str | None
    decided_on: date | None
    effective_on: date
    cause: str
    ref: str | None = None


def receive_news(session: Session, neighbour: str, news: Sequence[News], *, now: datetime) -> int:
    """Keep news until it is applied; what came before under the same number is not kept twice. Returns how many were new."""
    keyring = deployment_of(session).keyring
    numbers = [one.sequence for one in news]
    there: set[int] = set()
    for start in range(0, len(numbers), CHUNK):
        statement = select(WaitingNews.sequence).where(
            WaitingNews.neighbour == neighbour, WaitingNews.sequence.in_(numbers[start : start + CHUNK])
        )
        there |= set(session.execute(statement).scalars())
    fresh = {one.sequence: one for one in news if one.sequence not in there}
    for one in fresh.values():
        known = one.kind in KINDS or one.kind == REMOVED
        session.add(
            WaitingNews(
                neighbour=neighbour, sequence=one.sequence, kind=one.kind[:24], item=one.item, list_code=one.list_code,
                subject_code=one.subject_code, number_digest=keyring.digest(one.number) if one.number else None,
                body_sealed=keyring.seal(_dump(one), CONTEXT), state=WAITING if known else VOID, received_at=now,
                note=None if known else "不支持的变更类型",
            )
        )  # fmt: skip
    session.flush()
    return len(fresh)


def _dump(news: News) -> bytes:
    ref = news.ref if news.ref is not None and _is_key(news.ref) else None
    body = {
        "document_number": news.document_number, "authority": news.authority, "cause": news.cause[:400], "ref": ref,
        "decided_on": None if news.decided_on is None else news.decided_on.isoformat(),
        "effective_on": news.effective_on.isoformat(),
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False).encode()


def apply_waiting(session: Session, subject_ids: Collection[int] | None = None, *, now: datetime) -> int:
    """Apply the news whose record is here: about these subjects, or about all. Returns how many were applied."""
    if session.execute(select(WaitingNews.id).where(WaitingNews.state == WAITING).limit(1)).first() is None:
        return 0
    applied = 0
    if subject_ids is not None:
        listed = sorted(subject_ids)
        for start in range(0, len(listed), CHUNK):
            applied += _apply(session, Subject.id.in_(listed[start : start + CHUNK]), now)
        return applied
    return _apply(session, True, now)


def settle_batch(session: Session, batch_id: int, *, now: datetime) -> int:
    """Apply the news that waited for the records of a batch, in its transaction. Returns how many."""
    if session.execute(select(WaitingNews.id).where(WaitingNews.state == WAITING).limit(1)).first() is None:
        return 0
    touched = select(Record.subject_id).where(Record.batch_id == batch_id).distinct()
    return apply_waiting(session, list(session.execute(touched).scalars()), now=now)


def _apply(session: Session, which: Any, now: datetime) -> int:
    """News joined with its subject, in order; facts are asked for once per item."""
    owner = or_(WaitingNews.subject_code == Subject.code, WaitingNews.number_digest == Subject.number_digest)
    statement = (
        select(WaitingNews, Subject.id, Subject.merged_into)
        .join(Subject, owner)
        .where(WaitingNews.state == WAITING, which)
        .order_by(WaitingNews.neighbour, WaitingNews.sequence)
    )
    keyring = deployment_of(session).keyring
    waiting = [
        (row[0], row[2] or row[1], json.loads(keyring.open(row[0].body_sealed, CONTEXT)))
        for row in session.execute(statement)
    ]
    told: dict[str, dict[FactKey, Told]] = {}
    for item in {news.item for news, _, _ in waiting}:
        keys = {_key_of(news, subject, body) for news, subject, body in waiting if news.item == item}
        told[item] = find_told(session.connection(), item, {key for key in keys if key is not None})
    return sum(_apply_one(session, news, subject, body, told[news.item], now) for news, subject, body in waiting)


def _key_of(news: WaitingNews, subject_id: int, body: dict[str, Any]) -> FactKey | None:
    decided_on = None if body["decided_on"] is None else date.fromisoformat(body["decided_on"])
    return fact_key(subject_id, news.list_code, body["document_number"], body["authority"], decided_on)


def _apply_one(
    session: Session, news: WaitingNews, subject_id: int, body: dict[str, Any], told: dict[FactKey, Told], now: datetime
) -> bool:
    key = _find(session, news, body, subject_id, told)
    if key is None:
        return False
    effective_on = date.fromisoformat(body["effective_on"])
    if news.kind == REMOVED and _remove(session, key, body["cause"], effective_on, news.neighbour, now):
        kind = None
    else:
        kind = KINDS.get(news.kind, EventKind.withdrawn)
    if kind is not None and not _stands(session, key, kind.value):
        change_standing(
            session, key, kind, cause=body["cause"], effective_on=effective_on, known_at=now, actor=news.neighbour,
            facts={"news": news.sequence},
        )  # fmt: skip
    elif kind is not None:
        news.note = "已是该状态，未作改动"
    news.state, news.settled_at, news.record_key = APPLIED, now, key
    session.flush()
    return True


def _find(
    session: Session, news: WaitingNews, body: dict[str, Any], subject_id: int, told: dict[FactKey, Told]
) -> bytes | None:
    """The record the news speaks of, if it is here and this subject's."""
    if body["ref"]:
        statement = select(CurrentRecord.record_key).where(
            CurrentRecord.record_key == bytes.fromhex(body["ref"]), CurrentRecord.subject_id == subject_id
        )
        found = session.execute(statement).scalar()
        if found is not None:
            return bytes(found)
    key = _key_of(news, subject_id, body)
    held = None if key is None else told.get(key)
    return None if held is None else held.record_key


def _stands(session: Session, record_key: bytes, kind: str) -> bool:
    """Whether the last event of this sort already said so: news that only repeats what was decided here changes nothing."""
    sort = STANDINGS if kind in STANDINGS else frozenset(("objected", "objection_closed"))
    statement = (
        select(RecordEvent.kind)
        .where(RecordEvent.record_key == record_key, RecordEvent.kind.in_(sorted(sort)))
        .order_by(RecordEvent.id.desc())
        .limit(1)
    )
    return session.execute(statement).scalar() == kind


def _remove(session: Session, record_key: bytes, reason: str, effective_on: date, actor: str, now: datetime) -> bool:
    """Take the entry of this record off its list, unless it is off already; False for a status register, which has none."""
    listing = session.execute(select(Listing.id).where(Listing.record_key == record_key)).scalar()
    if listing is None:
        return False
    gone = select(ListingRemoval.id).where(ListingRemoval.listing_id == listing)
    if session.execute(gone).first() is None:
        remove_listing(session, listing, reason=reason, effective_on=effective_on, removed_at=now, actor=actor)
    return True


def count_waiting(session: Session) -> dict[str, int]:
    """How much news is in which state."""
    found: dict[str, int] = {}
    for state in session.execute(select(WaitingNews.state)).scalars():
        found[state] = found.get(state, 0) + 1
    return found
