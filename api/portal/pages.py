"""Public pages: search, a firm's page, the lists, verifying a report. They show what everybody may see, whoever looks.

So a firm's page is always looked up, and logged, as the public's; who signs in sees more on pages of their own.
"""

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.clock import district_day, moment
from api.database import current_deployment, get_session, open_reading_session
from api.pages.frame import current_settings, holdings, page_blueprint, pdf_answer
from api.pages.searching import code_typed
from api.paging import dump_cursor, load_cursor
from api.problems import status_of
from api.security import require
from credit.enquirer import PUBLIC
from credit.errors import CreditError, InvalidQuery, NotFound, ReportNotVerifiable
from credit.listings import list_lists, list_public_listings
from credit.lookup import lookup_subject, search_subjects
from reports.issue import issue_report, verify_bytes, verify_code

blueprint = page_blueprint("portal", __name__)

HITS_ON_A_PAGE = 20
ENTRIES_ON_A_PAGE = 50

Page = str | AnyResponse | tuple[str, int]


@blueprint.get("/")
@require("public:read")
def home() -> Page:
    """The first page."""
    lists = [each for each in list_lists(get_session()) if each.kind != "status"]
    return render_template("portal/home.html", holdings=holdings(), lists=lists)


@blueprint.get("/search")
@require("public:read")
def search() -> Page:
    """Organisations by name; a code leads to its page."""
    name, cursor = request.args.get("name", "").strip(), request.args.get("cursor") or None
    if not name:
        return render_template("portal/search.html", name="")
    code = code_typed(name)
    if code is not None:
        return redirect(url_for("portal.show_subject", code=code))
    try:
        page = search_subjects(get_session(), PUBLIC, name, limit=HITS_ON_A_PAGE, cursor=cursor, now=moment())
    except InvalidQuery as error:
        return render_template("portal/search.html", name=name[:200], error=error), status_of(type(error))
    return render_template("portal/search.html", name=name, page=page, first=cursor is None, holdings=holdings())


@blueprint.get("/subjects/<code>")
@require("public:read")
def show_subject(code: str) -> Page:
    """A firm as everybody may see it."""
    view = lookup_subject(get_session(), PUBLIC, code, today=district_day(), now=moment())
    return render_template("portal/subject.html", view=view)


@blueprint.post("/subjects/<code>/report")
@require("public:read")
def draw_report(code: str) -> Response:
    """The public report of a firm as PDF."""
    issued = issue_report(
        get_session(), PUBLIC, code, kind="public", as_of=None, today=district_day(), now=moment(),
        public_url=current_settings().public_url or request.url_root,
    )  # fmt: skip
    return pdf_answer(issued)


@blueprint.get("/lists")
@require("public:read")
def show_lists() -> Page:
    """The lists with their basis."""
    return render_template("portal/lists.html", lists=list_lists(get_session()))


@blueprint.get("/lists/<code>")
@require("public:read")
def show_list(code: str) -> Page:
    """One list and its entries in force."""
    kind = next((each for each in list_lists(get_session()) if each.code == code), None)
    if kind is None:
        raise NotFound("没有这个名单")
    after = load_cursor(request.args.get("cursor") or None)
    page = list_public_listings(
        get_session(), PUBLIC, list_code=code, limit=ENTRIES_ON_A_PAGE, after=after, today=district_day()
    )
    return render_template(
        "portal/list.html", kind=kind, page=page, cursor=dump_cursor(page.next_after), first=not after
    )


@blueprint.get("/verify")
@require("public:read")
def verify() -> Page:
    """Whether a report with this code is genuine and current."""
    code = request.args.get("code", "").strip()
    if not code:
        return render_template("portal/verify.html", code="")
    try:
        found = verify_code(get_session(), code, today=district_day(), now=moment())
    except ReportNotVerifiable as error:
        return render_template("portal/verify.html", code=code[:100], error=error), 404
    return render_template("portal/verify.html", code=code, found=found)


@blueprint.post("/verify")
@require("public:read")
def verify_file() -> Page:
    """Whether a file is a report of ours, unchanged."""
    sent = request.files.get("file")
    try:
        pdf = sent.read() if sent is not None else b""
        with open_reading_session() as reading:
            found = verify_bytes(reading, pdf, today=district_day(), now=moment())
    except CreditError as error:
        return render_template("portal/verify.html", code="", file_error=error), status_of(type(error))
    return render_template("portal/verify.html", code="", found=found)


@blueprint.get("/about")
@require("public:read")
def about() -> Page:
    """Where the data come from, who may see what, how to object and to have a record repaired."""
    deployment = current_deployment()
    rules = deployment.rules
    return render_template(
        "portal/about.html", edition=deployment.disclosure.edition, terms=rules.workdays,
        regime=rules.regime_on(district_day()),
    )  # fmt: skip
