"""Fields of requests, read more strictly than the framework does.

Full-width digits, week dates and spaces are neither days nor counts, though Python reads them as such.
"""

import re
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from api.content import Strict

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,6}", re.ASCII)
LARGEST_PAGE = 200


class Day(fields.Date):
    """A day as ``YYYY-MM-DD`` and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or _DAY.fullmatch(value) is None:
            raise ma.ValidationError("须为 YYYY-MM-DD 格式的日期")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ma.ValidationError("日期不存在") from None


class Count(fields.Integer):
    """A whole number in an address, ASCII digits only."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or _COUNT.fullmatch(value) is None:
            raise ma.ValidationError("须为正整数")
        return int(value)


class Flag(fields.Boolean):
    """``true`` or ``false`` in an address."""

    truthy = {"true"}  # noqa: RUF012
    falsy = {"false"}  # noqa: RUF012


def page_size(default: int) -> Count:
    """The ``limit`` parameter of a list."""
    between = validate.Range(1, LARGEST_PAGE, error=f"须在 1 至 {LARGEST_PAGE} 之间")
    return Count(load_default=default, validate=between, metadata={"description": "每页条数"})


def cursor() -> fields.String:
    """The ``cursor`` parameter of a list."""
    return fields.String(
        load_default=None, validate=validate.Length(1, 1000), metadata={"description": "上一页给出的 next_cursor"}
    )


def text(most: int, description: str, *, required: bool = False) -> fields.String:
    """A text of 1 to ``most`` characters; absent is None unless required."""
    bounds = validate.Length(1, most, error=f"须为 1 至 {most} 个字符")
    if required:
        return fields.String(required=True, validate=bounds, metadata={"description": description})
    return fields.String(load_default=None, validate=bounds, metadata={"description": description})


class Why(Strict):
    """Purpose and case of a question (查询用途, 办件编号)."""

    purpose = text(48, "查询用途；监管部门和第三方机构必填")
    case = text(64, "办件编号；用途为办理事项时必填")
