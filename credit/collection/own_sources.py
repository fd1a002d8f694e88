"""The sources a department may speak for (本部门数据源): described ones, open layouts as its own, and those described on the way.

A source's description is the house's file; where there is none (a file that was described by inference) it is the one the
source was last taken by. What the entry desk sends is reviewed first, so its sources take nothing else.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.collection.description import (
    SOURCES,
    Column,
    Description,
    ExchangeSettings,
    FileSettings,
    RestSettings,
    load_descriptions,
)
from credit.enquirer import Enquirer
from credit.errors import Conflict, NotAuthorised, NotFound
from models.accounts import Department
from models.collection import Source
from models.terms import DeliveryMode, SubjectKind

ANY_DEPARTMENT: Final = "各部门"
"""Department of a layout that every department may push."""
DESK: Final = "entry-"
"""How names of the entry desk's sources begin."""


def find_own_source(session: Session, enquirer: Enquirer, name: str, folder: Path = SOURCES) -> Description:
    """The description of a source of the enquirer's department; NotFound for any other, without saying which.

    A layout open to every department becomes a source of this one, named after both. Raises Conflict for a disabled source.
    """
    department = own_department(session, enquirer)
    found = _find_described(department, name, folder)
    statement = select(Source).where(Source.name == (found.name if found else name))
    kept = session.execute(statement).scalar()
    if found is None and kept is not None and kept.department_id == department.id and not name.startswith(DESK):
        found = restore_description(kept.description)
    if found is None:
        raise NotFound("没有这个数据源")
    if kept is not None and kept.disabled:
        raise Conflict("该数据源已停用")
    return found


def _find_described(department: Department, name: str, folder: Path) -> Description | None:
    for description in known_descriptions(folder):
        if description.department == department.name and description.name == name:
            return description
        if description.department == ANY_DEPARTMENT:
            own = f"{description.name}-{department.slug}"[:64]
            if name in (description.name, own):
                return replace(description, name=own, department=department.name, department_code=department.code)
    return None


def own_department(session: Session, enquirer: Enquirer) -> Department:
    """The department the enquirer acts for; NotAuthorised without one."""
    department = session.get(Department, enquirer.department_id) if enquirer.department_id is not None else None
    if department is None:
        raise NotAuthorised("该账户不属于任何部门")
    return department


@lru_cache(maxsize=8)
def known_descriptions(folder: Path = SOURCES) -> tuple[Description, ...]:
    """All descriptions of a folder, read once per process."""
    return tuple(load_descriptions(folder))


def restore_description(body: Mapping[str, Any]) -> Description:
    """A description from what ``register_source`` keeps of it."""
    files = {**body["files"], "glob": tuple(body["files"]["glob"])}
    known = {name: body[name] for name in body.keys() & Description.__dataclass_fields__.keys()}
    return Description(
        **{
            **known,
            "columns": tuple(_column(each) for each in body["columns"]),
            "delivery": DeliveryMode(body["delivery"]),
            "constants": MappingProxyType(body["constants"]),
            "natural_key": tuple(body["natural_key"]),
            "subject_kind": SubjectKind(body["subject_kind"]) if body["subject_kind"] else None,
            "fine_from": tuple(body["fine_from"]),
            "files": FileSettings(**files),
            "rest": RestSettings(**body["rest"]) if body["rest"] else None,
            "exchange": ExchangeSettings(**body["exchange"]) if body["exchange"] else None,
        }
    )


def _column(body: Mapping[str, Any]) -> Column:
    return Column(**{**body, "vocabulary": MappingProxyType(body["vocabulary"])})
