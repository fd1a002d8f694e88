"""Who may know what: two renderings equal, the whole table, and answers that do not hint at what is hidden."""

import ast
import itertools
import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from credit.deployment import deployment_of
from credit.disclosure import holds, treat_field, usable_conditions, view_of, visible_records
from credit.disclosure_sql import usable, visible, visible_today
from credit.drafts import SubjectDraft
from credit.enquirer import Enquirer
from credit.errors import SubjectNotFound
from credit.listings import list_public_listings
from credit.lookup import lookup_subject
from credit.records import change_standing
from models.evaluations import Evaluation, ModelCard
from models.records import CurrentRecord
from models.subjects import Subject, SubjectChange
from models.terms import DisclosureLevel, EventKind, Role, Severity, Standing, SubjectKind
from tests.factories import NOW, TODAY, accept, make_code, make_draft, make_number

ORGANISATIONS = [kind for kind in SubjectKind if kind is not SubjectKind.person]
AROUND = st.sampled_from([None, *(TODAY + timedelta(days=days) for days in (-400, -1, 0, 1, 400))])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "standing": st.sampled_from([standing.value for standing in Standing]),
            "disputed": st.booleans(),
            "link_confirmed": st.booleans(),
            "disclosure": st.sampled_from([level.value for level in DisclosureLevel]),
            **dict.fromkeys(("publish_from", "publish_until", "share_until", "use_until", "query_until"), AROUND),
        }
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, day=st.sampled_from([TODAY, TODAY + timedelta(days=1), TODAY - timedelta(days=400)]))
def test_both_renderings_agree_on_any_row(session, rows, day):
    rest = {"content_digest": b"", "subject_id": 1, "item": "penalty", "tone": "adverse", "rule": ""}
    stored = [
        {**row, **rest, "record_id": number, "record_key": number.to_bytes(4)}
        for number, row in enumerate(rows, start=1)
    ]
    plain = [SimpleNamespace(**row) for row in stored]
    example = session.begin_nested()
    try:
        session.execute(insert(CurrentRecord), stored)
        ids = select(CurrentRecord.record_id)
        for view in deployment_of(session).disclosure.views.values():
            asked = set(session.execute(ids.where(visible(view, day))).scalars())
            prepared = set(session.execute(ids.where(visible_today(view.rule)), {"today": day}).scalars())
            assert asked == prepared == {row.record_id for row in visible_records(plain, view, day)}
        asked = set(session.execute(ids.where(usable(day))).scalars())
        assert asked == {row.record_id for row in plain if all(holds(one, row) for one in usable_conditions(day))}
    finally:
        example.rollback()


ENDED = [standing.value for standing in Standing if standing is not Standing.valid]


@pytest.mark.parametrize("view", ["public", "duty", "own", "consent"])
def test_what_no_view_ever_shows(session, view):
    wide = {
        "link_confirmed": True, "disclosure": "public", "publish_from": date(2000, 1, 1), "publish_until": None,
        "share_until": None, "query_until": None,
    }  # fmt: skip
    the_view = deployment_of(session).disclosure.views[view]
    assert visible_records([SimpleNamespace(standing="valid", **wide)], the_view, TODAY)
    for standing in ENDED:
        assert not visible_records([SimpleNamespace(standing=standing, **wide)], the_view, TODAY)
    assert not visible_records(
        [SimpleNamespace(standing="valid", **{**wide, "link_confirmed": False})], the_view, TODAY
    )


# role × kind × level: the levels each enquirer may see, written out by hand from the law, not from the table

PUBLIC, DUTY, OWN, CONSENT, NOTHING = (
    {"public"}, {"public", "government"}, {"public", "authorised", "government"}, {"public", "authorised"}, None,
)  # fmt: skip
EXPECTED = {
    # (role, purpose, own, consented): (organisations, persons)
    ("public", None, False, False): (PUBLIC, NOTHING),
    ("regulator", None, False, False): (DUTY, NOTHING),
    ("regulator", "approval", False, False): (DUTY, DUTY),
    ("regulator", "inspection", False, False): (DUTY, DUTY),
    ("regulator", "casework", False, False): (DUTY, DUTY),
    ("regulator", "procurement", False, False): (DUTY, NOTHING),
    ("regulator", "funds", False, False): (DUTY, NOTHING),
    ("regulator", "award", False, False): (DUTY, NOTHING),
    ("regulator", "made-up", False, False): (DUTY, NOTHING),
    ("enterprise", None, False, False): (PUBLIC, NOTHING),
    ("enterprise", None, True, False): (OWN, OWN),
    ("person", None, False, False): (PUBLIC, NOTHING),
    ("person", None, True, False): (OWN, OWN),
    ("agency", "credit_service", False, False): (PUBLIC, NOTHING),
    ("agency", "credit_service", False, True): (CONSENT, CONSENT),
    ("department", None, False, False): (PUBLIC, NOTHING),
    ("department", "approval", False, False): (PUBLIC, NOTHING),
    ("operator", "approval", False, False): (PUBLIC, NOTHING),
    ("auditor", "approval", False, False): (PUBLIC, NOTHING),
}


@pytest.mark.parametrize(("case", "kind"), list(itertools.product(EXPECTED, SubjectKind)))
def test_the_whole_table(session, case, kind):
    role, purpose, own, consented = case
    enquirer = Enquirer(role=Role(role), purpose=purpose, subject_id=7 if own else 8, agency_id=1)
    table = deployment_of(session).disclosure
    view = view_of(
        table, enquirer, subject_id=7, subject_kind=kind.value, consented=frozenset({"honour"}) if consented else None
    )
    expected = EXPECTED[case][kind is SubjectKind.person]
    assert (None if view is None else set(view.levels)) == expected
    if view is None:
        return
    assert view.fields["identity_number"] in ("masked", "withheld")
    for level in DisclosureLevel:
        shown = treat_field(view, level=level.value, field_type="text", subject_kind=kind.value)
        assert (shown == "shown") == (level.value in view.levels)
        number = treat_field(view, level=level.value, field_type="identity_number", subject_kind=kind.value)
        assert number != "shown"
    assert view.evaluation is (expected in (DUTY, OWN))


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.enterprise, Role.person)])
def test_only_own_roles_have_an_own_file(session, role):
    enquirer = Enquirer(role=role, subject_id=7, purpose="approval")
    view = view_of(deployment_of(session).disclosure, enquirer, subject_id=7, subject_kind="enterprise")
    assert view.name != "own"


# equality: what is hidden leaves no trace


def hidden_sets(code, name):
    """Ways to have records that the public must not sense: (drafts, event for each)."""
    coded = SubjectDraft(None, name, code)
    by_name = SubjectDraft(SubjectKind.enterprise, name, None)
    old = date(2015, 1, 5)
    return {
        "repaired": ([make_draft(subject=coded)], EventKind.repaired),
        "withdrawn": ([make_draft(subject=coded)], EventKind.withdrawn),
        "annulled listing": ([make_draft("listing", list_code="tax-serious", subject=coded)], EventKind.annulled),
        "repaired listing": ([make_draft("listing", list_code="tax-serious", subject=coded)], EventKind.repaired),
        "unconfirmed": ([make_draft(subject=by_name)], None),
        "unconfirmed listing": ([make_draft("listing", list_code="tax-class-a", subject=by_name)], None),
        "government level": ([make_draft("coercion", subject=coded), make_draft("contract", subject=coded)], None),
        "expired": ([make_draft(subject=coded, held_from=old)], None),
        "ended listing": ([make_draft("listing", list_code="tax-class-a", subject=coded, held_from=old)], None),
        "minor": ([make_draft(subject=coded, severity=Severity.minor)], None),
        "parked": ([make_draft("listing", list_code="tax-class-a", subject=coded, document_number=None)], None),
        "superseded": ([], None),
    }


WAYS = list(hidden_sets("-", "-"))


def pair(session, way):
    """Two firms with the same visible facts; the second has something hidden too."""
    name = "同样的公司"
    codes = make_code(), make_code()
    for code in codes:
        subject = SubjectDraft(None, name, code, former_names=(f"旧名{code[8:]}公司",))
        accept(session, make_draft("registration", subject=subject, natural_key=("-",), document_number="reg"))
        accept(session, make_draft(subject=subject, natural_key=("-", "visible"), document_number="visible"))
    drafts, event = hidden_sets(codes[1], name)[way]
    if way == "superseded":
        subject = SubjectDraft(None, name, codes[1])
        drafts = [make_draft(subject=subject, natural_key=("-", "visible"), document_number="visible", amount=5)]
        drafts.append(make_draft(subject=subject, natural_key=("-", "visible"), document_number="visible"))
    if way.startswith("unconfirmed"):
        drafts = [draft._replace(subject=draft.subject._replace(name=f"旧名{codes[1][8:]}公司")) for draft in drafts]
    for draft in drafts:
        accept(session, draft)
        if event is not None:
            last = session.execute(select(CurrentRecord.record_key).order_by(CurrentRecord.record_id.desc())).scalars()
            key = last.first()
            change_standing(session, key, event, cause="-", effective_on=TODAY, known_at=NOW, actor="city")
    session.commit()
    return codes


def blurred(value, codes):
    """An answer as text without what necessarily differs: ref, code, enquiry, and the addresses of the visible records."""
    skip = {"ref", "code", "enquiry", "subject_id", "record", "record_id", "id", "provenance", "freshness", "sources"}

    def walk(part):
        if isinstance(part, dict):
            return {key: walk(inner) for key, inner in part.items() if key not in skip}
        if isinstance(part, (list, tuple)):
            return [walk(inner) for inner in part]
        return part

    text = json.dumps(walk(value), ensure_ascii=False, default=str, sort_keys=True)
    for code in codes:
        text = text.replace(code, "CODE").replace(code[8:], "TAIL")
    return text


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["public", "agency", "enterprise"])
def test_what_is_hidden_leaves_no_trace(session, as_enquirer, way, kind):
    codes = pair(session, way)
    enquirer = as_enquirer(kind, purpose="credit_service" if kind == "agency" else None)
    for as_of in (None, TODAY - timedelta(days=1), date(2026, 10, 1)):
        with_, without = (
            blurred(asdict(lookup_subject(session, enquirer, code, as_of=as_of, today=TODAY, now=NOW)), codes)
            for code in codes
        )
        assert with_ == without
    page = list_public_listings(session, enquirer, today=TODAY)
    assert page.entries == ()


@pytest.mark.parametrize("way", ["repaired", "government level", "unconfirmed listing", "expired"])
def test_what_is_hidden_leaves_no_trace_in_the_interface(session, as_client, way):
    codes = pair(session, way)
    for kind in ("agency", "enterprise"):
        client = as_client(kind)
        answers = [client.get(f"/api/v1/subjects/{code}?purpose=credit_service") for code in codes]
        assert [answer.status_code for answer in answers] == [200, 200]
        first, second = (blurred(answer.get_json(), codes) for answer in answers)
        assert first == second
        assert set(answers[0].headers.keys()) == set(answers[1].headers.keys())


def test_two_refusals_about_persons_are_the_same(session, as_enquirer):
    number = make_number(432)
    accept(session, make_draft(subject=SubjectDraft(SubjectKind.person, "赵某某", None, number=number)))
    ref = session.execute(select(Subject.ref)).scalar_one()
    session.commit()
    for kind in ("public", "department", "operator", "auditor", "enterprise", "agency"):
        enquirer = as_enquirer(kind, purpose="credit_service" if kind == "agency" else None)
        told = []
        for wanted in (ref, "a" * 26):
            with pytest.raises(SubjectNotFound) as error:
                lookup_subject(session, enquirer, wanted, today=TODAY, now=NOW)
            told.append((str(error.value), error.value.slug))
        assert told[0] == told[1]


# as_of


def later(days):
    return NOW + timedelta(days=days)


def shown(session, enquirer, code, **more):
    view = lookup_subject(session, enquirer, code, today=more.pop("today", TODAY), now=NOW, **more)
    return {record.document_number: record for _, _, records in view.categories for record in records}


@pytest.mark.parametrize("kind", ["public", "regulator", "own"])
@pytest.mark.parametrize("event", [EventKind.repaired, EventKind.withdrawn, EventKind.annulled])
def test_a_day_before_the_repair_shows_nothing_of_it(session, as_enquirer, kind, event):
    code = make_code()
    draft = make_draft(subject=SubjectDraft(None, "甲公司", code))
    accept(session, draft, known_at=later(-100), today=TODAY - timedelta(days=100))
    listed = make_draft("listing", list_code="market-serious", subject=draft.subject)
    accept(session, listed, known_at=later(-100), today=TODAY - timedelta(days=100))
    head = select(CurrentRecord).order_by(CurrentRecord.record_id)
    subject_id = session.execute(head).scalars().first().subject_id
    if kind == "own":
        enquirer = as_enquirer("enterprise", subject_id=subject_id)
    else:
        enquirer = as_enquirer(kind, purpose="inspection" if kind == "regulator" else None)
    days = [None, TODAY - timedelta(days=1), TODAY - timedelta(days=50)]
    assert all(
        set(shown(session, enquirer, code, as_of=day)) == {draft.document_number, listed.document_number}
        for day in days
    )
    for one in session.execute(head).scalars().all():
        change_standing(session, one.record_key, event, cause="-", effective_on=TODAY, known_at=NOW, actor="city")
    for day in days:
        view = lookup_subject(session, enquirer, code, as_of=day, today=TODAY, now=NOW)
        assert (view.categories, view.listings) == ((), ())


def test_what_ran_out_since_is_unseen_for_an_earlier_day(session, as_enquirer):
    code = make_code()
    accept(
        session,
        make_draft(subject=SubjectDraft(None, "甲公司", code), held_from=date(2022, 1, 5)),
        known_at=later(-900),
    )
    assert shown(session, as_enquirer("public"), code, as_of=date(2022, 6, 1)) == {}


def test_a_past_day_shows_what_was_known_then(session, as_enquirer):
    code = make_code()
    draft = make_draft(subject=SubjectDraft(None, "甲公司", code), amount=100)
    accept(session, draft, known_at=later(-60), today=TODAY - timedelta(days=60))
    accept(session, draft._replace(amount=200), known_at=later(-10), today=TODAY - timedelta(days=10))
    public = as_enquirer("public")
    known = {days: shown(session, public, code, as_of=TODAY - timedelta(days=days)) for days in (61, 60, 11, 10, 0)}
    amounts = {days: [record.amount for record in records.values()] for days, records in known.items()}
    assert amounts == {61: [], 60: [100], 11: [100], 10: [200], 0: [200]}


def test_the_day_ends_at_midnight_of_the_district(session, as_enquirer):
    code = make_code()
    draft = make_draft(subject=SubjectDraft(None, "甲公司", code))
    accept(session, draft, known_at=datetime(2026, 11, 10, 15, 59, 59, tzinfo=UTC), today=date(2026, 11, 10))
    late = make_draft(subject=draft.subject)
    accept(session, late, known_at=datetime(2026, 11, 10, 16, 0, tzinfo=UTC), today=date(2026, 11, 11))
    assert set(shown(session, as_enquirer("public"), code, as_of=date(2026, 11, 10))) == {draft.document_number}


def test_a_listing_is_not_shown_for_a_day_before_it_was_known(session, as_enquirer):
    code = make_code()
    listed = make_draft("listing", list_code="market-serious", subject=SubjectDraft(None, "甲公司", code))
    accept(session, listed, known_at=later(-20), today=TODAY - timedelta(days=20))
    accept(session, listed._replace(amount=1), known_at=later(-5), today=TODAY - timedelta(days=5))
    public = as_enquirer("public")
    counts = {
        days: len(
            lookup_subject(session, public, code, as_of=TODAY - timedelta(days=days), today=TODAY, now=NOW).listings
        )
        for days in (21, 20, 6, 5, 0)
    }
    assert counts == {21: 0, 20: 1, 6: 1, 5: 1, 0: 1}


# evaluations


def evaluated(session, subject_id, as_of, reason, valid_until=None):
    card = session.execute(select(ModelCard)).scalar()
    if card is None:
        card = ModelCard(
            name="c", version="1", title="公共信用综合评价", use="comprehensive", body={}, digest=b"", registered_at=NOW
        )
        session.add(card)
        session.flush()
    line = {"name": "处罚", "reason": reason, "points": -100}
    row = Evaluation(
        subject_id=subject_id, model_id=card.id, as_of=as_of, grade="C", points=50_00, contributions=[line],
        valid_until=valid_until, digest=b"", evaluated_at=NOW,
    )  # fmt: skip
    session.add(row)
    session.execute(SubjectChange.__table__.delete())
    session.flush()


def test_an_evaluation_speaks_only_while_it_is_the_newest_and_nothing_changed(session, as_enquirer):
    code = make_code()
    accept(session, make_draft(subject=SubjectDraft(None, "甲公司", code)))
    head = session.execute(select(CurrentRecord)).scalars().one()
    regulator = as_enquirer("regulator", purpose="inspection")
    evaluated(session, head.subject_id, TODAY - timedelta(days=9), "一项处罚")

    def told(as_of=None):
        return lookup_subject(session, regulator, code, as_of=as_of, today=TODAY, now=NOW).evaluation

    assert told().grade == "C"
    assert told(TODAY - timedelta(days=9)).grade == "C"
    assert told(TODAY - timedelta(days=10)) is None
    change_standing(
        session, head.record_key, EventKind.repaired, cause="-", effective_on=TODAY, known_at=NOW, actor="c"
    )
    for day in (None, TODAY - timedelta(days=9)):
        assert (told(day).grade, told(day).contributions, told(day).points) == (None, (), 0), (
            "重新计算中, not as it was"
        )
    evaluated(session, head.subject_id, TODAY, "无")
    assert told().contributions[0]["reason"] == "无"
    assert told(TODAY - timedelta(days=9)) is None, "the old one rests on what was repaired"
    evaluated(session, head.subject_id, TODAY, "到期", valid_until=TODAY)
    assert told().grade is None


def test_only_one_module_compares_what_disclosure_declares():
    """No other module of the project names these columns in a comparison."""
    columns = {
        "standing",
        "disputed",
        "link_confirmed",
        "publish_from",
        "publish_until",
        "share_until",
        "use_until",
        "query_until",
    }
    allowed = {"disclosure.py", "disclosure_sql.py"}
    found = []
    for package in ("credit", "scoring", "reports", "api"):
        for path in Path(package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.name not in allowed else ():
                sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
                for side in sides:
                    if isinstance(side, ast.Attribute) and side.attr in columns and "CurrentRecord" in ast.dump(side):
                        found.append(f"{path}:{node.lineno} {side.attr}")
    assert found == []
