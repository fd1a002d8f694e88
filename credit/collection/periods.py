"""Reporting periods (报送周期) and what became of each: reported, zero report, late, due, missing. Pure.

A delivery within the days of grace after a period counts for that period unless the period was served in its own time; any
other counts for the period it falls in, and settles the one before as late (迟报) where nothing had come. A period whose
grace is over without delivery or zero report (零报告) is missing (漏报).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import yaml

from credit.catalogue import REFERENCE
from credit.collection.description import CADENCES
from credit.errors import DescriptionInvalid
from credit.workdays import DueDay, WorkCalendar, add_workdays

REPORTING_FILE: Final = REFERENCE / "reporting-2026-1.yaml"
_MONTHS: Final = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
_CODES: Final = {
    "weekly": re.compile(r"([0-9]{4})-W([0-9]{2})", re.ASCII),
    "monthly": re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII),
    "quarterly": re.compile(r"([0-9]{4})-Q([1-4])", re.ASCII),
    "half_yearly": re.compile(r"([0-9]{4})-H([12])", re.ASCII),
    "yearly": re.compile(r"([0-9]{4})()", re.ASCII),
}


class DutyState(StrEnum):
    """What became of the report owed for a period."""

    due = "due"
    reported = "reported"
    zero = "zero"
    late = "late"
    missing = "missing"


STATE_NAMES: Final[Mapping[DutyState, str]] = MappingProxyType(
    {
        DutyState.due: "待报",
        DutyState.reported: "已报",
        DutyState.zero: "零报告",
        DutyState.late: "迟报",
        DutyState.missing: "漏报",
    }
)


class Period(NamedTuple):
    """One period: its code (2026-W43, 2026-10, 2026-Q3, 2026-H1, 2026), first and last day."""

    code: str
    begins: date
    ends: date


class Verdict(NamedTuple):
    """What became of one period; ``done_on`` is the day of the delivery or zero report that settled it."""

    period: Period
    due: DueDay
    state: DutyState
    done_on: date | None


@dataclass(frozen=True, slots=True)
class Reporting:
    """The reporting rules: name and grace (working days) per cadence, and how often the entry desk owes a report."""

    names: Mapping[str, str]
    grace: Mapping[str, int]
    entry: Mapping[str, str]
    entry_otherwise: str
    verified: bool

    def entry_cadence(self, item: str) -> str:
        """How often a desk that enters this item owes a report."""
        return self.entry.get(item, self.entry_otherwise)


@lru_cache(maxsize=4)
def load_reporting(path: Path = REPORTING_FILE) -> Reporting:
    """Read the rules. Raises DescriptionInvalid where a cadence is missing or unknown."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    table, entry = content["cadences"], content["entry"]
    if set(table) != set(CADENCES) or not {content["entry_otherwise"], *entry.values()} <= set(CADENCES):
        raise DescriptionInvalid(f"{path.name} 的报送周期有误")
    return Reporting(
        names=MappingProxyType({code: str(row["name"]) for code, row in table.items()}),
        grace=MappingProxyType({code: int(row["grace_workdays"]) for code, row in table.items()}),
        entry=MappingProxyType(dict(entry)),
        entry_otherwise=content["entry_otherwise"],
        verified=bool(content["source"]["verified"]),
    )


def period_of(cadence: str, day: date) -> Period:
    """The period a day falls in; weeks are ISO weeks, from Monday to Sunday."""
    if cadence == "weekly":
        begins = day - timedelta(days=day.weekday())
        year, week, _ = begins.isocalendar()
        return Period(f"{year:04d}-W{week:02d}", begins, begins + timedelta(days=6))
    months = _MONTHS[cadence]
    place = (day.month - 1) // months
    last = place * months + months
    begins = date(day.year, place * months + 1, 1)
    ends = date(day.year, 12, 31) if last == 12 else date(day.year, last + 1, 1) - timedelta(days=1)
    mark = {1: f"-{place + 1:02d}", 3: f"-Q{place + 1}", 6: f"-H{place + 1}", 12: ""}[months]
    return Period(f"{day.year:04d}{mark}", begins, ends)


def days_at_most(cadence: str) -> int:
    """No period of this cadence is longer than so many days."""
    return 7 if cadence == "weekly" else 31 * _MONTHS[cadence]


def period_before(cadence: str, period: Period) -> Period:
    """The period that ended the day before this one began."""
    return period_of(cadence, period.begins - timedelta(days=1))


def find_period(cadence: str, code: str) -> Period | None:
    """The period of a code; None where there is none of that cadence."""
    match = _CODES[cadence].fullmatch(code)
    if match is None:
        return None
    try:
        year, place = int(match[1]), int(match[2] or 1)
        week = cadence == "weekly"
        day = date.fromisocalendar(year, place, 1) if week else date(year, (place - 1) * _MONTHS[cadence] + 1, 1)
        return period_of(cadence, day)
    except (ValueError, OverflowError):
        return None


def due_day(cadence: str, period: Period, calendar: WorkCalendar, reporting: Reporting) -> DueDay:
    """The last day on which a period's report is in time."""
    return add_workdays(period.ends, reporting.grace[cadence], calendar)


def judge_periods(
    cadence: str,
    today: date,
    *,
    since: date | None,
    delivered: Iterable[date],
    zeros: Mapping[str, date],
    back: int,
    calendar: WorkCalendar,
    reporting: Reporting,
) -> list[Verdict]:
    """What became of the last ``back`` ended periods, the newest first.

    ``since`` is the first day the source ever reported; without one only the latest period is judged. ``delivered`` are the
    days of deliveries, ``zeros`` the day of each zero report by period code.
    """
    periods, period = list[Period](), period_before(cadence, period_of(cadence, today))
    for _ in range(back if since is not None else 1):
        if since is not None and period.ends < since and periods:
            break
        if since is None or period.ends >= since:
            periods.append(period)
        period = period_before(cadence, period)
    served = serve(cadence, since, delivered, calendar, reporting)
    return [_judge(each, due_day(cadence, each, calendar, reporting), served, zeros, today) for each in periods]


def serve(
    cadence: str, since: date | None, delivered: Iterable[date], calendar: WorkCalendar, reporting: Reporting
) -> dict[str, date]:
    """Which day's delivery settled which period, by the rule at the head of this module."""
    served: dict[str, date] = {}
    for day in sorted(set(delivered)):
        current = period_of(cadence, day)
        before = period_before(cadence, current)
        owed = since is not None and before.ends >= since
        first = served.get(before.code)
        in_grace = day <= due_day(cadence, before, calendar, reporting).day
        if owed and in_grace and (first is None or first > before.ends):
            served.setdefault(before.code, day)
            continue
        if owed:
            served.setdefault(before.code, day)
        served.setdefault(current.code, day)
    return served


def _judge(period: Period, due: DueDay, served: Mapping[str, date], zeros: Mapping[str, date], today: date) -> Verdict:
    delivered, zero = served.get(period.code), zeros.get(period.code)
    done = min((day for day in (delivered, zero) if day is not None), default=None)
    if done is None:
        return Verdict(period, due, DutyState.due if today <= due.day else DutyState.missing, None)
    if done > due.day:
        return Verdict(period, due, DutyState.late, done)
    return Verdict(period, due, DutyState.zero if delivered is None else DutyState.reported, done)
