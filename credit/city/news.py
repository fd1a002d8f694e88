"""News from the city: read from its feed in our words, kept, applied where the record is here; answers to objections.

A piece whose code is not mapped is kept as it came, sealed, and read again at the next pull; the others do not wait for it.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.city.downward import Clock
from credit.city.link import NEIGHBOUR, CityLink
from credit.city.mapping import CityMapping, Unmapped
from credit.city.upward import get_cursor
from credit.city.ways import Refused, ask
from credit.deployment import deployment_of
from credit.enquirer import Enquirer
from credit.errors import Conflict, NotFound
from credit.objections import decide_objection
from credit.waiting import CONTEXT, VOID, News, apply_waiting, receive_news
from models.city import WaitingNews
from models.terms import Role

UNMAPPED: Final = "unmapped"
ANSWERS: Final = {"objection_upheld": True, "objection_rejected": False}
PAGE: Final = 500


def pull_news(
    session: Session, link: CityLink, mappings: Mapping[str, CityMapping], *, clock: Clock, today: date
) -> Iterator[int]:
    """Read the feed on from where the last pull ended; yields how many pieces were applied, where the caller commits.

    Raises Unreachable and Refused (``credit.city.ways``).
    """
    yield _read_again(session, link, mappings, clock(), today)
    if link.way == "file":
        for path in sorted((link.folder / "in").glob("news-*.jsonl")):
            yield take_news(session, link, mappings, _rows_of(path), now=clock(), today=today)
            path.rename(path.with_name(f"{path.name}.done"))
        return
    while True:
        after = get_cursor(session).news_position
        session.rollback()
        rows = ask(link, "news", {"after": after, "size": PAGE}).get("rows")
        if not isinstance(rows, list):
            raise Refused("市平台变更消息缺少 rows")
        if not rows:
            return
        yield take_news(session, link, mappings, rows, now=clock(), today=today)


def _rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def take_news(
    session: Session,
    link: CityLink,
    mappings: Mapping[str, CityMapping],
    rows: list[dict[str, Any]],
    *,
    now: datetime,
    today: date,
) -> int:
    """Take one page of the feed in the caller's transaction; returns how many pieces were applied at once."""
    cursor = get_cursor(session)
    pieces: list[News] = []
    for row in rows:
        sequence = int(row["sequence"])
        cursor.news_position = max(cursor.news_position, sequence)
        try:
            piece = read_news(session, link, mappings, row, now=now, today=today)
        except (Unmapped, KeyError, ValueError, TypeError) as error:
            reason = error.what if isinstance(error, Unmapped) else "变更消息缺少必要内容"
            _set_aside(session, row, sequence, reason, unmapped=isinstance(error, Unmapped), now=now)
            continue
        if piece is not None:
            pieces.append(piece)
    receive_news(session, NEIGHBOUR, pieces, now=now)
    return apply_waiting(session, None, now=now)


def read_news(
    session: Session, link: CityLink, mappings: Mapping[str, CityMapping], row: Mapping[str, Any], *, now: datetime, today: date
) -> News | None:  # fmt: skip
    """One piece in our words; None for an answer to an objection, which takes effect here. Raises Unmapped, ValueError."""
    edition = deployment_of(session).catalogue.edition
    if edition not in mappings:
        raise Unmapped(f"目录版次 {edition} 没有市平台代码对照")
    mapping = mappings[edition]
    kind = mapping.ours("standings", str(row["kind"]))
    if kind in ANSWERS:
        _answer(session, str(row["case"]), ANSWERS[kind], str(row["cause"]), now, today)
        return None
    item, list_code = mapping.item_of(str(row["item"]), row.get("list"))
    sealed = row.get("number_sealed")
    number = None if sealed is None else link.open_number(str(sealed))
    if number is None and not row.get("code"):
        raise ValueError
    decided_on = row.get("decided_on")
    return News(
        sequence=int(row["sequence"]), kind=kind, item=item, list_code=list_code, subject_code=row.get("code"),
        number=number, document_number=row.get("document_number"), authority=row.get("authority"),
        decided_on=None if decided_on is None else date.fromisoformat(decided_on),
        effective_on=date.fromisoformat(str(row["effective_on"])), cause=str(row["cause"]), ref=row.get("ref"),
    )  # fmt: skip


def _answer(session: Session, ref: str, upheld: bool, reason: str, now: datetime, today: date) -> None:
    """The city decided an objection passed up to it; one that is closed here already stays as it is."""
    enquirer = Enquirer(role=Role.regulator, account=NEIGHBOUR)
    try:
        decide_objection(session, enquirer, ref, upheld=upheld, reason=reason, now=now, today=today)
    except (Conflict, NotFound):
        return


def _set_aside(
    session: Session, row: Mapping[str, Any], sequence: int, reason: str, *, unmapped: bool, now: datetime
) -> None:
    there = select(WaitingNews.id).where(WaitingNews.neighbour == NEIGHBOUR, WaitingNews.sequence == sequence)
    if session.execute(there).first() is not None:
        return
    body = json.dumps(dict(row), ensure_ascii=False).encode()
    session.add(
        WaitingNews(
            neighbour=NEIGHBOUR, sequence=sequence, kind=UNMAPPED, item="", body_sealed=_seal(session, body),
            state=UNMAPPED if unmapped else VOID, received_at=now, note=reason[:200],
        )
    )  # fmt: skip
    session.flush()


def _seal(session: Session, body: bytes) -> bytes:
    return deployment_of(session).keyring.seal(body, CONTEXT)


def _read_again(
    session: Session, link: CityLink, mappings: Mapping[str, CityMapping], now: datetime, today: date
) -> int:
    """What was not mapped, once more."""
    statement = select(WaitingNews).where(WaitingNews.state == UNMAPPED).order_by(WaitingNews.sequence)
    for kept in list(session.execute(statement).scalars()):
        row = json.loads(deployment_of(session).keyring.open(kept.body_sealed, CONTEXT))
        try:
            piece = read_news(session, link, mappings, row, now=now, today=today)
        except Unmapped:
            continue
        session.delete(kept)
        session.flush()
        if piece is not None:
            receive_news(session, NEIGHBOUR, [piece], now=now)
    return apply_waiting(session, None, now=now)
