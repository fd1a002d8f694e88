"""Whether the process lives (``/health``) and whether it can answer (``/ready``): databases reachable, migrations at head."""

from flask import Blueprint, Response, jsonify

from api.database import current_deployment
from models.migrate import Which, state_of


def make_health_blueprint(name: str) -> Blueprint:
    """The two addresses, once at the root for machines that watch and once under ``/api/v1``."""
    blueprint = Blueprint(name, __name__)
    blueprint.add_url_rule("/health", "show_health", show_health)
    blueprint.add_url_rule("/ready", "show_ready", show_ready)
    return blueprint


def show_health() -> Response:
    """The process answers."""
    return jsonify(status="ok")


def show_ready() -> Response:
    """The platform can answer questions: 200, or 503 with what is missing."""
    deployment = current_deployment()
    states = {
        "database": state_of(deployment.engine, Which.business),
        "enquiry_log": state_of(deployment.enquiry_log.engine, Which.enquiries),
    }
    answer = jsonify(status="ready" if set(states.values()) == {"ok"} else "not-ready", **states)
    answer.status_code = 200 if set(states.values()) == {"ok"} else 503
    return answer
