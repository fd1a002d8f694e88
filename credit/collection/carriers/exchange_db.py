"""The database carrier (数据库对接, 前置库): rows of a department's change table by keyset, never by offset.

Read only: nothing is written to the department's database. The cursor is (update time, key), so ties at one moment are
neither lost nor read twice; the number of rows is compared with the source's own count.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import MetaData, Table, and_, create_engine, func, or_, select
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
            table = Table(settings.table, MetaData(), autoload_with=connection)
            moment, key = table.c[settings.cursor], table.c[settings.key]
            rest = _after(moment, key, position)
            expected = connection.execute(select(func.count()).select_from(table).where(rest)).scalar_one()
            seen = 0
            while True:
                statement = select(table).where(_after(moment, key, position)).order_by(moment, key)
                rows = [dict(row) for row in connection.execute(statement.limit(settings.page_size)).mappings()]
                if not rows:
                    break
                seen += len(rows)
                position = {"time": rows[-1][settings.cursor], "key": rows[-1][settings.key]}
                yield rows, position
            if seen < expected:
                raise FileRefused(f"前置库应有 {expected} 条变更，只读到 {seen} 条")
    except (SQLAlchemyError, KeyError):
        raise FileRefused("前置库无法读取") from None
    finally:
        engine.dispose()


def _after(moment: Any, key: Any, position: Mapping[str, Any] | None) -> Any:
    if position is None:
        return moment.is_not(None)
    return or_(moment > position["time"], and_(moment == position["time"], key > position["key"]))
