"""``flask evaluate``: everybody by one model, with the distribution; one subject's evaluation in words."""

import json
import sys
from datetime import date, datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from api.clock import district_day, moment
from api.commands.running import Told, command_session
from credit.enquirer import Enquirer
from credit.enquiries import logged
from credit.errors import InvalidQuery, NotFound
from credit.subjects import get_subject
from models.terms import Role
from scoring.evaluate import Known, current_evaluation, evaluate_all, get_model, register_shipped, standard_of
from scoring.explain import Explanation, Reason, explain
from scoring.features import count_subjects

COMPREHENSIVE = "comprehensive"


@click.group(cls=Told)
def evaluate() -> None:
    """Evaluate subjects by a registered model and explain the result."""


@evaluate.command("all")
@click.option("--model", default=COMPREHENSIVE, show_default=True, help="Name of the registered model.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the facts; today where it is not given.")
@click.option(
    "--known", type=click.Choice(["now", "then"]), default="now", help="What we know now, or knew on that day."
)
@click.option(
    "--engine", type=click.Choice(["database"]), default="database", help="Where the indicators are computed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the closing JSON line only.")
def all_command(model: str, as_of: datetime | None, known: Known, engine: str, as_json: bool) -> None:
    """Evaluate everybody; prints the grades with their shares and ends with one line of JSON."""
    today = district_day()
    day = today if as_of is None else as_of.date()
    with command_session() as session:
        if day > today:
            raise InvalidQuery("不能评价未来的日期")
        summary = run_all(session, model, day=day, today=today, known=known) | {"engine": engine}
    if not as_json:
        print_distribution(summary)
    click.echo(json.dumps(summary, ensure_ascii=False))


@evaluate.command("show")
@click.argument("code")
@click.option("--model", default=COMPREHENSIVE, show_default=True, help="Name of the registered model.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_command(code: str, model: str, as_json: bool) -> None:
    """Show the stored evaluation of the subject with this code or ref, with its reasons; logged like any enquiry."""
    today, now = district_day(), moment()
    with command_session() as session:
        explanation = explain_stored(session, code, model, today=today, now=now)
    if as_json:
        click.echo(json.dumps(as_data(explanation), ensure_ascii=False))
        return
    print_explanation(explanation)


def run_all(session: Session, model: str, *, day: date, today: date, known: Known) -> dict[str, Any]:
    """Evaluate everybody, a transaction per page, with a bar where a person watches."""
    now = moment()
    register_shipped(session, now=now)
    standard = standard_of(get_model(session, model, today=today))
    total = count_subjects(session, standard)
    session.commit()
    with click.progressbar(length=total, label="评价", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def after_page(evaluated: int) -> None:
            session.commit()
            bar.update(evaluated - bar.pos)

        return evaluate_all(session, standard, as_of=day, today=today, now=now, known=known, after_page=after_page)


def explain_stored(session: Session, code: str, model: str, *, today: date, now: datetime) -> Explanation:
    """The stored evaluation in words; the enquiry is logged. Raises NotFound where there is none."""
    enquirer = Enquirer(role=Role.operator, account="console", display_name="平台运行人员")
    with logged(session, enquirer, "evaluate-show", now=now) as entry:
        subject = get_subject(session, code)
        entry.subject_ref = subject.ref
        card = get_model(session, model, today=today)
        evaluation = current_evaluation(session, subject.id, card.id)
        if evaluation is None:
            raise NotFound("该主体没有评价结果")
        entry.shown = {"evaluation": 1}
        return explain(standard_of(card), evaluation, today=today)


def print_distribution(summary: dict[str, Any]) -> None:
    """A table of grades with counts and shares."""
    click.echo(f"{summary['title']} {summary['version']}  评价日 {summary['as_of']}  主体 {summary['evaluated']}")
    for grade, count in summary["grades"].items():
        share = 100 * count / summary["evaluated"] if summary["evaluated"] else 0.0
        click.echo(f"  {grade}  {count:>9,}  {share:6.2f} %  {'█' * round(share / 2)}")
    click.echo(f"  写入 {summary['written']}，用时 {summary['seconds']} 秒")
    if not summary["stored"]:
        click.echo("  回溯评价：只统计，不保存")


def print_explanation(explanation: Explanation) -> None:
    """Headline, reasons and outlook as lines."""
    click.echo(f"{explanation.headline}  {explanation.points:g} 分")
    for veto in explanation.vetoes:
        click.echo(f"  上限 {veto.text}（{veto.basis}）{_records(veto)}")
    for reason in explanation.reasons:
        effect = f"{reason.points:+6g}" if reason.points else f"（可加 {reason.lost:g}）"
        click.echo(f"  {effect}  {reason.text}{_records(reason)}")
    if explanation.outlook is not None:
        click.echo(f"  {explanation.outlook}")
    if explanation.valid_until is not None:
        click.echo(f"  有效至 {explanation.valid_until.isoformat()} 前")


def _records(reason: Reason) -> str:
    return f"  依据信用信息 {'、'.join(map(str, reason.record_ids))}" if reason.record_ids else ""


def as_data(explanation: Explanation) -> dict[str, Any]:
    """An explanation as JSON has it."""
    until = explanation.valid_until
    return {
        "headline": explanation.headline, "grade": explanation.grade, "points": explanation.points,
        "reasons": [reason._asdict() for reason in explanation.reasons],
        "vetoes": [veto._asdict() for veto in explanation.vetoes], "outlook": explanation.outlook,
        "valid_until": until.isoformat() if until else None,
    }  # fmt: skip
