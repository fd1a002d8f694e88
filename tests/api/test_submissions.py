"""Rows pushed by a department's program: taken once, answered like a file, seen by nobody but its department."""

import csv
import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from credit.collection.batches import plain, register_source
from credit.collection.description import Column, Description, load_descriptions
from credit.collection.own_sources import restore_description
from credit.collection.push import named_columns
from credit.exports import inert_cell
from models.collection import Delivery, Source
from models.records import CurrentRecord, Record
from models.terms import DeliveryMode
from tests.factories import make_code, make_department, make_number

ADDRESS = "/api/v1/submissions/sample-penalties"
OFFICE = "示范区市场监督管理局"
NONE = dict.fromkeys(("received", "accepted", "unchanged", "superseded", "parked", "rejected"), 0)


def chinese_row(number=1, **changes):
    row = {
        "行政相对人名称": f"上海推送测试{number}有限公司",
        "行政相对人代码_1(统一社会信用代码)": make_code(70_000 + number),
        "行政处罚决定书文号": f"沪推罚〔2026〕{number}号",
        "处罚类别": "罚款",
        "处罚内容": "罚款2000元",
        "罚款金额（万元）": 0.2,
        "处罚决定日期": "2026-03-02",
        "处罚机关": "区市场监督管理局",
    }
    return {**row, **changes}


def coded_row(number=1, **changes):
    row = {
        "CF_XDR_MC": f"上海推送测试{number}有限公司", "CF_XDR_LB": "法人及非法人组织", "CF_XDR_SHXYM": make_code(70_000 + number),
        "CF_XDR_GSZC": "", "CF_XDR_SYDW": None, "CF_FRDB": "张某", "CF_FR_ZJHM": make_number(7),
        "CF_WSH": f"沪推罚〔2026〕{number}号",
        "CF_WFXW": "违法", "CF_SY": "事实", "CF_YJ": "依据", "CF_CFLB": "罚款", "CF_NR": "罚款2000元", "CF_NR_FK": "0.2",
        "CF_JDRQ": "2026/03/02", "CF_YXQ": "2099-12-31", "CF_CFJG": "区市场监督管理局", "CF_SJLY": "区局", "BZ": "",
    }  # fmt: skip
    return {**row, **changes}


@pytest.fixture
def office(session):
    department = make_department(session, slug="scjg", name=OFFICE)
    session.commit()
    return department


@pytest.fixture
def pusher(as_client, office):
    return as_client("department", department_id=office.id)


def push(client, rows, address=ADDRESS, key=None):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(address, json={"rows": rows}, headers=headers)


def counts(answer):
    return {
        name: answer.json[name] for name in ("received", "accepted", "unchanged", "superseded", "parked", "rejected")
    }


def test_rows_by_the_own_column_names(pusher, session):
    answer = push(pusher, [chinese_row(1), chinese_row(2), chinese_row(3, 处罚决定日期="不明")])
    assert answer.status_code == 201, answer.text
    assert counts(answer) == {**NONE, "received": 3, "accepted": 2, "rejected": 1}
    assert answer.json["by_fault"] == {"DATE_FORMAT": 1}
    assert set(answer.json) == {
        "source", "batch", "received", "accepted", "unchanged", "superseded", "parked", "rejected", "by_fault",
        "columns_dropped", "records_made", "repeated",
    }  # fmt: skip
    assert {row.amount for row in session.query(Record).all()} == {200_000}


@pytest.mark.parametrize(
    "row",
    [
        coded_row(),
        {key.lower(): value for key, value in coded_row().items()},
        {
            "CF_WSH": "沪推罚〔2026〕1号", "CF_CFMC": "案件", "CF_CFLB1": "罚款", "CF_CFLB2": "", "CF_SY": "事实",
            "CF_YJ": "依据", "CF_XDR_MC": "上海推送测试1有限公司", "CF_XDR_SHXYM": make_code(70_001),
            "CF_XDR_ZDM": "", "CF_XDR_GSDJ": "",
            "CF_XDR_SWDJ": "", "CF_XDR_SFZ": "", "CF_FR": "张某", "CF_JG": "罚款贰仟元整", "CF_JDRQ": "20260302",
            "CF_XZJG": "区市场监督管理局", "CF_ZT": "0", "DFBM": "310199", "SJC": "2026/03/05", "BZ": "",
        },
    ],
    ids=["2018", "2018 in small letters", "2015"],
)  # fmt: skip
def test_the_publicity_codes_are_accepted_as_they_are(pusher, session, row):
    answer = push(pusher, [row])
    assert counts(answer)["accepted"] == 1, answer.text
    (record,) = session.query(Record).all()
    assert (record.amount, record.document_number) == (200_000, "沪推罚〔2026〕1号")
    assert make_number(7) not in json.dumps(record.payload)
    assert (
        session.query(Source).filter_by(name="sample-penalties").one().description["columns"][0]["column"]
        == "行政相对人名称"
    )


def test_the_same_decision_in_both_layouts_is_one_record(pusher, session):
    push(pusher, [chinese_row(1)])
    push(pusher, [coded_row(1)])
    assert {row.record_key for row in session.query(Record).all()} == {session.query(Record).first().record_key}


def test_what_a_row_of_2015_says_of_itself(pusher, session):
    """撤销 ends the fact, a narrower use is carried, 异议 and 其他 are for a person to decide."""
    code = make_code()
    row = {"CF_XDR_MC": "上海推送有限公司", "CF_XDR_SHXYM": code, "CF_JDRQ": "2016-01-05", "CF_XZJG": "局"}
    first, second = {**row, "CF_WSH": "甲1", "CF_ZT": "0", "CF_SYFW": "0"}, {**row, "CF_WSH": "甲2", "CF_SYFW": "1"}
    assert counts(push(pusher, [first, second]))["accepted"] == 2
    assert {head.disclosure for head in session.query(CurrentRecord)} == {"public", "government"}
    session.commit()
    answer = push(pusher, [{**first, "CF_ZT": "1"}, {**row, "CF_WSH": "甲3", "CF_ZT": "2"}, {**second, "CF_SYFW": "9"}])
    assert counts(answer) == {**NONE, "received": 3, "superseded": 1, "rejected": 2}
    assert answer.json["by_fault"] == {"STAMP_UNREADABLE": 2}
    assert sorted(head.standing for head in session.query(CurrentRecord)) != ["valid", "valid"]


def test_licences_of_both_layouts(pusher, session):
    new = {
        "XK_XDR_MC": "上海推送许可有限公司", "XK_XDR_LB": "法人及非法人组织", "XK_XDR_SHXYM": make_code(),
        "XK_XKWS": "准予许可决定书",
        "XK_WSH": "许1", "XK_XKLB": "普通", "XK_XKZS": "食品经营许可证", "XK_XKBH": "JY1",
        "XK_NR": "食品销售", "XK_JDRQ": "2026-01-05",
        "XK_YXQZ": "2026-01-05", "XK_YXQZI": "2031-01-04", "XK_XKJG": "区局", "XK_ZT": 1, "XK_LYDW": "区局", "BZ": "",
    }  # fmt: skip
    old = {
        "XK_WSH": "许2", "XK_XMMC": "项目", "XK_SPLB": "普通", "XK_NR": "内容", "XK_XDR": "上海推送许可有限公司",
        "XK_XDR_SHXYM": new["XK_XDR_SHXYM"], "XK_FR": "张某", "XK_JDRQ": "2016-01-05", "XK_JZQ": "2030-01-01", "XK_XZJG": "区局",
        "XK_ZT": "0", "DFBM": "310199", "SJC": "2016/01/05", "BZ": "",
    }  # fmt: skip
    for row in (new, old):
        assert counts(push(pusher, [row], "/api/v1/submissions/sample-licences"))["accepted"] == 1
    assert session.query(Record).count() == 2


def test_a_layout_serves_any_department_as_its_own_source(as_client, session):
    school, fire = (
        make_department(session, slug="edu", name="区教育局"),
        make_department(session, slug="fire", name="区消防"),
    )
    session.commit()
    for department in (school, fire):
        client = as_client("department", department_id=department.id)
        answer = push(client, [coded_row(department.id)], "/api/v1/submissions/publicity-penalty-2018")
        assert answer.status_code == 201, answer.text
        assert answer.json["source"] == f"publicity-penalty-2018-{department.slug}"
        assert session.query(Source).filter_by(name=answer.json["source"]).one().department_id == department.id
        session.commit()
    stranger = as_client("department", department_id=fire.id)
    assert push(stranger, [coded_row(9)], "/api/v1/submissions/publicity-penalty-2018-edu").status_code == 404


@pytest.mark.parametrize("source", ["sample-penalties", "no-such-source", "sample-tax-arrears"])
def test_only_sources_of_the_own_department(as_client, session, source):
    other = make_department(session, slug="other", name="区别的局")
    session.commit()
    answer = push(as_client("department", department_id=other.id), [chinese_row()], f"/api/v1/submissions/{source}")
    assert (answer.status_code, answer.json["type"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("rows", "status", "field"),
    [
        ([chinese_row(1), chinese_row(2, 心情="好")], 422, "rows.2.心情"),
        ([{**chinese_row(1), make_number(3): "x"}], 422, None),
        ([{**coded_row(), "行政相对人名称": "混用"}], 422, "rows.1.行政相对人名称"),
        ([chinese_row(1, recorded_at="2026-01-01")], 422, "rows.1.recorded_at"),
        ([chinese_row(1, 处罚内容=["a"])], 422, "rows.1.处罚内容"),
        ([chinese_row(1, 处罚内容=True)], 422, "rows.1.处罚内容"),
        ([coded_row(1, cf_wsh="两次")], 422, "rows.1"),
        (["text"], 422, "rows.1"),
        ([], 422, "rows"),
        ([{}] * 5001, 413, None),
    ],
)
def test_what_refuses_the_whole_submission(pusher, session, rows, status, field):
    answer = push(pusher, rows)
    assert answer.status_code == status, answer.text
    assert make_number(3) not in answer.text
    if field is not None:
        assert answer.json["faults"][0]["field"] == field
    assert session.query(Delivery).count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[[[[" * 50_000, 400), (b'{"rows":[{"a":NaN}]}', 400), (b'{"rows":[{"a":1e999}]}', 400),
        (b'{"rows":[{"a":1,"a":2}]}', 400), (b'{"rows":[{"a":' + b"9" * 5000 + b"}]}", 400), (b"\xff\xfe", 400),
        (b'{"rows":[{"a":"\\u0000"}]}', 422), (b'{"rows":[{"a":"\\ud800"}]}', 422), (b'{"rows":{}}', 422), (b"null", 422),
        (b'{"rows":[],"more":1}', 422), (b"{}", 422), (b'"x"', 422),
    ],
)  # fmt: skip
def test_nasty_json(pusher, body, status):
    answer = pusher.post(ADDRESS, data=body, content_type="application/json")
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"


def test_other_content_types_and_large_bodies(pusher):
    assert pusher.post(ADDRESS, data=b"x", content_type="application/xml").status_code == 415
    assert (
        pusher.post(ADDRESS, data=b"[" + b" " * 34_000_000 + b"]", content_type="application/json").status_code == 413
    )


def test_a_full_batch_is_taken(pusher):
    rows = [coded_row(number, CF_SY="事实" * 100) for number in range(5000)]
    answer = push(pusher, rows)
    assert counts(answer)["accepted"] == 5000, answer.text[:300]


def as_csv(rows, encoding="utf-8-sig"):
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode(encoding)


def zipped(body):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("pushed.csv", body)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("make", [chinese_row, coded_row])
def test_csv(pusher, make, encoding):
    body = as_csv([make(1), make(2)], encoding)
    answer = pusher.post(ADDRESS, data=body, content_type="text/csv")
    assert counts(answer)["accepted"] == 2, answer.text
    again = pusher.post(ADDRESS, data=body, content_type="text/csv")
    assert (again.json["repeated"], again.json["unchanged"], again.json["batch"]) == (True, 2, answer.json["batch"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422), ("名称,名称\na,b\n".encode(), 422), ("心情\n好\n".encode(), 422), ('名称\n"未闭合\n'.encode(), 422),
        (b"PK\x03\x04nonsense", 422), (zipped(as_csv([coded_row()])), 422),
        (b"CF_WSH\na\x00b\n", 422), (b"CF_WSH,CF_SY\na\n", 422),
    ],
)  # fmt: skip
def test_csv_refused(pusher, body, status):
    answer = pusher.post(ADDRESS, data=body, content_type="text/csv; charset=utf-8")
    assert answer.status_code == status, answer.text


def test_sixteen_at_once_have_one_effect_and_one_answer(app, as_client, office, session, as_enquirer, token_for):
    token = token_for(as_enquirer("department", department_id=office.id))
    rows = [chinese_row(number) for number in range(20)]

    def send(_number):
        client = app.test_client()
        headers = {"Idempotency-Key": "k-1", "Authorization": f"Bearer {token}"}
        return client.post(ADDRESS, json={"rows": rows}, headers=headers)

    session.commit()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.get_data() for answer in answers}) == 1
    assert session.query(Record).count() == 20
    assert session.query(Delivery).count() == 1


def test_keys(pusher, session):
    first = push(pusher, [chinese_row(1)], key="k-1")
    assert push(pusher, [chinese_row(1)], key="k-1").json == first.json
    other = push(pusher, [chinese_row(2)], key="k-1")
    assert (other.status_code, other.json["type"]) == (422, "idempotency-mismatch")
    assert push(pusher, [chinese_row(1)], key="k-2").json["unchanged"] == 1
    assert session.query(Record).count() == 1


def test_a_value_may_turn_back_under_a_new_key(pusher, session):
    for key, content in (("a", "罚款2000元"), ("b", "罚款2000元，责令改正"), ("c", "罚款2000元")):
        push(pusher, [chinese_row(1, 处罚内容=content)], key=key)
    session.commit()
    newest = session.query(Record).order_by(Record.id.desc()).first()
    assert (session.query(Record).count(), newest.payload["penalty_content"]) == (3, "罚款2000元")


def test_a_batch_and_its_rejections_come_back(pusher):
    number = make_number(11)
    row = chinese_row(1, 处罚决定日期="不明", 备注=f"=HYPERLINK(1) {number}", 证件号码=number)
    pushed = push(pusher, [chinese_row(2), row]).json
    batch = pusher.get(f"/api/v1/batches/{pushed['batch']}").json
    assert {name: batch[name] for name in ("source", "received", "rejected", "state")} == {
        "source": "sample-penalties", "received": 2, "rejected": 1, "state": "closed",
    }  # fmt: skip
    page = pusher.get(f"/api/v1/batches/{pushed['batch']}/rejections")
    (item,) = page.json["items"]
    assert item["row"] == 2
    assert item["faults"][0]["code"] == "DATE_FORMAT"
    assert item["content"]["处罚决定日期"] == "不明"
    table = pusher.get(f"/api/v1/batches/{pushed['batch']}/rejections?format=csv")
    assert table.content_type == "text/csv; charset=utf-8"
    header, line = csv.reader(io.StringIO(table.text.removeprefix("\ufeff")))
    assert header[:4] == ["行号", "问题栏目", "问题代码", "问题说明"]
    assert line[header.index("备注")].startswith("'=HYPERLINK(1) ")
    for text in (page.text, table.text):
        assert number not in text
    asked = pusher.get(f"/api/v1/batches/{pushed['batch']}/rejections", headers={"Accept": "text/csv"})
    assert asked.text == table.text


def test_rejections_page_and_a_clean_batch(pusher):
    pushed = push(pusher, [chinese_row(n, 处罚决定日期="不明") for n in range(5)]).json
    address, seen, cursor = f"/api/v1/batches/{pushed['batch']}/rejections", [], ""
    while cursor is not None:
        page = pusher.get(f"{address}?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [item["row"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [1, 2, 3, 4, 5]
    clean = push(pusher, [chinese_row(9)]).json["batch"]
    assert pusher.get(f"/api/v1/batches/{clean}/rejections").json == {"items": [], "next_cursor": None}
    assert pusher.get(f"/api/v1/batches/{clean}/rejections?format=csv").text.startswith("\ufeff行号")


def test_no_department_reads_another_s_batch(pusher, as_client):
    batch = push(pusher, [chinese_row(1, 处罚决定日期="不明")]).json["batch"]
    stranger = as_client("department")
    for ending in ("", "/rejections", "/rejections?format=csv"):
        address = f"/api/v1/batches/{batch}{ending}"
        theirs, nothing = stranger.get(address), stranger.get(address.replace(batch, "z" * 26))
        assert (theirs.status_code, nothing.status_code) == (404, 404)
        assert theirs.json["detail"] == nothing.json["detail"]
        assert pusher.get(address).status_code == 200


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=999", "?limit=-1", "?page=2", "?cursor=x", "?format=xlsx", "?limit=1&limit=2"]
)
def test_parameters_refused(pusher, query):
    batch = push(pusher, [chinese_row(1)]).json["batch"]
    assert pusher.get(f"/api/v1/batches/{batch}/rejections{query}").status_code == 400


def test_a_number_in_the_address(pusher):
    answer = pusher.get(f"/api/v1/batches/{make_number(5)}")
    assert (answer.status_code, answer.json["type"]) == (422, "number-in-address")
    assert make_number(5) not in answer.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"), ("+1+1", "'+1+1"), ("-1+1", "'-1+1"), ("@SUM(1)", "'@SUM(1)"), ("\t=1", "'\t=1"), ("＝1", "'＝1"),
        ("＠a", "'＠a"), (" =1", "' =1"), ("\u3000=1", "'\u3000=1"), ("\r=1", "'\r=1"), ("-12.50", "-12.50"), ("-3", "-3"),
        ("", ""),
        ("普通", "普通"), ("a=1", "a=1"), ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
    ],
)  # fmt: skip
def test_cells_are_inert(text, expected):
    assert inert_cell(text) == expected


@pytest.mark.parametrize("description", load_descriptions(), ids=lambda each: each.name)
def test_a_kept_description_is_the_same_again(description):
    kept = json.loads(json.dumps(plain(description)))
    assert plain(restore_description(kept)) == kept


def keep_source(session, department, **changes):
    """A source described on the way (by inference), by place alone where it has no header."""
    columns = (Column("name", index=0), Column("uscc", index=1), Column("doc_no", "文号", 3, written="文号"),
               Column("decision_date", "日期", 7, written="日期"))  # fmt: skip
    description = Description(
        "inferred-1",
        "推断的来源",
        department.name,
        "files",
        "penalty",
        columns,
        constants={"authority": "区局"},
        **changes,
    )
    register_source(session, description)
    session.commit()


def test_rows_for_a_source_that_was_described_on_the_way(pusher, office, session):
    keep_source(session, office, delivery=DeliveryMode.full)
    kept = session.query(Source).one().description
    session.commit()
    rows = [{"第1列": "上海推送测试有限公司", "第2列": make_code(), "文号": "沪1", "日期": "2026-03-02"}]
    answer = push(pusher, rows, "/api/v1/submissions/inferred-1")
    assert counts(answer)["accepted"] == 1, answer.text
    assert session.query(Source).one().description == kept
    assert session.query(Delivery).one().mode == "incremental"


def test_a_disabled_source_and_the_desk_s_own_take_nothing(pusher, office, session):
    keep_source(session, office)
    session.query(Source).one().disabled = True
    session.commit()
    assert push(pusher, [{"文号": "沪1"}], "/api/v1/submissions/inferred-1").status_code == 409
    source = session.query(Source).one()
    source.name, source.disabled = "entry-scjg-penalty", False
    session.commit()
    assert push(pusher, [{"文号": "沪1"}], "/api/v1/submissions/entry-scjg-penalty").status_code == 404


@pytest.mark.parametrize("description", load_descriptions(), ids=lambda each: each.name)
def test_every_source_can_be_pushed_by_its_own_names(description):
    columns = named_columns(description.columns)
    names = [column.column for column in columns]
    assert [column.means for column in columns] == [column.means for column in description.columns]
    assert len(set(names)) == len(names) == len([name for name in names if name])
