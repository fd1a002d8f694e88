"""What a page is made of: text blocks and grids that know their height and can be cut where a page ends.

Both are laid out once, at construction, for a fixed width; cutting only deals out rows and lines, so a chapter with
thousands of records costs linear time. A grid repeats its head after each break, and the head of the record the break
fell into.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from reportlab.pdfgen.canvas import Canvas

from reports.text import Line, Style, draw_line

PADDING_X, PADDING_Y = 4.0, 2.5
HAIRLINE, LINE_GREY = 0.4, 0.55
FEWEST_LINES = 3
SPLITTABLE_LINES = 10
OPTICAL_MIDDLE = 0.38


@dataclass(frozen=True)
class Bookmark:
    """An entry of the outline; level 0 is a chapter."""

    level: int
    title: str


class Block(Protocol):
    """Anything a page can hold. Lengths in points; ``top`` is the upper edge on the page."""

    @property
    def before(self) -> float:
        """Space above, dropped at the top of a page."""

    @property
    def height(self) -> float:
        """Whole height."""

    @property
    def least(self) -> float:
        """The smallest part worth beginning at the foot of a page."""

    @property
    def keep_next(self) -> bool:
        """Whether a page may not end right after it (headings)."""

    def split(self, room: float) -> tuple["Block | None", "Block"]:
        """What fits into ``room`` (None if nothing worth it) and the rest."""

    def at_top(self) -> "Block":
        """The same block as it looks when it begins a page."""

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw it with its upper left corner at x, top."""


@dataclass(frozen=True)
class TextBlock:
    """Lines of one style; headings carry a bookmark and stay with what follows."""

    lines: tuple[Line, ...]
    style: Style
    width: float
    before: float = 0.0
    indent: float = 0.0
    keep_next: bool = False
    bookmark: Bookmark | None = None

    @property
    def height(self) -> float:
        """All lines."""
        return len(self.lines) * self.style.leading

    @property
    def least(self) -> float:
        """Two lines, or the only one."""
        return min(2, len(self.lines)) * self.style.leading

    def split(self, room: float) -> tuple["TextBlock | None", "TextBlock"]:
        """Cut between lines; never fewer than two at the foot."""
        count = int(room / self.style.leading)
        if count < 2:
            return None, self
        return replace(self, lines=self.lines[:count]), replace(self, lines=self.lines[count:], bookmark=None)

    def at_top(self) -> "TextBlock":
        """Unchanged."""
        return self

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw the lines, and set the bookmark if there is one."""
        if self.bookmark:
            key = f"b{canvas.getPageNumber()}-{top:.1f}"
            canvas.bookmarkHorizontal(key, 0, top + self.style.leading / 2)
            canvas.addOutlineEntry(self.bookmark.title, key, self.bookmark.level, closed=False)
        draw_lines(canvas, self.lines, self.style, x + self.indent, top, self.width - self.indent)


def draw_lines(canvas: Canvas, lines: Sequence[Line], style: Style, x: float, top: float, width: float) -> None:
    """Draw lines downwards from ``top``, each in the optical middle of its leading."""
    first = top - style.leading / 2 - style.size * OPTICAL_MIDDLE
    for place, line in enumerate(lines):
        draw_line(canvas, line, x, first - place * style.leading, width, style)


@dataclass(frozen=True)
class Cell:
    """Lines at a place within a row; ``x`` and ``width`` include the padding."""

    lines: tuple[Line, ...]
    style: Style
    x: float
    width: float

    @property
    def height(self) -> float:
        """Lines and padding."""
        return len(self.lines) * self.style.leading + 2 * PADDING_Y


@dataclass(frozen=True)
class Row:
    """Cells side by side. ``glued`` rows stay with the next; ``again`` is repeated if a page ends before this row."""

    cells: tuple[Cell, ...]
    height: float
    shade: float | None = None
    glued: bool = False
    again: "Row | None" = None

    def split(self, room: float) -> tuple["Row", "Row"] | None:
        """Cut a long row between lines, or None where that would leave scraps; a label stands in both halves."""
        tallest = max(self.cells, key=lambda cell: cell.height)
        count = int((room - 2 * PADDING_Y) / tallest.style.leading)
        if count < FEWEST_LINES or len(tallest.lines) - count < 1 or len(tallest.lines) < SPLITTABLE_LINES:
            return None
        upper = [replace(cell, lines=cell.lines[:count]) for cell in self.cells]
        lower = [replace(cell, lines=cell.lines[count:] or cell.lines) for cell in self.cells]
        first, rest = make_row(upper, self.shade), make_row(lower, self.shade, glued=self.glued)
        return replace(first, again=self.again), replace(rest, again=self.again)

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw ground, text and the lines around each cell."""
        if self.shade is not None:
            canvas.setFillGray(self.shade)
            last = self.cells[-1]
            canvas.rect(x, top - self.height, last.x + last.width, self.height, stroke=0, fill=1)
        for cell in self.cells:
            canvas.rect(x + cell.x, top - self.height, cell.width, self.height, stroke=1, fill=0)
            inner = cell.width - 2 * PADDING_X
            draw_lines(canvas, cell.lines, cell.style, x + cell.x + PADDING_X, top - PADDING_Y, inner)


def make_row(cells: Sequence[Cell], shade: float | None = None, *, glued: bool = False) -> Row:
    """A row as tall as its tallest cell."""
    return Row(tuple(cells), max(cell.height for cell in cells), shade, glued)


@dataclass(frozen=True)
class Grid:
    """Rows under a head. ``head`` opens the grid, ``head_again`` opens it after a page break.

    A table of thousands of rows is a chain of grids, each but the first ``continued``: it shows its head only atop a page.
    """

    rows: tuple[Row, ...]
    head: tuple[Row, ...] = ()
    head_again: tuple[Row, ...] = ()
    before: float = 0.0
    keep_next: bool = False
    continued: bool = False

    @property
    def height(self) -> float:
        """Head and all rows."""
        return sum(row.height for row in self.head) + sum(row.height for row in self.rows)

    @property
    def least(self) -> float:
        """Head and the first rows that may not be parted (a very tall one counts as a few lines)."""
        total = sum(row.height for row in self.head)
        for row in self.rows:
            total += min(row.height, 80.0)
            if not row.glued:
                break
        return total

    def split(self, room: float) -> tuple["Grid | None", "Grid"]:
        """Cut between rows, or within a row of many lines."""
        left = room - sum(row.height for row in self.head)
        count = 0
        while count < len(self.rows) and self.rows[count].height <= left:
            left -= self.rows[count].height
            count += 1
        halves = self.rows[count].split(left) if count < len(self.rows) else None
        if halves:
            return self._cut((*self.rows[:count], halves[0]), (halves[1], *self.rows[count + 1 :]))
        while count and self.rows[count - 1].glued:
            count -= 1
        if not count:
            return None, self
        return self._cut(self.rows[:count], self.rows[count:])

    def at_top(self) -> "Grid":
        """With its head again, if it continues another grid."""
        return replace(self, head=self.head_again, continued=False) if self.continued else self

    def _cut(self, upper: tuple[Row, ...], lower: tuple[Row, ...]) -> tuple["Grid", "Grid"]:
        repeated = lower[0].again if lower else None
        head = (*self.head_again, repeated) if repeated else self.head_again
        return replace(self, rows=upper), replace(self, rows=lower, head=head, continued=False)

    def draw(self, canvas: Canvas, x: float, top: float) -> None:
        """Draw head and rows downwards."""
        canvas.setLineWidth(HAIRLINE)
        canvas.setStrokeGray(LINE_GREY)
        for row in (*self.head, *self.rows):
            row.draw(canvas, x, top)
            top -= row.height
