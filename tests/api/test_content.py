"""JSON with traps (QUALITY §2 item 32): always a problem, never a 500, never a traceback, and nothing of the value repeated."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.content import UnreadableContent, read_json
from credit.errors import InvalidContent

ADDRESS = "/api/v1/tokens"
GOOD = '{"grant_type":"password","account":"a","password":"b"}'
TRAPS = {
    "empty": (b"", 400),
    "no JSON": (b"grant_type=password", 400),
    "cut": (GOOD[:-1].encode(), 400),
    "two values": (f"{GOOD}{GOOD}".encode(), 400),
    "not UTF-8": (GOOD.encode("utf-16"), 400),
    "GBK": ('{"account":"企业"}'.encode("gbk"), 400),
    "BOM": (b"\xef\xbb\xbf" + GOOD.encode(), 400),
    "key twice": (b'{"account":"a","account":"b"}', 400),
    "key twice by escape": (b'{"account":"a","\\u0061ccount":"b"}', 400),
    "NaN": (b'{"account":NaN}', 400),
    "Infinity": (b'{"account":-Infinity}', 400),
    "1e999": (b'{"account":1e999}', 400),
    "5000 digits": (b'{"account":' + b"9" * 5000 + b"}", 400),
    "19 digits": (b'{"account":' + b"9" * 19 + b"}", 400),
    "17 deep": (b"[" * 17 + b"]" * 17, 400),
    "100000 deep": (b"[" * 100_000 + b"]" * 100_000, 400),
    "100000 deep, open": (b'{"a":' * 100_000, 400),
    "lone surrogate": (b'{"account":"\\ud800"}', 422),
    "lone surrogate as key": (b'{"\\udfff":1}', 422),
    "NUL": (b'{"account":"a\\u0000b"}', 422),
    "control character": (b'{"account":"a\x01b"}', 400),
    "a list": (b"[1]", 422),
    "a text": (b'"a"', 422),
    "null": (b"null", 422),
    "number for text": (b'{"grant_type":"password","account":1,"password":"b"}', 422),
    "object for text": (b'{"grant_type":"password","account":{},"password":"b"}', 422),
    "unknown field": (b'{"grant_type":"password","account":"a","password":"b","role":"operator"}', 422),
    "field of another way in": (b'{"grant_type":"password","account":"a","password":"b","client_id":"c"}', 422),
    "long text": (b'{"grant_type":"password","account":"' + b"a" * 300 + b'","password":"b"}', 422),
    "full-width code": ('{"grant_type":"password","account":"a","password":"b","otp":"１２３４５６"}'.encode(), 422),
    "code with newline": (b'{"grant_type":"password","account":"a","password":"b","otp":"123456\\n"}', 422),
    "too large": (b'{"account":"' + b"a" * (2 * 1024 * 1024) + b'"}', 413),
}


@pytest.mark.parametrize("name", TRAPS)
def test_traps_are_refused(client, name):
    body, status = TRAPS[name]
    answer = client.post(ADDRESS, data=body, content_type="application/json")
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    problem = json.loads(answer.text)
    assert {"type", "title", "status", "detail", "instance"} <= set(problem)
    assert problem["status"] == status
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "text/json"]
)
def test_other_content_types(client, kind):
    answer = client.post(ADDRESS, data=GOOD, content_type=kind)
    assert (answer.status_code, answer.json["type"]) == (415, "unsupported-media-type")


def test_a_charset_beside_json_is_fine(client):
    assert client.post(ADDRESS, data=GOOD, content_type="application/json; charset=utf-8").status_code == 401


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods(client, method):
    answer = client.open(ADDRESS, method=method)
    assert (answer.status_code, answer.json["type"]) == (405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


def test_no_method_by_header(client):
    answer = client.post("/api/v1/lists", headers={"X-HTTP-Method-Override": "GET"}, json={})
    assert answer.status_code == 405


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc企", max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_reads_what_others_write(value):
    text = json.dumps(value)
    if "\\u0000" in text:
        return
    try:
        assert read_json(text.encode()) == value
    except UnreadableContent as error:
        assert "嵌套" in error.detail


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    try:
        read_json(raw)
    except (UnreadableContent, InvalidContent):
        return
