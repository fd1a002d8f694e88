"""The watermark as outlines, not as text: it is seen on every page and print, and never gets between the words that are
searched, copied or read aloud. Its words stand as text on the cover."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from reports.fonts import FontSet
from reports.text import Style

NON_ZERO = 1


def draw_outlined(canvas: Canvas, text: str, x: float, y: float, style: Style, fonts: FontSet) -> None:
    """Fill the outlines of a cleaned text, beginning at x on the baseline y."""
    canvas.setFillGray(style.grey)
    canvas.drawPath(_path(text, x, y, style, fonts), stroke=0, fill=1, fillMode=NON_ZERO)


@lru_cache(maxsize=64)
def _path(text: str, x: float, y: float, style: Style, fonts: FontSet) -> PDFPathObject:
    """The outlines as one path; kept, as a batch of reports shares purpose and enquirer."""
    path = PDFPathObject()
    scale = style.size / 1000
    for character in text:
        font, width = fonts.glyph(character, style.weight)
        for name, points in _outline(fonts.path_of(font), character):
            getattr(path, name)(*(n * scale + (y if place % 2 else x) for place, n in enumerate(points)))
        x += width * scale
    return path


@lru_cache(maxsize=2000)
def _outline(font: Path, character: str) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Steps of a glyph (name of the path method, coordinates in thousandths), quadratic curves made cubic."""
    from fontTools.pens.basePen import BasePen  # noqa: PLC0415 slow to import, first needed here

    steps: list[tuple[str, tuple[float, ...]]] = []

    class StepPen(BasePen):  # type: ignore[misc, unused-ignore]
        """Writes down what ReportLab's path can do."""

        def _moveTo(self, pt: Any) -> None:  # noqa: N802 fontTools' name
            steps.append(("moveTo", (*pt,)))

        def _lineTo(self, pt: Any) -> None:  # noqa: N802 fontTools' name
            steps.append(("lineTo", (*pt,)))

        def _curveToOne(self, pt1: Any, pt2: Any, pt3: Any) -> None:  # noqa: N802 fontTools' name
            steps.append(("curveTo", (*pt1, *pt2, *pt3)))

        def _closePath(self) -> None:  # noqa: N802 fontTools' name
            steps.append(("close", ()))

    glyphs, names = _open(font)
    glyphs[names[ord(character)]].draw(StepPen(glyphs))
    return tuple(steps)


@lru_cache(maxsize=8)
def _open(font: Path) -> tuple[Any, dict[int, str]]:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 slow to import, first needed here

    opened: Any = TTFont(font, lazy=True)
    return opened.getGlyphSet(), opened.getBestCmap()
