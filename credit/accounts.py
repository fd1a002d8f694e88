"""Accounts (账户): making them, proving who signs in, and turning either into an ``Enquirer``.

A password is kept as argon2id (19 MiB, two passes), an agency's secret (256 random bits) as a keyed digest. A wrong password, an
unknown account, a disabled one and a wrong code get the same answer after the same work. The clock is a parameter.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.deployment import deployment_of
from credit.enquirer import Enquirer
from credit.errors import Conflict, InvalidContent, NotAuthenticated, NotFound
from credit.keyring import DIGEST_LENGTH
from credit.otp import find_step, make_otp_secret
from models.accounts import Account, Agency, Department
from models.base import DISTRICT_ZONE, EPOCH, MICROSECOND
from models.terms import Role

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
NOBODYS_HASH = HASHER.hash(secrets.token_urlsafe(24))
PASSWORD_AT_LEAST, PASSWORD_AT_MOST = 10, 256
OTP_CONTEXT = b"accounts.otp_sealed"
DIGEST_PURPOSE = "agency-secret"
REFUSED = "账户、口令或动态口令不正确"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{1,62}")


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who signed in: ``actor`` names the row in tokens (``account:7``), ``step`` is the code's, if one was needed."""

    actor: str
    enquirer: Enquirer
    step: int | None = None


def create_account(
    session: Session,
    name: str,
    *,
    display_name: str,
    role: Role,
    password: str,
    now: datetime,
    department_id: int | None = None,
    agency_id: int | None = None,
    subject_id: int | None = None,
    scopes: Sequence[str] = (),
) -> Account:
    """Open an account. Conflict where the name is taken; InvalidContent for a name or password that will not do."""
    if NAME.fullmatch(name) is None:
        raise InvalidContent("账户名须为 2 至 63 位字母、数字或 . _ @ -")
    if role is Role.public:
        raise InvalidContent("社会公众无需账户")
    if find_account(session, name) is not None:
        raise Conflict("账户名已被使用")
    account = Account(
        name=name,
        display_name=display_name,
        role=role.value,
        password_hash=HASHER.hash(_checked(password, name)),
        department_id=department_id,
        agency_id=agency_id,
        subject_id=subject_id,
        scopes=list(scopes),
        created_at=now,
        tokens_from=now,
    )
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, name: str) -> Account | None:
    """The account of that name."""
    return session.scalars(select(Account).where(Account.name == name)).one_or_none()


def get_account(session: Session, name: str) -> Account:
    """The account of that name; NotFound without one."""
    account = find_account(session, name)
    if account is None:
        raise NotFound("没有这个账户")
    return account


def list_accounts(session: Session) -> list[Account]:
    """Every account, by name."""
    return list(session.scalars(select(Account).order_by(Account.name)))


def find_department_id(session: Session, slug: str | None) -> int | None:
    """The id of a department by slug; NotFound for a slug that is none, None without one."""
    return (
        None if slug is None else _found(session.scalars(select(Department.id).where(Department.slug == slug)).first())
    )


def find_agency_id(session: Session, client_id: str | None) -> int | None:
    """The id of an agency by client id; NotFound for one that is none, None without one."""
    if client_id is None:
        return None
    return _found(session.scalars(select(Agency.id).where(Agency.client_id == client_id)).first())


def _found(number: int | None) -> int:
    if number is None:
        raise NotFound("没有这个部门或机构")
    return number


def set_password(session: Session, account: Account, password: str, *, now: datetime) -> None:
    """A new password; every token and page session issued before ends."""
    account.password_hash = HASHER.hash(_checked(password, account.name))
    account.tokens_from = now
    session.flush()


def disable_account(session: Session, account: Account, *, now: datetime) -> None:
    """Close an account; its tokens end with it. Closing twice changes nothing."""
    account.disabled_at = account.disabled_at or now
    account.tokens_from = now
    session.flush()


def enable_otp(session: Session, account: Account) -> bytes:
    """Give the account a new second factor and return its secret, sealed in the table."""
    secret = make_otp_secret()
    account.otp_sealed = deployment_of(session).keyring.seal(secret, OTP_CONTEXT)
    session.flush()
    return secret


def otp_secret(session: Session, account: Account) -> bytes | None:
    """The opened secret of the second factor, or None where the account has none."""
    if account.otp_sealed is None:
        return None
    return deployment_of(session).keyring.open(bytes(account.otp_sealed), OTP_CONTEXT)


def authenticate(
    session: Session, name: str, password: str, otp: str | None, *, second_factor: frozenset[Role], now: datetime
) -> SignIn:
    """Who signs in with password and, for roles in ``second_factor`` or whoever has one, code; NotAuthenticated otherwise.

    The caller keeps count of failures before calling, and takes the returned ``step`` so that a code works once.
    """
    account = find_account(session, name) if "\x00" not in name else None
    right = _verify(account.password_hash if account else NOBODYS_HASH, password)
    if account is None or not right or account.disabled_at is not None:
        raise NotAuthenticated(REFUSED)
    if not _agency_admitted(session, account, now.astimezone(DISTRICT_ZONE).date()):
        raise NotAuthenticated(REFUSED)
    step = None
    secret = otp_secret(session, account)
    if secret is not None or Role(account.role) in second_factor:
        step = find_step(secret, otp or "", now.timestamp()) if secret is not None else None
        if step is None:
            raise NotAuthenticated(REFUSED)
    return SignIn(f"account:{account.id}", _enquirer_of(session, account), step)


def make_agency(
    session: Session,
    client_id: str,
    *,
    name: str,
    code: str | None = None,
    filing_number: str | None = None,
    admitted_until: date | None = None,
) -> tuple[Agency, str]:
    """Admit an agency (第三方机构); returns it with its secret, which is shown this once and kept as a keyed digest."""
    if NAME.fullmatch(client_id) is None:
        raise InvalidContent("机构标识须为 2 至 63 位字母、数字或 . _ @ -")
    if session.scalars(select(Agency.id).where(Agency.client_id == client_id)).first() is not None:
        raise Conflict("机构标识已被使用")
    secret = secrets.token_urlsafe(32)
    agency = Agency(
        client_id=client_id,
        name=name,
        code=code,
        secret_digest=deployment_of(session).keyring.digest(secret, DIGEST_PURPOSE),
        filing_number=filing_number,
        admitted_until=admitted_until,
    )
    session.add(agency)
    session.flush()
    return agency, secret


def authenticate_agency(session: Session, client_id: str, secret: str, *, today: date) -> SignIn:
    """The agency with this secret, admitted today; NotAuthenticated otherwise."""
    known = "\x00" not in client_id
    agency = session.scalars(select(Agency).where(Agency.client_id == client_id)).one_or_none() if known else None
    expected = bytes(agency.secret_digest) if agency else bytes(DIGEST_LENGTH)
    given = deployment_of(session).keyring.digests(secret, DIGEST_PURPOSE)
    right = sum(hmac.compare_digest(each, expected) for each in given) > 0
    if agency is None or not right or not _admitted(agency, today):
        raise NotAuthenticated("机构标识或密钥不正确")
    return SignIn(f"agency:{agency.id}", _enquirer_of_agency(agency))


def find_enquirer(session: Session, actor: str, issued_at: int, *, today: date) -> Enquirer | None:
    """Whom a token's ``actor`` stands for, or None where it no longer stands for anybody.

    ``issued_at`` is in microseconds since the epoch: tokens older than the account's ``tokens_from`` have ended. The scopes of
    the answer are those the account is narrowed to (empty: the role's); the entrance knows which scopes a role has.
    """
    kind, _, number = actor.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    if kind == "agency":
        agency = session.get(Agency, int(number))
        return _enquirer_of_agency(agency) if agency is not None and _admitted(agency, today) else None
    account = session.get(Account, int(number)) if kind == "account" else None
    if account is None or account.disabled_at is not None:
        return None
    if issued_at < (account.tokens_from - EPOCH) // MICROSECOND:
        return None
    return _enquirer_of(session, account) if _agency_admitted(session, account, today) else None


def enquirer_for(session: Session, name: str) -> SignIn:
    """The enquirer behind an account or agency of this instance, for commands; NotFound or NotAuthenticated otherwise."""
    agency = session.scalars(select(Agency).where(Agency.client_id == name)).one_or_none()
    if agency is not None and find_account(session, name) is None:
        return SignIn(f"agency:{agency.id}", _enquirer_of_agency(agency))
    account = get_account(session, name)
    if account.disabled_at is not None:
        raise NotAuthenticated("账户已停用")
    return SignIn(f"account:{account.id}", _enquirer_of(session, account))


def _enquirer_of(session: Session, account: Account) -> Enquirer:
    department = session.get(Department, account.department_id) if account.department_id else None
    agency = session.get(Agency, account.agency_id) if account.agency_id else None
    organisation = department.name if department else agency.name if agency else ""
    return Enquirer(
        role=Role(account.role),
        account=account.name,
        display_name=account.display_name,
        organisation=organisation,
        account_id=account.id,
        department_id=account.department_id,
        agency_id=account.agency_id,
        subject_id=account.subject_id,
        scopes=frozenset(account.scopes),
    )


def _enquirer_of_agency(agency: Agency) -> Enquirer:
    return Enquirer(
        role=Role.agency,
        account=agency.client_id,
        display_name=agency.name,
        organisation=agency.name,
        agency_id=agency.id,
    )


def _admitted(agency: Agency, today: date) -> bool:
    return agency.disabled_at is None and (agency.admitted_until is None or today <= agency.admitted_until)


def _agency_admitted(session: Session, account: Account, today: date) -> bool:
    agency = session.get(Agency, account.agency_id) if account.agency_id else None
    return agency is None or _admitted(agency, today)


def _checked(password: str, name: str) -> str:
    if not PASSWORD_AT_LEAST <= len(password) <= PASSWORD_AT_MOST:
        raise InvalidContent(f"口令须为 {PASSWORD_AT_LEAST} 至 {PASSWORD_AT_MOST} 位")
    if name.lower() in password.lower() or len(set(password)) < 5:
        raise InvalidContent("口令过于简单")
    return password


def _verify(password_hash: str, password: str) -> bool:
    if len(password) > PASSWORD_AT_MOST:
        return False
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
