"""Tokens (令牌): people sign in with a password and, where their role needs it, a one-time code; agencies with their secret."""

from typing import Any

import marshmallow as ma
from flask import request
from marshmallow import fields, validate

from api.clock import moment
from api.content import Strict, StrictBlueprint
from api.security import require, revoke_current_token
from api.signing_in import sign_in_agency, sign_in_person, token_answer

blueprint = StrictBlueprint("tokens", __name__, description="访问令牌")

TEXT = validate.Length(min=1, max=256)


class TokenRequest(Strict):
    """Credentials of a person (``password``) or of an agency's system (``client_credentials``)."""

    grant_type = fields.String(required=True, validate=validate.OneOf(["password", "client_credentials"]))
    account = fields.String(validate=TEXT, metadata={"description": "账户名"})
    password = fields.String(validate=TEXT, metadata={"description": "口令", "format": "password"})
    otp = fields.String(
        validate=validate.Regexp(r"[0-9]{6}\Z", error="须为六位数字"), metadata={"description": "动态口令"}
    )
    client_id = fields.String(validate=TEXT, metadata={"description": "机构标识"})
    client_secret = fields.String(validate=TEXT, metadata={"description": "机构密钥", "format": "password"})

    @ma.validates_schema
    def check_members(self, data: dict[str, Any], **_options: Any) -> None:
        """Each way of signing in has its own members, all of them and no others."""
        own = {"password": ("account", "password"), "client_credentials": ("client_id", "client_secret")}
        needed = own.get(data.get("grant_type", ""), ())
        faults = {name: ["Missing data for required field."] for name in needed if name not in data}
        allowed = {"grant_type", *needed, *(("otp",) if "account" in needed else ())}
        faults |= {name: ["Unknown field."] for name in data if name not in allowed}
        if faults:
            raise ma.ValidationError(faults)


class TokenAnswer(ma.Schema):
    """A token, and what it opens."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"example": "Bearer"})
    expires_in = fields.Integer(required=True, metadata={"description": "有效秒数", "example": 900})
    scopes = fields.List(fields.String(), required=True)


@blueprint.post("/tokens")
@blueprint.arguments(TokenRequest)
@blueprint.response(200, TokenAnswer)
def issue_token(given: dict[str, Any]) -> dict[str, Any]:
    """签发访问令牌。监管部门人员、平台运行人员和审计人员须同时提交动态口令。"""
    address = request.remote_addr or "-"
    if given["grant_type"] == "password":
        return token_answer(sign_in_person(given["account"], given["password"], given.get("otp"), address, moment()))
    return token_answer(sign_in_agency(given["client_id"], given["client_secret"], address, moment()))


@blueprint.delete("/tokens/current")
@require("self:token")
@blueprint.response(204)
def revoke_token() -> None:
    """注销当前令牌，一秒内在所有服务进程失效。"""
    revoke_current_token(moment())
