"""Subjects (信用主体): look one up, search by name, find a person by number, and who asked about me."""

from typing import Any

import marshmallow as ma
from flask import Response
from marshmallow import fields

from api.clock import district_day, moment
from api.content import Strict, StrictBlueprint
from api.database import get_session
from api.reading import Day, Why, cursor, page_size, text
from api.security import current_enquirer, require
from api.v1.answers import Moment, SubjectSchema, dump_subject
from api.v1.wire import json_answer
from credit.enquirer import Enquirer
from credit.lookup import lookup_person, lookup_subject, search_subjects
from credit.own import list_own_enquiries
from credit.views import EnquiryView, SearchPage

blueprint = StrictBlueprint("subjects", __name__, description="信用主体查询")


class LookupQuery(Why):
    """A question about one subject."""

    as_of = Day(load_default=None, metadata={"description": "事实所属日期，不改变查看权限"})


class SearchQuery(Strict):
    """A search by name."""

    name = text(100, "名称中的任意两个以上连续字符，含曾用名", required=True)
    limit = page_size(20)
    cursor = cursor()


class HitSchema(ma.Schema):
    """An organisation found by name."""

    ref = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    matched = fields.String(required=True, allow_none=True, metadata={"description": "匹配到的曾用名"})


class SearchAnswer(ma.Schema):
    """A page of organisations, best first."""

    items = fields.List(fields.Nested(HitSchema), required=True, attribute="hits")
    next_cursor = fields.String(required=True, allow_none=True)


class PersonQuestion(Why):
    """A question about a person, by number, in the body only."""

    number = text(32, "公民身份号码", required=True)


class EnquirySchema(ma.Schema):
    """Who asked about me, when, why, and what they saw."""

    receipt = fields.String(required=True)
    asked_at = Moment(required=True)
    role = fields.String(required=True)
    organisation = fields.String(required=True)
    action = fields.String(required=True)
    purpose = fields.String(required=True, allow_none=True)
    case_number = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True)
    shown = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class EnquiriesAnswer(ma.Schema):
    """The latest enquiries, newest first."""

    items = fields.List(fields.Nested(EnquirySchema), required=True)


@blueprint.get("/subjects/<code>")
@require("subjects:read")
@blueprint.arguments(LookupQuery, location="query")
@blueprint.response(200, SubjectSchema)
def show_subject(query: dict[str, Any], code: str) -> Response:
    """查询一个信用主体：身份、分类信用信息、名单、评价、异议、数据更新时间和查询回执。

    只返回查询人有权查看的内容；`categories_by_right` 说明哪些类别需要授权或职责，与被查询主体无关。
    """
    view = lookup_subject(get_session(), _asking(query), code, as_of=query["as_of"], today=district_day(), now=moment())
    return json_answer(dump_subject(view))


@blueprint.get("/subjects")
@require("public:read")
@blueprint.arguments(SearchQuery, location="query")
@blueprint.response(200, SearchAnswer)
def search(query: dict[str, Any]) -> Response:
    """按名称查找组织，支持任意两个以上连续字符及曾用名。"""
    page = search_subjects(
        get_session(), current_enquirer(), query["name"], limit=query["limit"], cursor=query["cursor"], now=moment()
    )
    return json_answer(dump_page(page))


def dump_page(page: SearchPage) -> dict[str, Any]:
    """A page as ``SearchAnswer`` describes it, written directly: the most frequent answer of all."""
    hits = [
        {"ref": hit.ref, "code": hit.code, "name": hit.name, "kind": hit.kind, "matched": hit.matched}
        for hit in page.hits
    ]
    return {"items": hits, "next_cursor": page.next_cursor}


@blueprint.post("/subjects/find")
@require("persons:find")
@blueprint.arguments(PersonQuestion)
@blueprint.response(200, SubjectSchema)
def find_person(question: dict[str, Any]) -> Response:
    """按证件号码查询自然人，限依职责查询。不存在与无权查看的答复相同。"""
    view = lookup_person(get_session(), _asking(question), question["number"], today=district_day(), now=moment())
    return json_answer(dump_subject(view))


@blueprint.get("/subjects/<code>/enquiries")
@require("enquiries:own")
@blueprint.response(200, EnquiriesAnswer)
def list_enquiries(code: str) -> dict[str, list[EnquiryView]]:
    """本主体的查询记录：谁、何时、为何查询，看到了哪些类别。"""
    return {"items": list_own_enquiries(get_session(), current_enquirer(), code)}


def _asking(given: dict[str, Any]) -> Enquirer:
    return current_enquirer().asking(given["purpose"], given["case"])
