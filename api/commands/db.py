"""``flask db``: keys, migrations and settings of an instance."""

import json

import click
from flask import current_app

from api.settings import Settings, list_settings, make_secrets
from models.migrate import Which, current_version, downgrade, draft_version, newest_version, upgrade
from models.session import make_engine


@click.group()
def db() -> None:
    """Prepare the databases of this instance and look after them."""


def _settings() -> Settings:
    settings: Settings = current_app.extensions["credit.settings"]
    return settings


def _urls() -> dict[Which, str]:
    return {Which.business: _settings().database_url, Which.enquiries: _settings().enquiry_database_url}


@db.command("upgrade")
def upgrade_command() -> None:
    """Make or migrate both databases of this instance; the first time, its keys are made too."""
    for path in make_secrets(_settings()):
        click.echo(f"made {path}", err=True)
    for which, url in _urls().items():
        engine = make_engine(url)
        upgrade(engine, which)
        click.echo(f"{which.value}: {current_version(engine, which)}", err=True)
        engine.dispose()
