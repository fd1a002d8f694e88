"""Rows turned away, returned to who sent them (问题数据返回): number, faults, and the row as it was kept.

A kept row holds the named columns only, citizen numbers cut down before it was sealed; they are cut down once more here. Its
columns are known by name where the delivery was handed over by a program or at the desk, else by place. A department reads
its own deliveries alone; any other's is not found.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.collection.batches import REJECTED_CONTEXT
from credit.collection.own_sources import own_department
from credit.collection.status import DeliveryStatus, get_delivery_status
from credit.deployment import deployment_of
from credit.enquirer import Enquirer
from credit.errors import NumberInAddress
from credit.exports import BOM, dump_csv
from credit.identifiers import looks_like_number, normalise
from credit.keyring import SealBox, SealBroken
from credit.masking import scrub
from models.collection import Batch, Delivery, Rejection
from models.entry import Submission

LARGEST_PAGE: Final = 1_000
HEADER: Final = ("行号", "问题栏目", "问题代码", "问题说明")


class RejectedRow(NamedTuple):
    """A row turned away: number, faults (column, code, message) and its cells by column; empty once its key is destroyed."""

    row: int
    faults: tuple[dict[str, str], ...]
    content: dict[str, str]


def get_own_batch(session: Session, enquirer: Enquirer, ref: str) -> DeliveryStatus:
    """A delivery of the enquirer's department; NotFound otherwise, NumberInAddress for a citizen number."""
    if looks_like_number(normalise(ref[:64])):
        raise NumberInAddress
    return get_delivery_status(session, ref, department_id=own_department(session, enquirer).id)


def list_own_rejections(
    session: Session, enquirer: Enquirer, ref: str, *, after: int = 0, limit: int = 100
) -> list[RejectedRow]:
    """Rows of an own delivery that were turned away, in order, after a row number."""
    get_own_batch(session, enquirer, ref)
    return _read_page(session, ref, after, min(limit, LARGEST_PAGE))


def dump_rejections(pages: Iterator[Sequence[RejectedRow]]) -> Iterator[str]:
    """Pages of rejected rows as CSV for a spreadsheet, one line per row, in pieces."""
    columns: list[str] | None = None
    for rows in pages:
        if columns is None:
            columns = list(dict.fromkeys(name for row in rows for name in row.content))
            yield BOM + dump_csv([[*HEADER, *columns]])
        yield dump_csv([[*_told(row), *(row.content.get(name, "") for name in columns)] for row in rows])
    if columns is None:
        yield BOM + dump_csv([HEADER])


def _told(row: RejectedRow) -> list[str]:
    return [str(row.row), *("；".join(fault[part] or "整行" for fault in row.faults) for part in _PARTS)]


_PARTS: Final = ("column", "code", "message")


def _read_page(session: Session, ref: str, after: int, limit: int) -> list[RejectedRow]:
    statement = (
        select(Rejection.row_number, Rejection.faults, Rejection.row_sealed, Delivery.key_sealed, Submission.columns)
        .join(Batch, Batch.id == Rejection.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .outerjoin(Submission, Submission.delivery_ref == Delivery.ref)
        .where(Delivery.ref == ref, Rejection.row_number > after)
        .order_by(Rejection.row_number)
        .limit(limit)
    )
    found, boxes = session.execute(statement).all(), dict[bytes, SealBox]()
    keyring = deployment_of(session).keyring
    rows = []
    for number, faults, sealed, key_sealed, columns in found:
        cells: list[Any] = []
        if sealed is not None and key_sealed is not None:
            box = boxes.get(bytes(key_sealed)) or SealBox(keyring.unwrap(bytes(key_sealed)))
            boxes[bytes(key_sealed)] = box
            cells = _open(box, bytes(sealed))
        rows.append(RejectedRow(number, tuple(faults), _named(cells, columns)))
    return rows


def _open(box: SealBox, sealed: bytes) -> list[Any]:
    try:
        cells = json.loads(box.open(sealed, REJECTED_CONTEXT))
    except (SealBroken, ValueError):
        return []
    return cells if isinstance(cells, list) else []


def _named(cells: Sequence[Any], columns: Sequence[str] | None) -> dict[str, str]:
    if columns is None or len(columns) != len(cells):
        columns = [f"第{place}列" for place in range(1, len(cells) + 1)]
    return {name: scrub(str(cell)) for name, cell in zip(columns, cells, strict=True)}
