"""Self-service (我的信用档案): what is on file about me, why my grade is what it is, who asked, whom I let see it."""

from datetime import date, timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.clock import district_day, moment
from api.database import get_session
from api.pages.frame import current_settings, page_blueprint, pdf_answer
from api.pages.words import category_names, purpose_names
from api.problems import status_of
from api.security import current_enquirer, require
from credit.authorisations import AuthorisationView, grant, list_authorisations, require_own_subject, revoke
from credit.errors import Conflict, CreditError, InvalidContent
from credit.lookup import lookup_subject
from credit.own import list_own_enquiries
from credit.subjects import get_subject_by_id
from reports.issue import issue_report

blueprint = page_blueprint("own", __name__, "/my")

LATEST = 10
USUAL_DAYS = 90


def own_ref() -> str:
    """The opaque ref of the subject the account acts for; NotAuthorised without one."""
    return get_subject_by_id(get_session(), require_own_subject(current_enquirer())).ref


@blueprint.get("/file")
@require("pages:own")
def show_file() -> str:
    """The own file: everything this subject may see of itself."""
    view = lookup_subject(get_session(), current_enquirer(), own_ref(), today=district_day(), now=moment())
    enquiries = list_own_enquiries(get_session(), current_enquirer(), view.ref)[:LATEST]
    consents = [each for each in list_authorisations(get_session(), current_enquirer()) if _in_force(each)]
    return render_template("portal/own_file.html", view=view, enquiries=enquiries, consents=consents)


@blueprint.get("/enquiries")
@require("pages:own")
def show_enquiries() -> str:
    """Who asked about me."""
    enquiries = list_own_enquiries(get_session(), current_enquirer(), own_ref())
    return render_template("portal/own_enquiries.html", enquiries=enquiries)


@blueprint.post("/report")
@require("pages:own")
def draw_own_report() -> Response:
    """The own report, complete, as PDF."""
    issued = issue_report(
        get_session(), current_enquirer(), own_ref(), kind="full", as_of=None, today=district_day(), now=moment(),
        public_url=current_settings().public_url or request.url_root,
    )  # fmt: skip
    return pdf_answer(issued)


@blueprint.get("/authorisations")
@require("pages:own")
def show_authorisations() -> str:
    """Consents given, and the form to give one."""
    until = district_day() + timedelta(days=USUAL_DAYS)
    return _authorisations_page({"valid_until": until.isoformat(), "categories": []})


@blueprint.post("/authorisations")
@require("authorisations:own")
def give() -> AnyResponse | tuple[str, int]:
    """Let an agency see named categories until a day."""
    typed = {**request.form.to_dict(), "categories": request.form.getlist("categories")}
    try:
        given = grant(
            get_session(), current_enquirer(), agency=request.form.get("agency", "").strip(),
            categories=typed["categories"], purpose=request.form.get("purpose", ""),
            valid_until=read_day(request.form.get("valid_until", "")), now=moment(), today=district_day(),
        )  # fmt: skip
    except CreditError as error:
        return _authorisations_page(typed, error), status_of(type(error))
    flash(f"已授权{given.agency_name}，至 {given.valid_until.isoformat()}（含当日）。")
    return redirect(url_for("own.show_authorisations"), 303)


@blueprint.post("/authorisations/<ref>/revocation")
@require("authorisations:own")
def take_back(ref: str) -> AnyResponse:
    """Take a consent back; it acts at once. Taking it back twice changes nothing."""
    try:
        taken = revoke(get_session(), current_enquirer(), ref, now=moment())
        flash(f"已撤销对{taken.agency_name}的授权，立即生效。")
    except Conflict:
        flash("该授权此前已撤销。")
    return redirect(url_for("own.show_authorisations"), 303)


def read_day(text: str) -> date:
    """A day as typed; InvalidContent otherwise."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    fault = {"field": "valid_until", "code": "FORMAT", "message": "请按 2026-03-14 的格式填写日期"}
    raise InvalidContent("授权期限有误", faults=[fault])


def _authorisations_page(typed: dict[str, Any], error: CreditError | None = None) -> str:
    return render_template(
        "portal/own_authorisations.html",
        given=list_authorisations(get_session(), current_enquirer()),
        typed=typed, error=error, names=category_names(), purposes=purpose_names("agency"), today=district_day(),
    )  # fmt: skip


def _in_force(consent: AuthorisationView) -> bool:
    return consent.revoked_at is None and consent.valid_until >= district_day()
