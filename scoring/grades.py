"""From a history to points, grade, contributions, the day it all may turn, and what would make it better. [pure]

The grade follows from the points by the cuts; a veto (一票否决) caps it, and the points stay as they are, so that the
sum of the contributions is always the points. The outlook is the plain counterfactual: if nothing new comes, on which
day the grade becomes better, found by moving the day itself to each turn and evaluating again, with the same code.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from scoring.card import Cut, Fact, Indicator, Standard
from scoring.indicators import AGGREGATES, FOREVER, choose, matches, measure

BASE = "base"
OUTLOOK_STEPS = 60
BEST_FIRST = "ABCD"


class Contribution(NamedTuple):
    """What one indicator brought: value, points, points lost against its best (hundredths), records behind it."""

    indicator: str
    value: int | str | None
    points: int
    lost: int
    record_ids: tuple[int, ...] = ()


class VetoHit(NamedTuple):
    """A veto that applies: the best grade it leaves, and the records it rests on."""

    veto: str
    cap: str
    record_ids: tuple[int, ...]


class Outlook(NamedTuple):
    """From ``day`` on the grade is better if nothing new comes; ``changed``: the indicators and vetoes behind it."""

    day: date
    grade: str
    points: int
    changed: tuple[str, ...]
    record_ids: tuple[int, ...]


class Outcome(NamedTuple):
    """An evaluation. ``valid_until``: the first day on which it may be another without anything new; None: never."""

    points: int
    grade: str
    vetoed_by: str | None
    contributions: tuple[Contribution, ...]
    vetoes: tuple[VetoHit, ...]
    valid_until: date | None
    outlook: Outlook | None


def grade_for(points: int, cuts: Sequence[Cut]) -> str:
    """The grade for so many points (hundredths); cuts run from the best grade down, the last one is open below."""
    return next((cut.grade for cut in cuts if points >= cut.start), cuts[-1].grade)


def is_better(one: str, other: str) -> bool:
    """Whether the first grade is better than the second."""
    return BEST_FIRST.index(one) < BEST_FIRST.index(other)


def evaluate(standard: Standard, history: Sequence[Fact], day: date) -> Outcome:
    """Evaluate one subject's usable facts on a day, with the outlook. The order of the facts does not matter."""
    if not history:
        return _without_facts(standard, day)
    outcome = _grade_on(standard, history, day)
    return outcome._replace(outlook=look_ahead(standard, history, outcome))


@lru_cache(maxsize=64)
def _without_facts(standard: Standard, day: date) -> Outcome:
    return _grade_on(standard, (), day)


@lru_cache(maxsize=64)
def _unmoved(standard: Standard) -> dict[str, Contribution]:
    """What each indicator brings where no fact is behind it."""
    rows = {}
    for indicator in standard.indicators:
        value = AGGREGATES[indicator.aggregate].empty
        rows[indicator.code] = contribution_of(indicator, value, ())
    return rows


def contribution_of(indicator: Indicator, value: int | str | None, record_ids: tuple[int, ...]) -> Contribution:
    """The contribution of one indicator with that value."""
    points = indicator.points_for(value)
    return Contribution(indicator.code, value, points, indicator.best - points, record_ids)


def complete(standard: Standard, moved: Sequence[Contribution]) -> tuple[Contribution, ...]:
    """All contributions in the standard's order, base first, from those that have facts behind them."""
    rows = _unmoved(standard) | {row.indicator: row for row in moved}
    return (Contribution(BASE, None, standard.base, 0), *rows.values())


def _grade_on(standard: Standard, history: Sequence[Fact], day: date) -> Outcome:
    moved: list[Contribution] = []
    turns_on = FOREVER
    for indicator in standard.indicators:
        facts = [fact for fact in history if matches(indicator.select, fact)]
        if not facts:
            continue
        measured = measure(indicator, facts, day)
        turns_on = min(turns_on, measured.turns_on)
        moved.append(contribution_of(indicator, measured.value, measured.record_ids))
    contributions = complete(standard, moved)
    points = sum(row.points for row in contributions)
    hits, veto_turns_on = _hits(standard, history, day)
    grade, vetoed_by = _cap(grade_for(points, standard.cuts), hits)
    turns_on = min(turns_on, veto_turns_on)
    valid_until = None if turns_on == FOREVER else turns_on
    return Outcome(points, grade, vetoed_by, contributions, hits, valid_until, None)


def _hits(standard: Standard, history: Sequence[Fact], day: date) -> tuple[tuple[VetoHit, ...], date]:
    hits: list[VetoHit] = []
    turns_on = FOREVER
    for veto in standard.vetoes:
        facts = [fact for fact in history if matches(veto.select, fact)]
        if not facts:
            continue
        counted, turn = choose(veto.select, facts, day)
        turns_on = min(turns_on, turn)
        if counted:
            hits.append(VetoHit(veto.code, veto.cap, tuple(sorted(fact.record_id for fact in counted))))
    return tuple(hits), turns_on


def _cap(grade: str, hits: Sequence[VetoHit]) -> tuple[str, str | None]:
    vetoed_by = None
    for hit in hits:
        if is_better(grade, hit.cap):
            grade, vetoed_by = hit.cap, hit.veto
    return grade, vetoed_by


def look_ahead(standard: Standard, history: Sequence[Fact], outcome: Outcome) -> Outlook | None:
    """The first day with a better grade if nothing new comes; None where there is none within sixty turns."""
    if outcome.grade == standard.cuts[0].grade:
        return None
    later = outcome
    for _ in range(OUTLOOK_STEPS):
        if later.valid_until is None:
            return None
        turn = later.valid_until
        later = _grade_on(standard, history, turn)
        if is_better(later.grade, outcome.grade):
            return _outlook(turn, outcome, later)
    return None


def _outlook(day: date, before: Outcome, after: Outcome) -> Outlook:
    pairs = zip(before.contributions, after.contributions, strict=True)
    risen = [old for old, new in pairs if new.points > old.points]
    still = {hit.veto for hit in after.vetoes}
    lifted = [hit for hit in before.vetoes if hit.veto not in still]
    changed = (*(hit.veto for hit in lifted), *(row.indicator for row in risen))
    record_ids = {one for hit in lifted for one in hit.record_ids} | {one for row in risen for one in row.record_ids}
    return Outlook(day, after.grade, after.points, changed, tuple(sorted(record_ids)))
