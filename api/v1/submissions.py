"""Submissions (报送): a department's program pushes rows of its own sources, and fetches what became of them."""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from flask import Response, request, stream_with_context
from marshmallow import fields, validate
from werkzeug.exceptions import UnsupportedMediaType

from api.clock import district_day, moment
from api.content import Strict, StrictBlueprint, read_json
from api.database import get_session, open_reading_session
from api.idempotency import HEADER, idempotent
from api.paging import dump_cursor, load_cursor
from api.reading import cursor, page_size
from api.security import current_enquirer, require
from api.v1.answers import Moment
from credit.collection.batches import DeliveryReport
from credit.collection.push import MOST_ROWS, submit_csv, submit_rows
from credit.collection.rejections import RejectedRow, dump_rejections, get_own_batch, list_own_rejections
from credit.collection.status import DeliveryStatus
from credit.enquirer import Enquirer
from credit.enquiries import logged

blueprint = StrictBlueprint("submissions", __name__, description="数据报送")
BODY_BYTES = 32 * 1024 * 1024
PAGE = 1_000
ROWS = {
    "type": "array",
    "minItems": 1,
    "maxItems": MOST_ROWS,
    "items": {
        "type": "object",
        "additionalProperties": {"nullable": True, "anyOf": [{"type": "string"}, {"type": "number"}]},
    },
}
BODY = {
    "description": "字段名为数据源描述的列名，或双公示 2018、2015 年格式的字段代码；未知字段整批拒绝",
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["rows"],
                        "additionalProperties": False,
                        "properties": {"rows": ROWS},
                    },
                    ROWS,
                ]
            }
        },
        "text/csv": {"schema": {"type": "string", "description": "首行为表头；UTF-8、UTF-16 或 GB18030"}},
    },
}


class ReportSchema(ma.Schema):
    """What became of the rows; received = accepted + unchanged + superseded + parked + rejected."""

    source = fields.String(required=True)
    batch = fields.String(required=True, metadata={"description": "批次号"})
    received = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    superseded = fields.Integer(required=True)
    parked = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    by_fault = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class SubmittedSchema(ReportSchema):
    """The report of a submission."""

    columns_dropped = fields.Integer(required=True)
    records_made = fields.Integer(required=True)
    repeated = fields.Boolean(required=True, metadata={"description": "相同内容此前已收到，未作改动"})


class BatchSchema(ReportSchema):
    """A delivery of the own department."""

    batch = fields.String(required=True, attribute="ref")
    source_title = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True)
    mode = fields.String(required=True)
    received_at = Moment(required=True)
    note = fields.String(required=True, allow_none=True)


class FaultOfRow(ma.Schema):
    """One thing wrong with a row."""

    column = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class RejectedSchema(ma.Schema):
    """A row turned away."""

    row = fields.Integer(required=True, metadata={"description": "行号"})
    faults = fields.List(fields.Nested(FaultOfRow), required=True)
    content = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class RejectionsAnswer(ma.Schema):
    """A page of rows turned away."""

    items = fields.List(fields.Nested(RejectedSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RejectionsQuery(Strict):
    """Where to go on, and in which form."""

    limit = page_size(100)
    cursor = cursor()
    format = fields.String(
        load_default=None, validate=validate.OneOf(["json", "csv"]), metadata={"description": "csv：整批下载"}
    )


@blueprint.before_request
def take_larger_bodies() -> None:
    """Five thousand rows of the publicity layout need more than other requests."""
    request.max_content_length = BODY_BYTES


@blueprint.post("/submissions/<source>")
@idempotent(blueprint)
@require("submissions:write")
@blueprint.doc(requestBody=BODY)
@blueprint.response(201, SubmittedSchema)
def submit(source: str) -> DeliveryReport:
    """推送本部门数据源的若干行（至多 5,000 行），答复与命令行归集相同。"""
    given: dict[str, Any] = {"key": request.headers.get(HEADER), "clock": moment, "today": district_day()}
    body = request.get_data()
    if request.mimetype == "text/csv":
        return submit_csv(get_session(), current_enquirer(), source, body, **given)
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    return submit_rows(get_session(), current_enquirer(), source, _rows(read_json(body)), **given)


@blueprint.get("/batches/<ref>")
@require("submissions:write")
@blueprint.response(200, BatchSchema)
def show_batch(ref: str) -> DeliveryStatus:
    """本部门的一个批次及其数量。"""
    return get_own_batch(get_session(), current_enquirer(), ref)


@blueprint.get("/batches/<ref>/rejections")
@require("submissions:write")
@blueprint.arguments(RejectionsQuery, location="query")
@blueprint.response(200, RejectionsAnswer)
@blueprint.alt_response(200, schema={"type": "string"}, content_type="text/csv", success=True)
def list_rejections(query: dict[str, Any], ref: str) -> Any:
    """退回的行：行号、问题和原行内容（证件号码已遮盖）；`format=csv` 或 `Accept: text/csv` 时为 CSV。"""
    enquirer, after = current_enquirer(), load_cursor(query["cursor"])
    with logged(get_session(), enquirer, "rejections", now=moment()):
        rows = list_own_rejections(get_session(), enquirer, ref, after=after, limit=query["limit"])
    if query["format"] == "csv" or (query["format"] is None and _prefers_csv()):
        return _csv_answer(enquirer, ref)
    more = rows[-1].row if len(rows) == query["limit"] else None
    return {"items": [row._asdict() for row in rows], "next_cursor": dump_cursor(more)}


def _rows(content: Any) -> Any:
    """The rows of a JSON body: ``{"rows": […]}`` or the list alone."""
    if isinstance(content, dict):
        unknown = {name: ["Unknown field."] for name in content.keys() - {"rows"}}
        if unknown or "rows" not in content:
            raise ma.ValidationError(unknown or {"rows": ["Missing data for required field."]})
        content = content["rows"]
    if not isinstance(content, list):
        raise ma.ValidationError({"rows": ["Invalid input type."]})
    return content


def _prefers_csv() -> bool:
    return request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"


def _csv_answer(enquirer: Enquirer, ref: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{ref}.csv"', "Cache-Control": "no-store"}
    lines = stream_with_context(dump_rejections(_pages(enquirer, ref)))
    return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _pages(enquirer: Enquirer, ref: str) -> Iterator[list[RejectedRow]]:
    """All rows turned away, a page at a time, each in a reading transaction of its own."""
    after = 0
    while True:
        with open_reading_session() as session:
            rows = list_own_rejections(session, enquirer, ref, after=after, limit=PAGE)
        if not rows:
            return
        yield rows
        after = rows[-1].row
