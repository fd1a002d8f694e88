"""Matters (应用清单): where credit information must be asked for, and what bears on each. Data, loaded and checked. [pure]"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from credit.catalogue import REFERENCE, Basis
from credit.errors import DescriptionInvalid, InvalidContent

MATTERS_FILE = REFERENCE / "matters-2026-1.yaml"


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter: the lists and items that bear on it, the severities that count, the measures that may follow."""

    code: str
    name: str
    field: str
    department: str
    implementation_code: str
    lists: frozenset[str]
    items: frozenset[str]
    severities: frozenset[str]
    measures: frozenset[str]
    basis: Basis


def load_matters(path: Path = MATTERS_FILE) -> Mapping[str, Matter]:
    """Read the matters by code. Raises DescriptionInvalid with all faults."""
    return read_matters(yaml.safe_load(path.read_text(encoding="utf-8")))


def read_matters(content: Any) -> Mapping[str, Matter]:
    """The matters of a parsed document. Raises DescriptionInvalid with all faults."""
    if not isinstance(content, dict) or not isinstance(content.get("matters"), list):
        raise DescriptionInvalid("应用清单缺少 matters")
    faults: list[str] = []
    rows: dict[str, Matter] = {}
    for entry in content["matters"]:
        try:
            matter = _read(entry)
        except (KeyError, TypeError, AttributeError) as error:
            faults.append(f"事项 {entry.get('code', '?') if isinstance(entry, dict) else '?'} 无法读取：{error}")
            continue
        if matter.code in rows:
            faults.append(f"事项 {matter.code} 重复")
        rows[matter.code] = matter
    if faults:
        listed = [{"field": "matters", "code": "MATTER", "message": fault} for fault in faults]
        raise DescriptionInvalid("；".join(faults), faults=listed)
    return MappingProxyType(rows)


def _read(entry: Mapping[str, Any]) -> Matter:
    return Matter(
        code=str(entry["code"]),
        name=str(entry["name"]),
        field=str(entry["field"]),
        department=str(entry["department"]),
        implementation_code=str(entry["implementation_code"]),
        lists=frozenset(entry["lists"]),
        items=frozenset(entry["items"]),
        severities=frozenset(entry["severities"]),
        measures=frozenset(entry["measures"]),
        basis=Basis(**entry["basis"]),
    )


def get_matter(matters: Mapping[str, Matter], code: str) -> Matter:
    """A matter by our code or by its implementation code (实施编码); InvalidContent where there is none."""
    found = matters.get(code)
    if found is None and code:
        found = next((matter for matter in matters.values() if matter.implementation_code == code), None)
    if found is None:
        fault = {"field": "matter", "code": "UNKNOWN", "message": "事项不在应用清单内"}
        raise InvalidContent("事项不在应用清单内", faults=[fault])
    return found
