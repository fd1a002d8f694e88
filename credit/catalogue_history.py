"""Older catalogue editions (历史目录版次): records stay readable after a new edition, nothing is collected under them. [pure]"""

import dataclasses
from collections.abc import Sequence
from types import MappingProxyType

from credit.catalogue import Catalogue, CatalogueItem, ItemField


def with_history(catalogue: Catalogue, older: Sequence[Catalogue]) -> Catalogue:
    """The edition in force, able to read the records of older ones: what they held beyond it is added as retired.

    ``older`` from the newest to the oldest; of an item that several held, the newest one's definition counts.
    """
    items, categories = dict(catalogue.items), dict(catalogue.categories)
    for edition in older:
        for code, name in edition.categories.items():
            categories.setdefault(code, name)
        for code, item in edition.items.items():
            items[code] = _with_fields_of(items[code], item) if code in items else _retire(item)
    return dataclasses.replace(catalogue, items=MappingProxyType(items), categories=MappingProxyType(categories))


def _with_fields_of(item: CatalogueItem, older: CatalogueItem) -> CatalogueItem:
    gone = {name: _retire_field(field) for name, field in older.fields.items() if name not in item.fields}
    return dataclasses.replace(item, fields=MappingProxyType({**item.fields, **gone})) if gone else item


def _retire(item: CatalogueItem) -> CatalogueItem:
    fields = {name: _retire_field(field) for name, field in item.fields.items()}
    return dataclasses.replace(item, fields=MappingProxyType(fields), retired=True)


def _retire_field(field: ItemField) -> ItemField:
    return field._replace(required=False, retired=True)
