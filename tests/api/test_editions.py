"""Editions in the platform: proposed, decided, commented on and published on pages; the commands do the same; the door obeys."""

import copy
import io
import json
from datetime import timedelta

import pytest
import yaml

import api.console.editions as console_editions
import api.portal.consultations as consultations
from api.clock import district_day
from api.commands.collect import take_file
from credit.catalogue import ACTIVE_EDITION
from credit.collection.description import read_description
from credit.deployment import open_session
from credit.edition_procedure import propose, take_step
from credit.errors import ForbiddenAttribute, OutsideCatalogue
from models.editions import EditionProposal, EditionStep
from models.records import Record
from models.terms import Role
from tests.factories import NOW, TODAY, make_account, make_code

LAW = "沪区信〔2026〕9号"


@pytest.fixture
def catalogue():
    return yaml.safe_load(ACTIVE_EDITION.read_text(encoding="utf-8"))


def punishing(content):
    made = copy.deepcopy(content)
    made["edition"] = "2027-1"
    penalty = next(item for item in made["items"] if item["code"] == "penalty")
    made["items"].append({**copy.deepcopy(penalty), "code": "warning_letter", "name": "监管警示函"})
    return made


def without_contract(content):
    made = copy.deepcopy(content)
    made["edition"] = "2027-2"
    made["items"] = [item for item in made["items"] if item["code"] != "contract"]
    return made


def upload(document):
    return io.BytesIO(yaml.safe_dump(document, allow_unicode=True).encode()), "edition.yaml"


def test_an_edition_travels_through_the_pages(app, page_client, session, deployment, catalogue, monkeypatch):
    department, office, lawyer = (page_client(role) for role in ("department", "operator", "regulator"))
    assert "提出新版次" in department.get("/console/editions").text
    form = {
        "list_name": "catalogue",
        "title": "增加监管警示函",
        "reason": "监管需要",
        "file": upload(punishing(catalogue)),
    }
    answer = department.post("/console/editions", form)
    assert answer.status_code == 303, answer.text
    page = answer.headers["Location"]
    public_page = page.replace("/console/editions/", "/consultations/")
    assert "warning_letter" in department.get(page).text
    passer = page_client()
    assert passer.get(public_page).status_code == 404

    def step(browser, kind, **more):
        browser.get(page)
        return browser.post(f"{page}/steps", {"kind": kind, "reason": "依规办理", **more})

    assert step(department, "accept").status_code == 403
    assert step(office, "accept").status_code == 303
    refused = step(lawyer, "approve", document_number=LAW)
    assert refused.status_code == 409
    assert "公开征求意见不少于30日" in refused.text
    today = district_day()
    last = today + timedelta(days=30)
    early = step(office, "consult", day=(last - timedelta(days=1)).isoformat())
    assert early.status_code == 422
    assert "不少于30日" in early.text
    assert step(office, "consult", day=last.isoformat()).status_code == 303

    assert "增加监管警示函" in passer.get("/consultations").text
    assert "warning_letter" in passer.get(public_page).text
    assert passer.post(f"{public_page}/comments", {"text": "", "said_by": ""}).status_code == 422
    assert passer.post(f"{public_page}/comments", {"text": "建议缩短公示期 <b>", "said_by": ""}).status_code == 303
    assert "建议缩短" not in passer.get(public_page).text, "shown with its answer"
    assert step(office, "conclude").status_code == 409
    office.get(page)
    assert office.post(f"{page}/comments/1", {"answer": "已采纳", "adopted": "1"}).status_code == 303
    shown = passer.get(public_page).text
    assert "建议缩短公示期 &lt;b&gt;" in shown
    assert "采纳：已采纳" in shown

    for module in (console_editions, consultations):
        monkeypatch.setattr(module, "district_day", lambda: last + timedelta(days=1))
    late = passer.post(f"{public_page}/comments", {"text": "迟了"})
    assert late.status_code == 409
    assert step(office, "conclude").status_code == 303
    assert step(office, "approve", document_number=LAW).status_code == 403
    assert step(lawyer, "approve", document_number=LAW).status_code == 303
    published = step(office, "publish", document_number=LAW, day=(last + timedelta(days=1)).isoformat())
    assert published.status_code == 303, published.text
    app.extensions["credit.deployment"].lists.refresh()
    assert "监管警示函" in passer.get("/catalogue").text
    steps = [step.kind for step in session.query(EditionStep).order_by(EditionStep.number)]
    assert steps == ["propose", "accept", "consult", "conclude", "approve", "publish"]


@pytest.mark.parametrize(
    ("content", "word"), [(b"a: [", "YAML"), (b"", "键值结构"), (b"items: 1", "items"), (b"\xff", "YAML")]
)
def test_a_file_that_is_no_edition_is_refused_on_the_page(page_client, session, content, word):
    browser = page_client("department")
    browser.get("/console/editions")
    form = {"list_name": "catalogue", "title": "x", "reason": "x", "file": (io.BytesIO(content), "x.yaml")}
    answer = browser.post("/console/editions", form)
    assert answer.status_code in {400, 422}
    assert session.query(EditionProposal).count() == 0


@pytest.mark.parametrize(("code", "status"), [("property_service", 303), ("penalty", 422)])
def test_a_supplement_goes_with_the_national_basis_and_bends_nothing(page_client, session, catalogue, code, status):
    local = yaml.safe_load((ACTIVE_EDITION.parent / "catalogue-local-sample.yaml").read_text(encoding="utf-8"))
    local["items"][0]["code"] = code
    browser = page_client("department")
    browser.get("/console/editions")
    form = {"list_name": "catalogue", "title": "补充", "reason": "本地需要"}
    answer = browser.post("/console/editions", {**form, "file": upload(catalogue), "supplement": upload(local)})
    assert answer.status_code == status, answer.text
    assert [one.edition for one in session.query(EditionProposal)] == (["2026-1+local-1"] if status == 303 else [])


def test_the_lists_in_force_are_public(client):
    page = client.get("/catalogue").text
    for word in (
        "数据清单",
        "行为清单",
        "应用清单",
        "拒不执行生效法律文书",
        "食品经营许可",
        "市场信用信息",
        "依据待核实",
    ):
        assert word in page


def test_the_commands_take_an_edition_as_far_as_the_pages(app, session, tmp_path, catalogue):
    for role, name in ((Role.department, "clerk"), (Role.operator, "office"), (Role.regulator, "lawyer")):
        make_account(session, role=role, name=name)
    session.commit()
    path = tmp_path / "edition.yaml"
    path.write_text(yaml.safe_dump(without_contract(catalogue), allow_unicode=True), encoding="utf-8")
    runner = app.test_cli_runner()

    def run(*arguments):
        done = runner.invoke(args=["catalogue", *arguments])
        assert "Traceback" not in done.output, done.output
        return done

    assert json.loads(run("check", str(path), "--json").stdout.splitlines()[0])["punitive"] is False
    assert "contract" in run("diff", str(ACTIVE_EDITION), str(path)).stdout
    proposed = run("publish", str(path), "--account", "clerk", "--title", "删去合同", "--reason", "精简")
    ref = proposed.stdout.strip()
    assert run("step", ref, "approve", "--account", "clerk", "--reason", "x").exit_code == 1
    assert run("step", ref, "accept", "--account", "office", "--reason", "受理").stdout.strip() == "accepted"
    law = ("--reason", "合法", "--document", LAW)
    assert run("step", ref, "approve", "--account", "lawyer", *law).stdout.strip() == "reviewed"
    day = district_day().isoformat()
    assert run("step", ref, "publish", "--account", "office", *law, "--day", day).stdout.strip() == "in_force"
    assert "2027-2" in run("show").stdout
    assert run("show", "contract").exit_code == 1
    assert "决定书文号" in run("show", "penalty").stdout
    assert session.query(EditionStep).filter_by(kind="accept").one().actor.endswith("（命令行）")
    local = ACTIVE_EDITION.parent / "catalogue-local-sample.yaml"
    both = run("check", str(ACTIVE_EDITION), "--supplement", str(local))
    assert "2026-1+local-1" in both.stdout
    spoiled = yaml.safe_load(local.read_text(encoding="utf-8"))
    spoiled["items"][0]["code"] = "penalty"
    path.write_text(yaml.safe_dump(spoiled, allow_unicode=True), encoding="utf-8")
    assert run("check", str(ACTIVE_EDITION), "--supplement", str(path)).exit_code == 1


def described(**changes):
    columns = [("名称", "name"), ("代码", "uscc"), ("编号", "doc_no"), ("内容", "content")]
    return read_description(
        {
            "name": "contracts", "title": "合同", "department": "区财政局", "carrier": "files", "item": "contract",
            "files": {"glob": "*.csv", "encoding": "utf-8", "header_row": 0},
            "columns": [{"column": header, "means": means} for header, means in columns],
            **changes,
        }
    )  # fmt: skip


def test_the_door_takes_nothing_outside_the_edition_in_force(
    app, session, deployment, as_enquirer, tmp_path, catalogue
):
    path = tmp_path / "contracts.csv"
    path.write_text(f"名称,代码,编号,内容\n上海合同测试有限公司,{make_code()},HT-1,采购\n", encoding="utf-8")
    assert take_file(session, path, described(), today=TODAY).accepted == 1
    department, office, lawyer = as_enquirer("department"), as_enquirer("operator"), as_enquirer("regulator")
    ref = propose(
        session, department, "catalogue", without_contract(catalogue), title="删去", reason="精简", now=NOW, today=TODAY
    )
    for who, kind in ((office, "accept"), (lawyer, "approve"), (office, "publish")):
        take_step(session, who, ref, kind, reason="依规", document_number=LAW, day=TODAY, now=NOW, today=TODAY)
    session.commit()
    deployment.lists.refresh()
    path.write_text(f"名称,代码,编号,内容\n上海合同测试有限公司,{make_code()},HT-2,采购\n", encoding="utf-8")
    with open_session(deployment) as later, pytest.raises(OutsideCatalogue):
        take_file(later, path, described(), today=TODAY)
    assert session.query(Record).filter_by(item="contract").count() == 1


@pytest.mark.parametrize("header", ["宗教信仰", "血型", "指纹信息"])
def test_the_door_takes_no_forbidden_attribute_whatever_it_is_called_to_mean(session, tmp_path, header):
    path = tmp_path / "contracts.csv"
    path.write_text(f"名称,代码,编号,{header}\n上海合同测试有限公司,{make_code()},HT-1,甲\n", encoding="utf-8")
    columns = [("名称", "name"), ("代码", "uscc"), ("编号", "doc_no"), (header, "content")]
    description = described(columns=[{"column": name, "means": means} for name, means in columns])
    with pytest.raises(ForbiddenAttribute):
        take_file(session, path, description, today=TODAY)
    assert session.query(Record).count() == 0
