"""Working days: holidays, shifted days, provisional years, and that adding and counting are inverse."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.workdays import CalendarInvalid, DueDay, add_workdays, load_calendar, workdays_between

CALENDAR = load_calendar()
DAYS = st.dates(date(2023, 12, 1), date(2027, 6, 1))


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        (date(2026, 6, 1), 0, DueDay(date(2026, 6, 1), False)),
        (date(2026, 6, 1), 1, DueDay(date(2026, 6, 2), False)),
        (date(2026, 6, 5), 1, DueDay(date(2026, 6, 8), False)),
        (date(2026, 6, 18), 1, DueDay(date(2026, 6, 22), False)),
        (date(2026, 9, 30), 5, DueDay(date(2026, 10, 13), False)),
        (date(2026, 2, 13), 1, DueDay(date(2026, 2, 14), False)),
        (date(2026, 2, 14), 1, DueDay(date(2026, 2, 24), False)),
        (date(2025, 9, 27), 1, DueDay(date(2025, 9, 28), False)),
        (date(2024, 4, 3), 7, DueDay(date(2024, 4, 15), False)),
        (date(2025, 12, 31), 1, DueDay(date(2026, 1, 4), False)),
        (date(2026, 12, 30), 1, DueDay(date(2026, 12, 31), False)),
        (date(2026, 12, 31), 1, DueDay(date(2027, 1, 1), True)),
        (date(2023, 12, 29), 1, DueDay(date(2024, 1, 2), True)),
        (date(2027, 3, 5), 3, DueDay(date(2027, 3, 10), True)),
    ],
)
def test_due_days(start: date, count: int, due: DueDay) -> None:
    assert add_workdays(start, count, CALENDAR) == due


@given(DAYS, st.integers(1, 60))
def test_adding_and_counting_are_inverse(start: date, count: int) -> None:
    due = add_workdays(start, count, CALENDAR).day
    assert CALENDAR.is_workday(due)
    assert workdays_between(start, due, CALENDAR) == count
    assert workdays_between(due, start, CALENDAR) == -count


@given(DAYS, st.integers(0, 20), st.integers(0, 20))
def test_terms_add_up(start: date, first: int, second: int) -> None:
    middle = add_workdays(start, first, CALENDAR).day
    assert add_workdays(middle, second, CALENDAR).day == add_workdays(start, first + second, CALENDAR).day


@pytest.mark.parametrize("count", [-1, 1001])
def test_senseless_counts_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        add_workdays(date(2026, 6, 1), count, CALENDAR)


@pytest.mark.parametrize(("year", "days_off", "workdays"), [(2024, 28, 251), (2025, 28, 248), (2026, 33, 248)])
def test_the_table_of_each_year_adds_up(year: int, days_off: int, workdays: int) -> None:
    assert sum(day.year == year for day in CALENDAR.days_off) == days_off
    assert workdays_between(date(year - 1, 12, 31), date(year, 12, 31), CALENDAR) == workdays
    assert "chinesecalendar" in CALENDAR.origin


def test_public_holidays_by_law_are_in_the_table() -> None:
    for year in sorted(CALENDAR.years):
        for month, day in ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3)):
            assert not CALENDAR.is_workday(date(year, month, day))
        assert all(not CALENDAR.is_workday(date(year, 10, 1) + timedelta(days=n)) for n in range(7))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "years"),
        ("years: [2026]", "years"),
        ("years: {2026: {source: x, off: {}, worked: []}}", "2026"),
        ("years: {2026: {source: x, holidays: {元旦: [2025-01-01]}, shifted: []}}", "2025-01-01"),
        ("years: {2026: {source: x, holidays: {元旦: [2026-01-01, 2026-01-01]}, shifted: []}}", "重复"),
        ("years: {2026: {source: x, holidays: {}, shifted: [2026-06-01]}}", "2026-06-01"),
        ("years: {2026: {source: x, holidays: {元旦: [tomorrow]}, shifted: []}}", "tomorrow"),
        ("{", "无法读取"),
    ],
)
def test_faulty_tables_are_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "holidays.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CalendarInvalid, match=said):
        load_calendar(path)


def test_an_absent_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalendarInvalid):
        load_calendar(tmp_path / "absent.yaml")
