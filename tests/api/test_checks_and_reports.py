"""Checks and reports over the API: who, what comes back, what is refused."""

import pytest

from reports import issue
from tests.factories import make_enterprise


@pytest.fixture
def firm(session):
    subject = make_enterprise(session, name="上海晨星测试有限公司")
    session.commit()
    return subject


@pytest.fixture
def matter(deployment):
    return next(iter(deployment.matters.values())).code if hasattr(deployment.matters, "values") else None


def test_a_check_answers_and_takes_its_outcome(as_client, firm, matter):
    officer = as_client("regulator")
    asked = {"subjects": [{"code": firm.code, "role": "applicant"}], "matter": matter, "case": "办件-1"}
    answer = officer.post("/api/v1/checks", json=asked)
    assert answer.status_code == 201, answer.text
    assert answer.json["suggestion"] == "routine"
    assert answer.json["subjects"][0]["name"] == firm.name
    outcome = f"/api/v1/checks/{answer.json['id']}/outcome"
    told = {"outcome": "not_applied", "reason": "无相关信息"}
    assert as_client("regulator").post(outcome, json=told).status_code == 404
    assert officer.post(outcome, json=told).status_code == 204
    assert officer.post(outcome, json=told).status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"case": None}, 422),
        ({"matter": "nothing"}, 422),
        ({"subjects": []}, 422),
        ({"subjects": [{"code": "x"}]}, 422),
        ({"subjects": [{"code": "91310199000000000X", "role": "king"}]}, 422),
        ({"subjects": [{"code": "44052418800101001X", "role": "applicant"}]}, 422),
        ({"subjects": [{"code": "x", "role": "applicant", "score": 100}]}, 422),
        ({"is_public": True}, 422),
    ],
)
def test_checks_refused(as_client, firm, matter, change, status):
    asked = {"subjects": [{"code": firm.code, "role": "applicant"}], "matter": matter, "case": "办件-1", **change}
    answer = as_client("regulator").post("/api/v1/checks", json=asked)
    assert answer.status_code == status, answer.text
    assert "44052418800101001" not in answer.text


@pytest.fixture
def drawn(monkeypatch):
    """Drawing has tests of its own; here only what goes in and out matters."""
    monkeypatch.setattr(issue, "draw_credit_report", lambda report, fonts: b"%PDF-1.4 " + report.cover.number.encode())


def test_a_report_is_issued_fetched_and_verified(as_client, client, firm, drawn):
    owner = as_client("enterprise")
    made = owner.post("/api/v1/reports", json={"subject": firm.code, "kind": "public"})
    assert made.status_code == 201, made.text
    pdf = client.get(made.json["pdf"])
    assert pdf.content_type == "application/pdf" and pdf.data.startswith(b"%PDF")
    state = client.get(f"/api/v1/reports/verifications/{made.json['verification_code']}")
    assert (state.json["state"], state.json["number"]) == ("current", made.json["number"])


def test_another_s_full_report_is_not_found(as_client, as_enquirer, session, drawn, client):
    from credit.subjects import get_subject_by_id

    own = as_enquirer("enterprise")
    code = get_subject_by_id(session, own.subject_id).code
    session.commit()
    made = as_client(own).post("/api/v1/reports", json={"subject": code, "kind": "full"})
    assert made.status_code == 201, made.text
    assert as_client(own).get(made.json["pdf"]).status_code == 200
    assert as_client("enterprise").get(made.json["pdf"]).status_code == 404
    assert client.get(made.json["pdf"]).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"subject": "44052418800101001X"}, 422),
        ({"subject": "91310199000000000X"}, 422),
        ({"subject": "aaaaaaaaaaaaaaaaaaaaaaaaaa"}, 404),
        ({"kind": "secret"}, 422),
        ({"as_of": "2999-01-01"}, 400),
        ({"number": "XY1"}, 422),
    ],
)
def test_reports_refused(as_client, firm, drawn, body, status):
    given = {"subject": firm.code, **body} if body else {}
    answer = as_client("enterprise").post("/api/v1/reports", json=given)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("code", ["x", "AAAA-AAAA-AAAA-AAAA", "44052418800101001X", "%00"])
def test_codes_of_no_report(client, code):
    answer = client.get(f"/api/v1/reports/verifications/{code}")
    assert answer.status_code in {400, 404, 422}, answer.text
    assert "44052418800101001" not in answer.text


def test_a_forged_host_is_not_printed(as_client, firm, monkeypatch):
    seen = []
    monkeypatch.setattr(issue, "draw_credit_report", lambda report, fonts: seen.append(report.cover) or b"%PDF")
    headers = {"Host": "evil.example"}
    as_client("enterprise").post("/api/v1/reports", json={"subject": firm.code}, headers=headers)
    assert "evil" not in repr(seen[0])
