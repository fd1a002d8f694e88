"""``flask lookup``: what an account would see of a subject, from the machine itself; logged like any enquiry."""

from datetime import datetime

import click

from api.clock import district_day, moment
from api.commands.running import command_session, print_json, told
from api.v1.answers import dump_subject
from credit.accounts import enquirer_for
from credit.lookup import lookup_subject


@click.command()
@click.argument("code")
@click.option("--account", required=True, help="Account through whose eyes to look.")
@click.option("--purpose", help="Purpose of the enquiry (查询用途); regulators and agencies must name one.")
@click.option("--case", "case_number", help="Case number (办件编号) where the purpose is a matter.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the facts; the right to see is today's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def lookup(
    code: str, account: str, purpose: str | None, case_number: str | None, as_of: datetime | None, as_json: bool
) -> None:
    """Show what ACCOUNT would see of the subject with this code or ref. The enquiry is logged under that account."""
    with told(), command_session() as session:
        enquirer = enquirer_for(session, account).enquirer.asking(purpose, case_number)
        day = as_of.date() if as_of else None
        view = lookup_subject(session, enquirer, code, as_of=day, today=district_day(), now=moment())
    if as_json:
        print_json(dump_subject(view))
        return
    click.echo(f"{view.name}  {view.code or view.number_mask or ''}")
    for listing in view.listings:
        click.echo(f"  {listing.list_name}  {listing.authority} {listing.document_number}  自 {listing.begun_on}")
    for _, name, records in view.categories:
        click.echo(f"  {name}  {len(records)}")
        for record in records:
            click.echo(f"    {record.held_from or ''}  {record.document_number or record.item_name}")
    if view.evaluation is not None:
        click.echo(f"  {view.evaluation.title} {view.evaluation.grade or '重新计算中'}")
