"""Industries (国民经济行业分类, GB/T 4754): section, division, group, class by code; pure.

Only the edition of 2017 is held (in force since 2017-10-01): a code of an earlier day is not read by it, because numbers were
given to other trades before. Source: ``industries-source.yaml``.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from credit.catalogue import REFERENCE

TABLE: Final = REFERENCE / "industries.csv"
IN_FORCE_SINCE: Final = date(2017, 10, 1)


class Industry(NamedTuple):
    """An industry: a section's letter, or four digits (a division ends in 00, a group in 0); ``section`` is its letter."""

    code: str
    name: str
    section: str


@dataclass(frozen=True)
class Industries:
    """All industries by code; a code may be written short (51 for 5100, F5132 for 5132)."""

    by_code: Mapping[str, Industry]
    _by_name: Mapping[str, tuple[Industry, ...]] = field(repr=False)

    def get(self, code: str) -> Industry | None:
        """The industry of a code as departments write it; None where there is none."""
        plain = code.strip().upper()
        letter = plain[:1] if plain[:1].isalpha() else ""
        digits = plain[len(letter) :]
        if not digits:
            return self.by_code.get(letter)
        if not (digits.isascii() and digits.isdigit()) or not 2 <= len(digits) <= 4:
            return None
        found = self.by_code.get(digits.ljust(4, "0"))
        return None if found is None or (letter and found.section != letter) else found

    def name_of(self, code: str, day: date) -> str | None:
        """What a code means on a day; None where it means nothing, or the day is before this edition."""
        found = self.get(code) if day >= IN_FORCE_SINCE else None
        return None if found is None else found.name

    def find(self, name: str) -> list[Industry]:
        """All industries of this name, the widest first: a group and its only class may share it."""
        return list(self._by_name.get(name.strip(), ()))

    def line_of(self, code: str) -> tuple[str, ...]:
        """Section, division, group and class of a code by name, the widest first; empty for an unknown one."""
        found = self.get(code)
        if found is None:
            return ()
        codes = (found.section, found.code[:2] + "00", found.code[:3] + "0", found.code)
        wider = codes[:1] if found.code == found.section else codes
        return tuple(dict.fromkeys(self.by_code[one].name for one in wider if one in self.by_code))


@cache
def load_industries(path: Path = TABLE) -> Industries:
    """The industries of a table."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [Industry(*row) for row in list(csv.reader(stream))[1:]]
    by_name: dict[str, list[Industry]] = {}
    for one in rows:
        by_name.setdefault(one.name, []).append(one)
    return Industries(
        MappingProxyType({one.code: one for one in rows}),
        MappingProxyType({name: tuple(found) for name, found in by_name.items()}),
    )
