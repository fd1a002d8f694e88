"""The approval check: only what bears on the matter, nothing hinted, stored, logged with lines, answered once."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from credit.checks import Asked, CheckView, check_subjects, report_outcome
from credit.drafts import SubjectDraft
from credit.errors import CaseRequired, Conflict, InvalidContent, NotAuthorised, NotFound, SubjectNotFound
from credit.records import change_standing
from models.enquiries import Enquiry, EnquirySubject
from models.listings import Check
from models.records import CurrentRecord
from models.subjects import Subject
from models.terms import EventKind, Severity, SubjectKind
from tests.factories import NOW, TODAY, accept, make_code, make_draft, make_number

MATTER = "construction-qualification"


def firm(name="上海核查公司"):
    return SubjectDraft(None, name, make_code())


def check(session, enquirer, *subjects, matter=MATTER, case="办〔2026〕9号", role="applicant") -> CheckView:
    asked = [Asked(subject.code if isinstance(subject, SubjectDraft) else subject, role) for subject in subjects]
    return check_subjects(session, enquirer, asked, matter=matter, case_number=case, today=TODAY, now=NOW)


@pytest.fixture
def duty(as_enquirer):
    return as_enquirer("regulator")


def listed(subject, list_code, **more):
    return make_draft("listing", list_code=list_code, subject=subject, **more)


def test_only_what_bears_on_the_matter_is_found(session, duty):
    subject = firm()
    accept(session, make_draft(subject=subject, severity=Severity.serious, document_number="serious"))
    accept(session, make_draft(subject=subject, severity=Severity.general, document_number="general"))
    accept(session, make_draft("tax_arrears", subject=subject, document_number="arrears"))
    accept(session, make_draft("coercion", subject=subject, document_number="coercion"))
    accept(session, listed(subject, "market-serious", document_number="market"))
    accept(session, listed(subject, "tax-serious", document_number="tax"))
    accept(session, listed(subject, "abnormal-operation", document_number="abnormal"))
    answer = check(session, duty, subject)
    assert [finding.document_number for finding in answer.subjects[0].findings] == ["market", "serious"]
    assert answer.suggestion in ("restrict", "strict")
    everything = repr(answer)
    assert not [word for word in ("general", "arrears", "coercion", '"tax"', "abnormal") if f"'{word}'" in everything]
    other = check(session, duty, subject, matter="project-funds")
    assert {finding.document_number for finding in other.subjects[0].findings} == {"market", "tax", "arrears"}


@pytest.mark.parametrize("way", ["repaired", "annulled", "disputed", "unconfirmed", "expired"])
def test_what_may_not_be_used_is_neither_found_nor_hinted(session, duty, way):
    with_, without = firm("同名"), firm("同名")
    for subject in (with_, without):
        accept(session, make_draft("registration", subject=subject._replace(former_names=(f"旧{subject.code[8:]}",))))
    owner = SubjectDraft(SubjectKind.enterprise, f"旧{with_.code[8:]}", None) if way == "unconfirmed" else with_
    day = TODAY - timedelta(days=3000) if way == "expired" else TODAY - timedelta(days=30)
    accept(session, make_draft(subject=owner, severity=Severity.serious, held_from=day))
    accept(session, listed(owner, "market-serious", held_from=day))
    kind = {"repaired": EventKind.repaired, "annulled": EventKind.annulled, "disputed": EventKind.objected}.get(way)
    if kind is not None:
        heads = select(CurrentRecord.record_key).where(CurrentRecord.item != "registration")
        for key in session.execute(heads).scalars().all():
            change_standing(session, key, kind, cause="-", effective_on=TODAY, known_at=NOW, actor="-")
    told = []
    for subject in (with_, without):
        answer = check(session, duty, subject)
        one = answer.subjects[0]
        told.append((one.name, one.role, one.findings, one.measures, answer.suggestion, answer.reasons, answer.basis))
    assert told[0] == told[1]
    assert told[0][2:6] == ((), (), "routine", ("未发现与本事项相关的信息",))


@pytest.mark.parametrize(
    ("lists", "suggestion"),
    [
        ([], "routine"),
        (["tax-class-a"], "priority"),
        (["market-serious"], "restrict"),
        (["tax-class-a", "market-serious"], "restrict"),
        (["work-safety-serious"], "strict"),
    ],
)
def test_the_strictest_decides_and_unverified_bases_restrict_nobody(session, duty, lists, suggestion):
    subject = firm()
    accept(session, make_draft("registration", subject=subject))
    for code in lists:
        accept(session, listed(subject, code))
    answer = check(session, duty, subject)
    measures = answer.subjects[0].measures
    if suggestion == "restrict" and not any(one.applicable and one.kind == "restriction" for one in measures):
        suggestion = "strict"
    assert answer.suggestion == suggestion
    assert all(reason.startswith(subject.name) for reason in answer.reasons) or suggestion == "routine"
    if lists == ["work-safety-serious"]:
        assert not [one for one in measures if one.applicable and one.kind == "restriction"]


def test_the_answer_is_stored_and_logged_with_one_line_each(session, duty, deployment):
    first, second = firm("甲"), firm("乙")
    for subject in (first, second):
        accept(session, make_draft("registration", subject=subject))
    accept(session, listed(second, "market-serious"))
    answer = check(session, duty, first, second)
    session.commit()
    stored = session.execute(select(Check)).scalars().one()
    assert (stored.ref, stored.case_number, stored.matter) == (answer.id, "办〔2026〕9号", MATTER)
    assert [len(one["findings"]) for one in stored.answer["subjects"]] == [0, 1]
    assert stored.valid_until == answer.valid_until == NOW + timedelta(days=1)
    accept(session, listed(first, "market-serious"))
    assert session.execute(select(Check.answer)).scalar_one() == stored.answer, "a snapshot, not a view"
    with deployment.enquiry_log.engine.connect() as log:
        written = log.execute(select(Enquiry.__table__)).mappings().one()
        lines = log.execute(select(EnquirySubject.subject_ref, EnquirySubject.shown)).all()
    assert (written["receipt"], written["case_number"], written["purpose"]) == (
        answer.enquiry,
        "办〔2026〕9号",
        "approval",
    )
    assert lines == [(answer.subjects[0].ref, {"check": 0}), (answer.subjects[1].ref, {"check": 1})]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"matter": "no-such-matter"}, InvalidContent),
        ({"matter": ""}, InvalidContent),
        ({"role": "owner"}, InvalidContent),
        ({"case": ""}, CaseRequired),
    ],
)
def test_wrong_questions_are_refused_and_written_down(session, duty, deployment, change, error):
    subject = firm()
    accept(session, make_draft("registration", subject=subject))
    with pytest.raises(error) as told:
        check(session, duty, subject, **change)
    with deployment.enquiry_log.engine.connect() as log:
        written = log.execute(select(Enquiry.__table__)).mappings().one()
        assert log.execute(select(EnquirySubject)).first() is None
    assert (written["outcome"], written["reason"]) == ("refused", told.value.slug)
    assert session.execute(select(Check)).first() is None


@pytest.mark.parametrize("kind", ["public", "enterprise", "agency", "operator", "department", "auditor"])
def test_only_regulators_check(session, as_enquirer, kind):
    subject = firm()
    accept(session, make_draft("registration", subject=subject))
    session.commit()
    with pytest.raises(NotAuthorised):
        check(session, as_enquirer(kind), subject)


@pytest.mark.parametrize("count", [0, 21])
def test_too_few_or_many_subjects(session, duty, count):
    with pytest.raises(InvalidContent):
        check(session, duty, *([make_code()] * count))


def test_one_unknown_subject_fails_the_whole_case(session, duty):
    subject = firm()
    accept(session, make_draft("registration", subject=subject))
    with pytest.raises(SubjectNotFound):
        check(session, duty, subject, make_code())
    assert session.execute(select(Check)).first() is None


def test_persons_only_for_a_duty_that_covers_them_and_by_ref(session, as_enquirer):
    number = make_number(987)
    accept(
        session,
        make_draft(subject=SubjectDraft(SubjectKind.person, "赵某某", None, number=number), severity=Severity.serious),
    )
    ref = session.execute(select(Subject.ref)).scalar_one()
    session.commit()
    approval = as_enquirer("regulator", purpose="approval")
    answer = check(session, approval, ref, role="legal_representative")
    assert len(answer.subjects[0].findings) == 1
    assert number not in repr(answer)
    with pytest.raises(SubjectNotFound):
        check(session, as_enquirer("regulator", purpose="procurement"), ref)
    session.commit()
    assert number not in json.dumps(session.execute(select(Check.answer)).scalar_one())


def test_the_outcome_is_reported_once_by_the_same_department(session, duty, as_enquirer):
    subject = firm()
    accept(session, listed(subject, "market-serious"))
    answer = check(session, duty, subject)
    session.commit()
    codes = [measure.code for measure in answer.subjects[0].measures]
    assert codes

    def report(enquirer=duty, ref=answer.id, outcome="applied", measures=codes[:1], reason=""):
        report_outcome(session, enquirer, ref, outcome=outcome, measures=measures, reason=reason, now=NOW)

    for stranger in (as_enquirer("regulator"), as_enquirer("public"), as_enquirer("operator")):
        with pytest.raises(NotFound):
            report(stranger)
    with pytest.raises(NotFound):
        report(ref="a" * 26)
    for wrong in (
        {"measures": []},
        {"measures": ["made-up"]},
        {"outcome": "maybe"},
        {"outcome": "not_applied", "measures": codes[:1], "reason": "x"},
        {"outcome": "not_applied", "measures": [], "reason": "  "},
    ):
        with pytest.raises(InvalidContent):
            report(**wrong)
    report()
    with pytest.raises(Conflict):
        report()
    session.expire_all()
    assert session.execute(select(Check.outcome)).scalar_one()["measures"] == codes[:1]
