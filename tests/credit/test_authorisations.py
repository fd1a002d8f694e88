"""Consent: who, for what, until when; narrowed to its categories, and gone the moment it is taken back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from credit.authorisations import find_consent, get_authorisation, grant, list_authorisations, revoke
from credit.drafts import SubjectDraft
from credit.errors import Conflict, InvalidContent, NotAuthorised, NotFound, SubjectNotFound
from credit.lookup import lookup_subject
from credit.subjects import find_person, get_subject
from models.accounts import Agency
from models.subjects import SubjectChange
from models.terms import SubjectKind
from tests.credit.test_disclosure import evaluated
from tests.factories import NOW, TODAY, accept, make_agency_row, make_code, make_draft, make_number

UNTIL = TODAY + timedelta(days=30)


@pytest.fixture
def firm(session):
    """A firm with a penalty (administration), arrears (compliance) and an honour."""
    subject = SubjectDraft(None, "上海授权公司", make_code())
    for item in ("penalty", "tax_arrears", "honour", "coercion", "contract"):
        accept(session, make_draft(item, subject=subject, document_number=item))
    session.commit()
    return get_subject(session, subject.code)


@pytest.fixture
def owner(as_enquirer, firm):
    return as_enquirer("enterprise", subject_id=firm.id)


@pytest.fixture
def agency(as_enquirer):
    return as_enquirer("agency", purpose="credit_service")


def consent(session, owner, agency, categories=("honour",), purpose="credit_service", until=UNTIL, today=TODAY):
    client = session.get(Agency, agency.agency_id).client_id
    return grant(
        session, owner, agency=client, categories=categories, purpose=purpose, valid_until=until, now=NOW, today=today
    )


def look(session, enquirer, subject, today=TODAY):
    return lookup_subject(session, enquirer, subject.ref, today=today, now=NOW)


def documents(view):
    return {record.document_number for _, _, records in view.categories for record in records}


PUBLIC_PART = {"penalty", "tax_arrears", "honour"}


def test_consent_narrows_to_its_categories_and_keeps_the_public_part(session, firm, owner, agency):
    before = look(session, agency, firm)
    assert (documents(before), before.authorisation, before.view) == (PUBLIC_PART, None, "public")
    granted = consent(session, owner, agency)
    after = look(session, agency, firm)
    assert (documents(after), after.authorisation, after.view) == (PUBLIC_PART, granted.ref, "consent")
    assert not {"coercion", "contract"} & documents(after), "the government level is no matter of consent"


@pytest.mark.parametrize("days", [-1, 0, 30, 31])
def test_it_holds_from_its_first_to_its_last_day(session, firm, owner, agency, days):
    consent(session, owner, agency)
    day = TODAY + timedelta(days=days)
    assert (find_consent(session, agency, firm.id, day) is not None) == (0 <= days <= 30)


def test_another_purpose_another_agency_another_subject_have_nothing(session, firm, owner, agency, as_enquirer):
    consent(session, owner, agency)
    other = as_enquirer("agency", purpose="credit_service")
    assert find_consent(session, agency.asking("contract", None), firm.id, TODAY) is None
    assert find_consent(session, agency.asking(None, None), firm.id, TODAY) is None
    assert find_consent(session, other, firm.id, TODAY) is None
    assert find_consent(session, agency, firm.id + 1, TODAY) is None
    assert find_consent(session, owner, firm.id, TODAY) is None
    assert look(session, other, firm).view == "public"


def test_taken_back_it_is_gone_at_once(session, firm, owner, agency):
    granted = consent(session, owner, agency)
    assert look(session, agency, firm).view == "consent"
    assert revoke(session, owner, granted.ref, now=NOW).revoked_at == NOW
    assert look(session, agency, firm).view == "public"
    with pytest.raises(Conflict):
        revoke(session, owner, granted.ref, now=NOW)
    consent(session, owner, agency)
    assert look(session, agency, firm).view == "consent"


def test_two_consents_are_taken_together_and_one_revoked_leaves_the_other(session, firm, owner, agency):
    first = consent(session, owner, agency, categories=("honour",))
    consent(session, owner, agency, categories=("administration", "evaluation"))
    assert find_consent(session, agency, firm.id, TODAY).categories == {"honour", "administration", "evaluation"}
    revoke(session, owner, first.ref, now=NOW)
    assert find_consent(session, agency, firm.id, TODAY).categories == {"administration", "evaluation"}


def test_the_evaluation_only_where_it_is_named(session, firm, owner, agency):
    evaluated(session, firm.id, TODAY, "一项处罚")
    session.execute(SubjectChange.__table__.delete())
    assert look(session, agency, firm).evaluation is None
    consent(session, owner, agency)
    assert look(session, agency, firm).evaluation is None
    consent(session, owner, agency, categories=("evaluation",))
    assert look(session, agency, firm).evaluation.grade == "C"


def test_of_a_person_only_what_the_consent_names(session, as_enquirer, agency):
    number = make_number(654)
    subject = SubjectDraft(SubjectKind.person, "赵某某", None, number=number)
    accept(session, make_draft("penalty", subject=subject, document_number="penalty"))
    accept(session, make_draft("commitment", subject=subject, document_number="commitment"))
    accept(session, make_draft("listing", list_code="judgment-debtor", subject=subject, document_number="listed"))
    session.commit()
    person = find_person(session, number)
    owner = as_enquirer("person", subject_id=person.id)
    with pytest.raises(SubjectNotFound):
        look(session, agency, person)
    granted = consent(session, owner, agency, categories=("commitment",))
    view = look(session, agency, person)
    assert (documents(view), view.listings) == ({"commitment"}, ()), "a person has no public part beside the consent"
    assert number not in repr(view)
    revoke(session, owner, granted.ref, now=NOW)
    with pytest.raises(SubjectNotFound):
        look(session, agency, person)


@pytest.mark.parametrize(
    "wrong",
    [
        {"categories": ()},
        {"categories": ("honour", "no-such")},
        {"purpose": "approval"},
        {"purpose": "no-such"},
        {"until": TODAY - timedelta(days=1)},
        {"until": TODAY + timedelta(days=367)},
        {"until": date(9999, 12, 31)},
    ],
)
def test_what_cannot_be_granted(session, firm, owner, agency, wrong):
    with pytest.raises(InvalidContent):
        consent(session, owner, agency, **wrong)
    assert list_authorisations(session, owner) == []


def test_only_the_subject_grants_and_only_its_own_are_seen(session, firm, owner, agency, as_enquirer):
    granted = consent(session, owner, agency)
    stranger = as_enquirer("enterprise")
    for kind in ("regulator", "agency", "operator", "public", "auditor", "department"):
        with pytest.raises(NotAuthorised):
            consent(session, as_enquirer(kind), agency)
        with pytest.raises(NotAuthorised):
            revoke(session, as_enquirer(kind), granted.ref, now=NOW)
    with pytest.raises(NotFound):
        get_authorisation(session, stranger, granted.ref)
    with pytest.raises(NotFound):
        revoke(session, stranger, granted.ref, now=NOW)
    assert find_consent(session, agency, firm.id, TODAY) is not None


def test_an_agency_that_is_closed_or_unknown_gets_none(session, owner, firm):
    closed = make_agency_row(session, disabled_at=NOW)
    for name in (closed.client_id, "no-such-agency"):
        with pytest.raises(InvalidContent):
            grant(
                session, owner, agency=name, categories=["honour"], purpose="credit_service", valid_until=UNTIL, now=NOW,
                today=TODAY,
            )  # fmt: skip
    assert session.execute(select(Agency.id)).scalars().all()
