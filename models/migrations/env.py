"""Alembic's frame: runs on the connection, metadata and options that ``models.migrate`` hands over."""

from typing import Any

from alembic import context

from models.base import UtcTime


def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
    """Write our own column types by name into a drafted version."""
    if kind == "type" and isinstance(item, UtcTime):
        autogen_context.imports.add("from models.base import UtcTime")
        return "UtcTime()"
    return False


handed = context.config.attributes
context.configure(
    connection=handed["connection"], target_metadata=handed["metadata"], render_item=render_item, **handed["options"]
)
with context.begin_transaction():
    context.run_migrations()
