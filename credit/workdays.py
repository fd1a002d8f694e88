"""Due days in working days (工作日): weekends, public holidays and shifted working days as reviewed data.

A count begins on the day after the event (民法典 Art. 201); the n-th working day is the due day. Holiday tables come
out year by year; a due day that touches a year without one is counted by weekends alone and marked provisional (暂定),
to be recomputed when the table lands. Only closing as overdue on a provisional day is refused, by whoever closes.
"""

import functools
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import yaml

from credit.errors import CreditError

HOLIDAYS_FILE: Final = Path(__file__).parent / "reference" / "holidays-cn.yaml"
LONGEST_TERM: Final = 1000
_ONE_DAY: Final = timedelta(days=1)


class CalendarInvalid(CreditError):
    """A holiday table that cannot be used."""

    slug, title = "calendar-invalid", "节假日表有误"


class DueDay(NamedTuple):
    """The last day of a term; ``provisional`` where a year without a holiday table was counted through."""

    day: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Holiday tables of the years that have one: days off (with their name) and weekend days worked instead."""

    years: frozenset[int]
    days_off: MappingProxyType[date, str]
    days_worked: frozenset[date]
    origin: str

    def is_workday(self, day: date) -> bool:
        """Whether offices work on a day; without a table for its year Monday to Friday."""
        if day in self.days_worked:
            return True
        return day.weekday() < 5 and day not in self.days_off

    def covers(self, day: date) -> bool:
        """Whether the day's year has a table."""
        return day.year in self.years


def add_workdays(day: date, count: int, calendar: WorkCalendar) -> DueDay:
    """The count-th working day after a day; for 0 the day itself. Raises ValueError for a negative or endless count."""
    if not 0 <= count <= LONGEST_TERM:
        raise ValueError(f"a term of {count} working days")
    provisional = not calendar.covers(day)
    while count:
        day += _ONE_DAY
        provisional = provisional or not calendar.covers(day)
        count -= calendar.is_workday(day)
    return DueDay(day, provisional)


def workdays_between(start: date, end: date, calendar: WorkCalendar) -> int:
    """Working days after ``start`` up to and with ``end``; negative where end is earlier.

    The inverse of ``add_workdays``: between a day and its due day lie as many working days as were added.
    """
    if end < start:
        return -workdays_between(end, start, calendar)
    return sum(calendar.is_workday(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def load_calendar(path: Path = HOLIDAYS_FILE) -> WorkCalendar:
    """The calendar from a reviewed table. Raises CalendarInvalid naming what is wrong."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise CalendarInvalid(f"{path.name}：无法读取") from None
    return _load_calendar(path, changed)


@functools.cache
def _load_calendar(path: Path, _changed: int) -> WorkCalendar:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CalendarInvalid(f"{path.name}：无法读取") from error
    if not isinstance(content, dict) or not isinstance(content.get("years"), dict):
        raise CalendarInvalid(f"{path.name}：缺少 years")
    days_off: dict[date, str] = {}
    days_worked: set[date] = set()
    for year, table in content["years"].items():
        _read_year(path, year, table, days_off, days_worked)
    return WorkCalendar(
        frozenset(content["years"]), MappingProxyType(days_off), frozenset(days_worked), str(content.get("origin", ""))
    )


def _read_year(path: Path, year: Any, table: Any, days_off: dict[date, str], days_worked: set[date]) -> None:
    if type(year) is not int or not isinstance(table, dict) or set(table) != {"source", "holidays", "shifted"}:
        raise CalendarInvalid(f"{path.name}：{year} 年须有 source、holidays、shifted")
    for name, days in table["holidays"].items():
        for day in days:
            _check_day(path, year, day)
            if day in days_off:
                raise CalendarInvalid(f"{path.name}：{day} 重复")
            days_off[day] = name
    for day in table["shifted"]:
        _check_day(path, year, day)
        if day.weekday() < 5 or day in days_off or day in days_worked:
            raise CalendarInvalid(f"{path.name}：调休上班日 {day} 不是周末或重复")
        days_worked.add(day)


def _check_day(path: Path, year: int, day: Any) -> None:
    if type(day) is not date or day.year != year:
        raise CalendarInvalid(f"{path.name}：{day} 不是 {year} 年的日期")
