"""Where the described columns stand in a file (列定位): a description bound to a header, once per file."""

from collections.abc import Sequence
from typing import NamedTuple

from credit.collection.description import Column, Description
from credit.errors import FileRefused


class Places(NamedTuple):
    """Where the named columns stand in a file, how wide its rows are, and how many of its columns nobody named."""

    columns: tuple[tuple[Column, int], ...]
    width: int
    dropped: int


def find_places(description: Description, header: Sequence[str] | None) -> Places:
    """Bind a description to a header; without one, columns stand in the order of the description or by index.

    Raises FileRefused where a column is missing, or its header stands there twice.
    """
    if not header:
        places = tuple((c, i if c.index is None else c.index) for i, c in enumerate(description.columns))
        return Places(_read(places), 0, 0)
    found: list[tuple[Column, int]] = []
    missing: list[str] = []
    for column in description.columns:
        count = 0 if column.column is None else header.count(column.column)
        if column.index is not None and column.index < len(header):
            found.append((column, column.index))
        elif count == 1 and column.column is not None:
            found.append((column, header.index(column.column)))
        elif count > 1:
            raise FileRefused(f"表头“{column.shown}”出现 {count} 次，请在描述中用 index 指明")
        elif not column.optional:
            missing.append(column.shown)
    if missing:
        raise FileRefused(f"表头缺少列：{'、'.join(missing)}")
    named = {place for _, place in found}
    dropped = sum(1 for place, name in enumerate(header) if name and place not in named)
    return Places(_read(tuple(found)), len(header), dropped)


def _read(places: tuple[tuple[Column, int], ...]) -> tuple[tuple[Column, int], ...]:
    return tuple((column, place) for column, place in places if column.means != "ignore")
