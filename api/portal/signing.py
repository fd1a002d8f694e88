"""Signing in and out of pages: password, one-time code where the role needs it, a session that ends without use."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.clock import moment
from api.pages.frame import local_address, page_blueprint, visitor
from api.problems import status_of
from api.security import require, sign_in_to_pages, sign_out_of_pages
from api.signing_in import sign_in_person
from credit.enquirer import Enquirer
from credit.errors import NotAuthenticated, TooManyAttempts
from models.terms import Role

blueprint = page_blueprint("signing", __name__)

HOME = {
    Role.enterprise: "own.show_file",
    Role.person: "own.show_file",
    Role.regulator: "console.lookup",
    Role.auditor: "console.enquiries",
    Role.operator: "console.collection",
    Role.department: "console.deliveries",
    Role.agency: "console.agency",
}


def home_of(enquirer: Enquirer) -> str:
    """Where a role begins."""
    return url_for(HOME.get(enquirer.role, "portal.home"))


@blueprint.get("/sign-in")
@require("public:read")
def sign_in() -> str:
    """The sign-in page."""
    return render_template("portal/sign_in.html", account="", next=local_address(request.args.get("next")) or "")


@blueprint.post("/sign-in")
@require("public:read")
def prove() -> AnyResponse | tuple[str, int]:
    """Check the credentials and open the session."""
    account, goal = request.form.get("account", "").strip(), local_address(request.form.get("next"))
    try:
        signed = sign_in_person(
            account, request.form.get("password", ""), request.form.get("otp", "").strip() or None,
            request.remote_addr or "-", moment(),
        )  # fmt: skip
    except (NotAuthenticated, TooManyAttempts) as error:
        page = render_template("portal/sign_in.html", account=account[:64], next=goal or "", error=error)
        return page, status_of(type(error))
    sign_in_to_pages(signed, moment())
    return redirect(goal or home_of(signed.enquirer), 303)


@blueprint.post("/sign-out")
@require("public:read")
def sign_out() -> AnyResponse:
    """End the session, here and for every kept copy of the cookie."""
    sign_out_of_pages(moment())
    return redirect(url_for("portal.home"), 303)


@blueprint.get("/desk")
@require("public:read")
def desk() -> AnyResponse:
    """To the page the visitor's role begins with."""
    return redirect(home_of(visitor()))
