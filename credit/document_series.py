"""Series of document numbers (文号序列): 沪市监罚〔2026〕12号 is number 12 of one series; a gap hints at an omission. [pure]

A gap is a hint and no proof: numbers may be void, served on persons, or belong to other matters. The department explains.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

BRACKETS = str.maketrans("〔〕﹝﹞［］[]【】", "()()()()()")
NUMBER = re.compile(
    r"(?P<head>.{0,40}?)\((?P<year>(?:19|20)[0-9]{2})\)(?P<middle>[^0-9]{0,20}?)(?P<number>[0-9]{1,6})号", re.ASCII
)


class SeriesNumber(NamedTuple):
    """A document number as series, year and place in it."""

    series: str
    year: int
    number: int


class Gap(NamedTuple):
    """One series with numbers left out: how many are known, from which to which, and the missing ones as ranges."""

    authority: str
    series: str
    known: int
    lowest: int
    highest: int
    missing: int
    ranges: tuple[tuple[int, int], ...]

    @property
    def shown(self) -> str:
        """The missing numbers in words: 3、5–8."""
        return "、".join(str(begin) if begin == end else f"{begin}–{end}" for begin, end in self.ranges)


def plain_number(text: str) -> str:
    """A document number as compared: half-width, brackets and blanks alike."""
    return "".join(unicodedata.normalize("NFKC", text[:200]).translate(BRACKETS).split())


def parse_document_number(text: str) -> SeriesNumber | None:
    """The series a document number belongs to; None for one without a year in brackets and a number at its end."""
    match = NUMBER.fullmatch(plain_number(text))
    if match is None:
        return None
    middle = match["middle"].removesuffix("第")
    return SeriesNumber(f"{match['head']}〔{match['year']}〕{middle}", int(match["year"]), int(match["number"]))


def find_gaps(
    documents: Iterable[tuple[str, str]], year: int, *, least_numbers: int, largest_gap: int, least_share: float = 0.0
) -> list[Gap]:
    """Gaps in the series of one year, per authority, the largest first.

    ``documents`` are (authority, document number). A series with fewer numbers than ``least_numbers`` says nothing, nor does
    one of which less than ``least_share`` is known (numbers shared with other matters); a hole wider than ``largest_gap`` is
    another block of numbers, not an omission.
    """
    series: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for authority, document in documents:
        parsed = parse_document_number(document)
        if parsed is not None and parsed.year == year:
            series[(authority, parsed.series)].add(parsed.number)
    gaps = []
    for (authority, name), numbers in series.items():
        if len(numbers) < least_numbers:
            continue
        ranges = _holes(sorted(numbers), largest_gap)
        missing = sum(end - begin + 1 for begin, end in ranges)
        if missing and len(numbers) >= least_share * (len(numbers) + missing):
            gaps.append(Gap(authority, name, len(numbers), min(numbers), max(numbers), missing, tuple(ranges)))
    return sorted(gaps, key=lambda gap: (-gap.missing, gap.authority, gap.series))


def _holes(numbers: list[int], largest: int) -> list[tuple[int, int]]:
    return [(one + 1, other - 1) for one, other in pairwise(numbers) if 1 < other - one <= largest + 1]
