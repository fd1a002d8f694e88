"""The same conditions as ``credit.disclosure``, rendered as a SQLAlchemy expression. No rule of its own."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, bindparam, or_

from credit.disclosure import Condition, Rule, View, usable_conditions
from models.records import CurrentRecord


def visible(view: View, today: date) -> ColumnElement[bool]:
    """Rows of the projection that this view shows today."""
    return render(view.conditions(today))


TODAY = bindparam("today", type_=Date())
"""Stands for the day of asking in a prepared statement."""


def visible_today(rule: Rule) -> ColumnElement[bool]:
    """Like ``visible``, for a statement made once and executed with the parameter ``today``."""
    return render(rule.conditions(TODAY))


def usable(day: date) -> ColumnElement[bool]:
    """Rows of the projection that may be used in an evaluation or a measure on ``day``."""
    return render(usable_conditions(day))


def render(conditions: Iterable[Condition]) -> ColumnElement[bool]:
    """Conditions as one expression over ``current_records``."""
    return and_(*(_render(condition) for condition in conditions))


def _render(condition: Condition) -> ColumnElement[bool]:
    column: ColumnElement[Any] = CurrentRecord.__table__.c[condition.column]
    if condition.operator == "in":
        return or_(*(column == value for value in condition.operand))
    if condition.operator == "is":
        return column.is_(condition.operand)
    if condition.operator == "starts":
        before: ColumnElement[bool] = column <= condition.operand
        return before
    return or_(column.is_(None), column >= condition.operand)
