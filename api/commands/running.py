"""How commands run: one transaction, errors in one line on standard error, exit 0 only on success."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import click
from flask import current_app, has_app_context
from flask.cli import ScriptInfo
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.database import current_deployment
from api.settings import Settings, SettingsRefused
from credit.deployment import open_session
from credit.errors import CreditError
from credit.keyring import KeyringError
from models.migrate import MigrationRefused


class Told(click.Group):
    """A group of commands whose refusals are told in one line, never with a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run inside the application; an expected error ends with its message and status 1."""
        app = ctx.ensure_object(ScriptInfo).load_app()
        with nullcontext() if has_app_context() else app.app_context(), told():
            return super().invoke(ctx)


@contextmanager
def told() -> Iterator[None]:
    """Turn expected errors into one line."""
    try:
        yield
    except CreditError as error:
        faults = "；".join(f"{fault['field']}：{fault['message']}" for fault in error.faults)
        raise click.ClickException(f"{error.detail}（{faults}）" if faults else error.detail) from None
    except (SettingsRefused, KeyringError, MigrationRefused) as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        first = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
        raise click.ClickException(f"database: {first}; is it there and migrated (flask db upgrade)?") from None


@contextmanager
def command_session() -> Iterator[Session]:
    """A session, committed where the command ends well."""
    if "credit.deployment" not in current_app.extensions:
        raise SettingsRefused("this instance has no keys yet; prepare it with: flask db upgrade")
    with open_session(current_deployment()) as session:
        yield session
        session.commit()


def current_settings() -> Settings:
    """The settings of this application."""
    settings: Settings = current_app.extensions["credit.settings"]
    return settings


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))
