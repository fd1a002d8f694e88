"""Issuing and verifying reports: gather, number, draw, digest, keep. Whoever holds the code can ask whether it is genuine.

A report is current while its subject's content is what it was, superseded when something changed since, withdrawn when the
platform called it back. The bytes are kept sealed, so that the same report can be handed over again.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from credit.deployment import Deployment, deployment_of
from credit.enquirer import Enquirer
from credit.enquiries import logged
from credit.errors import InvalidContent, NotFound, ReportNotVerifiable, SubjectNotFound
from credit.subjects import get_subject_by_id
from models.base import DISTRICT_ZONE
from models.issued import IssuedReport
from models.terms import Role
from reports.credit_report import draw_credit_report
from reports.gather import KINDS, audience_of, gather_again, gather_content, make_cover, make_report
from reports.numbers import read_code, verification_code

PDF_CONTEXT = b"issued-report"


@dataclass(frozen=True, slots=True)
class Issued:
    """A report as it leaves."""

    number: str
    verification_code: str
    kind: str
    as_of: date
    issued_at: datetime
    enquiry: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a report is genuine and still what the platform would say."""

    number: str
    state: str
    state_name: str
    kind: str
    as_of: date
    issued_at: datetime
    issuer: str
    sha256: str


STATES = {"current": "真实有效，内容与现行信息一致", "superseded": "真实，但签发后信息有变化", "withdrawn": "已撤回"}


def issue_report(
    session: Session,
    enquirer: Enquirer,
    code: str,
    *,
    kind: str,
    as_of: date | None,
    today: date,
    now: datetime,
    public_url: str,
) -> Issued:
    """Issue a report of a kind; logged, numbered, kept. InvalidContent for an unknown kind, NotAuthorised."""
    if kind not in KINDS:
        fault = {"field": "kind", "code": "UNKNOWN", "message": f"目前提供：{'、'.join(KINDS)}"}
        raise InvalidContent("没有这种报告", faults=[fault])
    deployment = deployment_of(session)
    gathered = gather_content(session, enquirer, code, kind=kind, as_of=as_of, today=today, now=now)
    number = new_number(today)
    check = verification_code(number, code_secret(deployment))
    cover = make_cover(
        gathered, deployment, enquirer, kind=kind, number=number, code=check,
        address=f"{public_url.rstrip('/')}/verify?code={check}", generated_on=today,
    )  # fmt: skip
    pdf = draw_credit_report(make_report(gathered, cover=cover), fonts_folder(deployment))
    session.execute(
        insert(IssuedReport).values(
            number=number,
            verification_code=check,
            subject_id=gathered.view.subject_id,
            kind=kind,
            audience=enquirer.role.value,
            account=enquirer.account,
            agency_id=enquirer.agency_id,
            purpose=enquirer.purpose,
            as_of=gathered.view.as_of,
            content_digest=gathered.digest,
            digest=hashlib.sha256(pdf).digest(),
            pdf_sealed=deployment.keyring.seal(pdf, PDF_CONTEXT + number.encode()),
            issued_at=now,
        )
    )
    return Issued(number, check, kind, gathered.view.as_of, now, gathered.view.enquiry, pdf)


def new_number(today: date) -> str:
    """A report number: the day and ten random digits, so that numbers cannot be walked through."""
    return f"XY{today:%Y%m%d}{secrets.randbelow(10**10):010d}"


def code_secret(deployment: Deployment) -> bytes:
    """The secret behind verification codes, derived from the deployment's digest key."""
    keyring = deployment.keyring
    return keyring.digest("verification-code-1", "report") + keyring.digest("verification-code-2", "report")


def fonts_folder(deployment: Deployment) -> Path:
    """Where the cut fonts lie: the instance's own, or the project's."""
    own = deployment.instance / "fonts"
    return own if own.is_dir() else Path(__file__).resolve().parent.parent / "instance" / "fonts"


def get_report_pdf(session: Session, enquirer: Enquirer, number: str, *, today: date, now: datetime) -> bytes:
    """The bytes of an issued report, for whoever it was issued to; a public report for everybody. NotFound otherwise.

    A report whose content has changed since is not handed out again: it may say what was repaired, or rest on a consent
    that was taken back. Handing it out is an enquiry, logged like its issue.
    """
    with logged(session, enquirer.asking(enquirer.purpose, None), "report-fetch", now=now) as entry:
        row = _own_report(session, enquirer, number)
        if _state(session, row, today=today, now=now) != "current":
            raise NotFound("该报告签发后信息有变化，请重新申请")
        entry.subject_ref = get_subject_by_id(session, row.subject_id).ref
        entry.shown = {"report": 1}
        return deployment_of(session).keyring.open(row.pdf_sealed or b"", PDF_CONTEXT + number.encode())


def _own_report(session: Session, enquirer: Enquirer, number: str) -> IssuedReport:
    row = session.execute(select(IssuedReport).where(IssuedReport.number == number)).scalar()
    if row is None or row.pdf_sealed is None or row.withdrawn_at is not None:
        raise NotFound("没有这份报告")
    mine = (row.account, row.audience, row.agency_id) == (enquirer.account, enquirer.role.value, enquirer.agency_id)
    if row.kind != "public" and (not mine or enquirer.role is Role.public):
        raise NotFound("没有这份报告")
    return row


def verify_code(session: Session, code: str, *, today: date, now: datetime) -> Verification:
    """What the register says of a code; ReportNotVerifiable where there is no such report."""
    row = session.execute(select(IssuedReport).where(IssuedReport.verification_code == read_code(code))).scalar()
    if row is None:
        raise ReportNotVerifiable("没有以此验证码签发的报告")
    return _verification(session, row, today=today, now=now)


def verify_bytes(session: Session, pdf: bytes, *, today: date, now: datetime) -> Verification:
    """What the register says of a file; one changed byte is found. ReportNotVerifiable where it is none of ours."""
    digest = hashlib.sha256(pdf).digest()
    row = session.execute(select(IssuedReport).where(IssuedReport.digest == digest)).scalar()
    if row is None:
        raise ReportNotVerifiable("该文件不是本平台签发的报告，或内容已被改动")
    return _verification(session, row, today=today, now=now)


def _verification(session: Session, row: IssuedReport, *, today: date, now: datetime) -> Verification:
    state = "withdrawn" if row.withdrawn_at is not None else _state(session, row, today=today, now=now)
    return Verification(
        number=row.number,
        state=state,
        state_name=STATES[state],
        kind=row.kind,
        as_of=row.as_of,
        issued_at=row.issued_at.astimezone(DISTRICT_ZONE),
        issuer=f"{deployment_of(session).district}公共信用信息平台",
        sha256=bytes(row.digest).hex(),
    )


def _state(session: Session, row: IssuedReport, *, today: date, now: datetime) -> str:
    """Current or superseded: the content composed again for the same audience and compared by digest."""
    audience = Enquirer(
        role=Role(row.audience),
        account=row.account or "-",
        agency_id=row.agency_id,
        subject_id=row.subject_id if row.audience in (Role.enterprise.value, Role.person.value) else None,
        purpose=row.purpose,
    )
    viewer = audience_of(row.kind, audience) if row.kind == "public" else audience
    try:
        as_of = today if row.as_of == row.issued_at.astimezone(DISTRICT_ZONE).date() else row.as_of
        again = gather_again(session, viewer, row.subject_id, as_of=as_of, today=today, now=now)
    except SubjectNotFound:
        return "superseded"
    return "current" if again.digest == bytes(row.content_digest) else "superseded"
