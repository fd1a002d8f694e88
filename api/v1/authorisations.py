"""Authorisations (信用授权): a subject lets an agency see named categories, for a purpose, until a day; and takes it back."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from api.clock import district_day, moment
from api.content import Strict, StrictBlueprint
from api.database import get_session
from api.idempotency import idempotent
from api.reading import Day, text
from api.security import current_enquirer, require
from api.v1.answers import Moment
from credit.authorisations import AuthorisationView, get_authorisation, grant, list_authorisations, revoke

blueprint = StrictBlueprint("authorisations", __name__, description="信用授权")


class GrantRequest(Strict):
    """A consent to be given."""

    agency = text(64, "机构标识", required=True)
    categories = fields.List(
        fields.String(validate=validate.Length(1, 48)),
        required=True,
        validate=validate.Length(1, 50),
        metadata={"description": "授权类别；evaluation 为公共信用综合评价"},
    )
    purpose = text(48, "用途", required=True)
    valid_until = Day(required=True, metadata={"description": "授权截止日（含当日）"})


class AuthorisationSchema(ma.Schema):
    """A consent as given."""

    id = fields.String(required=True, attribute="ref")
    agency = fields.String(required=True)
    agency_name = fields.String(required=True)
    categories = fields.List(fields.String(), required=True)
    purpose = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(required=True)
    granted_at = Moment(required=True)
    revoked_at = Moment(required=True, allow_none=True)


class AuthorisationsAnswer(ma.Schema):
    """All consents of the own subject, newest first."""

    items = fields.List(fields.Nested(AuthorisationSchema), required=True)


@blueprint.post("/authorisations")
@idempotent(blueprint)
@require("authorisations:own")
@blueprint.arguments(GrantRequest)
@blueprint.response(201, AuthorisationSchema)
def give(given: dict[str, Any]) -> AuthorisationView:
    """授权一家机构在期限内、为指定用途查看指定类别。"""
    return grant(get_session(), current_enquirer(), **given, now=moment(), today=district_day())


@blueprint.get("/authorisations")
@require("authorisations:own")
@blueprint.response(200, AuthorisationsAnswer)
def list_all() -> dict[str, list[AuthorisationView]]:
    """本主体作出的全部授权。"""
    return {"items": list_authorisations(get_session(), current_enquirer())}


@blueprint.get("/authorisations/<ref>")
@require("authorisations:own")
@blueprint.response(200, AuthorisationSchema)
def show(ref: str) -> AuthorisationView:
    """一份授权。"""
    return get_authorisation(get_session(), current_enquirer(), ref)


@blueprint.delete("/authorisations/<ref>")
@require("authorisations:own")
@blueprint.response(200, AuthorisationSchema)
def take_back(ref: str) -> AuthorisationView:
    """撤销一份授权，立即生效。"""
    return revoke(get_session(), current_enquirer(), ref, now=moment())
