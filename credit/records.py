"""Records: the one door in, and the one way a record's standing changes.

``accept_records`` takes the drafts of one batch and decides each: new, unchanged, superseding, parked, refused. It works on
sets: a handful of questions, decisions in memory, bulk writing; it flushes nothing by itself and never commits. What was
repaired, withdrawn, annulled or erased never comes back by being delivered again.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit import projection
from credit.bulk import adapter_of, insert_rows, lock_writing
from credit.deployment import deployment_of
from credit.door import AcceptContext, Accepted, Door
from credit.drafts import RecordDraft
from credit.errors import NotFound
from credit.parking import Waiting, keep_waiting, take_waiting
from credit.projection import Mark
from models.records import CurrentRecord, Record, RecordEvent
from models.subjects import SubjectChange
from models.terms import EventKind, ParkedReason, RowOutcome, Standing


def accept_records(session: Session, drafts: Sequence[RecordDraft], context: AcceptContext) -> Accepted:
    """The one door in: decide and write the drafts of one batch. Outcomes in the drafts' order."""
    door = Door(deployment_of(session), session.connection(), context)
    lock_writing(door.connection)
    accepted = door.accept(drafts)
    if door.appeared:
        released = take_waiting(door.connection, door.deployment.keyring, door.appeared, context.known_at)
        for waiting in released:
            _accept_waiting(door, waiting, accepted)
    changed = adapter_of(door.connection).time(context.known_at)
    rows = [(subject_id, changed) for subject_id in sorted(accepted.touched)]
    insert_rows(door.connection, SubjectChange, ("subject_id", "changed_at"), rows)
    return accepted


def _accept_waiting(door: "Door", waiting: Waiting, accepted: Accepted) -> None:
    """A parked row whose subject appeared: it enters with the provenance of the batch that brought it."""
    item = door.deployment.catalogue.items[waiting.draft.item]
    context = door.context._replace(
        item=item, source_id=waiting.source_id, batch_id=waiting.batch_id, edition_id=waiting.edition_id
    )
    own = Door(door.deployment, door.connection, context)
    result = own.accept([waiting.draft], waiting_id=waiting.parked_id)
    accepted.touched |= result.touched
    if result.outcomes == [RowOutcome.parked]:
        keep_waiting(door.connection, waiting.parked_id, ParkedReason.subject_ambiguous)


def change_standing(
    session: Session,
    record_key: bytes,
    kind: EventKind,
    *,
    cause: str,
    effective_on: date,
    known_at: datetime,
    actor: str,
    facts: dict[str, Any] | None = None,
) -> None:
    """One event with one cause; the projection and the subject's change follow in the same transaction."""
    lock_writing(session.connection())
    statement = select(CurrentRecord).where(CurrentRecord.record_key == record_key)
    head = session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()
    if head is None:
        raise NotFound("没有这条信用信息")
    session.add(
        RecordEvent(
            record_key=record_key,
            record_id=head.record_id,
            kind=kind.value,
            cause=cause,
            effective_on=effective_on,
            known_at=known_at,
            actor=actor,
            facts=facts or {},
        )
    )
    mark = projection.mark_after(Mark(Standing(head.standing), head.disputed, head.link_confirmed), kind)
    head.standing, head.disputed, head.link_confirmed = mark.standing.value, mark.disputed, mark.link_confirmed
    session.add(SubjectChange(subject_id=head.subject_id, changed_at=known_at))
    session.flush()


def find_record(session: Session, subject_id: int, item: str, document_number: str) -> str | None:
    """The address (hexadecimal key) of a subject's record under a document number, or None."""
    statement = (
        select(CurrentRecord.record_key)
        .join(Record, Record.id == CurrentRecord.record_id)
        .where(CurrentRecord.subject_id == subject_id, Record.item == item, Record.document_number == document_number)
    )
    found = session.execute(statement).scalar()
    return None if found is None else bytes(found).hex()


def count_outcomes(outcomes: Sequence[RowOutcome]) -> Counter[str]:
    """How many rows ended how."""
    return Counter(outcome.value for outcome in outcomes)


__all__ = ["AcceptContext", "Accepted", "accept_records", "change_standing", "count_outcomes", "find_record"]
