"""``flask city``: exchange with the city platform: send changes up, take its records and news, compare, tell how it stands."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import click
from sqlalchemy.orm import Session

from api.clock import district_day, moment
from api.commands.running import Told, command_session, current_settings, print_json
from credit.city.downward import pull_records
from credit.city.link import CityLink, load_link
from credit.city.mapping import load_city_mappings
from credit.city.news import pull_news
from credit.city.reconcile import Difference, city_status, reconcile
from credit.city.upward import forget_pauses, push
from credit.city.ways import Refused, Unreachable
from credit.collection.batches import DeliveryReport
from credit.errors import Conflict, FileRefused, NotFound
from models.base import DISTRICT_ZONE

DAYS_COMPARED = 7


class PushReport(NamedTuple):
    """What a push did: changes collected, batches with receipt, and what stopped it (empty: nothing left)."""

    collected: int
    received: int
    stopped: str


class PullReport(NamedTuple):
    """What a pull did: a report per source with something new, news applied, and what stopped it."""

    deliveries: list[DeliveryReport]
    news_applied: int
    stopped: str


@click.group(cls=Told)
def city() -> None:
    """Exchange with the city platform (市平台): push, pull, reconcile, status."""


@city.command("push")
@click.option("--now", "at_once", is_flag=True, help="Do not wait for the pause after a failure.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def push_command(at_once: bool, as_json: bool) -> None:
    """Send what changed in the district to the city, batch by batch, each until its receipt."""
    with command_session() as session:
        if at_once:
            forget_pauses(session)
            session.commit()
        report = push_all(session, needed_link())
    if as_json:
        print_json(report._asdict())
    else:
        click.echo(f"上报变更 {report.collected:,} 条，取得回执 {report.received:,} 批 {report.stopped}")


@city.command("pull")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def pull_command(as_json: bool) -> None:
    """Take the city's records, lists, repairs, corrections and answers about the district's subjects."""
    with command_session() as session:
        report = pull_all(session, needed_link())
    if as_json:
        print_json(
            {"received": sum(one.received for one in report.deliveries), "deliveries": len(report.deliveries),
             "accepted": sum(one.accepted for one in report.deliveries), "news_applied": report.news_applied,
             "stopped": report.stopped}
        )  # fmt: skip
        return
    for one in report.deliveries:
        click.echo(f"{one.source}  收 {one.received:,}  入库 {one.accepted:,}  无变化 {one.unchanged:,}")
    click.echo(f"变更消息生效 {report.news_applied:,} 条 {report.stopped}")


@city.command("reconcile")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day compared; a week back where left out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reconcile_command(since: object, as_json: bool) -> None:
    """Compare counts and digests per item and day with the city (对账). Ends with status 1 where they differ."""
    today = district_day()
    first = getattr(since, "date", lambda: today - timedelta(days=DAYS_COMPARED))()
    with command_session() as session:
        try:
            found = compare(session, needed_link(), since=first)
        except (Unreachable, Refused) as trouble:
            raise Conflict(f"对账没有完成：{trouble}") from None
    if as_json:
        print_json(
            {"since": first.isoformat(), "until": today.isoformat(), "differences": [d._asdict() for d in found]}
        )
    else:
        for one in found:
            way = "上报" if one.direction == "up" else "下发"
            click.echo(f"{one.day} {way} {one.code}  本区 {one.ours:,}  市平台 {one.theirs:,}  {len(one.lines)} 条列出")
        click.echo(f"{first} 至 {today}：{'一致' if not found else f'{len(found)} 项不一致'}")
    if found:
        raise SystemExit(1)


@city.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status_command(as_json: bool) -> None:
    """Show batches, receipts, what is withheld for want of a code, and news that waits."""
    with command_session() as session:
        status = city_status(session)
    if as_json:
        print_json(status._asdict())
        return
    last = (
        "—" if status.last_receipt_at is None else f"{status.last_receipt_at.astimezone(DISTRICT_ZONE):%Y-%m-%d %H:%M}"
    )
    click.echo(f"批次 {status.batches:,}  已回执 {status.received:,}  在途 {status.under_way:,}  末次回执 {last}")
    for reason, count in status.withheld_reasons.items():
        click.echo(f"    暂缓 {count:,}  {reason}")
    for state, count in status.news.items():
        click.echo(f"    变更消息 {state} {count:,}")
    if status.fault:
        click.echo(f"    {status.fault}（已试 {status.attempts} 次）")


def needed_link() -> CityLink:
    """The city of this instance; NotFound where none is configured."""
    link = load_link(current_settings().credit_instance)
    if link is None:
        raise NotFound("本实例没有配置市平台（connections.yaml 的 city）")
    return link


def push_all(session: Session, link: CityLink, *, most_batches: int = 1_000_000) -> PushReport:
    """Push until nothing is left, the city does not answer, or ``most_batches`` have their receipt."""
    collected = received = 0
    stopped = ""
    for step in push(session, link, load_city_mappings(), clock=moment):
        session.commit()
        collected, received, stopped = collected + step.collected, received + step.received, step.stopped
        if received >= most_batches:
            break
    session.commit()
    return PushReport(collected, received, stopped)


def pull_all(session: Session, link: CityLink) -> PullReport:
    """Pull records, then news; what does not answer stops the pull, what was taken stays."""
    deliveries: list[DeliveryReport] = []
    applied = 0
    try:
        for step in pull_records(session, link, clock=moment, today=district_day()):
            session.commit()
            deliveries += [step.report] if step.report is not None else []
        for count in pull_news(session, link, load_city_mappings(), clock=moment, today=district_day()):
            session.commit()
            applied += count
    except (Unreachable, Refused, FileRefused) as trouble:
        session.rollback()
        return PullReport(deliveries, applied, str(trouble))
    return PullReport(deliveries, applied, "")


def compare(session: Session, link: CityLink, *, since: date | None = None) -> list[Difference]:
    """Reconcile the last days, a week where ``since`` is left out, and keep what differs. Raises Unreachable, Refused."""
    today = district_day()
    first = since or today - timedelta(days=DAYS_COMPARED)
    return reconcile(session, link, since=first, until=today, today=today, now=moment())


def drain(session: Session, instance: Path, *, reconciled: bool = True) -> Iterator[str]:
    """What the ticker does: a few batches up, what the city has, and the day's reconciliation unless it is done.

    Yields what stopped each (empty: nothing) where the caller commits; nothing where no city is configured.
    """
    link = load_link(instance)
    if link is None:
        return
    yield push_all(session, link, most_batches=5).stopped
    yield pull_all(session, link).stopped
    if not reconciled:
        try:
            compare(session, link)
        except (Unreachable, Refused) as trouble:
            yield str(trouble)
        yield ""
