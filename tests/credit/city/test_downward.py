"""The city's records and news come down: one fact is one record, news may come before its record, nothing blocks the rest."""

from datetime import date

import pytest
from sqlalchemy import func, select

from credit.city import downward
from credit.city.downward import pull_records
from credit.city.mapping import read_city_mapping
from credit.city.news import pull_news
from credit.collection.batches import register_source
from credit.collection.description import load_descriptions
from credit.drafts import RowResult
from credit.listings import list_usable_listings
from credit.objections import list_objections, open_objection
from credit.provenances import keep_provenances, list_provenances, screen, screen_department
from credit.waiting import settle_batch
from models.city import RecordProvenance, WaitingNews
from models.collection import Delivery, Rejection
from models.records import CurrentRecord, Record, RecordEvent
from models.subjects import Subject
from models.terms import EventKind, Role
from tests import factories
from tests.credit.city.conftest import PAYLOAD, configure, penalty, supplied
from tests.credit.city.test_upward import push_all


def pull(session, link, clock, mappings=None):
    reports = []
    for step in pull_records(session, link, clock=clock, today=factories.TODAY):
        session.commit()
        reports += [step.report] if step.report is not None else []
    if mappings is not None:
        for _ in pull_news(session, link, mappings, clock=clock, today=factories.TODAY):
            session.commit()
    session.commit()
    return reports


def news(draft, kind="20", **changes):
    return {
        "kind": kind, "item": "SH-CF-01", "list": None, "code": draft.subject.code, "document_number": draft.document_number,
        "authority": draft.authority, "decided_on": "2026-03-02", "effective_on": "2026-06-01", "cause": "信用修复决定",
        **changes,
    }  # fmt: skip


def standing_of(session):
    found = session.execute(select(CurrentRecord.standing)).scalars().all()
    session.commit()
    return found


def count(session, entity):
    found = session.execute(select(func.count()).select_from(entity)).scalar_one()
    session.commit()
    return found


def test_a_repair_before_its_record_is_held_and_applied_on_arrival(session, link, city, clock, mappings):
    draft = penalty()
    city.tell(news(draft))
    pull(session, link, clock, mappings)
    assert session.execute(select(WaitingNews.state)).scalars().all() == ["waiting"]
    session.commit()
    city.supply(supplied(draft))
    pull(session, link, clock)
    assert standing_of(session) == ["repaired"]
    event = session.execute(select(RecordEvent)).scalar_one()
    assert (event.kind, event.actor, event.effective_on) == ("repaired", "city", date(2026, 6, 1))
    session.commit()
    city.supply(supplied(draft, SS="补充"))
    pull(session, link, clock, mappings)
    assert standing_of(session) == ["repaired"], "a repaired fact does not come back by being told again"


def test_a_repair_waits_for_a_departments_record_too(session, link, city, clock, mappings):
    draft = penalty()
    city.tell(news(draft, authority="区 市场监督管理局", document_number="沪测罚[2026]1号"))
    pull(session, link, clock, mappings)
    factories.accept(session, draft)
    batch_id = session.execute(select(Record.batch_id)).scalar_one()
    assert settle_batch(session, batch_id, now=clock()) == 1
    assert settle_batch(session, batch_id, now=clock()) == 0
    session.commit()
    assert standing_of(session) == ["repaired"]


def test_news_about_a_person_finds_the_person_by_sealed_number(session, link, city, clock, mappings):
    number = factories.make_number()
    factories.make_person(session, number=number)
    record = session.execute(select(Record)).scalar_one()
    piece = {
        "kind": "11", "item": "SH-CF-01", "code": None, "number_sealed": link.seal_number(number), "cause": "撤销",
        "document_number": record.document_number, "authority": record.authority,
        "decided_on": record.held_from.isoformat(), "effective_on": "2026-06-01",
    }  # fmt: skip
    session.commit()
    city.tell({**piece, "number_sealed": link.seal_number(factories.make_number())})
    city.tell(piece)
    pull(session, link, clock, mappings)
    assert standing_of(session) == ["annulled"]
    states = session.execute(select(WaitingNews.state).order_by(WaitingNews.sequence)).scalars().all()
    assert states == ["waiting", "applied"]


def test_repeated_news_and_what_was_decided_here_already_change_nothing(session, link, city, clock, mappings):
    draft = penalty()
    factories.accept(session, draft)
    session.commit()
    for kind in ("20", "20", "30", "20"):
        city.tell(news(draft, kind))
    pull(session, link, clock, mappings)
    kinds = session.execute(select(RecordEvent.kind).order_by(RecordEvent.id)).scalars().all()
    assert kinds == ["repaired", "reinstated", "repaired"]
    session.commit()
    pull(session, link, clock, mappings)
    assert count(session, RecordEvent) == 3
    assert push_all(session, link, mappings, clock)[0] == 1, "the city's own words do not go back up"


def test_an_unmapped_code_in_the_feed_holds_up_nothing_else(session, link, city, clock, mappings):
    draft = penalty()
    factories.accept(session, draft)
    session.commit()
    city.tell(news(draft, "77"))
    city.tell({"kind": "20"})
    city.tell(news(draft))
    pull(session, link, clock, mappings)
    assert standing_of(session) == ["repaired"]
    states = session.execute(select(WaitingNews.state).order_by(WaitingNews.sequence)).scalars().all()
    assert states == ["unmapped", "void", "applied"]
    session.commit()
    from credit.catalogue import REFERENCE

    text = (
        (REFERENCE / "city-mapping-2026-1.yaml").read_text(encoding="utf-8").replace('annulled: "11"', 'annulled: "77"')
    )
    pull(session, link, clock, {"2026-1": read_city_mapping(text.encode())})
    assert standing_of(session) == ["annulled"]


def test_what_went_up_and_comes_back_is_one_record_with_two_provenances(session, link, city, clock, mappings):
    draft = penalty()
    factories.accept(session, draft)
    session.commit()
    before = session.execute(select(CurrentRecord.content_digest)).scalar_one()
    session.commit()
    city.returns, _ = True, push_all(session, link, mappings, clock)
    city.supply(supplied(draft, JDJG="区市场监督管理局 ", FKJE="5000"))
    (report,) = pull(session, link, clock)
    assert (report.received, report.unchanged, report.accepted, report.superseded) == (1, 1, 0, 0)
    assert count(session, Record) == 1
    key, after = session.execute(select(CurrentRecord.record_key, CurrentRecord.content_digest)).one()
    assert after == before, "the city's echo never replaces the department's words"
    names = [name for name, _batch, _row in list_provenances(session, key)]
    assert len(names) == 2 and names[1] == "city-penalties"
    session.commit()
    pull(session, link, clock)
    assert count(session, RecordProvenance) == 1


def test_a_fact_from_the_city_first_becomes_the_departments(session, link, city, clock):
    draft = penalty()
    city.supply(supplied(draft))
    (report,) = pull(session, link, clock)
    assert report.accepted == 1
    factories.accept(session, draft)
    session.commit()
    assert count(session, CurrentRecord) == 1
    key = session.execute(select(CurrentRecord.record_key)).scalar_one()
    assert len(list_provenances(session, key)) == 2
    session.commit()
    city.supply(supplied(draft, SS="市平台的说法"))
    (report,) = pull(session, link, clock)
    assert report.unchanged == 1
    record = session.execute(select(Record).order_by(Record.id.desc())).scalars().first()
    assert "facts" not in record.payload


def test_a_department_with_another_natural_key_meets_the_same_record(session, link, city, clock, deployment):
    """A source whose description names another key: joined by what both say of the decision."""
    draft = penalty()
    city.supply(supplied(draft))
    pull(session, link, clock)
    item = deployment.catalogue.items["penalty"]
    own = draft._replace(natural_key=("-", "whatever"), payload={**PAYLOAD, "facts": "查实"})
    screened = screen(session, [RowResult(1, own, (), ())], item, "dept", clock())
    factories.accept(session, *[result.draft for result in screened.results])
    assert list(screened.known) == [1]
    source = factories.make_source(session, name="dept-two")
    assert keep_provenances(session, screened.known, source.id, 7, clock()) == 1
    assert keep_provenances(session, screened.known, source.id, 8, clock()) == 0
    session.commit()
    assert (count(session, CurrentRecord), count(session, Record)) == (1, 2)


def test_an_echo_does_not_bring_back_what_its_source_took_back(session, link, city, clock):
    draft = penalty()
    factories.accept(session, draft)
    factories.accept(session, draft._replace(deleted=True))
    session.commit()
    assert standing_of(session) == ["ended"]
    city.supply(supplied(draft))
    (report,) = pull(session, link, clock)
    assert (report.unchanged, standing_of(session)) == (1, ["ended"])


def test_another_subject_or_day_is_another_fact(session, link, city, clock):
    draft = penalty()
    factories.accept(session, draft)
    session.commit()
    city.supply(supplied(draft, XDR_DM=factories.make_code(), XDR_MC="另一家公司"))
    city.supply(supplied(draft, JDRQ="2026-03-03"))
    (report,) = pull(session, link, clock)
    assert report.accepted == 2
    assert count(session, CurrentRecord) == 3


def test_a_correction_by_the_city_replaces(session, link, city, clock):
    draft = penalty()
    factories.accept(session, draft)
    session.commit()
    city.supply(supplied(draft, FKJE="3000.00", GZBZ="1"))
    (report,) = pull(session, link, clock)
    assert report.superseded == 1
    newest = session.execute(select(Record).order_by(Record.id.desc())).scalars().first()
    assert newest.amount == 300_000
    session.commit()
    assert count(session, CurrentRecord) == 1


def test_repeating_what_was_corrected_does_not_undo_it_other_words_do(session, link, city, clock, deployment):
    draft = penalty()
    factories.accept(session, draft)
    session.commit()
    city.supply(supplied(draft, FKJE="3000.00", GZBZ="1"))
    pull(session, link, clock)
    item = deployment.catalogue.items["penalty"]

    def department_says(told):
        screened = screen_department(session, [RowResult(1, told, (), ())], item, "dept", clock())
        accepted = factories.accept(session, *[result.draft for result in screened.results])
        session.commit()
        return [outcome.value for outcome in accepted.outcomes]

    assert department_says(draft) == ["unchanged"]
    assert department_says(draft._replace(amount=1, payload={**draft.payload, "fine": 1})) == ["superseded"]
    assert department_says(draft) == ["superseded"]


def test_it_counts_once_in_an_evaluation(session, link, city, clock, mappings):
    from scoring.evaluate import evaluate_subject, get_model, register_shipped, standard_of

    draft = penalty()
    factories.accept(session, draft)
    subject_id = session.execute(select(Subject.id)).scalar_one()
    register_shipped(session, now=clock())
    model = standard_of(get_model(session, "comprehensive", today=factories.TODAY))
    session.commit()
    once = evaluate_subject(session, model, subject_id, as_of=factories.TODAY, today=factories.TODAY, now=clock())
    assert once is not None
    before = once.points, once.grade
    session.commit()
    city.supply(supplied(draft, SS="回流"))
    pull(session, link, clock)
    twice = evaluate_subject(session, model, subject_id, as_of=factories.TODAY, today=factories.TODAY, now=clock())
    assert before == (twice.points, twice.grade)


def test_entries_on_lists_come_down_and_are_removed(session, link, city, clock, mappings):
    code = factories.make_code()
    row = {
        "XDR_MC": "失信公司", "XDR_LX": "1", "XDR_DM": code, "WSH": "(2026)测0106执1号", "JDRQ": "2026-03-02",
        "JDJG": "测试区人民法院",
    }  # fmt: skip
    piece = {
        "kind": "50", "item": "SH-MD-01", "list": "SX-001", "code": code, "document_number": row["WSH"],
        "authority": row["JDJG"], "decided_on": "2026-03-02", "effective_on": "2026-06-01", "cause": "履行完毕",
    }  # fmt: skip
    city.supply({"address": "SH-MD-01/SX-001", "row": row})
    pull(session, link, clock)
    subject_id = session.execute(select(Subject.id)).scalar_one()
    assert len(list_usable_listings(session, [subject_id], factories.TODAY)) == 1
    session.commit()
    city.tell(piece)
    pull(session, link, clock, mappings)
    assert list_usable_listings(session, [subject_id], factories.TODAY) == []


def test_an_objection_on_a_record_of_the_city_is_passed_up_and_answered(
    session, link, city, clock, mappings, as_enquirer
):
    draft = penalty()
    city.supply(supplied(draft))
    pull(session, link, clock)
    subject_id, key = session.execute(select(Record.subject_id, Record.record_key)).one()
    session.commit()
    enquirer = as_enquirer(Role.enterprise.value, subject_id=subject_id)
    case = open_objection(session, enquirer, key.hex(), claim="不是我公司", now=clock(), today=factories.TODAY)
    session.commit()
    push_all(session, link, mappings, clock)
    kinds = [row[0] for row in city.database.execute("SELECT kind FROM lines ORDER BY rowid")]
    assert kinds == ["standing", "objection"]
    assert list_objections(session, enquirer)[0].state == "forwarded"
    session.commit()
    city.tell({"kind": "61", "case": case.ref, "cause": "经核查有误"})
    pull(session, link, clock, mappings)
    assert list_objections(session, enquirer)[0].state == "upheld"
    assert standing_of(session) == ["withdrawn"]


def test_a_sealed_number_that_does_not_open_rejects_its_row_and_shows_nothing(session, link, city, clock):
    number = factories.make_number()
    draft = penalty()
    city.supply(supplied(draft, XDR_LX="5", XDR_DM="", XDR_MC="赵一丁", XDR_ZJHM=link.seal_number(number)))
    city.supply(supplied(draft, XDR_LX="5", XDR_DM="", XDR_MC="钱一丁", XDR_ZJHM="sealed:AAAA"))
    (report,) = pull(session, link, clock)
    assert (report.accepted, report.rejected) == (1, 1)
    faults = session.execute(select(Rejection.faults)).scalar_one()
    assert faults[0]["code"] == "PERSON_NOT_IDENTIFIED"
    subject = session.execute(select(Subject)).scalar_one()
    assert subject.kind == "person" and subject.number_digest is not None


def test_a_pull_goes_on_where_the_last_one_ended(session, link, city, clock, monkeypatch):
    for number in range(5):
        city.supply(supplied(penalty(), WSH=f"测{number}号"))
    pull(session, link, clock)
    city.supply(supplied(penalty(), WSH="测5号"))
    (report,) = pull(session, link, clock)
    assert report.received == 1
    assert pull(session, link, clock) == []
    assert count(session, Delivery) == 2


def test_a_pull_killed_between_pages_loses_and_doubles_nothing(session, link, city, clock, monkeypatch):
    for number in range(4):
        city.supply(supplied(penalty(), WSH=f"测{number}号"))
    descriptions = [one for one in load_descriptions(downward.CITY_DESCRIPTIONS) if one.name == "city-penalties"]
    import dataclasses

    small = dataclasses.replace(descriptions[0], rest=dataclasses.replace(descriptions[0].rest, page_size=1))
    monkeypatch.setattr(downward, "load_descriptions", lambda folder: [small])
    steps = pull_records(session, link, clock=clock, today=factories.TODAY)
    for _ in range(3):
        next(steps)
        session.commit()
    steps.close()
    session.rollback()
    assert count(session, Record) == 2
    clock.forward(seconds=1)
    pull(session, link, clock)
    assert count(session, Record) == 4
    delivery = session.execute(select(Delivery)).scalar_one()
    assert (delivery.state, delivery.received) == ("closed", 4)
    assert session.execute(select(RecordEvent.kind)).scalars().all() == []


def test_files_laid_into_the_inbox_come_down(session, deployment, clock, mappings):
    import json

    link = configure(deployment.instance, way="file")
    inbox = deployment.instance / "city" / "in"
    inbox.mkdir(parents=True)
    draft = penalty()
    row = {"XH": 1, **supplied(draft)["row"]}
    (inbox / "city-penalties-001.jsonl").write_text(json.dumps(row), encoding="utf-8")
    (inbox / "news-001.jsonl").write_text(json.dumps({**news(draft), "sequence": 1}), encoding="utf-8")
    pull(session, link, clock, mappings)
    assert standing_of(session) == ["repaired"]
    assert sorted(path.suffix for path in inbox.iterdir()) == [".done", ".done"]


@pytest.mark.parametrize("description", load_descriptions(downward.CITY_DESCRIPTIONS), ids=lambda one: one.name)
def test_descriptions_fit_the_catalogue(session, deployment, description):
    from credit.collection.description import check_description

    assert description.name.startswith("city-")
    check_description(description, deployment.catalogue)
    register_source(session, description)
    assert EventKind.repaired
