"""Daily reconciliation (对账) with the city: counts and digests per item and day, differences listed down to the line.

Upwards only what the city gave a receipt for is compared (what is under way is not missing); a digest is the sum of the
lines' digests, so order does not matter. Downwards the facts held from the city are compared with what it says it supplied.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from credit.city.downward import CITY_DESCRIPTIONS
from credit.city.link import NEIGHBOUR, SOURCE_PREFIX, CityLink
from credit.city.ways import Refused, ask
from credit.collection.description import load_descriptions
from models.city import CityBatch, CityDifference, CityLine, CityWithheld, WaitingNews
from models.collection import Delivery, Source
from models.work import OutboxMessage

UP: Final = "up"
DOWN: Final = "down"
MODULUS: Final = 2**128
MOST_LINES: Final = 50
MOST_ASKED: Final = 100


class Tally(NamedTuple):
    """Lines of one code and day: how many, and the sum of their digests."""

    lines: int
    digest: int


NONE: Final = Tally(0, 0)


class Difference(NamedTuple):
    """One code and day that both sides count unlike; ``lines`` names the first of those at fault (ref, revision, what)."""

    direction: str
    code: str
    day: date
    ours: int
    theirs: int
    lines: tuple[dict[str, Any], ...] = ()


class CityStatus(NamedTuple):
    """How the exchange stands."""

    batches: int
    received: int
    under_way: int
    lines: int
    refused: int
    withheld: dict[str, int]
    withheld_reasons: dict[str, int]
    news: dict[str, int]
    last_receipt_at: datetime | None
    fault: str | None
    attempts: int
    next_try_at: datetime | None
    differences: int


def reconcile(
    session: Session, link: CityLink, *, since: date, until: date, today: date, now: datetime
) -> list[Difference]:
    """Compare both directions and keep the differences found. Raises Unreachable, Refused (``credit.city.ways``)."""
    answer = ask(link, "counts", {"from": since.isoformat(), "until": until.isoformat()})
    theirs = _read_tallies(answer.get("rows"))
    ours = tally_lines(session, since, until)
    session.rollback()
    unlike = [key for key in sorted(ours.keys() | theirs.keys()) if ours.get(key, NONE) != theirs.get(key, NONE)]
    answers = {} if link.way == "file" else {key: _ask_lines(link, *key) for key in unlike[:MOST_ASKED]}
    found = []
    for key in unlike:
        lines = _differing_lines(session, *key, answers[key]) if key in answers else ()
        found.append(Difference(UP, *key, ours.get(key, NONE).lines, theirs.get(key, NONE).lines, lines))
    found += _compare_supply(session, answer.get("supplied"), today)
    _keep(session, found, since, until, today, now)
    return found


def tally_lines(session: Session, since: date, until: date) -> dict[tuple[str, date], Tally]:
    """Our lines with a receipt, but for those the city refused, per code and day."""
    found: dict[tuple[str, date], Tally] = {}
    for row in session.execute(_received_lines().where(CityLine.day.between(since, until))):
        count, digest = found.get((row.code, row.day), (0, 0))
        found[(row.code, row.day)] = Tally(count + 1, (digest + int.from_bytes(row.digest)) % MODULUS)
    for code, day, digest in _refused_lines(session, since, until):
        tally = found[(code, day)]
        found[(code, day)] = Tally(tally.lines - 1, (tally.digest - digest) % MODULUS)
    return {key: tally for key, tally in found.items() if tally.lines}


def _received_lines() -> Any:
    return (
        select(CityLine.code, CityLine.day, CityLine.kind, CityLine.record_key, CityLine.revision, CityLine.digest)
        .join(CityBatch, CityBatch.sequence == CityLine.sequence)
        .where(CityBatch.received_at.is_not(None))
    )


def _refused_lines(session: Session, since: date, until: date) -> Iterable[tuple[str, date, int]]:
    """Lines are numbered within their batch from 1, in the order of their ids."""
    batches = select(CityBatch.sequence, CityBatch.refused).where(CityBatch.received_at.is_not(None))
    for sequence, refused in session.execute(batches):
        if not refused:
            continue
        statement = select(CityLine).where(CityLine.sequence == sequence).order_by(CityLine.id)
        lines = list(session.execute(statement).scalars())
        for entry in refused:
            line = lines[entry["line"] - 1]
            if since <= line.day <= until:
                yield line.code, line.day, int.from_bytes(line.digest)


def _read_tallies(rows: Any) -> dict[tuple[str, date], Tally]:
    if not isinstance(rows, list):
        raise Refused("市平台对账数据缺少 rows")
    try:
        return {
            (str(row["code"]), date.fromisoformat(row["day"])): Tally(int(row["count"]), int(row["digest"], 16))
            for row in rows
        }
    except (KeyError, ValueError, TypeError):
        raise Refused("市平台对账数据无法读取") from None


def _ask_lines(link: CityLink, code: str, day: date) -> list[dict[str, Any]]:
    rows = ask(link, "lines", {"code": code, "day": day.isoformat()}).get("rows")
    if not isinstance(rows, list):
        raise Refused("市平台对账明细缺少 rows")
    return rows


def _differing_lines(
    session: Session, code: str, day: date, answer: list[dict[str, Any]]
) -> tuple[dict[str, Any], ...]:
    """Which lines of a code and day are missing there, unknown here, or unlike: refs only, never content."""
    theirs = {(str(row["ref"]), str(row["kind"]), int(row["revision"])): str(row["digest"]) for row in answer}
    ours = {
        (bytes(row.record_key).hex(), row.kind, row.revision): bytes(row.digest).hex()
        for row in session.execute(_received_lines().where(CityLine.code == code, CityLine.day == day))
    }
    found = []
    for key in sorted(ours.keys() | theirs.keys()):
        what = "市平台缺少" if key not in theirs else "本区没有" if key not in ours else "内容不一致"
        if ours.get(key) != theirs.get(key):
            found.append({"ref": key[0], "kind": key[1], "revision": key[2], "what": what})
    return tuple(found[:MOST_LINES])


def _compare_supply(session: Session, supplied: Any, today: date) -> list[Difference]:
    """Rows the city says it supplied, against rows taken from it, per source."""
    given = {str(row["address"]): int(row["count"]) for row in supplied or ()}
    statement = (
        select(Source.name, func.coalesce(func.sum(Delivery.received), 0))
        .join(Delivery, Delivery.source_id == Source.id)
        .where(Source.name.startswith(SOURCE_PREFIX, autoescape=True))
        .group_by(Source.name)
    )
    taken: dict[str, int] = {name: int(count) for name, count in session.execute(statement)}
    found = []
    for description in load_descriptions(CITY_DESCRIPTIONS):
        address = "" if description.rest is None else description.rest.url.partition("/records/")[2]
        ours, theirs = taken.get(description.name, 0), given.pop(address, 0)
        if ours != theirs:
            found.append(Difference(DOWN, address, today, ours, theirs))
    return found + [Difference(DOWN, address, today, 0, count) for address, count in sorted(given.items()) if count]


def _keep(session: Session, found: Iterable[Difference], since: date, until: date, today: date, now: datetime) -> None:
    session.execute(
        delete(CityDifference).where((CityDifference.direction == DOWN) | CityDifference.day.between(since, until))
    )
    for each in found:
        session.add(CityDifference(**{**each._asdict(), "lines": list(each.lines)}, found_at=now))
    session.flush()


def list_differences(session: Session) -> list[Difference]:
    """What the last reconciliation of each day found, newest day first."""
    statement = select(CityDifference).order_by(
        CityDifference.day.desc(), CityDifference.code, CityDifference.direction
    )
    return [
        Difference(row.direction, row.code, row.day, row.ours, row.theirs, tuple(row.lines))
        for row in session.execute(statement).scalars()
    ]


def city_status(session: Session) -> CityStatus:
    """How the exchange stands, for the console and ``flask city status``."""
    count = func.count()
    batches, received, lines, last = session.execute(
        select(count, func.count(CityBatch.received_at), func.coalesce(func.sum(CityBatch.line_count), 0),
               func.max(CityBatch.received_at))
    ).one()  # fmt: skip
    refused = sum(len(row) for row in session.execute(select(CityBatch.refused)).scalars())
    oldest = session.execute(
        select(OutboxMessage, CityBatch.fault)
        .join(CityBatch, CityBatch.outbox_id == OutboxMessage.id)
        .where(OutboxMessage.neighbour == NEIGHBOUR, OutboxMessage.delivered_at.is_(None))
        .order_by(CityBatch.sequence)
        .limit(1)
    ).first()
    waiting = CityWithheld.settled_at.is_(None)
    return CityStatus(
        batches=batches, received=received, under_way=batches - received, lines=int(lines), refused=refused,
        withheld=_counted(session, select(CityWithheld.item, count).where(waiting).group_by(CityWithheld.item)),
        withheld_reasons=_counted(
            session, select(CityWithheld.reason, count).where(waiting).group_by(CityWithheld.reason)
        ),
        news=_counted(session, select(WaitingNews.state, count).group_by(WaitingNews.state)),
        last_receipt_at=last, fault=None if oldest is None else oldest[1],
        attempts=0 if oldest is None else oldest[0].attempts,
        next_try_at=None if oldest is None else oldest[0].lease_until,
        differences=session.execute(select(count).select_from(CityDifference)).scalar_one(),
    )  # fmt: skip


def _counted(session: Session, statement: Any) -> dict[str, int]:
    return {str(name): int(number) for name, number in session.execute(statement)}


__all__ = ["CityStatus", "Difference", "city_status", "list_differences", "reconcile"]
