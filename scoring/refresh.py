"""Refreshing: whoever changed, or whose window or term has turned, is evaluated again. Lookup never evaluates.

``credit`` writes ``subject_changes`` in its own transaction; this module drains them in order, at most so many at a
time. What is taken and what is written is one transaction of the caller: after a failure the changes are still there.
"""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.evaluations import Evaluation
from models.subjects import SubjectChange
from scoring.card import Standard
from scoring.evaluate import evaluate_some, forget_changes, register_standard


def drain_changes(session: Session, standard: Standard, *, limit: int, today: date, now: datetime) -> int:
    """Evaluate the subjects of the oldest ``limit`` changes again and take these changes away; how many changes."""
    statement = select(SubjectChange.id, SubjectChange.subject_id).order_by(SubjectChange.id).limit(limit)
    changes = session.execute(statement).all()
    if not changes:
        return 0
    evaluate_some(session, standard, [subject_id for _, subject_id in changes], as_of=today, today=today, now=now)
    forget_changes(session, [change_id for change_id, _ in changes])
    return len(changes)


def refresh_stale(session: Session, standard: Standard, *, limit: int, today: date, now: datetime) -> int:
    """Evaluate again up to ``limit`` subjects whose newest evaluation has passed its day; how many subjects."""
    model_id = register_standard(session, standard, now=now).id
    newest = select(func.max(Evaluation.id)).where(Evaluation.model_id == model_id).group_by(Evaluation.subject_id)
    statement = (
        select(Evaluation.subject_id)
        .where(Evaluation.model_id == model_id, Evaluation.valid_until <= today, Evaluation.id.in_(newest))
        .order_by(Evaluation.subject_id)
        .limit(limit)
    )
    subject_ids = list(session.execute(statement).scalars())
    evaluate_some(session, standard, subject_ids, as_of=today, today=today, now=now)
    return len(subject_ids)
