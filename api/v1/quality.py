"""Data quality (数据质量) of a month: all departments for the operator, its own for a department."""

import dataclasses
from typing import Any

import marshmallow as ma
from flask import Response
from marshmallow import fields

from api.clock import district_day
from api.content import Strict, StrictBlueprint
from api.database import get_session
from api.reading import Count, text
from api.security import current_enquirer, require
from api.v1.wire import json_answer
from credit.collection.quality_measures import Timeliness, read_month
from credit.collection.quality_report import QualityReport, report_quality
from credit.errors import NotAuthorised
from models.terms import Role

blueprint = StrictBlueprint("quality", __name__, description="数据质量")


class QualityQuery(Strict):
    """Which month; the operator may name one department."""

    month = text(7, "月份，如 2026-10；缺省为本月")
    department = Count(load_default=None, metadata={"description": "部门编号，仅平台运行人员可用"})


class TimelinessSchema(ma.Schema):
    """及时率: measured and in time."""

    measured = fields.Integer(required=True)
    on_time = fields.Integer(required=True)
    late = fields.Integer(required=True)
    rate = fields.Float(required=True, allow_none=True)
    provisional = fields.Boolean(required=True)


class SourceQualitySchema(ma.Schema):
    """One source."""

    source = fields.String(required=True)
    title = fields.String(required=True)
    department = fields.String(required=True)
    department_id = fields.Integer(required=True)
    item = fields.String(required=True)
    received = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    superseded = fields.Integer(required=True)
    parked = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    pass_rate = fields.Float(required=True, allow_none=True)
    by_fault = fields.Dict(required=True)
    by_kind = fields.Dict(required=True)
    waiting = fields.Integer(required=True)
    conflicting = fields.Integer(required=True)
    timeliness = fields.Nested(TimelinessSchema, required=True)
    missed = fields.List(fields.String(), required=True)
    late_periods = fields.List(fields.String(), required=True)


class DepartmentQualitySchema(ma.Schema):
    """One department: 合规率, 及时率, 迟报, 漏报."""

    department = fields.String(required=True)
    department_id = fields.Integer(required=True)
    received = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    pass_rate = fields.Float(required=True, allow_none=True)
    timeliness = fields.Nested(TimelinessSchema, required=True)
    late_periods = fields.Integer(required=True)
    missed = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    conflicting = fields.Integer(required=True)


class GapSchema(ma.Schema):
    """A series of document numbers with numbers left out: a hint, no proof."""

    authority = fields.String(required=True)
    series = fields.String(required=True)
    known = fields.Integer(required=True)
    lowest = fields.Integer(required=True)
    highest = fields.Integer(required=True)
    missing = fields.Integer(required=True)
    ranges = fields.List(fields.List(fields.Integer()), required=True)


class QualityAnswer(ma.Schema):
    """The month; ``gaps`` only for one department."""

    month = fields.String(required=True)
    departments = fields.List(fields.Nested(DepartmentQualitySchema), required=True)
    sources = fields.List(fields.Nested(SourceQualitySchema), required=True)
    gaps = fields.List(fields.Nested(GapSchema), required=True)


@blueprint.get("/quality")
@require("quality:read")
@blueprint.arguments(QualityQuery, location="query")
@blueprint.response(200, QualityAnswer)
def show_quality(query: dict[str, Any]) -> Response:
    """数据质量月报：各来源和部门的数量、合规率、及时率、迟报、漏报，以及文号缺口线索。"""
    month = read_month(query["month"], district_day())
    department_id = _department(query["department"])
    report = report_quality(get_session(), month, today=district_day(), department_id=department_id)
    return json_answer(dump_quality(report))


def _department(named: int | None) -> int | None:
    enquirer = current_enquirer()
    if enquirer.role is Role.operator:
        return named
    if enquirer.department_id is None or named not in (None, enquirer.department_id):
        raise NotAuthorised("只能查看本部门的数据质量")
    return enquirer.department_id


def dump_quality(report: QualityReport) -> dict[str, Any]:
    """A report as JSON has it."""
    return {
        "month": f"{report.month:%Y-%m}",
        "departments": [_dump(one) for one in report.departments],
        "sources": [{**_dump(one), "pass_rate": one.pass_rate} for one in report.sources],
        "gaps": [gap._asdict() for gap in report.gaps],
    }


def _dump(row: Any) -> dict[str, Any]:
    values = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    timeliness: Timeliness = values["timeliness"]
    return {**values, "timeliness": {**timeliness._asdict(), "late": timeliness.late, "rate": timeliness.rate}}
