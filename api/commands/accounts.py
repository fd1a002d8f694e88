"""``flask accounts``: people, agencies, their tokens and second factors. For whoever holds the instance folder."""

import secrets
import sys
import time
from datetime import datetime

import click
from flask import current_app
from sqlalchemy.orm import Session

from api.clock import moment
from api.commands.running import Told, command_session, print_json
from api.roles import SECOND_FACTOR
from api.security import EXTENSION, HAND_MINUTES_AT_MOST, Gate
from api.signing_in import token_answer
from credit import accounts as people
from credit.enquirer import Enquirer
from credit.enquiries import logged
from credit.errors import CreditError, InvalidContent
from credit.otp import SKEW_STEPS, STEP_SECONDS, code_at, enrolment_address, step_of
from credit.subjects import get_subject
from models.accounts import Account
from models.terms import Role, label

ROLE = click.Choice([role.value for role in Role if role is not Role.public])


@click.group(cls=Told)
def accounts() -> None:
    """Open and close accounts, admit agencies, and hand out tokens and one-time codes of this instance."""


@accounts.command("create")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What the account may do.")
@click.option("--display-name", default="", help="Name shown on pages; the account name where it is left out.")
@click.option("--department", help="Slug of the department the account belongs to.")
@click.option("--agency", help="Client id of the agency the account belongs to.")
@click.option("--subject", help="Code or ref of the subject the account acts for.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; otherwise one is made.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create_command(
    name: str, role: str, display_name: str, department: str | None, agency: str | None, subject: str | None,
    password_stdin: bool, as_json: bool,
) -> None:  # fmt: skip
    """Open an account. A made password and the secret of the second factor are printed once and kept nowhere else."""
    password = _typed_password() if password_stdin else secrets.token_urlsafe(15)
    with command_session() as session:
        account = people.create_account(
            session, name, display_name=display_name or name, role=Role(role), password=password, now=moment(),
            department_id=people.find_department_id(session, department),
            agency_id=people.find_agency_id(session, agency),
            subject_id=get_subject(session, subject).id if subject else None,
        )  # fmt: skip
        told = {"account": name, "role": role}
        if not password_stdin:
            told["password"] = password
        if Role(role) in SECOND_FACTOR:
            told["otp_address"] = enrolment_address(people.enable_otp(session, account), name, "credit-platform")
    _tell(told, as_json)


@accounts.command("agency")
@click.argument("client_id")
@click.option("--name", required=True, help="Name of the agency.")
@click.option("--code", help="Its unified social credit code.")
@click.option("--filing", help="Number of its licence, filing or permit.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of its admission.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def agency_command(
    client_id: str, name: str, code: str | None, filing: str | None, until: datetime | None, as_json: bool
) -> None:
    """Admit an agency. Its secret is printed once and kept only as a keyed digest."""
    with command_session() as session:
        last_day = until.date() if until else None
        _agency, secret = people.make_agency(
            session, client_id, name=name, code=code, filing_number=filing, admitted_until=last_day
        )
    _tell({"client_id": client_id, "client_secret": secret}, as_json)


@accounts.command("token")
@click.argument("account")
@click.option(
    "--minutes", type=click.IntRange(1, HAND_MINUTES_AT_MOST), default=15, show_default=True, help="Life of the token."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def token_command(account: str, minutes: int, as_json: bool) -> None:
    """Print an access token for an account or agency. That it was made is written into the enquiry log."""
    with command_session() as session:
        sign_in = people.enquirer_for(session, account)
        _log(session, sign_in.enquirer, "token-by-hand")
    answer = token_answer(sign_in, minutes)
    if as_json:
        print_json(answer)
    else:
        click.echo(answer["access_token"])


@accounts.command("otp")
@click.argument("account")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def otp_command(account: str, as_json: bool) -> None:
    """Print a one-time code of an account that still opens. A code opens once; this waits for the next if it must."""
    with command_session() as session:
        found = people.get_account(session, account)
        secret = people.otp_secret(session, found)
        if secret is None:
            raise InvalidContent("该账户没有动态口令")
        _log(session, people.enquirer_for(session, account).enquirer, "otp-by-hand")
    code = code_at(secret, _unused_step(found))
    if as_json:
        print_json({"account": account, "otp": code})
    else:
        click.echo(code)


@accounts.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def list_command(as_json: bool) -> None:
    """List the accounts with role, second factor and whether they are closed."""
    with command_session() as session:
        for account in people.list_accounts(session):
            row = {
                "account": account.name,
                "role": account.role,
                "display_name": account.display_name,
                "second_factor": account.otp_sealed is not None,
                "disabled": account.disabled_at is not None,
            }
            if as_json:
                print_json(row)
            else:
                closed = "（已停用）" if row["disabled"] else ""
                click.echo(f"{account.name}  {label(Role(account.role))}  {account.display_name}{closed}")


@accounts.command("password")
@click.argument("account")
def password_command(account: str) -> None:
    """Set a new password, read from standard input. Every token and page session of the account ends."""
    password = _typed_password()
    with command_session() as session:
        people.set_password(session, people.get_account(session, account), password, now=moment())


@accounts.command("disable")
@click.argument("account")
def disable_command(account: str) -> None:
    """Close an account. Its tokens and page sessions end within a second."""
    with command_session() as session:
        people.disable_account(session, people.get_account(session, account), now=moment())


def _typed_password() -> str:
    return sys.stdin.readline().rstrip("\n")


def _unused_step(account: Account) -> int:
    gate: Gate = current_app.extensions[EXTENSION]
    for _attempt in range(STEP_SECONDS + 2):
        now = step_of(time.time())
        for step in (now, now + SKEW_STEPS, now - SKEW_STEPS):
            if not gate.limits.code_used(f"account:{account.id}", step):
                return step
        time.sleep(1)
    raise CreditError("动态口令暂不可用")


def _log(session: Session, enquirer: Enquirer, action: str) -> None:
    with logged(session, enquirer, action, now=moment()):
        return


def _tell(row: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        click.echo(f"{name}: {value}")
