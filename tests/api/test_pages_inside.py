"""Pages behind the sign-in: the way in and out, the own file and only the own, consents, lookup by duty, the collection board."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from api.clock import district_day
from api.pages.frame import local_address
from credit.accounts import enable_otp
from credit.drafts import SubjectDraft
from credit.otp import code_at, step_of
from models.collection import Delivery, Rejection
from models.terms import Role, SubjectKind
from tests.factories import (
    PASSWORD,
    make_account,
    make_agency_row,
    make_batch,
    make_enterprise,
    make_number,
    make_person,
    make_record,
    make_source,
)


def sign_in(browser, account, password=PASSWORD, otp="", **more):
    browser.get("/sign-in")
    return browser.post("/sign-in", {"account": account, "password": password, "otp": otp, **more})


@pytest.fixture
def firm(session):
    subject = make_enterprise(session, name="上海晨星测试有限公司")
    make_account(session, role=Role.enterprise, name="firm", subject_id=subject.id, display_name="晨星")
    session.commit()
    return subject


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.enterprise, "/my/file"),
        (Role.person, "/my/file"),
        (Role.regulator, "/console/lookup"),
        (Role.operator, "/console/collection"),
        (Role.auditor, "/console/enquiries"),
        (Role.department, "/console/deliveries"),
        (Role.agency, "/console/agency"),
    ],
)
def test_signing_in_leads_home(page_client, session, role, home):
    account = make_account(session, role=role, name="somebody")
    secret = enable_otp(session, account) if role in {Role.regulator, Role.operator, Role.auditor} else None
    session.commit()
    browser = page_client()
    if secret is not None:
        assert sign_in(browser, "somebody").status_code == 401
    otp = code_at(secret, step_of(datetime.now(UTC).timestamp())) if secret else ""
    answer = sign_in(browser, "somebody", otp=otp)
    assert (answer.status_code, answer.headers["Location"]) == (303, home)
    assert browser.get(home).status_code == 200
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_wrong_password_keeps_the_account_and_says_no_more(page_client, firm):
    browser = page_client()
    wrong, unknown = sign_in(browser, "firm", "wrong-password"), sign_in(browser, "nobody", "wrong-password")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert 'value="firm"' in wrong.text
    assert "wrong-password" not in wrong.text
    assert "账户、口令或动态口令不正确" in wrong.text
    assert "账户、口令或动态口令不正确" in unknown.text


def test_guessing_is_locked(page_client, firm):
    browser = page_client()
    answers = [sign_in(browser, "firm", "wrong-password").status_code for _attempt in range(6)]
    assert answers == [401] * 5 + [429]
    assert sign_in(browser, "firm").status_code == 429


def test_whoever_is_not_signed_in_comes_back_to_the_page_wanted(page_client, firm):
    browser = page_client()
    answer = browser.get("/my/authorisations")
    assert answer.headers["Location"] == "/sign-in?next=/my/authorisations"
    assert 'name="next" value="/my/authorisations"' in browser.get(answer.headers["Location"]).text
    assert sign_in(browser, "firm", next="/my/authorisations").headers["Location"] == "/my/authorisations"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", None, "/a\nb", "evil"],
)
def test_no_foreign_address_after_signing_in(address):
    assert local_address(address) is None


def test_signing_out_ends_every_copy_of_the_cookie(app, page_client, firm):
    browser = page_client()
    sign_in(browser, "firm")
    copy = app.test_client()
    copy.set_cookie("credit_session", browser.client.get_cookie("credit_session").value)
    assert copy.get("/my/file").status_code == 200
    browser.get("/my/file")
    assert browser.post("/sign-out").headers["Location"] == "/"
    assert browser.get("/my/file").status_code == 302
    assert copy.get("/my/file").status_code == 302


def test_the_own_file_shows_what_the_public_does_not(page_client, client, session, firm):
    make_record(
        session, "tax_arrears", subject=SubjectDraft(SubjectKind.enterprise, firm.name, firm.code),
        document_number="沪税欠〔2026〕5号", authority="区税务局",
    )  # fmt: skip
    session.commit()
    page = page_client("enterprise", subject_id=firm.id).get("/my/file")
    assert page.status_code == 200
    assert firm.name in page.text
    assert "公共信用综合评价" in page.text
    assert "查询记录" in page.text


def test_a_session_opens_its_own_file_and_no_other(page_client, session, firm):
    other = make_enterprise(session, name="上海暮云测试有限公司")
    session.commit()
    browser = page_client("enterprise", subject_id=firm.id)
    assert other.name not in browser.get("/my/file").text
    for address in (f"/my/file/{other.code}", f"/my/{other.code}", f"/my/file?code={other.code}"):
        assert other.name not in browser.get(address).text
    assert browser.get(f"/console/subjects/{other.code}?purpose=inspection").status_code == 403
    assert "评价日期" not in browser.get(f"/subjects/{other.code}").text


def test_a_person_reads_its_own_file_masked(page_client, session):
    number = make_number()
    person = make_person(session, name="赵某某", number=number)
    session.commit()
    page = page_client("person", subject_id=person.id).get("/my/file")
    assert page.status_code == 200
    assert "赵某某" in page.text
    assert number not in page.text


def test_who_asked_about_me(page_client, session, firm):
    officer = page_client("regulator")
    assert officer.get(f"/console/subjects/{firm.code}?purpose=approval&case=办件-7").status_code == 200
    page = page_client("enterprise", subject_id=firm.id).get("/my/enquiries").text
    assert "行政审批" in page
    assert "办件-7" in page
    assert "区市场监督管理局" in page


def test_consent_is_given_and_taken_back(page_client, session, firm):
    agency = make_agency_row(session, client_id="bank-one", name="测试银行")
    session.commit()
    browser = page_client("enterprise", subject_id=firm.id)
    browser.get("/my/authorisations")
    until = (district_day() + timedelta(days=30)).isoformat()
    asked = {"agency": agency.client_id, "categories": ["evaluation", "administration"], "purpose": "credit_service"}
    answer = browser.post("/my/authorisations", {**asked, "valid_until": until})
    assert answer.status_code == 303, answer.text
    page = browser.get("/my/authorisations").text
    assert "已授权测试银行" in page
    ref = page.partition("/my/authorisations/")[2].partition("/")[0]
    stranger = page_client("enterprise")
    stranger.get("/my/authorisations")
    assert stranger.post(f"/my/authorisations/{ref}/revocation").status_code == 404
    assert browser.post(f"/my/authorisations/{ref}/revocation").status_code == 303
    assert "已撤销 20" in browser.get("/my/authorisations").text
    assert browser.post(f"/my/authorisations/{ref}/revocation").status_code == 303


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"agency": "nobody"}, "机构不存在或已停用"),
        ({"categories": []}, "授权类别为空或不在目录内"),
        ({"categories": ["nothing"]}, "授权类别为空或不在目录内"),
        ({"purpose": "approval"}, "用途不在目录内"),
        ({"valid_until": "2026/12/1"}, "请按 2026-03-14 的格式填写日期"),
        ({"valid_until": "2099-01-01"}, "授权期限应在今日至一年内"),
    ],
)
def test_faults_stand_beside_the_field_and_nothing_typed_is_lost(page_client, session, firm, change, message):
    make_agency_row(session, client_id="bank-one")
    session.commit()
    browser = page_client("enterprise", subject_id=firm.id)
    browser.get("/my/authorisations")
    until = (district_day() + timedelta(days=30)).isoformat()
    typed = {"agency": "bank-one", "categories": ["evaluation"], "purpose": "contract", "valid_until": until}
    answer = browser.post("/my/authorisations", {**typed, **change})
    assert answer.status_code == 422
    assert f'<p class="fault" id="{next(iter(change))}-fault">{message}' in answer.text
    if "agency" not in change:
        assert 'value="bank-one"' in answer.text
    if "categories" not in change:
        assert 'value="evaluation" checked' in answer.text


def test_an_officer_finds_a_firm_by_half_its_name_and_sees_its_file(page_client, firm):
    officer = page_client("regulator")
    officer.get("/console/lookup")
    asked = officer.post("/console/lookup", {"wanted": "晨星", "purpose": "approval", "case": "办件-1"})
    page = officer.get(asked.headers["Location"]).text
    address = page.partition('href="/console/subjects/')[2].partition('"')[0].replace("&amp;", "&")
    answer = officer.get(f"/console/subjects/{address}")
    assert answer.status_code == 200
    assert "用途 行政审批" in answer.text
    assert "公共信用综合评价" in answer.text


def test_an_officer_types_a_code(page_client, firm):
    officer = page_client("regulator")
    officer.get("/console/lookup")
    asked = officer.post("/console/lookup", {"wanted": firm.code, "purpose": "inspection", "case": ""})
    assert asked.status_code == 303
    assert officer.get(asked.headers["Location"]).status_code == 200


def test_a_persons_number_stays_in_the_body(page_client, session, caplog):
    number = make_number()
    make_person(session, name="赵某某", number=number)
    session.commit()
    officer = page_client("regulator")
    officer.get("/console/lookup")
    answer = officer.post("/console/lookup", {"wanted": number, "purpose": "inspection", "case": ""})
    assert answer.status_code == 200
    assert "赵某某" in answer.text
    for place in (answer.text, caplog.text, str(answer.headers)):
        assert number not in place
    unseen = officer.post("/console/lookup", {"wanted": number, "purpose": "award", "case": ""})
    unknown = officer.post("/console/lookup", {"wanted": make_number(998), "purpose": "award", "case": ""})
    assert (unseen.status_code, unknown.status_code) == (404, 404)
    assert unseen.text == unknown.text
    assert officer.get(f"/console/subjects/{number}?purpose=inspection").status_code == 422
    assert officer.get(f"/console/lookup?wanted={number}").status_code == 422


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("", 400, "须说明查询用途"),
        ("?purpose=approval", 400, "须填写办件编号"),
        ("?purpose=curiosity", 422, "查询用途不在目录内"),
    ],
)
def test_purpose_and_case_are_asked_for_beside_the_field(page_client, firm, query, status, message):
    answer = page_client("regulator").get(f"/console/subjects/{firm.code}{query}")
    assert answer.status_code == status
    assert message in answer.text
    assert f'value="{firm.code}"' in answer.text
    assert firm.name not in answer.text


def test_a_foreign_page_cannot_ask_in_an_officers_name(page_client, deployment, firm):
    officer = page_client("regulator")
    address = f"/console/subjects/{firm.code}?purpose=inspection"
    answer = officer.get(address, headers={"Sec-Fetch-Site": "cross-site"})
    assert firm.name not in answer.text
    assert deployment.enquiry_log.length() == 0


@pytest.fixture
def delivery(session):
    source = make_source(session)
    batch, _edition = make_batch(session, source)
    faults = [{"column": "处罚日期", "code": "DATE_FORMAT", "message": "日期格式无法识别"}]
    session.add(Rejection(batch_id=batch.id, row_number=17, faults=faults, row_sealed=None))
    row = session.get(Delivery, batch.delivery_id)
    row.received, row.rejected, row.by_fault, row.name = 1, 1, {"DATE_FORMAT": 1}, f"{secrets.token_hex(4)}.csv"
    session.commit()
    return source, row


def test_the_operator_sees_every_source_and_why_rows_came_back(page_client, delivery):
    source, row = delivery
    operator = page_client("operator")
    board = operator.get("/console/collection").text
    assert source.title in board
    assert row.name in board
    page = operator.get(f"/console/collection/{row.ref}").text
    assert "DATE_FORMAT" in page
    assert "日期格式无法识别" in page
    assert "处罚日期" in page


def test_a_department_sees_its_own_deliveries_only(page_client, delivery):
    source, row = delivery
    own = page_client("department", department_id=source.department_id)
    other = page_client("department")
    assert row.name in own.get("/console/deliveries").text
    assert own.get(f"/console/deliveries/{row.ref}").status_code == 200
    assert row.name not in other.get("/console/deliveries").text
    assert other.get(f"/console/deliveries/{row.ref}").status_code == 404


def test_the_auditor_proves_the_log(page_client, client, firm):
    client.get(f"/subjects/{firm.code}")
    page = page_client("auditor").get("/console/enquiries?verify=1").text
    assert "未发现改动" in page
