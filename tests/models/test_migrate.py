"""Migrations and tables say the same, forwards and back, on both databases; versions are numbered without a gap."""

import pytest

from models.migrate import (
    VERSIONS,
    Which,
    current_version,
    downgrade,
    list_differences,
    newest_version,
    state_of,
    upgrade,
)


def engine_of(deployment, which):
    return deployment.engine if which is Which.business else deployment.enquiry_log.engine


@pytest.fixture
def own_database(databases, tmp_path, request):
    """A database that a test may take apart."""
    from models.session import make_engine

    if databases.kind == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")
        yield lambda which: engine
        engine.dispose()
        return
    from sqlalchemy import create_engine, text

    admin = create_engine(databases.url, isolation_level="AUTOCOMMIT")
    name = f"{admin.url.database}_own"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    plain = admin.url.set(database=name)
    engines = {
        Which.business: make_engine(plain.render_as_string(hide_password=False)),
        Which.enquiries: make_engine(
            plain.update_query_dict({"options": "-csearch_path=enquiries"}).render_as_string(hide_password=False)
        ),
    }
    yield engines.__getitem__
    for engine in engines.values():
        engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.mark.parametrize("which", list(Which))
def test_head_equals_tables(deployment, which):
    engine = engine_of(deployment, which)
    assert list_differences(engine, which) == []
    assert state_of(engine, which) == "ok"


@pytest.mark.parametrize("which", list(Which))
def test_up_down_up(own_database, which):
    engine = own_database(which)
    upgrade(engine, which)
    upgrade(engine, which)
    assert current_version(engine, which) == newest_version(which)
    downgrade(engine, which, "base")
    assert current_version(engine, which) is None
    assert state_of(engine, which) == "behind"
    upgrade(engine, which)
    assert list_differences(engine, which) == []


@pytest.mark.parametrize("which", list(Which))
def test_versions_are_numbered_without_gap(which):
    names = sorted(path.name for path in VERSIONS[which].glob("*.py"))
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    assert newest_version(which) == names[-1][:4]


def test_unreachable_database_says_so():
    from models.session import make_engine

    assert state_of(make_engine("sqlite:////nowhere/at/all.sqlite"), Which.business) == "unreachable"
