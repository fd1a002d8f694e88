"""Merging, undoing, settling conflicts: what is shown where, and that the projection always is what the records say."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from credit.drafts import SubjectDraft
from credit.errors import Conflict, InvalidContent, NotAuthorised, NotFound
from credit.identity import list_conflicts, list_merges, merge_subjects, settle_conflict, undo_merge
from credit.listings import list_public_listings
from credit.lookup import lookup_subject, search_subjects
from credit.rebuild import compare
from credit.subjects import find_person, get_subject
from models.listings import Listing
from models.records import CurrentRecord, RecordEvent
from models.subjects import SubjectChange, SubjectConflict, SubjectMerge
from models.terms import RowOutcome, SubjectKind
from tests.factories import (
    NOW,
    TODAY,
    accept,
    make_code,
    make_draft,
    make_enterprise,
    make_listing,
    make_number,
    make_person,
    make_record,
)

LIST = "tax-serious"


def firm(name, code=None):
    return SubjectDraft(SubjectKind.enterprise, name, code or make_code())


def about(session, subject):
    statement = select(CurrentRecord.record_id).where(CurrentRecord.subject_id == subject.id)
    return set(session.execute(statement).scalars())


@pytest.fixture
def operator(as_enquirer):
    return as_enquirer("operator")


@pytest.fixture
def pair(session):
    kept, merged = make_enterprise(session, name="上海甲子有限公司"), make_enterprise(session, name="上海乙丑有限公司")
    make_record(session, subject=firm("上海甲子有限公司", kept.code))
    make_record(session, subject=firm("上海乙丑有限公司", merged.code))
    session.commit()
    return kept, merged


def test_a_merged_subject_is_found_and_shown_under_the_kept_one_and_returns(session, operator, pair, as_enquirer):
    kept, merged = pair
    before = {kept.id: about(session, kept), merged.id: about(session, merged)}
    changes = session.query(SubjectChange).count()
    number = merge_subjects(session, operator, kept.code, merged.code, reason="同一企业两个代码", now=NOW)
    assert get_subject(session, merged.code) == get_subject(session, merged.ref) == kept
    assert about(session, kept) == before[kept.id] | before[merged.id]
    assert compare(session) == []
    noted = session.execute(select(SubjectChange.subject_id).order_by(SubjectChange.id).offset(changes)).scalars()
    assert set(noted) == {kept.id, merged.id}
    undo_merge(session, operator, number, reason="核实为两家", now=NOW)
    assert get_subject(session, merged.code) == merged
    assert {kept.id: about(session, kept), merged.id: about(session, merged)} == before
    assert compare(session) == []
    row = session.get_one(SubjectMerge, number)
    assert (row.actor, row.reason, row.undone_by, row.undone_reason) == (
        operator.account, "同一企业两个代码", operator.account, "核实为两家",
    )  # fmt: skip


def test_a_lookup_by_either_shows_both_today_and_for_a_past_day(session, operator, pair, as_enquirer):
    kept, merged = pair
    merge_subjects(session, operator, kept.ref, merged.ref, reason="同一企业", now=NOW)
    session.commit()
    regulator = as_enquirer("regulator", purpose="inspection")
    later = TODAY + timedelta(days=1)
    shown = [
        lookup_subject(session, regulator, wanted, as_of=as_of, today=later, now=NOW)
        for wanted in (kept.code, merged.code, merged.ref)
        for as_of in (TODAY, later)
    ]
    for view in shown:
        records = {record.record_id for _, _, found in view.categories for record in found}
        assert view.ref == kept.ref
        assert records == about(session, kept)
        assert view.former_names == ("上海乙丑有限公司",)


def test_names_of_the_merged_lead_to_the_kept_one(session, operator, pair):
    kept, merged = pair
    number = merge_subjects(session, operator, kept.ref, merged.ref, reason="同一企业", now=NOW)
    for query in ("上海乙丑有限公司", "上海乙", "乙丑"):
        (hit,) = search_subjects(session, operator, query, now=NOW).hits
        assert (hit.ref, hit.code, hit.name, hit.matched) == (kept.ref, kept.code, kept.name, "上海乙丑有限公司")
    (hit,) = search_subjects(session, operator, "甲子", now=NOW).hits
    assert (hit.ref, hit.matched) == (kept.ref, None)
    undo_merge(session, operator, number, reason="核实为两家", now=NOW)
    (hit,) = search_subjects(session, operator, "乙丑", now=NOW).hits
    assert (hit.ref, hit.matched) == (merged.ref, None)


def test_listings_go_along_and_return(session, operator):
    merged, kept = make_listing(session, LIST), make_enterprise(session)
    number = merge_subjects(session, operator, kept.ref, merged.ref, reason="同一企业", now=NOW)
    assert session.execute(select(Listing.subject_id)).scalar_one() == kept.id
    assert [entry.subject_ref for entry in list_public_listings(session, operator, today=TODAY).entries] == [kept.ref]
    undo_merge(session, operator, number, reason="核实为两家", now=NOW)
    assert session.execute(select(Listing.subject_id)).scalar_one() == merged.id


def test_merges_in_a_row_are_undone_in_any_order(session, operator):
    one, two, three = (make_enterprise(session) for _ in range(3))
    lower = merge_subjects(session, operator, two.ref, three.ref, reason="同一企业", now=NOW)
    upper = merge_subjects(session, operator, one.ref, two.ref, reason="同一企业", now=NOW)
    assert get_subject(session, three.code).id == one.id
    assert compare(session) == []
    undo_merge(session, operator, lower, reason="误并", now=NOW)
    assert get_subject(session, three.code).id == three.id
    assert get_subject(session, two.code).id == one.id
    assert (len(about(session, one)), len(about(session, three))) == (2, 1)
    assert compare(session) == []
    undo_merge(session, operator, upper, reason="误并", now=NOW)
    assert [len(about(session, each)) for each in (one, two, three)] == [1, 1, 1]
    assert compare(session) == []


def test_undoing_the_upper_merge_keeps_the_lower(session, operator):
    one, two, three = (make_enterprise(session) for _ in range(3))
    merge_subjects(session, operator, two.ref, three.ref, reason="同一企业", now=NOW)
    upper = merge_subjects(session, operator, one.ref, two.ref, reason="同一企业", now=NOW)
    undo_merge(session, operator, upper, reason="误并", now=NOW)
    assert get_subject(session, three.code).id == two.id
    assert (len(about(session, one)), len(about(session, two))) == (1, 2)
    assert compare(session) == []


def test_persons_merge_and_are_found_by_either_number(session, operator):
    first, second = make_number(), make_number()
    kept, merged = make_person(session, number=first), make_person(session, number=second)
    merge_subjects(session, operator, kept.ref, merged.ref, reason="证件换号", now=NOW)
    assert find_person(session, first) == find_person(session, second) == kept
    (view,) = list_merges(session)
    assert (view.kept_name, view.merged_name) == ("赵*", "赵*")


def test_what_cannot_be_merged(session, operator, as_enquirer):
    one, two, person = make_enterprise(session), make_enterprise(session), make_person(session)
    with pytest.raises(Conflict):
        merge_subjects(session, operator, one.ref, one.code, reason="同一企业", now=NOW)
    with pytest.raises(Conflict):
        merge_subjects(session, operator, one.ref, person.ref, reason="同一企业", now=NOW)
    with pytest.raises(InvalidContent):
        merge_subjects(session, operator, one.ref, two.ref, reason="  ", now=NOW)
    with pytest.raises(NotFound):
        undo_merge(session, operator, 4711, reason="误并", now=NOW)
    number = merge_subjects(session, operator, one.ref, two.ref, reason="同一企业", now=NOW)
    undo_merge(session, operator, number, reason="误并", now=NOW)
    with pytest.raises(Conflict):
        undo_merge(session, operator, number, reason="误并", now=NOW)
    session.commit()
    for role in ("regulator", "department", "auditor"):
        with pytest.raises(NotAuthorised):
            merge_subjects(session, as_enquirer(role), one.ref, two.ref, reason="同一企业", now=NOW)


def test_a_citizen_number_in_a_reason_is_cut(session, operator):
    one, two = make_enterprise(session), make_enterprise(session)
    number = make_number()
    merge_id = merge_subjects(session, operator, one.ref, two.ref, reason=f"法人{number}相同", now=NOW)
    assert number not in session.get_one(SubjectMerge, merge_id).reason


@pytest.fixture
def conflict(session):
    subject = make_enterprise(session, name="上海丙寅有限公司")
    accept(session, make_draft(subject=firm("上海丁卯有限公司", subject.code)))
    session.commit()
    return subject, session.query(SubjectConflict).one().id


def test_a_conflict_is_listed_until_it_is_settled(session, operator, conflict):
    subject, number = conflict
    (view,) = list_conflicts(session)
    assert (view.id, view.ref, view.name, view.kind, view.value) == (
        number, subject.ref, "上海丙寅有限公司", "name", "上海丁卯有限公司",
    )  # fmt: skip
    assert settle_conflict(session, operator, number, decision="keep", reason="报送笔误", now=NOW) == 0
    assert list_conflicts(session) == []
    (view,) = list_conflicts(session, settled=True)
    assert (view.decision, view.reason) == ("keep", "报送笔误")
    assert search_subjects(session, operator, "丁卯", now=NOW).hits == ()
    with pytest.raises(Conflict):
        settle_conflict(session, operator, number, decision="former", reason="再议", now=NOW)


def test_another_name_is_taken_as_a_former_one(session, operator, conflict):
    subject, number = conflict
    settle_conflict(session, operator, number, decision="former", reason="已更名", now=NOW)
    (hit,) = search_subjects(session, operator, "丁卯", now=NOW).hits
    assert (hit.ref, hit.matched) == (subject.ref, "上海丁卯有限公司")
    accept(session, make_draft(subject=firm("上海丁卯有限公司", subject.code)))
    assert list_conflicts(session) == []


def test_what_belongs_to_another_loses_its_link_and_may_regain_it(session, operator, conflict):
    subject, number = conflict
    assert settle_conflict(session, operator, number, decision="other", reason="代码填错", now=NOW) == 1
    links = select(CurrentRecord.item, CurrentRecord.link_confirmed).where(CurrentRecord.subject_id == subject.id)
    assert dict(session.execute(links).all()) == {"registration": True, "penalty": False}
    assert compare(session) == []
    assert settle_conflict(session, operator, number, decision="keep", reason="复核无误", now=NOW) == 1
    assert dict(session.execute(links).all()) == {"registration": True, "penalty": True}
    assert compare(session) == []
    kinds = session.execute(select(RecordEvent.kind).order_by(RecordEvent.id)).scalars().all()
    assert kinds == ["unlinked", "linked"]


def test_who_may_settle_and_how(session, operator, conflict, as_enquirer):
    _, number = conflict
    with pytest.raises(InvalidContent):
        settle_conflict(session, operator, number, decision="guess", reason="x", now=NOW)
    with pytest.raises(InvalidContent):
        settle_conflict(session, operator, number, decision="keep", reason="", now=NOW)
    with pytest.raises(NotFound):
        settle_conflict(session, operator, 4711, decision="keep", reason="x", now=NOW)
    session.commit()
    with pytest.raises(NotAuthorised):
        settle_conflict(session, as_enquirer("department"), number, decision="keep", reason="x", now=NOW)


def test_what_arrives_while_merged_stands_under_the_kept_one_and_goes_back(session, operator):
    kept, other = make_enterprise(session, name="上海戊辰有限公司"), make_enterprise(session, name="上海己巳有限公司")
    own = firm("上海己巳有限公司", other.code)
    draft = make_draft(subject=own)
    accept(session, draft)
    number = merge_subjects(session, operator, kept.ref, other.ref, reason="同一企业", now=NOW)
    assert accept(session, draft).outcomes == [RowOutcome.unchanged]
    assert accept(session, draft._replace(amount=100)).outcomes == [RowOutcome.superseded]
    accept(session, make_draft(subject=own), make_draft(subject=firm("上海己巳有限公司", kept.code)))
    make_listing(session, LIST, subject=own)
    assert len(about(session, kept)) == 6
    assert session.execute(select(Listing.subject_id)).scalar_one() == kept.id
    assert compare(session) == []
    undo_merge(session, operator, number, reason="核实为两家", now=NOW)
    assert (len(about(session, kept)), len(about(session, other))) == (2, 4)
    assert session.execute(select(Listing.subject_id)).scalar_one() == other.id
    assert compare(session) == []


def test_a_newer_registration_of_the_merged_does_not_rename_the_kept_one(session, operator):
    kept, other = make_enterprise(session, name="上海戊辰有限公司"), make_enterprise(session, name="上海己巳有限公司")
    merge_subjects(session, operator, kept.ref, other.ref, reason="同一企业", now=NOW)
    newer = make_draft("registration", subject=firm("上海庚午有限公司", other.code), held_from=TODAY)
    accept(session, newer)
    assert get_subject(session, other.code).name == "上海戊辰有限公司"
    (hit,) = search_subjects(session, operator, "庚午", now=NOW).hits
    assert (hit.ref, hit.matched) == (kept.ref, "上海庚午有限公司")


def test_a_name_that_both_carry_is_not_ambiguous(session, operator):
    kept, other = make_enterprise(session, name="上海辛未有限公司"), make_enterprise(session, name="上海辛未有限公司")
    merge_subjects(session, operator, kept.ref, other.ref, reason="同一企业", now=NOW)
    by_name = make_draft(subject=SubjectDraft(SubjectKind.enterprise, "上海辛未有限公司", None))
    assert accept(session, by_name).outcomes == [RowOutcome.accepted]
    assert len(about(session, kept)) == 3
    assert compare(session) == []
