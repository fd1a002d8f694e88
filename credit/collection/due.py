"""The due calendar (报送日历): which source owes which period's report, reminders, and zero reports (零报告).

Duties follow from the cadence of a source's description; a source without one owes nothing. A department sees and reports
its own sources alone.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from credit.collection.batches import register_source
from credit.collection.description import Description
from credit.collection.own_sources import ANY_DEPARTMENT, known_descriptions, own_department
from credit.collection.periods import (
    STATE_NAMES,
    DutyState,
    Period,
    Verdict,
    days_at_most,
    find_period,
    judge_periods,
    load_reporting,
    period_before,
    period_of,
)
from credit.enquirer import Enquirer
from credit.errors import Conflict, InvalidContent, NotFound
from credit.workdays import load_calendar
from models.accounts import Department
from models.base import DISTRICT_ZONE
from models.collection import Delivery, Source
from models.entry import ZeroReport
from models.terms import DeliveryState

LOOK_BACK: Final = 3
OLDEST_ZERO_YEARS: Final = 3
MOST_PERIODS: Final = 53 * (OLDEST_ZERO_YEARS + 1)
OPEN_STATES: Final = (DutyState.due, DutyState.missing)


class Duty(NamedTuple):
    """One period's report owed by one source. ``provisional``: the due day rests on a year without a holiday table."""

    source: str
    title: str
    department: str
    cadence: str
    cadence_name: str
    period: str
    begins: date
    ends: date
    due_on: date
    provisional: bool
    state: DutyState
    state_name: str
    done_on: date | None


class Reminder(NamedTuple):
    """What a department is to be told: due within days (negative: overdue by), in one sentence."""

    duty: Duty
    days_left: int
    text: str


class Owing(NamedTuple):
    """A source with a cadence: its row if it ever delivered, and whose it is."""

    source_id: int | None
    name: str
    title: str
    department: str
    cadence: str


def list_due(
    session: Session,
    today: date,
    *,
    department_id: int | None = None,
    source: str | None = None,
    back: int = LOOK_BACK,
) -> list[Duty]:
    """The reports owed for the last ``back`` ended periods of every source with a cadence, of one department or one source.

    State by state: due (待报), reported (已报), zero (零报告), late (迟报), missing (漏报).
    """
    owing = [each for each in _list_owing(session, department_id) if source in (None, each.name)]
    ids = [each.source_id for each in owing if each.source_id is not None]
    first, days, zeros = _first_days(session, ids), _delivered(session, owing, today, back), _zeros(session, ids)
    calendar, reporting = load_calendar(), load_reporting()
    duties = []
    for each in owing:
        known = each.source_id or 0
        earliest = [day for day in (first.get(known), _earliest_zero(each.cadence, zeros[known])) if day is not None]
        verdicts = judge_periods(
            each.cadence, today, since=min(earliest, default=None), delivered=days[known], zeros=zeros[known], back=back,
            calendar=calendar, reporting=reporting,
        )  # fmt: skip
        duties += [_duty(each, verdict, reporting.names[each.cadence]) for verdict in verdicts]
    return duties


def list_reminders(
    session: Session, today: date, *, department_id: int | None = None, ahead: int = 7
) -> list[Reminder]:
    """What is to be reported within ``ahead`` days or is missing, the most overdue first."""
    found = []
    for duty in list_due(session, today, department_id=department_id):
        left = (duty.due_on - today).days
        if duty.state in OPEN_STATES and left <= ahead:
            when = f"已逾期 {-left} 日（漏报）" if left < 0 else f"应于 {duty.due_on} 前报送"
            found.append(Reminder(duty, left, f"{duty.title} {duty.period} {when}；无可报信息的请报零报告"))
    return sorted(found, key=lambda each: (each.days_left, each.duty.department, each.duty.source))


def report_zero(
    session: Session, enquirer: Enquirer, source: str, period: str, *, now: datetime, today: date
) -> ZeroReport:
    """The department says that a source has nothing to report for an ended period.

    Raises NotFound for a source not its own, InvalidContent for no such period, Conflict where the period is not over, was
    reported zero before, or a delivery came for it.
    """
    department = own_department(session, enquirer)
    owing = next((each for each in _list_owing(session, department.id) if each.name == source), None)
    if owing is None:
        raise NotFound("没有这个数据源，或该数据源没有报送周期")
    found = _checked_period(owing.cadence, period, today)
    _refuse_reported(session, owing, found, today)
    source_id = owing.source_id or register_source(session, _described(source))
    report = ZeroReport(
        source_id=source_id,
        period=found.code,
        account_id=enquirer.account_id,
        reported_by=enquirer.display_name or enquirer.account,
        reported_at=now,
    )
    try:
        with session.begin_nested():
            session.add(report)
    except IntegrityError:
        raise Conflict("该期已作零报告") from None
    return report


def _checked_period(cadence: str, code: str, today: date) -> Period:
    found = find_period(cadence, code)
    if found is None or found.ends.year < today.year - OLDEST_ZERO_YEARS:
        message = f"报送期有误，例如 {period_before(cadence, period_of(cadence, today)).code}"
        raise InvalidContent(message, faults=[{"field": "period", "code": "invalid", "message": message}])
    if found.ends >= today:
        raise Conflict("该期尚未结束，不能作零报告")
    return found


def _refuse_reported(session: Session, owing: Owing, period: Period, today: date) -> None:
    for duty in list_due(session, today, source=owing.name, back=MOST_PERIODS):
        if duty.period == period.code and duty.state not in OPEN_STATES:
            raise Conflict("该期已作零报告" if duty.state is DutyState.zero else "该期已有报送，无需零报告")


def _described(name: str) -> Description:
    return next(each for each in known_descriptions() if each.name == name)


def _list_owing(session: Session, department_id: int | None) -> Iterator[Owing]:
    """Sources with a cadence: those that delivered, and described ones of known departments that never did."""
    described = {each.name: each for each in known_descriptions() if each.department != ANY_DEPARTMENT}
    statement = select(Source, Department.name).join(Department, Department.id == Source.department_id)
    if department_id is not None:
        statement = statement.where(Source.department_id == department_id)
    seen = set()
    for source, department in session.execute(statement.order_by(Department.name, Source.title, Source.name)):
        seen.add(source.name)
        known = described.get(source.name)
        cadence = known.cadence if known is not None else source.description.get("cadence")
        if cadence and not source.disabled:
            yield Owing(source.id, source.name, source.title, department, cadence)
    departments = select(Department.id, Department.name)
    ids = {name: number for number, name in session.execute(departments)}
    for name in sorted(described.keys() - seen):
        known = described[name]
        mine = ids.get(known.department)
        if known.cadence and mine is not None and department_id in (None, mine):
            yield Owing(None, name, known.title, known.department, known.cadence)


def _first_days(session: Session, ids: list[int]) -> dict[int, date]:
    statement = (
        select(Delivery.source_id, func.min(Delivery.received_at))
        .where(Delivery.source_id.in_(ids), Delivery.state == DeliveryState.closed.value)
        .group_by(Delivery.source_id)
    )
    return {source_id: _day(moment) for source_id, moment in session.execute(statement)}


def _delivered(session: Session, owing: list[Owing], today: date, back: int) -> dict[int, set[date]]:
    """Days of closed deliveries, as far back as any judged period and the one before it reach."""
    reach = max((days_at_most(each.cadence) for each in owing), default=0) * (back + 2)
    earliest = datetime.combine(today - timedelta(days=reach), datetime.min.time(), DISTRICT_ZONE)
    ids = [each.source_id for each in owing if each.source_id is not None]
    statement = select(Delivery.source_id, Delivery.received_at).where(
        Delivery.source_id.in_(ids),
        Delivery.state == DeliveryState.closed.value,
        Delivery.received_at >= earliest,
    )
    days: dict[int, set[date]] = defaultdict(set)
    for source_id, moment in session.execute(statement):
        days[source_id].add(_day(moment))
    return days


def _zeros(session: Session, ids: list[int]) -> dict[int, dict[str, date]]:
    zeros: dict[int, dict[str, date]] = defaultdict(dict)
    statement = select(ZeroReport.source_id, ZeroReport.period, ZeroReport.reported_at)
    for source_id, period, moment in session.execute(statement.where(ZeroReport.source_id.in_(ids))):
        zeros[source_id][period] = _day(moment)
    return zeros


def _earliest_zero(cadence: str, zeros: dict[str, date]) -> date | None:
    found = [period.begins for code in zeros if (period := find_period(cadence, code)) is not None]
    return min(found, default=None)


def _duty(owing: Owing, verdict: Verdict, cadence_name: str) -> Duty:
    period, due = verdict.period, verdict.due
    return Duty(
        owing.name, owing.title, owing.department, owing.cadence, cadence_name, period.code, period.begins, period.ends,
        due.day, due.provisional, verdict.state, STATE_NAMES[verdict.state], verdict.done_on,
    )  # fmt: skip


def _day(moment: datetime) -> date:
    return moment.astimezone(DISTRICT_ZONE).date()
