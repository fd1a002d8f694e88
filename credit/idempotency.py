"""Idempotency keys (幂等键): the same creating request sent twice has one effect and one answer.

The key is claimed in the transaction of the effect itself: if the effect is rolled back, so is the claim; whoever sends the
key meanwhile waits for that transaction and then gets its answer. Answers are kept sealed, since they may name persons.
"""

import json
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from credit.deployment import deployment_of
from credit.enquirer import Enquirer
from credit.errors import Conflict, IdempotencyMismatch
from models.work import IdempotencyKey

KEPT = timedelta(days=30)
CONTEXT = b"idempotency_keys.answer"


class KeptAnswer(NamedTuple):
    """An answer as it first left."""

    status: int
    body: str


def claim_key(
    session: Session, enquirer: Enquirer, key: str, request_digest: bytes, *, now: datetime
) -> KeptAnswer | None:
    """Claim the key for this request: None where it is new, the first answer where the request is repeated.

    Raises IdempotencyMismatch where the key stands for another request.
    """
    owner = _owner(enquirer)
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
    claim = IdempotencyKey(account=owner, key=key, request_digest=request_digest, created_at=now)
    try:
        with session.begin_nested():
            session.add(claim)
    except IntegrityError:
        return _first_answer(session, owner, key, request_digest)
    return None


def keep_answer(session: Session, enquirer: Enquirer, key: str, answer: KeptAnswer) -> None:
    """Keep what is about to leave under the key claimed before."""
    sealed = deployment_of(session).keyring.seal(json.dumps(answer.body).encode(), CONTEXT)
    mine = (IdempotencyKey.account == _owner(enquirer), IdempotencyKey.key == key)
    session.execute(update(IdempotencyKey).where(*mine).values(status=answer.status, answer=sealed))


def _first_answer(session: Session, owner: str, key: str, request_digest: bytes) -> KeptAnswer:
    mine = (IdempotencyKey.account == owner, IdempotencyKey.key == key)
    row = session.execute(select(IdempotencyKey).where(*mine)).scalar()
    if row is None or row.status is None or row.answer is None:
        raise Conflict("同一幂等键的请求正在处理")
    if bytes(row.request_digest) != request_digest:
        raise IdempotencyMismatch
    body = json.loads(deployment_of(session).keyring.open(bytes(row.answer), CONTEXT))
    return KeptAnswer(row.status, body)


def _owner(enquirer: Enquirer) -> str:
    return f"account:{enquirer.account_id}" if enquirer.account_id is not None else f"agency:{enquirer.agency_id}"
