"""Push (推送): rows that a department's program hands over, taken like a file and answered with the same report.

A row may use the names of the source's own description or the codes of the publicity layouts (双公示, 2018 and 2015) as they
are; which of them is told by the names of all rows together. A name that none of them knows refuses the whole submission:
what is dropped in silence is lost. One submission is one transaction of the caller's, at most ``MOST_ROWS`` rows.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from credit.bulk import lock_writing, uncollected
from credit.catalogue import get_item
from credit.collection.batches import (
    DeliveryReport,
    close_delivery,
    delivery_digest,
    open_delivery,
    register_source,
    write_batch,
)
from credit.collection.carriers.files import open_table
from credit.collection.description import SOURCES, Column, Description, FileSettings, clean_header
from credit.collection.mapping import compile_mapping
from credit.collection.own_sources import ANY_DEPARTMENT, find_own_source, known_descriptions
from credit.collection.run import Clock
from credit.deployment import deployment_of
from credit.enquirer import Enquirer
from credit.errors import ContentTooLarge, FileRefused, InvalidContent
from credit.masking import scrub
from models.base import DISTRICT_ZONE
from models.entry import Submission
from models.terms import DeliveryMode

MOST_ROWS: Final = 5_000
MOST_FAULTS: Final = 50
PACKED: Final = (b"PK", b"\x1f\x8b", b"\xd0\xcf")


class Layout(NamedTuple):
    """A description as rows may be keyed: compared names to the name that the description writes."""

    description: Description
    names: Mapping[str, str]


def submit_rows(
    session: Session,
    enquirer: Enquirer,
    source: str,
    rows: Sequence[Any],
    *,
    key: str | None,
    clock: Clock,
    today: date,
) -> DeliveryReport:
    """Take rows for a source of the own department; row 1 is the first. The report is a delivery's.

    Without idempotency ``key`` the same rows again change nothing, like the same file; with one each key is a submission of
    its own, so that a value may turn back to what it was. Raises NotFound for a source that is not the department's own,
    ContentTooLarge above ``MOST_ROWS``, InvalidContent for unknown names and values that are no cells.
    """
    own = find_own_source(session, enquirer, source)
    return _submit(session, enquirer, own, list(enumerate(rows, 1)), key, clock, today)


def submit_csv(
    session: Session, enquirer: Enquirer, source: str, body: bytes, *, key: str | None, clock: Clock, today: date
) -> DeliveryReport:
    """The same for a CSV, its rows numbered as a spreadsheet shows them. Raises FileRefused for what cannot be read."""
    own = find_own_source(session, enquirer, source)
    return _submit(session, enquirer, own, read_csv(body, own), key, clock, today)


def read_csv(body: bytes, description: Description) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV with a header, each with its number as a spreadsheet shows it. Raises FileRefused."""
    if body[:2] in PACKED:
        raise FileRefused("须为 CSV 文本，不接受压缩文件或工作簿")
    rows: list[tuple[int, dict[str, str]]] = []
    with TemporaryDirectory(prefix="credit-push-") as folder:
        path = Path(folder, "pushed.csv")
        path.write_bytes(body)
        with open_table(path, replace(description, files=FileSettings(container="csv", delimiter=","))) as table:
            header = _whole_header(table.header)
            for page in table.pages():
                for number, row in enumerate(page.rows, page.first_row_number):
                    rows.append((number, _under(header, row, number)))
                _check_count(len(rows))
    return rows


def _whole_header(header: tuple[str, ...]) -> tuple[str, ...]:
    while header and not header[-1]:
        header = header[:-1]
    if "" in header or len(set(header)) < len(header):
        raise FileRefused("表头有空白或重复的列名")
    return header


def _under(header: tuple[str, ...], row: list[str], number: int) -> dict[str, str]:
    if len(row) < len(header) or any(row[len(header) :]):
        raise FileRefused(f"第 {number} 行有 {len(row)} 列，表头有 {len(header)} 列")
    return dict(zip(header, row, strict=False))


def _check_count(count: int) -> None:
    if count > MOST_ROWS:
        raise ContentTooLarge(f"一次最多推送 {MOST_ROWS:,} 行")


def _submit(
    session: Session,
    enquirer: Enquirer,
    own: Description,
    rows: Sequence[tuple[int, Any]],
    key: str | None,
    clock: Clock,
    today: date,
) -> DeliveryReport:
    _check_count(len(rows))
    if not rows:
        raise InvalidContent("没有任何行", faults=[_fault("rows", "empty", "至少一行；没有可报信息请报零报告")])
    names = [(number, _compared_names(row, number)) for number, row in rows]
    layout = pick_layout(own, names)
    texts = [
        (number, {layout.names[compared]: _cell(row[given], number, given) for compared, given in given_names.items()})
        for (number, row), (_, given_names) in zip(rows, names, strict=True)
    ]
    bound = replace(
        own,
        columns=layout.description.columns,
        fine_from=layout.description.fine_from,
        delivery=DeliveryMode.incremental,
    )
    digest = hashlib.sha256(json.dumps([key, texts], ensure_ascii=False).encode()).hexdigest()
    name = f"推送 {clock().astimezone(DISTRICT_ZONE):%Y-%m-%d %H:%M:%S}"
    report = take_rows(session, own, bound, texts, name=name, digest=digest, now=clock(), today=today)
    if not report.repeated:
        note_submission(session, enquirer, report.batch, layout.description, key, clock())
    return report


def take_rows(
    session: Session,
    own: Description,
    bound: Description,
    rows: Sequence[tuple[int, Mapping[str, str]]],
    *,
    name: str,
    digest: str,
    now: datetime,
    today: date,
) -> DeliveryReport:
    """One delivery of one batch, whole in the caller's transaction: numbered rows as written name → text.

    ``own`` is the source as it is entered, ``bound`` the same with the columns these rows use.
    """
    deployment = deployment_of(session)
    item = get_item(deployment.catalogue, bound.item)
    header = tuple(column.column or "" for column in bound.columns)
    map_row = compile_mapping(bound, item, deployment.catalogue, deployment.rules, today, header)
    fingerprint = delivery_digest(digest, bound, deployment.catalogue.edition)
    written = [column.written or "" for column in bound.columns]
    with uncollected():
        results = [map_row([row.get(name, "") for name in written], number) for number, row in rows]
        lock_writing(session.connection())
        delivery = open_delivery(session, register_source(session, own), bound, name=name, digest=fingerprint, now=now)
        if isinstance(delivery, DeliveryReport):
            return delivery
        write_batch(session, delivery, results, sequence=0, first_row=rows[0][0], today=today, now=now)
    return close_delivery(session, delivery, columns_dropped=0, now=now)


def note_submission(
    session: Session, enquirer: Enquirer, ref: str, layout: Description, key: str | None, now: datetime
) -> None:
    """Write down who handed a delivery over, and under which names its rows are kept."""
    columns = [column.shown for column in layout.columns if column.means != "ignore"]
    session.add(
        Submission(
            delivery_ref=ref,
            account_id=enquirer.account_id,
            layout=layout.name,
            columns=columns,
            idempotency_key=key,
            submitted_at=now,
        )
    )
    session.flush()


def pick_layout(
    description: Description, rows: Sequence[tuple[int, Mapping[str, str]]], folder: Path = SOURCES
) -> Layout:
    """The layout that knows every name of the rows: the source's own, else a publicity layout of the same item.

    ``rows`` map compared names to the given ones. Raises InvalidContent naming what the nearest layout does not know.
    """
    given = {name for _, row in rows for name in row}
    layouts = [_layout_of(description)]
    layouts += [
        _layout_of(each)
        for each in known_descriptions(folder)
        if each.department == ANY_DEPARTMENT and each.item == description.item
    ]
    for layout in layouts:
        if given <= layout.names.keys():
            return layout
    nearest = max(layouts, key=lambda layout: len(given & layout.names.keys()))
    faults = [
        _fault(f"rows.{number}.{_shown(row[name])}", "unknown-field", "未知字段")
        for number, row in rows
        for name in sorted(row.keys() - nearest.names.keys())
    ]
    raise InvalidContent("有数据源描述和双公示格式都没有的字段", faults=faults[:MOST_FAULTS])


def _layout_of(description: Description) -> Layout:
    columns = named_columns(description.columns)
    names = {_compared(column.written or ""): column.written or "" for column in columns}
    return Layout(replace(description, columns=columns), names)


def named_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns as rows with names carry them: each by one name of its own, 第3列 where a file knows it by place alone."""
    found: dict[str, Column] = {}
    for column in columns:
        name = column.written or column.shown
        if _compared(name) in found and column.index is not None:
            name = f"第{column.index + 1}列"
        found[_compared(name)] = replace(column, index=None, column=clean_header(name), written=name)
    return tuple(found.values())


@lru_cache(maxsize=4096)
def _compared(name: str) -> str:
    return clean_header(name).upper()


def _compared_names(row: Any, number: int) -> dict[str, str]:
    if not isinstance(row, Mapping):
        raise InvalidContent("每行须为对象", faults=[_fault(f"rows.{number}", "invalid-type", "须为字段名到值的对象")])
    names = {_compared(name): name for name in row}
    if len(names) < len(row):
        raise InvalidContent("同一行中字段重复", faults=[_fault(f"rows.{number}", "twice", "字段重复")])
    return names


def _cell(value: Any, number: int, name: str) -> str:
    """A JSON value as the text a cell would hold; lists, objects and truth values are none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and abs(value) < 1e15:
        return f"{value:.12f}".rstrip("0").rstrip(".")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InvalidContent(
        "值须为文本或数字", faults=[_fault(f"rows.{number}.{_shown(name)}", "invalid-type", "类型有误")]
    )


def _shown(name: str) -> str:
    return scrub(name[:64])


def _fault(field: str, code: str, message: str) -> dict[str, str]:
    return {"field": field, "code": code, "message": message}
