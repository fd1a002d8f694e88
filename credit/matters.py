"""Matters (应用清单): where credit information must be asked for, and what bears on each. Data, loaded and checked. [pure]"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yaml

from credit.catalogue import REFERENCE, Basis
from credit.errors import InvalidContent

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
    """Read the matters by code."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = [
        Matter(
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
        for entry in content["matters"]
    ]
    return MappingProxyType({row.code: row for row in rows})


def get_matter(matters: Mapping[str, Matter], code: str) -> Matter:
    """A matter by our code or by its implementation code (实施编码); InvalidContent where there is none."""
    found = matters.get(code)
    if found is None and code:
        found = next((matter for matter in matters.values() if matter.implementation_code == code), None)
    if found is None:
        fault = {"field": "matter", "code": "UNKNOWN", "message": "事项不在应用清单内"}
        raise InvalidContent("事项不在应用清单内", faults=[fault])
    return found
