"""``flask reference``: settings, commands, problem types and fault codes as a page, made from the code itself.

``docs/reference.md`` is this command's output; a test fails when the two differ.
"""

from collections.abc import Iterator

import click
from flask import current_app

from api.problems import STATUS_BY_ERROR
from api.settings import list_settings
from credit.collection.faults import MESSAGES

HEAD = """# Reference

Made by `flask reference > docs/reference.md`; a test keeps it true.
"""


@click.command()
def reference() -> None:
    """Print the reference page: settings, commands, problem types, fault codes of rejected rows."""
    click.echo("\n".join(reference_lines()))


def reference_lines() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    yield "## Settings\n\nFrom the environment, `instance/config.py`, or the default.\n"
    yield "| setting | default | meaning |\n|---|---|---|"
    for name, default, meaning in list_settings():
        yield f"| `{name}` | {_default(name, default)} | {meaning} |"
    yield "\n## Commands\n\n| command | does |\n|---|---|"
    for path, command in sorted(_commands(current_app.cli, "flask")):
        yield f"| `{path}` | {_first(command.help)} |"
    yield "\n## Problem types (RFC 9457)\n\n| type | status | title | when |\n|---|---|---|---|"
    for error, status in sorted(STATUS_BY_ERROR.items(), key=lambda pair: pair[0].slug):
        yield f"| `{error.slug}` | {status} | {error.title} | {_first(error.__doc__)} |"
    yield "\n## Fault codes of rejected rows\n\n| code | message |\n|---|---|"
    for code, message in sorted(MESSAGES.items()):
        yield f"| `{code}` | {message} |"


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        elif name not in ("run", "shell", "routes"):
            yield f"{path} {name}", command


def _default(name: str, default: str) -> str:
    if name == "CREDIT_INSTANCE":
        return "`instance/`"
    return f"`{default}`" if default else "—"


def _first(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())
