"""The collection board (归集情况): for operators all sources, for a department its own deliveries and what was returned to it."""

from flask import render_template, request

from api.clock import district_day
from api.console.blueprint import blueprint
from api.database import get_session
from api.paging import dump_cursor, load_cursor
from api.security import current_enquirer, require
from credit.collection.faults import MESSAGES
from credit.collection.status import get_delivery_status, list_deliveries, list_rejected_rows, list_source_status
from credit.errors import NotAuthorised
from credit.identifiers import explain

ROWS_ON_A_PAGE = 100


@blueprint.get("/collection")
@require("operations:read")
def collection() -> str:
    """All sources and the latest deliveries."""
    sources = list_source_status(get_session(), district_day())
    deliveries = list_deliveries(get_session(), source=request.args.get("source") or None)
    return render_template(
        "console/collection.html", sources=sources, deliveries=deliveries, link="console.show_delivery"
    )


@blueprint.get("/collection/<ref>")
@require("operations:read")
def show_delivery(ref: str) -> str:
    """One delivery: its counts, its faults, its rejected rows."""
    return _delivery_page(ref, None, "console.collection")


@blueprint.get("/deliveries")
@require("submissions:write")
def deliveries() -> str:
    """The deliveries of the own department."""
    found = list_deliveries(get_session(), department_id=own_department())
    return render_template("console/deliveries.html", deliveries=found, link="console.show_own_delivery")


@blueprint.get("/deliveries/<ref>")
@require("submissions:write")
def show_own_delivery(ref: str) -> str:
    """One delivery of the own department; another's is not found."""
    return _delivery_page(ref, own_department(), "console.deliveries")


def own_department() -> int:
    """The department the account belongs to; NotAuthorised without one."""
    department_id = current_enquirer().department_id
    if department_id is None:
        raise NotAuthorised("该账户不属于任何部门")
    return department_id


def _delivery_page(ref: str, department_id: int | None, back: str) -> str:
    after = load_cursor(request.args.get("cursor") or None)
    delivery = get_delivery_status(get_session(), ref, department_id=department_id)
    rows = list_rejected_rows(get_session(), ref, after=after, limit=ROWS_ON_A_PAGE)
    faults = {code: MESSAGES.get(code) or explain(code) for code in delivery.by_fault}
    cursor = dump_cursor(rows[-1].row if len(rows) == ROWS_ON_A_PAGE else None)
    return render_template(
        "console/delivery.html", delivery=delivery, rows=rows, faults=faults, back=back, cursor=cursor
    )
