"""Data quality (数据质量): a month of every department for the operator, of its own for a department; the faulty rows as CSV."""

from collections.abc import Iterator

from flask import Response, render_template, request

from api.clock import district_day
from api.console.blueprint import blueprint
from api.database import get_session
from api.security import current_enquirer, require
from credit.collection.quality_measures import read_month
from credit.collection.quality_report import list_faulty_rows, report_quality
from credit.errors import InvalidQuery, NotAuthorised
from credit.exports import BOM, dump_csv
from models.terms import Role

HEADER = ("数据来源", "批次", "批次号", "行号", "栏目", "问题代码", "问题")


@blueprint.get("/quality")
@require("quality:read")
def quality() -> str:
    """The month's report."""
    month = read_month(request.args.get("month"), district_day())
    report = report_quality(get_session(), month, today=district_day(), department_id=wanted_department())
    return render_template("console/quality.html", report=report, one=wanted_department())


@blueprint.get("/quality.csv")
@require("quality:read")
def quality_csv() -> Response:
    """The faulty rows of one department in a month, with row numbers (问题数据清单)."""
    month = read_month(request.args.get("month"), district_day())
    department_id = wanted_department()
    if department_id is None:
        raise InvalidQuery("请先选定一个部门")
    rows = list_faulty_rows(get_session(), month, department_id)
    answer = Response("".join(csv_lines(rows)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="quality-{month:%Y-%m}.csv"'
    return answer


def csv_lines(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """Header and rows as inert CSV."""
    yield BOM + dump_csv([HEADER])
    for row in rows:
        yield dump_csv([row])


def wanted_department() -> int | None:
    """The own department; for the operator the one named in the address, None for all."""
    enquirer = current_enquirer()
    if enquirer.role is not Role.operator:
        if enquirer.department_id is None:
            raise NotAuthorised("该账户不属于任何部门")
        return enquirer.department_id
    named = request.args.get("department", "")
    return int(named) if named.isascii() and named.isdigit() and len(named) <= 9 else None
