"""The database carrier (数据库对接, 前置库): rows of a department's change table by keyset, never by offset.

Read only: nothing is written to the department's database. The cursor is (update time, key), so ties at one moment are
neither lost nor read twice; the number of rows is compared with the source's own count.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    DateTime,
    MetaData,
    String,
    Table,
    and_,
    create_engine,
    func,
    or_,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from credit.collection.carriers.connections import Connections
from credit.collection.description import ExchangeSettings
from credit.errors import FileRefused

Rows = tuple[Sequence[Mapping[str, Any]], Mapping[str, Any] | None]


def fetch_changes(
    settings: ExchangeSettings, connections: Connections, position: Mapping[str, Any] | None
) -> Iterator[Rows]:
    """Changes after ``position`` ({"time", "key"}), oldest first, as (rows, position). FileRefused where it cannot be read."""
    engine = create_engine(connections.database(settings.database or ""), pool_pre_ping=True)
    try:
        with engine.connect() as connection:
            table = _load_table(connection, settings.table)
            moment, key = table.c[settings.cursor], table.c[settings.key]
            place = None if position is None else (_read(moment, position["time"]), _read(key, position["key"]))
            rest = _after(moment, key, place)
            expected = connection.execute(select(func.count()).select_from(table).where(rest)).scalar_one()
            seen = 0
            while True:
                statement = select(table).where(_after(moment, key, place)).order_by(moment, key)
                rows = [dict(row) for row in connection.execute(statement.limit(settings.page_size)).mappings()]
                if not rows:
                    break
                seen += len(rows)
                place = (rows[-1][settings.cursor], rows[-1][settings.key])
                yield rows, {"time": _write(place[0]), "key": _write(place[1])}
            if seen < expected:
                raise FileRefused(f"前置库应有 {expected} 条变更，只读到 {seen} 条")
    except (SQLAlchemyError, KeyError, TypeError, ValueError):
        raise FileRefused("前置库无法读取") from None
    finally:
        engine.dispose()


def _load_table(connection: Connection, name: str) -> Table:
    """The table as the database describes it. SQLite keeps moments as text in whatever form they were written: as such."""
    table = Table(name, MetaData(), autoload_with=connection)
    if connection.dialect.name == "sqlite":
        for column in table.c:
            if isinstance(column.type, (Date, DateTime)):
                column.type = String()
    return table


def _after(moment: Any, key: Any, place: tuple[Any, Any] | None) -> Any:
    if place is None:
        return moment.is_not(None)
    return or_(moment > place[0], and_(moment == place[0], key > place[1]))


def _write(value: Any) -> Any:
    """A cursor value as JSON has it: days and times in ISO form, exact numbers as text."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _read(column: ColumnElement[Any], value: Any) -> Any:
    """A cursor value as its column has it."""
    kind = column.type.python_type
    if kind in (datetime, date) and isinstance(value, str):
        return kind.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value
