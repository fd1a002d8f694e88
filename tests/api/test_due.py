"""Pulled sources run when due, each by one worker: claimed with a lease, renewed with every batch, tried again later."""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
import yaml

import api.commands.due as due
from credit.collection.description import read_description
from credit.collection.schedule import (
    INTERVALS,
    LEASE,
    LONGEST_WAIT,
    LeaseLost,
    claim_turn,
    fail_turn,
    finish_turn,
    list_turns,
    plan_turns,
    renew_turn,
)
from models.collection import Delivery, Source
from models.schedule import SourceTurn
from tests.credit.collection.claiming import SOURCES
from tests.credit.collection.taking import COLUMNS
from tests.factories import NOW, make_code


def test_two_processes_never_take_the_same_turn(deployment):
    urls = [one.url.render_as_string(hide_password=False) for one in (deployment.engine, deployment.enquiry_log.engine)]
    command = [sys.executable, "-m", "tests.credit.collection.claiming", str(deployment.instance), *urls]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n", worker.stderr.read()
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = [worker.communicate(timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], told
    taken = [Counter(out.split()) for out, _ in told]
    assert sum(taken, Counter()) == Counter(SOURCES)
    assert all(taken), "both worked"


def test_a_turn_is_held_by_one_until_its_lease_ends(session):
    plan_turns(session, ["a"], now=NOW)
    plan_turns(session, ["a"], now=NOW + timedelta(days=1))
    first = claim_turn(session, ["a"], now=NOW)
    assert first.source == "a"
    assert claim_turn(session, ["a"], now=NOW + LEASE - timedelta(seconds=1)) is None
    renew_turn(session, first, now=NOW + LEASE - timedelta(seconds=1))
    assert claim_turn(session, ["a"], now=NOW + LEASE) is None
    second = claim_turn(session, ["a"], now=NOW + 2 * LEASE)
    assert second.lease != first.lease
    for late in (
        lambda: renew_turn(session, first, now=NOW),
        lambda: finish_turn(session, first, None, now=NOW),
        lambda: fail_turn(session, first, "x", now=NOW),
    ):
        with pytest.raises(LeaseLost):
            late()
    finish_turn(session, second, "daily", now=NOW + 2 * LEASE)
    assert claim_turn(session, ["a"], now=NOW + 3 * LEASE) is None
    assert claim_turn(session, ["a"], now=NOW + 2 * LEASE + INTERVALS["daily"]) is not None


def test_only_known_sources_are_claimed(session):
    plan_turns(session, ["a", "b"], now=NOW)
    assert claim_turn(session, ["b"], now=NOW).source == "b"
    assert claim_turn(session, ["b"], now=NOW) is None
    assert claim_turn(session, [], now=NOW) is None


def test_failures_wait_longer_each_time_and_are_forgotten_after_a_success(session):
    plan_turns(session, ["a"], now=NOW)
    now, waits = NOW, []
    for _ in range(12):
        turn = claim_turn(session, ["a"], now=now)
        due_at = fail_turn(session, turn, "前置库无法读取", now=now)
        waits.append(due_at - now)
        now = due_at
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits[-1] == LONGEST_WAIT
    (view,) = list_turns(session, now=now)
    assert (view.failures, view.last_fault, view.running) == (12, "前置库无法读取", False)
    finish_turn(session, claim_turn(session, ["a"], now=now), None, now=now)
    assert list_turns(session, now=now)[0].failures == 0


@pytest.fixture
def court(deployment, tmp_path, monkeypatch):
    """An exchange database with 23 penalties, known to the instance."""
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
    content = {
        "name": "pulled", "title": "前置库处罚", "department": "区城管执法局", "carrier": "exchange_db", "item": "penalty",
        "columns": [{"column": column, "means": means} for column, means in COLUMNS.items()],
        "exchange": {"table": "penalties", "cursor": "at", "key": "id", "page_size": 5, "database": "court"},
    }  # fmt: skip
    monkeypatch.setattr(due, "load_descriptions", lambda: [read_description(content)])
    connections = {"databases": {"court": f"sqlite:///{path}"}}
    (deployment.instance / "connections.yaml").write_text(yaml.safe_dump(connections), encoding="utf-8")
    return path


def test_the_command_pulls_what_is_due_and_nothing_else(app, session, court):
    runner = app.test_cli_runner()
    first = runner.invoke(args=["collect", "due", "--json"])
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert (told["source"], told["received"], told["accepted"]) == ("pulled", 23, 23)
    again = runner.invoke(args=["collect", "due", "--json"])
    assert (again.exit_code, again.stdout) == (0, "")
    turn = json.loads(runner.invoke(args=["collect", "turns", "--json"]).stdout)
    assert (turn["source"], turn["running"], turn["failures"]) == ("pulled", False, 0)
    assert session.query(Source).one().next_due is not None


def test_a_source_that_cannot_be_read_is_told_and_tried_again(app, session, court):
    court.unlink()
    runner = app.test_cli_runner()
    failed = runner.invoke(args=["collect", "due"])
    assert failed.exit_code == 1
    assert "Traceback" not in failed.output
    turn = session.query(SourceTurn).one()
    assert (turn.failures, turn.lease) == (1, None)
    session.commit()
    assert runner.invoke(args=["collect", "due"]).exit_code == 0, "not before its time"


def test_a_worker_that_was_overtaken_commits_nothing_more(deployment, session, court, monkeypatch):
    renewals = iter(range(100))
    real = due.renew_turn

    def overtaken(opened, turn, *, now):
        if next(renewals) == 2:
            raise LeaseLost
        real(opened, turn, now=now)

    monkeypatch.setattr(due, "renew_turn", overtaken)
    ((source, report),) = due.drain_due(deployment)
    assert (source, report) == ("pulled", "该来源已由其他进程接手")
    torn = session.query(Delivery).one()
    assert (torn.state, torn.received) == ("open", 5)
    monkeypatch.setattr(due, "renew_turn", real)
    session.query(SourceTurn).update({"lease_until": NOW - timedelta(days=3650)})
    session.commit()
    ((_, report),) = due.drain_due(deployment)
    assert report.received == 18
