"""What the city tells about the district's subjects comes down (下发): records through the door, news onto records.

Records of each ``reference/city/*.yaml`` are read from where the last pull ended, page by page, each page one transaction. A
fact that a department told already stays one record (``credit.provenances``). News (修复、撤销、移出等) is kept and applied
when its record is here (``credit.waiting``); what is not mapped waits for its code and holds up nothing else.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.catalogue import REFERENCE, get_item
from credit.city.link import CityLink
from credit.collection.batches import (
    DeliveryReport,
    OpenDelivery,
    close_delivery,
    delivery_digest,
    open_delivery,
    register_source,
    write_batch,
)
from credit.collection.carriers.rest import fetch_pages
from credit.collection.description import Description, load_descriptions
from credit.collection.mapping import MapRow, compile_mapping
from credit.deployment import deployment_of
from credit.drafts import RowResult
from credit.provenances import keep_provenances, screen
from credit.waiting import settle_batch
from models.collection import Batch, Delivery, Source
from models.terms import DeliveryState

CITY_DESCRIPTIONS: Final = REFERENCE / "city"
SERIAL: Final = "XH"
CORRECTION: Final = "GZBZ"
PAGE: Final = 500
Clock = Callable[[], datetime]
Pages = Iterator[Sequence[Mapping[str, Any]]]


class Pulled(NamedTuple):
    """One step of a pull; ``report`` at the end of each source."""

    rows: int = 0
    report: DeliveryReport | None = None


def pull_records(
    session: Session, link: CityLink, *, clock: Clock, today: date, folder: Path = CITY_DESCRIPTIONS
) -> Iterator[Pulled]:
    """All that the city newly tells, source by source. The caller commits at each step; raises FileRefused."""
    for description in load_descriptions(folder):
        if link.way == "file":
            for path in sorted((link.folder / "in").glob(f"{description.name}-*.jsonl")):
                yield from _take(session, link, description, _file_pages(path), path.name, clock, today)
                path.rename(path.with_name(f"{path.name}.done"))
            continue
        name, after = _where_it_stands(session, description.name)
        pages = _service_pages(link, description, after)
        yield from _take(session, link, description, pages, name, clock, today)


def _where_it_stands(session: Session, source: str) -> tuple[str, int]:
    """The name of the delivery to take (one torn off goes on under its own) and the last serial number taken."""
    statement = select(Source.id, Source.position).where(Source.name == source)
    found = session.execute(statement).first()
    after = 0 if found is None else int((found.position or {}).get("after", 0))
    name = f"{source} {after:012d}"
    if found is not None:
        torn = select(Delivery.name).where(Delivery.source_id == found.id, Delivery.state == DeliveryState.open.value)
        name = session.execute(torn.order_by(Delivery.id.desc()).limit(1)).scalar() or name
    session.rollback()
    return name, after


def _service_pages(link: CityLink, description: Description, after: int) -> Pages:
    if description.rest is None:
        return
    settings = dataclasses.replace(description.rest, url=f"{description.rest.url}/after/{after}")
    for rows, _position in fetch_pages(settings, link.connections):
        yield rows


def _file_pages(path: Path) -> Pages:
    with path.open(encoding="utf-8") as lines:
        rows: list[Mapping[str, Any]] = []
        for line in lines:
            if line.strip():
                rows.append(json.loads(line))
            if len(rows) == PAGE:
                yield rows
                rows = []
        if rows:
            yield rows


def _take(
    session: Session, link: CityLink, description: Description, pages: Pages, name: str, clock: Clock, today: date
) -> Iterator[Pulled]:
    """Take the pages as one delivery; none, where there is nothing new.

    A service goes on after the last serial number taken, a file is read again and what is in already passed over.
    """
    first = next(pages, None)
    if first is None:
        return
    deployment = deployment_of(session)
    item = get_item(deployment.catalogue, description.item)
    header = tuple(column.column or "" for column in description.columns)
    map_row = compile_mapping(description, item, deployment.catalogue, deployment.rules, today, header)
    source_id = register_source(session, description)
    digest = delivery_digest(name, description, deployment.catalogue.edition)
    delivery = open_delivery(session, source_id, description, name=name, digest=digest, now=clock())
    yield Pulled()
    if isinstance(delivery, DeliveryReport):
        yield Pulled(delivery.received, delivery)
        return
    done, number = delivery.batches_done, 1
    if link.way == "service":
        number += session.execute(select(Delivery.received).where(Delivery.id == delivery.delivery_id)).scalar_one()
    for place, rows in enumerate(_chained(first, pages)):
        sequence = place + done if link.way == "service" else place
        if sequence >= done:
            results = _map_rows(link, description, map_row, rows, number)
            _write_page(session, delivery, description.name, results, rows, sequence, number, clock(), today)
            yield Pulled(len(rows))
        number += len(rows)
    yield Pulled(0, close_delivery(session, delivery, columns_dropped=0, now=clock()))


def _chained(first: Sequence[Mapping[str, Any]], rest: Pages) -> Iterable[Sequence[Mapping[str, Any]]]:
    yield first
    yield from rest


def _map_rows(
    link: CityLink, description: Description, map_row: MapRow, rows: Sequence[Mapping[str, Any]], first: int
) -> list[RowResult]:
    """Rows read; a sealed number is opened for reading only, and one that does not open is as if it were missing."""
    results = []
    for place, row in enumerate(rows, start=first):
        texts = []
        for column in description.columns:
            value = row.get(column.written or "")
            text = "" if value is None else str(value)
            texts.append((link.open_number(text) or "") if column.means == "id_no" and text else text)
        results.append(map_row(texts, place))
    return results


def _write_page(
    session: Session, delivery: OpenDelivery, source: str, results: list[RowResult], rows: Sequence[Mapping[str, Any]],
    sequence: int, first: int, now: datetime, today: date,
) -> None:  # fmt: skip
    """One page, one transaction: the door, provenances, news that waited for these records, the position."""
    corrections = {place for place, row in enumerate(rows, start=first) if str(row.get(CORRECTION, "")) == "1"}
    screened = screen(session, results, delivery.item, source, now, corrections)
    serials = [int(row[SERIAL]) for row in rows if str(row.get(SERIAL, "")).isdigit()]
    position = {"after": max(serials)} if serials else None
    write_batch(
        session, delivery, screened.results, sequence=sequence, first_row=first, today=today, now=now, position=position
    )
    batch = select(Batch.id).where(Batch.delivery_id == delivery.delivery_id, Batch.sequence == sequence)
    batch_id = session.execute(batch).scalar_one()
    keep_provenances(session, screened.known, delivery.source_id, batch_id, now)
    settle_batch(session, batch_id, now=now)
