"""Both sides count the same, and a planted difference is found down to its line."""

from datetime import timedelta

import pytest

from credit.city.reconcile import city_status, list_differences, reconcile
from credit.city.ways import Package, Refused, read_receipt
from tests import factories
from tests.credit.city.conftest import penalty, supplied
from tests.credit.city.test_downward import pull
from tests.credit.city.test_upward import push_all

SINCE = factories.TODAY - timedelta(days=7)


def compare(session, link, clock):
    session.commit()
    found = reconcile(session, link, since=SINCE, until=factories.TODAY, today=factories.TODAY, now=clock())
    session.commit()
    return found


@pytest.fixture
def exchanged(session, link, city, clock, mappings):
    for number in range(4):
        factories.accept(session, penalty(doc_no=f"测{number}号"))
    session.commit()
    push_all(session, link, mappings, clock)
    session.commit()
    return city


def test_alike_is_alike_and_what_is_under_way_is_not_missing(session, link, exchanged, clock, mappings):
    assert compare(session, link, clock) == []
    factories.accept(session, penalty(doc_no="测新号"))
    session.commit()
    exchanged.deaf = 1
    push_all(session, link, mappings, clock)
    (found,) = compare(session, link, clock)
    assert (found.ours, found.theirs) == (4, 5), "received there, but its receipt is not here yet: said, until it is"
    clock.forward(seconds=6)
    push_all(session, link, mappings, clock)
    assert compare(session, link, clock) == [] == list_differences(session)


@pytest.mark.parametrize(
    ("tamper", "counts", "what"),
    [
        ("DELETE FROM lines WHERE revision = 2", (4, 3), "市平台缺少"),
        ("UPDATE lines SET digest = '00000000000000000000000000000001' WHERE revision = 2", (4, 4), "内容不一致"),
        (
            "INSERT INTO lines SELECT sequence, kind, code, day, ref, 99, digest, body FROM lines WHERE revision = 2",
            (4, 5),
            "本区没有",
        ),
    ],
)
def test_a_planted_difference_is_found(session, link, exchanged, clock, tamper, counts, what):
    exchanged.database.execute(tamper)
    (found,) = compare(session, link, clock)
    assert (found.direction, found.code, found.day) == ("up", "SH-CF-01", factories.TODAY)
    assert (found.ours, found.theirs) == counts
    assert [line["what"] for line in found.lines] == [what]
    assert list_differences(session) == [found]
    assert city_status(session).differences == 1


def test_what_the_city_supplied_and_we_did_not_take_is_a_difference(session, link, city, clock):
    city.supply(supplied(penalty()))
    (found,) = compare(session, link, clock)
    assert (found.direction, found.code, found.ours, found.theirs) == ("down", "SH-CF-01", 0, 1)
    pull(session, link, clock)
    assert compare(session, link, clock) == []


def test_status_tells_how_it_stands(session, exchanged, link):
    status = city_status(session)
    assert (status.batches, status.received, status.under_way, status.lines) == (1, 1, 0, 4)
    assert status.withheld == {} and status.fault is None


def test_refused_lines_are_not_missing_there(session, link, city, clock, mappings, monkeypatch):
    from api.sample import city as sample

    monkeypatch.setattr(sample, "line_digest", lambda line: "no" if line["revision"] == 2 else line["digest"])
    for number in range(3):
        factories.accept(session, penalty(doc_no=f"测{number}号"))
    session.commit()
    push_all(session, link, mappings, clock)
    assert city_status(session).refused == 1
    assert compare(session, link, clock) == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"sequence":2}', b'{"sequence":1,"sha256":"0","receipt":"r","accepted":1}']
)
def test_a_receipt_of_another_batch_is_refused(body):
    with pytest.raises(Refused):
        read_receipt(body, Package(1, "2026-1", 1, b"{}\n"))
