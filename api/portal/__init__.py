"""The public site and self-service (诚信门户): pages for passers-by, firms and persons."""

from flask import Flask

from api.pages.frame import set_up_pages
from api.portal import consultations, own, pages, signing

__all__ = ["consultations", "register_portal"]


def register_portal(app: Flask) -> None:
    """Put the public pages, signing in and the own file on the application."""
    set_up_pages(app)
    for blueprint in (pages.blueprint, signing.blueprint, own.blueprint):
        app.register_blueprint(blueprint)
