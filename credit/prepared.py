"""Statements of the look-up, compiled once and handed to the driver as they are.

A look-up runs half a dozen small statements; going through the expression compiler's cache and result machinery each time
costs more than the database does (measured: 80 of 95 µs). The SQL is still SQLAlchemy's own, for whichever database; values
pass through the column types' own processors, so that days, times and JSON come out the same.
"""

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any]


def _row_type(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names)


class Prepared:
    """One ``select``; its parameters by name. Rows are named tuples with the columns' names or labels."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        names = [column.key or f"c{place}" for place, column in enumerate(statement.selected_columns)]
        self._row = _row_type(tuple(names))
        self._by_dialect: dict[str, _Compiled] = {}

    def all(self, connection: Connection, **parameters: Any) -> list[Any]:
        """All rows."""
        compiled = self._compiled(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.sql, compiled.bind(parameters))
            rows = cursor.fetchall()
        finally:
            cursor.close()
        make = self._row._make
        if not compiled.converts:
            return [make(row) for row in rows]
        return [make(compiled.convert(row)) for row in rows]

    def first(self, connection: Connection, **parameters: Any) -> Any:
        """The first row, or None."""
        rows = self.all(connection, **parameters)
        return rows[0] if rows else None

    def _compiled(self, dialect: Dialect) -> "_Compiled":
        compiled = self._by_dialect.get(dialect.name)
        if compiled is None:
            compiled = self._by_dialect[dialect.name] = _Compiled(self.statement, dialect)
        return compiled


class _Compiled:
    """The statement in one dialect: text, how parameters go in and columns come out."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 (a select always compiles to SQL)
        self.sql = compiled.string
        self._order: Sequence[str] | None = compiled.positiontup
        self._fixed = dict(compiled.params)
        self._escaped = dict(compiled.escaped_bind_names)
        self._binders: dict[str, Convert] = {}
        for name, parameter in compiled.binds.items():
            binder = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if binder is not None:
                self._binders[name] = binder
        self.converts: list[tuple[int, Convert]] = []
        for place, column in enumerate(statement.selected_columns):
            converter = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if converter is not None:
                self.converts.append((place, converter))
        bound = {name: self._bound(name, value) for name, value in self._fixed.items() if value is not None}
        self._fixed.update(bound)

    def bind(self, parameters: dict[str, Any]) -> Any:
        """Parameters as the driver takes them: in order, or by name."""
        values = self._fixed.copy()
        for name, value in parameters.items():
            values[name] = self._bound(name, value)
        if self._order is not None:
            return [values[name] for name in self._order]
        return {self._escaped.get(name, name): value for name, value in values.items()}

    def _bound(self, name: str, value: Any) -> Any:
        binder = self._binders.get(name)
        return value if binder is None else binder(value)

    def convert(self, row: Sequence[Any]) -> list[Any]:
        """A driver's row as Python values."""
        values = list(row)
        for place, converter in self.converts:
            values[place] = converter(values[place])
        return values
