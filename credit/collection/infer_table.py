"""A file never seen before as a grid (识别表格): container, encoding, delimiter, rows, and where its header stands.

Every byte is decoded strictly and every row is parsed, so a torn file is refused here as it is when it is taken; but only
the first rows, an even sample of all and the last rows are kept: memory stays flat. The header is the row that best
speaks the language of headers, below titles and rules; where none does, types decide, and a file may have none.
"""

import csv
import io
import math
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from credit.collection.carriers.files import _parse_csv, _text_stream
from credit.collection.carriers.json_rows import read_records
from credit.collection.carriers.opening import Opener, detect_encoding, read_digest, unwrap
from credit.collection.carriers.workbooks import SheetRows
from credit.collection.infer_headers import read_header, strip_header
from credit.collection.infer_values import kinds_of
from credit.collection.values import is_null
from credit.errors import FileRefused

HEAD_ROWS: Final = 60
SAMPLE_ROWS: Final = 1_500
TAIL_ROWS: Final = 12
_DELIMITERS: Final = (",", "\t", ";", "|", "，")
_SNIFFED: Final = 262_144
_VALUES: Final = frozenset(("code", "date", "doc_no", "number", "citizen", "masked", "uuid", "org_name", "sentence"))
_footer = re.compile(r"^(?:注|备注|说明|填报|合计|总计|制表|审核|数据来源|联系|附|共计|截止)").match
_starts_json = re.compile(r"\s*(?:\[\s*[{\]]|\{\s*[\"}])").match
_labelled = re.compile(r"[:：].*\S").search
_money_unit = re.compile(r"单位[:：]?\s*(万元|亿元|千元|元)").search


@dataclass(slots=True)
class Grid:
    """What was kept of a file: its first rows, an even sample of all rows with their numbers (from 0), its last rows."""

    container: str
    encoding: str | None
    delimiter: str | None
    head: list[list[str]] = field(default_factory=list)
    sample: list[tuple[int, list[str]]] = field(default_factory=list)
    tail: list[tuple[int, list[str]]] = field(default_factory=list)
    filled: int = 0

    @property
    def rows_before(self) -> list[list[str]]:
        """The rows in which a header is looked for."""
        return self.head


class Header(NamedTuple):
    """Where the header stands (None: there is none), its cells, the text above it, and rows of notes below the data.

    ``merged``: the header has two rows; ``row`` is the lower, and ``cells`` takes from the upper what the lower leaves out.
    """

    row: int | None
    cells: tuple[str, ...]
    titles: tuple[str, ...]
    footer: int
    unit: str | None
    merged: bool = False


def read_grid(path: Path) -> Grid:
    """Open a file by its content and keep what inference needs. Raises FileRefused as taking the file would."""
    read_digest(path)
    kind, opener = unwrap(path)
    if kind in ("xlsx", "xls"):
        return _keep(Grid(kind, None, None), SheetRows(path, kind, None).rows())
    encoding = detect_encoding(opener)
    with _text_stream(opener, encoding) as stream:
        head = stream.read(_SNIFFED)
    if _starts_json(head):
        return _keep(Grid("json", encoding, None), read_records(_text_stream(opener, encoding), []))
    delimiter = sniff_delimiter(head)
    return _keep(Grid("csv", encoding, delimiter), _read_text(opener, encoding, delimiter))


def _read_text(opener: Opener, encoding: str, delimiter: str) -> Iterator[list[str]]:
    with _text_stream(opener, encoding) as stream:
        yield from _parse_csv(stream, delimiter)


def _keep(grid: Grid, rows: Iterable[list[str]]) -> Grid:
    step = 1
    tail: deque[tuple[int, list[str]]] = deque(maxlen=TAIL_ROWS)
    for number, row in enumerate(rows):
        if number < HEAD_ROWS:
            grid.head.append(row)
        if not any(cell and not cell.isspace() for cell in row):
            continue
        grid.filled += 1
        tail.append((number, row))
        if number % step == 0:
            grid.sample.append((number, row))
            if len(grid.sample) > 2 * SAMPLE_ROWS:
                step *= 2
                grid.sample = [entry for entry in grid.sample if entry[0] % step == 0]
    grid.tail = list(tail)
    if not grid.filled:
        raise FileRefused("文件没有内容")
    return grid


def sniff_delimiter(head: str) -> str:
    """The delimiter under which most rows of the text have one width, the wider the better; a comma where none has."""
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in _parsed(head, delimiter) if row]
        if len(widths) > 1 and len(head) >= _SNIFFED:
            widths.pop()
        if not widths:
            continue
        width = max(set(widths), key=lambda w: (widths.count(w), w))
        score = widths.count(width) / len(widths) * math.log(width) if width > 1 else 0.0
        if score > best_score * 1.05:
            best, best_score = delimiter, score
    return best


def _parsed(head: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(islice(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), 400))
    return rows


def find_header(grid: Grid) -> Header:
    """The header row of a grid, counted from 0 with blank lines; rows above it are titles."""
    rows = [[cell if isinstance(cell, str) else str(cell) for cell in row] for row in grid.rows_before]
    row = 0 if grid.container == "json" else _header_row(rows)
    row, cells, merged = _merge(rows, row)
    above = rows[: (row or 0) - merged]
    titles = tuple(cell.strip() for line in above for cell in line if strip_header(cell)[0])
    unit = next((found[1] for title in titles if (found := _money_unit(title))), None)
    return Header(row, cells, titles, _footer_rows(grid, row), unit, merged)


def _merge(rows: Sequence[list[str]], row: int | None) -> tuple[int | None, tuple[str, ...], bool]:
    """A header of two rows, 处罚信息 over 文号 and 日期, read as one: below a name that stands alone, or above gaps."""
    if row is None:
        return None, (), False
    for upper, lower in ((row, row + 1), (row - 1, row)):
        if upper < 0 or lower >= len(rows) or not _complement(rows[upper], rows[lower]):
            continue
        width = max(len(rows[upper]), len(rows[lower]))
        pairs = zip(_padded(rows[upper], width), _padded(rows[lower], width), strict=True)
        return lower, tuple(below if strip_header(below)[0] else over for over, below in pairs), True
    return row, tuple(rows[row]), False


def _complement(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Whether two rows make one header: both speak, neither holds values, and each fills gaps of the other."""
    if (
        any(_is_value(cell.strip()) for cell in lower if strip_header(cell)[0])
        or min(_filled(upper), _filled(lower)) < 2
    ):
        return False
    spoken = sum(1 for cell in lower if read_header(cell).means is not None)
    width = max(len(upper), len(lower))
    pairs = list(zip(_padded(upper, width), _padded(lower, width), strict=True))
    gaps = sum(1 for over, below in pairs if strip_header(over)[0] and not strip_header(below)[0])
    return spoken >= max(2, 0.5 * _filled(lower)) and gaps >= 1 and _speaks(upper) >= 1.3


def _padded(row: Sequence[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


def _header_row(rows: Sequence[list[str]]) -> int | None:
    width = Counter(count for row in rows if (count := _filled(row))).most_common(1)[0][0] if rows else 0
    scored = [(_speaks(row), number) for number, row in enumerate(rows) if any(cell.strip() for cell in row)]
    best, number = max(scored, key=lambda entry: (entry[0], -entry[1]), default=(0.0, 0))
    filled = _filled(rows[number]) if rows else 0
    enough = 0.55 if width == 1 else max(1.3, 0.3 * filled)
    if best >= enough and filled >= min(width, 2) * (width > 1):
        return number
    return _by_types(rows, width)


def _speaks(row: Sequence[str]) -> float:
    """How much of a row speaks as headers do: known names count, values count against it."""
    score = 0.0
    for cell in row:
        text = cell.strip()
        if is_null(text) or not strip_header(text)[0]:
            continue
        if _is_value(text):
            score -= 0.7
        elif len(strip_header(text)[0]) <= 40:
            score += read_header(text).strength
    return score


def _is_value(text: str) -> bool:
    return bool(_labelled(text)) or not _VALUES.isdisjoint(kinds_of(text))


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if strip_header(cell)[0])


def _by_types(rows: Sequence[list[str]], width: int) -> int | None:
    """A header of unknown words: the first full row, if no cell of it is a value while the cells below it are."""
    full = [number for number, row in enumerate(rows) if width > 1 and _filled(row) >= max(2, 0.7 * width)]
    if len(full) < 2:
        return None
    first = rows[full[0]]
    cells = [cell.strip() for cell in first if strip_header(cell)[0]]
    if any(_is_value(cell) or len(cell) > 25 for cell in cells) or len(set(cells)) < len(cells):
        return None
    below = [rows[number] for number in full[1:30]]
    typed = sum(
        1
        for place, cell in enumerate(first)
        if cell.strip() and sum(_is_value(row[place].strip()) for row in below if len(row) > place) >= 0.6 * len(below)
    )
    return full[0] if typed >= 1 else None


def _footer_rows(grid: Grid, header: int | None) -> int:
    """How many of the last rows are notes: hardly filled where the table is wide, and beginning as notes do."""
    width = max((_filled(row) for _, row in grid.sample[:200]), default=0)
    count = 0
    for number, row in reversed(grid.tail):
        filled = [cell.strip() for cell in row if cell.strip()]
        if width < 3 or len(filled) > 2 or (header is not None and number <= header) or not _footer(filled[0]):
            break
        count += 1
    return count


__all__ = ["Grid", "Header", "find_header", "read_grid", "sniff_delimiter"]
