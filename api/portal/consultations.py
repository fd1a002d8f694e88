"""The three lists as published, and what the public is asked about (公开征求意见): anybody reads, anybody may comment."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.clock import district_day, moment
from api.database import current_deployment, get_session
from api.portal.pages import blueprint
from api.problems import status_of
from api.security import require
from credit.edition_procedure import leave_comment
from credit.edition_views import editions_in_force, get_proposal, list_proposals
from credit.enquirer import PUBLIC
from credit.errors import CreditError, NotFound

Page = str | AnyResponse | tuple[str, int]


@blueprint.get("/catalogue")
@require("public:read")
def show_catalogue() -> Page:
    """The data, behaviour and application lists in force, each entry with its basis in law."""
    lists = current_deployment().lists.current
    return render_template("portal/catalogue.html", lists=lists, in_force=editions_in_force(get_session()))


@blueprint.get("/consultations")
@require("public:read")
def show_consultations() -> Page:
    """Editions the public is or was asked about."""
    proposals = list_proposals(get_session(), public=True)
    return render_template("portal/consultations.html", proposals=proposals, today=district_day())


@blueprint.get("/consultations/<ref>")
@require("public:read")
def show_consultation(ref: str) -> Page:
    """One edition: what it changes, the steps taken, and the form for a comment while the term runs."""
    return _consultation_page(ref)


@blueprint.post("/consultations/<ref>/comments")
@require("public:read")
def comment(ref: str) -> Page:
    """Leave a comment; no name is needed."""
    form = request.form
    try:
        number = leave_comment(
            get_session(), ref, text=form.get("text", ""), said_by=form.get("said_by", ""), now=moment(),
            today=district_day(),
        )  # fmt: skip
    except NotFound:
        raise
    except CreditError as error:
        return _consultation_page(ref, error), status_of(type(error))
    flash(f"意见已收到，编号 {number}。采纳情况将在本页公布。")
    return redirect(url_for("portal.show_consultation", ref=ref), 303)


def _consultation_page(ref: str, error: CreditError | None = None) -> str:
    if error is not None:
        get_session().rollback()
    found = get_proposal(get_session(), PUBLIC, ref, public=True, today=district_day())
    return render_template(
        "portal/consultation.html", file=found, error=error, typed=request.form, today=district_day()
    )
