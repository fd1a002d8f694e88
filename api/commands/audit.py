"""``flask audit``: proves the enquiry log (查询日志) whole, or names the first bad entry."""

import dataclasses

import click

from api.clock import moment
from api.commands.running import Told, command_session, print_json
from credit.audit import verify_log
from credit.deployment import deployment_of


@click.group(cls=Told)
def audit() -> None:
    """Prove the enquiry log."""


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_command(as_json: bool) -> None:
    """Walk the whole chain and compare it with every signed head; exit status 1 and the first bad entry where it fails."""
    with command_session() as session:
        deployment = deployment_of(session)
        log = deployment.enquiry_log
        result = verify_log(log.engine, deployment.keyring, log.heads)
    if as_json:
        print_json({**dataclasses.asdict(result), "whole": result.whole, "at": moment().isoformat()})
    elif result.whole:
        click.echo(f"查询日志完整：{result.entries:,} 条，已核对链头 {result.heads} 个（至第 {result.last_head} 条）")
        click.echo("最后一个链头之后被整段截去的条目无法由本机发现，请与交存外部的链头比对。")
    else:
        click.echo(f"查询日志有误：第 {result.bad_entry} 条，{result.reason}", err=True)
    if not result.whole:
        raise click.exceptions.Exit(1)
