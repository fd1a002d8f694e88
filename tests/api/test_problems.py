"""Every error has one status and one shape; nothing of the inside leaves; pages get a page."""

import json

import marshmallow as ma
import pytest

from api.addresses import AddressFilter, safe_address
from api.problems import STATUS_BY_ERROR, answer_credit_error, list_faults, status_of
from credit import errors
from tests.factories import make_code, make_number

CHILDREN = sorted(
    {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.CreditError)},
    key=lambda each: each.__name__,
)


@pytest.mark.parametrize("error", CHILDREN)
def test_each_error_has_its_own_status_and_words(error):
    assert error in STATUS_BY_ERROR
    assert 400 <= status_of(error) < 600
    assert error.slug == error.slug.lower()
    assert any("\u4e00" <= character <= "\u9fff" for character in error.title)


def test_slugs_are_unique():
    slugs = [error.slug for error in CHILDREN]
    assert len(slugs) == len(set(slugs))


@pytest.mark.parametrize("error", CHILDREN)
def test_a_raised_error_answers_with_its_status(app, error):
    with app.test_request_context("/api/v1/x"):
        answer = answer_credit_error(error())
    body = json.loads(answer.get_data())
    assert answer.status_code == body["status"] == STATUS_BY_ERROR[error]
    assert body["type"] == error.slug


def test_a_child_without_own_line_answers_like_its_parent():
    class Narrower(errors.SubjectNotFound):
        slug = "narrower"

    assert status_of(Narrower) == 404


def test_facts_never_overwrite_the_standard_members(app):
    with app.test_request_context("/api/v1/x"):
        answer = answer_credit_error(errors.Conflict("x", status=200, type="fine", until="2026-01-01"))
    body = json.loads(answer.get_data())
    assert (body["status"], body["type"], body["until"]) == (409, "conflict", "2026-01-01")


def boom(number):
    raise RuntimeError(f"a secret beside {number}")


def test_the_unexpected_tells_nothing(app, client, caplog):
    number = make_number()
    app.view_functions["health.show_health"] = lambda: boom(number)
    answer = client.get("/health")
    assert (answer.status_code, answer.json["type"]) == (500, "internal-error")
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert number not in caplog.text
    assert "boom" in caplog.text


def test_pages_get_a_page_and_programs_a_problem(client):
    page, problem = client.get("/nothing/here"), client.get("/api/v1/nothing")
    assert page.status_code == problem.status_code == 404
    assert page.content_type.startswith("text/html") and "<h1>未找到</h1>" in page.text
    assert problem.content_type == "application/problem+json" and "未找到" in problem.text


def test_markup_in_an_address_is_escaped(client):
    assert "<script>" not in client.get("/<script>alert(1)</script>").text


def test_faults_are_flat_and_name_their_place():
    class Inner(ma.Schema):
        code = ma.fields.String(required=True)

    class Outer(ma.Schema):
        subjects = ma.fields.List(ma.fields.Nested(Inner))

    with pytest.raises(ma.ValidationError) as caught:
        Outer().load({"subjects": [{"code": "x"}, {}], "role": "operator"})
    faults = {fault["field"]: fault["code"] for fault in list_faults(caught.value.messages)}
    assert faults == {"subjects.1.code": "required", "role": "unknown-field"}


NUMBER = make_number(7)
WIDE = "".join(chr(ord(one) + 0xFEE0) for one in NUMBER)


@pytest.mark.parametrize(
    "address",
    [
        f"/api/v1/subjects/{NUMBER}",
        f"/api/v1/subjects/{NUMBER.lower()}/enquiries",
        f"/subjects/{NUMBER[:6]}%20{NUMBER[6:14]}%20{NUMBER[14:]}",
        f"/subjects/{'-'.join([NUMBER[:6], NUMBER[6:14], NUMBER[14:]])}",
        f"/subjects?name={NUMBER}&limit=3",
        "/subjects/" + "".join(f"%{byte:02X}" for byte in NUMBER.encode()),
        "/subjects/" + "".join(f"%25{byte:02X}" for byte in NUMBER.encode()),
        f"/subjects/{WIDE}",
        f"/subjects/x{NUMBER}y",
        f"/subjects/{NUMBER[:6]}{NUMBER[8:17]}",
        f'"GET /subjects/{NUMBER} HTTP/1.1" 404',
    ],
)
def test_numbers_are_blanked(address):
    safe = safe_address(address)
    assert "[已隐去]" in safe
    assert NUMBER[6:14] not in safe and NUMBER not in safe


@pytest.mark.parametrize("address", ["/api/v1/subjects/" + make_code(5), "/api/v1/listings?list=x&limit=50", "/"])
def test_other_addresses_stay(address):
    assert safe_address(address) == address


def test_access_logs_are_filtered():
    import logging

    record = logging.LogRecord("werkzeug", 20, "", 0, "%s %s", (f"GET /subjects/{NUMBER}", "404"), None)
    AddressFilter().filter(record)
    assert NUMBER not in record.getMessage()
