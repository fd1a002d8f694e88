from datetime import date

import pytest

from scoring.card import Band, Fact, Indicator, Selection, Window, add_years
from scoring.indicators import FOREVER, counts_on, matches, measure

DAY = date(2026, 11, 20)


def indicator(aggregate: str, select: Selection, bands: tuple[Band, ...] = (), **changes: object) -> Indicator:
    values: dict[str, object] = {
        "code": "x", "name": "x", "group": ("x", "y"), "aggregate": aggregate, "select": select, "better": "less",
        "unit": "件", "bands": bands, "missing": 0, "field": None, "categories": (), "gained": "x", "lost": "x",
        "basis": "x", "verified": False,
    }  # fmt: skip
    return Indicator(**{**values, **changes})  # type: ignore[arg-type]


PENALTY = Selection(items=frozenset({"penalty"}))
YEAR = Selection(items=frozenset({"penalty"}), window=Window(years=1))
CURRENT = Selection(items=frozenset({"penalty"}), current=True)


def fact(record_id: int = 1, held_from: date | None = DAY, **changes: object) -> Fact:
    return Fact(record_id, "penalty", "adverse", held_from=held_from, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("select", "one", "expected"),
    [
        (YEAR, fact(held_from=date(2025, 11, 21)), (True, date(2026, 11, 21))),
        (YEAR, fact(held_from=date(2025, 11, 20)), (False, FOREVER)),
        (YEAR, fact(held_from=DAY), (True, date(2027, 11, 20))),
        (YEAR, fact(held_from=date(2026, 11, 21)), (False, date(2026, 11, 21))),
        (YEAR, fact(held_from=None), (False, FOREVER)),
        (YEAR, fact(held_from=None)._replace(tone="neutral"), (False, FOREVER)),
        (YEAR, fact(held_from=None)._replace(tone="favourable"), (True, FOREVER)),
        (PENALTY, fact(held_from=None), (True, FOREVER)),
        (CURRENT, fact(held_until=DAY), (True, date(2026, 11, 21))),
        (CURRENT, fact(held_until=date(2026, 11, 19)), (False, FOREVER)),
        (CURRENT, fact(held_until=None), (True, FOREVER)),
        (CURRENT, fact(held_until=date.max), (True, FOREVER)),
        (PENALTY, fact(usable_until=DAY), (True, date(2026, 11, 21))),
        (PENALTY, fact(usable_until=date(2026, 11, 19)), (False, FOREVER)),
        (PENALTY, fact(held_from=date(2027, 1, 1), usable_until=date(2026, 12, 31)), (False, date(2027, 1, 1))),
    ],
)
def test_a_fact_counts_in_its_window_its_term_and_its_time_of_use(
    select: Selection, one: Fact, expected: tuple[bool, date]
) -> None:
    assert counts_on(select, one, DAY) == expected


@pytest.mark.parametrize(
    ("aggregate", "facts", "value", "record_ids"),
    [
        ("count", [], 0, ()),
        ("count", [fact(1), fact(2)], 2, (1, 2)),
        ("exists", [fact(1), fact(2)], 1, (1, 2)),
        ("sum", [fact(1, amount=500), fact(2, amount=None), fact(3, amount=-9)], 500, (1, 2, 3)),
        ("max", [fact(1, amount=500), fact(2, amount=900)], 900, (1, 2)),
        ("days_since", [], None, ()),
        ("days_since", [fact(1, date(2026, 11, 1)), fact(2, date(2025, 1, 1)), fact(3, None)], 19, (1,)),
        ("years_since_first", [fact(1, date(2020, 11, 21)), fact(2, date(2024, 1, 1))], 5, (1,)),
        ("years_since_first", [fact(1, date(2020, 11, 20))], 6, (1,)),
        ("years_since_first", [fact(1, None)], None, ()),
        ("latest", [fact(2, date(2026, 1, 1), fields={"grade": "A"}), fact(1, fields={"grade": "B"})], "B", (1,)),
        ("latest", [fact(1, fields={"grade": "A"}), fact(2, fields={"grade": "B"})], "B", (2,)),
    ],
)
def test_each_aggregate_gives_value_and_records(
    aggregate: str, facts: list[Fact], value: object, record_ids: tuple[int, ...]
) -> None:
    one = indicator(aggregate, PENALTY, field="grade")
    for order in (facts, facts[::-1]):
        measured = measure(one, order, DAY)
        assert (measured.value, measured.record_ids) == (value, record_ids)


@pytest.mark.parametrize(
    ("aggregate", "bounds", "facts", "turns_on"),
    [
        ("years_since_first", (0, 1, 3), [fact(1, date(2025, 1, 5))], date(2028, 1, 5)),
        ("years_since_first", (0, 1), [fact(1, date(2025, 1, 5))], FOREVER),
        ("days_since", (0, 30), [fact(1, date(2026, 11, 1))], date(2026, 12, 1)),
    ],
)
def test_time_alone_reaches_the_next_band(
    aggregate: str, bounds: tuple[int, ...], facts: list[Fact], turns_on: date
) -> None:
    stops = [*bounds[1:], None]
    bands = tuple(Band(start, stop, start) for start, stop in zip(bounds, stops, strict=True))
    assert measure(indicator(aggregate, PENALTY, bands), facts, DAY).turns_on == turns_on


@pytest.mark.parametrize(
    ("select", "one", "expected"),
    [
        (Selection(frozenset({"penalty"}), severities=frozenset({"unclassified"})), fact(), True),
        (Selection(frozenset({"penalty"}), severities=frozenset({"serious"})), fact(), False),
        (Selection(frozenset({"penalty"}), tones=frozenset({"neutral"})), fact(), False),
        (Selection(frozenset({"licence"})), fact(), False),
        (Selection(frozenset({"penalty"}), lists=frozenset({"a"})), fact(list_code="a"), True),
        (Selection(frozenset({"penalty"}), lists=frozenset({"a"})), fact(list_code="b"), False),
        (Selection(frozenset({"penalty"}), listing_kinds=frozenset({"reward"})), fact(listing_kind="reward"), True),
        (Selection(frozenset({"penalty"}), listing_kinds=frozenset({"reward"})), fact(), False),
        (Selection(frozenset({"penalty"}), fields=(("result", frozenset({"合格"})),)), fact(), False),
        (
            Selection(frozenset({"penalty"}), fields=(("result", frozenset({"合格"})),)),
            fact(fields={"result": "合格"}),
            True,
        ),
    ],
)
def test_every_filter_of_a_selection_decides(select: Selection, one: Fact, expected: bool) -> None:
    assert matches(select, one) is expected


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2026, 3, 31), 3, date(2029, 3, 31)),
        (date(9990, 1, 1), 20, date.max),
    ],
)
def test_years_are_added_to_the_same_day(day: date, years: int, expected: date) -> None:
    assert add_years(day, years) == expected
