"""For auditors: is the enquiry log whole. For agencies: how to ask over the interface."""

from flask import render_template, request

from api.console.blueprint import blueprint
from api.database import current_deployment
from api.pages.words import purpose_names
from api.security import require
from credit.audit import verify_log


@blueprint.get("/enquiries")
@require("audit:read")
def enquiries() -> str:
    """The length of the log and, where asked for, the proof that it is whole."""
    deployment = current_deployment()
    log = deployment.enquiry_log
    asked = request.args.get("verify") == "1"
    result = verify_log(log.engine, deployment.keyring, log.heads) if asked else None
    return render_template("console/enquiries.html", length=log.length(), result=result)


@blueprint.get("/agency")
@require("subjects:read")
def agency() -> str:
    """How an agency asks: token, purpose, consent."""
    return render_template("console/agency.html", purposes=purpose_names("agency"))
