"""``flask sources infer`` and ``flask collect file`` on a file that nobody described, as a user runs them."""

import csv
import json

import pytest

from tests.factories import make_code

HEADER = [
    "序号",
    "行政相对人名称",
    "统一社会信用代码",
    "处罚决定书文号",
    "处罚决定日期",
    "处罚内容",
    "处罚机关",
    "更新时间",
]


def penalties(count=12):
    return [
        [
            str(n + 1), f"静河恒瑞{'甲乙丙丁'[n % 4]}号商贸有限公司", make_code(500 + n), f"静市监罚字〔2024〕第{n + 1:03d}号",
            f"2024/3/{n + 1}", "罚款人民币伍仟元整", "静河区市场监督管理局", "2024-06-01 10:11:12",
        ]
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=[str(argument) for argument in arguments])


@pytest.fixture
def put(tmp_path):
    def write(name, rows):
        path = tmp_path / name
        with path.open("w", encoding="gb18030", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return path

    return write


def test_infer_answers_in_json_under_the_promised_names(run, put):
    path = put("静河区处罚.csv", [["静河区行政处罚台账"], [], HEADER, *penalties()])
    told = json.loads(run("sources", "infer", path, "--json").stdout)
    assert (told["container"], told["encoding"], told["header_row"], told["rows"]) == ("csv", "gb18030", 2, 12)
    assert told["item"] == "penalty"
    assert told["natural_key"][0] == "subject"
    assert {column["header"]: column["means"] for column in told["columns"]}["更新时间"] == "ignore"


def test_an_undescribed_file_is_collected_and_it_is_said_so(run, put):
    path = put("静河区处罚.csv", [HEADER, *penalties()])
    done = run("collect", "file", path, "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["received"] == 12
    assert report["received"] == sum(
        report[key] for key in ("accepted", "unchanged", "superseded", "parked", "rejected")
    )
    assert report["rejected"] == 0
    assert report["source"] == "inferred-静河区处罚"
    assert "按推断的描述采集" in done.stderr


def test_what_is_wanting_is_named_and_a_corrected_description_collects(run, put, tmp_path):
    rows = [[row[1], row[2], row[3], row[4]] for row in penalties()]
    path = put("处罚清单.csv", [[HEADER[place] for place in (1, 2, 3, 4)], *rows])
    refused = run("collect", "file", path)
    assert refused.exit_code == 1
    assert "处罚机关" in refused.stderr
    description = tmp_path / "corrected.yaml"
    assert run("sources", "infer", path, "-o", description).exit_code == 0
    description.write_text(description.read_text("utf-8") + "constants: {authority: 静河区市场监督管理局}\n", "utf-8")
    done = run("collect", "file", path, "--source", description, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["rejected"] == 0


def test_a_file_without_a_subject_is_refused(run, put):
    path = put("处罚.csv", [["序号", "案件名称"], *[[str(n), f"关于某地块违法建设一案{n}"] for n in range(9)]])
    refused = run("collect", "file", path)
    assert refused.exit_code == 1
    assert "主体列" in refused.stderr
    assert "Traceback" not in refused.output
