"""What quality is measured by: kinds of fault, timeliness, rates; data and sums. [pure]"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import yaml

from credit.catalogue import REFERENCE
from credit.errors import InvalidQuery
from credit.workdays import WorkCalendar, add_workdays

MEASURES_FILE: Final = REFERENCE / "quality-2026-1.yaml"


@dataclass(frozen=True, slots=True)
class QualityRules:
    """Kinds by fault code, the term and items of timeliness, where gaps in document numbers are looked for."""

    kind_of: Mapping[str, str]
    otherwise: str
    term: str
    timely_items: frozenset[str]
    series_items: frozenset[str]
    least_numbers: int
    largest_gap: int
    least_share: float


class Timeliness(NamedTuple):
    """Records whose term could be met, and how many met it; ``provisional``: some terms touch a year without holidays."""

    measured: int = 0
    on_time: int = 0
    provisional: bool = False

    @property
    def late(self) -> int:
        """Records that came after their term (迟报)."""
        return self.measured - self.on_time

    @property
    def rate(self) -> float | None:
        """及时率, 0 to 1; None where nothing was measured."""
        return self.on_time / self.measured if self.measured else None

    def plus(self, other: "Timeliness") -> "Timeliness":
        """Both together."""
        return Timeliness(
            self.measured + other.measured, self.on_time + other.on_time, self.provisional or other.provisional
        )


@lru_cache(maxsize=4)
def load_quality_rules(path: Path = MEASURES_FILE) -> QualityRules:
    """Read how quality is counted."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return QualityRules(
        MappingProxyType({code: kind for kind, codes in content["kinds"].items() for code in codes}),
        str(content["otherwise"]),
        str(content["timeliness"]["term"]),
        frozenset(content["timeliness"]["items"]),
        frozenset(content["series"]["items"]),
        int(content["series"]["least_numbers"]),
        int(content["series"]["largest_gap"]),
        float(content["series"]["least_share"]),
    )


def count_kinds(by_fault: Mapping[str, int], rules: QualityRules) -> dict[str, int]:
    """Faults by kind, the most frequent first."""
    kinds: Counter[str] = Counter()
    for code, count in by_fault.items():
        kinds[rules.kind_of.get(code, rules.otherwise)] += count
    return dict(kinds.most_common())


def measure_timeliness(
    rows: Iterable[tuple[date, date, int]], since: date, days: int, calendar: WorkCalendar
) -> Timeliness:
    """How many of (decided on, first known on, count) were known within so many working days.

    What was due before the source's first delivery (``since``) is history and not counted.
    """
    measured = on_time = 0
    provisional = False
    for decided, known, count in rows:
        due = add_workdays(decided, days, calendar)
        if due.day < since:
            continue
        measured += count
        on_time += count if known <= due.day else 0
        provisional = provisional or due.provisional
    return Timeliness(measured, on_time, provisional)


def read_month(text: str | None, today: date) -> date:
    """The first day of a month typed as 2026-10, the current one where none is; InvalidQuery for any other or a future one."""
    if not text:
        return today.replace(day=1)
    try:
        if len(text) != 7 or not text.isascii():
            raise ValueError
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        month = date.max
    if month > today:
        fault = {"field": "month", "code": "FORMAT", "message": "须为 YYYY-MM 格式、不晚于本月的月份"}
        raise InvalidQuery("月份有误", faults=[fault])
    return month


def last_day(month: date) -> date:
    """The last day of a month given by its first."""
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def rate(part: int, whole: int) -> float | None:
    """A share, 0 to 1; None of nothing."""
    return part / whole if whole else None
