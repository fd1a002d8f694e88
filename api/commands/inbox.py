"""``flask collect inbox``: take what departments dropped into a folder. The ticker calls the same drain; any number may run."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import click

from api.clock import district_day, moment
from api.commands.collect import collect, tell
from api.commands.running import print_json
from api.database import current_deployment
from credit.collection.claims import list_waiting
from credit.collection.description import load_descriptions, match_description
from credit.collection.inbox import Taken, take_inbox
from credit.deployment import Deployment, open_session

INBOX = "inbox"


@collect.command("inbox")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")
def inbox_command(folder: Path | None, as_json: bool) -> None:
    """Take every file of FOLDER (instance/inbox) whose manifest, <file>.manifest.json with sha256 and rows, is there and right.

    They end in its done/ or rejected/, with outcome.json; what is growing or has no manifest waits.
    """
    deployment = current_deployment()
    folder = folder or deployment.instance / INBOX
    refused = 0
    for taken in drain_inbox(deployment, folder):
        refused += taken.fault is not None
        _tell_taken(taken, as_json)
    for name, reason in list_waiting(folder, now=moment()):
        print_json({"file": name, "waiting": reason}) if as_json else click.echo(f"{name}  等待：{reason}")
    if refused:
        raise click.ClickException(f"{refused} 个文件未受理")


def drain_inbox(deployment: Deployment, folder: Path | None = None) -> Iterator[Taken]:
    """Take what is ready, committing batch by batch; what became of each file."""
    descriptions = load_descriptions()
    with open_session(deployment) as session:
        for step in take_inbox(
            session,
            folder or deployment.instance / INBOX,
            lambda name: match_description(descriptions, name),
            clock=moment,
            today=district_day(),
        ):
            session.commit()
            if step.ended or step.fault is not None:
                yield step


def _tell_taken(taken: Taken, as_json: bool) -> None:
    if as_json:
        deliveries = [dataclasses.asdict(report) for report in taken.reports]
        print_json({"file": taken.name, "fault": taken.fault, "deliveries": deliveries})
        return
    if taken.fault is not None:
        click.echo(f"{taken.name}  {taken.fault}")
    for report in taken.reports:
        tell(report, as_json=False)
