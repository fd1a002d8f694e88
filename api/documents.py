"""The OpenAPI document and its page. The page's script and style come with an installed package: no internet is needed.

Every operation documents its errors as ``application/problem+json`` with the one schema they all have.
"""

import http
from pathlib import Path
from typing import Any

import flask_swagger_ui
from flask import Blueprint, Flask, Response, render_template, send_from_directory
from flask_smorest import Api
from flask_smorest.utils import prepare_response

from api.problems import PROBLEM_JSON, ProblemSchema

ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
SECURITY = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
INTRODUCTION = """公共信用信息子平台接口，第一版。

除公开部分外，请求须携带访问令牌（`Authorization: Bearer …`），令牌由 `POST /tokens` 签发。
监管部门和第三方机构查询须说明用途（`purpose`）。所有错误均以 `application/problem+json`（RFC 9457）答复，`type` 为稳定标识；
未知参数和未知字段一律拒绝。日期为 `YYYY-MM-DD`，时间带时区，金额以分为单位。
"""


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest with our own errors: it documents them and leaves answering to ``api.problems``."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Nothing: its handler would answer for pages too."""

    def _register_responses(self) -> None:
        described: list[tuple[str, str]] = [(each.name, each.phrase) for each in http.HTTPStatus if each >= 400]
        for name, phrase in [*described, ("DEFAULT_ERROR", "Default error response")]:
            response: dict[str, Any] = {"description": phrase, "schema": self.ERROR_SCHEMA}
            prepare_response(response, self.spec, PROBLEM_JSON)
            self.spec.components.response(name, response, lazy=True)


def set_up_documents(app: Flask) -> None:
    """Title, version and address of the document."""
    app.config.update(
        API_TITLE="公共信用信息子平台",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": INTRODUCTION},
            "components": {"securitySchemes": {"token": SECURITY}},
            "security": [{"token": []}],
        },
    )


def make_docs_blueprint() -> Blueprint:
    """The page that shows the document."""
    blueprint = Blueprint("docs", __name__)
    blueprint.add_url_rule("/docs", "show_docs", show_docs)
    blueprint.add_url_rule("/docs/assets/<path:name>", "send_asset", send_asset)
    return blueprint


def show_docs() -> str:
    """The interface, to read and to try."""
    return render_template("docs.html")


def send_asset(name: str) -> Response:
    """Script or style of the page."""
    return send_from_directory(ASSETS, name, max_age=86400)
