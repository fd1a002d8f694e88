"""Lookup by duty (依职责查询): purpose and case, then a code, a name, or a person's number, which never enters an address.

A page that looks somebody up in an officer's name is only answered to a click within the console: a link on a foreign page
shows the filled form instead.
"""

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.clock import district_day, moment
from api.console.blueprint import blueprint
from api.database import get_session, open_reading_session
from api.pages.searching import code_typed
from api.pages.words import purpose_names
from api.problems import status_of
from api.security import current_enquirer, require
from credit.enquirer import Enquirer
from credit.errors import CreditError
from credit.identifiers import looks_like_number, normalise
from credit.lookup import lookup_person, lookup_subject, search_subjects

HITS_ON_A_PAGE = 50
Page = str | AnyResponse | tuple[str, int]


@blueprint.get("/lookup")
@require("pages:lookup")
def lookup() -> Page:
    """The search box; with a name, the organisations that carry it."""
    typed = _typed(request.args)
    if not typed["wanted"]:
        return _form(typed)
    try:
        cursor = request.args.get("cursor") or None
        page = search_subjects(
            get_session(), current_enquirer(), typed["wanted"], limit=HITS_ON_A_PAGE, cursor=cursor, now=moment()
        )
    except CreditError as error:
        return _form(typed, error)
    return _form(typed, page=page)


@blueprint.post("/lookup")
@require("pages:lookup")
def ask() -> Page:
    """Take what was typed to where it leads; a person is shown at once, so that no number enters an address."""
    typed = _typed(request.form)
    try:
        if looks_like_number(normalise(typed["wanted"][:200])):
            with open_reading_session() as reading:
                view = lookup_person(reading, _asking(typed), typed["wanted"], today=district_day(), now=moment())
            return render_template("console/subject.html", view=view, typed={**typed, "wanted": view.ref})
        code = code_typed(typed["wanted"])
    except CreditError as error:
        return _form({**typed, "wanted": ""}, error)
    purpose, case = typed["purpose"], typed["case"]
    if code is not None:
        return redirect(url_for("console.show_subject", code=code, purpose=purpose, case=case), 303)
    return redirect(url_for("console.lookup", wanted=typed["wanted"], purpose=purpose, case=case), 303)


@blueprint.get("/subjects/<code>")
@require("pages:lookup")
def show_subject(code: str) -> Page:
    """A subject as this officer may see it for this purpose."""
    typed = {**_typed(request.args), "wanted": code}
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return _form(typed)
    try:
        view = lookup_subject(get_session(), _asking(typed), code, today=district_day(), now=moment())
    except CreditError as error:
        return _form(typed, error)
    return render_template("console/subject.html", view=view, typed=typed)


def _typed(values: Any) -> dict[str, str]:
    return {name: values.get(name, "").strip() for name in ("wanted", "purpose", "case")}


def _asking(typed: dict[str, str]) -> Enquirer:
    return current_enquirer().asking(typed["purpose"] or None, typed["case"] or None)


def _form(typed: dict[str, str], error: CreditError | None = None, page: Any = None) -> Page:
    purposes = purpose_names(current_enquirer().role.value)
    body = render_template("console/lookup.html", typed=typed, error=error, page=page, purposes=purposes)
    return body if error is None else (body, status_of(type(error)))
