"""Counters of failures, codes used once, revocations: with the day as a parameter and several processes' eyes."""

from datetime import UTC, datetime, timedelta

import pytest

from credit.limits import WHOLE_ACCOUNT_FACTOR, Limits, LockRule

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
RULE = LockRule(3, timedelta(minutes=15))


@pytest.fixture
def limits(deployment):
    made = Limits(deployment.instance / "limits.sqlite", deployment.engine, RULE)
    yield made
    made.close()


@pytest.mark.parametrize(("failures", "locked"), [(0, False), (2, False), (3, True), (4, True)])
def test_locks_after_so_many(limits, failures, locked):
    for _one in range(failures):
        limits.note_failure("chen", "10.0.0.1", NOW)
    assert (limits.seconds_locked("chen", "10.0.0.1", NOW) > 0) == locked
    assert limits.seconds_locked("chen", "10.0.0.2", NOW) == 0
    assert limits.seconds_locked("wang", "10.0.0.1", NOW) == 0


def test_the_lock_ends_by_itself(limits):
    for _one in range(3):
        limits.note_failure("chen", "10.0.0.1", NOW)
    seconds = limits.seconds_locked("chen", "10.0.0.1", NOW)
    assert 890 < seconds <= 901
    assert limits.seconds_locked("chen", "10.0.0.1", NOW + timedelta(seconds=seconds)) == 0


def test_many_addresses_lock_the_whole_account(limits):
    for number in range(3 * WHOLE_ACCOUNT_FACTOR):
        limits.note_failure("chen", f"10.0.0.{number}", NOW)
    assert limits.seconds_locked("chen", "10.9.9.9", NOW) > 0


def test_a_code_is_used_once_in_every_process(limits, deployment):
    other = Limits(deployment.instance / "limits.sqlite", deployment.engine, RULE)
    assert limits.use_code("account:1", 100)
    assert not other.use_code("account:1", 100)
    assert other.use_code("account:1", 101) and other.use_code("account:2", 100)
    assert limits.code_used("account:1", 101) and not limits.code_used("account:2", 101)
    other.close()


def test_a_revocation_is_seen_by_all_and_dropped_when_over(limits, deployment):
    other = Limits(deployment.instance / "limits.sqlite", deployment.engine, RULE)
    limits.revoke("a", NOW + timedelta(minutes=15), NOW)
    limits.revoke("a", NOW + timedelta(minutes=15), NOW)
    assert other.revoked("a") and not other.revoked("b")
    other.revoke("b", NOW + timedelta(hours=2), NOW + timedelta(hours=1))
    assert limits.revoked("b") and not limits.revoked("a")
    other.close()
