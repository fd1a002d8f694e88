"""``flask demo``: builds the demonstration (the sample district, or real files) and tells what to try."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from api.clock import district_day, moment
from api.commands.collect import pull, pulled_descriptions, take_file
from api.commands.evaluate import run_all
from api.commands.running import Told, command_session, current_settings, print_json
from api.roles import SECOND_FACTOR
from api.sample.build import (
    DEMO_ACCOUNTS,
    STAMP,
    DemoAccount,
    keep_accounts,
    kept_accounts,
    neighbours,
    sample_files,
    stamp_of,
    timed,
)
from api.sample.story import story_subjects
from credit import accounts as people
from credit.collection.description import load_descriptions, match_description
from credit.counts import count_holdings, find_demo_subject
from credit.departments import ensure_department
from credit.enquirer import Enquirer
from credit.errors import SubjectNotFound
from credit.objections import list_objections, open_objection
from credit.records import find_record
from credit.subjects import find_person, get_subject
from models.session import dump_json
from models.terms import Role, SubjectKind


@click.group(cls=Told)
def demo() -> None:
    """Build the demonstration and tell what to try."""


@demo.command("build")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of real files.")
def build_command(data: Path | None) -> None:
    """Build everything: files, collection, accounts, evaluation; ends with one line of JSON. A second run changes nothing."""
    instance = current_settings().credit_instance
    data = None if data is None else data.resolve()
    found = stamp_of(instance, data)
    if found is None:
        found = build(instance, data, lambda text: click.echo(text, err=True))
        (instance / STAMP).write_text(dump_json(found), encoding="utf-8")
    print_json({key: value for key, value in found.items() if key != "data"})


@demo.command("tell")
def tell_command() -> None:
    """Print the demo accounts and what to try."""
    settings = current_settings()
    click.echo(what_to_try(settings.credit_instance, f"http://{settings.host}:{settings.port}"))


def build(instance: Path, data: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """All steps, each repeatable; returns what the demonstration holds."""
    started = time.perf_counter()
    with command_session() as session:
        with timed(say, "生成示范区文件" if data is None else "查找文件"):
            files = sample_files(instance, data)
        take_files(session, files, say)
        if data is None:
            pull_sources(session, instance, say)
        with timed(say, "评价"):
            graded = run_all(session, "comprehensive", day=district_day(), today=district_day(), known="now")
        made = make_accounts(session, instance)
        if data is None:
            dispute_story(session)
        session.commit()
        held = count_holdings(session)
    return {
        "subjects": held.subjects, "records": held.records, "parked": held.parked, "rejected": held.rejected,
        "grades": graded["grades"], "listings": held.listings,
        "accounts": {role: account["account"] for role, account in made.items()},
        "seconds": round(time.perf_counter() - started, 1), "data": None if data is None else str(data),
    }  # fmt: skip


def dispute_story(session: Session) -> None:
    """The story's disputed penalty: its subject objects, so that the mark can be seen."""
    story = next(story for story in story_subjects() if story.key == "disputed")
    subject = get_subject(session, story.code)
    enquirer = Enquirer(role=Role.enterprise, account="demo", subject_id=subject.id)
    record = find_record(session, subject.id, "penalty", story.document_number)
    if record is not None and not list_objections(session, enquirer):
        claim = "处罚决定已申请行政复议，违法事实认定有误。"
        open_objection(session, enquirer, record, claim=claim, now=moment(), today=district_day())


def take_files(session: Session, files: list[Path], say: Callable[[str], None]) -> None:
    """Take every file that a description fits."""
    descriptions = load_descriptions()
    for path in files:
        description = match_description(descriptions, path.name)
        if description is None or description.rest or description.exchange:
            continue
        started = time.perf_counter()
        report = take_file(session, path, description)
        seconds = time.perf_counter() - started
        say(
            f"{description.title}  收 {report.received:,}  入库 {report.accepted:,}  待关联 {report.parked:,}  "
            f"退回 {report.rejected:,}  {seconds:.1f} 秒"
        )


def pull_sources(session: Session, instance: Path, say: Callable[[str], None]) -> None:
    """Pull from the simulated tax bureau and the court's exchange database."""
    with neighbours(instance):
        for description in pulled_descriptions(()):
            report = pull(session, description)
            say(f"{description.title}  收 {report.received:,}  入库 {report.accepted:,}  退回 {report.rejected:,}")


def make_accounts(session: Session, instance: Path) -> dict[str, dict[str, str]]:
    """One account per role, each with a password of its own made now; kept for whoever holds the instance folder."""
    made = kept_accounts(instance)
    for wanted in DEMO_ACCOUNTS:
        if wanted.role.value not in made and people.find_account(session, wanted.name) is None:
            row = make_account(session, wanted)
            if row is not None:
                made[wanted.role.value] = row
    keep_accounts(instance, made)
    return made


def make_account(session: Session, wanted: DemoAccount) -> dict[str, str] | None:
    """Open one demonstration account; None where this instance has no subject for it (no persons in the real files)."""
    subject_id, shown = own_subject(session, wanted.role)
    if wanted.role is Role.person and subject_id is None:
        return None
    password = secrets.token_urlsafe(12)
    department_id = ensure_department(session, wanted.department) if wanted.department else None
    row = {"account": wanted.name, "password": password}
    agency_id = None
    if wanted.role is Role.agency:
        agency, secret = people.make_agency(session, "sample-bank", name="示范银行", filing_number="示范备案0001")
        agency_id, row["client_id"], row["client_secret"] = agency.id, "sample-bank", secret
    account = people.create_account(
        session, wanted.name, display_name=wanted.display_name, role=wanted.role, password=password, now=moment(),
        department_id=department_id, agency_id=agency_id, subject_id=subject_id,
    )  # fmt: skip
    if wanted.role in SECOND_FACTOR:
        people.enable_otp(session, account)
        row["otp"] = f"flask accounts otp {wanted.name}"
    return row | ({"subject": shown} if shown else {})


def own_subject(session: Session, role: Role) -> tuple[int | None, str]:
    """The subject a demonstration account acts for: the story's where the sample district is, else one with a penalty."""
    stories = {story.key: story for story in story_subjects()}
    if role is Role.person:
        person = find_person(session, stories["person"].code)
        return (None, "") if person is None else (person.id, person.name)
    if role is not Role.enterprise:
        return None, ""
    firm = next(story for story in stories.values() if story.kind is SubjectKind.enterprise and story.document_number)
    try:
        found = get_subject(session, firm.code)
    except SubjectNotFound:
        found = find_demo_subject(session)
    return found.id, f"{found.name} {found.code}"


def what_to_try(instance: Path, address: str) -> str:
    """Addresses, accounts and what to look at."""
    lines = [
        "",
        f"  公众页面   {address}/",
        f"  接口文档   {address}/api/v1/docs",
        "",
        "  演示账户（口令保存在实例目录）",
    ]
    for role, row in kept_accounts(instance).items():
        otp = f"  动态口令: {row['otp']}" if "otp" in row else ""
        lines.append(f"    {role:11} {row['account']:11} {row['password']}{otp}  {row.get('subject', '')}")
    if (instance / "sample").is_dir():
        lines += ["", "  可以试试"]
        lines += [
            f"    {story.code if story.kind is not SubjectKind.person else '（自然人）':20} {story.name}  {story.look_at}"
            for story in story_subjects()
        ]
    return "\n".join(lines)
