"""Text into lines: the one place where a string from the data becomes something drawn.

Nothing is ever parsed as markup. A string is cleaned (what cannot be seen is spelled out, so a right-to-left mark
turns nothing round), cut into lines by measured width, and each line into runs of one font. ``<img
src="/etc/passwd">`` is therefore twenty-four characters and nothing else. Own line breaking instead of ReportLab's
paragraphs: it keeps numbers and codes whole, obeys the Chinese rules for line ends, falls back between fonts per
character, and takes a third of the time.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import groupby

from reportlab.pdfgen.canvas import Canvas

from reports.fonts import FontSet, Weight

NO_START = "，。、；：？！）〕】》」』”’％%·…—～〉］｝℃,.;:?!)]}"
NO_END = "（〔【《「『“‘〈［｛"
ATTACHED = "\u0300-\u036f\ufe00-\ufe0f\U000e0100-\U000e01ef"
UNIT = re.compile(rf"\s|[{NO_END}]*(?:[!-~\u00a1-\u024f]+|\S)[{ATTACHED}]*(?:[{re.escape(NO_START)}][{ATTACHED}]*)*")
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class Style:
    """How text looks: sizes in points, ``grey`` from 0 (black) to 1 (white), ``align`` in left, centre, right."""

    size: float = 10.5
    leading: float = 17.0
    weight: Weight = Weight.regular
    grey: float = 0.0
    align: str = "left"


@dataclass(frozen=True)
class Line:
    """One printed line: its width in points and its runs of (font name, text)."""

    width: float
    runs: tuple[tuple[str, str], ...]


def clean(text: str) -> str:
    """What may be printed: line ends unified, tabs as spaces, every hidden character spelled out as ``[U+202E]``."""
    if text.isascii() and text.isprintable():
        return text
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
        .replace("\t", " ")
    )
    return "".join(_spell_out(c) if c != "\n" and unicodedata.category(c) in HIDDEN else c for c in text)


def _spell_out(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def break_lines(text: str, width: float, style: Style, fonts: FontSet) -> tuple[Line, ...]:
    """The lines of a text in this width; at least one. ``CharacterNotCovered`` where no font has a character."""
    lines: list[Line] = []
    for paragraph in clean(text).split("\n"):
        lines.extend(_break_paragraph(paragraph, width, style, fonts))
    return tuple(lines)


def measure(text: str, style: Style, fonts: FontSet) -> float:
    """Width in points of a cleaned text set in one line."""
    glyphs = fonts.glyphs(style.weight)
    return sum([glyphs[c][1] for c in text]) * style.size / 1000


def _break_paragraph(text: str, width: float, style: Style, fonts: FontSet) -> list[Line]:
    if measure(text, style, fonts) <= width:
        return [_set_line(text, style, fonts)]
    lines: list[Line] = []
    current, used = "", 0.0
    for unit in UNIT.findall(text):
        size = measure(unit, style, fonts)
        if used + size > width and current and not unit.isspace():
            lines.append(_set_line(current, style, fonts))
            current, used = "", 0.0
        if size > width:
            *whole, unit = _chop(unit, width, style, fonts)
            lines.extend(_set_line(piece, style, fonts) for piece in whole)
            size = measure(unit, style, fonts)
        current += unit
        used += size
    return [*lines, _set_line(current, style, fonts)]


def _chop(unit: str, width: float, style: Style, fonts: FontSet) -> list[str]:
    """A unit too wide for any line, cut by character; a selector stays with its character."""
    pieces, used = [""], 0.0
    for character in unit:
        size = measure(character, style, fonts)
        if used + size > width and pieces[-1] and size:
            pieces.append("")
            used = 0.0
        pieces[-1] += character
        used += size
    return pieces


def _set_line(text: str, style: Style, fonts: FontSet) -> Line:
    glyphs = fonts.glyphs(style.weight)
    runs = groupby(text, lambda character: glyphs[character][0])
    return Line(measure(text, style, fonts), tuple((font, "".join(run)) for font, run in runs))


def draw_line(canvas: Canvas, line: Line, x: float, baseline: float, width: float, style: Style) -> None:
    """Draw one line into the space ``width`` beginning at ``x``."""
    free = width - line.width
    shift = {"left": 0.0, "centre": free / 2, "right": free}[style.align]
    pen = canvas.beginText(x + shift, baseline)
    pen.setFillGray(style.grey)
    for font, text in line.runs:
        pen.setFont(font, style.size)
        pen.textOut(text)
    canvas.drawText(pen)


def draw_text(canvas: Canvas, text: str, x: float, baseline: float, width: float, style: Style, fonts: FontSet) -> None:
    """Clean and draw a short text in one line, without breaking it."""
    draw_line(canvas, _set_line(clean(text).replace("\n", " "), style, fonts), x, baseline, width, style)
