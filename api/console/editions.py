"""Editions of the three lists (三清单编制发布): a department proposes, the credit office decides, another office reviews."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.clock import district_day, moment
from api.console.blueprint import blueprint
from api.database import get_session
from api.problems import status_of
from api.security import current_enquirer, require
from credit.edition_check import parse_document
from credit.edition_procedure import answer_comment, propose, take_step
from credit.edition_views import editions_in_force, get_proposal, list_proposals
from credit.errors import CreditError, NotFound
from credit.published_lists import LIST_NAMES
from credit.supplement import merge_supplement

Page = str | AnyResponse | tuple[str, int]


@blueprint.get("/editions")
@require("editions:take-part")
def editions() -> Page:
    """All proposals and what is in force; for departments the form to propose."""
    return _editions_page()


@blueprint.post("/editions")
@require("editions:propose")
def propose_edition() -> Page:
    """Propose an edition from a YAML file."""
    form = request.form
    try:
        ref = propose(
            get_session(), current_enquirer(), form.get("list_name", ""), document_sent(), title=form.get("title", ""),
            reason=form.get("reason", ""), now=moment(), today=district_day(),
        )  # fmt: skip
    except CreditError as error:
        return _editions_page(error), status_of(type(error))
    flash("已提出，等待信用主管部门受理。")
    return redirect(url_for("console.show_edition", ref=ref), 303)


@blueprint.get("/editions/<ref>")
@require("editions:take-part")
def show_edition(ref: str) -> Page:
    """One proposal with its changes, steps, comments, and what may be done next."""
    return _edition_page(ref)


@blueprint.post("/editions/<ref>/steps")
@require("editions:take-part")
def take_edition_step(ref: str) -> Page:
    """Take the next step, with reason, document and day where the step needs one."""
    form = request.form
    try:
        take_step(
            get_session(), current_enquirer(), ref, form.get("kind", ""), reason=form.get("reason", ""),
            document_number=form.get("document_number", "").strip() or None, day=day_typed(form.get("day", "")),
            now=moment(), today=district_day(),
        )  # fmt: skip
    except NotFound:
        raise
    except CreditError as error:
        return _edition_page(ref, error), status_of(type(error))
    flash("已办理。")
    return redirect(url_for("console.show_edition", ref=ref), 303)


@blueprint.post("/editions/<ref>/comments/<number>")
@require("editions:decide")
def answer_edition_comment(ref: str, number: str) -> Page:
    """Answer one comment of the public."""
    form = request.form
    try:
        answer_comment(
            get_session(), current_enquirer(), ref, int(number) if number.isascii() and number.isdigit() else 0,
            adopted=form.get("adopted") == "1", answer=form.get("answer", ""), now=moment(),
        )  # fmt: skip
    except NotFound:
        raise
    except CreditError as error:
        return _edition_page(ref, error), status_of(type(error))
    return redirect(url_for("console.show_edition", ref=ref) + "#comments", 303)


def document_sent() -> Any:
    """The document of the uploaded file; with a local supplement laid over it where one was sent too."""
    sent, local = request.files.get("file"), request.files.get("supplement")
    document = parse_document(sent.read() if sent is not None else b"")
    return (
        merge_supplement(document, parse_document(local.read())) if local is not None and local.filename else document
    )


def day_typed(text: str) -> date | None:
    """A day as typed; None where it is none."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _editions_page(error: CreditError | None = None) -> str:
    may_propose = "editions:propose" in current_enquirer().scopes
    return render_template(
        "console/editions.html", proposals=list_proposals(get_session()), in_force=editions_in_force(get_session()),
        lists=LIST_NAMES, may_propose=may_propose, error=error, typed=request.form,
    )  # fmt: skip


def _edition_page(ref: str, error: CreditError | None = None) -> str:
    if error is not None:
        get_session().rollback()
    found = get_proposal(get_session(), current_enquirer(), ref, today=district_day())
    may_answer = "editions:decide" in current_enquirer().scopes
    return render_template(
        "console/edition.html", file=found, may_answer=may_answer, error=error, typed=request.form, today=district_day()
    )
