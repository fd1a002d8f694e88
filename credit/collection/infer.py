"""A description proposed for a file never seen before (数据源描述推断): ``infer_file`` reads, ``describe`` writes it down.

The steps stand apart: grid and header (infer_table), what headers say (infer_headers), what values are (infer_values),
columns (infer_columns, infer_guess), item, key and unit (infer_items). A proposal is for a person to look at; what would
have to be guessed to collect with it is named in ``wanting`` and refuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from credit.catalogue import Catalogue
from credit.collection.infer_columns import ColumnView, Meaning, assign, propose, view_columns
from credit.collection.infer_guess import guess_columns
from credit.collection.infer_items import (
    choose_item,
    choose_key,
    find_list_code,
    find_subject_kinds,
    find_unit,
    read_title,
    score_items,
)
from credit.collection.infer_samples import show_samples
from credit.collection.infer_table import Grid, Header, find_header, read_grid

AMOUNTS: Final = ("fine", "amount", "confiscated")
_SPOKEN: Final = ("penalty_content", "result", "facts", "content", "reason")


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """One column as proposed: its place, its header, what it means and how surely, two masked samples."""

    index: int
    header: str
    means: str
    confidence: float
    runner_up: str | None
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inference:
    """Everything proposed about a file. ``header_row`` counts from 0 with blank lines; None: the file has none."""

    container: str
    encoding: str | None
    delimiter: str | None
    header_row: int | None
    footer: int
    columns: tuple[InferredColumn, ...]
    item: str | None
    list_code: str | None
    subject_kinds: tuple[str, ...]
    natural_key: tuple[str, ...]
    amount_unit: str | None
    rows: int
    title: str
    titles: tuple[str, ...]
    units: Mapping[str, str]
    day_first: Mapping[int, bool]
    constant_authority: str | None
    merged: bool = False

    def as_json(self) -> dict[str, Any]:
        """The proposal under the names the contract promises."""
        return {
            "container": self.container,
            "encoding": self.encoding,
            "header_row": self.header_row,
            "columns": [
                {
                    "index": column.index, "header": column.header, "means": column.means,
                    "confidence": column.confidence, "runner_up": column.runner_up, "samples": list(column.samples),
                }
                for column in self.columns
            ],
            "item": self.item,
            "subject_kinds": list(self.subject_kinds),
            "natural_key": list(self.natural_key),
            "amount_unit": self.amount_unit,
            "rows": self.rows,
        }  # fmt: skip


def infer_file(path: Path, catalogue: Catalogue) -> Inference:
    """Read a file and propose everything about it. Raises FileRefused where it cannot be read wholly."""
    grid = read_grid(path)
    header = find_header(grid)
    return infer_table(grid, header, path.name, catalogue)


def infer_table(grid: Grid, header: Header, file_name: str, catalogue: Catalogue) -> Inference:
    """The proposal for a grid that is already read."""
    rows = _data_rows(grid, header)
    views = view_columns(header.cells, rows)
    for view in views:
        propose(view)
    title = " ".join((file_name, *header.titles))
    guess_columns(views, header.row is not None)
    meanings = assign(views)
    item_code = choose_item(score_items(title, views, meanings))
    item = catalogue.items.get(item_code) if item_code else None
    by_means = {meanings[view.index].means: view for view in views if meanings[view.index].means != "ignore"}
    units = _units(by_means, header.unit)
    return Inference(
        grid.container, grid.encoding, grid.delimiter, header.row, header.footer,
        tuple(_column(view, meanings[view.index]) for view in views),
        item_code, find_list_code(title) if item_code == "listing" else None,
        find_subject_kinds(by_means, item),
        choose_key(item, frozenset(by_means)) if item else (),
        next((units[means] for means in AMOUNTS if means in units), None),
        _count(grid, header), read_title(file_name), header.titles, units, _day_first(views),
        _constant(by_means.get("authority") or by_means.get("source_unit")), header.merged,
    )  # fmt: skip


def _data_rows(grid: Grid, header: Header) -> list[list[str]]:
    first = -1 if header.row is None else header.row
    last = grid.tail[-1][0] if grid.tail else 0
    notes = {number for number, _ in grid.tail[-header.footer :]} if header.footer else set()
    return [row for number, row in grid.sample if first < number <= last and number not in notes]


def _count(grid: Grid, header: Header) -> int:
    if header.row is None:
        return grid.filled - header.footer
    above = sum(1 for row in grid.head[: header.row + 1] if any(cell and not cell.isspace() for cell in row))
    return grid.filled - above - header.footer


def _column(view: ColumnView, meaning: Meaning) -> InferredColumn:
    samples = tuple(show_samples(view, meaning.means))
    return InferredColumn(view.index, view.header, meaning.means, meaning.confidence, meaning.runner_up, samples)


def _units(by_means: Mapping[str, ColumnView], stated: str | None) -> dict[str, str]:
    texts = [by_means[means] for means in _SPOKEN if means in by_means]
    units = {means: find_unit(by_means[means], texts, stated)[0] for means in AMOUNTS if means in by_means}
    if "fine" in units and "confiscated" in units and not by_means["confiscated"].reading.unit:
        units["confiscated"] = units["fine"]
    return units


def _day_first(views: Sequence[ColumnView]) -> dict[int, bool]:
    """For columns of 3/4/2021: which comes first, proved by a value above twelve in the file."""
    found: dict[int, bool] = {}
    undecided: list[int] = []
    for view in views:
        parts = [cell.replace("-", "/").replace(".", "/").split(" ")[0].split("/") for cell in view.cells if cell]
        numbers = [
            (int(p[0]), int(p[1])) for p in parts if len(p) == 3 and len(p[2]) == 4 and all(x.isdigit() for x in p)
        ]
        if not numbers or len(numbers) < 0.3 * view.profile.filled:
            continue
        if any(first > 12 for first, _ in numbers) != any(second > 12 for _, second in numbers):
            found[view.index] = any(first > 12 for first, _ in numbers)
        else:
            undecided.append(view.index)
    if undecided and len(set(found.values())) == 1:
        found |= dict.fromkeys(undecided, next(iter(found.values())))
    return found


def _constant(view: ColumnView | None) -> str | None:
    """The one authority of a file, where it has one."""
    return view.profile.common[0][0] if view is not None and view.profile.distinct == 1 else None


__all__ = ["Inference", "InferredColumn", "infer_file", "infer_table"]
