"""Identity (主体身份核定) for the operator: conflicts, rows whose subject is in doubt, merges; each with a reason."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.clock import district_day, moment
from api.console.blueprint import blueprint
from api.database import get_session
from api.problems import status_of
from api.security import current_enquirer, require
from credit.candidates import list_ambiguous, list_candidates, refresh_candidates, release_parked
from credit.errors import CreditError
from credit.identity import DECISIONS, count_conflicts, list_conflicts, list_merges, merge_subjects, settle_conflict
from credit.identity import undo_merge as take_back

Page = str | AnyResponse | tuple[str, int]
LONGEST_NUMBER = 18


@blueprint.get("/identity")
@require("operations:read")
def identity() -> Page:
    """What waits for a decision, and the merges made."""
    return _page()


@blueprint.post("/identity/conflicts/<number>")
@require("identity:decide")
def decide_conflict(number: str) -> Page:
    """Settle a conflict."""
    form = request.form
    return _decided(
        lambda: settle_conflict(
            get_session(), current_enquirer(), number_of(number), decision=form.get("decision", ""),
            reason=form.get("reason", ""), now=moment(),
        )
    )  # fmt: skip


@blueprint.post("/identity/waiting/<number>")
@require("identity:decide")
def give_subject(number: str) -> Page:
    """Give a waiting row the subject confirmed."""
    form = request.form
    return _decided(
        lambda: release_parked(
            get_session(), current_enquirer(), number_of(number), form.get("subject", ""),
            reason=form.get("reason", ""), now=moment(), today=district_day(),
        )
    )  # fmt: skip


@blueprint.post("/identity/candidates")
@require("identity:decide")
def compare_again() -> Page:
    """Compare masked numbers with the persons known by now."""
    return _decided(lambda: refresh_candidates(get_session()))


@blueprint.post("/identity/merges")
@require("identity:decide")
def merge() -> Page:
    """Merge two subjects."""
    form = request.form
    kept, merged = form.get("kept", "").strip(), form.get("merged", "").strip()
    return _decided(
        lambda: merge_subjects(
            get_session(), current_enquirer(), kept, merged, reason=form.get("reason", ""), now=moment()
        )
    )


@blueprint.post("/identity/merges/<number>/undoing")
@require("identity:decide")
def undo_merge(number: str) -> Page:
    """Take a merge back."""
    reason = request.form.get("reason", "")
    return _decided(
        lambda: take_back(get_session(), current_enquirer(), number_of(number), reason=reason, now=moment())
    )


def number_of(text: str) -> int:
    """A number in an address; 0, which nothing has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else 0


def _decided(decide: Callable[[], object]) -> Page:
    try:
        decide()
    except CreditError as error:
        get_session().rollback()
        return _page(error), status_of(type(error))
    flash("已办理。")
    return redirect(url_for("console.identity"), 303)


def _page(error: CreditError | None = None) -> str:
    session = get_session()
    return render_template(
        "console/identity.html", error=error, decisions=DECISIONS, conflict_count=count_conflicts(session),
        conflicts=list_conflicts(session), settled=list_conflicts(session, settled=True, limit=20),
        ambiguous=list_ambiguous(session), candidates=list_candidates(session), merges=list_merges(session),
    )  # fmt: skip
