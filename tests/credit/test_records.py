"""The one door in: what comes twice, shuffled, corrected, repaired, unlinked, waiting, under other names or keys."""

import itertools
import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from credit import projection, records
from credit.deployment import deployment_of
from credit.disclosure_sql import usable
from credit.drafts import SubjectDraft
from credit.keyring import rotate_keyring
from credit.lookup import lookup_subject, search_subjects
from credit.rebuild import compare, rebuild
from credit.records import change_standing
from credit.subjects import get_subject
from models.collection import Delivery, ParkedRow
from models.records import CurrentRecord, Erasure, Record, RecordEvent
from models.subjects import Subject, SubjectChange, SubjectConflict, SubjectIdentifier, SubjectName
from models.terms import EventKind, RowOutcome, Severity, SubjectKind
from tests.factories import NOW, TODAY, accept, make_code, make_draft, make_number

UNTOUCHED = (Record, RecordEvent, CurrentRecord, Subject, SubjectName, SubjectConflict, SubjectIdentifier, ParkedRow)
FIRM = "上海春申测试有限公司"


def firm(name=FIRM, code=None, **more):
    return SubjectDraft(None if code else SubjectKind.enterprise, name, code, **more)


def one(session, entity):
    return session.execute(select(entity)).scalars().one()


def count(session, entity):
    return session.execute(select(func.count()).select_from(entity)).scalar_one()


def state(session):
    """Every row of every table a delivery may touch."""
    tables = [entity.__table__ for entity in UNTOUCHED]
    return [sorted(map(repr, session.execute(select(table)))) for table in tables]


def outcomes(*drafts, session, **more):
    return [outcome.value for outcome in accept(session, *drafts, **more).outcomes]


def seen(session, enquirer, code, **more):
    """Document numbers of the records this enquirer is shown."""
    view = lookup_subject(session, enquirer, code, today=more.pop("today", TODAY), now=NOW, **more)
    return {record.document_number for _, _, shown in view.categories for record in shown}


def test_the_same_rows_again_in_any_order_change_nothing(session):
    drafts = [make_draft(row_number=row) for row in range(1, 30)]
    drafts.append(make_draft(subject=SubjectDraft(SubjectKind.person, "赵某某", None, number=make_number())))
    drafts.append(make_draft(subject=firm("没人知道的公司")))
    assert outcomes(*drafts, session=session) == ["accepted"] * 30 + ["parked"]
    before, changes = state(session), count(session, SubjectChange)
    for seed in range(3):
        shuffled = [draft._replace(row_number=row) for row, draft in enumerate(drafts, start=1)]
        random.Random(seed).shuffle(shuffled)
        result = sorted(outcomes(*shuffled, session=session, known_at=NOW + timedelta(days=seed)))
        assert result == ["parked"] + ["unchanged"] * 30
    assert state(session) == before
    assert count(session, SubjectChange) == changes


def test_the_order_of_columns_is_no_correction(session):
    code = make_code()
    first = make_draft(subject=firm(code=code), payload={"facts": "甲", "basis": "乙"})
    accept(session, first)
    assert outcomes(first._replace(payload={"basis": "乙", "facts": "甲"}), session=session) == ["unchanged"]


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 500_00},
        {"payload": {"facts": "已更正"}},
        {"held_from": date(2026, 3, 3)},
        {"held_until": date(2027, 3, 3)},
        {"publish_limit": date(2026, 9, 9)},
        {"severity": Severity.general},
        {"authority": "区城管执法局"},
        {"document_number": "更正后的文号"},
    ],
)
def test_a_correction_supersedes_and_the_old_version_stays(session, change):
    draft = make_draft()
    accept(session, draft)
    assert outcomes(draft._replace(**change), session=session) == ["superseded"]
    old, new = session.execute(select(Record).order_by(Record.id)).scalars()
    assert (new.supersedes, new.record_key) == (old.id, old.record_key)
    assert one(session, CurrentRecord).record_id == new.id
    assert one(session, RecordEvent).kind == "superseded"
    assert compare(session) == []
    assert outcomes(draft, session=session) == ["superseded"]
    assert count(session, Record) == 3


def test_versions_of_one_fact_in_one_batch_form_one_chain(session):
    draft = make_draft()
    accept(session, draft)
    batch = [draft._replace(amount=amount, row_number=row) for row, amount in enumerate([100, 100, 200, 300], start=1)]
    assert outcomes(*batch, session=session) == ["superseded", "unchanged", "superseded", "superseded"]
    found = session.execute(select(Record).order_by(Record.id)).scalars().all()
    assert [record.supersedes for record in found] == [None, *(record.id for record in found[:-1])]
    assert one(session, CurrentRecord).record_id == found[-1].id
    fresh = make_draft()
    again = [fresh._replace(amount=amount, row_number=row) for row, amount in enumerate([1, 2], start=1)]
    assert outcomes(*again, session=session) == ["accepted", "superseded"]
    assert count(session, CurrentRecord) == 2
    assert compare(session) == []


@pytest.mark.parametrize("kind", [EventKind.repaired, EventKind.withdrawn, EventKind.annulled])
@pytest.mark.parametrize("how", ["same", "corrected", "twice corrected", "parked then released"])
def test_what_was_ended_never_comes_back(session, as_enquirer, kind, how):
    code = make_code()
    draft = make_draft(subject=firm(code=code))
    accept(session, draft)
    key = one(session, CurrentRecord).record_key
    change_standing(session, key, kind, cause="信用修复", effective_on=TODAY, known_at=NOW, actor="city")
    rows = {
        "same": [draft],
        "corrected": [draft._replace(amount=5)],
        "twice corrected": [draft._replace(amount=5), draft._replace(amount=6)],
        "parked then released": [draft._replace(subject=firm("从前的名字"))],
    }[how]
    accept(session, *rows)
    if how == "parked then released":
        registration = make_draft("registration", subject=firm("从前的名字", code))
        accept(session, registration._replace(held_from=date(2026, 8, 1)))
        assert one(session, ParkedRow).settled_at is not None
    head = session.execute(select(CurrentRecord).where(CurrentRecord.item == "penalty")).scalar_one()
    assert head.standing == kind.value
    assert compare(session) == []
    for enquirer in (as_enquirer("public"), as_enquirer("regulator", purpose="inspection")):
        assert draft.document_number not in seen(session, enquirer, code)


def test_an_objection_survives_a_correction_and_ends(session, as_enquirer):
    code = make_code()
    draft = make_draft(subject=firm(code=code))
    accept(session, draft)
    key = one(session, CurrentRecord).record_key
    change_standing(session, key, EventKind.objected, cause="异议", effective_on=TODAY, known_at=NOW, actor="me")
    accept(session, draft._replace(amount=9))
    session.expire_all()
    assert one(session, CurrentRecord).disputed is True
    assert compare(session) == []
    change_standing(session, key, EventKind.objection_closed, cause="维持", effective_on=TODAY, known_at=NOW, actor="c")
    assert one(session, CurrentRecord).disputed is False
    assert compare(session) == []


def erase(session, key):
    session.query(CurrentRecord).filter_by(record_key=key).delete()
    session.query(RecordEvent).filter_by(record_key=key).delete()
    session.query(Record).filter_by(record_key=key).delete()
    session.add(Erasure(record_key=key, basis="法院判决", erased_at=NOW, actor="operator"))
    session.flush()


def test_what_was_erased_is_refused_with_its_reason(session):
    draft = make_draft()
    accept(session, draft)
    erase(session, one(session, CurrentRecord).record_key)
    other = make_draft()
    result = accept(session, draft, other, draft._replace(amount=4))
    assert [outcome.value for outcome in result.outcomes] == ["rejected", "accepted", "rejected"]
    assert {fault.code for fault in result.refused.values()} == {"ERASED"}
    assert sorted(result.refused) == [0, 2]
    assert count(session, Record) == 1


@pytest.mark.parametrize("erased", [False, True])
def test_new_digest_keys_find_old_facts(session, deployment, erased):
    draft, person = (
        make_draft(),
        make_draft(subject=SubjectDraft(SubjectKind.person, "赵某某", None, number=make_number())),
    )
    accept(session, draft)
    accept(session, person)
    if erased:
        for head in session.execute(select(CurrentRecord)).scalars().all():
            erase(session, head.record_key)
    ring = rotate_keyring(deployment.instance / "keys", "digest")
    object.__setattr__(deployment_of(session), "keyring", ring)
    before = count(session, Record), count(session, Subject)
    expected = ["rejected" if erased else "unchanged"]
    assert outcomes(draft, session=session) == expected
    assert outcomes(person, session=session) == expected
    if not erased:
        assert outcomes(draft._replace(amount=3), session=session) == ["superseded"]
        before = before[0] + 1, before[1]
        assert compare(session) == []
    assert (count(session, Record), count(session, Subject)) == before


# names and identifiers


def test_unknown_waits_and_is_released_with_its_own_provenance(session, as_enquirer):
    waiting = make_draft(subject=firm("等候公司"), row_number=7)
    corrected = waiting._replace(amount=77)
    assert outcomes(waiting, session=session) == ["parked"]
    assert outcomes(waiting, session=session) == ["parked"]
    assert outcomes(corrected, session=session) == ["parked"]
    unsettled = select(ParkedRow).where(ParkedRow.settled_at.is_(None))
    parked = session.execute(unsettled).scalar_one()
    assert (parked.reason, parked.row_number, count(session, ParkedRow)) == ("subject-unknown", 7, 2)
    released = make_draft(subject=firm("等候公司", make_code()))
    accept(session, released)
    assert session.execute(unsettled).scalar() is None
    record = session.execute(select(Record).where(Record.amount == 77)).scalar_one()
    assert (record.linked_by, record.row_number, record.batch_id) == ("name", 7, parked.batch_id)
    assert seen(session, as_enquirer("public"), released.subject.code) == {released.document_number}, "by name: unseen"
    assert outcomes(waiting, session=session) == ["superseded"]


def test_waiting_rows_are_released_by_a_renaming_and_by_a_former_name(session):
    accept(
        session,
        make_draft(subject=firm("新名公司")),
    )
    accept(session, make_draft(subject=firm("旧名公司")))
    code = make_code()
    accept(session, make_draft("registration", subject=firm("起初公司", code)))
    renamed = make_draft("registration", subject=firm("新名公司", code, former_names=("旧名公司",)))
    accept(session, renamed._replace(held_from=date(2026, 9, 1)))
    assert all(parked.settled_at for parked in session.execute(select(ParkedRow)).scalars())
    assert count(session, CurrentRecord) == 3


def test_two_firms_of_a_name_park_and_nothing_is_lost(session):
    accept(
        session, make_draft(subject=firm("同名公司", make_code())), make_draft(subject=firm("同名公司", make_code()))
    )
    assert outcomes(make_draft(subject=firm("同名公司")), session=session) == ["parked"]
    assert one(session, ParkedRow).reason == "subject-ambiguous"


def test_released_into_an_ambiguity_it_waits_on(session):
    """Two firms of the awaited name appear in one batch: the row must neither be linked nor be dropped."""
    accept(session, make_draft(subject=firm("双生公司")))
    accept(
        session, make_draft(subject=firm("双生公司", make_code())), make_draft(subject=firm("双生公司", make_code()))
    )
    parked = one(session, ParkedRow)
    assert (parked.settled_at, parked.reason) == (None, "subject-ambiguous")
    assert count(session, Record) == 2


def test_a_person_is_never_linked_to_a_firm_of_that_name(session):
    accept(session, make_draft(subject=firm("赵某某", make_code())))
    person = SubjectDraft(SubjectKind.person, "赵某某", None)
    assert outcomes(make_draft(subject=person), session=session) == ["parked"]


@pytest.mark.parametrize("missing", [{"document_number": None}, {"authority": ""}, {"held_from": None}])
def test_a_listing_without_its_decision_waits(session, missing):
    draft = make_draft("listing", list_code="judgment-debtor", **missing)
    assert outcomes(draft, session=session) == ["parked"]
    assert one(session, ParkedRow).reason == "decision-reference-missing"
    assert count(session, Subject) == 0


def test_a_link_by_name_is_unseen_and_unused_until_the_code_comes(session, as_enquirer):
    code = make_code()
    accept(session, make_draft("registration", subject=firm(code=code)))
    by_name = make_draft(subject=firm())
    enquirers = [as_enquirer(kind, purpose="inspection") for kind in ("public", "regulator")]
    own = as_enquirer("enterprise", subject_id=get_subject(session, code).id)
    assert outcomes(by_name, session=session) == ["accepted"]
    head = select(CurrentRecord).where(CurrentRecord.item == "penalty")
    assert session.execute(head).scalar_one().link_confirmed is False
    assert all(by_name.document_number not in seen(session, enquirer, code) for enquirer in [*enquirers, own])
    assert session.execute(select(CurrentRecord.item).where(usable(TODAY))).scalars().all() == ["registration"]
    waiting = count(session, SubjectChange)
    by_code = by_name._replace(subject=firm(code=code))
    assert outcomes(by_code, session=session) == ["unchanged"]
    assert count(session, SubjectChange) == waiting + 1, "who is linked now must be evaluated again"
    session.expire_all()
    assert compare(session) == []
    assert all(by_name.document_number in seen(session, enquirer, code) for enquirer in [*enquirers, own])
    accept(session, by_name._replace(amount=8))
    session.expire_all()
    assert session.execute(head).scalar_one().link_confirmed is True
    assert compare(session) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_name_and_code_in_one_batch_end_confirmed_in_any_order(session, order):
    code = make_code()
    accept(session, make_draft("registration", subject=firm(code=code)))
    name = make_draft(subject=firm())
    rows = [name, name._replace(subject=firm(code=code)), name._replace(amount=4)]
    accept(session, *[rows[place]._replace(row_number=place + 1) for place in order])
    head = session.execute(select(CurrentRecord).where(CurrentRecord.item == "penalty")).scalar_one()
    assert head.link_confirmed is True
    assert compare(session) == []


def test_unlinked_is_unseen(session, as_enquirer):
    code = make_code()
    draft = make_draft(subject=firm(code=code))
    accept(session, draft)
    key = one(session, CurrentRecord).record_key
    change_standing(session, key, EventKind.unlinked, cause="误关联", effective_on=TODAY, known_at=NOW, actor="op")
    assert seen(session, as_enquirer("public"), code) == set()
    assert compare(session) == []


def test_one_code_with_two_names_is_a_conflict_kept_once(session):
    code = make_code()
    accept(session, make_draft(subject=firm("甲公司", code)))
    for _ in range(2):
        accept(session, make_draft(subject=firm("乙公司", code)), make_draft(subject=firm("乙公司", code)))
    conflict = one(session, SubjectConflict)
    assert (conflict.kind, conflict.value) == ("name", "乙公司")
    assert one(session, Subject).name == "甲公司"
    assert one(session, SubjectName).name == "甲公司"


def registration(name, code, day):
    return make_draft("registration", subject=firm(name, code), held_from=day)


DAYS = [date(2020, 1, 1), date(2022, 1, 1), date(2024, 1, 1)]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize(
    "names", [("甲公司", "乙公司", "丙公司"), ("甲公司", "乙公司", "甲公司"), ("甲公司", "甲公司", "乙公司")]
)
def test_the_newest_registration_names_whatever_the_order(session, names, order, together):
    code = make_code()
    drafts = [registration(names[place], code, DAYS[place]) for place in order]
    if together:
        accept(session, *drafts)
    else:
        for draft in drafts:
            accept(session, draft)
    subject = one(session, Subject)
    assert (subject.name, subject.name_norm, subject.named_on) == (names[2], names[2], DAYS[2])
    known = {name.name: name.current for name in session.execute(select(SubjectName)).scalars()}
    assert known == {name: name == names[2] for name in names}
    assert count(session, SubjectConflict) == 0


def test_an_undated_registration_never_renames(session):
    code = make_code()
    accept(session, registration("甲公司", code, DAYS[0]), registration("乙公司", code, None))
    assert one(session, Subject).name == "甲公司"
    assert one(session, SubjectConflict).value == "乙公司"


REG_NO = ("reg_no", "310106000123456")


@pytest.mark.parametrize("together", [False, True])
def test_a_firm_known_by_its_old_number_gets_its_code(session, together):
    code = make_code()
    old = make_draft(subject=firm("老字号公司", identifiers=(REG_NO,)))
    new = make_draft("registration", subject=firm("老字号公司", code, identifiers=(REG_NO,)))
    if together:
        accept(session, old._replace(item="registration"), new)
    else:
        accept(session, old)
        accept(session, new)
    assert one(session, Subject).code == code
    assert one(session, SubjectIdentifier).value == REG_NO[1]
    assert count(session, SubjectConflict) == 0


def test_old_numbers_of_known_firms_find_them(session):
    """First met by code alone, then registered with the old number: a row with only that number is about the same firm."""
    code = make_code()
    accept(session, make_draft(subject=firm(code=code)))
    accept(session, make_draft("registration", subject=firm(code=code, identifiers=(REG_NO,))))
    accept(session, make_draft(subject=firm(identifiers=(REG_NO,))))
    assert one(session, Subject).code == code
    assert {head.link_confirmed for head in session.execute(select(CurrentRecord)).scalars()} == {True}


def test_one_old_number_of_two_codes_is_a_conflict_and_stays_where_it_was(session):
    first, second = make_code(), make_code()
    accept(session, make_draft("registration", subject=firm("甲公司", first, identifiers=(REG_NO,))))
    for _ in range(2):
        accept(session, make_draft("registration", subject=firm("乙公司", second, identifiers=(REG_NO,))))
    assert one(session, SubjectIdentifier).subject_id == get_subject(session, first).id
    conflict = one(session, SubjectConflict)
    assert (conflict.subject_id, conflict.kind) == (get_subject(session, second).id, "identifier")


# persons


def test_a_number_is_nowhere_in_plain_text(session, deployment, as_enquirer, databases):
    canary, name = make_number(771), "钱某某"
    person = SubjectDraft(SubjectKind.person, name, None, number=canary)
    draft = make_draft(subject=person)
    accept(session, draft)
    accept(session, draft._replace(amount=5))
    accept(session, make_draft("listing", list_code="judgment-debtor", subject=person))
    accept(session, make_draft("listing", list_code="judgment-debtor", subject=person, document_number=None))
    subject = one(session, Subject)
    assert (subject.code, len(subject.number_digest)) == (None, 16)
    assert canary[6:14] not in subject.number_mask
    assert deployment.keyring.open(subject.number_sealed, b"subject-number").decode() == canary
    session.commit()
    assert search_subjects(session, as_enquirer("public"), name, now=NOW).hits == ()
    assert count(session, SubjectName) == 0
    session.commit()
    for content in stored_bytes(session, deployment, databases):
        for form in (canary, canary[:17], canary[6:17]):
            assert form.encode() not in content, "a citizen number in plain text"


def stored_bytes(session, deployment, databases):
    if databases.kind == "sqlite":
        files = [path for path in Path(deployment.instance).rglob("*") if path.is_file() and "keys" not in path.parts]
        assert any(path.name.endswith("-wal") for path in files)
        yield from (path.read_bytes() for path in files)
        return
    for entity in (*UNTOUCHED, Delivery):
        yield repr(session.execute(select(entity.__table__)).all()).encode()


def test_no_number_where_a_code_stands(session):
    """A row that gives both is about the organisation; the number is not kept beside it."""
    accept(session, make_draft(subject=SubjectDraft(SubjectKind.enterprise, FIRM, make_code(), number=make_number())))
    subject = one(session, Subject)
    assert (subject.kind, subject.number_digest) == ("enterprise", None)


# standings and the projection


@pytest.mark.parametrize("damage", ["standing", "link_confirmed", "use_until", "missing", "extra"])
def test_a_damaged_projection_is_named_and_rebuilt(session, damage):
    draft, repaired = make_draft(), make_draft("listing", list_code="tax-class-a")
    accept(session, draft, make_draft(), make_draft())
    accept(session, draft._replace(amount=4))
    accept(session, repaired)
    key = session.execute(select(CurrentRecord.record_key).limit(1)).scalar_one()
    change_standing(session, key, EventKind.objected, cause="-", effective_on=TODAY, known_at=NOW, actor="me")
    assert compare(session) == []
    stored = state(session)
    head = session.execute(select(CurrentRecord).where(CurrentRecord.record_key == key)).scalar_one()
    if damage == "missing":
        session.delete(head)
    elif damage == "extra":
        values = {name: getattr(head, name) for name in projection.COLUMNS}
        session.add(CurrentRecord(**{**values, "record_id": 999, "record_key": b"\xff" * 16}))
        key = b"\xff" * 16
    else:
        value = {"standing": "repaired", "link_confirmed": False, "use_until": date(2099, 1, 1)}[damage]
        setattr(head, damage, value)
    session.flush()
    assert compare(session) == [key]
    assert rebuild(session) == 4
    assert compare(session) == []
    assert state(session) == stored


def test_a_change_of_standing_of_nothing_is_told(session):
    with pytest.raises(records.NotFound):
        change_standing(session, b"?" * 16, EventKind.repaired, cause="-", effective_on=TODAY, known_at=NOW, actor="x")


def test_outcomes_always_add_up(session):
    drafts = [make_draft(), make_draft(subject=firm("无人公司")), make_draft("penalty")]
    erased = make_draft()
    accept(session, erased)
    erase(session, one(session, CurrentRecord).record_key)
    result = accept(session, *drafts, drafts[0], erased, drafts[2]._replace(amount=1))
    assert len(result.outcomes) == 6
    assert set(result.outcomes) == set(RowOutcome)
    assert result.records_made == 3
