"""One figure: ours, the peer or limit beside it, the ratio, the target; and all of them as one table and as JSON."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: fewer rows and seconds (``quick``), how often, on which core single-process figures run."""

    quick: bool = False
    repeats: int = 3
    cpu: int | None = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``met`` is None where there is no target (a peer's own figure, a limit of the machine)."""

    name: str
    ours: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours to the peer's."""
        return self.ours / self.peer_value if self.peer_value else None


HEADINGS = ("figure", "ours", "peer or limit", "its figure", "ratio", "target", "met", "note")


def table(figures: Sequence[Figure]) -> list[str]:
    """The figures as the lines of a Markdown table, aligned for a terminal."""
    rows = [HEADINGS, *(_cells(figure) for figure in figures)]
    widths = [max(_width(row[place]) for row in rows) for place in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(_pad(cell, width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def save(path: Path, figures: Sequence[Figure], machine: dict[str, str]) -> None:
    """The same as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {"machine": machine, "figures": [{**asdict(figure), "ratio": figure.ratio} for figure in figures]}
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def number(value: float) -> str:
    """A number with three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _cells(figure: Figure) -> tuple[str, ...]:
    peer = "" if figure.peer_value is None else number(figure.peer_value)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    met = {True: "yes", False: "NO", None: ""}[figure.met]
    return (
        figure.name,
        f"{number(figure.ours)} {figure.unit}",
        figure.peer,
        peer,
        ratio,
        figure.target,
        met,
        figure.note,
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
