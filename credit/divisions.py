"""Administrative divisions (行政区划, GB/T 2260) with the years they were in force: a code is read as of a day; pure.

Districts merge and codes end (310108 闸北区 until 2015, 110103 崇文区 until 2010), but files and citizen numbers keep them. The
table knows years, not days: in the year a name or code ended it still holds. Its source is told in ``divisions-source.yaml``.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from credit.catalogue import REFERENCE

TABLE: Final = REFERENCE / "divisions.csv"
_is_code = re.compile(r"[0-9]{6}").fullmatch
_NO_NAMES: Final = frozenset(("市辖区", "县", "省直辖县级行政单位", "自治区直辖县级行政单位"))
"""Places in the code that name no place."""


class Division(NamedTuple):
    """A name of a code and the years it was in force; None: since before the standard, or to this day."""

    code: str
    name: str
    since: int | None
    until: int | None

    def in_force(self, day: date) -> bool:
        """Whether code and name were in force on a day, by the year."""
        return (self.since or 0) <= day.year <= (self.until or 9999)


@dataclass(frozen=True)
class Divisions:
    """All divisions by code, each code's names in order of time."""

    by_code: Mapping[str, tuple[Division, ...]]
    _by_name: Mapping[str, tuple[Division, ...]] = field(repr=False)

    def name_of(self, code: str, day: date) -> str | None:
        """What a code was called on a day; None where it was none then."""
        return next((one.name for one in self.by_code.get(code, ()) if one.in_force(day)), None)

    def find(self, name: str, *, within: str = "", day: date | None = None) -> list[Division]:
        """All divisions of this name, below the code prefix ``within``, in force on ``day`` where given; there may be several."""
        found = self._by_name.get(name.strip(), ())
        return [one for one in found if one.code.startswith(within) and (day is None or one.in_force(day))]

    def region_of(self, code: str, day: date) -> tuple[str, ...]:
        """Province, city and district of a code by name, as of a day; without what names no place, empty for an unknown code.

        A district outlives its prefecture in no file, so a part that was not in force then is left out.
        """
        if _is_code(code) is None or code not in self.by_code:
            return ()
        parts = dict.fromkeys((code[:2] + "0000", code[:4] + "00", code))
        names = (self.name_of(part, day) for part in parts)
        return tuple(dict.fromkeys(name for name in names if name is not None and name not in _NO_NAMES))


@cache
def load_divisions(path: Path = TABLE) -> Divisions:
    """The divisions of a table."""
    by_code: dict[str, list[Division]] = {}
    by_name: dict[str, list[Division]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for code, name, since, until in list(csv.reader(stream))[1:]:
            one = Division(code, name, int(since) if since else None, int(until) if until else None)
            by_code.setdefault(code, []).append(one)
            by_name.setdefault(name, []).append(one)
    return Divisions(
        MappingProxyType({code: tuple(names) for code, names in by_code.items()}),
        MappingProxyType({name: tuple(found) for name, found in by_name.items()}),
    )
