"""How fresh each source is, and the names a record's provenance needs. Read at most once a second per process."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.bulk import table_of
from credit.deployment import Deployment, deployment_of
from credit.views import Freshness
from models.accounts import Department
from models.collection import Source

MEMORY = "sources"
REMEMBERED_FOR = timedelta(seconds=1)


class Sources(NamedTuple):
    """All sources as known at a moment: for answers, and by id for provenance (name, title, department)."""

    read_at: datetime
    freshness: tuple[Freshness, ...]
    by_id: dict[int, tuple[str, str, str]]


def known_sources(session: Session, now: datetime) -> Sources:
    """The sources, at most a second old."""
    memory = deployment_of(session).memory
    found: Sources | None = memory.get(MEMORY)
    if found is None or not timedelta() <= now - found.read_at < REMEMBERED_FOR:
        found = memory[MEMORY] = _read(session, now)
    return found


def provenance_of(session: Session, sources: Sources, source_id: int) -> tuple[str, str, str]:
    """Name, title and department of a source; one entered within the second is read anew."""
    names = sources.by_id.get(source_id)
    if names is None:
        fresh = deployment_of(session).memory[MEMORY] = _read(session, sources.read_at)
        names = fresh.by_id.get(source_id, ("", "", ""))
    return names


def forget_sources(deployment: Deployment) -> None:
    """A delivery was closed or a source entered: the next answer reads anew."""
    deployment.memory.pop(MEMORY, None)


SOURCE, DEPARTMENT = table_of(Source), table_of(Department)
SOURCES = (
    select(
        SOURCE.c.id, SOURCE.c.name, SOURCE.c.title, DEPARTMENT.c.name.label("department"), SOURCE.c.last_delivery_at,
        SOURCE.c.item, SOURCE.c.list_code,
    )
    .join(DEPARTMENT, DEPARTMENT.c.id == SOURCE.c.department_id)
    .order_by(SOURCE.c.name)
)  # fmt: skip


def _read(session: Session, now: datetime) -> Sources:
    deployment = deployment_of(session)
    rows: Sequence[Any] = session.connection().execute(SOURCES).all()
    freshness = tuple(
        Freshness(row.name, row.title, row.department, row.last_delivery_at, _fed(deployment, row.item, row.list_code))
        for row in rows
    )
    return Sources(now, freshness, {row.id: (row.name, row.title, row.department) for row in rows})


def _fed(deployment: Deployment, item_code: str, list_code: str | None) -> tuple[str, ...]:
    """The category a source feeds."""
    kind = deployment.list_kinds.get(list_code) if list_code else None
    if kind is not None:
        return (kind.category,)
    item = deployment.catalogue.items.get(item_code)
    return () if item is None else (item.category,)
