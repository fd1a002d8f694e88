"""Commands for whoever runs the platform. A module here is found by itself: it holds a command or group of its own name."""

import importlib
import pkgutil

import click
from flask import Flask


def register_commands(app: Flask) -> None:
    """Put the command of every module on the application (``db.db``, ``accounts.accounts``, …)."""
    for found in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{found.name}")
        command = getattr(module, found.name, None)
        if isinstance(command, click.Command):
            app.cli.add_command(command)
