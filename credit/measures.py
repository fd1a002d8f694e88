"""Measures (奖惩措施) that follow from listings: dated data, and the pure choice of those that apply. [pure]

A restriction acts only where its own basis and the list's basis are verified: what is not verified is shown as not
applicable yet, never applied (国办发〔2020〕49号: 清单之外不得惩戒).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yaml

from credit.catalogue import REFERENCE
from models.terms import MeasureKind

MEASURES_FILE = REFERENCE / "measures-2026-1.yaml"


@dataclass(frozen=True, slots=True)
class MeasureKindRow:
    """One measure of the list: content, group, basis, who executes it, and which lists carry it."""

    code: str
    kind: MeasureKind
    group: str | None
    name: str
    content: str
    lists: frozenset[str]
    instrument: str
    article: str
    executed_by: str
    verified: bool

    @property
    def basis(self) -> str:
        """Instrument and article as shown."""
        return f"{self.instrument}{self.article}"


def load_measures(path: Path = MEASURES_FILE) -> Mapping[str, MeasureKindRow]:
    """Read the measures by code."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = (
        MeasureKindRow(
            code=str(entry["code"]),
            kind=MeasureKind(entry["kind"]),
            group=entry["group"],
            name=str(entry["name"]),
            content=str(entry["content"]),
            lists=frozenset(entry["lists"]),
            instrument=str(entry["basis"]["instrument"]),
            article=str(entry["basis"]["article"]),
            executed_by=str(entry["executed_by"]),
            verified=bool(entry["verified"]),
        )
        for entry in content["measures"]
    )
    return MappingProxyType({row.code: row for row in rows})


def measures_for(measures: Mapping[str, MeasureKindRow], list_codes: Iterable[str]) -> list[MeasureKindRow]:
    """The measures that these lists carry, in the order of the measures' own list."""
    wanted = frozenset(list_codes)
    return [measure for measure in measures.values() if measure.lists & wanted]


def is_applicable(measure: MeasureKindRow, list_verified: bool) -> bool:
    """Whether a measure may be applied: incentives always, restrictions only on verified bases."""
    return measure.kind is MeasureKind.incentive or (measure.verified and list_verified)
