"""The console: pages for regulators, operators, departments, agencies and auditors."""

from flask import Flask

from api.console import audit, city, collection, editions, entry, identity, lookup, quality
from api.console.blueprint import blueprint
from api.pages.frame import set_up_pages

__all__ = ["audit", "city", "collection", "editions", "entry", "identity", "lookup", "quality", "register_console"]


def register_console(app: Flask) -> None:
    """Put the console on the application."""
    set_up_pages(app)
    app.register_blueprint(blueprint)
