"""Every failure as ``application/problem+json`` (RFC 9457), or as a plain page for whoever looks at pages.

``credit.errors`` says what happened, this module alone knows the HTTP status. Facts never overwrite the members of the
standard; nothing of the inside (trace, SQL, path of a file) leaves, and no address that may hold a citizen number is repeated.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, Response, render_template, request
from marshmallow import Schema, ValidationError, fields
from werkzeug.exceptions import HTTPException

from api.addresses import safe_address
from credit import errors
from credit.errors import CreditError

PROBLEM_JSON = "application/problem+json"
LOGGER = logging.getLogger("credit.api")

STATUS_BY_ERROR: dict[type[CreditError], int] = {
    CreditError: 400,
    errors.InvalidCode: 422,
    errors.NumberInAddress: 422,
    errors.SubjectNotFound: 404,
    errors.NotAuthorised: 403,
    errors.NotAuthenticated: 401,
    errors.PurposeRequired: 400,
    errors.PurposeUnknown: 422,
    errors.CaseRequired: 400,
    errors.InvalidQuery: 400,
    errors.InvalidContent: 422,
    errors.ContentTooLarge: 413,
    errors.CursorGone: 410,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.IdempotencyMismatch: 422,
    errors.TooManyAttempts: 429,
    errors.EnquiryLogUnavailable: 503,
    errors.OutsideCatalogue: 422,
    errors.ForbiddenAttribute: 422,
    errors.DescriptionInvalid: 422,
    errors.FileRefused: 422,
    errors.DoesNotAddUp: 500,
    errors.ListingNeedsDecision: 422,
    errors.ReportNotVerifiable: 404,
    errors.CharacterNotCovered: 500,
    errors.StandardInvalid: 500,
}
"""Error to status; a child without a line of its own answers like its parent."""

HTTP_PROBLEMS: dict[int, tuple[str, str]] = {
    400: ("bad-request", "请求无法理解"),
    401: ("not-authenticated", "请先登录或提供有效令牌"),
    403: ("not-authorised", "无权执行此操作"),
    404: ("not-found", "未找到"),
    405: ("method-not-allowed", "此地址不支持该方法"),
    406: ("not-acceptable", "无法以所请求的格式答复"),
    408: ("request-timeout", "请求超时"),
    410: ("gone", "已不存在"),
    413: ("content-too-large", "内容超过上限"),
    414: ("address-too-long", "地址过长"),
    415: ("unsupported-media-type", "不支持的内容类型"),
    422: ("invalid-content", "请求内容有误"),
    429: ("too-many-attempts", "请求过于频繁"),
    500: ("internal-error", "系统内部错误"),
    503: ("unavailable", "服务暂不可用"),
}

FAULT_CODES = {
    "Unknown field.": ("unknown-field", "未知字段"),
    "Missing data for required field.": ("required", "必填"),
    "Field may not be null.": ("not-null", "不得为空"),
    "Invalid input type.": ("invalid-type", "类型有误"),
}


class FaultSchema(Schema):
    """One faulty field."""

    field = fields.String(required=True, metadata={"description": "字段"})
    code = fields.String(required=True, metadata={"description": "稳定的错误代码"})
    message = fields.String(required=True, metadata={"description": "说明"})


class ProblemSchema(Schema):
    """What every error looks like (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "稳定的问题标识", "example": "subject-not-found"})
    title = fields.String(required=True, metadata={"description": "问题名称", "example": "查无此主体"})
    status = fields.Integer(required=True, metadata={"description": "HTTP 状态码", "example": 404})
    detail = fields.String(metadata={"description": "本次问题的说明"})
    instance = fields.String(metadata={"description": "请求地址"})
    faults = fields.List(fields.Nested(FaultSchema), metadata={"description": "有误的字段"})


def register_problems(app: Flask) -> None:
    """Answer every failure of the application in the one shape."""
    app.register_error_handler(CreditError, answer_credit_error)
    app.register_error_handler(ValidationError, answer_validation_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_unexpected)


def status_of(error: type[CreditError]) -> int:
    """The HTTP status of an error, its own line or its nearest parent's."""
    return next(STATUS_BY_ERROR[parent] for parent in error.__mro__ if parent in STATUS_BY_ERROR)


def answer_credit_error(error: CreditError) -> Response:
    """A refusal in the domain's words."""
    status = status_of(type(error))
    if status >= 500:
        LOGGER.error("refused with %s at %s", error.slug, safe_address(request.path))
    answer = _answer(status, error.slug, error.title, error.detail, error.faults, error.facts)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="credit"'
    if "retry_after" in error.facts:
        answer.headers["Retry-After"] = str(error.facts["retry_after"])
    return answer


def answer_validation_error(error: ValidationError) -> Response:
    """Faulty fields: 400 in an address, 422 in a body."""
    in_query = getattr(error, "location", None) == "query"
    refusal = errors.InvalidQuery if in_query else errors.InvalidContent
    faults = list(list_faults(error.messages))
    return answer_credit_error(
        refusal("；".join(f"{each['field']}：{each['message']}" for each in faults), faults=faults)
    )


def answer_http_error(error: HTTPException) -> Response:
    """What the framework refuses; redirects pass."""
    status = error.code or 500
    if status < 400:
        return Response(error.get_response().get_data(), status, dict(error.get_headers()))
    slug, title = HTTP_PROBLEMS.get(status, ("refused", "请求被拒绝"))
    answer = _answer(status, slug, title, title, [], {})
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            answer.headers[name] = value
    return answer


def answer_unexpected(error: Exception) -> Response:
    """A fault of ours: written down with its trace, told without insides."""
    LOGGER.error("unexpected %s at %s", type(error).__name__, safe_address(request.path), exc_info=_quiet(error))
    slug, title = HTTP_PROBLEMS[500]
    return _answer(500, slug, title, "系统内部错误，已记录", [], {})


def list_faults(messages: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Marshmallow's nested messages as flat faults; the field ``subjects.0.code`` names its place."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            part = "" if name == "_schema" else safe_address(str(name)[:64])
            yield from list_faults(inner, ".".join(each for each in (path, part) if each))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        code, text = FAULT_CODES.get(str(message), ("invalid", str(message)))
        yield {"field": path or "-", "code": code, "message": text}


def _answer(
    status: int, slug: str, title: str, detail: str, faults: list[dict[str, str]], facts: Mapping[str, Any]
) -> Response:
    if _wants_page():
        page = render_template("errors.html", status=status, title=title, detail=detail, faults=faults)
        return Response(page, status, content_type="text/html; charset=utf-8")
    instance = safe_address(request.path)
    body: dict[str, Any] = {"type": slug, "title": title, "status": status, "detail": detail, "instance": instance}
    if faults:
        body["faults"] = faults
    body = {**facts, **body}
    return Response(json.dumps(body, ensure_ascii=False, default=str), status, content_type=PROBLEM_JSON)


def _wants_page() -> bool:
    path = request.path
    return not (path.startswith("/api/") or path in {"/health", "/ready", "/metrics", "/openapi.json"})


def _quiet(error: Exception) -> Any:
    return (_Unprinted, _Unprinted(type(error).__name__), error.__traceback__)


class _Unprinted(Exception):
    """Stands for an error whose message may quote what was sent; only its kind and place are logged."""
