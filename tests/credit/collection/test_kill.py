"""kill -9 in the middle of a delivery: nothing lost, nothing twice, and it goes on where it stopped.

``KILLS=200 pytest tests/credit/collection/test_kill.py`` for the long run.
"""

import csv
import os
import random
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select, text

from credit.rebuild import compare
from models.collection import Batch, Delivery, ParkedRow, Rejection
from models.records import CurrentRecord, Record
from models.subjects import Subject, SubjectName
from tests.credit.collection.taking import COLUMNS
from tests.factories import make_code

KILLS = int(os.environ.get("KILLS", "6"))
ROWS = 120 * max(KILLS, 6)
FIRMS = ROWS // 10 + 1
"""Has no divisor in common with the twenty kinds of rows, so that every firm has a sound one."""


@pytest.fixture
def sent(tmp_path):
    """A file with sound rows, repeated rows, corrections, unknown names, and faults."""
    path = tmp_path / "penalties.csv"
    codes = [make_code() for _ in range(FIRMS)]
    rows = []
    for number in range(ROWS):
        place = number % len(codes)
        row = [
            f"测试{place}号公司",
            codes[place],
            f"沪罚〔2026〕{number}号",
            "2026-03-02",
            "区城管执法局",
            f"第{number}项",
        ]
        if number % 20 == 7:
            row[1] = "91310199999999999X"
        elif number % 20 == 8:
            row[0:2] = f"没有代码的{number}公司", ""
        elif number % 20 == 9:
            row[2] = rows[number - 5][2]
            row[0:2] = rows[number - 5][0:2]
        rows.append(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(COLUMNS), *rows])
    return path


def take(deployment, path, kill_after=None, delay=0.0):
    """Run the child; killed after so many commits, or to its end. Gives its exit code."""
    urls = [
        engine.url.render_as_string(hide_password=False)
        for engine in (deployment.engine, deployment.enquiry_log.engine)
    ]
    command = [sys.executable, "-m", "tests.credit.collection.taking", str(deployment.instance), *urls, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        for seen, _ in enumerate(child.stdout, start=1):
            if seen == kill_after:
                time.sleep(delay)
                child.kill()
                break
        errors = child.stderr.read()
        child.wait()
    assert child.returncode in (0, -9), errors
    return child.returncode


def count(session, entity):
    return session.execute(select(func.count()).select_from(entity)).scalar_one()


def test_killed_in_the_middle_nothing_is_lost_or_doubled(deployment, session, sent, databases, record_property):
    session.rollback()
    chance, kills = random.Random(5), 0
    for _ in range(KILLS):
        kills += take(deployment, sent, chance.randrange(2, 5), chance.random() * 0.03) == -9
        found = session.execute(select(Delivery)).scalars().one()
        session.refresh(found)
        assert found.received == count(session, Batch) * 20, "a batch is whole or not there"
        assert found.received == sum(
            getattr(found, name) for name in ("accepted", "unchanged", "superseded", "parked", "rejected")
        )
        if databases.kind == "sqlite":
            assert session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        session.rollback()
    assert kills >= KILLS - 1, "the child must really have been killed"
    assert take(deployment, sent) == 0
    final = session.execute(select(Delivery)).scalars().one()
    session.refresh(final)
    twentieth = ROWS // 20
    assert (final.state, final.received) == ("closed", ROWS)
    assert (final.accepted, final.superseded, final.parked, final.rejected) == (
        17 * twentieth, twentieth, twentieth, twentieth,
    )  # fmt: skip
    assert count(session, CurrentRecord) == 17 * twentieth
    assert count(session, Record) == 18 * twentieth
    assert (count(session, ParkedRow), count(session, Rejection)) == (twentieth, twentieth)
    assert count(session, Subject) == count(session, SubjectName) == FIRMS
    assert compare(session) == []
    before = count(session, Record)
    session.rollback()
    assert take(deployment, sent) == 0
    assert (count(session, Record), count(session, Delivery)) == (before, 1)
    record_property("proof", f"killed {kills} times over {ROWS} rows: lost 0, duplicated 0")
