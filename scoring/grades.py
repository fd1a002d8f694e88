"""From a history to points, grade, contributions, the day it all may turn, and what would make it better. [pure]

The grade follows from the points by the cuts; a veto (一票否决) caps it, and the points stay as they are, so that the
sum of the contributions is always the points. The outlook is the plain counterfactual: if nothing new comes, on which
day the grade becomes better, found by moving the day itself to each turn and evaluating again, with the same code.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from scoring.card import Cut, Fact, Indicator, Selection, Standard, Veto
from scoring.indicators import AGGREGATES, FOREVER, Measured, choose, matches, measure

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
    state = _measure(sort_facts(standard, history), day)
    outcome = _outcome(standard, state)
    return outcome._replace(outlook=look_ahead(standard, state, outcome))


@lru_cache(maxsize=64)
def _without_facts(standard: Standard, day: date) -> Outcome:
    return _outcome(standard, _measure(((), ()), day))


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


Sorted = tuple[Sequence[tuple[Indicator, Sequence[Fact]]], Sequence[tuple[Veto, Sequence[Fact]]]]


class State(NamedTuple):
    """Every indicator and veto that has facts, as it stands on a day; moved on, only what has turned is taken again."""

    indicators: Sequence[tuple[Indicator, Sequence[Fact], Measured]]
    vetoes: Sequence[tuple[Veto, Sequence[Fact], Measured]]

    @property
    def turns_on(self) -> date:
        """The next day on which anything here may be otherwise."""
        turns = (measured.turns_on for rows in self for _, _, measured in rows)
        return min(turns, default=FOREVER)


def sort_facts(standard: Standard, history: Sequence[Fact]) -> Sorted:
    """Which facts each indicator and each veto speaks about; those without any are left out."""
    by_item: dict[str, list[Fact]] = {}
    for fact in history:
        by_item.setdefault(fact.item, []).append(fact)

    def meant(selection: Selection) -> list[Fact]:
        found = (fact for item in selection.items if item in by_item for fact in by_item[item])
        return [fact for fact in found if matches(selection, fact)]

    indicators = [(one, facts) for one in standard.indicators if (facts := meant(one.select))]
    return indicators, [(one, facts) for one in standard.vetoes if (facts := meant(one.select))]


def _measure(facts: Sorted, day: date) -> State:
    indicators, vetoes = facts
    return State(
        [(one, chosen, measure(one, chosen, day)) for one, chosen in indicators],
        [(one, chosen, _hit(one, chosen, day)) for one, chosen in vetoes],
    )


def _move(state: State, day: date) -> State:
    return State(
        [row if row[2].turns_on > day else (row[0], row[1], measure(row[0], row[1], day)) for row in state.indicators],
        [row if row[2].turns_on > day else (row[0], row[1], _hit(row[0], row[1], day)) for row in state.vetoes],
    )


def _hit(veto: Veto, facts: Sequence[Fact], day: date) -> Measured:
    counted, turns_on = choose(veto.select, facts, day)
    return Measured(len(counted), tuple(sorted(fact.record_id for fact in counted)), turns_on)


def _grade(standard: Standard, state: State) -> str:
    """The grade of a state, without contributions: what looking ahead needs at every turn."""
    points = _plain_points(standard)
    unmoved = _unmoved(standard)
    for indicator, _, measured in state.indicators:
        points += indicator.points_for(measured.value) - unmoved[indicator.code].points
    return _cap(grade_for(points, standard.cuts), _hits(state))[0]


@lru_cache(maxsize=64)
def _plain_points(standard: Standard) -> int:
    return standard.base + sum(row.points for row in _unmoved(standard).values())


def _hits(state: State) -> tuple[VetoHit, ...]:
    return tuple(
        VetoHit(veto.code, veto.cap, measured.record_ids) for veto, _, measured in state.vetoes if measured.value
    )


def _outcome(standard: Standard, state: State) -> Outcome:
    moved = [contribution_of(one, measured.value, measured.record_ids) for one, _, measured in state.indicators]
    contributions = complete(standard, moved)
    points = sum(row.points for row in contributions)
    hits = _hits(state)
    grade, vetoed_by = _cap(grade_for(points, standard.cuts), hits)
    valid_until = None if state.turns_on == FOREVER else state.turns_on
    return Outcome(points, grade, vetoed_by, contributions, hits, valid_until, None)


def _cap(grade: str, hits: Sequence[VetoHit]) -> tuple[str, str | None]:
    vetoed_by = None
    for hit in hits:
        if is_better(grade, hit.cap):
            grade, vetoed_by = hit.cap, hit.veto
    return grade, vetoed_by


def look_ahead(standard: Standard, state: State, outcome: Outcome) -> Outlook | None:
    """The first day with a better grade if nothing new comes; None where there is none within sixty turns."""
    if outcome.grade == standard.cuts[0].grade:
        return None
    for _ in range(OUTLOOK_STEPS):
        turn = state.turns_on
        if turn == FOREVER:
            return None
        state = _move(state, turn)
        if is_better(_grade(standard, state), outcome.grade):
            return _outlook(turn, outcome, _outcome(standard, state))
    return None


def _outlook(day: date, before: Outcome, after: Outcome) -> Outlook:
    pairs = zip(before.contributions, after.contributions, strict=True)
    risen = [old for old, new in pairs if new.points > old.points]
    still = {hit.veto for hit in after.vetoes}
    lifted = [hit for hit in before.vetoes if hit.veto not in still]
    changed = (*(hit.veto for hit in lifted), *(row.indicator for row in risen))
    record_ids = {one for hit in lifted for one in hit.record_ids} | {one for row in risen for one in row.record_ids}
    return Outlook(day, after.grade, after.points, changed, tuple(sorted(record_ids)))
