"""The identity page: what waits is shown without a person's name or number, decided with a reason, and can be undone."""

import pytest
from sqlalchemy import select

from credit.drafts import SubjectDraft
from credit.subjects import get_subject
from models.subjects import Subject, SubjectConflict
from models.terms import SubjectKind
from tests.factories import accept, make_draft, make_enterprise, make_person

NUMBER = "440524188001010014"
MASKED = "4405241880****0014"


@pytest.fixture
def operator(page_client):
    browser = page_client("operator")
    browser.get("/console/identity")
    return browser


def merged_into(session, subject):
    session.rollback()
    return session.execute(select(Subject.merged_into).where(Subject.id == subject.id)).scalar_one()


def test_a_conflict_is_shown_and_settled_with_a_reason(session, operator):
    subject = make_enterprise(session, name="上海丙寅有限公司")
    accept(session, make_draft(subject=SubjectDraft(SubjectKind.enterprise, "上海丁卯有限公司", subject.code)))
    session.commit()
    number = session.query(SubjectConflict).one().id
    session.rollback()
    page = operator.get("/console/identity").text
    assert "上海丙寅有限公司" in page
    assert "上海丁卯有限公司" in page
    address = f"/console/identity/conflicts/{number}"
    assert operator.post(address, data={"decision": "keep", "reason": ""}).status_code == 422
    assert operator.post(address, data={"decision": "keep", "reason": "报送笔误"}).status_code == 303
    assert "待核定 0 项" in operator.get("/console/identity").text
    assert operator.post(address, data={"decision": "keep", "reason": "再来"}).status_code == 409


def test_a_candidate_is_proposed_masked_and_confirmed(session, operator):
    person = make_person(session, name="赵大山", number=NUMBER)
    accept(session, make_draft(subject=SubjectDraft(SubjectKind.person, "赵大山", None, masked_number=MASKED)))
    session.commit()
    assert operator.post("/console/identity/candidates").status_code == 303
    page = operator.get("/console/identity").text
    assert MASKED in page
    assert "赵大山" not in page
    assert NUMBER not in page
    answer = operator.post("/console/identity/waiting/1", data={"subject": person.ref, "reason": "与法院核对"})
    assert answer.status_code == 303
    assert MASKED not in operator.get("/console/identity").text


def test_two_are_merged_and_parted(session, operator):
    kept, merged = make_enterprise(session), make_enterprise(session)
    session.commit()
    data = {"kept": kept.code, "merged": merged.code, "reason": "同一企业两个代码"}
    assert operator.post("/console/identity/merges", data=data).status_code == 303
    assert merged_into(session, merged) == kept.id
    session.rollback()
    assert merged.name in operator.get("/console/identity").text
    assert operator.post("/console/identity/merges/1/undoing", data={"reason": "误并"}).status_code == 303
    assert merged_into(session, merged) is None
    assert get_subject(session, merged.code) == merged


@pytest.mark.parametrize("kept", ["", "nonsense", NUMBER])
def test_a_merge_that_cannot_be_changes_nothing(session, operator, kept):
    merged = make_enterprise(session)
    session.commit()
    answer = operator.post("/console/identity/merges", data={"kept": kept, "merged": merged.code, "reason": "x"})
    assert 400 <= answer.status_code < 500
    assert NUMBER not in answer.text
    assert merged_into(session, merged) is None


def test_without_the_mark_of_the_session_nothing_is_decided(session, operator):
    assert operator.client.post("/console/identity/merges", data={}).status_code == 400
