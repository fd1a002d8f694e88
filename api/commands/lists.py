"""``flask lists``: the lists and their current public entries."""

import dataclasses

import click

from api.clock import district_day
from api.commands.running import Told, command_session, print_json
from credit.enquirer import PUBLIC
from credit.listings import list_lists, list_public_listings


@click.group(cls=Told)
def lists() -> None:
    """Show the reward and punishment lists (名单) and who stands on them today."""


@lists.command("show")
@click.argument("list_code", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def show_command(list_code: str | None, as_json: bool) -> None:
    """Show the entries of one list; without a code, the lists with their basis."""
    with command_session() as session:
        if list_code is None:
            for one in list_lists(session):
                if as_json:
                    print_json(dataclasses.asdict(one))
                else:
                    click.echo(f"{one.code:28} {one.name}  {one.basis}{'' if one.verified else '（依据待核实）'}")
            return
        after: int | None = 0
        while after is not None:
            page = list_public_listings(
                session, PUBLIC, list_code=list_code, after=after, limit=200, today=district_day()
            )
            for entry in page.entries:
                if as_json:
                    print_json(dataclasses.asdict(entry))
                else:
                    who = entry.subject_code or entry.subject_number or ""
                    click.echo(f"{entry.subject_name}  {who}  {entry.document_number}  至 {entry.until or '未定'}")
            after = page.next_after
