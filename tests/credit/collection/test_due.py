"""Reporting periods and the due calendar: what is owed, in time, late, missing; zero reports end a silence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.collection.batches import close_delivery, open_delivery, register_source
from credit.collection.description import CADENCES, load_descriptions, read_description
from credit.collection.due import list_due, list_reminders, report_zero
from credit.collection.periods import (
    DutyState,
    find_period,
    judge_periods,
    load_reporting,
    period_before,
    period_of,
)
from credit.errors import Conflict, DescriptionInvalid, InvalidContent, NotFound
from credit.workdays import load_calendar
from models.collection import Source
from models.entry import ZeroReport
from tests.factories import make_department

TODAY = date(2026, 11, 20)
CALENDAR, REPORTING = load_calendar(), load_reporting()


@pytest.mark.parametrize(
    ("cadence", "day", "code", "begins", "ends"),
    [
        ("weekly", date(2026, 11, 20), "2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        ("weekly", date(2027, 1, 1), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("monthly", date(2028, 2, 3), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("monthly", date(2026, 12, 31), "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("quarterly", date(2026, 9, 30), "2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("half_yearly", date(2026, 7, 1), "2026-H2", date(2026, 7, 1), date(2026, 12, 31)),
        ("yearly", date(2026, 2, 1), "2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_periods(cadence, day, code, begins, ends):
    assert period_of(cadence, day) == (code, begins, ends)


@given(st.sampled_from(CADENCES), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_periods_tile_the_calendar_and_are_found_by_code(cadence, day):
    period = period_of(cadence, day)
    assert period.begins <= day <= period.ends
    assert find_period(cadence, period.code) == period
    assert period_before(cadence, period).ends == period.begins - timedelta(days=1)


@pytest.mark.parametrize(
    ("cadence", "code"),
    [
        ("monthly", "2026-13"), ("monthly", "2026-00"), ("weekly", "2026-W54"), ("weekly", "2025-W53"), ("weekly", "9999-W52"),
        ("quarterly", "2026-Q5"), ("yearly", "26"), ("monthly", "2026-W01"), ("yearly", "0000"), ("monthly", "２０２６-10"),
    ],
)  # fmt: skip
def test_no_such_period(cadence, code):
    assert find_period(cadence, code) is None


def states(delivered, zeros=None, *, today=TODAY, since=date(2026, 1, 1), back=3, cadence="monthly"):
    verdicts = judge_periods(
        cadence, today, since=since, delivered=delivered, zeros=zeros or {}, back=back, calendar=CALENDAR,
        reporting=REPORTING,
    )  # fmt: skip
    return {verdict.period.code: verdict.state.value for verdict in verdicts}


@pytest.mark.parametrize(
    ("delivered", "zeros", "today", "expected"),
    [
        ([], {}, TODAY, {"2026-10": "missing", "2026-09": "missing", "2026-08": "missing"}),
        ([], {}, date(2026, 11, 3), {"2026-10": "due", "2026-09": "missing", "2026-08": "missing"}),
        ([date(2026, 10, 15)], {}, TODAY, {"2026-10": "reported", "2026-09": "late", "2026-08": "missing"}),
        ([date(2026, 11, 3)], {}, TODAY, {"2026-10": "reported", "2026-09": "missing", "2026-08": "missing"}),
        (
            [date(2026, 11, 3), date(2026, 11, 4)],
            {},
            TODAY,
            {"2026-10": "reported", "2026-09": "missing", "2026-08": "missing"},
        ),
        ([date(2026, 11, 18)], {}, TODAY, {"2026-10": "late", "2026-09": "missing", "2026-08": "missing"}),
        ([], {"2026-10": date(2026, 11, 2)}, TODAY, {"2026-10": "zero", "2026-09": "missing", "2026-08": "missing"}),
        ([], {"2026-09": date(2026, 11, 2)}, TODAY, {"2026-10": "missing", "2026-09": "late", "2026-08": "missing"}),
    ],
)
def test_what_becomes_of_a_period(delivered, zeros, today, expected):
    assert states(delivered, zeros, today=today) == expected


def test_who_reports_on_the_third_of_the_next_month_is_always_in_time_and_silence_is_seen_at_once():
    days = [date(2026, month, 3) for month in range(5, 12)]
    assert states(days, since=date(2026, 4, 1), back=7) == {f"2026-{month:02d}": "reported" for month in range(4, 11)}
    without_october = [day for day in days if day.month != 11]
    assert states(without_october, since=date(2026, 4, 1), back=2) == {"2026-10": "missing", "2026-09": "reported"}


def test_nothing_is_owed_from_before_the_first_report():
    assert states([date(2026, 10, 15)], since=date(2026, 10, 15)) == {"2026-10": "reported"}
    assert states([date(2026, 11, 15)], since=date(2026, 11, 15)) == {}
    assert states([], since=None) == {"2026-10": "missing"}


@given(st.sampled_from(CADENCES), st.lists(st.dates(date(2025, 1, 1), TODAY), max_size=30), st.integers(0, 60))
def test_a_further_delivery_never_makes_a_period_worse(cadence, days, place):
    since = date(2025, 1, 1)
    extra = TODAY - timedelta(days=place)
    before, after = (states(given, since=since, back=6, cadence=cadence) for given in (days, [*days, extra]))
    assert all(after[code] != "missing" for code in before if before[code] not in ("missing", "due"))


GOOD = {
    "name": "due-test", "title": "测试报送", "department": "区测试局", "carrier": "push", "item": "penalty", "cadence": "monthly",
    "columns": [{"column": name, "means": means} for name, means in
                (("名称", "name"), ("文号", "doc_no"), ("日期", "decision_date"), ("机关", "authority"))],
}  # fmt: skip


def test_cadence_is_checked():
    assert read_description(GOOD).cadence == "monthly"
    with pytest.raises(DescriptionInvalid, match="cadence"):
        read_description({**GOOD, "cadence": "sometimes"})
    assert all(each.cadence in (None, *CADENCES) for each in load_descriptions())


@pytest.fixture
def desk(session, as_enquirer):
    department = make_department(session, name="区测试局")
    session.commit()
    return as_enquirer("department", department_id=department.id)


def deliver(session, *moments, name="due-test", **changes):
    description = replace(read_description(GOOD), name=name, **changes)
    source_id = register_source(session, description)
    for moment in moments:
        opened = open_delivery(session, source_id, description, name="x", digest=str(moment).encode(), now=moment)
        close_delivery(session, opened, columns_dropped=0, now=moment)
    session.commit()


def at(month, day):
    return datetime(2026, month, day, 4, tzinfo=UTC)


def test_the_calendar_of_a_source(session, desk):
    deliver(session, at(8, 15), at(9, 15), name="due-test")
    deliver(session, at(9, 1), name="no-duty", cadence=None)
    duties = {duty.period: duty.state_name for duty in list_due(session, TODAY, department_id=desk.department_id)}
    assert duties == {"2026-10": "漏报", "2026-09": "已报", "2026-08": "已报"}
    assert [(each.duty.period, each.days_left < 0) for each in list_reminders(session, TODAY)] == [("2026-10", True)]
    assert "零报告" in list_reminders(session, TODAY)[0].text


def test_a_zero_report_ends_the_silence(session, desk):
    deliver(session, at(8, 15), at(9, 15))
    report_zero(session, desk, "due-test", "2026-10", now=at(11, 3), today=date(2026, 11, 3))
    duty = list_due(session, TODAY, department_id=desk.department_id)[0]
    assert (duty.period, duty.state) == ("2026-10", DutyState.zero)
    assert list_reminders(session, TODAY) == []
    with pytest.raises(Conflict):
        report_zero(session, desk, "due-test", "2026-10", now=at(11, 4), today=date(2026, 11, 4))
    assert session.query(ZeroReport).count() == 1


@pytest.mark.parametrize(
    ("source", "period", "error"),
    [
        ("due-test", "2026-11", Conflict), ("due-test", "2026-09", Conflict), ("due-test", "2026-W43", InvalidContent),
        ("due-test", "2001-01", InvalidContent), ("due-test", "'; --", InvalidContent), ("other", "2026-10", NotFound),
        ("sample-penalties", "2026-10", NotFound), ("foreign", "2026-10", NotFound),
    ],
)  # fmt: skip
def test_zero_reports_refused(session, desk, source, period, error):
    deliver(session, at(8, 15), at(9, 15))
    deliver(session, at(9, 15), name="foreign", department="别的局")
    with pytest.raises(error):
        report_zero(session, desk, source, period, now=at(11, 3), today=TODAY)


def test_a_disabled_source_owes_nothing(session, desk):
    deliver(session, at(8, 15))
    session.query(Source).filter_by(name="due-test").one().disabled = True
    session.flush()
    assert list_due(session, TODAY) == []
