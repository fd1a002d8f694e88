"""How collection stands: totals, overdue sources, whose deliveries, and counts that leave persons out."""

from datetime import date, timedelta

import pytest

from credit.collection.status import (
    get_delivery_status,
    list_deliveries,
    list_rejected_rows,
    list_source_status,
    summarise_holdings,
)
from credit.errors import NotFound
from models.collection import Delivery, Rejection
from tests.conftest import NOW, TODAY
from tests.factories import make_batch, make_enterprise, make_person, make_source


@pytest.fixture
def delivered(session):
    source = make_source(session)
    batch, _edition = make_batch(session, source)
    delivery = session.get(Delivery, batch.delivery_id)
    delivery.received, delivery.accepted, delivery.rejected = 4, 1, 3
    for row in (9, 2, 5):
        session.add(Rejection(batch_id=batch.id, row_number=row, faults=[], row_sealed=None))
    session.flush()
    return source, delivery


def test_totals_of_a_source(session, delivered):
    source, _delivery = delivered
    make_batch(session, source)
    (status,) = list_source_status(session, TODAY)
    assert (status.deliveries, status.received, status.accepted, status.rejected) == (2, 4, 1, 3)
    assert status.pass_rate == 0.25


def test_a_source_that_never_delivered(session):
    make_source(session)
    (status,) = list_source_status(session, TODAY)
    assert (status.deliveries, status.received, status.days_silent, status.pass_rate) == (0, 0, None, None)


@pytest.mark.parametrize(
    ("due", "disabled", "overdue"),
    [
        (None, False, False),
        (TODAY, False, False),
        (TODAY - timedelta(days=1), False, True),
        (date(2026, 1, 1), True, False),
    ],
)
def test_overdue_from_the_day_after_it_was_due(session, due, disabled, overdue):
    source = make_source(session)
    source.next_due, source.disabled, source.last_delivery_at = due, disabled, NOW - timedelta(days=3)
    session.flush()
    (status,) = list_source_status(session, TODAY)
    assert (status.overdue, status.days_silent) == (overdue, 3)


def test_a_department_gets_its_own_only(session, delivered):
    source, delivery = delivered
    stranger = make_source(session).department_id
    assert [each.ref for each in list_deliveries(session, department_id=source.department_id)] == [delivery.ref]
    assert list_deliveries(session, department_id=stranger) == []
    assert get_delivery_status(session, delivery.ref, department_id=source.department_id).rejected == 3
    with pytest.raises(NotFound):
        get_delivery_status(session, delivery.ref, department_id=stranger)


def test_rejected_rows_come_in_order_and_page_on(session, delivered):
    _source, delivery = delivered
    first = list_rejected_rows(session, delivery.ref, limit=2)
    rest = list_rejected_rows(session, delivery.ref, after=first[-1].row, limit=2)
    assert [each.row for each in first + rest] == [2, 5, 9]


def test_holdings_count_no_persons_and_no_silent_sources(session):
    make_enterprise(session)
    before = summarise_holdings(session)
    make_person(session)
    make_source(session).last_delivery_at = NOW
    make_source(session)
    session.flush()
    after = summarise_holdings(session)
    assert (before.organisations, after.organisations) == (1, 1)
    assert (after.sources - before.sources, after.newest) == (1, NOW)
