import json
import sqlite3
import threading
import urllib.error
import urllib.request

import pytest

from api.sample.departments import EXCHANGE_COLUMNS, EXCHANGE_TABLE, Department, main
from api.sample.district import write_district
from credit.collection.carriers.connections import Connections
from credit.collection.carriers.exchange_db import fetch_changes
from credit.collection.carriers.rest import fetch_pages
from credit.collection.description import SOURCES, load_description

TOKEN = "a-token-for-this-test-only"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    write_district(folder, organisations=1000)
    return folder / "served"


@pytest.fixture(scope="module")
def ask(served):
    server = Department(served, 0, TOKEN)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_address[1]}"

    def get(address: str, token: str = TOKEN):
        request = urllib.request.Request(base + address, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return json.load(answer)

    get.host = f"127.0.0.1:{server.server_address[1]}"
    yield get
    server.shutdown()
    server.server_close()
    thread.join()


def written(served, name):
    return [json.loads(line) for line in (served / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("size", [1, 7, 200, 500])
def test_pages_give_every_row_once(ask, served, size):
    first = ask(f"/a-class?page=1&size={size}")
    rows = list(first["rows"])
    for page in range(2, first["pages"] + 1):
        rows += ask(f"/a-class?page={page}&size={size}")["rows"]
    assert rows == written(served, "a-class")
    assert first["total"] == len(rows)
    assert ask(f"/a-class?page={first['pages'] + 1}&size={size}")["rows"] == []


@pytest.mark.parametrize("size", [1, 7, 500])
def test_cursor_gives_every_row_once(ask, served, size):
    rows, cursor = [], ""
    while cursor is not None:
        answer = ask(f"/arrears?size={size}&cursor={cursor}")
        rows += answer["rows"]
        cursor = answer["next_cursor"]
    assert rows == written(served, "arrears")


@pytest.mark.parametrize(
    ("address", "token", "status"),
    [
        ("/a-class?page=1", "wrong", 401),
        ("/a-class?page=1", "", 401),
        ("/nothing?page=1", TOKEN, 404),
        ("/../court.sqlite", TOKEN, 404),
        ("/a-class?page=0", TOKEN, 400),
        ("/a-class?page=-1", TOKEN, 400),
        ("/a-class?page=1&size=501", TOKEN, 400),
        ("/arrears?cursor=%00", TOKEN, 400),
        ("/changes?since=2026-01-01T00:00:00Z&until=2026-12-01T00:00:00Z", TOKEN, 401),
        ("/arrears?since=2026-01-01T00:00:00Z", TOKEN, 400),
        ("/arrears?cursor=cm93Oi01", TOKEN, 400),
    ],
)
def test_bad_requests_are_refused(ask, address, token, status):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        ask(address, token)
    with refusal.value as answer:
        assert answer.code == status
        assert json.load(answer)["message"]


def test_health_needs_no_token(ask):
    assert ask("/health", "") == {"status": "ok"}


def test_command_refuses_to_start_without_token(served, monkeypatch, capsys):
    monkeypatch.delenv("SAMPLE_DEPARTMENT_TOKEN", raising=False)
    with pytest.raises(SystemExit) as end:
        main(["--port", "0", "--data", str(served)])
    assert end.value.code == 2
    assert "SAMPLE_DEPARTMENT_TOKEN" in capsys.readouterr().err


def test_exchange_database_is_a_feed_of_changes(served):
    connection = sqlite3.connect(served / "court.sqlite")
    rows = connection.execute(f"SELECT * FROM {EXCHANGE_TABLE} ORDER BY change_id").fetchall()  # noqa: S608
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({EXCHANGE_TABLE})")]
    connection.close()
    assert columns == ["change_id", "updated_at", "deleted", *EXCHANGE_COLUMNS]
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    days = [row[1][:10] for row in rows]
    assert days == sorted(days)
    case, name = columns.index("casecode"), columns.index("iname")
    entered: set[tuple[str, str]] = set()
    for row in rows:
        key = (row[case], row[name])
        assert not row[2] or key in entered, "taken off before it was entered"
        entered.add(key)
    assert {row[2] for row in rows} == {0, 1}


def test_carriers_pull_everything_there_is(served, ask):
    """The descriptions' page settings, table and columns fit what the neighbours answer."""
    base = f"http://{ask.host}"
    connections = Connections(
        hosts=frozenset([ask.host]),
        credentials={"sample-tax": TOKEN},
        databases={"sample-court": f"sqlite:///{served / 'court.sqlite'}"},
        bases={"http://127.0.0.1:8471": base},
    )
    for name in ("a-class", "arrears"):
        description = load_description(SOURCES / f"sample-tax-{name}-service.yaml")
        assert description.rest is not None
        rows = [row for page, _ in fetch_pages(description.rest, connections) for row in page]
        assert rows == written(served, name)
        assert {column.column for column in description.columns} <= rows[0].keys()
    description = load_description(SOURCES / "sample-dishonest-debtors-exchange.yaml")
    assert description.exchange is not None
    changes = [row for page, _ in fetch_changes(description.exchange, connections, None) for row in page]
    assert [row["change_id"] for row in changes] == list(range(1, len(changes) + 1))
    assert {column.column for column in description.columns} <= changes[0].keys()
