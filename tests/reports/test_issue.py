"""Issuing and verifying: what a report says, who may have it, and what becomes of it when the content changes."""

import io
from datetime import date, timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from credit.authorisations import grant, revoke
from credit.drafts import SubjectDraft
from credit.errors import (
    EnquiryLogUnavailable,
    InvalidContent,
    NotAuthorised,
    NotFound,
    PurposeRequired,
    ReportNotVerifiable,
    SubjectNotFound,
)
from credit.records import change_standing
from credit.subjects import find_person, get_subject
from models.accounts import Agency
from models.enquiries import Enquiry
from models.issued import IssuedReport
from models.records import CurrentRecord
from models.terms import EventKind, SubjectKind
from reports.issue import get_report_pdf, issue_report, verify_bytes, verify_code
from tests.factories import NOW, TODAY, accept, make_code, make_draft, make_number

DOCUMENT = "沪测罚〔2026〕第0731号"


@pytest.fixture
def firm(session, deployment, fonts_folder):
    (deployment.instance / "fonts").symlink_to(fonts_folder)
    subject = SubjectDraft(None, "上海报告有限公司", make_code())
    accept(session, make_draft("registration", subject=subject))
    accept(session, make_draft("penalty", subject=subject, document_number=DOCUMENT))
    accept(session, make_draft("coercion", subject=subject, document_number="强制1号"))
    accept(session, make_draft("listing", list_code="market-serious", subject=subject, document_number="列入1号"))
    session.commit()
    return get_subject(session, subject.code)


def issue(session, enquirer, subject, kind="public", as_of=None, today=TODAY):
    report = issue_report(
        session,
        enquirer,
        subject.ref,
        kind=kind,
        as_of=as_of,
        today=today,
        now=NOW,
        public_url="https://credit.invalid/",
    )
    session.commit()
    return report


def state(session, report, today=TODAY):
    found = verify_code(session, report.verification_code, today=today, now=NOW)
    assert verify_bytes(session, report.pdf, today=today, now=NOW) == found
    return found.state


def said(report):
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(report.pdf)).pages)
    return "".join(text.split())


def penalty_key(session):
    return session.execute(select(CurrentRecord.record_key).where(CurrentRecord.item == "penalty")).scalar_one()


def stand(session, kind):
    change_standing(session, penalty_key(session), kind, cause="-", effective_on=TODAY, known_at=NOW, actor="city")
    session.commit()


def test_a_public_report_from_issue_to_withdrawal(session, firm, as_enquirer):
    public = as_enquirer("public")
    report = issue(session, public, firm)
    assert DOCUMENT in said(report) and "列入1号" in said(report) and "强制1号" not in said(report)
    assert state(session, report) == "current"
    typed = report.verification_code.lower().replace("-", " ")
    assert verify_code(session, typed, today=TODAY, now=NOW).number == report.number
    assert state(session, report, TODAY + timedelta(days=3)) == "current"
    assert get_report_pdf(session, public, report.number, today=TODAY, now=NOW) == report.pdf
    stand(session, EventKind.repaired)
    assert state(session, report) == "superseded"
    with pytest.raises(NotFound):
        get_report_pdf(session, public, report.number, today=TODAY, now=NOW)
    assert DOCUMENT not in said(issue(session, public, firm))
    assert DOCUMENT not in said(issue(session, public, firm, as_of=TODAY - timedelta(days=1)))
    row = session.execute(select(IssuedReport).where(IssuedReport.number == report.number)).scalar_one()
    row.withdrawn_at = NOW
    session.commit()
    assert state(session, report) == "withdrawn"
    with pytest.raises(NotFound):
        get_report_pdf(session, public, report.number, today=TODAY, now=NOW)


@pytest.mark.parametrize("kind", [EventKind.objected, EventKind.annulled, EventKind.withdrawn])
def test_any_change_of_what_it_says_supersedes(session, firm, as_enquirer, kind):
    report = issue(session, as_enquirer("public"), firm)
    stand(session, kind)
    assert state(session, report) == "superseded"


def test_what_it_does_not_say_does_not_supersede(session, firm, as_enquirer):
    report = issue(session, as_enquirer("public"), firm)
    subject = SubjectDraft(None, firm.name, firm.code)
    accept(session, make_draft("coercion", subject=subject))
    accept(session, make_draft("penalty", subject=SubjectDraft(None, "别的公司", make_code())))
    session.commit()
    assert state(session, report) == "current"
    accept(session, make_draft("penalty", subject=subject))
    session.commit()
    assert state(session, report) == "superseded"


def test_a_published_term_that_ends_supersedes(session, firm, as_enquirer):
    report = issue(session, as_enquirer("public"), firm)
    assert state(session, report, date(2040, 1, 1)) == "superseded"


def test_a_changed_byte_is_found(session, firm, as_enquirer):
    report = issue(session, as_enquirer("public"), firm)
    for place in (0, len(report.pdf) // 2, len(report.pdf) - 1):
        changed = bytearray(report.pdf)
        changed[place] ^= 1
        with pytest.raises(ReportNotVerifiable):
            verify_bytes(session, bytes(changed), today=TODAY, now=NOW)
    for code in ("", "0" * 20, report.verification_code[:-1] + "0", report.number):
        if code != report.verification_code:
            with pytest.raises(ReportNotVerifiable):
                verify_code(session, code, today=TODAY, now=NOW)


def test_kept_sealed_and_numbered_at_random(session, firm, as_enquirer):
    reports = [issue(session, as_enquirer("public"), firm) for _ in range(2)]
    rows = session.execute(select(IssuedReport)).scalars().all()
    assert all(b"%PDF" not in row.pdf_sealed for row in rows)
    assert rows[0].content_digest == rows[1].content_digest
    assert len({report.verification_code for report in reports}) == 2


# the full report


def consent(session, firm, agency, as_enquirer):
    owner = as_enquirer("enterprise", subject_id=firm.id)
    client = session.get(Agency, agency.agency_id).client_id
    granted = grant(
        session, owner, agency=client, categories=["administration"], purpose="credit_service",
        valid_until=TODAY + timedelta(days=9), now=NOW, today=TODAY,
    )  # fmt: skip
    session.commit()
    return owner, granted


def test_the_full_report_by_right_only(session, deployment, firm, as_enquirer):
    own = as_enquirer("enterprise", subject_id=firm.id)
    duty = as_enquirer("regulator", purpose="inspection")
    for enquirer in (own, duty):
        report = issue(session, enquirer, firm, kind="full")
        assert "强制1号" in said(report)
        assert state(session, report) == "current"
    strangers = [as_enquirer(kind) for kind in ("public", "enterprise", "person", "department", "operator", "auditor")]
    strangers.append(as_enquirer("agency", purpose="credit_service"))
    for stranger in strangers:
        with pytest.raises(NotAuthorised):
            issue(session, stranger, firm, kind="full")
    with pytest.raises(PurposeRequired):
        issue(session, as_enquirer("regulator"), firm, kind="full")
    with pytest.raises(InvalidContent):
        issue(session, own, firm, kind="everything")
    with deployment.enquiry_log.engine.connect() as log:
        outcomes = log.execute(select(Enquiry.outcome).order_by(Enquiry.id)).scalars().all()
    assert outcomes == ["answered"] * 2 + ["refused"] * 8


def test_with_consent_and_not_without(session, firm, as_enquirer):
    agency = as_enquirer("agency", purpose="credit_service")
    owner, granted = consent(session, firm, agency, as_enquirer)
    report = issue(session, agency, firm, kind="full")
    assert "强制1号" not in said(report)
    assert state(session, report) == "current"
    assert get_report_pdf(session, agency, report.number, today=TODAY, now=NOW) == report.pdf
    revoke(session, owner, granted.ref, now=NOW)
    session.commit()
    assert state(session, report) == "superseded"
    with pytest.raises(NotFound):
        get_report_pdf(session, agency, report.number, today=TODAY, now=NOW)
    with pytest.raises(NotAuthorised):
        issue(session, agency, firm, kind="full")


def test_nobody_else_fetches_a_full_report(session, firm, as_enquirer):
    own = as_enquirer("enterprise", subject_id=firm.id)
    report = issue(session, own, firm, kind="full")
    assert get_report_pdf(session, own, report.number, today=TODAY, now=NOW) == report.pdf
    for kind in ("public", "enterprise", "person", "regulator", "agency", "department", "operator", "auditor"):
        with pytest.raises(NotFound):
            get_report_pdf(session, as_enquirer(kind), report.number, today=TODAY, now=NOW)
    same_name = as_enquirer("agency").__class__
    impostor = same_name(role=as_enquirer("agency").role, account=own.account, agency_id=3)
    with pytest.raises(NotFound):
        get_report_pdf(session, impostor, report.number, today=TODAY, now=NOW)


def test_a_person_report_holds_no_number(session, firm, as_enquirer):
    number = make_number(246)
    accept(session, make_draft(subject=SubjectDraft(SubjectKind.person, "赵某某", None, number=number)))
    session.commit()
    person = find_person(session, number)
    own = as_enquirer("person", subject_id=person.id)
    report = issue(session, own, person, kind="full")
    assert number not in said(report) and number[6:14] not in said(report)
    assert number.encode() not in report.pdf
    with pytest.raises(SubjectNotFound):
        issue(session, as_enquirer("public"), person)


def test_no_report_without_its_entry_in_the_log(session, deployment, firm, as_enquirer):
    deployment.enquiry_log.heads.write_text("a file where the folder should be")
    with pytest.raises(EnquiryLogUnavailable):
        issue(session, as_enquirer("public"), firm)
    session.rollback()
    assert session.execute(select(IssuedReport)).first() is None
