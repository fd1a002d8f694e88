"""The public pages: what they say, what they refuse, and that nothing of a name or a number comes back as something else."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from credit.drafts import SubjectDraft
from credit.records import change_standing
from models.issued import IssuedReport
from models.records import Record
from models.terms import EventKind, Severity, SubjectKind
from reports import issue
from tests.conftest import NOW, TODAY
from tests.factories import make_code, make_enterprise, make_listing, make_number, make_person, make_record

MARKUP = '<img src=x onerror="alert(1)"><b>晨星</b>'


@pytest.fixture
def firm(session):
    subject = make_enterprise(session, name="上海晨星测试有限公司")
    session.commit()
    return subject


def drafted(firm):
    return SubjectDraft(SubjectKind.enterprise, firm.name, firm.code)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("/", "企业名称或统一社会信用代码"),
        ("/search", "查信用"),
        ("/lists", "严重失信主体名单"),
        ("/lists/tax-class-a", "纳税信用A级纳税人"),
        ("/verify", "验证码"),
        ("/about", "异议申诉"),
        ("/sign-in", "动态口令"),
    ],
)
def test_pages_answer(client, address, text):
    answer = client.get(address)
    assert answer.status_code == 200
    assert text in answer.text
    assert '<html lang="zh-CN">' in answer.text
    assert 'class="skip" href="#content"' in answer.text


def test_terms_on_the_page_are_those_in_force(client, deployment):
    page = client.get("/about").text
    for name, term in deployment.rules.workdays.items():
        if name.startswith(("objection_", "repair_")):
            assert term.meaning in page
            assert f">{term.days}</td>" in page
    assert "信用修复管理办法（国家发展改革委令第36号）" in page
    assert "依据待核实" in page


def test_home_tells_what_is_held(client, firm):
    page = client.get("/").text
    assert "<b>1</b> 家主体" in page


def test_search_by_half_a_name_leads_to_the_firm(client, firm):
    page = client.get("/search?name=晨星").text
    assert firm.name in page
    assert f'href="/subjects/{firm.code}"' in page


def test_a_former_name_is_found_and_said(client, session, firm):
    renamed = SubjectDraft(SubjectKind.enterprise, "上海暮云有限公司", firm.code)
    make_record(session, "registration", subject=renamed, held_from=TODAY)
    session.commit()
    assert "曾用名 上海晨星测试有限公司" in client.get("/search?name=晨星").text


def test_an_empty_result_says_what_was_searched(client, firm):
    answer = client.get("/search?name=不存在")
    assert answer.status_code == 200
    assert "未查到名称含“不存在”的组织" in answer.text
    assert "已检索 1 家组织" in answer.text


def test_search_pages_on_and_ends(client, session):
    for number in range(23):
        make_enterprise(session, name=f"上海翻页{number:02d}号有限公司")
    session.commit()
    address, seen = "/search?name=翻页", []
    while address:
        page = client.get(address).text
        seen += [number for number in range(23) if f"上海翻页{number:02d}号" in page]
        following = page.partition('href="/search?name=%E7%BF%BB%E9%A1%B5&amp;cursor=')[2].partition('"')[0]
        address = f"/search?name=翻页&cursor={following}" if following else ""
    assert sorted(seen) == list(range(23))


@pytest.mark.parametrize("typed", ["{}", " {} ", "{:.4} {}"])
def test_a_code_typed_leads_to_its_page(client, firm, typed):
    text = typed.format(firm.code) if typed.count("{") == 1 else f"{firm.code[:4]} {firm.code[4:]}".lower()
    answer = client.get("/search", query_string={"name": text})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/subjects/{firm.code}")


@pytest.mark.parametrize(
    ("typed", "status"), [("晨", 400), ("晨" * 500, 400), ("%_", 200), ("' OR 1=1 --", 200), ("晨星&cursor=!!", 400)]
)
def test_odd_searches_are_answered_on_the_page(client, firm, typed, status):
    name, _, cursor = typed.partition("&cursor=")
    answer = client.get("/search", query_string={"name": name, **({"cursor": cursor} if cursor else {})})
    assert answer.status_code == status
    assert 'role="search"' in answer.text
    assert firm.name not in answer.text


@pytest.mark.parametrize("form", ["plain", "grouped", "in a text", "full width"])
def test_a_citizen_number_is_refused_and_never_repeated(client, deployment, caplog, form):
    number = make_number()
    typed = {
        "plain": number,
        "grouped": f"{number[:6]} {number[6:14]} {number[14:]}",
        "in a text": f"赵某某{number}",
        "full width": "".join(chr(ord(one) + 0xFEE0) for one in number),
    }[form]
    answer = client.get("/search", query_string={"name": typed})
    assert answer.status_code == 422
    assert "请勿输入公民身份号码" in answer.text
    for place in (answer.text, answer.headers.get("Location", ""), caplog.text):
        assert number not in place
        assert number[6:14] not in place
    assert deployment.enquiry_log.length() == 0


def test_a_subject_page_says_where_from_and_how_fresh(client, session, deployment, firm):
    make_record(
        session, "penalty", subject=drafted(firm), document_number="沪测罚〔2026〕9号", severity=Severity.general,
        amount=200000, payload={"violation": "测试违法事实", "fine": 200000, "authority": "区市场监督管理局"},
    )  # fmt: skip
    make_listing(
        session, "tax-serious", subject=drafted(firm), document_number="沪税失〔2026〕1号", authority="区税务局"
    )
    session.commit()
    page = client.get(f"/subjects/{firm.code}").text
    for text in (firm.name, firm.code, "企业", "沪测罚〔2026〕9号", "2,000.00 元", "一般", "测试违法事实"):
        assert text in page
    assert "列入严重失信主体名单：重大税收违法失信主体" in page
    assert "沪税失〔2026〕1号" in page
    assert "来源 区市场监督管理局 · 决定 2026-03-02 · 更新 2026-11-20" in page
    assert "以下类别须授权或依职责查询" in page
    assert "评价日期" not in page
    assert deployment.enquiry_log.length() == 1


def test_an_objection_is_marked_and_a_repair_leaves_no_trace(client, session, firm):
    make_record(
        session, "penalty", subject=drafted(firm), document_number="沪测罚〔2026〕9号", severity=Severity.general
    )
    session.commit()
    key = session.execute(select(Record.record_key).where(Record.document_number == "沪测罚〔2026〕9号")).scalar_one()
    known = {"effective_on": TODAY, "known_at": NOW, "actor": "测试"}
    change_standing(session, key, EventKind.objected, cause="异议", **known)
    session.commit()
    page = client.get(f"/subjects/{firm.code}").text
    assert "异议处理中 1 项" in page
    assert "行政处罚（沪测罚〔2026〕9号）" in page
    change_standing(session, key, EventKind.repaired, cause="修复", **known)
    session.commit()
    page = client.get(f"/subjects/{firm.code}").text
    assert "沪测罚〔2026〕9号" not in page
    assert "异议处理中" not in page
    assert "修复完成" not in page


def test_the_rights_line_is_the_same_for_every_subject(client, session, firm):
    other = make_enterprise(session)
    make_record(session, "tax_arrears", subject=drafted(other))
    session.commit()
    lines = {
        client.get(f"/subjects/{code}").text.partition("以下类别须授权")[2].partition("</div>")[0]
        for code in (firm.code, other.code)
    }
    assert len(lines) == 1


def test_markup_in_names_stays_text(client, session):
    subject = make_enterprise(session, name=MARKUP)
    make_record(session, "penalty", subject=drafted(subject), document_number=MARKUP, payload={"violation": MARKUP})
    make_listing(session, "tax-class-a", subject=drafted(subject), authority=MARKUP, document_number=MARKUP)
    session.commit()
    for address in (f"/subjects/{subject.code}", "/search?name=晨星", "/lists/tax-class-a", f"/search?name={MARKUP}"):
        page = client.get(address).text
        assert "<img" not in page
        assert "<b>晨星" not in page
        assert "&lt;img" in page


def test_a_person_is_not_there_for_the_public(client, session):
    person = make_person(session)
    session.commit()
    unknown = client.get(f"/subjects/{'a' * 26}")
    known = client.get(f"/subjects/{person.ref}")
    assert (known.status_code, unknown.status_code) == (404, 404)
    assert known.text == unknown.text


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        (make_code(77), 404, "查无此主体"),
        (make_code(77)[:-1] + "I", 422, "代码无效"),
        ("44052418800101001X", 422, "请勿输入"),
    ],
)
def test_codes_that_lead_nowhere_are_explained(client, code, status, text):
    answer = client.get(f"/subjects/{code}")
    assert answer.status_code == status
    assert text in answer.text
    assert 'role="search"' in answer.text
    assert "44052418800101001" not in answer.text


def test_a_list_shows_firms_with_links_and_persons_masked(client, session, firm):
    make_listing(session, "judgment-debtor", subject=drafted(firm), authority="区人民法院")
    number = make_number()
    person = SubjectDraft(SubjectKind.person, "赵测试", None, number=number)
    make_listing(session, "judgment-debtor", subject=person, authority="区人民法院")
    session.commit()
    page = client.get("/lists/judgment-debtor").text
    assert f'<a href="/subjects/{firm.code}">{firm.name}</a>' in page
    assert "赵*" in page
    assert "赵测试" not in page
    assert number not in page


def test_unknown_lists_and_positions_are_refused(client):
    assert client.get("/lists/nothing").status_code == 404
    assert client.get("/lists/tax-class-a?cursor=!!").status_code == 400


@pytest.fixture
def plain_reports(monkeypatch):
    monkeypatch.setattr(issue, "draw_credit_report", lambda report, fonts: b"%PDF-1.4 " + report.cover.number.encode())


@pytest.mark.usefixtures("plain_reports")
def test_a_report_is_made_and_verified_by_code_and_by_file(page_client, session, firm):
    browser = page_client()
    browser.get(f"/subjects/{firm.code}")
    pdf = browser.post(f"/subjects/{firm.code}/report")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    assert "attachment" in pdf.headers["Content-Disposition"]
    code = session.execute(select(IssuedReport.verification_code)).scalar_one()
    session.commit()
    assert "真实有效" in browser.get("/verify", query_string={"code": code.lower()}).text
    sent = {"file": (io.BytesIO(pdf.data), "report.pdf")}
    assert "真实有效" in browser.post("/verify", sent, content_type="multipart/form-data").text
    sent = {"file": (io.BytesIO(pdf.data + b" "), "report.pdf")}
    changed = browser.post("/verify", sent, content_type="multipart/form-data")
    assert (changed.status_code, "已被改动" in changed.text) == (404, True)
    make_record(session, "penalty", subject=drafted(firm), held_from=TODAY - timedelta(days=30))
    session.commit()
    assert "签发后信息有变化" in browser.get("/verify", query_string={"code": code}).text


@pytest.mark.parametrize("code", ["1", "<b>x</b>", "A" * 20, "验" * 300])
def test_codes_of_no_report_are_refused_on_the_page(client, code):
    answer = client.get("/verify", query_string={"code": code})
    assert answer.status_code == 404
    assert "无法验证该报告" in answer.text
    assert "<b>x" not in answer.text


@pytest.mark.parametrize("address", ["/search?name=%00晨", "/lists/%00", "/verify?code=%00"])
def test_nul_is_refused(client, address):
    assert client.get(address).status_code in {400, 404}
