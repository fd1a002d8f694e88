"""Services and exchange databases: every row once, whole or refused, and only from where it is allowed."""

import json
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import create_engine, select

from api.sample.departments import Department
from credit.collection.carriers import rest
from credit.collection.carriers.connections import Connections, load_connections
from credit.collection.carriers.exchange_db import fetch_changes
from credit.collection.carriers.rest import fetch_pages
from credit.collection.description import ExchangeSettings, RestSettings, read_description
from credit.collection.run import collect_source
from credit.errors import DescriptionInvalid, FileRefused
from credit.rebuild import compare
from models.collection import Delivery, Source
from models.records import CurrentRecord
from models.session import make_engine
from tests.credit.collection.taking import COLUMNS
from tests.factories import NOW, TODAY, make_code

TOKEN = "a-token-for-this-test-only"


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings_for(host, path="/things", **more):
    values = {"paging": "page", "page_size": 10, "records": "rows", "next": "next_cursor", "credential": "tax", **more}
    return RestSettings(url=f"http://{host}{path}", **values)


def connections_to(*hosts, token=TOKEN):
    return Connections(frozenset(hosts), {"tax": token})


def pull(settings, connections):
    return [row for rows, _ in fetch_pages(settings, connections, pause=0, timeout=3) for row in rows]


# the service of a simulated department


@pytest.mark.parametrize("paging", ["page", "cursor"])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 40])
def test_every_row_once_in_both_ways_of_paging(tmp_path, paging, count):
    rows = [{"n": str(number)} for number in range(count)]
    (tmp_path / "things.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with serving(Department(tmp_path, 0, TOKEN)) as host:
        assert pull(settings_for(host, paging=paging), connections_to(host)) == rows


def test_a_wrong_token_and_an_unknown_service_are_refused_without_saying_the_token(tmp_path):
    (tmp_path / "things.jsonl").write_text('{"n": "1"}\n', encoding="utf-8")
    with serving(Department(tmp_path, 0, TOKEN)) as host:
        with pytest.raises(FileRefused, match="401") as told:
            pull(settings_for(host), connections_to(host, token="some-other-token"))
        assert "some-other-token" not in str(told.value)
        with pytest.raises(FileRefused, match="404"):
            pull(settings_for(host, "/nothing"), connections_to(host))
    with pytest.raises(FileRefused, match="无法连接"):
        pull(settings_for(host), connections_to(host))
    with pytest.raises(DescriptionInvalid):
        pull(settings_for(host), Connections(frozenset({host})))


class Scripted(BaseHTTPRequestHandler):
    """Answers from a list, the last one for ever."""

    def do_GET(self):
        script = self.server.script
        status, body, headers = script.pop(0) if len(script) > 1 else script[0]
        self.server.asked.append((self.path, dict(self.headers)))
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            return

    def log_message(self, *_):
        return


@contextmanager
def scripted(*answers):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    server.script = [(200, one, {}) if isinstance(one, (dict, list, bytes)) else one for one in answers]
    server.asked = []
    with serving(server) as host:
        yield host, server.asked


def page(*numbers, **more):
    return {"rows": [{"n": number} for number in numbers], **more}


@pytest.mark.parametrize(
    ("answers", "paging", "message"),
    [
        ([page(total=9)], "page", "9"),
        ([page(1, 2, total=9, pages=1)], "page", "9"),
        ([page(1, next_cursor="b"), page(next_cursor=None, total=5)], "cursor", "5"),
        ([page(1, next_cursor="same"), page(1, next_cursor="same")], "cursor", "没有前进"),
        ([{"data": []}], "page", "rows"),
        ([{"rows": [1, 2]}], "page", "rows"),
        ([{"rows": {"n": 1}}], "page", "rows"),
        ([[1]], "page", "JSON 对象"),
        ([b"<html>"], "page", "不是 JSON"),
        ([b"\xff\xfe"], "page", "不是 JSON"),
        ([b"[" * 100_000], "page", "不是 JSON"),
        ([(302, b"", {"Location": "http://169.254.169.254/"})], "page", "302"),
        ([(302, b"", {"Location": "file:///etc/passwd"})], "page", "302"),
        ([(403, b"", {})], "page", "403"),
        ([(500, b"", {})], "page", "500"),
    ],
)
def test_what_is_not_whole_or_not_theirs_is_refused(answers, paging, message):
    with scripted(*answers) as (host, _), pytest.raises(FileRefused, match=message):
        pull(settings_for(host, paging=paging), connections_to(host))


def test_a_last_full_page_needs_no_total_and_an_empty_one_after_it_ends_the_pull():
    ten = page(*range(10), total=10)
    with scripted(ten, page(total=10)) as (host, asked):
        assert len(pull(settings_for(host), connections_to(host))) == 10
    assert [path.split("?")[1] for path, _ in asked] == ["page=1&size=10", "page=2&size=10"]


def test_a_failing_page_is_asked_again_a_few_times():
    busy = (503, b"", {})
    with scripted(busy, (429, b"", {}), busy, page(1)) as (host, asked):
        assert pull(settings_for(host), connections_to(host)) == [{"n": 1}]
    assert len(asked) == 4
    with scripted(busy) as (host, asked), pytest.raises(FileRefused, match="503"):
        pull(settings_for(host), connections_to(host))
    assert len(asked) == 4


def test_an_answer_too_large_is_cut_off(monkeypatch):
    monkeypatch.setattr(rest, "LARGEST_ANSWER", 1000)
    with scripted(page(*range(1000))) as (host, _), pytest.raises(FileRefused, match="过大"):
        pull(settings_for(host), connections_to(host))


# where one may go at all


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x", "http://127.0.0.1:8080/x", "http://[::1]/x", "http://localhost:9000/", "http://2130706433/",
        "http://169.254.169.254/latest/meta-data", "http://tax.example@127.0.0.1:80/", "http://tax.example:80@evil.example/",
        "http://user:word@tax.example:80/", "http://@tax.example:80/", "file:///etc/passwd", "ftp://tax.example/",
        "gopher://tax.example:80/", "//tax.example/", "tax.example/x", "", "http://", "http://tax.example:99999/",
        "http://tax.example:x/", "http://[tax.example/", "http://tax.example.evil.example/", "http://tax.example:443/",
        "https://tax.example:80.evil.example/", "http://tax.example:80\\@evil.example/", "http://tax.example%2eevil/",
    ],
)  # fmt: skip
def test_only_listed_addresses_are_called(url):
    with pytest.raises(DescriptionInvalid):
        Connections(frozenset({"tax.example:80", "tax.example:8443"})).address(url)


@pytest.mark.parametrize("url", ["http://tax.example/x?y=1", "http://TAX.example:80/", "https://tax.example:8443/a"])
def test_listed_ones_are(url):
    assert Connections(frozenset({"tax.example:80", "tax.example:8443"})).address(url) == url


def test_the_instance_may_put_an_address_elsewhere_but_only_where_it_is_allowed(tmp_path):
    path = tmp_path / "connections.yaml"
    assert load_connections(path) == Connections()
    path.write_text(
        "hosts: ['127.0.0.1:8123']\nbases: {'https://tax.example': 'http://127.0.0.1:8123'}\ncredentials: {tax: hidden-word}\n",
        encoding="utf-8",
    )
    found = load_connections(path)
    assert found.address("https://tax.example/a?b") == "http://127.0.0.1:8123/a?b"
    with pytest.raises(DescriptionInvalid):
        found.address("https://court.example/a")
    assert "hidden-word" not in repr(found)
    for missing in (found.database, found.credential):
        with pytest.raises(DescriptionInvalid):
            missing("court")


def test_an_address_not_listed_is_not_even_asked():
    with scripted(page(1)) as (host, asked):
        with pytest.raises(DescriptionInvalid):
            pull(settings_for(host), connections_to("tax.example:80"))
        assert asked == []


# the exchange database


MOMENT = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(params=["TEXT", "DATETIME", "DATE", "NUMERIC"])
def exchange(request, tmp_path, databases):
    """A change table whose moments tie in runs of seven; in every type departments keep them, on the database under test."""
    moments = {
        "TEXT": lambda number: f"2026-11-01 09:{number // 7:02d}:00",
        "DATETIME": lambda number: (MOMENT + timedelta(minutes=number // 7)).strftime("%Y-%m-%d %H:%M:%S"),
        "DATE": lambda number: (MOMENT + timedelta(days=number // 7)).date().isoformat(),
        "NUMERIC": lambda number: str(number // 7),
    }[request.param]
    url = databases.url or f"sqlite:///{tmp_path / 'exchange.sqlite'}"
    kind = "TIMESTAMP" if databases.url and request.param == "DATETIME" else request.param
    run(url, "DROP TABLE IF EXISTS changes", f"CREATE TABLE changes (id INTEGER PRIMARY KEY, at {kind}, n TEXT)")
    add(url, range(50), moments)
    yield url, moments
    run(url, "DROP TABLE changes")


def run(url, *statements):
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def add(url, numbers, moments):
    values = ", ".join(f"({number + 1}, '{moments(number)}', '{number}')" for number in numbers)
    run(url, f"INSERT INTO changes VALUES {values}")  # noqa: S608


def changes(url, position=None, size=4):
    settings = ExchangeSettings(table="changes", cursor="at", key="id", page_size=size, database="court")
    return fetch_changes(settings, Connections(databases={"court": url}), position)


@pytest.mark.parametrize("size", [1, 4, 7, 50, 51])
def test_ties_are_neither_lost_nor_read_twice(exchange, size):
    url, _ = exchange
    seen = [row["n"] for rows, _ in changes(url, size=size) for row in rows]
    assert seen == [str(number) for number in range(50)]


@pytest.mark.parametrize("stop", [1, 3, 12])
def test_it_goes_on_from_a_position_kept_as_json(exchange, stop):
    url, moments = exchange
    seen, position = [], None
    reading = changes(url)
    for _ in range(stop):
        rows, position = next(reading)
        seen += [row["n"] for row in rows]
    reading.close()
    position = json.loads(json.dumps(position))
    add(url, range(50, 60), moments)
    for rows, last in changes(url, position):
        seen += [row["n"] for row in rows]
        position = json.loads(json.dumps(last))
    assert seen == [str(number) for number in range(60)]
    assert list(changes(url, position)) == []


def test_fewer_rows_than_counted_refuse_the_pull(exchange):
    url, _ = exchange
    reading = changes(url)
    next(reading)
    run(url, "DELETE FROM changes WHERE id > 40")
    with pytest.raises(FileRefused, match="50"):
        list(reading)


@pytest.mark.parametrize("wrong", [{"table": "nothing"}, {"cursor": "nothing"}, {"key": "nothing"}])
def test_what_cannot_be_read_is_refused(exchange, wrong):
    url, _ = exchange
    settings = ExchangeSettings(**{"table": "changes", "cursor": "at", "key": "id", "database": "court", **wrong})
    with pytest.raises(FileRefused, match="无法读取"):
        list(fetch_changes(settings, Connections(databases={"court": url}), None))
    with pytest.raises(FileRefused, match="无法读取"):
        list(changes(url, {"time": {"no": "time"}, "key": 1}))


# through the door


def court(path, session, count=None):
    """Pull the exchange database as a source; the report of the delivery."""
    description = read_description(
        {
            "name": "pulled", "title": "前置库处罚", "department": "区城管执法局", "carrier": "exchange_db", "item": "penalty",
            "columns": [{"column": column, "means": means} for column, means in COLUMNS.items()],
            "exchange": {"table": "penalties", "cursor": "at", "key": "id", "page_size": 5, "database": "court"},
        }
    )  # fmt: skip
    connections = Connections(databases={"court": f"sqlite:///{path}"})
    ticks = iter(range(1_000_000))
    clock = lambda: NOW + timedelta(microseconds=session.info.setdefault("tick", 0) + next(ticks))  # noqa: E731
    session.info["tick"] = session.info.get("tick", 0) + 1000
    report = None
    for step, progress in enumerate(collect_source(session, description, connections, clock=clock, today=TODAY)):
        session.commit()
        report = progress.report
        if step == count:
            return None
    return report


@pytest.fixture
def penalties(tmp_path):
    path = tmp_path / "court.sqlite"
    with sqlite3.connect(path) as connection:
        names = ", ".join(f'"{name}" TEXT' for name in COLUMNS)
        connection.execute(f"CREATE TABLE penalties (id INTEGER PRIMARY KEY, at DATETIME, {names})")
        for number in range(23):
            row = (f"甲{number}公司", make_code(), f"沪罚〔2026〕{number}号", "2026-03-02", "区城管执法局", "内容")
            connection.execute(
                "INSERT INTO penalties VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (number, "2026-11-01 09:00:00.0", *row)
            )
    connection.close()
    return path


def test_a_pull_goes_through_the_door_and_the_next_one_takes_only_news(session, penalties):
    report = court(penalties, session)
    assert (report.received, report.accepted) == (23, 23)
    again = court(penalties, session)
    assert (again.received, again.accepted) == (0, 0)
    with sqlite3.connect(penalties) as connection:
        connection.execute("UPDATE penalties SET at = '2026-11-02 09:00:00.0', 内容 = '更正' WHERE id = 3")
    connection.close()
    news = court(penalties, session)
    assert (news.received, news.superseded) == (1, 1)
    assert compare(session) == []


def test_a_pull_torn_off_goes_on_at_the_position_of_its_last_batch(session, penalties):
    assert court(penalties, session, count=2) is None
    position = session.execute(select(Source.position)).scalar_one()
    assert position["key"] == 9
    session.commit()
    report = court(penalties, session)
    assert (report.received, report.accepted) == (13, 13)
    assert len(session.execute(select(CurrentRecord.record_id)).all()) == 23
    states = session.execute(select(Delivery.state).order_by(Delivery.id)).scalars().all()
    assert states[-1] == "closed"


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz", "date", "numeric", "bigint"])
def test_moments_of_a_real_server_survive_the_position(databases, kind):
    """SQLite keeps moments as text; a server has types of its own, with zones and microseconds."""
    if databases.kind == "sqlite":
        pytest.skip("runs with --database postgresql")
    first = {"timestamp": "'2026-11-01 09:00:00.123456'::timestamp", "timestamptz": "'2026-11-01 09:00:00.5+08'::timestamptz",
             "date": "'2026-11-01'::date", "numeric": "1.25", "bigint": "7"}[kind]  # fmt: skip
    step = {"timestamp": "interval '1 second'", "timestamptz": "interval '1 second'", "date": "1"}.get(kind, "1")
    engine = make_engine(databases.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS changes")
        connection.exec_driver_sql(
            f"CREATE TABLE changes AS SELECT n AS id, {first} + (n / 7) * {step} AS at, n::text AS n "  # noqa: S608
            "FROM generate_series(0, 29) AS n"
        )
    settings = ExchangeSettings(table="changes", cursor="at", key="id", page_size=4, database="court")
    connections, position, seen = Connections(databases={"court": databases.url}), None, []
    try:
        for _ in range(100):
            found = next(reading := fetch_changes(settings, connections, position), None)
            reading.close()
            if found is None:
                break
            seen += [row["n"] for row in found[0]]
            position = json.loads(json.dumps(found[1]))
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE changes")
        engine.dispose()
    assert seen == [str(number) for number in range(30)]
