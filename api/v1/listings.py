"""Lists (名单): the lists with their legal basis, and their entries, as far as they are public."""

from typing import Any

import marshmallow as ma
from flask import Response
from marshmallow import fields, validate

from api.clock import district_day
from api.content import Strict, StrictBlueprint
from api.database import get_session
from api.paging import dump_cursor, load_cursor
from api.reading import Flag, cursor, page_size
from api.security import current_enquirer, require
from api.v1.answers import ListingSchema, dump_listing
from api.v1.wire import json_answer
from credit.listings import list_lists, list_public_listings
from credit.views import ListView
from models.terms import ListingKind

blueprint = StrictBlueprint("listings", __name__, description="守信激励与严重失信名单")


class ListSchema(ma.Schema):
    """One list, its field, its legal basis, and who decides."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    field = fields.String(required=True)
    basis = fields.String(required=True)
    verified = fields.Boolean(required=True, metadata={"description": "依据是否已核实"})
    term_years = fields.Integer(required=True, allow_none=True)
    decided_by = fields.String(required=True)
    exit = fields.String(required=True)


class ListsAnswer(ma.Schema):
    """All lists."""

    items = fields.List(fields.Nested(ListSchema), required=True)


class ListingQuery(Strict):
    """Which entries."""

    list_code = fields.String(
        data_key="list", load_default=None, validate=validate.Length(1, 48), metadata={"description": "名单代码"}
    )
    kind = fields.String(load_default=None, validate=validate.OneOf([kind.value for kind in ListingKind]))
    active = Flag(load_default=True, metadata={"description": "仅有效名单；已结束的不再提供"})
    limit = page_size(50)
    cursor = cursor()


class ListingsAnswer(ma.Schema):
    """A page of entries."""

    items = fields.List(fields.Nested(ListingSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


@blueprint.get("/lists")
@require("public:read")
@blueprint.response(200, ListsAnswer)
def show_lists() -> dict[str, list[ListView]]:
    """名单目录：领域、法律依据、认定机关、期限和移出条件。"""
    return {"items": list_lists(get_session())}


@blueprint.get("/listings")
@require("public:read")
@blueprint.arguments(ListingQuery, location="query")
@blueprint.response(200, ListingsAnswer)
def show_listings(query: dict[str, Any]) -> Response:
    """名单条目（社会公开部分）。自然人仅显示遮蔽后的姓名和号码。"""
    after = load_cursor(query.pop("cursor"))
    page = list_public_listings(get_session(), current_enquirer(), after=after, today=district_day(), **query)
    items = [dump_listing(entry) for entry in page.entries]
    return json_answer({"items": items, "next_cursor": dump_cursor(page.next_after)})
