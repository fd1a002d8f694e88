"""Series of document numbers: what is one series, which numbers are missing, and what says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.document_series import find_gaps, parse_document_number


@pytest.mark.parametrize(
    ("text", "series", "number"),
    [
        ("沪市监罚〔2026〕12号", "沪市监罚〔2026〕", 12),
        ("沪市监罚[2026]第0012号", "沪市监罚〔2026〕", 12),
        ("沪市监罚【2026】 12 号", "沪市监罚〔2026〕", 12),
        ("沪市监罚（2026）12号", "沪市监罚〔2026〕", 12),
        ("（2026）沪环罚3号", "〔2026〕沪环罚", 3),
        ("京税稽罚﹝2026﹞７号", "京税稽罚〔2026〕", 7),
    ],
)
def test_one_series_however_it_is_written(text, series, number):
    parsed = parse_document_number(text)
    assert (parsed.series, parsed.year, parsed.number) == (series, 2026, number)


@pytest.mark.parametrize(
    "text", ["", "无", "沪市监罚2026-12号", "〔2026〕号", "沪〔1700〕1号", "沪〔2026〕12号之一", "沪〔2026〕1234567号"]
)
def test_what_is_no_number_of_a_series(text):
    assert parse_document_number(text) is None


def gaps(numbers, **limits):
    documents = [("区局", f"沪罚〔2026〕{number}号") for number in numbers]
    return find_gaps(documents, 2026, **{"least_numbers": 3, "largest_gap": 50, **limits})


def test_gaps_are_listed_as_ranges():
    (gap,) = gaps([1, 2, 4, 8, 9])
    assert (gap.missing, gap.ranges, gap.shown) == (4, ((3, 3), (5, 7)), "3、5–7")
    assert (gap.known, gap.lowest, gap.highest, gap.authority) == (5, 1, 9, "区局")


@pytest.mark.parametrize("numbers", [[1, 5], [1, 2, 3], [1, 2, 3, 500], []])
def test_too_few_none_missing_or_another_block_say_nothing(numbers):
    assert gaps(numbers) == []


@pytest.mark.parametrize(("share", "told"), [(0.5, True), (0.6, False)])
def test_a_series_mostly_unknown_says_nothing(share, told):
    assert bool(gaps([1, 2, 4, 6, 9], least_share=share)) is told


def test_authorities_and_years_are_apart():
    documents = [
        ("甲", "沪罚〔2026〕1号"),
        ("乙", "沪罚〔2026〕3号"),
        ("甲", "沪罚〔2025〕2号"),
        ("甲", "沪罚〔2026〕2号"),
    ]
    assert find_gaps(documents, 2026, least_numbers=2, largest_gap=50) == []


@given(st.sets(st.integers(1, 300), min_size=3))
def test_known_and_missing_make_the_whole(numbers):
    found = gaps(numbers, largest_gap=1000)
    missing = {n for gap in found for begin, end in gap.ranges for n in range(begin, end + 1)}
    assert missing == set(range(min(numbers), max(numbers) + 1)) - numbers
