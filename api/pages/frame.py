"""What all pages share: headers, protection of forms, how values are written, and what happens when somebody is not signed in.

Pages work without scripts, so the content policy allows none; everything comes from this address.
"""

import time
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from api.database import current_deployment, get_session
from api.pages.searching import NUMBERS_REFUSED
from api.pages.words import category_names, purposes_by_code, word
from api.problems import status_of
from api.security import current_enquirer
from api.settings import Settings
from credit.catalogue import CatalogueItem
from credit.collection.status import Holdings, summarise_holdings
from credit.enquirer import PUBLIC, Enquirer
from credit.errors import CreditError, InvalidCode, NotAuthenticated, NumberInAddress, SubjectNotFound
from credit.views import FieldView
from models.base import DISTRICT_ZONE
from reports.content import format_fen
from reports.gather import value_of
from reports.issue import Issued

CSRF = CSRFProtect()
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OTHER_POLICY = frozenset({"docs"})
HOLDINGS, HOLDINGS_SECONDS = "credit.holdings", 60
REFUSED_AT_SEARCH = (SubjectNotFound, InvalidCode, NumberInAddress)


def set_up_pages(app: Flask) -> None:
    """Prepare the application for pages; safe to call from each entrance."""
    if "csrf" in app.extensions:
        return
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    CSRF.init_app(app)
    app.after_request(harden)
    app.context_processor(page_context)
    app.jinja_env.filters.update(day=day_text, moment=moment_text, yuan=format_fen, word=word, value=field_text)
    app.jinja_env.globals.update(categories=category_names, purposes_by_code=purposes_by_code)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def page_blueprint(name: str, import_name: str, prefix: str | None = None) -> Blueprint:
    """A blueprint of pages: forms protected, traps refused, strangers sent to the sign-in page."""
    blueprint = Blueprint(name, import_name, url_prefix=prefix)
    blueprint.before_request(refuse_traps)
    blueprint.before_request(CSRF.protect)
    blueprint.register_error_handler(CSRFError, answer_stale_form)
    blueprint.register_error_handler(NotAuthenticated, ask_to_sign_in)
    for error in REFUSED_AT_SEARCH:
        blueprint.register_error_handler(error, answer_at_search)
    return blueprint


def refuse_traps() -> None:
    """Refuse NUL characters wherever they were sent."""
    sent = [request.path, *request.args.values(), *request.form.values()]
    if any("\x00" in value for value in sent):
        raise BadRequest


def harden(response: Response) -> Response:
    """Strict headers on every page; the page of the interface has a policy of its own."""
    if response.mimetype == "text/html" and request.blueprint not in OTHER_POLICY:
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def page_context() -> dict[str, Any]:
    """What every template may use."""
    return {"district": current_deployment().district, "visitor": visitor}


def visitor() -> Enquirer:
    """Who looks at the page; the public while that cannot be told."""
    try:
        return current_enquirer()
    except (SQLAlchemyError, CreditError):
        return PUBLIC


def answer_stale_form(_error: CSRFError) -> AnyResponse | tuple[str, int]:
    """A form without a valid mark of this session."""
    detail = "表单已失效或不是从本站页面提交。请返回上一页刷新后重新提交；如已超时，请重新登录。"
    return render_template("errors.html", status=400, title="表单未受理", detail=detail, faults=[]), 400


def ask_to_sign_in(error: NotAuthenticated) -> AnyResponse | tuple[str, int]:
    """Send whoever is not signed in to the sign-in page, and back afterwards; a form sent too late is told so."""
    if request.method != "GET":
        return render_template("errors.html", status=401, title=error.title, detail="登录已结束，请重新登录。"), 401
    return redirect(url_for("signing.sign_in", next=request.full_path.rstrip("?")))


def answer_at_search(error: CreditError) -> tuple[str, int]:
    """A code that leads nowhere is answered with the search box and the reason."""
    if isinstance(error, NumberInAddress):
        error = NumberInAddress(NUMBERS_REFUSED)
    return render_template("portal/search.html", error=error, name=""), status_of(type(error))


def local_address(address: str | None) -> str | None:
    """The address if it lies within this site, else None."""
    if not address or not address.startswith("/") or address.startswith("//") or "\\" in address:
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc or any(ord(letter) < 32 for letter in address) else address


def holdings() -> Holdings:
    """What the platform holds, counted at most once a minute."""
    kept: tuple[float, Holdings] | None = current_app.extensions.get(HOLDINGS)
    if kept is None or kept[0] < time.monotonic():
        kept = time.monotonic() + HOLDINGS_SECONDS, summarise_holdings(get_session())
        current_app.extensions[HOLDINGS] = kept
    return kept[1]


def current_settings() -> Settings:
    """The settings of this application."""
    settings: Settings = current_app.extensions["credit.settings"]
    return settings


def pdf_answer(issued: Issued) -> Response:
    """A report as a file to keep."""
    answer = Response(issued.pdf, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{issued.number}.pdf"'
    answer.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    return answer


def field_text(field: FieldView, item: str) -> str:
    """A record's value as written."""
    found: CatalogueItem = current_deployment().catalogue.items[item]
    return str(value_of(found, field) or "—")


def day_text(value: date | datetime | None, missing: str = "—") -> str:
    """A day as 2026-03-14, in the district."""
    if value is None:
        return missing
    return (value.astimezone(DISTRICT_ZONE).date() if isinstance(value, datetime) else value).isoformat()


def moment_text(value: datetime | None, missing: str = "—") -> str:
    """A moment as 2026-03-14 09:05, in the district."""
    return missing if value is None else value.astimezone(DISTRICT_ZONE).strftime("%Y-%m-%d %H:%M")
