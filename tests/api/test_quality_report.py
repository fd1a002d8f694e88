"""The month's quality: volumes, kinds of fault, timeliness from the working days, silence, gaps; own department only."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from credit.collection.description import read_description
from credit.collection.faults import MESSAGES
from credit.collection.publication_gaps import compare_publication
from credit.collection.quality_measures import load_quality_rules, measure_timeliness, read_month
from credit.collection.quality_report import list_faulty_rows, report_quality
from credit.collection.run import collect_file
from credit.errors import InvalidQuery
from credit.identifier_tables import MESSAGES as IDENTIFIER_MESSAGES
from credit.workdays import load_calendar
from models.accounts import Department
from models.records import Record
from tests.factories import TODAY, make_code

OCTOBER = date(2026, 10, 1)


def described(**changes):
    columns = [("名称", "name"), ("代码", "uscc"), ("文号", "doc_no"), ("日期", "decision_date"), ("机关", "authority")]
    return read_description(
        {
            "name": "quality-penalties",
            "title": "处罚",
            "department": "区城管执法局",
            "carrier": "files",
            "item": "penalty",
            "cadence": "monthly",
            "files": {"glob": "*.csv", "encoding": "utf-8", "header_row": 0},
            "columns": [{"column": header, "means": means} for header, means in columns],
            **changes,
        }
    )


def take(session, path: Path, rows, day, **changes):
    lines = ["名称,代码,文号,日期,机关", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    moment = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    for _ in collect_file(session, path, described(**changes), clock=lambda: moment, today=TODAY):
        session.commit()


def row(number, day, code=None):
    return ("上海质量测试有限公司", code or CODE, f"沪城罚〔2026〕{number}号", day, "区城管执法局")


CODE = make_code()


@pytest.fixture
def filled(session, tmp_path):
    take(session, tmp_path / "old.csv", [row(1, "2025-01-06")], date(2026, 9, 1))
    rows = [
        row(2, "2026-10-09"),
        row(4, "2026-09-01"),
        row(7, "2026-10-12"),
        row(8, "2099-01-01"),
        row(9, "2026-10-12", "91310106MX9T00046X"),
        ("", CODE, "沪城罚〔2026〕10号", "2026-10-12", "区城管执法局"),
    ]
    take(session, tmp_path / "october.csv", rows, date(2026, 10, 15))
    return session.query(Department).filter_by(name="区城管执法局").one().id


def test_volumes_faults_and_rates_add_up(session, filled):
    report = report_quality(session, OCTOBER, today=TODAY)
    (one,) = [source for source in report.sources if source.source == "quality-penalties"]
    assert one.received == 6
    assert one.received == one.accepted + one.unchanged + one.superseded + one.parked + one.rejected
    assert one.rejected == 3
    assert one.pass_rate == 0.5
    assert one.by_kind["日期大于当前日期"] == 1
    assert one.by_kind["主体名称为空"] == 1
    assert sum(one.by_kind.values()) == sum(one.by_fault.values())
    (department,) = [each for each in report.departments if each.department_id == filled]
    assert (department.received, department.rejected, department.pass_rate) == (6, 3, 0.5)


def test_timeliness_counts_working_days_from_the_decision(session, filled):
    (one,) = [source for source in report_quality(session, OCTOBER, today=TODAY).sources if source.received]
    assert (one.timeliness.measured, one.timeliness.on_time, one.timeliness.late) == (3, 2, 1)


def test_history_before_the_first_delivery_is_not_late(session, filled):
    (one,) = [source for source in report_quality(session, date(2026, 9, 1), today=TODAY).sources if source.received]
    assert one.timeliness.measured == 0
    assert one.timeliness.rate is None


def test_a_month_without_delivery_is_missed(session, filled):
    report = report_quality(session, date(2026, 11, 1), today=date(2026, 12, 31), department_id=filled)
    (one,) = [source for source in report.sources if source.source == "quality-penalties"]
    assert one.received == 0
    later = report_quality(session, date(2026, 12, 1), today=date(2026, 12, 31), department_id=filled)
    assert later.departments[0].missed == 1
    assert later.sources[0].missed == ("2026-11",)


def test_gaps_in_the_numbers_are_hinted_at_for_one_department(session, filled):
    assert report_quality(session, OCTOBER, today=TODAY).gaps == ()
    (gap,) = report_quality(session, OCTOBER, today=TODAY, department_id=filled).gaps
    assert (gap.series, gap.missing, gap.shown) == ("沪城罚〔2026〕", 3, "3、5–6")


def test_a_waiting_row_is_no_gap_and_is_counted(session, filled, tmp_path):
    waiting = [
        ("某某未登记测试有限公司", "", f"沪城罚〔2026〕{number}号", "2026-10-13", "区城管执法局") for number in (3, 5)
    ]
    take(session, tmp_path / "waiting.csv", waiting, date(2026, 10, 20))
    report = report_quality(session, OCTOBER, today=TODAY, department_id=filled)
    assert report.departments[0].waiting == 2
    assert report.gaps[0].shown == "6"


def test_the_faulty_rows_go_back_with_their_numbers(session, filled):
    rows = list(list_faulty_rows(session, OCTOBER, filled))
    assert [(one[3], one[5]) for one in rows] == [("5", "DATE_IN_FUTURE"), ("6", "CHECKSUM"), ("7", "NAME_MISSING")]
    assert list(list_faulty_rows(session, OCTOBER, filled + 1000)) == []


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "october", "2027-01", "２０２６-01", "2026-10-01"])
def test_no_such_month(text):
    with pytest.raises(InvalidQuery):
        read_month(text, TODAY)


def test_months_as_typed():
    assert read_month("2026-10", TODAY) == OCTOBER
    assert read_month(None, TODAY) == date(2026, 11, 1)


def test_every_fault_of_ours_has_a_kind():
    kinds = load_quality_rules().kind_of
    codes = set(MESSAGES) | {code for _, code in IDENTIFIER_MESSAGES}
    assert codes <= set(kinds), codes - set(kinds)


def test_the_term_ends_on_the_seventh_working_day():
    calendar = load_calendar()
    decided = date(2026, 9, 30)
    rows = [(decided, date(2026, 10, 15), 1), (decided, date(2026, 10, 16), 1)]
    found = measure_timeliness(rows, date(2026, 1, 1), 7, calendar)
    assert (found.measured, found.on_time) == (2, 1)


def test_page_json_and_csv_show_a_department_its_own_only(session, filled, page_client, as_client, as_enquirer):
    own, other = as_enquirer("department", department_id=filled), as_enquirer("department")
    operator = as_client("operator")
    body = as_client(own).get("/api/v1/quality?month=2026-10").json
    assert [one["department_id"] for one in body["departments"]] == [filled]
    assert body["sources"][0]["timeliness"]["late"] == 1
    assert body["gaps"][0]["ranges"] == [[3, 3], [5, 6]]
    assert as_client(other).get("/api/v1/quality?month=2026-10").json["departments"] == []
    assert as_client(other).get(f"/api/v1/quality?department={filled}").status_code == 403
    assert as_client(own).get("/api/v1/quality?month=2030-01").status_code == 400
    everybody = operator.get("/api/v1/quality?month=2026-10").json
    assert filled in [one["department_id"] for one in everybody["departments"]]
    assert everybody["gaps"] == []
    browser = page_client("department", department_id=filled)
    assert "3、5–6" in browser.get("/console/quality?month=2026-10").text
    csv = browser.get("/console/quality.csv?month=2026-10")
    assert csv.text.splitlines()[1].split(",")[3:6] == ["5", "日期", "DATE_IN_FUTURE"]
    console = page_client("operator")
    assert "区城管执法局" in console.get("/console/quality?month=2026-10").text
    assert "3、5–6" in console.get(f"/console/quality?month=2026-10&department={filled}").text


def test_a_publication_shows_what_was_not_reported(app, session, filled, tmp_path):
    """Reported ones are found however the number is written; waiting ones count as reported."""
    waiting = [("某某未登记测试有限公司", "", "沪城罚〔2026〕3号", "2026-10-13", "区城管执法局")]
    take(session, tmp_path / "waiting.csv", waiting, date(2026, 10, 20))
    published = [
        (*row(2, "2026-10-09")[:2], "沪城罚[2026]2号", "2026-10-09", "区城管执法局"),
        row(3, "2026-10-13"),
        row(6, "2026-10-14"),
        row(7, "2026-10-11"),
        ("上海质量测试有限公司", CODE, "", "2026-10-12", "区城管执法局"),
    ]
    path = tmp_path / "published.csv"
    lines = ["名称,代码,文号,日期,机关", *(",".join(one) for one in published)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = session.query(Record).count()
    found = compare_publication(session, path, described(), today=TODAY)
    assert [(one.row, one.document_number) for one in found.unreported] == [(4, "沪城罚〔2026〕6号")]
    assert (found.published, found.unreadable) == (5, 1)
    assert session.query(Record).count() == before
    session.commit()
    description = tmp_path / "published.yaml"
    means = ("name", "uscc", "doc_no", "decision_date", "authority")
    columns = [{"column": header, "means": one} for header, one in zip(lines[0].split(","), means, strict=True)]
    content = {
        "name": "published",
        "title": "处罚",
        "department": "区城管执法局",
        "carrier": "files",
        "item": "penalty",
    }
    description.write_text(yaml.safe_dump({**content, "columns": columns}, allow_unicode=True), encoding="utf-8")
    told = app.test_cli_runner().invoke(args=["collect", "compare", str(path), "--source", str(description), "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout.splitlines()[0])["document_number"] == "沪城罚〔2026〕6号"
