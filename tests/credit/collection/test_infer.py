"""A description proposed for files nobody described: on invented files, worded as cities do that we never saw."""

import csv
import json
import random
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from credit.catalogue import MEANINGS, load_catalogue
from credit.collection.description import read_description
from credit.collection.infer import infer_file
from credit.collection.infer_columns import belongs
from credit.collection.infer_describe import UNKNOWN_DEPARTMENT, describe, source_name, usable
from credit.collection.infer_headers import read_header, strip_header
from credit.collection.infer_samples import mask_value
from credit.collection.infer_table import sniff_delimiter
from credit.collection.infer_values import kinds_of, profile_column
from credit.errors import DescriptionInvalid, FileRefused

sys.path.insert(0, str(Path(__file__).parent))
from invented import JUDGED, LAYOUTS, make_rows

from tests.factories import make_code

CATALOGUE = load_catalogue()
PERSON_NUMBER = "440524188001010014"


def put(path, rows, encoding="utf-8", delimiter=","):
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def means_of(inference):
    return {column.index: column.means for column in inference.columns}


def judge(layout, inference):
    """Right, wrong and missed columns, and errors above 0.9."""
    found = {column.index: column for column in inference.columns}
    right = wrong = missed = sure = 0
    for place, (_, truth, _) in enumerate(layout):
        column = found.get(place)
        means = column.means if column else "ignore"
        if truth == "any" or (means not in JUDGED and truth not in JUDGED):
            continue
        right += means == truth
        wrong += means != truth and means in JUDGED
        missed += means != truth and truth in JUDGED
        sure += means != truth and column is not None and column.confidence >= 0.9
    return right, wrong, missed, sure


@pytest.mark.parametrize("change", ["as it is", "titles", "shuffled", "gb18030", "tabs", "xls-like names"])
def test_invented_files_with_a_header(tmp_path, change):
    totals = [0, 0, 0, 0]
    items = 0
    for number, (name, (item, layout)) in enumerate(LAYOUTS.items()):
        chosen, rows_above = list(layout), []
        if change == "shuffled":
            random.Random(number).shuffle(chosen)
        if change == "titles":
            rows_above = [["某区有关信息公示台账"], ["填报单位：某区某局（盖章）"], []]
        header, rows = make_rows(chosen)
        if change == "xls-like names":
            header = [
                f"{cell[:2]}\n{cell[2:]}\u200b(文字类型 *必填项)" if not cell.isascii() else cell for cell in header
            ]
        path = put(
            tmp_path / name, [*rows_above, header, *rows],
            "gb18030" if change == "gb18030" else "utf-8", "\t" if change == "tabs" else ",",
        )  # fmt: skip
        inference = infer_file(path, CATALOGUE)
        assert inference.header_row == len(rows_above), name
        assert inference.encoding == ("gb18030" if change == "gb18030" else "utf-8")
        assert inference.rows == len(rows)
        totals = [a + b for a, b in zip(totals, judge(chosen, inference), strict=True)]
        items += inference.item == item
    right, wrong, missed, sure = totals
    assert right / (right + wrong) >= 0.99, totals
    assert right / (right + missed) >= 0.97, totals
    assert sure == 0
    assert items >= 0.95 * len(LAYOUTS)


def test_invented_files_without_a_header(tmp_path):
    right = wrong = missed = sure = items = 0
    for name, (item, layout) in LAYOUTS.items():
        _, rows = make_rows(layout)
        inference = infer_file(put(tmp_path / name, rows), CATALOGUE)
        assert inference.header_row is None, name
        a, b, c, d = judge(layout, inference)
        right, wrong, missed, sure = right + a, wrong + b, missed + c, sure + d
        items += inference.item == item
    assert right / (right + wrong) >= 0.94, (right, wrong, missed)
    assert right / (right + missed) >= 0.89, (right, wrong, missed)
    assert sure == 0
    assert items >= 0.9 * len(LAYOUTS)


@pytest.mark.parametrize(
    ("header", "means"),
    [
        ("处罚机关统一社会信用代码", "authority_code"),
        ("行政相对人代码_1(统一社会信用代码)", "uscc"),
        ("行政相对人代码_2（工商注册号）", "reg_no"),
        ("数据来源单位统一社会信用代码", "source_code"),
        ("法定代表人证件号码", "ignore"),
        ("被检查单位负责人身份证号", "ignore"),
        ("行政相对人\n名称(文字类型)", "name"),
        ("许可/处罚行政相对人名称", "name"),
        ("企业法定代表人", "legal_rep"),
        ("更新时间", "ignore"),
        ("数据入库时间", "ignore"),
        ("公示日期", "publish_date"),
        ("公示截止期", "publication_end"),
        ("税务登记日期", "decision_date"),
        ("不公示原因", "ignore"),
        ("主体身份代码", "ignore"),
        ("Unnamed: 3", None),
        ("", None),
        ("/", None),
        ("罚款金额（万元）", "fine"),
    ],
)
def test_headers_specific_before_general(header, means):
    assert read_header(header).means == means


def test_a_unit_in_the_header_is_read_apart():
    assert strip_header("罚款金额\n（万元）") == ("罚款金额", "万元")
    assert strip_header("欠税余额(元)")[1] == "元"
    assert strip_header("单元")[1] is None


@given(st.text(max_size=80))
def test_any_header_is_read(text):
    reading = read_header(text)
    assert reading.means is None or reading.means in MEANINGS
    assert 0 <= reading.strength <= 1


@given(st.text(max_size=200))
def test_any_value_is_read(text):
    kinds_of(text)
    mask_value(text, "name")


def test_values_overrule_a_name(tmp_path):
    header, rows = make_rows([("行政相对人", "", "firm"), ("证件号码", "", "uscc"), ("检查日期", "", "day"),
                              ("检查结果", "", "result"), ("检查机关", "", "office")])  # fmt: skip
    inference = infer_file(put(tmp_path / "检查.csv", [header, *rows]), CATALOGUE)
    assert means_of(inference)[1] == "uscc"


def test_a_header_that_lies_gives_no_identity(tmp_path):
    rows = [[f"静河恒瑞{i}商贸有限公司", "11310106002450013P", "文明示范单位"] for i in range(30)]
    inference = infer_file(put(tmp_path / "荣誉表彰.csv", [["机构名称", "信用代码", "荣誉名称"], *rows]), CATALOGUE)
    assert "uscc" not in means_of(inference).values()


def test_names_moved_by_one_column_are_read_by_their_values(tmp_path):
    header, rows = make_rows([("行政相对人名称", "", "firm"), ("处罚文书号", "", "penalty_no"), ("处罚决定日期", "", "day"),
                              ("处罚机关", "", "office"), ("数据来源单位", "", "none"),
                              ("数据来源单位统一社会信用代码", "", "office"), ("备注", "", "office_code")])  # fmt: skip
    found = means_of(infer_file(put(tmp_path / "处罚.csv", [header, *rows]), CATALOGUE))
    assert found[5] == "source_unit"
    assert found[6] == "source_code"


def test_a_header_of_two_rows(tmp_path):
    _, rows = make_rows(
        [("", "", "serial"), ("", "", "firm"), ("", "", "penalty_no"), ("", "", "day"), ("", "", "office")]
    )
    above = ["序号", "行政相对人名称", "处罚信息", "", ""]
    below = ["", "", "文书号", "决定日期", "处罚机关"]
    inference = infer_file(put(tmp_path / "某局处罚.csv", [["某局处罚台账"], above, below, *rows]), CATALOGUE)
    assert inference.header_row == 2
    assert [means_of(inference)[place] for place in range(1, 5)] == ["name", "doc_no", "decision_date", "authority"]


def test_unit_is_checked_against_the_words(tmp_path):
    for kind, unit in (("fine_wan", "万元"), ("fine_yuan", "元")):
        header, rows = make_rows([("当事人名称", "", "firm"), ("罚款金额", "", kind), ("处罚内容", "", "penalty_text")])
        assert infer_file(put(tmp_path / f"{kind}.csv", [header, *rows]), CATALOGUE).amount_unit == unit


def test_the_owner_of_the_code_is_the_subject():
    codes = [make_code(1), make_code(1), make_code(2), make_code(2)]
    assert belongs(["甲公司", "甲公司", "乙公司", "乙公司"], codes) > belongs(["张*", "李*", "王*", "赵*"], codes)


def test_footnotes_and_empty_columns_do_not_count(tmp_path):
    header, rows = make_rows([("序号", "", "serial"), ("企业名称", "", "firm"), ("统一社会信用代码", "", "uscc")])
    wide = [[*row, *[""] * 200] for row in [header, *rows]]
    inference = infer_file(
        put(tmp_path / "名单.csv", [*wide, ["注：以上数据截至上月底。"], ["填报人：张三"]]), CATALOGUE
    )
    assert inference.rows == len(rows)
    assert inference.footer == 2
    assert len(inference.columns) == 3


def test_json_and_contract_keys(tmp_path):
    header, rows = make_rows(LAYOUTS["失信被执行人名单.csv"][1])
    path = tmp_path / "失信被执行人.json"
    path.write_text(
        json.dumps([dict(zip(header, row, strict=True)) for row in rows], ensure_ascii=False), encoding="utf-8"
    )
    told = infer_file(path, CATALOGUE).as_json()
    assert list(told) == [
        "container", "encoding", "header_row", "columns", "item", "subject_kinds", "natural_key", "amount_unit", "rows",
    ]  # fmt: skip
    assert (told["container"], told["header_row"], told["rows"], told["item"]) == ("json", 0, 40, "listing")
    assert set(told["columns"][0]) == {"index", "header", "means", "confidence", "runner_up", "samples"}
    assert told["natural_key"][0] == "subject"


def test_samples_are_masked(tmp_path):
    rows = [
        [
            f"赵某{'甲乙丙丁'[i % 4]}",
            PERSON_NUMBER,
            f"2024-01-0{i % 9 + 1}",
            f"王大明{i}在店内无证经营被当场查获，予以处罚",
        ]
        for i in range(20)
    ]
    header = ["被处罚人姓名", "身份证号码", "处罚日期", "违法事实"]
    inference = infer_file(put(tmp_path / "个人处罚.csv", [header, *rows]), CATALOGUE)
    shown = (
        json.dumps(inference.as_json(), ensure_ascii=False) + describe(inference, "个人处罚.csv", CATALOGUE).as_yaml()
    )
    assert PERSON_NUMBER not in shown
    assert "王大明" not in shown
    assert means_of(inference)[1] == "id_no"


def test_every_invented_file_becomes_a_description_or_says_what_is_wanting(tmp_path):
    taken = 0
    for name, (_, layout) in LAYOUTS.items():
        header, rows = make_rows(layout)
        proposal = describe(infer_file(put(tmp_path / name, [header, *rows]), CATALOGUE), name, CATALOGUE)
        written = read_description(yaml.safe_load(proposal.as_yaml())) if proposal.content.get("item") else None
        if proposal.wanting:
            with pytest.raises(DescriptionInvalid, match="需人工确认"):
                usable(proposal, CATALOGUE)
            continue
        taken += 1
        assert usable(proposal, CATALOGUE) == written
        assert proposal.content["natural_key"][0] == "subject"
    assert taken >= 25


def test_nothing_is_guessed_where_no_column_names_a_subject(tmp_path):
    rows = [[str(i), f"关于某地块违法建设一案第{i}号"] for i in range(20)]
    proposal = describe(
        infer_file(put(tmp_path / "处罚.csv", [["序号", "案件名称"], *rows]), CATALOGUE), "处罚.csv", CATALOGUE
    )
    assert any("主体列" in reason for reason in proposal.wanting)
    assert proposal.content["department"] == UNKNOWN_DEPARTMENT


def test_source_names_come_from_file_names():
    assert source_name("密云区+2024+处罚 信息.csv") == "inferred-密云区-2024-处罚-信息"
    assert len(source_name("长" * 200 + ".csv")) <= 64


def test_delimiters():
    assert sniff_delimiter("a;b;c\n1;2;3\n4;5;6\n") == ";"
    assert sniff_delimiter("甲有限公司\n乙有限公司\n") == ","
    assert sniff_delimiter('id,x\n1,"a\tb\tc\n\td"\n2,"e\tf"\n') == ","


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "坏.csv"
    path.write_bytes("名称,代码\n甲".encode("gb18030") + b"\xff\xff,1\n")
    with pytest.raises(FileRefused):
        infer_file(path, CATALOGUE)


def test_profile_shares():
    profile = profile_column(["2021-03-04", "2021/3/5", "", "无", "***"])
    assert (profile.rows, profile.filled, profile.share("date")) == (5, 2, 1.0)


def spoil(rows, layout, draw):
    """Rows as they come: a third blank, codes masked or ruined, persons among firms, days in several styles."""
    spoiled = {
        "uscc": ["9.11E+17", "3101**************", "310106000000018"],
        "name": ["王*明", "孙**", "张某某", "潮牛道"],
        "decision_date": ["2021.3.4", "45302", "2022年3月", "2021/13/1"],
    }
    for row in rows:
        for place, (_, truth, _) in enumerate(layout):
            chance = draw.random()
            if chance < 0.3:
                row[place] = draw.choice(["", "/", "无", "***", "—"])
            elif truth in spoiled and chance < 0.42:
                row[place] = draw.choice(spoiled[truth])
    return rows


def test_spoiled_rows_below_titles_and_a_blank_row(tmp_path):
    draw = random.Random(3)
    totals = [0, 0, 0, 0]
    for name, (_, layout) in LAYOUTS.items():
        header, rows = make_rows(layout, 80)
        table = [["关于公开台账的通知"], [], header, [], *spoil(rows, layout, draw)]
        inference = infer_file(put(tmp_path / name, table), CATALOGUE)
        assert inference.header_row == 2, name
        totals = [a + b for a, b in zip(totals, judge(layout, inference), strict=True)]
    right, wrong, missed, sure = totals
    assert right / (right + wrong) >= 0.99, totals
    assert right / (right + missed) >= 0.97, totals
    assert sure == 0


def test_an_item_that_rests_on_values_alone_is_for_a_person(tmp_path):
    columns = [
        ("", "", "firm"),
        ("", "", "uscc"),
        ("", "", "penalty_no"),
        ("", "", "day"),
        ("", "", "penalty_text"),
        ("", "", "office"),
    ]
    _, rows = make_rows(columns)
    for name, wanting in (("data.csv", 1), ("某局处罚.csv", 0)):
        proposal = describe(infer_file(put(tmp_path / name, rows), CATALOGUE), name, CATALOGUE)
        assert proposal.inference.item == "penalty"
        assert len(proposal.wanting) == wanting
