"""What differs between two editions of a published list: said entry by entry, in a stable order. [pure]"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from credit.catalogue import Catalogue, CatalogueItem, ItemField

IN_WORDS = {"added": "新增", "removed": "删除", "changed": "修改"}
NOT_COMPARED = frozenset({"fields", "retired"})


class EditionChange(NamedTuple):
    """One difference; ``kind`` is added, removed or changed, ``what`` the entry or entry.attribute."""

    kind: str
    what: str
    before: str
    after: str

    @property
    def word(self) -> str:
        """The kind in Chinese."""
        return IN_WORDS[self.kind]


def diff_catalogues(a: Catalogue, b: Catalogue) -> list[EditionChange]:
    """What changed from catalogue edition ``a`` to ``b``: items, their attributes and their fields."""
    changes: list[EditionChange] = []
    before, after = a.open_items, b.open_items
    for code in sorted(before.keys() | after.keys()):
        old, new = before.get(code), after.get(code)
        if old is None or new is None:
            changes.append(_whole(code, old.name if old else "", new.name if new else ""))
            continue
        for attribute in fields(CatalogueItem):
            if attribute.name == "fields":
                changes += _diff_fields(old, new)
            elif attribute.name not in NOT_COMPARED:
                changes += _changed(
                    f"{code}.{attribute.name}", getattr(old, attribute.name), getattr(new, attribute.name)
                )
    return changes


def diff_entries(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[EditionChange]:
    """What changed between two lists of frozen entries by code (acts, matters), attribute by attribute."""
    changes: list[EditionChange] = []
    for code in sorted(a.keys() | b.keys()):
        old, new = a.get(code), b.get(code)
        if old is None or new is None:
            changes.append(_whole(code, old.name if old else "", new.name if new else ""))
            continue
        for attribute in fields(old):
            changes += _changed(f"{code}.{attribute.name}", getattr(old, attribute.name), getattr(new, attribute.name))
    return changes


def _whole(code: str, before: str, after: str) -> EditionChange:
    return EditionChange("added" if not before else "removed", code, before, after)


def _changed(what: str, before: object, after: object) -> Iterator[EditionChange]:
    if before != after:
        yield EditionChange("changed", what, _shown(before), _shown(after))


def _diff_fields(old: CatalogueItem, new: CatalogueItem) -> Iterator[EditionChange]:
    before, after = old.open_fields, new.open_fields
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one != other:
            kind = "added" if one is None else "removed" if other is None else "changed"
            yield EditionChange(kind, f"{old.code}.fields.{name}", _shown(one), _shown(other))


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, frozenset):
        return " ".join(sorted(value))
    if isinstance(value, ItemField):
        return f"{value.label}（{value.type}{'，必填' if value.required else ''}）"
    if isinstance(value, tuple):
        return "；".join(_shown(part) for part in value) if not hasattr(value, "_fields") else " ".join(map(str, value))
    return str(value)
