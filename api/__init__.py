"""The entrances: JSON for programs, pages for people, commands for whoever runs the platform.

``create_app`` is the composition root: it reads the settings, puts the deployment together and registers the entrances.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

from flask import Flask

from api.addresses import guard_access_logs, refuse_numbers
from api.commands import register_commands
from api.composition import build_deployment
from api.console import register_console
from api.database import register_database
from api.documents import ProblemApi, make_docs_blueprint, set_up_documents
from api.health import make_health_blueprint
from api.portal import register_portal
from api.problems import register_problems
from api.security import make_limits, register_security
from api.settings import Settings, lacks_keys, load_settings
from api.v1 import BLUEPRINTS as V1_BLUEPRINTS

API_PREFIX = "/api/v1"


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """The application of one deployment; ``overrides`` are settings by name. SettingsRefused for what it may not start with."""
    settings = load_settings(overrides)
    app = Flask("api", instance_path=str(settings.credit_instance))
    app.config["MAX_CONTENT_LENGTH"] = settings.body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.body_bytes
    app.extensions["credit.settings"] = settings
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]

    register_commands(app)
    if not (called_as_command() and lacks_keys(settings)):
        open_doors(app, settings)
    return app


def open_doors(app: Flask, settings: Settings) -> None:
    """Register deployment, guard and entrances; needs the keys."""
    deployment = build_deployment(settings)
    app.before_request(refuse_numbers)
    register_database(app, deployment)
    register_security(app, settings, make_limits(settings, deployment.engine))
    register_problems(app)
    guard_access_logs()
    set_up_documents(app)
    interface = ProblemApi(app)
    for blueprint in V1_BLUEPRINTS:
        interface.register_blueprint(blueprint, url_prefix=API_PREFIX)
    app.register_blueprint(make_docs_blueprint(), url_prefix=API_PREFIX)
    app.register_blueprint(make_health_blueprint("health_v1"), url_prefix=API_PREFIX)
    app.register_blueprint(make_health_blueprint("health"))
    register_portal(app)
    register_console(app)


def called_as_command() -> bool:
    """Whether this is a ``flask`` command that does not serve: those that prepare an instance run before it has keys."""
    return os.environ.get("FLASK_RUN_FROM_CLI") == "true" and "run" not in sys.argv[1:2]
