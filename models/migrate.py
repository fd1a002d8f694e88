"""Migrations of both databases, the business one and the enquiry log's, each with its own numbered versions.

Versions are a four-digit sequence. ``upgrade`` is safe to repeat and to run beside a serving process: each version is one
transaction. Nothing else in the platform makes or changes a table.
"""

import threading
import warnings
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, text
from sqlalchemy.exc import SQLAlchemyError

from models.base import Base
from models.tables import EnquiryBase

HERE = Path(__file__).parent / "migrations"
LOG_SCHEMA = "enquiries"
_LOCK = threading.Lock()


class MigrationRefused(ValueError):
    """A version that is not there, or cannot be reached from here."""


class Which(StrEnum):
    """The two databases of a deployment."""

    business = "business"
    enquiries = "enquiries"


METADATA: dict[Which, MetaData] = {Which.business: Base.metadata, Which.enquiries: EnquiryBase.metadata}
VERSIONS = {Which.business: HERE / "versions", Which.enquiries: HERE / "log_versions"}
BY_HAND = ("name_bigrams",)
"""Tables the metadata does not know: the name index, whose form differs between databases."""


def upgrade(engine: Engine, which: Which, to: str = "head") -> None:
    """Bring a database to a version, the newest by default."""
    _run(engine, which, lambda config: command.upgrade(config, to))


def downgrade(engine: Engine, which: Which, to: str) -> None:
    """Take a database back to a version; ``base`` removes every table and all that is in it."""
    _run(engine, which, lambda config: command.downgrade(config, to))


def draft_version(engine: Engine, which: Which, message: str) -> None:
    """Write the next version from the difference between tables and database; a person reads it before it is kept."""
    number = f"{len(list(VERSIONS[which].glob('[0-9]*.py'))) + 1:04d}"
    _run(engine, which, lambda config: command.revision(config, message, autogenerate=True, rev_id=number))


def current_version(engine: Engine, which: Which) -> str | None:
    """The version a database is at; None: untouched."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection, opts=_options(which)).get_current_revision()


@cache
def newest_version(which: Which) -> str | None:
    """The newest version there is."""
    return ScriptDirectory.from_config(_config(which)).get_current_head()


def state_of(engine: Engine, which: Which) -> str:
    """``ok``, ``behind`` (versions wait, or the database is newer than the code) or ``unreachable``."""
    try:
        return "ok" if current_version(engine, which) == newest_version(which) else "behind"
    except SQLAlchemyError:
        return "unreachable"


def list_differences(engine: Engine, which: Which) -> list[object]:
    """What the tables in code and in the database do not share; empty after ``upgrade``."""
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*expression-based index")
        context = MigrationContext.configure(connection, opts=_options(which))
        return list(compare_metadata(context, METADATA[which]))


def _options(which: Which) -> dict[str, object]:
    return {
        "version_table": "alembic_version" if which is Which.business else "alembic_version_log",
        "include_name": _ours,
        "compare_type": True,
        "transaction_per_migration": True,
    }


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith(BY_HAND))


def _config(which: Which) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(VERSIONS[which]))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _run(engine: Engine, which: Which, step: Callable[[Config], object]) -> None:
    config = _config(which)
    with _LOCK, engine.connect() as connection:
        if which is Which.enquiries and engine.dialect.name == "postgresql":
            _make_schema(connection)
        config.attributes.update(connection=connection, metadata=METADATA[which], options=_options(which))
        try:
            step(config)
        except CommandError as error:
            raise MigrationRefused(str(error)) from None
        connection.commit()


def _make_schema(connection: Connection) -> None:
    path = connection.execute(text("SELECT current_setting('search_path')")).scalar_one()
    if str(path).strip('"') == LOG_SCHEMA:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {LOG_SCHEMA}"))
        connection.commit()
