"""Set-based writing for the one door in: many rows by one statement, on both databases.

The unit of work is far too slow for a batch (it tracks each object); here rows are plain tuples handed to the driver:
``executemany`` on SQLite, ``COPY`` on PostgreSQL. Ids are drawn beforehand, so that rows of several tables can name each other.
"""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.orm import DeclarativeBase

from models.base import EPOCH, MICROSECOND


class Adapter(NamedTuple):
    """How days and times are handed to this database's driver."""

    day: Callable[[date | None], Any]
    time: Callable[[datetime | None], Any]


def _sqlite_day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _sqlite_time(value: datetime | None) -> int | None:
    return None if value is None else (value - EPOCH) // MICROSECOND


def _same(value: Any) -> Any:
    return value


PART = 5000
SQLITE = Adapter(_sqlite_day, _sqlite_time)
NATIVE = Adapter(_same, _same)


def adapter_of(connection: Connection) -> Adapter:
    """The adapter of a connection's database."""
    return SQLITE if connection.dialect.name == "sqlite" else NATIVE


def table_of(entity: type[DeclarativeBase]) -> Table:
    """The table behind a mapped class."""
    return cast(Table, entity.__table__)


WRITING_LOCK = 0x5752_4954


def lock_writing(connection: Connection) -> None:
    """One writer of records and standings at a time until this transaction ends, as SQLite has it by itself.

    Without it a repair committed between a batch's reading and its writing would be undone by the batch.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITING_LOCK})


def draw_ids(connection: Connection, entity: type[DeclarativeBase], count: int) -> Sequence[int]:
    """Draw ``count`` ids of a table. On SQLite the writer holds the only write lock; on PostgreSQL from the sequence."""
    if count == 0:
        return range(0)
    table = table_of(entity)
    key = next(iter(table.primary_key.columns))
    if connection.dialect.name == "sqlite":
        first = (connection.execute(select(func.max(key))).scalar() or 0) + 1
        return range(first, first + count)
    drawn = connection.execute(
        text("SELECT nextval(pg_get_serial_sequence(:table, :key)) FROM generate_series(1, :count)"),
        {"table": table.name, "key": key.name, "count": count},
    )
    return [int(value) for value in drawn.scalars()]


def select_rows(
    connection: Connection, entity: type[DeclarativeBase], columns: Sequence[str], key: str, values: Collection[Any]
) -> Iterator[Sequence[Any]]:
    """The rows whose ``key`` is one of ``values``, as the driver gives them: days, times and JSON are not converted."""
    head = f"SELECT {', '.join(columns)} FROM {table_of(entity).name} WHERE {key}"  # noqa: S608 (our own names)
    if connection.dialect.name != "sqlite":
        yield from connection.exec_driver_sql(f"{head} = ANY(%s)", (list(values),))
        return
    left = iter(values)
    while part := tuple(islice(left, PART)):
        yield from connection.exec_driver_sql(f"{head} IN ({','.join('?' * len(part))})", part)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles: a page makes a hundred thousand tuples and no cycle worth a quarter of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def insert_rows(
    connection: Connection, entity: type[DeclarativeBase] | str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert plain tuples, in the order of ``columns``; values already adapted, JSON already dumped."""
    name = entity if isinstance(entity, str) else table_of(entity).name
    listed = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        values = rows if isinstance(rows, list) else list(rows)
        if values:
            connection.exec_driver_sql(f"INSERT INTO {name} ({listed}) VALUES ({marks})", values)  # noqa: S608 (our own names)
        return
    cursor: Any = cast(Any, connection.connection.cursor())
    with cursor.copy(f"COPY {name} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
