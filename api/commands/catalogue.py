"""``flask catalogue``: the editions of the three lists: show, check, compare, propose, take a step. Pages do the same."""

import dataclasses
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from api.clock import district_day, moment
from api.commands.running import Told, command_session, print_json
from credit.accounts import enquirer_for
from credit.catalogue import read_catalogue
from credit.deployment import deployment_of
from credit.edition_check import parse_document
from credit.edition_diff import EditionChange, diff_catalogues
from credit.edition_procedure import activate_due, check_document, propose, take_step
from credit.edition_views import ProposalView, editions_in_force, list_proposals
from credit.enquirer import Enquirer
from credit.published_lists import CATALOGUE, LIST_NAMES
from credit.supplement import merge_supplement

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
LIST = click.option(
    "--list", "list_name", type=click.Choice(list(LIST_NAMES)), default=CATALOGUE, help="Which of the three lists."
)
SUPPLEMENT = click.option("--supplement", type=FILE, help="Local supplement laid over the national basis (补充目录).")


@click.group(cls=Told)
def catalogue() -> None:
    """Show, check, compare and publish editions of the data, behaviour and application lists (三清单)."""


@catalogue.command("show")
@click.argument("item", required=False)
@AS_JSON
def show_command(item: str | None, as_json: bool) -> None:
    """Show the editions in force, proposals under way, and the items; or one item with its fields."""
    with command_session() as session:
        activate_due(session, now=moment(), today=district_day())
        session.commit()
        deployment_of(session).lists.refresh()
        items = deployment_of(session).catalogue.open_items
        editions, proposals = editions_in_force(session), list_proposals(session)
    rows = [one for code, one in items.items() if item in (None, code)]
    if item is not None and not rows:
        raise click.ClickException(f"目录内没有信息项 {item}")
    if item is None:
        _tell_editions(editions, proposals, as_json)
    for one in rows:
        kinds = sorted(kind.value for kind in one.subject_kinds)
        if as_json:
            names = list(one.open_fields)
            print_json(
                {"code": one.code, "name": one.name, "category": one.category, "subject_kinds": kinds, "fields": names}
            )
        else:
            click.echo(f"{one.code:24} {one.category_name} · {one.name}")
        if item is not None and not as_json:
            for field in one.open_fields.values():
                click.echo(f"    {field.name:18} {field.label}{'（必填）' if field.required else ''}")


def _tell_editions(editions: Any, proposals: list[ProposalView], as_json: bool) -> None:
    for name, (title, edition, since) in editions.items():
        if as_json:
            print_json({"list": name, "edition": edition, "active_from": since})
        else:
            click.echo(f"{title} {edition}，{since} 起施行")
    for one in proposals:
        if as_json:
            print_json(dataclasses.asdict(one))
        else:
            click.echo(f"  {one.ref}  {one.list_title} {one.edition}  {one.state_name}  {one.title}")


@catalogue.command("check")
@click.argument("path", type=FILE)
@LIST
@SUPPLEMENT
@AS_JSON
def check_command(path: Path, list_name: str, supplement: Path | None, as_json: bool) -> None:
    """Check a file as the next edition of its list: what is wrong, or what it changes and whether the public must be asked."""
    with command_session() as session:
        checked = check_document(session, list_name, _document(path, supplement))
    if as_json:
        print_json({"edition": checked.edition, "punitive": checked.punitive, "changes": len(checked.changes)})
    else:
        asked = "含惩戒性内容，须公开征求意见" if checked.punitive else "不含惩戒性内容"
        click.echo(f"版次 {checked.edition} 有效；{len(checked.changes)} 处变化；{asked}")
    _tell_changes(checked.changes, as_json)


@catalogue.command("diff")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@AS_JSON
def diff_command(before: Path, after: Path, as_json: bool) -> None:
    """Show what changes from one catalogue file to another: items, their attributes, their fields."""
    old, new = read_catalogue(_document(before, None)), read_catalogue(_document(after, None))
    _tell_changes(tuple(diff_catalogues(old, new)), as_json)


@catalogue.command("publish")
@click.argument("path", type=FILE)
@LIST
@SUPPLEMENT
@click.option("--account", required=True, help="The department's account that proposes.")
@click.option("--title", required=True, help="Title of the edition.")
@click.option("--reason", required=True, help="Why it is proposed.")
def publish_command(path: Path, list_name: str, supplement: Path | None, account: str, title: str, reason: str) -> None:
    """Enter a file as a proposal; it is published by the steps that follow, each taken by its own office."""
    with command_session() as session:
        enquirer = _acting(session, account)
        document = _document(path, supplement)
        ref = propose(
            session, enquirer, list_name, document, title=title, reason=reason, now=moment(), today=district_day()
        )
    click.echo(ref)


@catalogue.command("step")
@click.argument("ref")
@click.argument("kind")
@click.option("--account", required=True, help="The account that takes the step.")
@click.option("--reason", required=True, help="Why; kept with the step.")
@click.option("--document", "document_number", help="Number of the document; needed for review and publication.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Last day for comments, or first day in force.")
def step_command(ref: str, kind: str, account: str, reason: str, document_number: str | None, day: Any) -> None:
    """Take a step of a proposal: accept, return, consult, conclude, approve, refuse, publish, withdraw."""
    with command_session() as session:
        state = _take(session, account, ref, kind, reason, document_number, day)
    click.echo(state)


def _take(session: Session, account: str, ref: str, kind: str, reason: str, number: str | None, day: Any) -> str:
    return take_step(
        session, _acting(session, account), ref, kind, reason=reason, document_number=number,
        day=day.date() if day else None, now=moment(), today=district_day(),
    )  # fmt: skip


def _acting(session: Session, account: str) -> Enquirer:
    """The account a step is taken for; the step says that it came by command, from whoever holds the instance folder."""
    enquirer = enquirer_for(session, account).enquirer
    return dataclasses.replace(enquirer, display_name=f"{enquirer.display_name or enquirer.account}（命令行）")


def _document(path: Path, supplement: Path | None) -> Any:
    document = parse_document(path.read_bytes())
    return document if supplement is None else merge_supplement(document, parse_document(supplement.read_bytes()))


def _tell_changes(changes: tuple[EditionChange, ...], as_json: bool) -> None:
    for change in changes:
        if as_json:
            print_json(change._asdict())
        else:
            arrow = f"{change.before or '—'} → {change.after or '—'}"
            click.echo(f"  {change.word} {change.what}  {arrow}")
