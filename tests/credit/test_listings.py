"""Lists: what enters, when it is in force, who appears on them how, and what leaves at once."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from credit.deployment import deployment_of
from credit.drafts import SubjectDraft
from credit.errors import InvalidQuery, ListingNeedsDecision, NotFound
from credit.listings import (
    enter_received,
    list_lists,
    list_public_listings,
    list_usable_listings,
    remove_listing,
)
from credit.lookup import lookup_subject
from credit.rebuild import compare
from credit.records import change_standing
from models.listings import Listing
from models.records import CurrentRecord
from models.subjects import Subject
from models.terms import EventKind, SubjectKind
from tests.factories import NOW, TODAY, accept, make_code, make_draft, make_number

FIRM = SubjectDraft(None, "上海名单公司", make_code())


def entry(list_code="market-serious", **more):
    return make_draft("listing", list_code=list_code, subject=more.pop("subject", FIRM), **more)


def published(session, enquirer, day=TODAY, **more):
    return list_public_listings(session, enquirer, today=day, **more).entries


def on_lookup(session, enquirer, day=TODAY, as_of=None):
    view = lookup_subject(session, enquirer, FIRM.code, as_of=as_of, today=day, now=NOW)
    return view.listings, [record.document_number for _, _, records in view.categories for record in records]


def row(session):
    return session.execute(select(Listing)).scalars().one()


@pytest.mark.parametrize(
    ("list_code", "decided", "own_end", "until"),
    [
        ("market-serious", date(2025, 3, 2), None, date(2028, 3, 1)),
        ("market-serious", date(2024, 2, 29), None, date(2027, 2, 28)),
        ("tax-class-a", date(2026, 4, 1), None, date(2027, 3, 31)),
        ("market-serious", date(2025, 3, 2), date(2026, 12, 31), date(2026, 12, 31)),
        ("judgment-debtor", date(2025, 3, 2), None, None),
    ],
)
def test_the_term_is_the_decisions_or_the_laws(session, list_code, decided, own_end, until):
    accept(session, entry(list_code, held_from=decided, held_until=own_end))
    found = row(session)
    assert (found.decided_on, found.begun_on, found.until) == (decided, decided, until)
    kind = deployment_of(session).list_kinds[list_code]
    assert (found.kind, found.basis, found.origin) == (kind.kind, kind.basis, "received")
    head = session.execute(select(CurrentRecord)).scalars().one()
    assert head.publish_until == until
    assert compare(session) == []


@pytest.mark.parametrize("list_code", ["market-serious", "tax-class-a"])
def test_in_force_on_its_first_and_last_day_and_not_beside(session, as_enquirer, list_code):
    first = date(2025, 11, 1)
    last = {"market-serious": date(2028, 10, 31), "tax-class-a": date(2026, 10, 31)}[list_code]
    accept(session, entry(list_code, held_from=first), known_at=NOW - timedelta(days=700), today=first)
    subject_id = row(session).subject_id
    public, duty = as_enquirer("public"), as_enquirer("regulator", purpose="inspection")
    for day, there in [(first - timedelta(days=1), 0), (first, 1), (last, 1), (last + timedelta(days=1), 0)]:
        assert len(published(session, public, day)) == there
        assert len(list_usable_listings(session, [subject_id], day)) == there
        assert len(on_lookup(session, duty, day)[0]) == there
    assert on_lookup(session, public, last + timedelta(days=1)) == ((), []), "what has ended is unseen by the public"


@pytest.mark.parametrize("missing", ["document_number", "authority", "held_from"])
def test_without_its_decision_nothing_enters(session, missing):
    accept(session, entry(**{missing: None}))
    assert session.execute(select(Listing)).first() is None
    kind = deployment_of(session).list_kinds["market-serious"]
    with pytest.raises(ListingNeedsDecision):
        enter_received(session.connection(), [(entry(**{missing: None}), kind, b"k" * 16, 1)], NOW)


@pytest.mark.parametrize("list_code", ["abnormal-operation", "abnormal-state", "estate-agency-warning"])
def test_a_status_register_is_a_record_and_no_list(session, as_enquirer, list_code):
    accept(session, entry(list_code, document_number=None))
    assert session.execute(select(Listing)).first() is None
    view = lookup_subject(session, as_enquirer("public"), FIRM.code, today=TODAY, now=NOW)
    assert view.listings == ()
    assert [(code, records[0].tone) for code, _, records in view.categories] == [("abnormal", "adverse")]


@pytest.mark.parametrize("kind", [EventKind.repaired, EventKind.withdrawn, EventKind.annulled])
def test_a_repaired_entry_leaves_every_channel_at_once(session, as_enquirer, kind):
    accept(session, entry())
    enquirers = [as_enquirer("public"), as_enquirer("regulator", purpose="inspection")]
    assert all(on_lookup(session, enquirer)[0] for enquirer in enquirers)
    found = row(session)
    change_standing(session, found.record_key, kind, cause="-", effective_on=TODAY, known_at=NOW, actor="city")
    assert published(session, enquirers[0]) == ()
    assert list_usable_listings(session, [found.subject_id], TODAY) == []
    for enquirer in enquirers:
        for as_of in (None, TODAY - timedelta(days=3)):
            assert on_lookup(session, enquirer, as_of=as_of) == ((), [])
    accept(session, entry(natural_key=("-", "again")))
    assert len(published(session, enquirers[0])) == 1


def test_a_removed_entry_takes_its_record_along_on_that_day(session, as_enquirer):
    draft = entry()
    accept(session, draft)
    found = row(session)
    remove_listing(session, found.id, reason="移出", effective_on=TODAY + timedelta(days=2), removed_at=NOW, actor="op")
    public, duty = as_enquirer("public"), as_enquirer("regulator", purpose="inspection")
    for day, there in [(TODAY, 1), (TODAY + timedelta(days=1), 1), (TODAY + timedelta(days=2), 0)]:
        for enquirer in (public, duty):
            listings, documents = on_lookup(session, enquirer, day)
            assert (len(listings), len(documents)) == (there, there)
        assert len(published(session, public, day)) == there
        assert len(list_usable_listings(session, [found.subject_id], day)) == there
    assert on_lookup(session, duty, TODAY + timedelta(days=2), as_of=TODAY) == ((), []), "an earlier day does not widen"
    accept(session, draft._replace(amount=4))
    assert row(session).id == found.id, "a correction does not bring a removed entry back"
    with pytest.raises(NotFound):
        remove_listing(session, 999_999, reason="-", effective_on=TODAY, removed_at=NOW, actor="op")


def test_a_correction_replaces_the_entry(session, as_enquirer):
    draft = entry()
    accept(session, draft)
    accept(session, draft._replace(document_number="更正1号"), draft._replace(document_number="更正2号"))
    assert row(session).document_number == "更正2号"
    assert [one.document_number for one in published(session, as_enquirer("public"))] == ["更正2号"]
    accept(session, draft._replace(document_number=None))
    assert row(session).document_number == "更正2号"


def test_an_unconfirmed_entry_is_on_no_list(session, as_enquirer):
    accept(session, make_draft("registration", subject=FIRM))
    accept(session, entry(subject=SubjectDraft(SubjectKind.enterprise, FIRM.name, None)))
    assert published(session, as_enquirer("public")) == ()
    assert list_usable_listings(session, [row(session).subject_id], TODAY) == []


def test_a_disputed_entry_is_marked_and_not_used(session, as_enquirer):
    accept(session, entry())
    found = row(session)
    change_standing(
        session, found.record_key, EventKind.objected, cause="-", effective_on=TODAY, known_at=NOW, actor="me"
    )
    assert [one.disputed for one in published(session, as_enquirer("public"))] == [True]
    assert list_usable_listings(session, [found.subject_id], TODAY) == []


@pytest.mark.parametrize("kind", ["public", "regulator", "operator"])
def test_a_person_appears_masked_and_without_ref(session, as_enquirer, kind):
    number = make_number(321)
    accept(session, entry("judgment-debtor", subject=SubjectDraft(SubjectKind.person, "赵钱孙", None, number=number)))
    (shown,) = published(session, as_enquirer(kind))
    assert (shown.subject_ref, shown.subject_code) == (None, None)
    assert shown.subject_name.startswith("赵") and "钱" not in shown.subject_name
    assert number not in repr(shown) and number[6:14] not in repr(shown)
    ref = session.execute(select(Subject.ref)).scalar_one()
    assert ref not in repr(shown)


def test_paging_gives_every_entry_once_and_filters(session, as_enquirer):
    for number in range(7):
        code = "market-serious" if number % 2 else "tax-class-a"
        accept(session, entry(code, subject=SubjectDraft(None, f"第{number}公司", make_code())))
    public, seen, after = as_enquirer("public"), [], 0
    while after is not None:
        page = list_public_listings(session, public, limit=2, after=after, today=TODAY)
        seen += [one.subject_name for one in page.entries]
        after = page.next_after
    assert seen == [f"第{number}公司" for number in range(7)]
    assert len(published(session, public, list_code="tax-class-a")) == 4
    assert len(published(session, public, kind="punishment")) == 3
    for wrong in ({"list_code": "no-such-list"}, {"active": False}):
        with pytest.raises(InvalidQuery):
            published(session, public, **wrong)


def test_the_lists_themselves_are_public_with_their_basis(session):
    lists = {one.code: one for one in list_lists(session)}
    assert lists["market-serious"].verified and lists["market-serious"].term_years == 3
    assert not lists["tax-class-a"].verified
