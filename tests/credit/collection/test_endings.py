"""What a full list no longer names ends; a list that shrinks too much ends nothing until a person decided."""

import csv
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from credit.collection.description import read_description
from credit.collection.endings import decide_endings
from credit.collection.run import collect_file
from credit.errors import Conflict, InvalidContent
from credit.rebuild import compare
from models.records import CurrentRecord, RecordEvent
from models.terms import EventKind, Standing
from tests.factories import make_code

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
FIRMS = [(f"示范市名单{number}号有限公司", make_code(), f"示科高企〔2025〕{number}号") for number in range(60)]


def description(mode="full", **more):
    return read_description(
        {
            "name": f"list-{mode}", "title": "高新技术企业", "department": "示范区科学技术委员会", "carrier": "files",
            "item": "honour", "delivery": mode, "files": {"glob": ["list*.csv"]},
            "constants": {"content": "高新技术企业", "authority": "示范区科学技术委员会"},
            "columns": [{"column": "企业名称", "means": "name"}, {"column": "代码", "means": "uscc"},
                        {"column": "证书编号", "means": "doc_no"}, {"column": "认定日期", "means": "decision_date"}],
            **more,
        }
    )  # fmt: skip


def take(session, folder, firms, name="list.csv", **more):
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["企业名称", "代码", "证书编号", "认定日期"])
        writer.writerows([*firm, "2025-12-01"] for firm in firms)
    steps = list(collect_file(session, path, description(**more), clock=lambda: NOW, today=TODAY))
    session.flush()
    return steps[-1].report


def standings(session):
    rows = session.execute(select(CurrentRecord.standing, func.count()).group_by(CurrentRecord.standing))
    return dict(rows.all())


def test_one_row_less_ends_with_its_reason(session, tmp_path):
    take(session, tmp_path, FIRMS)
    report = take(session, tmp_path, FIRMS[1:])
    assert (report.ended, report.endings_held) == (1, 0)
    assert standings(session) == {Standing.valid.value: 59, Standing.ended.value: 1}
    causes = session.execute(select(RecordEvent.cause).where(RecordEvent.kind == EventKind.ended.value)).scalars().all()
    assert causes == ["来源名单已无"]
    assert compare(session) == []


def test_what_ended_comes_back_when_it_is_named_again(session, tmp_path):
    take(session, tmp_path, FIRMS)
    take(session, tmp_path, FIRMS[1:])
    take(session, tmp_path, [*FIRMS[1:], FIRMS[0]])
    assert standings(session) == {Standing.valid.value: 60}
    assert compare(session) == []


@pytest.mark.parametrize("kept", [0, 6, 50])
def test_a_list_that_shrinks_too_much_ends_nothing(session, tmp_path, kept):
    take(session, tmp_path, FIRMS)
    report = take(session, tmp_path, FIRMS[:kept])
    assert (report.ended, report.endings_held) == (0, 60 - kept)
    assert standings(session) == {Standing.valid.value: 60}


def test_a_person_decides_once_with_a_reason(session, tmp_path):
    take(session, tmp_path, FIRMS)
    held = take(session, tmp_path, FIRMS[:30])
    with pytest.raises(InvalidContent):
        decide_endings(session, held.batch, end=True, actor="operator", reason=" ", today=TODAY, now=NOW)
    done = decide_endings(session, held.batch, end=True, actor="operator", reason="部门来函确认", today=TODAY, now=NOW)
    assert done.ended == 30
    assert standings(session) == {Standing.valid.value: 30, Standing.ended.value: 30}
    with pytest.raises(Conflict):
        decide_endings(session, held.batch, end=True, actor="operator", reason="再次", today=TODAY, now=NOW)
    assert compare(session) == []


def test_keeping_ends_nothing(session, tmp_path):
    take(session, tmp_path, FIRMS)
    held = take(session, tmp_path, FIRMS[:30])
    decide_endings(session, held.batch, end=False, actor="operator", reason="部门漏传", today=TODAY, now=NOW)
    assert standings(session) == {Standing.valid.value: 60}


def test_an_incremental_delivery_ends_nothing(session, tmp_path):
    take(session, tmp_path, FIRMS, mode="incremental")
    report = take(session, tmp_path, FIRMS[:3], mode="incremental")
    assert (report.ended, report.endings_held) == (0, 0)
    assert standings(session) == {Standing.valid.value: 60}


def test_another_sources_records_stay(session, tmp_path):
    take(session, tmp_path, FIRMS[:30], mode="incremental")
    take(session, tmp_path, FIRMS[30:])
    report = take(session, tmp_path, FIRMS[31:])
    assert report.ended == 1
    assert standings(session)[Standing.valid.value] == 59
