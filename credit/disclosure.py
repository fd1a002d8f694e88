"""Who may know what: the one place that decides it.

The declaration is data (``reference/disclosure-*.yaml``). From it this module picks the *view* an enquirer has of a subject,
and a view turns into a short list of *conditions* on the projection's columns. The conditions are rendered twice: here over
plain rows, and in ``credit.disclosure_sql`` as an expression; a property test holds the two equal. The right to see is
always judged by ``today``: the day a question is about (``as_of``) never widens it (上海条例 Art. 35, 38; 令36号 Art. 3).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import yaml

from credit.enquirer import Enquirer
from models.terms import DisclosureLevel, Role, Standing, SubjectKind

Operator = Literal["in", "is", "starts", "ends"]
FieldTreatment = Literal["shown", "masked", "withheld"]


class Condition(NamedTuple):
    """One comparison on a projection column.

    ``in``: the value is one of the operand; ``is``: equals it; ``starts``: there, and not after the operand day
    (empty: never); ``ends``: empty (without end) or not before the operand day (the last day is included).
    """

    column: str
    operator: Operator
    operand: Any


@dataclass(frozen=True, slots=True)
class View:
    """What one kind of enquirer may see of one subject; ``categories`` narrows it to what a consent names."""

    name: str
    levels: tuple[str, ...]
    starts: str | None
    ends: str
    evaluation: bool
    fields: Mapping[str, FieldTreatment]
    categories: frozenset[str] | None = None

    def covers(self, category: str) -> bool:
        """Whether the view reaches a category: a consent's only those it names, any other all."""
        return self.categories is None or category in self.categories

    @property
    def rule(self) -> "Rule":
        """What of this view decides about a record: hashable, so that a statement is made once per rule."""
        return Rule(self.levels, self.starts, self.ends)

    def conditions(self, today: date) -> tuple[Condition, ...]:
        """What a projection row must fulfil to be seen today."""
        return self.rule.conditions(today)


class Rule(NamedTuple):
    """Levels and term columns of a view."""

    levels: tuple[str, ...]
    starts: str | None
    ends: str

    def conditions(self, today: Any) -> tuple[Condition, ...]:
        """What a projection row must fulfil; ``today`` is a day, or a placeholder for one in a prepared statement."""
        wanted = [
            Condition("standing", "in", (Standing.valid.value,)),
            Condition("link_confirmed", "is", True),
            Condition("disclosure", "in", self.levels),
        ]
        if self.starts is not None:
            wanted.append(Condition(self.starts, "starts", today))
        wanted.append(Condition(self.ends, "ends", today))
        return tuple(wanted)


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why one may ask (查询用途)."""

    code: str
    name: str
    roles: frozenset[str]
    case: bool
    persons: bool


@dataclass(frozen=True, slots=True)
class DisclosureTable:
    """The whole declaration, checked when loaded."""

    edition: str
    views: Mapping[str, View]
    roles: Mapping[str, Mapping[str, str | None]]
    purposes: Mapping[str, Purpose]


class Projected(Protocol):
    """A row of the projection, as far as visibility reads it."""

    @property
    def standing(self) -> str: ...  # noqa: D102 (the projection's own columns)
    @property
    def link_confirmed(self) -> bool: ...  # noqa: D102
    @property
    def disclosure(self) -> str: ...  # noqa: D102


RowT = TypeVar("RowT", bound=Projected)


def load_disclosure(path: Path) -> DisclosureTable:
    """Read and check the declaration; every role and every field treatment must be there (closed unless opened)."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    views = {name: _read_view(name, body) for name, body in raw["views"].items()}
    roles: dict[str, Mapping[str, str | None]] = {}
    for role in Role:
        row = raw["roles"][role.value]
        unknown = {view for view in row.values() if view is not None} - set(views)
        if unknown or not {"organisations", "persons", "own"} <= set(row):
            raise ValueError(f"disclosure table: role {role} names no or unknown views {sorted(unknown)}")
        roles[role.value] = row
    purposes = {
        code: Purpose(code, body["name"], frozenset(body["roles"]), body["case"], body["persons"])
        for code, body in raw["purposes"].items()
    }
    return DisclosureTable(str(raw["edition"]), views, roles, purposes)


def _read_view(name: str, body: Mapping[str, Any]) -> View:
    levels = tuple(DisclosureLevel(level).value for level in body["levels"])
    starts, ends = body["days"]
    allowed = {"shown", "masked", "withheld"}
    wanted = {level.value for level in DisclosureLevel} | {"identity_number", "person_name"}
    if set(body["fields"]) != wanted or not set(body["fields"].values()) <= allowed:
        raise ValueError(f"disclosure table: view {name} must treat exactly {sorted(wanted)}")
    return View(name, levels, starts, ends, body["evaluation"] is True, body["fields"])


def view_of(
    table: DisclosureTable,
    enquirer: Enquirer,
    *,
    subject_id: int,
    subject_kind: str,
    consented: frozenset[str] | None = None,
) -> View | None:
    """The view this enquirer has of this subject; None: nothing, not even that it exists.

    ``consented`` is the set of categories a valid authorisation names (agencies), or None without one. A regulator sees a
    person only for a purpose whose duty covers persons.
    """
    row = table.roles[enquirer.role.value]
    if enquirer.subject_id == subject_id and row["own"] is not None:
        return table.views[row["own"]]
    if consented is not None and row.get("with_consent") is not None:
        base = table.views[str(row["with_consent"])]
        return View(
            base.name, base.levels, base.starts, base.ends, "evaluation" in consented, base.fields, frozenset(consented)
        )
    if subject_kind == SubjectKind.person.value:
        purpose = table.purposes.get(enquirer.purpose or "")
        if row["persons"] is None or purpose is None or not purpose.persons:
            return None
        return table.views[row["persons"]]
    return None if row["organisations"] is None else table.views[row["organisations"]]


def visible_records(rows: Iterable[RowT], view: View, today: date) -> list[RowT]:
    """Keep what this view shows today. With the SQL twin the only judge of visibility."""
    conditions = view.conditions(today)
    return [row for row in rows if all(holds(condition, row) for condition in conditions)]


def holds(condition: Condition, row: Projected) -> bool:
    """Whether one projection row fulfils one condition."""
    value = getattr(row, condition.column)
    if condition.operator == "in":
        return value in condition.operand
    if condition.operator == "is":
        return bool(value) is condition.operand
    if condition.operator == "starts":
        return value is not None and value <= condition.operand
    return value is None or value >= condition.operand


USABLE_ENDS = "use_until"


def usable_conditions(day: date) -> tuple[Condition, ...]:
    """What a projection row must fulfil to be used in an evaluation or a measure on ``day``.

    Repaired, withdrawn and annulled records never; links by name alone never; not after the term of use; while an objection
    runs (异议处理中) not either.
    """
    return (
        Condition("standing", "in", (Standing.valid.value,)),
        Condition("link_confirmed", "is", True),
        Condition("disputed", "is", False),
        Condition(USABLE_ENDS, "ends", day),
    )


def treat_field(
    view: View, *, level: str, field_type: str, subject_kind: str, about_person: bool = False
) -> FieldTreatment:
    """Whether a payload field is shown, masked or withheld: the narrowest of what its level and its type allow."""
    order: dict[FieldTreatment, int] = {"shown": 0, "masked": 1, "withheld": 2}
    treatments = [view.fields[level]]
    if field_type == "identity_number":
        treatments.append(view.fields["identity_number"])
    if about_person or (subject_kind == SubjectKind.person.value and field_type == "person_name"):
        treatments.append(view.fields["person_name"])
    return max(treatments, key=order.__getitem__)
