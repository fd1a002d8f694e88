"""The district's changes go up (上报): collected into numbered batches, sent in order, each until its receipt is there.

``push`` is a generator that yields where its caller commits; nothing is asked of the city while a transaction is open. Killed
between sending and the receipt, the same bytes go again when the lease is over, and the city knows the batch by its digest.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from credit.bulk import adapter_of, insert_rows, lock_writing
from credit.city.changes import Change, Teller, read_changes, retell
from credit.city.lines import DELETED, OBJECTION, RECORD, STANDING, Line, dump_lines
from credit.city.link import NEIGHBOUR, CityLink
from credit.city.mapping import CityMapping
from credit.city.ways import Package, Receipt, Refused, Unreachable, clear_files, send
from credit.deployment import deployment_of
from models.casework import CaseEvent, Objection
from models.city import CityBatch, CityCursor, CityLine, CityWithheld
from models.terms import CaseState
from models.work import OutboxMessage

BATCH_LINES: Final = 1000
MOST_WAITING: Final = 5
LEASE: Final = timedelta(seconds=60)
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
BODY_CONTEXT: Final = b"city-batch"
CURSORS: Final = {RECORD: "record_id", STANDING: "event_id", DELETED: "erasure_id", OBJECTION: "objection_id"}
LINE_COLUMNS: Final = ("sequence", "kind", "code", "day", "record_key", "revision", "digest")
Clock = Callable[[], datetime]


class Pushed(NamedTuple):
    """One step of a push: lines collected, batches whose receipt came, what stopped it (empty: nothing)."""

    collected: int = 0
    received: int = 0
    stopped: str = ""


def push(
    session: Session, link: CityLink, mappings: Mapping[str, CityMapping], *, clock: Clock, most: int = MOST_WAITING
) -> Iterator[Pushed]:
    """Collect what changed and send it, ``most`` batches at a time, until nothing is left or the city does not answer."""
    while True:
        collected = sent = 0
        while _count_waiting(session) < most and (lines := collect(session, link, mappings, now=clock())):
            collected += lines
            yield Pushed(collected=lines)
        for step in send_waiting(session, link, clock=clock):
            sent += step.received
            yield step
            if step.stopped:
                return
        if not collected and not sent:
            return


def get_cursor(session: Session) -> CityCursor:
    """The one cursor, made where there is none."""
    cursor = session.get(CityCursor, 1)
    if cursor is None:
        cursor = CityCursor(
            id=1, record_id=0, event_id=0, erasure_id=0, objection_id=0, sequence=0, mapping_digest="", news_position=0
        )
        session.add(cursor)
        session.flush()
    return cursor


def collect(session: Session, link: CityLink, mappings: Mapping[str, CityMapping], *, now: datetime) -> int:
    """Make the next batch of what changed; returns how many changes were looked at, 0 where nothing is left."""
    lock_writing(session.connection())
    cursor = get_cursor(session)
    teller = Teller(session, link, mappings)
    changes = _withheld_again(session, cursor, teller) or _next_changes(cursor, teller)
    lines = _withhold(session, changes, now)
    for start in range(0, len(lines), BATCH_LINES):
        cursor.sequence += 1
        _keep_batch(session, cursor.sequence, lines[start : start + BATCH_LINES], now)
    session.flush()
    return len(changes)


def _count_waiting(session: Session) -> int:
    statement = select(func.count()).where(OutboxMessage.neighbour == NEIGHBOUR, OutboxMessage.delivered_at.is_(None))
    return session.execute(statement).scalar_one()


def _next_changes(cursor: CityCursor, teller: Teller) -> list[Change]:
    """Records until there are none left, then what was said about them: an event never goes before its record."""
    found: list[Change] = []
    for kind, name in CURSORS.items():
        moved = True
        while moved and len(found) < BATCH_LINES:
            after = getattr(cursor, name)
            changes, last = read_changes(teller, kind, after, BATCH_LINES - len(found))
            setattr(cursor, name, last)
            moved = last > after
            found += changes
        if moved:
            break
    return found


def _withheld_again(session: Session, cursor: CityCursor, teller: Teller) -> list[Change]:
    """What waited for a code, once the mapping (or the transport key) is another one: oldest first, kind by kind."""
    sign = "".join(sorted(mapping.digest for mapping in teller.mappings.values()))
    sign = hashlib.sha256(f"{sign} {teller.link.box is not None}".encode()).hexdigest()
    if cursor.mapping_digest == sign:
        return []
    cursor.mapping_digest = sign
    statement = select(CityWithheld).where(CityWithheld.settled_at.is_(None)).order_by(CityWithheld.id)
    waiting = list(session.execute(statement).scalars())
    found: list[Change] = []
    for kind in CURSORS:
        rows = {row.row_id: row for row in waiting if row.kind == kind}
        ids = sorted(rows)
        for start in range(0, len(ids), BATCH_LINES):
            found += list(retell(teller, kind, ids[start : start + BATCH_LINES]))
    for row in waiting:
        session.delete(row)
    session.flush()
    return found


def _withhold(session: Session, changes: list[Change], now: datetime) -> list[Line]:
    """Lines that may go; what is not mapped, and what follows about the same fact, is kept back with its reason."""
    blocked = {
        bytes(key)
        for key in session.execute(
            select(CityWithheld.record_key).where(
                CityWithheld.settled_at.is_(None),
                CityWithheld.record_key.in_([change.record_key for change in changes]),
            )
        ).scalars()
    }
    lines = []
    for change in changes:
        if change.line is not None and change.record_key not in blocked:
            lines.append(change.line)
            continue
        blocked.add(change.record_key)
        reason = change.reason or "同一信息的前一变更尚未上传"
        session.add(
            CityWithheld(
                kind=change.kind, row_id=change.row_id, record_key=change.record_key, item=change.item[:96],
                reason=reason, noticed_at=now,
            )
        )  # fmt: skip
    session.flush()
    return lines


def _keep_batch(session: Session, sequence: int, lines: list[Line], now: datetime) -> None:
    body = dump_lines(lines)
    package = Package(sequence, lines[0].body["edition"], len(lines), body)
    message = OutboxMessage(
        neighbour=NEIGHBOUR, kind="batch", body={"sequence": sequence, "edition": package.edition}, created_at=now,
        attempts=0,
    )  # fmt: skip
    session.add(message)
    session.flush()
    sealed = deployment_of(session).keyring.seal(zlib.compress(body, 1), BODY_CONTEXT)
    session.add(
        CityBatch(
            sequence=sequence, outbox_id=message.id, line_count=len(lines), digest=bytes.fromhex(package.digest),
            body_sealed=sealed, made_at=now, refused=[],
        )
    )  # fmt: skip
    day = adapter_of(session.connection()).day
    rows = [
        (sequence, line.kind, line.code, day(line.day), line.record_key, line.revision, bytes.fromhex(line.digest))
        for line in lines
    ]
    session.flush()
    insert_rows(session.connection(), CityLine, LINE_COLUMNS, rows)


def send_waiting(session: Session, link: CityLink, *, clock: Clock) -> Iterator[Pushed]:
    """Send the waiting batches in their order. Yields before each sending and after it; the caller commits."""
    while (claimed := _claim(session, clock())) is not None:
        message_id, package = claimed
        yield Pushed()
        try:
            receipt = send(link, package)
        except (Unreachable, Refused) as trouble:
            _put_off(session, message_id, package.sequence, str(trouble), clock())
            yield Pushed(stopped=str(trouble))
            return
        if receipt is None:
            _put_off(session, message_id, package.sequence, "", clock(), LEASE)
            yield Pushed(stopped="等待回执")
            return
        _receive(session, message_id, package.sequence, receipt, clock())
        if link.way == "file":
            clear_files(link, package.sequence)
        yield Pushed(received=1)


def _claim(session: Session, now: datetime) -> tuple[int, Package] | None:
    """The oldest batch without receipt, if nobody holds it and its pause is over: order is kept, so only the oldest."""
    lock_writing(session.connection())
    statement = (
        select(OutboxMessage, CityBatch)
        .join(CityBatch, CityBatch.outbox_id == OutboxMessage.id)
        .where(OutboxMessage.neighbour == NEIGHBOUR, OutboxMessage.delivered_at.is_(None))
        .order_by(CityBatch.sequence)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    row = session.execute(statement).first()
    if row is None or (row[0].lease_until is not None and row[0].lease_until > now):
        return None
    message, batch = row
    message.lease_until = now + LEASE
    message.attempts += 1
    session.flush()
    body = zlib.decompress(deployment_of(session).keyring.open(batch.body_sealed or b"", BODY_CONTEXT))
    return message.id, Package(batch.sequence, str(message.body["edition"]), batch.line_count, body)


def forget_pauses(session: Session) -> None:
    """Let what waits go at once; should somebody be sending it just now, the city still sees one batch."""
    waiting = (OutboxMessage.neighbour == NEIGHBOUR) & OutboxMessage.delivered_at.is_(None)
    session.execute(update(OutboxMessage).where(waiting).values(lease_until=None))


def _put_off(
    session: Session, message_id: int, sequence: int, fault: str, now: datetime, pause: timedelta | None = None
) -> None:
    """Try again later: each failure doubles the pause."""
    message = session.get_one(OutboxMessage, message_id)
    wait = pause or min(FIRST_PAUSE * 2 ** min(message.attempts - 1, 20), LONGEST_PAUSE)
    message.lease_until = now + wait
    session.execute(update(CityBatch).where(CityBatch.sequence == sequence).values(fault=fault or None))
    session.flush()


def _receive(session: Session, message_id: int, sequence: int, receipt: Receipt, now: datetime) -> None:
    """The receipt is kept, the body forgotten; objections that went up are now with the city."""
    message = session.get_one(OutboxMessage, message_id)
    message.delivered_at, message.receipt, message.lease_until = now, receipt.number, None
    values = {"received_at": now, "body_sealed": None, "refused": list(receipt.refused), "fault": None}
    session.execute(update(CityBatch).where(CityBatch.sequence == sequence).values(**values))
    told = select(CityLine.revision).where(CityLine.sequence == sequence, CityLine.kind == OBJECTION)
    for objection in session.execute(select(Objection).where(Objection.id.in_(told))).scalars():
        if objection.state in (CaseState.submitted.value, CaseState.accepted.value):
            objection.state = CaseState.forwarded.value
            session.add(
                CaseEvent(
                    case_kind="objection", case_id=objection.id, state=objection.state, actor=NEIGHBOUR,
                    reason="已转市平台核查", facts={"receipt": receipt.number}, happened_at=now,
                )
            )  # fmt: skip
    session.flush()
