"""From rows to drafts: identity, facts, keys, faults; and no citizen number anywhere it must not be."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.catalogue import load_catalogue
from credit.collection.carriers.files import open_table
from credit.collection.description import check_description, read_description
from credit.collection.mapping import compile_mapping
from credit.collection.quality import check_draft
from credit.errors import FileRefused
from credit.publication import load_rule_pack
from models.terms import Severity, SubjectKind

TODAY = date(2026, 11, 20)
ROOT = Path(__file__).parents[3]
CATALOGUE = load_catalogue()
PACK = load_rule_pack(sorted((ROOT / "credit/reference/rules").glob("*.yaml"))[-1])
CODE, OTHER, TRADER = "91310106MA1FY0T61W", "91310106MA7XK0Q20E", "92310106MA1K0A1B08"
NUMBER = "440524188001010014"

HEADER = ["名称", "类别", "代码", "证件", "文号", "内容", "罚款", "没收", "决定日", "截止", "机关", "机关代码"]
MEANS = [
    "name", "subject_kind", "uscc", "id_no", "doc_no", "penalty_content", "fine", "confiscated", "decision_date",
    "publication_end", "authority", "authority_code",
]  # fmt: skip
GOOD = ["晨光食品有限公司", "", CODE, "", "罚〔2025〕1号", "罚款5000元", "0.5", "", "2025-03-04", "", "市监局", ""]


def describe(item="penalty", header=HEADER, means=MEANS, **settings):
    columns = [
        {"column": h, "means": m, **({"unit": "万元"} if m in ("fine", "confiscated") else {})}
        for h, m in zip(header, means, strict=True)
    ]
    return read_description(
        {
            "name": "t",
            "title": "测试",
            "department": "市监局",
            "carrier": "files",
            "item": item,
            "columns": columns,
            **settings,
        }
    )


def mapped(row, description=None, header=HEADER):
    description = description or describe(fine_from=["penalty_content"])
    item = check_description(description, CATALOGUE)
    return compile_mapping(description, item, CATALOGUE, PACK, TODAY, header)(row, 7)


def changed(**cells):
    row = list(GOOD)
    for name, value in cells.items():
        row[HEADER.index(name)] = value
    return row


def fault_of(row, **options):
    result = mapped(row, **options)
    assert result.draft is None and result.faults
    return result.faults[0].code


def test_a_sound_row():
    draft = mapped(GOOD).draft
    assert (draft.row_number, draft.item, draft.subject.code) == (7, "penalty", CODE)
    assert draft.subject.kind is SubjectKind.enterprise
    assert draft.amount == 500_000 and draft.payload["fine"] == 500_000
    assert draft.held_from == date(2025, 3, 4) and draft.payload["decision_date"] == "2025-03-04"
    assert draft.natural_key == (CODE, "罚(2025)1号", "市监局", "2025-03-04")
    assert check_draft(draft, CATALOGUE.items["penalty"], TODAY) == ()


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"代码": CODE[:-1] + "X"}, "CHECKSUM"), ({"代码": CODE[:-1]}, "FORMAT"), ({"代码": CODE + "1"}, "FORMAT"),
        ({"代码": "91310106MA1FYOT61W"}, "FORMAT"), ({"代码": "9131010\u0410MA1FY0T61W"}, "FORMAT"),
        ({"代码": "9.131E+17"}, "CODE_RUINED_BY_EXCEL"), ({"代码": "9.11111E+17"}, "CODE_RUINED_BY_EXCEL"),
        ({"代码": "9131************"}, "CODE_MASKED"), ({"代码": "3101**************"}, "PERSON_NOT_IDENTIFIED"),
        ({"代码": NUMBER}, "PERSON_NOT_IDENTIFIED"), ({"代码": NUMBER + "02"}, "PERSON_NOT_IDENTIFIED"),
        ({"代码": "310106600101531000"}, "PERSON_NOT_IDENTIFIED"),
        ({"名称": "王*明", "代码": ""}, "PERSON_NOT_IDENTIFIED"), ({"名称": "孙**", "代码": ""}, "PERSON_NOT_IDENTIFIED"),
        ({"名称": "王某", "代码": "", "证件": NUMBER}, "PERSON_NOT_IDENTIFIED"),
        ({"名称": "王大明", "类别": "自然人", "代码": "", "证件": "440524********0014"}, "PERSON_NOT_IDENTIFIED"),
        ({"名称": ""}, "NAME_MISSING"), ({"名称": "/", "代码": ""}, "NAME_MISSING"),
        ({"名称": f"公司{NUMBER}"}, "NUMBER_IN_NAME"), ({"名称": "长" * 300}, "TEXT_TOO_LONG"),
        ({"名称": "甲\x00乙公司"}, "TEXT_CONTROL"), ({"名称": "甲\ud800乙公司"}, "TEXT_CONTROL"),
        ({"文号": "/"}, "REQUIRED_MISSING"), ({"决定日": ""}, "REQUIRED_MISSING"), ({"机关": "无"}, "REQUIRED_MISSING"),
        ({"决定日": "2025-02-30"}, "DATE_IMPOSSIBLE"), ({"决定日": "1900/1/0"}, "DATE_IMPOSSIBLE"),
        ({"决定日": "2026-11-21"}, "DATE_IN_FUTURE"), ({"决定日": "2099-12-31"}, "DATE_IN_FUTURE"),
        ({"决定日": "1931-02-03"}, "DATE_TOO_EARLY"), ({"决定日": "2025"}, "DATE_INCOMPLETE"),
        ({"罚款": "五千"}, "AMOUNT_FORMAT"), ({"罚款": "-1"}, "AMOUNT_NEGATIVE"), ({"罚款": "5000"}, "AMOUNT_CONTRADICTS_TEXT"),
        ({"罚款": "3万美元"}, "AMOUNT_FOREIGN"), ({"机关代码": "113"}, "FORMAT"),
    ],
)  # fmt: skip
def test_faults_have_their_codes_and_never_repeat_the_value(cells, code):
    result = mapped(changed(**cells))
    assert [fault.code for fault in result.faults][:1] == [code]
    for fault in result.faults:
        assert fault.message and not any(value in fault.message for value in cells.values() if len(value) > 3)


@pytest.mark.parametrize(
    "code",
    [
        "９１３１０１０６ＭＡ１ＦＹ０Ｔ６１Ｗ",
        CODE.lower(),
        f" {CODE}\n",
        f"{CODE}\u200b",
        "91310106-MA1FY0T6-1W",
        f"\ufeff{CODE}\xa0",
    ],
)
def test_codes_are_normalised_once_and_kept_raw(code):
    result = mapped(changed(代码=code))
    assert result.draft.subject.code == CODE
    assert code in result.raw


def test_shape_of_rows():
    assert fault_of(GOOD[:-1]) == "ROW_SHAPE"
    assert fault_of([*GOOD, "x"]) == "ROW_SHAPE"
    assert mapped([*GOOD, ""]).draft is not None


def test_persons_only_with_a_whole_number_and_only_where_the_item_allows():
    row = changed(名称="王大明", 类别="自然人", 代码="", 证件=NUMBER)
    draft = mapped(row).draft
    assert draft.subject.kind is SubjectKind.person and draft.subject.number == NUMBER and draft.subject.code is None
    organisations_only = describe(
        "inspection", ["名称", "代码", "结果", "日", "机关"], ["name", "uscc", "result", "decision_date", "authority"]
    )
    result = mapped(
        ["王大明", NUMBER, "合格", "2025-01-01", "局"], organisations_only, ["名称", "代码", "结果", "日", "机关"]
    )
    assert result.faults[0].code == "PERSON_NOT_IN_ITEM"


def test_an_old_number_is_upgraded():
    draft = mapped(changed(名称="王大明", 类别="自然人", 代码="", 证件="310106800101001")).draft
    assert draft.subject.number == "31010619800101001X"


def test_a_shop_sign_with_a_code_is_no_person():
    draft = mapped(changed(名称="潮牛道", 类别="个体工商户", 代码=TRADER)).draft
    assert draft.subject.kind is SubjectKind.individual_business
    assert mapped(changed(名称="王*明", 代码=TRADER)).draft.subject.code == TRADER


@settings(max_examples=400)
@given(
    st.sampled_from(HEADER),
    st.sampled_from(
        [
            "{}",
            "身份证{}号",
            "{}02",
            "{}00",
            "（{}）",
            "{} ",
            "\u200b{}",
            "440524 1880 0101 0014",
            "４４０５２４１８８００１０１００１４",
        ]
    ),
    st.sampled_from(["晨光食品有限公司", "王大明", "晨光小卖部"]),
    st.sampled_from(["", CODE]),
)
def test_no_citizen_number_leaves_the_subject(column, wrapping, name, code):
    row = changed(名称=name, 代码=code)
    row[HEADER.index(column)] = wrapping.format(NUMBER)
    result = mapped(row)
    shown = str(result.raw) + str(result.faults)
    if result.draft:
        shown += str(result.draft._replace(subject=result.draft.subject._replace(number=None)))
        assert result.draft.subject.code != NUMBER
    for trace in (NUMBER, "0014", "４４０５２４１８８００１０１００１４"):
        assert trace not in shown


@pytest.mark.parametrize(
    ("text", "means", "scheme"),
    [
        ("110105567506111", "tax_no", None), ("310106000000018", "reg_no", "reg_no"), ("310106000000018", "uscc", "reg_no"),
        ("600037341", "org_code", "org_code"), ("110105600037341", "tax_no", "tax_no"),
        ("110105600037341000", "tax_no", "tax_no"),
    ],
)  # fmt: skip
def test_older_identifiers(text, means, scheme):
    header = ["名称", "码", "文号", "日", "机关"]
    description = describe("penalty", header, ["name", means, "doc_no", "decision_date", "authority"])
    result = mapped(["晨光食品有限公司", text, "1号", "2025-01-01", "局"], description, header)
    if scheme is None:
        assert result.draft is None
    else:
        assert scheme in dict(result.draft.subject.identifiers)


def test_one_decision_on_several_parties_has_several_keys():
    one, two = mapped(GOOD).draft, mapped(changed(代码=OTHER, 名称="远山科技有限公司")).draft
    assert one.natural_key != two.natural_key


def test_brackets_do_not_make_another_document():
    assert (
        mapped(changed(文号="罚（2025）1号")).draft.natural_key
        == mapped(changed(文号="罚(2025) 1号")).draft.natural_key
    )


def test_no_end_is_no_day():
    header = ["名称", "荣誉", "自", "至"]
    description = describe("honour", header, ["name", "content", "valid_from", "valid_until"])
    draft = mapped(["晨光食品有限公司", "称号", "2025-01-01", "2099-12-31"], description, header).draft
    assert draft.held_until is None and draft.held_from == date(2025, 1, 1)
    assert (
        mapped(["晨光食品有限公司", "称号", "2025-01-01", "2024-01-01"], description, header).faults[0].code
        == "DATE_ORDER"
    )


def test_no_end_may_be_written_as_the_last_year_of_all():
    header = ["名称", "荣誉", "至"]
    description = describe("honour", header, ["name", "content", "valid_until"])
    assert mapped(["晨光食品有限公司", "称号", "9999-12-31"], description, header).draft.held_until is None
    assert mapped(["晨光食品有限公司", "称号", "8888-12-31"], description, header).faults[0].code == "DATE_IN_FUTURE"


def test_a_fact_nothing_tells_apart_is_refused():
    header = ["名称", "备注"]
    description = describe("listing", header, ["name", "remark"], list_code="market-serious")
    assert mapped(["晨光食品有限公司", "x"], description, header).faults[0].code == "KEY_MISSING"


def test_vocabulary():
    header = ["名称", "等级", "机关", "年"]
    columns = [
        {"column": "名称", "means": "name"}, {"column": "等级", "means": "grade", "vocabulary": {"良（A）": "A", "合格": "B"}},
        {"column": "机关", "means": "authority"}, {"column": "年", "means": "year"},
    ]  # fmt: skip
    description = read_description(
        {"name": "g", "title": "评级", "department": "d", "carrier": "files", "item": "grade", "columns": columns}
    )
    assert mapped(["某有限公司", "合格", "局", "2019"], description, header).draft.payload["grade"] == "B"
    assert mapped(["某有限公司", "优", "局", "2019"], description, header).faults[0].code == "VALUE_UNKNOWN"


def test_headers_missing_twice_and_unnamed():
    with pytest.raises(FileRefused, match="机关"):
        mapped(GOOD, header=[*HEADER[:10], "x", "y"])
    with pytest.raises(FileRefused, match="2"):
        mapped([*GOOD, ""], header=[*HEADER, "名称"])
    result = mapped([*GOOD, "秘密"], header=[*HEADER, "备用"])
    assert "秘密" not in str(result)


def test_reordered_columns_give_the_same_draft():
    order = list(range(len(HEADER)))[::-1]
    assert mapped([GOOD[i] for i in order], header=[HEADER[i] for i in order]).draft == mapped(GOOD).draft


def test_formulas_are_text_and_negative_numbers_numbers():
    draft = mapped(changed(内容="=cmd|' /C calc'!A0", 罚款="")).draft
    assert draft.payload["penalty_content"] == "=cmd|' /C calc'!A0" and "fine" not in draft.payload


def test_rare_names_round_trip():
    for name in ("㐂𠮷䶮珠宝有限公司", "豈⼀有限公司", "艾力·买买提商店"):
        assert mapped(changed(名称=name)).draft.subject.name == name


def test_the_good_sample_file():
    header = [
        "行政相对人名称",
        "行政相对人类别",
        "统一社会信用代码",
        "证件号码",
        "处罚决定书文号",
        "违法行为类型",
        "处罚内容",
    ]
    header += ["罚款金额（万元）", "处罚决定日期", "公示截止期", "处罚机关"]
    means = ["name", "subject_kind", "uscc", "id_no", "doc_no", "violation", "penalty_content", "fine", "decision_date"]
    description = describe("penalty", header, [*means, "publication_end", "authority"], fine_from=["penalty_content"])
    item = check_description(description, CATALOGUE)
    with open_table(ROOT / "tests/samples/penalties_good.csv", description) as table:
        map_row = compile_mapping(description, item, CATALOGUE, PACK, TODAY, table.header)
        drafts = [
            map_row(row, n).draft for page in table.pages() for n, row in enumerate(page.rows, page.first_row_number)
        ]
    assert [draft.subject.kind for draft in drafts] == [
        SubjectKind.enterprise, SubjectKind.enterprise, SubjectKind.individual_business, SubjectKind.person
    ]  # fmt: skip
    assert [draft.amount for draft in drafts] == [500_000, 2_000_000, None, 20_000]
    assert [draft.publish_limit for draft in drafts] == [date(2026, 3, 4), None, None, None]
    assert [draft.row_number for draft in drafts] == [2, 3, 4, 5]


def test_what_is_too_long_is_a_fault_not_a_crash():
    assert fault_of(changed(内容="长" * 20_001)) == "TEXT_TOO_LONG"
    assert fault_of(changed(决定日="1" * 100_000)) == "TEXT_TOO_LONG"
    assert fault_of(changed(代码="9" * 100_000)) == "FORMAT"


def test_former_names_go_with_the_subject():
    header = ["新名", "旧名", "代码", "日期"]
    description = describe("registration", header, ["name", "former_name", "uscc", "decision_date"])
    draft = mapped(["新有限公司", "旧有限公司", CODE, "2025-01-01"], description, header).draft
    assert draft.subject.former_names == ("旧有限公司",) and "former_name" not in draft.payload


def test_capital_keeps_its_words_and_is_counted_where_it_is_in_yuan():
    header = ["名称", "代码", "注册资金"]
    description = describe("registration", header, ["name", "uscc", "amount"])
    yuan = mapped(["甲有限公司", CODE, "1,000(万元人民币)"], description, header).draft
    dollars = mapped(["甲有限公司", CODE, "100(万美元)"], description, header).draft
    assert (yuan.amount, yuan.payload["amount"]) == (1_000_000_000, "1,000(万元人民币)")
    assert (dollars.amount, dollars.payload["amount"]) == (None, "100(万美元)")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("100(万美元)", "USD"), ("3,000.50 HKD", "HKD"), ("€5000", "EUR"), ("$7", "XXX"), ("3万日元", "JPY")],
)
@pytest.mark.parametrize("remark", ["", "分期支付"])
def test_a_foreign_amount_is_not_converted_and_its_words_are_kept(text, kept, remark):
    header = ["名称", "代码", "合同编号", "合同", "金额", "备注"]
    means = ["name", "uscc", "doc_no", "content", "amount", "remark"]
    contract = describe("contract", header, means)
    result = mapped(["甲公司", CODE, "合〔2026〕1号", "供货", text, remark], contract, header)
    assert result.faults == ()
    assert "amount" not in result.draft.payload and result.draft.amount is None
    assert result.draft.payload["remark"] == "；".join([*([remark] if remark else []), f"金额（{kept}）：{text}"])


def test_what_is_required_or_a_fine_is_refused_in_a_foreign_currency():
    header = ["名称", "代码", "税种", "余额", "文号", "机关", "日期"]
    means = ["name", "uscc", "content", "amount", "doc_no", "authority", "decision_date"]
    arrears = describe("tax_arrears", header, means)
    row = ["甲公司", CODE, "增值税", "3万美元", "告〔2026〕1号", "区税务局", "2026-03-02"]
    assert [fault.code for fault in mapped(row, arrears, header).faults] == ["AMOUNT_FOREIGN"]


def test_severity_is_classified_for_penalties():
    assert mapped(changed(内容="吊销许可证", 罚款="")).draft.severity is Severity.serious
    assert mapped(GOOD).draft.severity is not None


def test_a_name_replaced_by_its_code_is_read_as_the_code():
    header = ["企业名称"]
    description = describe("listing", header, ["name"], list_code="abnormal-operation", natural_key=["subject", "list"])
    draft = mapped([f"{CODE}（该企业名称已被登记机关认定为不适宜）"], description, header).draft
    assert draft.subject.code == CODE and draft.natural_key == (CODE, "abnormal-operation")


ODD_CELLS = ["", "/", "2025-01-01", "0.5", "自然人", "王大明", "甲公司", "9.1E+17", "\x00", "\ud800"]


@settings(max_examples=300)
@given(
    st.lists(
        st.text(max_size=30)
        | st.sampled_from(
            ["", "/", CODE, NUMBER, "2025-01-01", "0.5", "自然人", "王大明", "甲公司", "9.1E+17", "\x00", "\ud800"]
        ),
        min_size=len(HEADER),
        max_size=len(HEADER),
    )
)
def test_whatever_the_cells_hold_there_is_a_draft_or_a_fault(row):
    result = mapped(row)
    assert bool(result.draft) != bool(result.faults)
    assert len(result.raw) == len(HEADER)
