"""List kinds (名单种类) and measures (奖惩措施) as dated data, loaded and checked once. [pure]

A kind names its field, statutory basis, term and who decides; what has no verified basis is marked so wherever it acts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from credit.catalogue import REFERENCE
from credit.errors import DescriptionInvalid
from models.terms import ListingKind, SubjectKind, Tone

LIST_KINDS_FILE = REFERENCE / "listing-kinds-2026-1.yaml"
STATUS = "status"
CATEGORY_OF_KIND = {
    ListingKind.reward.value: "honour",
    ListingKind.punishment.value: "serious_list",
    STATUS: "abnormal",
}


@dataclass(frozen=True, slots=True)
class ListKind:
    """One list: ``kind`` is reward, punishment, or status (a register such as 经营异常名录, which is no punishment list)."""

    code: str
    name: str
    kind: str
    field: str
    instrument: str
    article: str
    term_years: int | None
    decided_by: str
    exit: str
    subject_kinds: frozenset[SubjectKind]
    verified: bool

    @property
    def tone(self) -> Tone:
        """Whether an entry speaks for or against the subject."""
        return Tone.favourable if self.kind == ListingKind.reward.value else Tone.adverse

    @property
    def category(self) -> str:
        """The catalogue category its entries are shown under."""
        return CATEGORY_OF_KIND[self.kind]

    @property
    def basis(self) -> str:
        """Instrument and article as shown; empty where none is known."""
        return f"{self.instrument}{self.article}"

    def end_of_term(self, begun_on: date) -> date | None:
        """The last day of the statutory term for an entry without one of its own; None where the law fixes none.

        A term of n years from a 29 February ends on 28 February of a year without one.
        """
        if self.term_years is None:
            return None
        year = begun_on.year + self.term_years
        try:
            same_day = begun_on.replace(year=year)
        except ValueError:
            return date(year, 2, 28)
        return date.fromordinal(same_day.toordinal() - 1)


def load_list_kinds(path: Path = LIST_KINDS_FILE) -> Mapping[str, ListKind]:
    """Read and check the list kinds by code."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    kinds: dict[str, ListKind] = {}
    for entry in content["lists"]:
        kind = _read_kind(entry)
        if kind.kind not in CATEGORY_OF_KIND or kind.code in kinds:
            raise DescriptionInvalid(f"名单种类 {kind.code} 类型未知或重复")
        kinds[kind.code] = kind
    return MappingProxyType(kinds)


def _read_kind(entry: Mapping[str, Any]) -> ListKind:
    term = entry.get("term") or {}
    return ListKind(
        code=str(entry["code"]),
        name=str(entry["name"]),
        kind=str(entry["kind"]),
        field=str(entry["field"]),
        instrument=str(entry["basis"]["instrument"]),
        article=str(entry["basis"]["article"]),
        term_years=term.get("years"),
        decided_by=str(entry["decided_by"]),
        exit=str(entry["exit"]),
        subject_kinds=frozenset(SubjectKind(kind) for kind in entry["subject_kinds"]),
        verified=bool(entry["verified"]),
    )
