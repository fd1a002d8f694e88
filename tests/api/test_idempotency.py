"""The same creating request twice: one effect, one answer; another request under the same key is refused."""

from datetime import date, timedelta

import pytest

from api.clock import district_day
from tests.factories import make_agency_row

ADDRESS = "/api/v1/authorisations"


@pytest.fixture
def consent(session):
    make_agency_row(session, client_id="bank-1")
    session.commit()
    until = district_day() + timedelta(days=30)
    return {
        "agency": "bank-1",
        "categories": ["evaluation"],
        "purpose": "credit_service",
        "valid_until": until.isoformat(),
    }


def post(client, body, key):
    return client.post(ADDRESS, json=body, headers={"Idempotency-Key": key})


def test_one_effect_and_one_answer(as_client, consent):
    owner = as_client("enterprise")
    first, second = post(owner, consent, "k-1"), post(owner, consent, "k-1")
    assert first.status_code == second.status_code == 201, first.text
    assert first.json == second.json
    assert len(owner.get(ADDRESS).json["items"]) == 1
    assert post(owner, consent, "k-2").json["id"] != first.json["id"]


def test_another_request_under_the_key(as_client, consent):
    owner = as_client("enterprise")
    post(owner, consent, "k-1")
    answer = post(owner, {**consent, "valid_until": district_day().isoformat()}, "k-1")
    assert (answer.status_code, answer.json["type"]) == (422, "idempotency-mismatch")


def test_keys_are_each_account_s_own(as_client, consent):
    first, second = (post(as_client("enterprise"), consent, "k-1") for _account in range(2))
    assert first.json["id"] != second.json["id"]


def test_a_refused_request_does_not_use_up_its_key(as_client, consent):
    owner = as_client("enterprise")
    assert post(owner, {**consent, "valid_until": "2020-01-01"}, "k-1").status_code == 422
    assert post(owner, consent, "k-1").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 129])
def test_keys_refused(as_client, consent, key):
    assert post(as_client("enterprise"), consent, key).status_code == 422


def test_a_consent_can_be_taken_back(as_client, consent):
    owner, other = as_client("enterprise"), as_client("enterprise")
    given = owner.post(ADDRESS, json=consent).json
    assert date.fromisoformat(given["valid_until"]) == date.fromisoformat(consent["valid_until"])
    assert other.get(f"{ADDRESS}/{given['id']}").status_code == 404
    assert other.delete(f"{ADDRESS}/{given['id']}").status_code == 404
    assert owner.delete(f"{ADDRESS}/{given['id']}").json["revoked_at"]
    assert owner.delete(f"{ADDRESS}/{given['id']}").status_code == 409


@pytest.mark.parametrize(
    "change",
    [{"agency": "nobody"}, {"categories": []}, {"categories": ["secrets"]}, {"purpose": "curiosity"}, {"granted_by": "x"},
     {"agency_id": 1}, {"recorded_at": "2026-01-01"}, {"valid_until": "2026-02-30"}, {"valid_until": "9999-12-31"}],
)  # fmt: skip
def test_consents_refused(as_client, consent, change):
    answer = as_client("enterprise").post(ADDRESS, json={**consent, **change})
    assert answer.status_code == 422, answer.text
    assert answer.json["faults"]
