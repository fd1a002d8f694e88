"""Explanations (评价说明): contributions in words, largest first, the vetoes, and what would make the grade better.

An evaluation carries its own explanation: every line that brought points or has records behind it, with its Chinese reason,
so that whoever shows it needs neither the card nor this package. The chances missed (nothing on file, nothing gained) follow
from the registered card. Records are named by id, never by content: the ids pass ``credit.disclosure`` before anything is
shown, and a line whose records the asker may not see appears as the indicator's name alone.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from models.evaluations import Evaluation
from scoring.card import HUNDREDTHS, Indicator, Standard
from scoring.grades import BASE, Contribution, Outcome, Outlook, complete
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


def pack(standard: Standard, outcome: Outcome) -> list[dict[str, Any]]:
    """The stored lines: base, indicators (largest first; their points add up to the whole), vetoes, outlook.

    Each has ``kind``, ``indicator`` (its code), ``name``, ``reason``, ``points`` and ``lost`` in hundredths, ``records`` (ids).
    """
    base = {"kind": BASE, "indicator": BASE, "name": "基础分", "points": standard.base, "reason": "基础分"}
    moved = [row for row in outcome.contributions if row.indicator != BASE and (row.points or row.record_ids)]
    lines = [base, *(_line(standard, row) for row in sorted(moved, key=_largest_first))]
    for hit in outcome.vetoes:
        if (veto := standard.find_veto(hit.veto)) is not None:
            lines.append(
                {"kind": "veto", "indicator": hit.veto, "name": veto.name, "cap": hit.cap, "reason": veto.reason,
                 "records": list(hit.record_ids)}
            )  # fmt: skip
    if (outlook := outcome.outlook) is not None:
        lines.append(
            {"kind": "outlook", "indicator": "outlook", "name": "等级展望", "day": outlook.day.isoformat(),
             "grade": outlook.grade, "points_then": outlook.points, "changed": list(outlook.changed),
             "reason": explain_outlook(standard, outlook), "records": list(outlook.record_ids)}
        )  # fmt: skip
    return lines


def _line(standard: Standard, row: Contribution) -> dict[str, Any]:
    indicator = standard.get_indicator(row.indicator)
    return {
        "kind": "indicator", "indicator": row.indicator, "name": indicator.name, "group": list(indicator.group),
        "value": row.value, "points": row.points, "lost": row.lost, "reason": reason_for(indicator, row),
        "records": list(row.record_ids),
    }  # fmt: skip


def _largest_first(row: Contribution) -> tuple[int, int, str]:
    return (-abs(row.points), -row.lost, row.indicator)


def unpack(standard: Standard, packed: Sequence[dict[str, Any]]) -> tuple[Contribution, ...]:
    """All contributions in the card's order, base first, from the stored lines; their sum is the points."""
    moved = [
        Contribution(line["indicator"], line["value"], line["points"], line["lost"], tuple(line["records"]))
        for line in packed
        if line["kind"] == "indicator"
    ]
    return complete(standard, moved)


def is_stale(evaluation: Evaluation, today: date) -> bool:
    """Whether a window or term has turned since; a stale evaluation is shown as 重新计算中, never as it was."""
    return evaluation.valid_until is not None and evaluation.valid_until <= today


def explain(standard: Standard, evaluation: Evaluation, *, today: date) -> Explanation:
    """An evaluation in words, the largest effects first; a stale one says so and gives no grade."""
    stale = is_stale(evaluation, today)
    shown = RECALCULATING if stale else evaluation.grade
    by_kind: dict[str, list[dict[str, Any]]] = {"veto": [], "outlook": []}
    for line in evaluation.contributions:
        by_kind.setdefault(line["kind"], []).append(line)
    outlook = next((line["reason"] for line in by_kind["outlook"]), None)
    return Explanation(
        headline=f"{standard.title} {shown}",
        grade=None if stale else evaluation.grade,
        points=evaluation.points / HUNDREDTHS,
        reasons=explain_contributions(standard, unpack(standard, evaluation.contributions)),
        vetoes=tuple(_veto_reason(standard, line) for line in by_kind["veto"]),
        outlook=None if stale else outlook,
        valid_until=evaluation.valid_until,
    )


def explain_contributions(standard: Standard, contributions: Iterable[Contribution]) -> tuple[Reason, ...]:
    """One line per indicator that gained or lost something: largest effect first, then the chances missed."""
    moved = [row for row in contributions if row.indicator != BASE and (row.points or row.lost)]
    return tuple(_reason(standard.get_indicator(row.indicator), row) for row in sorted(moved, key=_largest_first))


def _reason(indicator: Indicator, row: Contribution) -> Reason:
    return Reason(
        indicator.code, indicator.name, indicator.group, row.value, row.points / HUNDREDTHS, row.lost / HUNDREDTHS,
        reason_for(indicator, row), indicator.basis, row.record_ids,
    )  # fmt: skip


def reason_for(indicator: Indicator, row: Contribution) -> str:
    """The sentence of one contribution."""
    template = indicator.gained if row.lost == 0 or row.points > 0 else indicator.lost
    return template.format(value=show_value(row.value, indicator.unit))


def _veto_reason(standard: Standard, line: dict[str, Any]) -> Reason:
    veto = standard.find_veto(line["indicator"])
    basis = "" if veto is None else veto.basis
    group = ("等级上限", line["cap"])
    return Reason(line["indicator"], line["name"], group, None, 0, 0, line["reason"], basis, tuple(line["records"]))


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
