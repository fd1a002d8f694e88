"""``flask report``: issue a report (信用报告) as PDF, or verify one offline against the register."""

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from api.clock import district_day, moment
from api.commands.running import Told, command_session, current_settings, print_json
from credit.accounts import enquirer_for
from credit.enquirer import PUBLIC
from reports.gather import KINDS
from reports.issue import issue_report, verify_bytes


class ReportGroup(Told):
    """``flask report CODE`` issues; ``flask report verify PDF`` verifies."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """A first word that is no command is the code of a subject."""
        if args and args[0] not in self.commands:
            return super().resolve_command(ctx, ["issue", *args])
        return super().resolve_command(ctx, args)


@click.group(cls=ReportGroup)
def report() -> None:
    """Issue a report: flask report CODE -o FILE. Verify one: flask report verify FILE."""


@report.command("issue")
@click.argument("code")
@click.option("--kind", type=click.Choice(list(KINDS)), default="public", show_default=True, help="Which report.")
@click.option("--account", help="Account it is issued to; the public without one.")
@click.option("--purpose", help="Purpose of the enquiry.")
@click.option("--case", "case_number", help="Case number (办件编号) where the purpose is a matter.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the facts.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the PDF.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def issue_command(
    code: str, kind: str, account: str | None, purpose: str | None, case_number: str | None, as_of: datetime | None,
    output: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Issue a report of the subject with this code or ref; logged like any enquiry."""
    settings = current_settings()
    with command_session() as session:
        enquirer = PUBLIC if account is None else enquirer_for(session, account).enquirer
        issued = issue_report(
            session, enquirer.asking(purpose, case_number), code, kind=kind, as_of=as_of.date() if as_of else None,
            today=district_day(), now=moment(),
            public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
        )  # fmt: skip
    path = output or Path(f"{issued.number}.pdf")
    path.write_bytes(issued.pdf)
    row = {"number": issued.number, "verification_code": issued.verification_code, "file": str(path)}
    if as_json:
        print_json(row)
    else:
        click.echo(f"{path}  编号 {issued.number}  验证码 {issued.verification_code}")


@report.command("verify")
@click.argument("pdf", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_command(pdf: Path, as_json: bool) -> None:
    """Tell whether a PDF is a genuine report of this platform, and whether it is still what the platform would say."""
    with command_session() as session:
        found = verify_bytes(session, pdf.read_bytes(), today=district_day(), now=moment())
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        click.echo(f"{found.number}  {found.state_name}  签发 {found.issued_at:%Y-%m-%d %H:%M}")
