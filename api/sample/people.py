"""Synthetic natural persons: invented names, numbers with valid check digits, every one born before 1900."""

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from api.sample.codes import citizen_number
from api.sample.words import GIVEN_FIRST, GIVEN_SECOND, OLD_REGION, REGION, SURNAMES


class SamplePerson(NamedTuple):
    """One synthetic person as a department would write them down."""

    name: str
    number: str
    sex: str

    @property
    def masked(self) -> str:
        """The name as public lists show it: 王*明, or 王* for two characters."""
        return f"{self.name[0]}*{self.name[2:]}"


def invent_name(rng: Random) -> str:
    """A personal name of two or three characters."""
    given = rng.choice(GIVEN_FIRST) + (rng.choice(GIVEN_SECOND) if rng.random() < 0.8 else "")
    return rng.choice(SURNAMES) + given


def make_people(seed: int, count: int) -> list[SamplePerson]:
    """``count`` persons with different names and numbers, the same for the same seed."""
    rng = Random(f"{seed}/people")
    people: dict[str, SamplePerson] = {}
    while len(people) < count:
        name = invent_name(rng)
        birth = date(1860, 1, 1) + timedelta(days=rng.randrange(39 * 365))
        sequence = rng.randrange(1, 900)
        region = REGION if rng.random() < 0.8 else OLD_REGION
        number = citizen_number(region, birth, sequence)
        people.setdefault(name, SamplePerson(name, number, "男" if sequence % 2 else "女"))
    return list(people.values())
