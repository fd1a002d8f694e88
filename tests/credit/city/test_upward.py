"""Changes go up: once each, in order, whatever is killed; what is not mapped waits alone; numbers travel sealed."""

import json
import logging
import sqlite3

import pytest
from sqlalchemy import func, select

from credit.city import upward
from credit.city.link import load_link
from credit.city.mapping import load_city_mappings, read_city_mapping
from credit.city.upward import forget_pauses, push
from credit.records import change_standing
from models.city import CityBatch, CityWithheld
from models.records import CurrentRecord
from models.terms import EventKind
from models.work import OutboxMessage
from tests import factories
from tests.credit.city.conftest import configure, penalty, serving


def push_all(session, link, mappings, clock):
    steps = []
    for step in push(session, link, mappings, clock=clock):
        session.commit()
        steps.append(step)
    return (
        sum(step.collected for step in steps),
        sum(step.received for step in steps),
        steps[-1].stopped if steps else "",
    )


def lines_of(city):
    return [json.loads(row[0]) for row in city.database.execute("SELECT body FROM lines ORDER BY rowid")]


def test_records_then_standings_go_up_once(session, link, mappings, clock, city):
    draft = penalty()
    factories.accept(session, draft)
    key = session.execute(select(CurrentRecord.record_key)).scalar_one()
    change_standing(
        session, key, EventKind.repaired, cause="信用修复", effective_on=factories.TODAY, known_at=clock(), actor="区"
    )
    session.commit()
    assert push_all(session, link, mappings, clock) == (2, 1, "")
    lines = lines_of(city)
    assert [line["kind"] for line in lines] == ["record", "standing"]
    assert lines[0]["item"] == "SH-CF-01" and lines[0]["code"] == draft.subject.code
    assert lines[0]["fields"]["FKJE"] == "5000.00" and lines[0]["fields"]["WFXWLX"] == "虚假宣传"
    assert lines[1]["standing"] == "20" and lines[1]["ref"] == lines[0]["ref"] == bytes(key).hex()
    assert push_all(session, link, mappings, clock) == (0, 0, "")
    batch = session.execute(select(CityBatch).order_by(CityBatch.id)).scalars().first()
    assert batch.body_sealed is None and batch.received_at is not None


def test_what_came_from_the_city_does_not_go_back(session, link, mappings, clock, city):
    source = factories.make_source(session, name="city-penalties")
    draft = penalty()
    factories.accept(session, draft)
    session.execute(source.__table__.update().where(source.__table__.c.name != source.name).values(name="city-x"))
    session.commit()
    assert push_all(session, link, mappings, clock)[0] == 0


def test_killed_between_sending_and_receipt_it_goes_again_and_the_city_sees_one(session, link, mappings, clock, city):
    factories.accept(session, penalty())
    session.commit()
    city.deaf = 1
    collected, received, stopped = push_all(session, link, mappings, clock)
    assert (collected, received, stopped) == (1, 0, "市平台无法连接")
    assert push_all(session, link, mappings, clock)[1] == 0, "the pause is not over"
    clock.forward(seconds=6)
    assert push_all(session, link, mappings, clock) == (0, 1, "")
    assert len(lines_of(city)) == 1
    message = session.execute(select(OutboxMessage)).scalar_one()
    assert message.receipt == "CITY-00000001" and message.attempts == 2


def test_a_process_killed_while_sending_leaves_a_lease_and_the_next_resumes(
    session, link, mappings, clock, city, monkeypatch
):
    for _ in range(3):
        factories.accept(session, penalty(penalty().subject, doc_no=f"测{factories.make_code()}号"))
    session.commit()
    monkeypatch.setattr(upward, "BATCH_LINES", 1)
    sent = []

    def killed(link, package):
        sent.append(package.sequence)
        real(link, package)
        raise KeyboardInterrupt

    real = upward.send
    monkeypatch.setattr(upward, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        push_all(session, link, mappings, clock)
    session.rollback()
    monkeypatch.setattr(upward, "send", real)
    assert push_all(session, link, mappings, clock)[1] == 0, "somebody may still hold it"
    clock.forward(seconds=61)
    assert push_all(session, link, mappings, clock)[1] == 3
    assert [line["revision"] for line in lines_of(city)] == sorted(line["revision"] for line in lines_of(city))
    assert len(lines_of(city)) == 3 and sent == [1]


def test_pauses_double_and_order_is_kept(session, deployment, mappings, clock):
    link = configure(deployment.instance)
    factories.accept(session, penalty())
    session.commit()
    pauses = []
    for _ in range(4):
        before = clock()
        push_all(session, link, mappings, clock)
        message = session.execute(select(OutboxMessage)).scalar_one()
        pauses.append((message.lease_until - before).total_seconds())
        session.commit()
        clock.forward(seconds=pauses[-1] + 1)
    assert pauses == [5, 10, 20, 40]


def test_an_unmapped_code_blocks_its_item_alone_and_goes_when_mapped(session, link, mappings, clock, city):
    listed = factories.make_listing(session, "youth-volunteer", subject=penalty().subject)
    key = session.execute(select(CurrentRecord.record_key)).scalar_one()
    factories.accept(session, penalty())
    change_standing(
        session, key, EventKind.withdrawn, cause="撤销", effective_on=factories.TODAY, known_at=clock(), actor="区"
    )
    session.commit()
    assert listed is not None
    push_all(session, link, mappings, clock)
    assert [line["item"] for line in lines_of(city)] == ["SH-CF-01"]
    waiting = session.execute(select(CityWithheld.item, CityWithheld.reason).order_by(CityWithheld.id)).all()
    assert [row[0] for row in waiting] == ["listing/youth-volunteer"] * 2
    session.commit()
    from credit.catalogue import REFERENCE

    text = (REFERENCE / "city-mapping-2026-1.yaml").read_text(encoding="utf-8")
    wider = read_city_mapping(text.replace("  charity:", '  youth-volunteer: "HM-003"\n  charity:').encode())
    push_all(session, link, {"2026-1": wider}, clock)
    assert [(line["kind"], line["list"]) for line in lines_of(city)[1:]] == [
        ("record", "HM-003"),
        ("standing", "HM-003"),
    ]
    assert session.execute(select(func.count()).select_from(CityWithheld)).scalar_one() == 0


def test_a_persons_number_travels_only_sealed_and_nowhere_else(session, deployment, city, mappings, clock, caplog):
    caplog.set_level(logging.DEBUG)
    number = factories.make_number()
    bare = configure(deployment.instance, city, transport=None)
    factories.make_person(session, number=number)
    session.commit()
    push_all(session, bare, mappings, clock)
    assert lines_of(city) == []
    reason = session.execute(select(CityWithheld.reason)).scalar_one()
    assert "传输密钥" in reason and number not in reason
    session.commit()
    link = configure(deployment.instance, city)
    push_all(session, link, mappings, clock)
    (line,) = lines_of(city)
    assert number not in json.dumps(line) and link.open_number(line["number_sealed"]) == number
    assert number not in caplog.text and "赵某某" not in caplog.text
    assert number not in repr(link)
    held = [path for path in deployment.instance.rglob("*") if path.is_file()]
    assert not [path.name for path in held if number.encode() in path.read_bytes()]


def test_an_operator_need_not_wait_for_the_pause(session, link, mappings, clock, city):
    factories.accept(session, penalty())
    session.commit()
    city.deaf = 1
    push_all(session, link, mappings, clock)
    forget_pauses(session)
    assert push_all(session, link, mappings, clock) == (0, 1, "")


def test_the_file_way_lays_out_a_batch_and_takes_its_receipt(session, deployment, mappings, clock):
    link = configure(deployment.instance, way="file")
    factories.accept(session, penalty())
    session.commit()
    assert push_all(session, link, mappings, clock)[2] == "等待回执"
    out = deployment.instance / "city" / "out"
    manifest = json.loads((out / "00000001.jsonl.manifest.json").read_text())
    assert manifest["rows"] == 1 and (out / "00000001.jsonl").stat().st_mode & 0o077 == 0
    receipts = deployment.instance / "city" / "in"
    receipts.mkdir()
    answer = {"sequence": 1, "sha256": "0" * 64, "receipt": "R1", "accepted": 1}
    (receipts / "00000001.receipt.json").write_text(json.dumps(answer))
    clock.forward(seconds=61)
    assert push_all(session, link, mappings, clock)[2] == "回执与批次不符"
    (receipts / "00000001.receipt.json").write_text(json.dumps({**answer, "sha256": manifest["sha256"]}))
    clock.forward(seconds=61)
    assert push_all(session, link, mappings, clock) == (0, 1, "")
    assert list(out.iterdir()) == []


def test_the_city_remembers_receipts_over_a_restart(tmp_path, session, deployment, mappings, clock):
    factories.accept(session, penalty())
    session.commit()
    with serving(tmp_path / "one", returns=False) as first:
        push_all(session, configure(deployment.instance, first), mappings, clock)
    factories.accept(session, penalty(doc_no="测2号"))
    session.commit()
    with serving(tmp_path / "one", returns=False) as again:
        assert push_all(session, configure(deployment.instance, again), mappings, clock) == (1, 1, "")
    assert sqlite3.connect(tmp_path / "one" / "city.sqlite").execute("SELECT count(*) FROM lines").fetchone() == (2,)


def test_without_configuration_there_is_no_city(deployment):
    assert load_link(deployment.instance) is None


def test_every_item_is_mapped_or_stays_here_by_decision(deployment):
    mapping = load_city_mappings()[deployment.catalogue.edition]
    assert set(deployment.catalogue.items) == set(mapping.items) | mapping.not_told
    assert not set(mapping.items) & mapping.not_told


def test_market_information_is_neither_sent_nor_withheld(session, link, mappings, clock, city):
    factories.make_record(session, "market_evaluation")
    factories.accept(session, penalty())
    session.commit()
    assert push_all(session, link, mappings, clock) == (1, 1, "")
    assert [line["item"] for line in lines_of(city)] == ["SH-CF-01"]
    assert session.execute(select(func.count()).select_from(CityWithheld)).scalar_one() == 0


def test_every_field_of_a_mapped_item_is_mapped(deployment):
    mapping = load_city_mappings()[deployment.catalogue.edition]
    for code in mapping.items:
        mapping.fields(code, dict.fromkeys(deployment.catalogue.items[code].fields, ""))
