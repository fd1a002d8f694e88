"""Who may take which step of an edition (清单版次) and when: judged by the published procedure and what happened. [pure]

The procedure is data (``reference/edition-procedure-*.yaml``). What would punish more than before may be reviewed for legality
only after the public could comment for the term of law and every comment was answered (国办发〔2020〕49号（七）).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import yaml

from credit.catalogue import REFERENCE, Basis
from credit.enquirer import Enquirer
from credit.errors import Conflict, InvalidContent, NotAuthorised
from models.terms import Role

PROCEDURE_FILE: Final = REFERENCE / "edition-procedure-2026-1.yaml"
ACCEPTED, CONSULTING = "accepted", "consulting"
REVIEWS: Final = frozenset({"approve", "refuse"})
LONGEST_CONSULTATION: Final = timedelta(days=365)
LONGEST_LEAD: Final = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class StepRule:
    """One step: from which states to which, by which roles; not by whoever took one of ``other_than``."""

    kind: str
    name: str
    from_states: frozenset[str]
    to: str
    roles: frozenset[Role]
    other_than: tuple[str, ...] = ()
    other_department: bool = False


@dataclass(frozen=True, slots=True)
class Procedure:
    """The whole procedure: steps, names of states, and how many days the public has (punitive, otherwise)."""

    steps: Mapping[str, StepRule]
    states: Mapping[str, str]
    least_days: int
    voluntary_least_days: int
    basis: Basis


class Situation(NamedTuple):
    """Where a proposal stands: its state, who took which steps (account ids), comments without an answer."""

    state: str
    punitive: bool
    comment_until: date | None
    takers: Mapping[str, frozenset[int]]
    department_id: int | None
    unanswered: int


@cache
def load_procedure(path: Path = PROCEDURE_FILE) -> Procedure:
    """Read the procedure."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = {kind: _read_step(kind, entry) for kind, entry in content["steps"].items()}
    comment = content["comment"]
    return Procedure(
        MappingProxyType(steps),
        MappingProxyType(content["states"]),
        int(comment["least_days"]),
        int(comment["voluntary_least_days"]),
        Basis(**comment["basis"]),
    )


def _read_step(kind: str, entry: Mapping[str, Any]) -> StepRule:
    return StepRule(
        kind,
        str(entry["name"]),
        frozenset(entry["from"]),
        str(entry["to"]),
        frozenset(Role(role) for role in entry["roles"]),
        tuple(entry.get("other_than") or ()),
        bool(entry.get("other_department")),
    )


def judge_step(procedure: Procedure, kind: str, situation: Situation, actor: Enquirer, today: date) -> StepRule:
    """The rule under which this actor may take this step today.

    Raises NotAuthorised (wrong role, or reviewer and proposer are one), Conflict (out of order, comments still open).
    """
    rule = procedure.steps.get(kind)
    if rule is None:
        raise InvalidContent("没有这个步骤", faults=[{"field": "kind", "code": "UNKNOWN", "message": "没有这个步骤"}])
    _judge_actor(procedure, rule, situation, actor)
    if situation.state not in rule.from_states:
        state = procedure.states.get(situation.state, situation.state)
        raise Conflict(f"当前状态为“{state}”，不能办理“{rule.name}”")
    if kind in REVIEWS and situation.state == ACCEPTED and situation.punitive:
        raise Conflict(
            f"含惩戒性内容，须先公开征求意见不少于{procedure.least_days}日"
            f"（{procedure.basis.instrument}{procedure.basis.article}）"
        )
    if kind == "conclude":
        _judge_conclusion(situation, today)
    return rule


def _judge_actor(procedure: Procedure, rule: StepRule, situation: Situation, actor: Enquirer) -> None:
    if actor.role not in rule.roles or actor.account_id is None:
        raise NotAuthorised(f"“{rule.name}”不由该角色办理")
    for earlier in rule.other_than:
        if actor.account_id in situation.takers.get(earlier, frozenset()):
            raise NotAuthorised(f"办理过“{procedure.steps[earlier].name}”的人员不得办理“{rule.name}”")
    own = actor.department_id is not None and actor.department_id == situation.department_id
    if rule.other_department and own:
        raise NotAuthorised(f"“{rule.name}”不得由提出部门办理")
    if rule.kind == "withdraw" and not own:
        raise NotAuthorised("只有提出部门可以撤回")


def _judge_conclusion(situation: Situation, today: date) -> None:
    if situation.comment_until is None or today <= situation.comment_until:
        raise Conflict(f"征求意见至 {situation.comment_until}（含当日），期限未满")
    if situation.unanswered:
        raise Conflict(f"还有 {situation.unanswered} 条意见没有答复")


def possible_steps(procedure: Procedure, situation: Situation, actor: Enquirer, today: date) -> tuple[StepRule, ...]:
    """The steps this actor may take today, in the order of the procedure."""
    found = []
    for kind in procedure.steps:
        try:
            found.append(judge_step(procedure, kind, situation, actor, today))
        except (Conflict, NotAuthorised):
            continue
    return tuple(rule for rule in found if rule.from_states)


def judge_consultation(procedure: Procedure, punitive: bool, today: date, until: date | None) -> date:
    """The last day for comments; InvalidContent where it leaves the public less than its term."""
    days = procedure.least_days if punitive else procedure.voluntary_least_days
    least = today + timedelta(days=days)
    if until is None or until < least:
        raise _wrong_day(f"征求意见须不少于{days}日，最早至 {least}（含当日）")
    if until > today + LONGEST_CONSULTATION:
        raise _wrong_day("征求意见期限过长")
    return until


def judge_first_day(today: date, day: date | None, in_force_from: date) -> date:
    """The first day of an edition; InvalidContent before today, before the edition in force, or years away."""
    if day is None or day < today:
        raise _wrong_day("施行日期不得早于公布日期")
    if day < in_force_from:
        raise _wrong_day(f"施行日期不得早于现行版次的施行日期 {in_force_from}")
    if day > today + LONGEST_LEAD:
        raise _wrong_day("施行日期过远")
    return day


def _wrong_day(message: str) -> InvalidContent:
    return InvalidContent(message, faults=[{"field": "day", "code": "DAY", "message": message}])
