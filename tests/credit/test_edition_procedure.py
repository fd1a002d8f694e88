"""Editions of the three lists: the right people in the right order, the public asked long enough, older records readable."""

import copy
from datetime import date, timedelta

import pytest
import yaml
from sqlalchemy import select

from credit.behaviours import BEHAVIOURS_FILE
from credit.catalogue import ACTIVE_EDITION, get_item
from credit.deployment import open_session
from credit.edition_check import parse_document
from credit.edition_procedure import activate_due, answer_comment, leave_comment, propose, take_step
from credit.edition_steps import load_procedure
from credit.edition_views import get_proposal, list_proposals
from credit.enquirer import PUBLIC
from credit.errors import (
    Conflict,
    DescriptionInvalid,
    ForbiddenAttribute,
    InvalidContent,
    NotAuthorised,
    NotFound,
    OutsideCatalogue,
)
from credit.lookup import lookup_subject
from credit.matters import MATTERS_FILE
from credit.supplement import merge_supplement
from models.catalogue import CatalogueEdition, CatalogueItemRow
from models.editions import EditionProposal
from tests.factories import NOW, TODAY, make_enterprise, make_record

DAY = timedelta(days=1)


@pytest.fixture
def people(session, as_enquirer):
    office = as_enquirer("operator")
    return {
        "department": as_enquirer("department"),
        "office": office,
        "second": as_enquirer("operator"),
        "lawyer": as_enquirer("regulator"),
    }


@pytest.fixture
def catalogue():
    return yaml.safe_load(ACTIVE_EDITION.read_text(encoding="utf-8"))


def neutral(content, edition="2027-1"):
    """A next edition without anything that punishes: a new neutral item, an item and a field gone."""
    made = copy.deepcopy(content)
    made["edition"] = edition
    made["items"] = [item for item in made["items"] if item["code"] != "contract"]
    honour = next(item for item in made["items"] if item["code"] == "honour")
    del honour["fields"]["reason"]
    made["items"].append({**copy.deepcopy(honour), "code": "volunteering", "name": "志愿服务"})
    return made


def punishing(content, edition="2027-2"):
    made = copy.deepcopy(content)
    made["edition"] = edition
    penalty = next(item for item in made["items"] if item["code"] == "penalty")
    made["items"].append({**copy.deepcopy(penalty), "code": "warning_letter", "name": "监管警示"})
    return made


def enter(session, people, document, list_name="catalogue", today=TODAY):
    return propose(
        session, people["department"], list_name, document, title="新版次", reason="业务需要", now=NOW, today=today
    )


def step(session, who, ref, kind, *, today=TODAY, day=None, number="沪区信〔2026〕1号"):
    return take_step(session, who, ref, kind, reason="同意", document_number=number, day=day, now=NOW, today=today)


def publish(session, people, ref, day=TODAY, today=TODAY):
    step(session, people["office"], ref, "accept", today=today)
    step(session, people["lawyer"], ref, "approve", today=today)
    state = step(session, people["office"], ref, "publish", day=day, today=today)
    session.commit()
    return state


def test_an_edition_passes_every_office_and_is_in_force_on_its_day(session, deployment, people, catalogue):
    ref = enter(session, people, neutral(catalogue))
    assert publish(session, people, ref, day=TODAY + DAY) == "published"
    deployment.lists.refresh()
    assert deployment.catalogue.edition == "2026-1"
    assert activate_due(session, now=NOW, today=TODAY) == []
    assert activate_due(session, now=NOW, today=TODAY + DAY) == [ref]
    assert activate_due(session, now=NOW, today=TODAY + DAY) == []
    session.commit()
    deployment.lists.refresh()
    assert deployment.catalogue.edition == "2027-1"
    assert get_item(deployment.catalogue, "volunteering").name == "志愿服务"
    with pytest.raises(OutsideCatalogue):
        get_item(deployment.catalogue, "contract")
    row = session.execute(select(CatalogueEdition).where(CatalogueEdition.name == "2027-1")).scalar_one()
    items = select(CatalogueItemRow.code).where(CatalogueItemRow.edition_id == row.id)
    assert "volunteering" in set(session.execute(items).scalars())
    assert row.active_from == TODAY + DAY
    steps = get_proposal(session, people["office"], ref, today=TODAY).steps
    assert [one.name for one in steps] == ["提出", "受理", "合法性审核通过", "公布"]
    assert all(one.reason and one.taken_on == TODAY for one in steps)


def test_records_of_an_older_edition_stay_readable(session, deployment, people, catalogue, as_enquirer):
    firm = make_enterprise(session)
    subject = make_record(
        session,
        "honour",
        subject=_as_draft(firm),
        payload={"content": "文明单位", "reason": "年度评选"},
        document_number="荣〔2026〕1号",
    )
    make_record(
        session,
        "contract",
        subject=_as_draft(firm),
        payload={"doc_no": "HT-1", "content": "采购合同"},
        document_number="HT-1",
    )
    officer = as_enquirer("regulator", purpose="inspection")
    session.commit()
    ref = enter(session, people, neutral(catalogue))
    publish(session, people, ref)
    deployment.lists.refresh()
    with open_session(deployment) as later:
        view = lookup_subject(later, officer, subject.code, today=TODAY, now=NOW)
    records = {record.item: record for _, _, found in view.categories for record in found}
    assert records["contract"].item_name == "合同履行"
    assert {field.name for field in records["honour"].fields} == {"content", "reason"}


def _as_draft(firm):
    from credit.drafts import SubjectDraft
    from models.terms import SubjectKind

    return SubjectDraft(SubjectKind.enterprise, firm.name, firm.code)


@pytest.mark.parametrize(
    ("who", "kind", "error"),
    [
        ("department", "accept", NotAuthorised),
        ("lawyer", "accept", NotAuthorised),
        ("office", "approve", Conflict),
        ("lawyer", "approve", Conflict),
        ("office", "publish", Conflict),
        ("office", "conclude", Conflict),
        ("office", "consult", Conflict),
        ("lawyer", "publish", NotAuthorised),
        ("office", "propose", NotAuthorised),
        ("department", "propose", Conflict),
        ("office", "in_force", InvalidContent),
    ],
)
def test_steps_out_of_order_or_by_others_are_refused(session, people, catalogue, who, kind, error):
    ref = enter(session, people, neutral(catalogue))
    with pytest.raises(error):
        step(session, people[who], ref, kind, day=TODAY + 60 * DAY)
    assert get_proposal(session, people["office"], ref, today=TODAY).proposal.state == "proposed"


def test_the_reviewer_is_neither_proposer_nor_of_its_department_nor_who_accepted(
    session, people, catalogue, as_enquirer
):
    ref = enter(session, people, neutral(catalogue))
    step(session, people["office"], ref, "accept")
    colleague = as_enquirer("regulator", department_id=people["department"].department_id)
    for reviewer in (people["office"], colleague, people["department"]):
        with pytest.raises(NotAuthorised):
            step(session, reviewer, ref, "approve")
    assert step(session, people["second"], ref, "approve") == "reviewed"
    with pytest.raises(NotAuthorised):
        step(session, people["second"], ref, "publish", day=TODAY)
    assert step(session, people["office"], ref, "publish", day=TODAY) == "in_force"


def test_what_punishes_waits_for_the_public(session, people, catalogue):
    ref = enter(session, people, punishing(catalogue))
    assert get_proposal(session, people["office"], ref, today=TODAY).proposal.punitive
    step(session, people["office"], ref, "accept")
    with pytest.raises(Conflict, match="30日"):
        step(session, people["lawyer"], ref, "approve")
    with pytest.raises(InvalidContent):
        step(session, people["office"], ref, "consult", day=TODAY + 29 * DAY)
    last = TODAY + 30 * DAY
    step(session, people["office"], ref, "consult", day=last)
    number = leave_comment(session, ref, text="标准过严", said_by="", now=NOW, today=last)
    with pytest.raises(Conflict, match="期限未满"):
        step(session, people["office"], ref, "conclude", today=last)
    with pytest.raises(Conflict):
        leave_comment(session, ref, text="迟到的意见", said_by="", now=NOW, today=last + DAY)
    with pytest.raises(Conflict, match="1 条意见没有答复"):
        step(session, people["office"], ref, "conclude", today=last + DAY)
    with pytest.raises(NotAuthorised):
        answer_comment(session, people["department"], ref, number, adopted=True, answer="好", now=NOW)
    answer_comment(session, people["office"], ref, number, adopted=True, answer="已放宽", now=NOW)
    step(session, people["office"], ref, "conclude", today=last + DAY)
    step(session, people["lawyer"], ref, "approve", today=last + DAY)
    assert step(session, people["office"], ref, "publish", day=last + DAY, today=last + DAY) == "in_force"


@pytest.mark.parametrize(
    ("text", "said_by"), [("", ""), ("字" * 2001, ""), ("我的号码 440524188001010014", ""), ("好", "名" * 51)]
)
def test_comments_are_bounded_and_hold_no_number(session, people, catalogue, text, said_by):
    ref = enter(session, people, punishing(catalogue))
    step(session, people["office"], ref, "accept")
    step(session, people["office"], ref, "consult", day=TODAY + 30 * DAY)
    with pytest.raises(InvalidContent) as refused:
        leave_comment(session, ref, text=text, said_by=said_by, now=NOW, today=TODAY)
    assert "440524" not in str(refused.value) + str(refused.value.faults)


def test_the_public_sees_nothing_before_it_is_asked(session, people, catalogue):
    ref = enter(session, people, punishing(catalogue))
    assert list_proposals(session, public=True) == []
    with pytest.raises(NotFound):
        get_proposal(session, PUBLIC, ref, public=True, today=TODAY)
    step(session, people["office"], ref, "accept")
    step(session, people["office"], ref, "consult", day=TODAY + 30 * DAY)
    assert [one.ref for one in list_proposals(session, public=True)] == [ref]
    assert get_proposal(session, PUBLIC, ref, public=True, today=TODAY).changes


def test_a_newer_edition_in_force_makes_a_waiting_proposal_stale(session, deployment, people, catalogue):
    first, second = enter(session, people, neutral(catalogue)), enter(session, people, neutral(catalogue, "2027-9"))
    step(session, people["office"], second, "accept")
    step(session, people["lawyer"], second, "approve")
    publish(session, people, first)
    deployment.lists.refresh()
    with pytest.raises(Conflict, match="重新提出"):
        step(session, people["office"], second, "publish", day=TODAY)


@pytest.mark.parametrize("day", [None, TODAY - DAY, date(2040, 1, 1)])
def test_no_edition_begins_before_it_is_published(session, people, catalogue, day):
    ref = enter(session, people, neutral(catalogue))
    step(session, people["office"], ref, "accept")
    step(session, people["lawyer"], ref, "approve")
    with pytest.raises(InvalidContent):
        step(session, people["office"], ref, "publish", day=day)


def test_an_edition_name_is_used_once_unless_it_was_returned(session, people, catalogue):
    ref = enter(session, people, neutral(catalogue))
    with pytest.raises(Conflict):
        enter(session, people, neutral(catalogue))
    with pytest.raises(Conflict):
        enter(session, people, neutral(catalogue, "2026-1"))
    step(session, people["office"], ref, "return")
    assert enter(session, people, neutral(catalogue)) != ref


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda c: c.update(items=[]) or c.update(edition=""), DescriptionInvalid),
        (lambda c: c["items"][2].update(natural_key=["subject", "doc_no"]), DescriptionInvalid),
        (lambda c: c["items"][2]["fields"]["remark"].update(label="血型"), ForbiddenAttribute),
        (lambda c: c["items"][2]["fields"]["remark"].update(label="440524188001010014"), DescriptionInvalid),
    ],
)
def test_a_faulty_document_is_never_proposed(session, people, catalogue, change, error):
    document = neutral(catalogue)
    change(document)
    with pytest.raises(error):
        enter(session, people, document)
    assert session.query(EditionProposal).count() == 0


def test_behaviours_and_matters_pass_the_same_procedure(session, deployment, people):
    acts = yaml.safe_load(BEHAVIOURS_FILE.read_text(encoding="utf-8"))
    acts["edition"] = "2027-1"
    acts["behaviours"] = [act for act in acts["behaviours"] if act["code"] != "other-by-law"]
    publish(session, people, enter(session, people, acts, "behaviour"))
    matters = yaml.safe_load(MATTERS_FILE.read_text(encoding="utf-8"))
    matters["edition"] = "2027-1"
    matters["matters"] = matters["matters"][1:]
    publish(session, people, enter(session, people, matters, "application"))
    deployment.lists.refresh()
    assert "other-by-law" not in deployment.behaviours
    assert "construction-qualification" not in deployment.matters
    assert deployment.catalogue.edition == "2026-1"


@pytest.mark.parametrize(
    ("change", "punitive"),
    [
        (lambda m: m["matters"][0].update(name="建筑企业资质审批"), False),
        (lambda m: m["matters"][0]["measures"].remove("restrict-market"), False),
        (lambda m: m["matters"][0]["severities"].append("minor"), True),
        (lambda m: m["matters"][3]["measures"].append("restrict-honours"), True),
    ],
)
def test_only_what_restricts_more_needs_the_public(session, people, change, punitive):
    matters = yaml.safe_load(MATTERS_FILE.read_text(encoding="utf-8"))
    matters["edition"] = "2027-1"
    change(matters)
    ref = enter(session, people, matters, "application")
    assert get_proposal(session, people["office"], ref, today=TODAY).proposal.punitive is punitive


def test_an_unknown_item_list_or_measure_is_refused(session, people):
    matters = yaml.safe_load(MATTERS_FILE.read_text(encoding="utf-8"))
    matters["edition"] = "2027-1"
    matters["matters"][0]["items"] = ["horoscope"]
    with pytest.raises(DescriptionInvalid, match="horoscope"):
        enter(session, people, matters, "application")


def test_only_a_department_with_an_account_proposes(session, people, catalogue, as_enquirer):
    for who in (people["office"], people["lawyer"], PUBLIC):
        with pytest.raises(NotAuthorised):
            propose(session, who, "catalogue", neutral(catalogue), title="x", reason="x", now=NOW, today=TODAY)


def test_every_step_of_the_procedure_leads_somewhere_known():
    procedure = load_procedure()
    assert {rule.to for rule in procedure.steps.values()} <= set(procedure.states)
    assert procedure.least_days == 30 and procedure.basis.verified


@pytest.mark.parametrize("raw", [b"a: &x 1\nb: *x\n", b"\xff\xfe", b"a: [", b"x" * 1_000_001])
def test_yaml_that_is_no_plain_document_is_refused(raw):
    with pytest.raises(DescriptionInvalid):
        parse_document(raw)


def test_a_supplement_adds_and_never_bends(catalogue):
    folder = ACTIVE_EDITION.parent
    local = yaml.safe_load((folder / "catalogue-local-sample.yaml").read_text(encoding="utf-8"))
    merged = merge_supplement(catalogue, local)
    assert merged["edition"] == "2026-1+local-1"
    assert len(merged["items"]) == len(catalogue["items"]) + len(local["items"])
    for spoil, word in (
        (lambda d: d["items"][0].update(code="penalty"), "penalty"),
        (lambda d: d.update(authorised_by={}), "地方性法规"),
        (lambda d: d.update(supplements="1999-1"), "1999-1"),
        (lambda d: d.update(categories={"judicial": {"name": "别的"}}), "judicial"),
    ):
        bent = copy.deepcopy(local)
        spoil(bent)
        with pytest.raises(DescriptionInvalid, match=word):
            merge_supplement(catalogue, bent)
