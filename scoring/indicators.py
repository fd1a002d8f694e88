"""Indicators: history in, value out, with the records behind it and the next day on which the value may turn. [pure]

One function per aggregate, in a registry by name. Every aggregate says how its value moves when one more fact comes
(``response``), so that a standard under which a further adverse record would *raise* the points is refused when it is
loaded. The order of the facts never matters: they are sorted by day and record before anything is taken from them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from models.terms import Tone
from scoring.card import UNCLASSIFIED, Fact, Indicator, Selection, add_years

FOREVER = date.max


class Measured(NamedTuple):
    """A value with the records that made it, and the first day on which it may be another without anything new."""

    value: int | str | None
    record_ids: tuple[int, ...]
    turns_on: date


class Aggregate(NamedTuple):
    """``response``: 1 the value grows with each fact, -1 it falls, 0 either. ``lowest``: the least value there can be.

    ``empty``: the value without facts (None: missing). ``dated``: facts without a day are left out.
    """

    measure: Callable[[Indicator, Sequence[Fact], date], int | str | None]
    response: int
    lowest: int
    empty: int | None
    dated: bool


def _count(_indicator: Indicator, facts: Sequence[Fact], _day: date) -> int:
    return len(facts)


def _exists(_indicator: Indicator, facts: Sequence[Fact], _day: date) -> int:
    return 1 if facts else 0


def _sum(_indicator: Indicator, facts: Sequence[Fact], _day: date) -> int:
    return sum(max(fact.amount or 0, 0) for fact in facts)


def _max(_indicator: Indicator, facts: Sequence[Fact], _day: date) -> int:
    return max((max(fact.amount or 0, 0) for fact in facts), default=0)


def _latest(indicator: Indicator, facts: Sequence[Fact], _day: date) -> str | None:
    return facts[-1].fields.get(indicator.field or "") if facts else None


def _days_since(_indicator: Indicator, facts: Sequence[Fact], day: date) -> int | None:
    return (day - facts[-1].held_from).days if facts and facts[-1].held_from else None


def _years_since_first(_indicator: Indicator, facts: Sequence[Fact], day: date) -> int | None:
    if not facts or facts[0].held_from is None:
        return None
    first = facts[0].held_from
    years = day.year - first.year
    return years if add_years(first, years) <= day else years - 1


AGGREGATES: Mapping[str, Aggregate] = MappingProxyType(
    {
        "count": Aggregate(_count, 1, 0, 0, dated=False),
        "exists": Aggregate(_exists, 1, 0, 0, dated=False),
        "sum": Aggregate(_sum, 1, 0, 0, dated=False),
        "max": Aggregate(_max, 1, 0, 0, dated=False),
        "latest": Aggregate(_latest, 0, 0, None, dated=True),
        "days_since": Aggregate(_days_since, -1, 0, None, dated=True),
        "years_since_first": Aggregate(_years_since_first, 1, 0, None, dated=True),
    }
)
"""Every aggregate a standard may name. Amounts are in fen; negative and unknown amounts count as nothing."""


def matches(selection: Selection, fact: Fact) -> bool:
    """Whether a fact is meant at all, whatever the day is."""
    return (
        fact.item in selection.items
        and (not selection.tones or fact.tone in selection.tones)
        and (not selection.severities or (fact.severity or UNCLASSIFIED) in selection.severities)
        and (not selection.lists or fact.list_code in selection.lists)
        and (not selection.listing_kinds or fact.listing_kind in selection.listing_kinds)
        and all(fact.fields.get(name) in values for name, values in selection.fields)
    )


def counts_on(selection: Selection, fact: Fact, day: date) -> tuple[bool, date]:
    """Whether a matching fact counts on a day, and the next day on which that may change.

    A fact of tomorrow does not count today. Where a window is asked for, a fact without a day counts only in the subject's
    favour: how old it is is not known, and the doubt is not the subject's.
    """
    if fact.usable_until is not None and fact.usable_until < day:
        return False, FOREVER
    start = fact.held_from
    if start is None and selection.window is not None and fact.tone != Tone.favourable.value:
        return False, FOREVER
    if start is not None and start > day:
        return False, start
    ends = [_day_after(fact.usable_until)]
    if selection.window is not None and start is not None:
        ends.append(selection.window.turns_on(start))
    if selection.current:
        ends.append(_day_after(fact.held_until))
    end = min(ends)
    return (True, end) if end > day else (False, FOREVER)


def _day_after(last_day: date | None) -> date:
    return FOREVER if last_day is None or last_day == FOREVER else last_day + timedelta(days=1)


def choose(selection: Selection, facts: Sequence[Fact], day: date) -> tuple[list[Fact], date]:
    """The facts that count on a day, and the next day on which another set of them counts."""
    counted: list[Fact] = []
    turns_on = FOREVER
    for fact in facts:
        counts, turn = counts_on(selection, fact, day)
        turns_on = min(turns_on, turn)
        if counts:
            counted.append(fact)
    return counted, turns_on


def measure(indicator: Indicator, facts: Sequence[Fact], day: date) -> Measured:
    """The value of an indicator on a day from facts that match its selection."""
    aggregate = AGGREGATES[indicator.aggregate]
    counted, turns_on = choose(indicator.select, facts, day)
    if aggregate.dated:
        counted = [fact for fact in counted if fact.held_from is not None]
    if not counted:
        return Measured(aggregate.empty, (), turns_on)
    counted.sort(key=_by_day)
    value = aggregate.measure(indicator, counted, day)
    record_ids = tuple(fact.record_id for fact in _behind(indicator, counted))
    return Measured(value, record_ids, min(turns_on, _next_step(indicator, counted, value)))


def _by_day(fact: Fact) -> tuple[date, int]:
    return (fact.held_from or date.min, fact.record_id)


def _behind(indicator: Indicator, counted: Sequence[Fact]) -> Sequence[Fact]:
    if indicator.aggregate in ("latest", "days_since"):
        return counted[-1:]
    return counted[:1] if indicator.aggregate == "years_since_first" else counted


def _next_step(indicator: Indicator, counted: Sequence[Fact], value: int | str | None) -> date:
    """The day on which the mere passing of time reaches the next band."""
    if not isinstance(value, int) or indicator.aggregate not in ("days_since", "years_since_first"):
        return FOREVER
    bounds = [band.start for band in indicator.bands if band.start > value]
    if not bounds:
        return FOREVER
    if indicator.aggregate == "days_since":
        last = counted[-1].held_from or FOREVER
        return last + timedelta(days=min(bounds))
    return add_years(counted[0].held_from or FOREVER, min(bounds))
