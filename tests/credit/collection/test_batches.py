"""Deliveries: counts that add up whatever comes, sealed rows, the same bytes again, and two writers at once."""

import threading
import zlib
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from credit.collection.batches import DeliveryReport, close_delivery, open_delivery, register_source, write_batch
from credit.deployment import deployment_of, open_session
from credit.drafts import Fault, RowResult, SubjectDraft
from credit.errors import DoesNotAddUp
from credit.keyring import SealBox, SealBroken
from credit.rebuild import compare
from credit.records import change_standing
from models.collection import Batch, Delivery, ParkedRow, Rejection
from models.records import CurrentRecord, Record
from models.subjects import Subject
from models.terms import EventKind, SubjectKind
from tests.credit.collection.taking import describe
from tests.factories import NOW, TODAY, accept, make_code, make_draft

SUMS = ("accepted", "unchanged", "superseded", "parked", "rejected")
CODES = [make_code() for _ in range(3)]
ROWS = st.lists(
    st.tuples(st.sampled_from(["coded", "named", "nobody", "faulty"]), st.integers(0, 3), st.integers(0, 2)),
    max_size=12,
)


def result(number, kind="coded", fact=0, version=0):
    if kind == "faulty":
        return RowResult(
            number, None, (Fault("代码", "FORMAT", "格式有误"), Fault("代码", "CHECKSUM", "校验有误")), ("x", "y")
        )
    names = {"coded": "甲公司", "named": "甲公司", "nobody": "无人公司"}
    subject = SubjectDraft(
        None if kind == "coded" else SubjectKind.enterprise, names[kind], CODES[0] if kind == "coded" else None
    )
    draft = make_draft(
        subject=subject, natural_key=("-", str(fact)), amount=version, row_number=number, document_number="d"
    )
    return RowResult(number, draft, (), ("甲", str(fact)))


def opened(session, digest=b"1"):
    source_id = register_source(session, describe())
    return open_delivery(session, source_id, describe(), name="a.csv", digest=digest, now=NOW)


def write(session, delivery, results, sequence=0):
    return write_batch(session, delivery, results, sequence=sequence, first_row=1, today=TODAY, now=NOW)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(ROWS, min_size=1, max_size=4))
def test_counts_add_up_whatever_comes(session, batches):
    trial = session.begin_nested()
    try:
        delivery = opened(session)
        expected = Counter()
        for sequence, rows in enumerate(batches):
            results = [result(number, *row) for number, row in enumerate(rows, start=1)]
            counts = write(session, delivery, results, sequence)
            assert counts.total() == len(rows)
            expected += counts
        session.expire_all()
        report = close_delivery(session, delivery, columns_dropped=2, now=NOW)
        assert report.received == sum(len(rows) for rows in batches) == sum(getattr(report, name) for name in SUMS)
        assert {name: getattr(report, name) for name in SUMS if getattr(report, name)} == dict(+expected)
        kept = session.execute(select(func.count()).select_from(Rejection)).scalar_one()
        assert kept == report.rejected
        assert report.by_fault.get("FORMAT", 0) == report.by_fault.get("CHECKSUM", 0) == report.rejected
        released = session.execute(select(func.count(ParkedRow.settled_at))).scalar_one()
        records = session.execute(select(func.count()).select_from(Record)).scalar_one()
        assert report.records_made <= records <= report.records_made + released
        assert compare(session) == []
    finally:
        session.expire_all()
        trial.rollback()


def test_a_delivery_that_does_not_add_up_is_not_closed(session):
    delivery = opened(session)
    write(session, delivery, [result(1)])
    session.flush()
    session.execute(update(Delivery).values(received=5))
    session.expire_all()
    with pytest.raises(DoesNotAddUp):
        close_delivery(session, delivery, columns_dropped=0, now=NOW)
    with pytest.raises(IntegrityError):
        session.execute(update(Delivery).values(state="closed"))
    session.rollback()


def test_the_same_bytes_again_are_the_same_delivery(session):
    delivery = opened(session)
    write(session, delivery, [result(1), result(2, "nobody"), result(3, "faulty")])
    close_delivery(session, delivery, columns_dropped=0, now=NOW)
    again = opened(session)
    assert isinstance(again, DeliveryReport) and again.repeated
    assert (again.batch, again.received, again.accepted, again.unchanged, again.parked, again.rejected) == (
        delivery.ref, 3, 0, 1, 1, 1,
    )  # fmt: skip
    assert not isinstance(opened(session, b"2"), DeliveryReport)


def test_a_torn_delivery_goes_on_at_its_next_batch(session):
    delivery = opened(session)
    write(session, delivery, [result(1)])
    session.commit()
    again = opened(session)
    assert (again.delivery_id, again.batches_done, again.key) == (delivery.delivery_id, 1, delivery.key)
    with pytest.raises(IntegrityError):
        write(session, again, [result(1)], sequence=0)
    session.rollback()


def test_rows_are_kept_sealed_and_forgetting_the_key_destroys_them(session):
    delivery = opened(session)
    write(session, delivery, [result(7, "coded", 1), result(8, "faulty"), result(9, "nobody")])
    block = session.execute(select(Batch.raw_sealed)).scalar_one()
    body = zlib.decompress(SealBox(delivery.key).open(block, b"batch-rows")).decode()
    assert body == '[[7,"甲","1"],[8,"x","y"],[9,"甲","0"]]'
    rejected = session.execute(select(Rejection)).scalars().one()
    assert (rejected.row_number, [fault["code"] for fault in rejected.faults]) == (8, ["FORMAT", "CHECKSUM"])
    assert SealBox(delivery.key).open(rejected.row_sealed, b"rejected-row")
    for sealed in (block, rejected.row_sealed, session.execute(select(ParkedRow.draft_sealed)).scalar_one()):
        assert "无人公司".encode() not in sealed and "甲".encode() not in sealed
        with pytest.raises(SealBroken):
            SealBox(deployment_of(session).keyring.new_delivery_key()).open(sealed, b"batch-rows")


# two writers at once


def at_once(*works):
    """Run each in a thread of its own; raises what any of them raised."""
    errors, gate = [], threading.Barrier(len(works))

    def run(work):
        try:
            gate.wait(10)
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def test_two_deliveries_about_the_same_new_firm_at_once(session, deployment):
    drafts = [
        make_draft(subject=SubjectDraft(None, "同时公司", CODES[1]), natural_key=("-", str(n))) for n in range(20)
    ]
    session.rollback()

    def deliver():
        with open_session(deployment) as own:
            accept(own, *drafts)
            own.commit()

    accept_once = make_draft("registration", subject=SubjectDraft(None, "先到公司", CODES[2]))
    accept(session, accept_once)
    session.commit()
    at_once(deliver, deliver)
    codes = session.execute(select(Subject.code).order_by(Subject.code)).scalars().all()
    assert codes == sorted(CODES[1:])
    assert session.execute(select(func.count()).select_from(Record)).scalar_one() == 21
    assert compare(session) == []


@pytest.mark.parametrize("turn", range(4))
def test_a_repair_while_a_correction_comes_in_is_never_undone(session, deployment, turn):
    subject = SubjectDraft(None, "修复公司", CODES[1])
    drafts = [make_draft(subject=subject, natural_key=("-", str(n))) for n in range(200)]
    accept(session, *drafts)
    keys = session.execute(select(CurrentRecord.record_key)).scalars().all()
    session.commit()

    def correct():
        with open_session(deployment) as own:
            accept(own, *[draft._replace(amount=9 + turn) for draft in drafts])
            own.commit()

    def repair():
        for key in keys[:10]:
            with open_session(deployment) as own:
                change_standing(own, key, EventKind.repaired, cause="-", effective_on=TODAY, known_at=NOW, actor="city")
                own.commit()

    at_once(repair, correct)
    session.expire_all()
    standing = dict(session.execute(select(CurrentRecord.record_key, CurrentRecord.standing)).all())
    assert [standing[key] for key in keys] == ["repaired"] * 10 + ["valid"] * 190
    assert compare(session) == []
