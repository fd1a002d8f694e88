"""Evaluating: histories in, ``Evaluation`` rows out, a new row only where something differs.

A run goes page by page; ``after_page`` (the command's commit) ends each page's transaction, so that the write lock is
held for a fraction of a second and a killed run simply begins again: equal results write nothing. A run for a day
behind the latest stored one, or for what was known then, is computed and reported but not stored: what is shown as
current never goes backwards.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from credit.bulk import Adapter, adapter_of, insert_rows
from credit.errors import NotFound, StandardInvalid
from models.base import DISTRICT_ZONE
from models.evaluations import Evaluation, EvaluationRun, ModelCard
from models.session import dump_json
from models.subjects import SubjectChange
from scoring.card import Standard
from scoring.explain import pack
from scoring.features import IN_LIST, PAGE, Asked, SubjectHistory, gather_page, gather_some
from scoring.grades import BEST_FIRST, Outcome, evaluate
from scoring.standards import list_standards, load_standard, read_standard

Known = Literal["now", "then"]
DIGEST_BYTES: Final = 16
COLUMNS: Final = (
    "subject_id", "model_id", "run_id", "as_of", "grade", "points", "vetoed_by", "contributions", "digest", "valid_until",
    "evaluated_at",
)  # fmt: skip


_READ: dict[bytes, Standard] = {}
"""Standards already read from the registry, by digest: reading and checking one costs far more than a lookup may."""


class Previous(NamedTuple):
    """What is stored about a subject: the row, its digest, and until when it holds."""

    evaluation_id: int
    digest: bytes
    valid_until: date | None


@dataclass(slots=True)
class Run:
    """One run: what is asked, by which model, stored or only counted, and what came of it so far."""

    asked: Asked
    model_id: int
    run_id: int | None
    now: datetime
    stored: bool
    evaluated: int = 0
    written: int = 0
    grades: Counter[str] = field(default_factory=Counter)


def register_shipped(session: Session, *, now: datetime) -> None:
    """Enter every standard shipped with the project in the registry; those already there stay."""
    for path in list_standards():
        register_standard(session, load_standard(path), now=now)


def register_standard(session: Session, standard: Standard, *, now: datetime) -> ModelCard:
    """Enter a checked standard in the registry, or find it there; an edition once registered is never another.

    Raises StandardInvalid where the same name and edition already stands for other data.
    """
    found = session.execute(
        select(ModelCard).where(ModelCard.name == standard.name, ModelCard.version == standard.edition)
    ).scalar_one_or_none()
    if found is not None:
        if bytes(found.digest) != standard.digest:
            raise StandardInvalid(f"{standard.name} {standard.edition} 已登记，内容不得改动；请另立版本")
        return found
    card = ModelCard(
        name=standard.name, version=standard.edition, title=standard.title, use=standard.use, digest=standard.digest,
        body=dict(standard.body), registered_at=now, active_from=standard.valid_from,
    )  # fmt: skip
    session.add(card)
    session.flush()
    return card


def find_model(session: Session, name: str, *, today: date) -> ModelCard | None:
    """The registered model of that name in force on a day: the latest whose first day has come."""
    statement = (
        select(ModelCard)
        .where(ModelCard.name == name, ModelCard.active_from <= today)
        .order_by(ModelCard.active_from.desc(), ModelCard.id.desc())
    )
    return session.execute(statement.limit(1)).scalar_one_or_none()


def standard_of(card: ModelCard) -> Standard:
    """The checked standard of a registered card; raises StandardInvalid where its data was changed."""
    digest = bytes(card.digest)
    if digest not in _READ:
        standard = read_standard(card.body)
        if standard.digest != digest:
            raise StandardInvalid(f"{card.name} {card.version} 的内容与登记的摘要不符")
        _READ[digest] = standard
    return _READ[digest]


def current_evaluation(session: Session, subject_id: int, model_id: int) -> Evaluation | None:
    """The newest stored evaluation of a subject by a model. Ask ``explain.is_stale`` before showing its grade."""
    statement = (
        select(Evaluation)
        .where(Evaluation.subject_id == subject_id, Evaluation.model_id == model_id)
        .order_by(Evaluation.id.desc())
    )
    return session.execute(statement.limit(1)).scalar_one_or_none()


def evaluate_subject(
    session: Session, standard: Standard, subject_id: int, *, as_of: date, today: date, now: datetime
) -> Evaluation | None:
    """Evaluate one subject now and store it where it differs; None where the standard does not evaluate it."""
    model_id = register_standard(session, standard, now=now).id
    evaluate_some(session, standard, [subject_id], as_of=as_of, today=today, now=now)
    return current_evaluation(session, subject_id, model_id)


def evaluate_some(
    session: Session, standard: Standard, subject_ids: Sequence[int], *, as_of: date, today: date, now: datetime
) -> Counter[str]:
    """Evaluate the named subjects and store what differs; how many have which grade."""
    model_id = register_standard(session, standard, now=now).id
    run = Run(Asked(as_of, today), model_id, None, now, _may_store(session, model_id, as_of, "now"))
    wanted = sorted(set(subject_ids))
    for start in range(0, len(wanted), IN_LIST):
        evaluate_page(
            session, standard, run, gather_some(session, standard, run.asked, wanted[start : start + IN_LIST])
        )
    return run.grades


def evaluate_all(
    session: Session,
    standard: Standard,
    *,
    as_of: date,
    today: date,
    now: datetime,
    known: Known = "now",
    after_page: Callable[[int], None] = lambda _evaluated: None,
    page: int = PAGE,
) -> dict[str, Any]:
    """Evaluate everybody the standard is for, page by page; ``after_page`` may commit and show progress.

    Gives model, version, as_of, known, evaluated, written, stored, grades{A, B, C, D} and seconds.
    """
    started = time.perf_counter()
    model_id = register_standard(session, standard, now=now).id
    known_until = now if known == "now" else end_of_day(as_of)
    asked = Asked(as_of, today, None if known == "now" else known_until)
    run = Run(asked, model_id, None, now, _may_store(session, model_id, as_of, known))
    entry = _open_run(session, run, known_until)
    covered = _waiting_changes(session) if run.stored and as_of == today else []
    after = 0
    while histories := gather_page(session, standard, asked, after=after, size=page):
        evaluate_page(session, standard, run, histories)
        after = histories[-1].subject_id
        after_page(run.evaluated)
    seconds = time.perf_counter() - started
    grades = {grade: run.grades[grade] for grade in BEST_FIRST}
    entry.evaluated, entry.written, entry.grades = run.evaluated, run.written, grades
    entry.finished_at = now + timedelta(seconds=seconds)
    session.add(entry)
    session.flush()
    forget_changes(session, covered)
    return {
        "model": standard.name, "version": standard.edition, "title": standard.title, "as_of": as_of.isoformat(),
        "known": known, "evaluated": run.evaluated, "written": run.written, "stored": run.stored, "grades": grades,
        "seconds": round(seconds, 3),
    }  # fmt: skip


def end_of_day(day: date) -> datetime:
    """The last moment of a day of the district: what was known then was known by it."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=DISTRICT_ZONE)


def evaluate_page(session: Session, standard: Standard, run: Run, histories: Sequence[SubjectHistory]) -> None:
    """Evaluate one page of histories and store what differs from what is stored."""
    previous = _previous(session, run.model_id, [history.subject_id for history in histories]) if run.stored else {}
    rows: list[tuple[Any, ...]] = []
    renewed: list[dict[str, Any]] = []
    adapt = adapter_of(session.connection())
    for history in histories:
        outcome = evaluate(standard, history.facts, run.asked.as_of)
        run.grades[outcome.grade] += 1
        if not run.stored:
            continue
        packed = dump_json(pack(standard, outcome))
        digest = _digest(outcome, packed)
        before = previous.get(history.subject_id)
        if before is None or before.digest != digest:
            rows.append(_row(run, history.subject_id, outcome, packed, digest, adapt))
        elif before.valid_until != outcome.valid_until:
            renewed.append({"id": before.evaluation_id, "valid_until": outcome.valid_until})
    run.evaluated += len(histories)
    run.written += len(rows)
    insert_rows(session.connection(), Evaluation, COLUMNS, rows)
    if renewed:
        session.execute(update(Evaluation), renewed)


def _digest(outcome: Outcome, packed: str) -> bytes:
    content = f"{outcome.grade}\x1f{outcome.points}\x1f{outcome.vetoed_by}\x1f{packed}"
    return hashlib.blake2b(content.encode(), digest_size=DIGEST_BYTES).digest()


def _row(run: Run, subject_id: int, outcome: Outcome, packed: str, digest: bytes, adapt: Adapter) -> tuple[Any, ...]:
    return (
        subject_id, run.model_id, run.run_id, adapt.day(run.asked.as_of), outcome.grade, outcome.points, outcome.vetoed_by,
        packed, digest, adapt.day(outcome.valid_until), adapt.time(run.now),
    )  # fmt: skip


def _previous(session: Session, model_id: int, subject_ids: Sequence[int]) -> dict[int, Previous]:
    """The newest stored evaluation of each of these subjects (ids in order)."""
    if not subject_ids:
        return {}
    newest = (
        select(func.max(Evaluation.id))
        .where(Evaluation.subject_id.between(subject_ids[0], subject_ids[-1]), Evaluation.model_id == model_id)
        .group_by(Evaluation.subject_id)
    )
    if len(subject_ids) <= IN_LIST:
        newest = newest.where(Evaluation.subject_id.in_(subject_ids))
    statement = select(Evaluation.subject_id, Evaluation.id, Evaluation.digest, Evaluation.valid_until)
    rows = session.execute(statement.where(Evaluation.id.in_(newest)))
    return {subject_id: Previous(row_id, bytes(digest), until) for subject_id, row_id, digest, until in rows}


def _may_store(session: Session, model_id: int, as_of: date, known: Known) -> bool:
    """Whether an evaluation for that day may become the current one: not behind a later one, not for what was known."""
    latest = session.execute(select(func.max(Evaluation.as_of)).where(Evaluation.model_id == model_id)).scalar_one()
    return known == "now" and (latest is None or as_of >= latest)


def _waiting_changes(session: Session) -> list[int]:
    """The changes there are: a run that begins after them covers them, and nobody need be evaluated for them again."""
    return list(session.execute(select(SubjectChange.id)).scalars())


def forget_changes(session: Session, change_ids: Sequence[int]) -> None:
    """Take away exactly these changes: one with a lower id may still be on its way in another transaction."""
    for start in range(0, len(change_ids), IN_LIST):
        session.execute(delete(SubjectChange).where(SubjectChange.id.in_(change_ids[start : start + IN_LIST])))


def _open_run(session: Session, run: Run, known_until: datetime) -> EvaluationRun:
    entry = EvaluationRun(
        model_id=run.model_id, as_of=run.asked.as_of, known_until=known_until, evaluated=0, written=0, grades={},
        started_at=run.now, finished_at=run.now,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    run.run_id = entry.id
    return entry


def get_model(session: Session, name: str, *, today: date) -> ModelCard:
    """The registered model of that name in force on a day; raises NotFound."""
    card = find_model(session, name, today=today)
    if card is None:
        raise NotFound(f"没有名为 {name} 的现行评价模型")
    return card
