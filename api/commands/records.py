"""``flask records``: holds the projection against what it is made from, and makes it anew."""

import click

from api.commands.running import Told, command_session, print_json
from credit.rebuild import compare, rebuild


@click.group(cls=Told)
def records() -> None:
    """Check or rebuild the projection of records (现行信息): it holds nothing that records and events do not say."""


@records.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check_command(as_json: bool) -> None:
    """Compare the projection with records and events; exit status 1 where a fact differs."""
    with command_session() as session:
        wrong = compare(session)
    if as_json:
        print_json({"different": len(wrong), "records": [key.hex() for key in wrong[:100]]})
    else:
        click.echo(f"与信息和事件不一致的 {len(wrong):,} 条" if wrong else "与信息和事件一致")
    if wrong:
        raise click.exceptions.Exit(1)


@records.command("rebuild")
@click.confirmation_option(prompt="Rebuild the whole projection now? Nothing else may write meanwhile.")
def rebuild_command() -> None:
    """Write the projection anew from records and events."""
    with command_session() as session:
        count = rebuild(session)
    click.echo(f"重建 {count:,} 条")
