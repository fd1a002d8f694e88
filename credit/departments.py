"""Departments (部门): found by name, entered when a source or an account first names one."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.accounts import Department


def ensure_department(session: Session, name: str, code: str | None = None) -> int:
    """The id of the department of this name; entered where it was not known."""
    department = session.execute(select(Department).where(Department.name == name)).scalar()
    if department is None:
        slug = hashlib.blake2b(name.encode(), digest_size=6).hexdigest()
        department = Department(slug=slug, name=name, code=code)
        session.add(department)
        session.flush()
    return department.id
