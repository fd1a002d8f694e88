"""``flask db``: the keys, databases, migrations and settings of an instance."""

from pathlib import Path

import click

from api.clock import moment
from api.commands.running import Told, current_settings, print_json
from api.composition import build_deployment
from api.settings import SettingsRefused, list_settings, make_secrets
from credit.deployment import open_session
from credit.editions import ensure_edition
from models.migrate import (
    VERSIONS,
    Which,
    current_version,
    downgrade,
    draft_version,
    newest_version,
    upgrade,
)
from models.session import make_engine

WHICH = click.Choice([which.value for which in Which])


@click.group(cls=Told)
def db() -> None:
    """Prepare the keys and databases of this instance and look after them."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Make or migrate both databases of this instance. The first time, its keys are made too."""
    settings = current_settings()
    _tell_made(make_secrets(settings))
    for which, url in _urls().items():
        _sqlite_folder(url)
        engine = make_engine(url)
        upgrade(engine, which)
        click.echo(f"{which.value} {current_version(engine, which)}", err=True)
        engine.dispose()
    deployment = build_deployment(settings)
    with open_session(deployment) as session:
        ensure_edition(session, deployment.catalogue, moment())
        session.commit()


@db.command("current")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def current_command(as_json: bool) -> None:
    """Show the version of both databases and the newest there is. Fails where one of them is behind."""
    found = {}
    for which, url in _urls().items():
        engine = make_engine(url)
        found[which.value] = {"current": current_version(engine, which), "newest": newest_version(which)}
        engine.dispose()
    if as_json:
        print_json(found)
    else:
        for name, versions in found.items():
            click.echo(f"{name}: {versions['current'] or '-'} (newest {versions['newest']})")
    if any(versions["current"] != versions["newest"] for versions in found.values()):
        raise SettingsRefused("a database is behind; bring it up with: flask db upgrade")


@db.command("secrets")
def secrets_command() -> None:
    """Make the keys that this instance still lacks. Keys that are there are never replaced."""
    _tell_made(make_secrets(current_settings()))


@db.command("settings")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def settings_command(as_json: bool) -> None:
    """List every setting with its default and meaning. Values are not shown: some are secret."""
    for name, default, meaning in list_settings():
        if as_json:
            print_json({"name": name, "default": default, "meaning": meaning})
        else:
            click.echo(f"{name}  [{default}]\n    {meaning}")


@db.command("downgrade")
@click.argument("which", type=WHICH)
@click.argument("version")
@click.option("--yes", is_flag=True, help="Do it without asking.")
def downgrade_command(which: str, version: str, yes: bool) -> None:
    """Take a database back to VERSION. What later versions added is lost; "base" removes everything."""
    if not yes:
        click.confirm(f"take the {which} database back to {version}?", abort=True)
    engine = make_engine(_urls()[Which(which)])
    downgrade(engine, Which(which), version)
    engine.dispose()


@db.command("draft")
@click.argument("which", type=WHICH)
@click.argument("message")
def draft_command(which: str, message: str) -> None:
    """Write the next version from the difference between the tables in code and the database. For developers."""
    engine = make_engine(_urls()[Which(which)])
    draft_version(engine, Which(which), message)
    engine.dispose()
    click.echo(f"see {VERSIONS[Which(which)]}", err=True)


def _urls() -> dict[Which, str]:
    settings = current_settings()
    return {Which.business: settings.database_url, Which.enquiries: settings.enquiry_database_url}


def _sqlite_folder(url: str) -> None:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def _tell_made(paths: list[Path]) -> None:
    for path in paths:
        click.echo(f"made {path}", err=True)
