"""Rows that wait for a person's word: proposed by masked number or by name, never linked by themselves."""

import pytest
from sqlalchemy import select

from credit import candidates
from credit.candidates import list_ambiguous, list_candidates, refresh_candidates, release_parked
from credit.drafts import SubjectDraft, dump_draft, load_draft
from credit.errors import Conflict, InvalidContent, NotAuthorised, NotFound
from credit.masking import mask_number, read_masked
from credit.rebuild import compare
from models.collection import ParkedRow
from models.records import CurrentRecord, RecordEvent
from models.terms import RowOutcome, SubjectKind
from tests.factories import NOW, TODAY, accept, make_draft, make_enterprise, make_number, make_person

NUMBER = "440524188001010014"
MASKED = "4405241880****0014"


@pytest.fixture
def operator(as_enquirer):
    return as_enquirer("operator")


def told(name="赵大山", masked=MASKED):
    return make_draft(subject=SubjectDraft(SubjectKind.person, name, None, masked_number=masked))


def held(session, subject):
    return session.query(CurrentRecord).filter_by(subject_id=subject.id).count()


def by_name(name):
    return make_draft(subject=SubjectDraft(SubjectKind.enterprise, name, None))


@pytest.mark.parametrize(
    ("text", "read"),
    [(MASKED, MASKED), ("３１０１０６１９８０****001x", "3101061980****001X"), (NUMBER, None), ("4405****0014", None),
     ("91310106MA****0A1B", None), ("", None)],
)  # fmt: skip
def test_a_masked_number_is_read(text, read):
    assert read_masked(text) == read


def test_a_draft_keeps_its_masked_number_while_it_waits():
    draft = told()
    assert load_draft(dump_draft(draft)) == draft
    assert mask_number(NUMBER) == MASKED


def test_a_masked_number_proposes_and_never_links(session, operator):
    person = make_person(session, name="赵大山", number=NUMBER)
    make_person(session, name="钱小川", number=make_number(2))
    assert accept(session, told()).outcomes == [RowOutcome.parked]
    assert refresh_candidates(session) == 3
    assert refresh_candidates(session) == 0
    (row,) = list_candidates(session)
    assert (row.name, row.masked_number) == ("赵*", MASKED)
    assert [(choice.ref, choice.name, choice.identifier) for choice in row.choices] == [(person.ref, "赵*", MASKED)]
    assert held(session, person) == 1


def test_what_a_person_confirms_enters_by_the_door_once(session, operator):
    person = make_person(session, name="赵大山", number=NUMBER)
    accept(session, told())
    refresh_candidates(session)
    (row,) = list_candidates(session)
    key = release_parked(session, operator, row.parked_id, person.ref, reason="与法院核对", now=NOW, today=TODAY)
    assert held(session, person) == 2
    assert list_candidates(session) == []
    event = session.execute(select(RecordEvent)).scalar_one()
    assert (bytes(event.record_key).hex(), event.kind, event.actor) == (key, "linked", operator.account)
    assert session.query(CurrentRecord).filter_by(record_key=bytes.fromhex(key)).one().link_confirmed
    assert compare(session) == []
    with pytest.raises(NotFound):
        release_parked(session, operator, row.parked_id, person.ref, reason="再来", now=NOW, today=TODAY)


@pytest.mark.parametrize("draft", [told(name="赵大川"), told(masked="4405241880****0022"), told(masked=None)])
def test_another_name_or_number_proposes_nobody(session, operator, draft):
    make_person(session, name="赵大山", number=NUMBER)
    accept(session, draft)
    refresh_candidates(session)
    assert list_candidates(session) == []


def test_only_one_of_those_proposed_may_be_chosen(session, operator, as_enquirer):
    person, other = make_person(session, name="赵大山", number=NUMBER), make_person(session, name="钱小川")
    accept(session, told())
    refresh_candidates(session)
    (row,) = list_candidates(session)
    with pytest.raises(Conflict):
        release_parked(session, operator, row.parked_id, other.ref, reason="误选", now=NOW, today=TODAY)
    with pytest.raises(InvalidContent):
        release_parked(session, operator, row.parked_id, person.ref, reason=" ", now=NOW, today=TODAY)
    session.commit()
    with pytest.raises(NotAuthorised):
        release_parked(session, as_enquirer("department"), row.parked_id, person.ref, reason="x", now=NOW, today=TODAY)


def test_a_name_that_several_carry_is_given_to_the_one_confirmed(session, operator):
    one, two = make_enterprise(session, name="上海同名有限公司"), make_enterprise(session, name="上海同名有限公司")
    assert accept(session, by_name("上海同名有限公司")).outcomes == [RowOutcome.parked]
    (row,) = list_ambiguous(session)
    assert [choice.ref for choice in row.choices] == [one.ref, two.ref]
    release_parked(session, operator, row.parked_id, two.ref, reason="住所一致", now=NOW, today=TODAY)
    assert (held(session, one), held(session, two)) == (1, 2)
    assert list_ambiguous(session) == []
    assert session.query(ParkedRow).filter(ParkedRow.settled_at.is_(None)).count() == 0
    assert compare(session) == []


def test_rows_without_a_masked_number_are_looked_at_once(session, operator, monkeypatch):
    opened = []
    look = candidates._open
    monkeypatch.setattr(candidates, "_open", lambda keyring, row: opened.append(row.id) or look(keyring, row))
    for round_ in range(3):
        accept(session, by_name(f"上海待定{round_}有限公司"))
        assert refresh_candidates(session) == 0
    assert len(opened) == len(set(opened)) == 3


def test_two_of_one_name_in_one_decision_wait_both(session):
    first = told()
    second = first._replace(subject=first.subject._replace(masked_number="4405241880****0022"))
    accept(session, first)
    accept(session, second)
    assert session.query(ParkedRow).filter(ParkedRow.settled_at.is_(None)).count() == 2
