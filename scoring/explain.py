"""Explanations (评价说明): contributions in words, largest first, the vetoes, and what would make the grade better.

An evaluation stores only what has records behind it, packed in one column; the rest follows from the registered card.
The records are named by id, never by content: whoever shows an explanation passes the ids through
``credit.disclosure`` first (another subject's record, or one the asker may not see, then appears as the indicator's
name alone).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from models.evaluations import Evaluation
from scoring.card import HUNDREDTHS, Standard
from scoring.grades import BASE, Contribution, Outcome, Outlook, VetoHit, complete, contribution_of
from scoring.standards import YUAN

RECALCULATING = "重新计算中"


class Reason(NamedTuple):
    """One line of an explanation. ``points`` and ``lost`` in points; ``record_ids`` for disclosure to judge."""

    code: str
    name: str
    group: tuple[str, str]
    value: int | str | None
    points: float
    lost: float
    text: str
    basis: str
    record_ids: tuple[int, ...]


class Explanation(NamedTuple):
    """What the subject is told. ``grade`` is None while the evaluation is stale (重新计算中)."""

    headline: str
    grade: str | None
    points: float
    reasons: tuple[Reason, ...]
    vetoes: tuple[Reason, ...]
    outlook: str | None
    valid_until: date | None


def pack(outcome: Outcome) -> list[Any]:
    """The packed column: one list per indicator with records behind it, then one object with vetoes and outlook."""
    rows: list[Any] = [
        [row.indicator, row.value, row.points, list(row.record_ids)] for row in outcome.contributions if row.record_ids
    ]
    outlook = outcome.outlook
    vetoes = [[hit.veto, list(hit.record_ids)] for hit in outcome.vetoes]
    if outlook is None:
        return [*rows, {"vetoes": vetoes}]
    ahead = [outlook.day.isoformat(), outlook.grade, outlook.points, list(outlook.changed), list(outlook.record_ids)]
    return [*rows, {"vetoes": vetoes, "outlook": ahead}]


def unpack(
    standard: Standard, packed: Sequence[Any]
) -> tuple[tuple[Contribution, ...], tuple[VetoHit, ...], Outlook | None]:
    """All contributions (base first; their sum is the points), veto hits and outlook from the packed column."""
    moved = []
    for code, value, points, record_ids in packed[:-1]:
        indicator = standard.find_indicator(code)
        if indicator is not None:
            moved.append(contribution_of(indicator, value, tuple(record_ids))._replace(points=points))
    tail = packed[-1]
    hits = tuple(
        VetoHit(code, veto.cap, tuple(record_ids))
        for code, record_ids in tail["vetoes"]
        if (veto := standard.find_veto(code)) is not None
    )
    ahead = tail.get("outlook")
    outlook = None
    if ahead is not None:
        day, grade, points, changed, record_ids = ahead
        outlook = Outlook(date.fromisoformat(day), grade, points, tuple(changed), tuple(record_ids))
    return complete(standard, moved), hits, outlook


def is_stale(evaluation: Evaluation, today: date) -> bool:
    """Whether a window or term has turned since; a stale evaluation is shown as 重新计算中, never as it was."""
    return evaluation.valid_until is not None and evaluation.valid_until <= today


def explain(standard: Standard, evaluation: Evaluation, *, today: date) -> Explanation:
    """An evaluation in words, the largest effects first; a stale one says so and gives no grade."""
    contributions, hits, outlook = unpack(standard, evaluation.contributions)
    stale = is_stale(evaluation, today)
    shown = RECALCULATING if stale else evaluation.grade
    return Explanation(
        headline=f"{standard.title} {shown}",
        grade=None if stale else evaluation.grade,
        points=evaluation.points / HUNDREDTHS,
        reasons=explain_contributions(standard, contributions),
        vetoes=tuple(_veto_reason(standard, hit) for hit in hits),
        outlook=None if stale or outlook is None else explain_outlook(standard, outlook),
        valid_until=evaluation.valid_until,
    )


def explain_contributions(standard: Standard, contributions: Iterable[Contribution]) -> tuple[Reason, ...]:
    """One line per indicator that gained or lost something: largest effect first, then the chances missed."""
    lines = []
    for row in contributions:
        indicator = standard.find_indicator(row.indicator)
        if row.indicator == BASE or indicator is None or not (row.points or row.lost):
            continue
        template = indicator.gained if row.lost == 0 or row.points > 0 else indicator.lost
        text = template.format(value=show_value(row.value, indicator.unit))
        lines.append(
            Reason(
                indicator.code,
                indicator.name,
                indicator.group,
                row.value,
                row.points / HUNDREDTHS,
                row.lost / HUNDREDTHS,
                text,
                indicator.basis,
                row.record_ids,
            )
        )
    return tuple(sorted(lines, key=lambda line: (-abs(line.points), -line.lost, line.code)))


def _veto_reason(standard: Standard, hit: VetoHit) -> Reason:
    veto = standard.find_veto(hit.veto)
    if veto is None:
        return Reason(hit.veto, hit.veto, ("", ""), None, 0, 0, "", "", hit.record_ids)
    return Reason(veto.code, veto.name, ("等级上限", hit.cap), None, 0, 0, veto.reason, veto.basis, hit.record_ids)


def explain_outlook(standard: Standard, outlook: Outlook) -> str:
    """The counterfactual as a sentence."""
    names = [
        named.name
        for code in outlook.changed
        if (named := standard.find_indicator(code) or standard.find_veto(code)) is not None
    ]
    because = f"（届时变化：{'、'.join(names)}）" if names else ""
    day = f"{outlook.day.year}年{outlook.day.month}月{outlook.day.day}日"
    return f"如无新增信息，{day}起可为{standard.title} {outlook.grade}{because}"


def show_value(value: int | str | None, unit: str) -> str:
    """A value as people read it: yuan with separators, numbers plain, nothing as 无."""
    if value is None:
        return "无"
    if isinstance(value, int) and unit == YUAN:
        return f"{value / HUNDREDTHS:,.2f}"
    return str(value)
