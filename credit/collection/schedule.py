"""When pulled sources run (采集排程): one turn per source, claimed with a lease, so that two workers never pull the same one.

A lease is renewed in the transaction of every batch: a worker that was so slow that another took over cannot commit. A worker
that died is replaced when its lease ends, and the source goes on from its own position. Failures wait longer each time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from credit.enquiry_log import new_ref
from credit.errors import Conflict
from models.base import DISTRICT_ZONE
from models.collection import Source
from models.schedule import SourceTurn

LEASE: Final = timedelta(minutes=5)
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
DAY: Final = timedelta(days=1)
INTERVALS: Final[Mapping[str | None, timedelta]] = MappingProxyType(
    {None: DAY, "daily": DAY, "weekly": DAY, "monthly": 3 * DAY, "quarterly": 7 * DAY, "half_yearly": 7 * DAY, "yearly": 7 * DAY}
)  # fmt: skip
"""How often a source is pulled by how often it owes a report: several times a period, so that one failure makes nothing late."""


class LeaseLost(Conflict):
    """Another worker has taken over this turn; nothing of this one may be committed any more."""

    slug, title = "lease-lost", "该来源已由其他进程接手"


class Turn(NamedTuple):
    """A claimed turn of a source."""

    source: str
    lease: str


@dataclass(frozen=True, slots=True)
class TurnView:
    """How the next turn of a source stands."""

    source: str
    due_at: datetime
    running: bool
    failures: int
    last_fault: str | None
    last_done_at: datetime | None


def plan_turns(session: Session, sources: Collection[str], *, now: datetime) -> None:
    """Give every source that has none a turn, due now. Two workers planning at once make one."""
    known = set(session.execute(select(SourceTurn.source).where(SourceTurn.source.in_(sources))).scalars())
    for name in sorted(set(sources) - known):
        try:
            with session.begin_nested():
                session.add(SourceTurn(source=name, due_at=now))
        except IntegrityError:
            continue


def claim_turn(session: Session, sources: Collection[str], *, now: datetime) -> Turn | None:
    """Claim the turn that is due longest and that nobody holds; None where there is none. The caller commits at once."""
    free = or_(SourceTurn.lease_until.is_(None), SourceTurn.lease_until <= now)
    statement = (
        select(SourceTurn)
        .where(SourceTurn.source.in_(sources), SourceTurn.due_at <= now, free)
        .order_by(SourceTurn.due_at, SourceTurn.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    turn = session.execute(statement).scalar()
    if turn is None:
        return None
    turn.lease, turn.lease_until = new_ref(), now + LEASE
    session.flush()
    return Turn(turn.source, turn.lease)


def renew_turn(session: Session, turn: Turn, *, now: datetime) -> None:
    """Hold a turn longer, within the transaction of what was done; LeaseLost where it is another's by now."""
    _change(session, turn, lease_until=now + LEASE)


def finish_turn(session: Session, turn: Turn, cadence: str | None, *, now: datetime) -> datetime:
    """Give a turn back, done; when the source is due next. LeaseLost where it is another's by now."""
    due_at: datetime = now + INTERVALS[cadence]
    _change(session, turn, due_at=due_at, lease=None, lease_until=None, failures=0, last_fault=None, last_done_at=now)
    next_due = due_at.astimezone(DISTRICT_ZONE).date()
    session.execute(update(Source).where(Source.name == turn.source).values(next_due=next_due))
    return due_at


def fail_turn(session: Session, turn: Turn, fault: str, *, now: datetime) -> datetime:
    """Give a turn back, failed; when it is tried again: after a minute, then twice as long each time, at most six hours."""
    failures = session.execute(select(SourceTurn.failures).where(SourceTurn.source == turn.source)).scalar_one()
    wait: timedelta = min(FIRST_WAIT * 2 ** min(failures, 20), LONGEST_WAIT)
    _change(
        session, turn, due_at=now + wait, lease=None, lease_until=None, failures=failures + 1, last_fault=fault[:200]
    )
    return now + wait


def list_turns(session: Session, *, now: datetime) -> list[TurnView]:
    """All turns, the next first."""
    rows = session.execute(select(SourceTurn).order_by(SourceTurn.due_at, SourceTurn.source)).scalars()
    return [
        TurnView(
            row.source,
            row.due_at,
            row.lease_until is not None and row.lease_until > now,
            row.failures,
            row.last_fault,
            row.last_done_at,
        )
        for row in rows
    ]


def _change(session: Session, turn: Turn, **values: object) -> None:
    statement = update(SourceTurn).where(SourceTurn.source == turn.source, SourceTurn.lease == turn.lease)
    done = session.execute(statement.values(**values).execution_options(synchronize_session=False))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise LeaseLost
