"""The list of dishonest acts (行为清单): what may be recorded as dishonesty at all, under which item, on what ground. [pure]

Every act names the catalogue items that record it; an act outside the list is no dishonesty. What nobody has read in its
source is ``verified: false`` and is shown so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from credit.catalogue import REFERENCE, Basis, Catalogue
from credit.errors import DescriptionInvalid
from models.terms import Severity

BEHAVIOURS_FILE: Final = REFERENCE / "behaviour-2026-1.yaml"
KINDS: Final[Mapping[str, str]] = MappingProxyType({"dishonest": "失信行为", "severe": "严重失信行为"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One act; ``severity`` is the least class it may have, None where the case decides. ``kind``: dishonest or severe."""

    code: str
    name: str
    kind: str
    items: tuple[str, ...]
    severity: Severity | None
    basis: Basis


def load_behaviours(path: Path = BEHAVIOURS_FILE) -> Mapping[str, Behaviour]:
    """Read the acts by code. Raises DescriptionInvalid with all faults."""
    return read_behaviours(yaml.safe_load(path.read_text(encoding="utf-8")))


def read_behaviours(content: Any) -> Mapping[str, Behaviour]:
    """The acts of a parsed document, checked. Raises DescriptionInvalid with all faults."""
    if not isinstance(content, dict) or not isinstance(content.get("behaviours"), list):
        raise DescriptionInvalid("行为清单缺少 behaviours")
    faults: list[str] = []
    acts: dict[str, Behaviour] = {}
    for entry in content["behaviours"]:
        try:
            act = _read(entry)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            faults.append(f"行为 {entry.get('code', '?') if isinstance(entry, dict) else '?'} 无法读取：{error}")
            continue
        if act.code in acts:
            faults.append(f"行为 {act.code} 重复")
        if act.kind not in KINDS:
            faults.append(f"行为 {act.code} 的类型 {act.kind} 未知")
        if not act.basis.instrument:
            faults.append(f"行为 {act.code} 没有依据")
        acts[act.code] = act
    if faults:
        listed = [{"field": "behaviours", "code": "BEHAVIOUR", "message": fault} for fault in faults]
        raise DescriptionInvalid("；".join(faults), faults=listed)
    return MappingProxyType(acts)


def _read(entry: Mapping[str, Any]) -> Behaviour:
    basis = entry["basis"]
    return Behaviour(
        code=str(entry["code"]),
        name=str(entry["name"]),
        kind=str(entry["kind"]),
        items=tuple(str(item) for item in entry["items"]),
        severity=Severity(entry["severity"]) if entry.get("severity") else None,
        basis=Basis(str(basis["instrument"]), str(basis["article"]), bool(basis["verified"])),
    )


def list_unknown_items(acts: Mapping[str, Behaviour], catalogue: Catalogue) -> list[str]:
    """Items that acts name and the catalogue does not hold."""
    return sorted({item for act in acts.values() for item in act.items} - catalogue.open_items.keys())
