"""One deployment: everything the use cases need that is not a question's own, put together once and frozen.

Use cases take ``session`` first; the deployment travels in ``session.info``, so signatures stay short and no module holds a
global. The clock is not here: days and times are always parameters. The three lists (三清单) are the editions in force in the
database where there are newer ones than those shipped; opening a session looks, at most once a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from credit.behaviours import BEHAVIOURS_FILE, Behaviour, load_behaviours
from credit.catalogue import Catalogue, load_catalogue
from credit.disclosure import DisclosureTable, load_disclosure
from credit.enquiry_log import EnquiryLog
from credit.keyring import Keyring
from credit.list_kinds import ListKind, load_list_kinds
from credit.matters import MATTERS_FILE, Matter, load_matters
from credit.measures import MeasureKindRow, load_measures
from credit.publication import RulePack, load_rule_pack
from credit.published_lists import (
    APPLICATION,
    BEHAVIOUR,
    CATALOGUE,
    EditionInForce,
    ListShelf,
    PublishedLists,
    head_of,
)
from models.session import make_session_factory

REFERENCE = Path(__file__).parent / "reference"


@dataclass(frozen=True)
class Deployment:
    """One district's platform: where it is, its data, its keys, its databases."""

    district: str
    jurisdiction: str
    instance: Path
    engine: Engine
    keyring: Keyring
    enquiry_log: EnquiryLog
    lists: ListShelf
    rules: RulePack
    list_kinds: Mapping[str, ListKind]
    measures: Mapping[str, MeasureKindRow]
    disclosure: DisclosureTable
    sessions: sessionmaker[Session] = field(repr=False)
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What this process remembers for a moment (``credit.freshness``); never anything that decides a right."""

    @property
    def catalogue(self) -> Catalogue:
        """The data catalogue (数据清单) in force; what older editions held is there as retired, so that it can be read."""
        return self.lists.current.catalogue

    @property
    def behaviours(self) -> Mapping[str, Behaviour]:
        """The acts of dishonesty (行为清单) in force."""
        return self.lists.current.behaviours

    @property
    def matters(self) -> Mapping[str, Matter]:
        """The matters of application (应用清单) in force."""
        return self.lists.current.matters


def make_deployment(
    *,
    district: str,
    jurisdiction: str,
    instance: Path,
    engine: Engine,
    enquiry_engine: Engine,
    keyring: Keyring,
    reference: Path = REFERENCE,
) -> Deployment:
    """Load the reference data of a jurisdiction and put the deployment together."""
    rule_files = sorted((reference / "rules").glob(f"{jurisdiction}-*.yaml"))
    if not rule_files:
        raise FileNotFoundError(f"no rule pack for jurisdiction {jurisdiction!r}")
    return Deployment(
        district=district,
        jurisdiction=jurisdiction,
        instance=instance,
        engine=engine,
        keyring=keyring,
        enquiry_log=EnquiryLog(enquiry_engine, keyring, instance),
        lists=ListShelf(engine, _shipped_lists()),
        rules=load_rule_pack(rule_files[-1]),
        list_kinds=load_list_kinds(),
        measures=load_measures(),
        disclosure=load_disclosure(reference / "disclosure-2026-1.yaml"),
        sessions=make_session_factory(engine),
    )


@cache
def _shipped_lists() -> PublishedLists:
    catalogue = load_catalogue()
    editions = {
        CATALOGUE: EditionInForce(catalogue.edition, catalogue.active_from),
        BEHAVIOUR: head_of(BEHAVIOURS_FILE),
        APPLICATION: head_of(MATTERS_FILE),
    }
    return PublishedLists(catalogue, load_behaviours(), load_matters(), editions)


def open_session(deployment: Deployment) -> Session:
    """A session that knows its deployment."""
    deployment.lists.look()
    return deployment.sessions(info={"deployment": deployment})


def deployment_of(session: Session) -> Deployment:
    """The deployment a session belongs to."""
    deployment: Deployment = session.info["deployment"]
    return deployment
