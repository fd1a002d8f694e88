"""Looking up over the API: what comes back, what is refused, and that a citizen number never returns."""

import json
from datetime import date

import pytest

from api.v1.answers import SubjectSchema, dump_subject
from api.v1.subjects import SearchAnswer, dump_page
from credit.lookup import lookup_subject
from credit.views import SearchHit, SearchPage
from tests.conftest import NOW, TODAY
from tests.factories import make_enterprise, make_number, make_person, make_record


@pytest.fixture
def firm(session):
    subject = make_enterprise(session, name="上海晨星测试有限公司")
    session.commit()
    return subject


def test_the_wire_says_what_the_document_says(session, firm, as_enquirer):
    from credit.drafts import SubjectDraft
    from models.terms import SubjectKind

    make_record(session, "penalty", subject=SubjectDraft(SubjectKind.enterprise, firm.name, firm.code))
    session.commit()
    officer = as_enquirer("regulator", purpose="inspection")
    view = lookup_subject(session, officer, firm.code, today=TODAY, now=NOW)
    wire = json.loads(json.dumps(dump_subject(view)))
    assert wire["records"]
    documented = {**SubjectSchema().dump(view), "identity": wire["identity"], "objections": [], "records": []}
    for category, (code, name, records) in zip(wire["records"], view.categories, strict=True):
        schema = SubjectSchema().fields["records"].inner.schema
        documented["records"].append(schema.dump({"category": code, "name": name, "records": records}))
        assert category["records"]
    assert json.loads(json.dumps(documented)) == wire
    assert SubjectSchema().validate(wire) == {}


def test_a_regulator_sees_a_firm(as_client, firm):
    answer = as_client("regulator").get(f"/api/v1/subjects/{firm.code}?purpose=inspection")
    assert answer.status_code == 200, answer.text
    assert answer.json["identity"]["name"] == "上海晨星测试有限公司"
    assert "上海晨星" in answer.text
    assert answer.json["enquiry"]


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("", 400, "purpose-required"),
        ("?purpose=approval", 400, "case-required"),
        ("?purpose=curiosity", 422, "purpose-unknown"),
        ("?purpose=inspection&colour=red", 400, "invalid-query"),
        ("?purpose=inspection&purpose=approval", 400, "invalid-query"),
        ("?purpose=inspection&as_of=2026-W09-4", 400, "invalid-query"),
        ("?purpose=inspection&as_of=20260101", 400, "invalid-query"),
        ("?purpose=inspection&as_of=2026-02-30", 400, "invalid-query"),
        ("?purpose=inspection&as_of=9999-12-31", 400, "invalid-query"),
    ],
)
def test_questions_refused(as_client, firm, query, status, slug):
    answer = as_client("regulator").get(f"/api/v1/subjects/{firm.code}{query}")
    assert (answer.status_code, answer.json["type"]) == (status, slug)


@pytest.mark.parametrize("form", ["{}", " {} ", "{}\n", "{:.6}-{:.0}"])
def test_a_number_in_an_address_is_refused_and_not_repeated(as_client, caplog, form):
    number = make_number()
    address = form.format(number) if form.count("{") == 1 else f"{number[:6]} {number[6:14]} {number[14:]}"
    answer = as_client("regulator").get(f"/api/v1/subjects/{address}?purpose=inspection")
    assert answer.status_code == 422
    assert answer.json["type"] == "number-in-address"
    assert number not in answer.text
    assert number not in caplog.text


def test_a_number_as_a_name_is_refused(client):
    number = make_number()
    answer = client.get(f"/api/v1/subjects?name={number}")
    assert answer.status_code == 422
    assert number not in answer.text


def test_search_finds_half_a_name_and_pages(client, session):
    for number in range(5):
        make_enterprise(session, name=f"上海晨星{number}号测试有限公司")
    session.commit()
    first = client.get("/api/v1/subjects?name=晨星&limit=3")
    assert first.status_code == 200
    second = client.get(
        "/api/v1/subjects", query_string={"name": "晨星", "limit": 3, "cursor": first.json["next_cursor"]}
    )
    names = [hit["name"] for hit in first.json["items"] + second.json["items"]]
    assert len(names) == len(set(names)) == 5


@pytest.mark.parametrize(
    "query", ["", "?name=", "?name=一", "?name=晨星&limit=0", "?name=晨星&limit=-1", "?name=晨星&limit=1000000000",
              "?name=晨星&limit=５", "?name=晨星&cursor=%7B%7D", "?name=" + "长" * 101, "?name=晨星&cursor=W10"]
)  # fmt: skip
def test_searches_refused(client, query):
    answer = client.get(f"/api/v1/subjects{query}")
    assert answer.status_code in {400, 422}, answer.text
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("name", ["%%", "__", "\\\\", "a' OR 1=1 --", '"晨 OR', "NEAR(", "*晨星*"])
def test_searches_that_try_operators_find_nothing(client, firm, name):
    answer = client.get("/api/v1/subjects", query_string={"name": name})
    assert answer.status_code in {200, 400}
    assert not answer.json.get("items")


def test_persons_are_found_by_number_in_the_body_only(as_client, session):
    number = make_number()
    make_person(session, number=number)
    session.commit()
    officer = as_client("regulator")
    answer = officer.post("/api/v1/subjects/find", json={"number": number, "purpose": "inspection"})
    assert answer.status_code == 200, answer.text
    assert number not in answer.text
    absent = officer.post("/api/v1/subjects/find", json={"number": make_number(), "purpose": "inspection"})
    assert absent.status_code == 404


def test_a_subject_sees_who_asked_and_nobody_else_does(as_client, as_enquirer, session):
    own = as_enquirer("enterprise")
    from credit.subjects import get_subject_by_id

    subject = get_subject_by_id(session, own.subject_id)
    as_client("regulator").get(f"/api/v1/subjects/{subject.code}?purpose=inspection")
    mine = as_client(own).get(f"/api/v1/subjects/{subject.code}/enquiries")
    assert [entry["purpose"] for entry in mine.json["items"]] == ["inspection"]
    other = as_client("enterprise").get(f"/api/v1/subjects/{subject.code}/enquiries")
    unknown = as_client("enterprise").get("/api/v1/subjects/aaaaaaaaaaaaaaaaaaaaaaaaaa/enquiries")
    assert other.status_code == unknown.status_code == 404
    assert {**other.json, "instance": ""} == {**unknown.json, "instance": ""}


def test_as_of_moves_the_facts(as_client, session):
    subject = make_record(session, held_from=date(2026, 3, 2))
    session.commit()
    officer = as_client("regulator")
    now = officer.get(f"/api/v1/subjects/{subject.code}?purpose=inspection")
    before = officer.get(f"/api/v1/subjects/{subject.code}?purpose=inspection&as_of=2026-03-01")
    assert now.json["records"]
    assert not before.json["records"]


def test_a_page_of_hits_is_what_its_schema_says():
    page = SearchPage(
        (SearchHit("r", "91", "甲", "enterprise", None), SearchHit("s", None, "乙", "organisation", "丙")), "c"
    )
    assert dump_page(page) == SearchAnswer().dump(page)
