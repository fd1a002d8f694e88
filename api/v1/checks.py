"""The approval check (信用核查): what bears on a matter for each subject of a case; and what was decided (用信反馈)."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from api.clock import district_day, moment
from api.content import Strict, StrictBlueprint
from api.database import get_session
from api.idempotency import idempotent
from api.reading import text
from api.security import current_enquirer, require
from api.v1.answers import Moment
from credit.checks import MOST_SUBJECTS, OUTCOMES, ROLES, Asked, CheckView, check_subjects, report_outcome

blueprint = StrictBlueprint("checks", __name__, description="信用核查")


class AskedSchema(Strict):
    """One subject of the case and its role in it."""

    code = text(64, "统一社会信用代码或主体标识（自然人只用主体标识）", required=True)
    role = fields.String(required=True, validate=validate.OneOf(sorted(ROLES)), metadata={"description": "主体角色"})


class CheckRequest(Strict):
    """A case to be checked."""

    subjects = fields.List(fields.Nested(AskedSchema), required=True, validate=validate.Length(1, MOST_SUBJECTS))
    matter = text(64, "事项编码：本平台编码或政务服务事项实施编码", required=True)
    case = text(64, "办件编号", required=True)
    purpose = text(48, "查询用途，默认 approval")


class FindingSchema(ma.Schema):
    """One thing that bears on the matter."""

    kind = fields.String(required=True)
    code = fields.String(required=True)
    title = fields.String(required=True)
    tone = fields.String(required=True)
    authority = fields.String(required=True)
    document_number = fields.String(required=True)
    decided_on = fields.Date(required=True, allow_none=True)
    until = fields.Date(required=True, allow_none=True)
    basis = fields.String(required=True)
    record = fields.String(required=True)


class MeasureSchema(ma.Schema):
    """A measure (奖惩措施) that bears on the matter."""

    code = fields.String(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    content = fields.String(required=True)
    basis = fields.String(required=True)
    executed_by = fields.String(required=True)
    applicable = fields.Boolean(required=True)
    because_of = fields.List(fields.String(), required=True)


class CheckedSchema(ma.Schema):
    """What stands for or against one subject."""

    ref = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    role = fields.String(required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)
    measures = fields.List(fields.Nested(MeasureSchema), required=True)


class CheckAnswer(ma.Schema):
    """The answer to a check."""

    id = fields.String(required=True)
    matter = fields.String(required=True)
    matter_name = fields.String(required=True)
    case = fields.String(required=True)
    subjects = fields.List(fields.Nested(CheckedSchema), required=True)
    suggestion = fields.String(required=True)
    suggestion_name = fields.String(required=True)
    reasons = fields.List(fields.String(), required=True)
    basis = fields.String(required=True)
    note = fields.String(required=True)
    valid_until = Moment(required=True)
    enquiry = fields.String(required=True, metadata={"description": "查询回执"})


class OutcomeRequest(Strict):
    """What the officer decided."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    measures = fields.List(
        fields.String(validate=validate.Length(1, 48)), load_default=list, validate=validate.Length(max=50)
    )
    reason = fields.String(
        load_default="", validate=validate.Length(max=400), metadata={"description": "未采取措施的理由"}
    )


@blueprint.post("/checks")
@idempotent(blueprint)
@require("checks:write")
@blueprint.arguments(CheckRequest)
@blueprint.response(201, CheckAnswer)
def check(given: dict[str, Any]) -> CheckView:
    """核查一个办件涉及的各主体，只返回与本事项相关的信息、适用措施及依据和办理建议。"""
    enquirer = current_enquirer().asking(given["purpose"], given["case"])
    asked = [Asked(**one) for one in given["subjects"]]
    return check_subjects(
        get_session(), enquirer, asked, matter=given["matter"], case_number=given["case"], today=district_day(),
        now=moment(),
    )  # fmt: skip


@blueprint.post("/checks/<ref>/outcome")
@require("checks:write")
@blueprint.arguments(OutcomeRequest)
@blueprint.response(204)
def tell_outcome(given: dict[str, Any], ref: str) -> None:
    """反馈用信结果：已采取的措施，或未采取措施的理由。"""
    report_outcome(get_session(), current_enquirer(), ref, **given, now=moment())
