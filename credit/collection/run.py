"""Taking deliveries: open, read pages, map and check outside any transaction, write batch by batch, close.

Each function is a generator that yields where its caller commits (``api.commands`` or a request): a killed run goes on at the
next batch. The rows of a page are read before the transaction begins, so that the write lock is held only for writing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.bulk import uncollected
from credit.catalogue import get_item
from credit.collection.ahead import read_ahead
from credit.collection.batches import (
    DeliveryReport,
    OpenDelivery,
    close_delivery,
    delivery_digest,
    open_delivery,
    register_source,
    write_batch,
)
from credit.collection.carriers.connections import Connections
from credit.collection.carriers.exchange_db import fetch_changes
from credit.collection.carriers.files import Table, open_table
from credit.collection.carriers.rest import fetch_pages
from credit.collection.description import Description
from credit.collection.mapping import MapRow, compile_mapping
from credit.collection.places import find_places
from credit.deployment import deployment_of
from credit.drafts import RowResult
from credit.errors import DescriptionInvalid
from models.collection import Source

Clock = Callable[[], datetime]


class Progress(NamedTuple):
    """One step of a run; ``report`` is there at the last."""

    rows: int
    report: DeliveryReport | None = None


def collect_file(
    session: Session, path: Path, description: Description, *, clock: Clock, today: date, name: str | None = None
) -> Iterator[Progress]:
    """Take one file as a department sent it. The caller commits at each step; raises FileRefused where nothing was taken.

    ``name`` is what the department calls it, where the file lies under another name.
    """
    deployment = deployment_of(session)
    item = get_item(deployment.catalogue, description.item)
    with open_table(path, description) as table:
        map_row = compile_mapping(
            description, item, deployment.catalogue, deployment.rules, today, table.header or None
        )
        dropped = find_places(description, table.header or None).dropped
        source_id = register_source(session, description)
        digest = delivery_digest(table.digest, description, deployment.catalogue.edition)
        delivery = open_delivery(session, source_id, description, name=name or path.name, digest=digest, now=clock())
        yield Progress(0)
        if isinstance(delivery, DeliveryReport):
            yield Progress(delivery.received, delivery)
            return
        mapped = _map_pages(table, map_row, delivery.batches_done)
        for sequence, first, results in read_ahead(mapped, path.stat().st_size):
            with uncollected():
                write_batch(session, delivery, results, sequence=sequence, first_row=first, today=today, now=clock())
            taken = len(results)
            del results
            yield Progress(taken)
        report = close_delivery(session, delivery, columns_dropped=dropped, now=clock())
        yield Progress(0, report)


def _map_pages(table: Table, map_row: MapRow, done: int) -> Iterator[tuple[int, int, list[RowResult]]]:
    """Pages not taken yet, read and checked: (sequence, first row number, results)."""
    for sequence, page in enumerate(table.pages()):
        if sequence >= done:
            first = page.first_row_number
            with uncollected():
                results = [map_row(row, number) for number, row in enumerate(page.rows, start=first)]
            yield sequence, first, results


def collect_rows(
    session: Session,
    description: Description,
    pages: Iterator[tuple[Sequence[Mapping[str, Any]], Mapping[str, Any] | None]],
    *,
    name: str,
    digest: str,
    clock: Clock,
    today: date,
) -> Iterator[Progress]:
    """Take pages of rows from a service or an exchange database: (rows as name → value, position after them)."""
    deployment = deployment_of(session)
    item = get_item(deployment.catalogue, description.item)
    header = tuple(column.column or "" for column in description.columns)
    map_row = compile_mapping(description, item, deployment.catalogue, deployment.rules, today, header)
    source_id = register_source(session, description)
    fingerprint = delivery_digest(digest, description, deployment.catalogue.edition)
    delivery = open_delivery(session, source_id, description, name=name, digest=fingerprint, now=clock())
    yield Progress(0)
    if isinstance(delivery, DeliveryReport):
        yield Progress(delivery.received, delivery)
        return
    written = tuple(column.written or "" for column in description.columns)
    yield from _take_pages(session, delivery, pages, written, map_row, clock, today)
    yield Progress(0, close_delivery(session, delivery, columns_dropped=0, now=clock()))


def collect_source(
    session: Session,
    description: Description,
    connections: Connections,
    *,
    clock: Clock,
    today: date,
) -> Iterator[Progress]:
    """Pull one source by its own carrier: all pages of a service, or what changed since the last position.

    A pull is a delivery of its own; what it repeats is unchanged. Raises FileRefused where nothing can be read.
    """
    name = f"{description.name} {clock():%Y-%m-%dT%H:%M:%S.%fZ}"
    statement = select(Source.position).where(Source.name == description.name)
    position = session.execute(statement).scalar()
    session.rollback()
    if description.rest is not None:
        by_time = description.rest.paging == "time"
        pages = fetch_pages(description.rest, connections, position if by_time else None, now=clock())
    elif description.exchange is not None:
        pages = fetch_changes(description.exchange, connections, position)
    else:
        raise DescriptionInvalid(f"数据源 {description.name} 不是拉取方式")
    yield from collect_rows(session, description, pages, name=name, digest=name, clock=clock, today=today)


def _take_pages(
    session: Session, delivery: OpenDelivery, pages: Iterator[tuple[Sequence[Mapping[str, Any]], Mapping[str, Any] | None]],
    names: Sequence[str], map_row: Callable[[Sequence[str], int], Any], clock: Clock, today: date,
) -> Iterator[Progress]:  # fmt: skip
    number, sequence = 1, delivery.batches_done
    for rows, position in pages:
        texts = [["" if row.get(name) is None else str(row[name]) for name in names] for row in rows]
        with uncollected():
            results = [map_row(text, place) for place, text in enumerate(texts, start=number)]
            write_batch(
                session,
                delivery,
                results,
                sequence=sequence,
                first_row=number,
                today=today,
                now=clock(),
                position=position,
            )
        number += len(results)
        sequence += 1
        yield Progress(len(results))
