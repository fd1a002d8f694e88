"""A service asked by time with signed requests: every change once, none between two pulls, only for who holds the secret."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from api.sample.departments import CHANGED, Department
from credit.collection.carriers import rest
from credit.collection.carriers.connections import Connections
from credit.collection.carriers.rest import fetch_pages
from credit.collection.carriers.signing import canonical_query, signature_of, signed_headers
from credit.collection.description import RestSettings, read_description
from credit.collection.run import collect_source
from credit.errors import DescriptionInvalid, FileRefused
from models.collection import Source
from tests.credit.collection.taking import COLUMNS
from tests.credit.collection.test_carriers import scripted, serving
from tests.factories import NOW, TODAY, make_code

SECRET = "a-secret-for-this-test-only"
START = datetime(2026, 9, 1, tzinfo=UTC)
BY_TIME = {"paging": "time", "auth": "signature", "credential": "tax", "start": "2026-09-01T08:00:00+08:00"}


def settings_for(host, **more):
    return RestSettings(**{"url": f"http://{host}/changes", "page_size": 4, "records": "rows", **BY_TIME, **more})


def connections_to(host, secret=SECRET):
    return Connections(frozenset({host}), {"tax": secret})


def write(folder, moments):
    rows = [{"n": str(place), CHANGED: moment.isoformat()} for place, moment in enumerate(moments)]
    (folder / "changes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def pull(host, position=None, now=NOW, secret=SECRET, **more):
    rows = []
    found = fetch_pages(settings_for(host, **more), connections_to(host, secret), position, now=now, pause=0, timeout=3)
    for part, position in found:
        rows += [row["n"] for row in part]
        position = json.loads(json.dumps(position))
    return rows, position


@pytest.mark.parametrize("days", [1, 7, 31, 400])
@pytest.mark.parametrize("size", [1, 4, 500])
def test_every_change_once_whatever_the_windows_and_at_their_edges(tmp_path, days, size):
    moments = [START + timedelta(hours=12 * number) for number in range(40)]
    write(tmp_path, [moment for moment in moments for _ in range(2)])
    with serving(Department(tmp_path, 0, SECRET)) as host:
        rows, position = pull(host, window_days=days, page_size=size)
    assert rows == [str(number) for number in range(80)]
    assert datetime.fromisoformat(position["since"]) <= NOW


def test_the_next_pull_begins_before_the_position_and_misses_nothing_entered_late(tmp_path):
    write(tmp_path, [START, START + timedelta(days=3)])
    with serving(Department(tmp_path, 0, SECRET)) as host:
        first, position = pull(host, now=START + timedelta(days=4))
        assert (first, datetime.fromisoformat(position["since"])) == (["0", "1"], START + timedelta(days=4))
    write(
        tmp_path, [START, START + timedelta(days=3), START + timedelta(days=4, minutes=-50), START + timedelta(days=5)]
    )
    with serving(Department(tmp_path, 0, SECRET)) as host:
        assert pull(host, position, now=START + timedelta(days=6))[0] == ["2", "3"]
        assert pull(host, position, now=START + timedelta(days=6), overlap_minutes=0)[0] == ["3"]
        assert pull(host, {"since": (NOW + timedelta(days=9)).isoformat()}, now=NOW) == (
            [],
            {"since": "2026-11-29T02:00:00+00:00"},
        )
        with pytest.raises(FileRefused, match="取数位置"):
            pull(host, {"since": "yesterday"})


def test_a_pull_torn_inside_a_window_does_not_move_past_it(tmp_path):
    write(tmp_path, [START + timedelta(hours=number) for number in range(20)])
    with serving(Department(tmp_path, 0, SECRET)) as host:
        reading = fetch_pages(settings_for(host), connections_to(host), None, now=NOW, pause=0)
        part, position = next(reading)
        reading.close()
        assert len(part) == 4 and datetime.fromisoformat(position["since"]) == START
        assert pull(host, position, overlap_minutes=0)[0] == [str(number) for number in range(20)]


def test_only_who_holds_the_secret_is_answered_and_no_request_twice(tmp_path):
    write(tmp_path, [START])
    with serving(Department(tmp_path, 0, SECRET)) as host:
        for wrong in ({"secret": "another-secret"}, {"auth": "bearer"}):
            with pytest.raises(FileRefused, match="401") as told:
                pull(host, **wrong)
            assert "secret" not in str(told.value)
        query = canonical_query({"page": "1", "since": START.isoformat(), "until": NOW.isoformat()}.items())
        now = int(datetime.now(UTC).timestamp())

        def ask(stamp=now, nonce="0123456789abcdef", signed=query, path="/changes"):
            headers = signed_headers("tax", SECRET, "GET", path, signed, timestamp=stamp, nonce=nonce)
            return httpx.get(f"http://{host}/changes?{query}", headers=headers, trust_env=False).status_code

        assert ask() == 200
        assert ask() == 401
        assert ask(nonce="another-nonce-0001") == 200
        assert ask(nonce="another-nonce-0002", stamp=now - 301) == 401
        assert ask(nonce="another-nonce-0003", stamp=now + 400) == 401
        assert ask(nonce="short") == 401
        assert ask(nonce="another-nonce-0004", signed=query + "&size=500") == 401
        assert ask(nonce="another-nonce-0005", path="/other") == 401


def test_the_signature_is_the_documented_one():
    query = canonical_query([("b", "甲 +"), ("a", "2"), ("a", "10~")])
    assert query == "a=10~&a=2&b=%E7%94%B2%20%2B"
    signed = signature_of("key", "get", "/changes", query, 1_790_000_000, "n")
    text = f"GET\n/changes\n{query}\n1790000000\nn"
    assert signed == hmac.new(b"key", text.encode(), hashlib.sha256).hexdigest()


def page(*numbers):
    return {"rows": [{"n": number} for number in numbers]}


@pytest.mark.parametrize(
    ("asked", "least"), [("7", 7), ("0", 0), ("nonsense", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("", 0)]
)
def test_a_service_is_asked_again_when_it_says_so(monkeypatch, asked, least):
    waited = []
    monkeypatch.setattr(rest.time, "sleep", waited.append)
    with scripted((429, b"", {"Retry-After": asked}), page(1)) as (host, _):
        settings = RestSettings(url=f"http://{host}/x", records="rows", page_size=10)
        found = list(fetch_pages(settings, Connections(frozenset({host})), pause=0))
    assert [len(rows) for rows, _ in found] == [1] and waited == [least]


def test_asked_to_wait_for_long_the_pull_ends(monkeypatch):
    monkeypatch.setattr(rest.time, "sleep", lambda seconds: pytest.fail("waited"))
    with scripted((503, b"", {"Retry-After": "3600"}), page(1)) as (host, _):
        settings = RestSettings(url=f"http://{host}/x", records="rows")
        with pytest.raises(FileRefused, match="3600 秒后"):
            list(fetch_pages(settings, Connections(frozenset({host})), pause=0))


def describe(host="tax.example:80", **more):
    return read_description(
        {
            "name": "by-time", "title": "按时间取数", "department": "区城管执法局", "carrier": "rest", "item": "penalty",
            "columns": [{"column": column, "means": means} for column, means in COLUMNS.items()],
            "rest": {"url": f"http://{host}/changes", "records": "rows", "page_size": 2, **BY_TIME, **more},
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"start": None}, {"start": "soon"}, {"paging": "guess"}, {"auth": "none"}, {"credential": None}, {"window_days": 0},
              {"overlap_minutes": -1}, {"page_size": "many"}]
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(DescriptionInvalid):
        describe(**wrong)


def test_through_the_door_and_again(session, tmp_path):
    rows = [
        dict(
            zip(
                COLUMNS,
                (f"甲{n}公司", make_code(), f"沪罚〔2026〕{n}号", "2026-03-02", "区城管执法局", "内容"),
                strict=True,
            )
        )
        | {CHANGED: (START + timedelta(days=n)).isoformat()}
        for n in range(5)
    ]
    (tmp_path / "changes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    reports = []
    with serving(Department(tmp_path, 0, SECRET)) as host:
        for minutes in (0, 10):
            ticks = iter(range(1_000_000))
            clock = lambda: NOW + timedelta(minutes=minutes, microseconds=next(ticks))  # noqa: B023, E731
            for step in collect_source(session, describe(host), connections_to(host), clock=clock, today=TODAY):
                session.commit()
                if step.report:
                    reports.append((step.report.received, step.report.accepted))
    assert reports == [(5, 5), (0, 0)]
    position = session.execute(select(Source.position)).scalar_one()
    assert datetime.fromisoformat(position["since"]) == START + timedelta(days=31), (
        "the end of the last window that had rows"
    )
