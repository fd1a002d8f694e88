"""The entry desk: typed, checked, reviewed by somebody else, sent through the one door; corrected, withdrawn, reported zero."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.clock import district_day
from credit.catalogue import MARKET, load_catalogue
from credit.collection.description import check_description
from credit.collection.entry_form import entry_description, form_fields, source_name
from credit.collection.periods import period_before, period_of
from credit.list_kinds import load_list_kinds
from models.collection import Delivery, ParkedRow, Source
from models.entry import EntryDraft, ZeroReport
from models.records import CurrentRecord, Record, RecordEvent
from tests.factories import make_code, make_department, make_number

TYPED = {
    "name": "上海填报测试有限公司", "uscc": make_code(80_001), "doc_no": "沪填罚〔2026〕1号", "decision_date": "2026-03-02",
    "authority": "区城管执法局", "penalty_kind": "罚款", "penalty_content": "罚款2000元", "fine": "2000",
}  # fmt: skip
WHY = {"reason": "录入有误", "document_number": "沪填更〔2026〕1号"}


@pytest.fixture
def office(session):
    department = make_department(session, slug="cgj", name="区城管执法局")
    session.commit()
    return department


@pytest.fixture
def clerk(page_client, office):
    return page_client("department", department_id=office.id, display_name="填报甲")


@pytest.fixture
def reviewer(page_client, office):
    return page_client("department", department_id=office.id, display_name="复核乙")


def start(clerk, item="penalty", **changes):
    clerk.get(f"/console/entry/items/{item}")
    answer = clerk.post(f"/console/entry/items/{item}", {**TYPED, **changes})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def step(browser, draft, ending="", **data):
    browser.get(draft)
    return browser.post(draft + ending, data)


def send(clerk, reviewer, draft):
    handed = step(clerk, draft, "/review")
    assert handed.status_code == 303, handed.text
    answer = step(reviewer, draft, "/decision", decision="send")
    assert answer.status_code == 303, answer.text
    return draft


@pytest.mark.parametrize("code", sorted(c for c, item in load_catalogue().items.items() if item.category != MARKET))
def test_every_item_has_a_form_that_fits_the_catalogue(code):
    catalogue, kinds = load_catalogue(), load_list_kinds()
    item = catalogue.items[code]
    kind = next(iter(kinds.values())) if item.list_codes else None
    form = entry_description(
        item, department="区局", department_code=None, slug="ju", cadence="monthly", list_kind=kind
    )
    check_description(form, catalogue)
    labels = [column.column for column in form.columns]
    assert len(set(labels)) == len(labels)
    assert {field.name for field in form_fields(item)} >= set(item.open_fields) | {"name", "uscc"}


def test_names_of_sources_are_bounded_and_differ():
    long = [source_name("d" * 12, "listing", f"{'serious-' * 6}{number}") for number in range(3)]
    assert all(len(name) <= 64 for name in long)
    assert len(set(long)) == 3
    assert source_name("cgj", "penalty", None) == "entry-cgj-penalty"


def test_from_draft_to_record(clerk, reviewer, session):
    draft = start(clerk)
    assert session.query(Record).count() == 0
    session.commit()
    send(clerk, reviewer, draft)
    (record,) = session.query(Record).all()
    assert (record.document_number, record.amount, record.payload["fine"]) == ("沪填罚〔2026〕1号", 200_000, 200_000)
    source = session.get(Source, record.source_id)
    assert (source.name, source.title, source.carrier) == ("entry-cgj-penalty", "在线填报：行政处罚", "push")
    page = clerk.get(draft).text
    assert "已报送" in page
    assert "复核乙" in page
    assert "已入库" in page


def test_the_author_cannot_review(clerk, reviewer, session):
    draft = start(clerk)
    step(clerk, draft, "/review")
    assert "同意报送" not in clerk.get(draft).text
    assert step(clerk, draft, "/decision", decision="send").status_code == 403
    assert session.query(Record).count() == 0


def test_whoever_wrote_any_of_it_cannot_review(clerk, reviewer, session):
    draft = start(clerk)
    assert step(reviewer, draft, **{**TYPED, "remark": "补充"}).status_code == 303
    step(clerk, draft, "/review")
    assert step(reviewer, draft, "/decision", decision="send").status_code == 403
    assert session.query(Delivery).count() == 0


def test_in_review_nothing_changes_and_nothing_is_sent_twice(clerk, reviewer, session):
    draft = start(clerk)
    step(clerk, draft, "/review")
    assert step(clerk, draft, **{**TYPED, "fine": "1"}).status_code == 409
    assert step(clerk, draft, "/discard").status_code == 409
    assert step(reviewer, draft, "/decision", decision="send").status_code == 303
    assert step(reviewer, draft, "/decision", decision="send").status_code == 409
    assert session.query(Delivery).count() == 1


def test_reviewers_at_once_send_a_draft_once(clerk, page_client, office, session):
    draft = start(clerk)
    step(clerk, draft, "/review")
    reviewers = [page_client("department", department_id=office.id) for _number in range(6)]
    for browser in reviewers:
        browser.get(draft)
    session.commit()
    with ThreadPoolExecutor(6) as pool:
        answers = pool.map(lambda browser: browser.post(f"{draft}/decision", {"decision": "send"}), reviewers)
        codes = sorted(answer.status_code for answer in answers)
    assert codes == [303] + [409] * 5
    assert session.query(Delivery).count() == 1


def test_a_reviewer_returns_a_draft_with_a_note(clerk, reviewer):
    draft = start(clerk)
    step(clerk, draft, "/review")
    assert step(reviewer, draft, "/decision", decision="return", note="").status_code == 422
    assert step(reviewer, draft, "/decision", decision="return", note="文号请核对").status_code == 303
    assert "文号请核对" in clerk.get(draft).text
    assert step(clerk, draft, **TYPED).status_code == 303


FAULTS = [
    ({"decision_date": "昨天"}, "日期格式无法识别"), ({"decision_date": ""}, "必填项为空"), ({"name": ""}, "主体名称为空"),
    ({"uscc": "91310199X"}, "代码"), ({"fine": "很多"}, "金额无法识别"),
]  # fmt: skip


def test_faults_are_told_before_review(clerk):
    for change, message in FAULTS:
        draft = start(clerk, **change)
        assert message in clerk.get(draft).text
        answer = step(clerk, draft, "/review")
        assert answer.status_code == 422
        assert message in answer.text


def test_a_person_s_number_is_taken_and_never_shown(clerk, reviewer, session):
    number = make_number(21)
    draft = start(clerk, name="赵大山", uscc="", subject_kind="自然人", id_no=number)
    for browser in (clerk, reviewer):
        assert number not in browser.get(draft).text
    assert number.encode() not in bytes(session.query(EntryDraft).one().rows_sealed)
    session.commit()
    person = {**TYPED, "name": "赵大山", "uscc": "", "subject_kind": "自然人", "id_no": "", "remark": f"证件{number}"}
    assert step(clerk, draft, **person).status_code == 303
    assert number not in clerk.get(draft).text
    send(clerk, reviewer, draft)
    assert number not in clerk.get(draft).text
    (record,) = session.query(Record).all()
    assert number not in str(record.payload)
    assert record.linked_by == "number"


def test_a_template_is_filled_and_uploaded(clerk, reviewer, session):
    template = clerk.get("/console/entry/items/penalty/template.csv")
    assert template.get_data().startswith(b"\xef\xbb\xbf")
    (header,) = csv.reader(io.StringIO(template.text.removeprefix("\ufeff")))
    names = {field.label: field.name for field in form_fields(load_catalogue().items["penalty"])}
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    for number in range(3):
        row = {**TYPED, "uscc": make_code(81_000 + number), "doc_no": f"沪填罚〔2026〕{number}号"}
        writer.writerow([row.get(names[label], "") for label in header])
    clerk.get("/console/entry/items/penalty")
    file = (io.BytesIO(buffer.getvalue().encode("gb18030")), "penalty.csv")
    answer = clerk.post("/console/entry/items/penalty", {"file": file}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    send(clerk, reviewer, answer.headers["Location"])
    assert session.query(Record).count() == 3


@pytest.mark.parametrize("body", ["名称,心情\n甲,好\n", "", "=1\n", '"'])
def test_a_wrong_template_is_refused(clerk, session, body):
    clerk.get("/console/entry/items/penalty")
    file = (io.BytesIO(body.encode()), "../../x.csv")
    answer = clerk.post("/console/entry/items/penalty", {"file": file}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert session.query(EntryDraft).count() == 0


def test_a_sent_record_is_corrected(clerk, reviewer, session):
    draft = send(clerk, reviewer, start(clerk))
    answer = step(clerk, draft, "/corrections", row="1", **WHY)
    assert answer.status_code == 303, answer.text
    correction = answer.headers["Location"]
    assert "录入有误" in clerk.get(correction).text
    assert step(clerk, correction, **{**TYPED, "penalty_content": "罚款3000元", "fine": "3000"}).status_code == 303
    send(clerk, reviewer, correction)
    assert [record.amount for record in session.query(Record).order_by(Record.id)] == [200_000, 300_000]
    (head,) = session.query(CurrentRecord).all()
    assert session.get(Record, head.record_id).amount == 300_000


@pytest.mark.parametrize(
    "change", [{"doc_no": "另一文号"}, {"uscc": make_code(80_002)}, {"decision_date": "2026-03-03"}]
)
def test_a_correction_keeps_subject_and_key(clerk, reviewer, change):
    draft = send(clerk, reviewer, start(clerk))
    correction = step(clerk, draft, "/corrections", row="1", **WHY).headers["Location"]
    step(clerk, correction, **{**TYPED, **change})
    answer = step(clerk, correction, "/review")
    assert answer.status_code == 409
    assert "识别内容" in answer.text


def test_a_sent_record_is_withdrawn_and_stays_so(clerk, reviewer, session):
    draft = send(clerk, reviewer, start(clerk))
    assert step(clerk, draft, "/withdrawals", row="1", **WHY).status_code == 303
    event = session.query(RecordEvent).filter_by(kind="withdrawn").one()
    assert (event.facts["document_number"], "录入有误" in event.cause) == ("沪填更〔2026〕1号", True)
    assert session.query(CurrentRecord).one().standing == "withdrawn"
    session.commit()
    assert "已撤回" in clerk.get(draft).text
    assert step(clerk, draft, "/withdrawals", row="1", **WHY).status_code == 409
    assert step(clerk, draft, "/corrections", row="1", **WHY).status_code == 409
    send(clerk, reviewer, start(clerk, penalty_content="罚款2000元，再次报送"))
    assert session.query(CurrentRecord).one().standing == "withdrawn"


REFUSED_CHANGES = [
    ({"row": "1", "reason": "", "document_number": "x"}, 422), ({"row": "1", "reason": "x", "document_number": " "}, 422),
    ({"row": "2", **WHY}, 404), ({"row": "-1", **WHY}, 404), ({"row": "x", **WHY}, 404), ({**WHY}, 404),
    ({"row": "1", "reason": "x" * 201, "document_number": "x"}, 422),
]  # fmt: skip


@pytest.mark.parametrize("ending", ["/withdrawals", "/corrections"])
def test_changes_refused(clerk, reviewer, session, ending):
    draft = send(clerk, reviewer, start(clerk))
    for data, status in REFUSED_CHANGES:
        assert step(clerk, draft, ending, **data).status_code == status, data
    assert session.query(RecordEvent).filter_by(kind="withdrawn").count() == 0


def test_a_row_that_waits_for_its_subject_is_taken_off(clerk, reviewer, session):
    draft = send(clerk, reviewer, start(clerk, uscc=""))
    assert "待关联" in clerk.get(draft).text
    assert step(clerk, draft, "/withdrawals", row="1", **WHY).status_code == 303
    assert session.query(ParkedRow).one().settled_at is not None
    session.commit()
    send(clerk, reviewer, start(clerk, doc_no="沪填罚〔2026〕2号"))
    assert [record.document_number for record in session.query(Record)] == ["沪填罚〔2026〕2号"]


def test_no_department_sees_another_s_desk(clerk, reviewer, page_client, session):
    draft = send(clerk, reviewer, start(clerk))
    stranger = page_client("department")
    assert stranger.get(draft).status_code == 404
    stranger.get("/console/entry")
    for ending in ("", "/review", "/decision", "/discard", "/corrections", "/withdrawals"):
        assert stranger.post(draft + ending, {**TYPED, **WHY, "row": "1", "decision": "send"}).status_code == 404, (
            ending
        )
    assert TYPED["name"] not in stranger.get("/console/entry").text
    assert session.query(RecordEvent).count() == 0


@pytest.mark.parametrize(
    "item", ["nothing", "listing", "market_evaluation", "penalty?list=nothing", "penalty?list=x%00"]
)
def test_no_such_form(clerk, item):
    assert clerk.get(f"/console/entry/items/{item}").status_code in {400, 404}


def test_a_list_has_a_form_of_its_own(clerk, reviewer, session):
    code = next(code for code, kind in load_list_kinds().items() if kind.kind == "punishment")
    clerk.get(f"/console/entry/items/listing?list={code}")
    typed = {
        "name": TYPED["name"],
        "uscc": TYPED["uscc"],
        "doc_no": "认1",
        "decision_date": "2026-03-02",
        "authority": "区局",
    }
    answer = clerk.post("/console/entry/items/listing", {**typed, "list": code})
    assert answer.status_code == 303, answer.text
    send(clerk, reviewer, answer.headers["Location"])
    assert session.query(Record).one().list_code == code


def test_a_discarded_draft_is_gone(clerk, session):
    draft = start(clerk)
    assert step(clerk, draft, "/discard").status_code == 303
    assert TYPED["name"] not in clerk.get(draft).text
    assert draft not in clerk.get("/console/entry").text


def test_zero_report_on_the_board_ends_the_silence(clerk, reviewer, session, monkeypatch):
    send(clerk, reviewer, start(clerk))
    delivery = session.query(Delivery).one()
    delivery.received_at = delivery.received_at.replace(year=delivery.received_at.year - 1)
    session.commit()
    period = period_before("weekly", period_of("weekly", district_day())).code
    page = clerk.get("/console/entry").text
    assert f'value="{period}"' in page
    asked = {"source": "entry-cgj-penalty", "period": period}
    assert clerk.post("/console/entry/zero-reports", asked).status_code == 303
    page = clerk.get("/console/entry").text
    assert f'value="{period}"' not in page
    assert f"{period} 零报告已登记" in page
    assert session.query(ZeroReport).one().reported_by == "填报甲"
    session.commit()
    assert clerk.post("/console/entry/zero-reports", asked).status_code == 409
    assert (
        clerk.post("/console/entry/zero-reports", {"source": "sample-penalties", "period": period}).status_code == 404
    )


def test_forms_without_the_mark_of_the_session_are_refused(clerk):
    draft = start(clerk)
    assert clerk.client.post(draft + "/review").status_code == 400
    assert clerk.client.post("/console/entry/zero-reports").status_code == 400


def test_markup_in_rows_is_text(clerk):
    draft = start(clerk, name="<script>alert(1)</script>有限公司", remark='"><img src=x>')
    page = clerk.get(draft).text
    assert "<script>" not in page
    assert "<img" not in page
