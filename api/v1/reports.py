"""Reports (信用报告): issue one, fetch it again, and ask whether one is genuine."""

from typing import Any

import marshmallow as ma
from flask import Response, current_app, url_for
from marshmallow import fields, validate

from api.clock import district_day, moment
from api.content import StrictBlueprint
from api.database import get_session
from api.idempotency import idempotent
from api.reading import Day, Why, text
from api.security import current_enquirer, require
from api.settings import public_address
from api.v1.answers import Moment
from reports.gather import KINDS
from reports.issue import Issued, Verification, get_report_pdf, issue_report, verify_code

blueprint = StrictBlueprint("reports", __name__, description="信用报告")
PDF = {"type": "string", "format": "binary"}


class ReportRequest(Why):
    """A report to be issued."""

    subject = text(64, "统一社会信用代码或主体标识", required=True)
    kind = fields.String(load_default="public", validate=validate.OneOf(list(KINDS)), metadata={"description": "种类"})
    as_of = Day(load_default=None, metadata={"description": "事实所属日期"})


class IssuedSchema(ma.Schema):
    """An issued report."""

    number = fields.String(required=True)
    verification_code = fields.String(required=True)
    kind = fields.String(required=True)
    as_of = fields.Date(required=True)
    issued_at = Moment(required=True)
    enquiry = fields.String(required=True, metadata={"description": "查询回执"})
    pdf = fields.Function(
        lambda issued: url_for("reports.fetch", number=issued.number),
        metadata={"type": "string", "description": "下载地址"},
    )


class VerificationSchema(ma.Schema):
    """Whether a report is genuine, current, superseded or withdrawn."""

    number = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": ["current", "superseded", "withdrawn"]})
    state_name = fields.String(required=True)
    kind = fields.String(required=True)
    as_of = fields.Date(required=True)
    issued_at = Moment(required=True)
    issuer = fields.String(required=True)
    sha256 = fields.String(required=True, metadata={"description": "文件摘要"})


@blueprint.post("/reports")
@idempotent(blueprint)
@require("reports:write")
@blueprint.arguments(ReportRequest)
@blueprint.response(201, IssuedSchema)
def issue(given: dict[str, Any]) -> Issued:
    """签发信用报告。完整报告只提供给本人、获授权的机构和依职责查询的部门。"""
    enquirer = current_enquirer().asking(given["purpose"], given["case"])
    return issue_report(
        get_session(), enquirer, given["subject"], kind=given["kind"], as_of=given["as_of"], today=district_day(),
        now=moment(), public_url=public_address(current_app.extensions["credit.settings"]),
    )  # fmt: skip


@blueprint.get("/reports/<number>.pdf")
@require("public:read")
@blueprint.response(200, PDF, content_type="application/pdf")
def fetch(number: str) -> Response:
    """下载已签发的报告；非公开报告只限签发时的账户。"""
    pdf = get_report_pdf(get_session(), current_enquirer(), number, today=district_day(), now=moment())
    disposition = {"Content-Disposition": f'attachment; filename="{number}.pdf"'}
    return Response(pdf, content_type="application/pdf", headers=disposition)


@blueprint.get("/reports/verifications/<code>")
@require("public:read")
@blueprint.response(200, VerificationSchema)
def verify(code: str) -> Verification:
    """核验报告真伪及是否仍为现行内容。"""
    return verify_code(get_session(), code, today=district_day(), now=moment())
