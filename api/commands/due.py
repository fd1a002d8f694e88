"""``flask collect due``: pull the sources whose turn has come. The ticker calls the same drain; any number may run at once."""

import dataclasses
from collections.abc import Iterator

import click
from sqlalchemy.exc import SQLAlchemyError

from api.clock import district_day, moment
from api.commands.collect import collect, tell
from api.commands.running import command_session, print_json
from api.database import current_deployment
from credit.collection.batches import DeliveryReport
from credit.collection.carriers.connections import Connections, load_connections
from credit.collection.description import Description, load_descriptions
from credit.collection.run import collect_source
from credit.collection.schedule import (
    LeaseLost,
    Turn,
    claim_turn,
    fail_turn,
    finish_turn,
    list_turns,
    plan_turns,
    renew_turn,
)
from credit.deployment import Deployment, open_session
from credit.errors import CreditError

MOST = 1000


@collect.command("due")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per source.")
def due_command(as_json: bool) -> None:
    """Pull every source whose turn has come, until none is left; a failing source is tried again later."""
    failed = []
    for source, report in drain_due(current_deployment()):
        if isinstance(report, DeliveryReport):
            tell(report, as_json)
            continue
        failed.append(source)
        print_json({"source": source, "fault": report}) if as_json else click.echo(f"{source}  {report}")
    if failed:
        raise click.ClickException(f"未能采集：{'、'.join(failed)}")


@collect.command("turns")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per source.")
def turns_command(as_json: bool) -> None:
    """Show when each pulled source is due next, and what went wrong last."""
    with command_session() as session:
        turns = list_turns(session, now=moment())
    for turn in turns:
        if as_json:
            print_json(dataclasses.asdict(turn))
        else:
            state = "采集中" if turn.running else f"失败 {turn.failures} 次：{turn.last_fault}" if turn.failures else ""
            click.echo(f"{turn.due_at:%Y-%m-%d %H:%M}  {turn.source}  {state}")


def drain_due(deployment: Deployment, *, most: int = MOST) -> Iterator[tuple[str, DeliveryReport | str]]:
    """Pull due sources one after the other: (source, its report or what went wrong)."""
    connections = load_connections(deployment.instance / "connections.yaml")
    sources = {one.name: one for one in configured_sources(connections)}
    if not sources:
        return
    with open_session(deployment) as session:
        plan_turns(session, sources.keys(), now=moment())
        session.commit()
    for _ in range(most):
        with open_session(deployment) as session:
            turn = claim_turn(session, sources.keys(), now=moment())
            session.commit()
        if turn is None:
            return
        yield turn.source, take_turn(deployment, turn, sources[turn.source], connections)


def take_turn(
    deployment: Deployment, turn: Turn, description: Description, connections: Connections
) -> DeliveryReport | str:
    """Pull one claimed source, holding its lease through every batch; its report, or what went wrong."""
    with open_session(deployment) as session:
        report: DeliveryReport | None = None
        try:
            for step in collect_source(session, description, connections, clock=moment, today=district_day()):
                renew_turn(session, turn, now=moment())
                session.commit()
                report = step.report or report
            finish_turn(session, turn, description.cadence, now=moment())
            session.commit()
        except LeaseLost as error:
            session.rollback()
            return error.detail
        except (CreditError, SQLAlchemyError, OSError) as error:
            session.rollback()
            fault = error.detail if isinstance(error, CreditError) else type(error).__name__
            fail_turn(session, turn, fault, now=moment())
            session.commit()
            return fault
    return report or "批次没有结束"


def configured_sources(connections: Connections) -> Iterator[Description]:
    """The pulled sources whose credential or database this instance knows."""
    for one in load_descriptions():
        wanted = one.rest.credential if one.rest else one.exchange.database if one.exchange else None
        if wanted in connections.credentials or wanted in connections.databases:
            yield one
