"""The exchange with the city platform (市平台) for the operator: receipts, what waits for a code, differences found (对账)."""

from flask import render_template

from api.console.blueprint import blueprint
from api.database import get_session
from api.security import require
from credit.city.reconcile import city_status, list_differences


@blueprint.get("/city")
@require("operations:read")
def city() -> str:
    """How the exchange stands, and what the last reconciliation found unlike."""
    session = get_session()
    return render_template("console/city.html", status=city_status(session), differences=list_differences(session))
