"""What a standard (评价标准) is made of, as frozen data: selections, indicators, bands, vetoes, cuts. [pure]

Points are integers in hundredths of a point everywhere in the code, so that contributions add up exactly; only YAML
and texts show them as points. A window runs from the day a fact held, that day included, to the day before it turns.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

HUNDREDTHS = 100
UNCLASSIFIED = "unclassified"
"""In a severity filter: facts whose severity nobody decided yet."""


class Window(NamedTuple):
    """A length of time counted from the day a fact held (上海条例 Art. 35 counts query terms so)."""

    years: int = 0
    days: int = 0

    def turns_on(self, start: date) -> date:
        """The first day outside the window; from a 29 February it turns on the 28th, which is kinder to the subject."""
        return add_years(start, self.years) + timedelta(days=self.days)


class Band(NamedTuple):
    """Points (hundredths) for values from ``start`` on, up to and without ``stop``; None is open."""

    start: int
    stop: int | None
    points: int


class Cut(NamedTuple):
    """A grade is given from this many points (hundredths) on."""

    grade: str
    start: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which facts are meant. Empty sets mean no condition; ``current``: the fact's own term contains the day."""

    items: frozenset[str]
    tones: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    listing_kinds: frozenset[str] = frozenset()
    fields: tuple[tuple[str, frozenset[str]], ...] = ()
    window: Window | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator (指标): which facts, how they make a value, what points a value brings, and in whose words.

    ``better``: whether a larger value is better (``more``) or worse (``less``). ``missing``: points without a value.
    """

    code: str
    name: str
    group: tuple[str, str]
    aggregate: str
    select: Selection
    better: str
    unit: str
    bands: tuple[Band, ...]
    missing: int
    field: str | None
    categories: tuple[tuple[str, int], ...]
    gained: str
    lost: str
    basis: str
    verified: bool

    @property
    def best(self) -> int:
        """The most points anybody can have here (hundredths)."""
        return max(self.all_points)

    @property
    def worst(self) -> int:
        """The fewest points anybody can have here (hundredths)."""
        return min(self.all_points)

    @property
    def all_points(self) -> tuple[int, ...]:
        """Every number of points this indicator can bring (hundredths)."""
        return (self.missing, *(band.points for band in self.bands), *(points for _, points in self.categories))

    def points_for(self, value: int | str | None) -> int:
        """Points (hundredths) for a value; checked standards have a band for every value."""
        if value is None:
            return self.missing
        if isinstance(value, str):
            return next((points for name, points in self.categories if name == value), self.missing)
        for band in self.bands:
            if value >= band.start and (band.stop is None or value < band.stop):
                return band.points
        return self.missing


@dataclass(frozen=True, slots=True)
class Veto:
    """A fact that caps the grade (一票否决) whatever the points are; ``cap`` is the best grade still possible."""

    code: str
    name: str
    select: Selection
    cap: str
    reason: str
    basis: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A level-1 group with its weight: the points (hundredths) between its best and its worst."""

    name: str
    weight: int


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """A whole standard, checked, with the plain data it was made from and its digest; equal where the digests are."""

    name: str
    title: str
    edition: str
    use: str
    valid_from: date
    subject_kinds: frozenset[str]
    legal_basis: tuple[str, ...]
    base: int
    groups: tuple[Group, ...]
    indicators: tuple[Indicator, ...]
    vetoes: tuple[Veto, ...]
    cuts: tuple[Cut, ...]
    body: Mapping[str, Any]
    digest: bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Standard) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def find_indicator(self, code: str) -> Indicator | None:
        """The indicator of that code, if there is one."""
        return next((indicator for indicator in self.indicators if indicator.code == code), None)

    def get_indicator(self, code: str) -> Indicator:
        """The indicator of that code; KeyError where there is none."""
        indicator = self.find_indicator(code)
        if indicator is None:
            raise KeyError(code)
        return indicator

    def find_veto(self, code: str) -> Veto | None:
        """The veto of that code, if there is one."""
        return next((veto for veto in self.vetoes if veto.code == code), None)

    @property
    def selections(self) -> tuple[Selection, ...]:
        """Of every indicator and every veto."""
        return (*(one.select for one in self.indicators), *(one.select for one in self.vetoes))

    @property
    def items(self) -> frozenset[str]:
        """Catalogue items this standard reads; nothing else is gathered."""
        return frozenset().union(*(selection.items for selection in self.selections))

    @property
    def fields(self) -> tuple[str, ...]:
        """Payload fields this standard reads."""
        named = {name for selection in self.selections for name, _ in selection.fields}
        return tuple(sorted(named | {one.field for one in self.indicators if one.field is not None}))


class Fact(NamedTuple):
    """One usable record as an evaluation sees it. ``usable_until``: the last day on which it may be used."""

    record_id: int
    item: str
    tone: str
    severity: str | None = None
    held_from: date | None = None
    held_until: date | None = None
    amount: int | None = None
    list_code: str | None = None
    listing_kind: str | None = None
    usable_until: date | None = None
    fields: Mapping[str, str] = MappingProxyType({})


def add_years(day: date, years: int) -> date:
    """The same day some years on; 29 February becomes the 28th where there is none. Stops at the calendar's end."""
    year = day.year + years
    if year > date.max.year:
        return date.max
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))
