"""A worker in a process of its own: claims turns until none is due, and tells each one it got."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from credit.collection.schedule import claim_turn, finish_turn, plan_turns, renew_turn
from credit.deployment import make_deployment, open_session
from credit.keyring import load_keyring
from models.session import make_engine

SOURCES = [f"source-{number:02d}" for number in range(40)]


def main(instance: Path, url: str, log_url: str) -> None:
    """Claim, hold for a moment, give back."""
    deployment = make_deployment(
        district="测试区",
        jurisdiction="shanghai",
        instance=instance,
        engine=make_engine(url),
        enquiry_engine=make_engine(log_url),
        keyring=load_keyring(instance / "keys"),
    )
    with open_session(deployment) as session:
        plan_turns(session, SOURCES, now=datetime.now(UTC))
        session.commit()
        print("ready", flush=True)
        sys.stdin.readline()
        while (turn := claim_turn(session, SOURCES, now=datetime.now(UTC))) is not None:
            session.commit()
            print(turn.source, flush=True)
            time.sleep(0.01)
            renew_turn(session, turn, now=datetime.now(UTC))
            finish_turn(session, turn, None, now=datetime.now(UTC))
            session.commit()
        session.rollback()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
