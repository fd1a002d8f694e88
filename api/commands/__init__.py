"""Commands for whoever runs the platform: ``flask db``, ``flask accounts`` and what other modules add."""

from flask import Flask

from api.commands.db import db


def register_commands(app: Flask) -> None:
    """Put every command group on the application."""
    for group in (db,):
        app.cli.add_command(group)
