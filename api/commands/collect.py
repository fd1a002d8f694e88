"""``flask collect``: take a file as a department sent it, pull the due sources, show how every source stands."""

import dataclasses
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from api.clock import district_day, moment
from api.commands.running import Told, command_session, current_settings, print_json
from api.commands.sources import tell_inference
from api.database import current_deployment
from credit.accounts import enquirer_for
from credit.collection import ahead
from credit.collection.batches import DeliveryReport
from credit.collection.carriers.connections import load_connections
from credit.collection.description import Description, load_description, load_descriptions, match_description
from credit.collection.endings import decide_endings
from credit.collection.infer import infer_file
from credit.collection.infer_describe import describe, usable
from credit.collection.run import Progress, collect_file, collect_source
from credit.collection.status import list_source_status
from credit.errors import DescriptionInvalid, NotFound

FACTS = ("received", "accepted", "unchanged", "superseded", "parked", "rejected")
WORDS = ("收", "入库", "无变化", "更正", "待关联", "退回")


@click.group(cls=Told)
def collect() -> None:
    """Take what departments send: one file, or all sources that are pulled; and show how each source stands."""


@collect.command("file")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--source", help="Name of the source description, or a YAML file; found by the file's name, else inferred."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def file_command(path: Path, source: str | None, as_json: bool) -> None:
    """Take one file as a department sent it. The same file twice changes nothing; every row is accounted for."""
    description = pick_description(source, path)
    with command_session() as session:
        report = take_file(session, path, description)
    tell(report, as_json)


@collect.command("run")
@click.argument("sources", nargs=-1)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Not used by carriers that keep their own position.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per source.")
def run_command(sources: tuple[str, ...], since: object, as_json: bool) -> None:
    """Pull the named sources, or all that are pulled from a service or an exchange database (前置库)."""
    for description in pulled_descriptions(sources):
        with command_session() as session:
            tell(pull(session, description), as_json)


@collect.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per source.")
def status_command(as_json: bool) -> None:
    """Show freshness, volumes and pass rate of every source."""
    with command_session() as session:
        rows = [dataclasses.asdict(status) for status in list_source_status(session, district_day())]
    for row in rows:
        if as_json:
            print_json(row)
        else:
            counts = "  ".join(f"{word} {row[fact]:,}" for fact, word in zip(FACTS, WORDS, strict=True) if fact in row)
            click.echo(f"{row['department']} · {row['title']}  {counts}")


@collect.command("endings")
@click.argument("delivery")
@click.option("--end/--keep", "end", required=True, help="End what the list no longer names, or keep everything.")
@click.option("--reason", required=True, help="Why; kept with the delivery.")
@click.option("--by", "actor", required=True, help="Account of the person who decides.")
def endings_command(delivery: str, end: bool, reason: str, actor: str) -> None:
    """Decide what a full list means that shrank beyond its limit: DELIVERY is the reference told when it was taken."""
    with command_session() as session:
        enquirer_for(session, actor)
        done = decide_endings(
            session, delivery, end=end, actor=actor, reason=reason, today=district_day(), now=moment()
        )
    click.echo(f"已终止 {done.ended:,} 条" if end else "已予以保留")


def pick_description(source: str | None, path: Path) -> Description:
    """The named description (a name, or a YAML file), the one whose pattern fits the file's name, or an inferred one."""
    if source is not None and source.endswith((".yaml", ".yml")):
        return load_description(Path(source))
    descriptions = load_descriptions()
    if source is None:
        return match_description(descriptions, path.name) or infer_description(path)
    found = next((one for one in descriptions if one.name == source), None)
    if found is None:
        raise NotFound("没有这个数据源")
    return found


def infer_description(path: Path) -> Description:
    """The description proposed for a file that nobody described; says so on standard error.

    Raises DescriptionInvalid naming what a person has to say, where anything would have to be guessed.
    """
    catalogue = current_deployment().catalogue
    inference = infer_file(path, catalogue)
    proposal = describe(inference, path.name, catalogue)
    click.echo(f"没有 {path.name} 的数据源描述，按推断的描述采集（可用 flask sources infer 查看、修改）：", err=True)
    tell_inference(inference, proposal)
    return usable(proposal, catalogue)


def pulled_descriptions(names: tuple[str, ...]) -> Iterator[Description]:
    """The descriptions to pull: the named ones, else all whose secrets this instance knows."""
    known = load_connections(current_settings().credit_instance / "connections.yaml")
    descriptions = {one.name: one for one in load_descriptions() if one.rest or one.exchange}
    for name in names:
        if name not in descriptions:
            raise NotFound(f"没有可拉取的数据源 {name}")
    for name, description in descriptions.items():
        wanted = description.rest.credential if description.rest else (description.exchange or _none()).database
        configured = wanted in known.credentials or wanted in known.databases
        if name in names or (not names and configured):
            yield description


def _none() -> Any:
    raise DescriptionInvalid("数据源没有拉取设置")


def take_file(session: Session, path: Path, description: Description, *, today: date | None = None) -> DeliveryReport:
    """Take a file, a transaction per batch, with a bar where a person watches. It stands back for those who answer people."""
    os.nice(max(0, ahead.YIELDS - os.nice(0)))
    steps = collect_file(session, path, description, clock=moment, today=today or district_day())
    return follow(session, steps, path.name)


def pull(session: Session, description: Description) -> DeliveryReport:
    """Pull a source, a transaction per page."""
    connections = load_connections(current_settings().credit_instance / "connections.yaml")
    steps = collect_source(session, description, connections, clock=moment, today=district_day())
    return follow(session, steps, description.title)


def follow(session: Session, steps: Iterator[Progress], title: str) -> DeliveryReport:
    """Commit at every step; the report of the last one."""
    report: DeliveryReport | None = None
    show: Callable[[int], None] = _counter(title)
    for step in steps:
        session.commit()
        show(step.rows)
        report = step.report or report
    if report is None:
        raise DescriptionInvalid("批次没有结束")
    return report


def _counter(title: str) -> Callable[[int], None]:
    if not sys.stderr.isatty():
        return lambda _rows: None
    total = 0

    def show(rows: int) -> None:
        nonlocal total
        total += rows
        click.echo(f"\r{title}  {total:,} 行", nl=False, err=True)

    return show


def tell(report: DeliveryReport, as_json: bool) -> None:
    """A delivery as one line of JSON or of words."""
    row = dataclasses.asdict(report)
    if as_json:
        print_json(row)
        return
    counts = "  ".join(f"{word} {row[fact]:,}" for fact, word in zip(FACTS, WORDS, strict=True))
    again = "（此前已收到，未作改动）" if report.repeated else ""
    click.echo(f"{report.source}  {counts}{again}")
    for code, count in report.by_fault.items():
        click.echo(f"    {code} {count:,}")
