"""The three lists (三清单) in force: data (数据清单), behaviour (行为清单), application (应用清单).

What is shipped counts until the database holds an edition in force that begins on the same day or later. A process looks at
most once a second which editions are in force, and reads a document only when that changed; the snapshot is replaced whole.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import yaml
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from credit.behaviours import Behaviour, read_behaviours
from credit.catalogue import Catalogue, read_catalogue, read_day
from credit.catalogue_history import with_history
from credit.matters import Matter, read_matters
from models.editions import EditionProposal
from models.session import READ_ONLY

CATALOGUE, BEHAVIOUR, APPLICATION = "catalogue", "behaviour", "application"
LIST_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {CATALOGUE: "数据清单", BEHAVIOUR: "行为清单", APPLICATION: "应用清单"}
)
IN_FORCE, REPLACED = "in_force", "replaced"
LOOK_AGAIN_SECONDS: Final = 1.0


class EditionInForce(NamedTuple):
    """Which edition of a list is in force, since when; ``ref`` of its proposal, None where it came with the platform."""

    edition: str
    active_from: date
    ref: str | None = None


def head_of(path: Path) -> EditionInForce:
    """The edition a shipped file names, and its first day."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return EditionInForce(str(content["edition"]), read_day(content["effective_from"]))


@dataclass(frozen=True, slots=True)
class PublishedLists:
    """The three lists as they are in force together, and their editions."""

    catalogue: Catalogue
    behaviours: Mapping[str, Behaviour]
    matters: Mapping[str, Matter]
    editions: Mapping[str, EditionInForce]


class ListShelf:
    """The lists in force, for one process; safe between threads."""

    def __init__(self, engine: Engine, shipped: PublishedLists) -> None:
        self.shipped = self.current = shipped
        self._engine = engine
        self._known: tuple[int, ...] = ()
        self._looked = float("-inf")
        self._lock = threading.Lock()

    def look(self) -> None:
        """See whether other editions are in force, unless that was done within the last second."""
        if time.monotonic() - self._looked >= LOOK_AGAIN_SECONDS:
            self.refresh()

    def refresh(self) -> None:
        """See it now. A database that cannot be read, or is not migrated yet, changes nothing."""
        with self._lock:
            self._looked = time.monotonic()
            try:
                with self._engine.connect().execution_options(**{READ_ONLY: True}) as connection:
                    found = tuple(connection.execute(HELD).scalars())
                    if found == self._known:
                        return
                    rows = connection.execute(DOCUMENTS).all()
            except SQLAlchemyError:
                return
            self.current = compose(self.shipped, rows)
            self._known = found


HELD = select(EditionProposal.id).where(EditionProposal.state.in_((IN_FORCE, REPLACED))).order_by(EditionProposal.id)
DOCUMENTS = (
    select(
        EditionProposal.ref, EditionProposal.list_name, EditionProposal.edition, EditionProposal.active_from,
        EditionProposal.content, EditionProposal.state,
    )
    .where(EditionProposal.state.in_((IN_FORCE, REPLACED)))
    .order_by(EditionProposal.active_from.desc(), EditionProposal.id.desc())
)  # fmt: skip


def compose(shipped: PublishedLists, rows: Sequence[Any]) -> PublishedLists:
    """The lists in force: of each the newest edition, the database's before the shipped one of the same day."""
    lists, editions = shipped, dict(shipped.editions)
    older = [read_edition(row) for row in rows if row.list_name == CATALOGUE]
    for name in LIST_NAMES:
        newest = next((row for row in rows if row.list_name == name and row.state == IN_FORCE), None)
        if newest is None or newest.active_from < shipped.editions[name].active_from:
            continue
        editions[name] = EditionInForce(newest.edition, newest.active_from, newest.ref)
        if name == CATALOGUE:
            lists = replace(lists, catalogue=with_history(read_edition(newest), [*older, shipped.catalogue]))
        elif name == BEHAVIOUR:
            lists = replace(lists, behaviours=read_behaviours(newest.content))
        else:
            lists = replace(lists, matters=read_matters(newest.content))
    if editions[CATALOGUE].ref is None and older:
        lists = replace(lists, catalogue=with_history(shipped.catalogue, older))
    return replace(lists, editions=MappingProxyType(editions))


def read_edition(row: Any) -> Catalogue:
    """A catalogue edition from its proposal, in force from the day it was published for."""
    return replace(read_catalogue(row.content), edition=row.edition, active_from=row.active_from)
