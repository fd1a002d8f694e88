"""``flask collect compare``: what a department published itself, held against what it reported."""

from pathlib import Path

import click

from api.clock import district_day
from api.commands.collect import collect, pick_description
from api.commands.running import command_session, print_json
from credit.collection.publication_gaps import compare_publication


@collect.command("compare")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--source", help="Name of the source description, or a YAML file; found by the file's name, else inferred."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per unreported document.")
def compare_command(path: Path, source: str | None, as_json: bool) -> None:
    """List what a department's own publication holds and nobody reported: hints for the department to explain, no proof."""
    description = pick_description(source, path)
    with command_session() as session:
        found = compare_publication(session, path, description, today=district_day())
    for one in found.unreported:
        if as_json:
            print_json(one._asdict())
        else:
            click.echo(f"第 {one.row} 行  {one.document_number}  {one.authority}  {one.decided_on or ''}")
    told = f"公布 {found.published:,} 行，未见报送 {len(found.unreported):,} 件，无法核对 {found.unreadable:,} 行"
    click.echo(told, err=as_json)
