"""Our items, fields and words in the city's codes (代码对照), one file per catalogue edition. [pure]

A code that is not mapped is never guessed and never dropped: it raises ``Unmapped``, the change waits and everything else goes
on. The mapping is data (``reference/city-mapping-*.yaml``); the city's own catalogue decides what stands there.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from credit.catalogue import REFERENCE
from credit.errors import DescriptionInvalid

TABLES: Final = ("subject_kinds", "severities", "standings", "lists")


class Unmapped(Exception):
    """A code of ours that the city's mapping does not name. ``what`` says which; it holds no value of a record."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class ItemCodes:
    """The city's code of one item, and its name of each field."""

    code: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CityMapping:
    """One edition of the mapping. ``not_told``: items that stay here by decision, not for want of a code.

    ``digest`` changes with the file, so that what waited is tried again.
    """

    edition: str
    catalogue_edition: str
    items: Mapping[str, ItemCodes]
    tables: Mapping[str, Mapping[str, str]]
    digest: str
    not_told: frozenset[str] = frozenset()

    def item(self, code: str) -> ItemCodes:
        """The city's codes of an item of ours. Raises Unmapped."""
        if code not in self.items:
            raise Unmapped(f"目录项 {code} 没有市平台代码")
        return self.items[code]

    def word(self, table: str, word: str | None) -> str | None:
        """The city's word for one of ours in subject_kinds, severities, standings or lists; None for None. Raises Unmapped."""
        if word is None:
            return None
        if word not in self.tables[table]:
            raise Unmapped(f"{table} 的取值 {word} 没有市平台代码")
        return self.tables[table][word]

    def fields(self, item: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A record's fields under the city's names, in the order of those names. Raises Unmapped for a field without one."""
        names = self.item(item).fields
        missing = sorted(payload.keys() - names.keys())
        if missing:
            raise Unmapped(f"目录项 {item} 的字段 {missing[0]} 没有市平台代码")
        return {names[name]: payload[name] for name in sorted(payload, key=names.__getitem__)}

    def ours(self, table: str, word: str) -> str:
        """Our word for one of the city's. Raises Unmapped."""
        found = next((ours for ours, theirs in self.tables[table].items() if theirs == word), None)
        if found is None:
            raise Unmapped(f"市平台 {table} 的取值不在对照表内")
        return found

    def item_of(self, code: str, list_code: str | None) -> tuple[str, str | None]:
        """Our item and list for the city's codes. Raises Unmapped where the city says one that we do not know."""
        item = next((ours for ours, codes in self.items.items() if codes.code == code), None)
        if item is None:
            raise Unmapped("市平台目录项代码不在对照表内")
        return item, None if list_code is None else self.ours("lists", list_code)


def load_city_mappings(folder: Path = REFERENCE) -> Mapping[str, CityMapping]:
    """All mappings by the catalogue edition they are for. Raises DescriptionInvalid for a faulty or double one."""
    found: dict[str, CityMapping] = {}
    for path in sorted(folder.glob("city-mapping-*.yaml")):
        mapping = read_city_mapping(path.read_bytes())
        if mapping.catalogue_edition in found:
            raise DescriptionInvalid(f"目录版次 {mapping.catalogue_edition} 有多份市平台代码对照")
        found[mapping.catalogue_edition] = mapping
    return MappingProxyType(found)


def read_city_mapping(content: bytes) -> CityMapping:
    """One mapping from YAML. Raises DescriptionInvalid where it is incomplete or names two things alike."""
    body = yaml.safe_load(content)
    try:
        common = {str(ours): str(theirs) for ours, theirs in (body.get("common_fields") or {}).items()}
        items = {
            str(ours): ItemCodes(str(entry["code"]), MappingProxyType({**common, **(entry.get("fields") or {})}))
            for ours, entry in body["items"].items()
        }
        tables = {
            name: MappingProxyType({str(ours): str(theirs) for ours, theirs in body[name].items()}) for name in TABLES
        }
        mapping = CityMapping(
            str(body["edition"]),
            str(body["catalogue_edition"]),
            MappingProxyType(items),
            MappingProxyType(tables),
            hashlib.sha256(content).hexdigest(),
            frozenset(str(code) for code in body.get("not_told") or ()),
        )
    except (KeyError, TypeError, AttributeError):
        raise DescriptionInvalid("市平台代码对照不完整") from None
    _refuse_doubles(mapping)
    return mapping


def _refuse_doubles(mapping: CityMapping) -> None:
    sets = [[entry.code for entry in mapping.items.values()]]
    sets += [list(entry.fields.values()) for entry in mapping.items.values()]
    sets += [list(table.values()) for table in mapping.tables.values()]
    if any(len(values) != len(set(values)) for values in sets):
        raise DescriptionInvalid("市平台代码对照中有重复的代码")
