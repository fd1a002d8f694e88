"""What every department's files of the sample district are drawn from: the seed, the day, the organisations, the
people."""

from dataclasses import dataclass
from datetime import date
from random import Random

from api.sample.organisations import Organisation
from api.sample.people import SamplePerson
from models.terms import SubjectKind


@dataclass(frozen=True)
class Plan:
    """The sample district before any file is written."""

    seed: int
    day: date
    organisations: tuple[Organisation, ...]
    people: tuple[SamplePerson, ...]

    def rng(self, name: str) -> Random:
        """A generator of its own for each file, so that one file can change without moving the others."""
        return Random(f"{self.seed}/{name}")

    def rows(self, usual: int) -> int:
        """How many rows a file gets that has ``usual`` rows in a district of 5,000 organisations."""
        return max(1, usual * len(self.organisations) // 5000)

    @property
    def firms(self) -> list[Organisation]:
        """Enterprises and shops: what market regulation registers."""
        return [
            each
            for each in self.organisations
            if each.kind in (SubjectKind.enterprise, SubjectKind.individual_business)
        ]

    @property
    def enterprises(self) -> list[Organisation]:
        """Enterprises alone."""
        return [each for each in self.organisations if each.kind == SubjectKind.enterprise]
