"""Real kills (SIGKILL) while batches go up: nothing lost, nothing twice, in order."""

import os
import random
import signal
import time
from dataclasses import replace

from credit.city import upward
from credit.city.upward import forget_pauses
from credit.deployment import open_session
from models.session import make_engine, make_session_factory
from tests import factories
from tests.credit.city.conftest import Clock, penalty
from tests.credit.city.test_upward import lines_of, push_all

ROUNDS = 12
RECORDS = 120


def own_engine(deployment):
    """The deployment over an engine that no other process has touched."""
    engine = make_engine(deployment.engine.url.render_as_string(hide_password=False))
    return replace(deployment, engine=engine, sessions=make_session_factory(engine))


def push_until_killed(deployment, link, mappings):
    """A child that pushes one line a batch until somebody kills it."""
    child = os.fork()
    if child:
        return child
    try:
        with open_session(own_engine(deployment)) as session:
            forget_pauses(session)
            session.commit()
            push_all(session, link, mappings, Clock())
            session.commit()
    finally:
        os._exit(0)


def test_killed_again_and_again_everything_goes_up_once_and_in_order(
    session, deployment, link, mappings, city, monkeypatch
):
    monkeypatch.setattr(upward, "BATCH_LINES", 2)
    factories.accept(session, *[penalty(doc_no=f"测{number}号") for number in range(RECORDS)])
    session.commit()
    rng = random.Random(7)
    killed = 0
    for _ in range(ROUNDS):
        child = push_until_killed(deployment, link, mappings)
        time.sleep(rng.uniform(0.02, 0.25))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
    forget_pauses(session)
    push_all(session, link, mappings, Clock())
    session.commit()
    revisions = [line["revision"] for line in lines_of(city)]
    assert killed > ROUNDS // 2
    assert len(revisions) == RECORDS == len(set(revisions))
    assert revisions == sorted(revisions)
