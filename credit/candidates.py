"""Rows that a person must give a subject: names that several carry, and persons told with a masked number (身份待核定).

Courts publish 3101061980****001X. A second keyed digest, over name and visible places, finds who it could be; several persons
share one, so it only ever proposes. What a person confirms enters through the normal door, with an event that says who and why.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from credit.bulk import insert_rows
from credit.deployment import deployment_of
from credit.door import AcceptContext
from credit.drafts import RecordDraft, SubjectDraft, load_draft
from credit.enquirer import Enquirer
from credit.errors import Conflict, NotFound
from credit.identity import require_decider
from credit.keyring import Keyring, SealBox
from credit.masking import mask_name
from credit.names import normalise_name
from credit.parking import PARKED_CONTEXT
from credit.records import accept_records, change_standing
from credit.resolve import NUMBER_CONTEXT
from credit.subjects import get_subject
from models.collection import Batch, Delivery, ParkedRow
from models.subjects import MaskedDigest, Subject, SubjectIdentifier, SubjectName
from models.terms import EventKind, ParkedReason, RowOutcome, SubjectKind

PURPOSE = "masked-number"
CHUNK = 1000
LOOKED_AT = b""
"""Stands for the last waiting row looked at, where it has no masked number: a million names are opened once."""
MOST_CHOICES = 20


class Choice(NamedTuple):
    """A subject that a waiting row could be about; a person's name is masked."""

    ref: str
    identifier: str | None
    name: str


class Waits(NamedTuple):
    """A parked row for a person to decide; ``name`` is masked where it is a person's."""

    parked_id: int
    item_name: str
    name: str
    masked_number: str | None
    document_number: str | None
    authority: str | None
    held_from: date | None
    parked_at: datetime
    choices: tuple[Choice, ...]


def masked_digests(keyring: Keyring, name: str, masked: str) -> list[bytes]:
    """The digests over a name and the visible places of a number, newest key first."""
    return keyring.digests(f"{normalise_name(name)}\x1f{masked}", PURPOSE)


def refresh_candidates(session: Session) -> int:
    """Digest persons and waiting rows that came since the last time; how many. Cheap to repeat."""
    keyring, connection = deployment_of(session).keyring, session.connection()
    last_subject, last_parked = session.execute(
        select(func.max(MaskedDigest.subject_id), func.max(MaskedDigest.parked_id))
    ).one()
    persons = select(Subject.id, Subject.name, Subject.number_mask).where(
        Subject.kind == SubjectKind.person.value, Subject.number_mask.is_not(None), Subject.id > (last_subject or 0)
    )
    rows: list[tuple[bytes, int | None, int | None]] = [
        (masked_digests(keyring, name, mask)[0], subject_id, None)
        for subject_id, name, mask in session.execute(persons.order_by(Subject.id))
        if mask is not None
    ]
    waiting = _parked(ParkedReason.subject_unknown).where(ParkedRow.id > (last_parked or 0))
    seen = last_parked
    for row in session.execute(waiting.execution_options(yield_per=CHUNK)):
        seen = row.id
        draft = _open(keyring, row)
        if draft is not None and draft.subject.masked_number:
            rows.append((masked_digests(keyring, draft.subject.name, draft.subject.masked_number)[0], None, row.id))
    found = len(rows)
    if seen != last_parked and seen not in {parked_id for _, _, parked_id in rows}:
        rows.append((LOOKED_AT, None, seen))
    session.execute(delete(MaskedDigest).where(MaskedDigest.digest == LOOKED_AT, MaskedDigest.parked_id < (seen or 0)))
    insert_rows(connection, MaskedDigest, ("digest", "subject_id", "parked_id"), rows)
    return found


def list_candidates(session: Session, *, after: int = 0, limit: int = 50) -> list[Waits]:
    """Waiting rows with a masked number that fits at least one known person, oldest first."""
    keyring = deployment_of(session).keyring
    fits = (
        select(MaskedDigest.parked_id)
        .where(MaskedDigest.parked_id.is_not(None), MaskedDigest.digest.in_(
            select(MaskedDigest.digest).where(MaskedDigest.subject_id.is_not(None))
        ))
    )  # fmt: skip
    statement = _parked(ParkedReason.subject_unknown).where(ParkedRow.id.in_(fits), ParkedRow.id > after).limit(limit)
    return [found for row in session.execute(statement) if (found := _waits(session, keyring, row)) is not None]


def list_ambiguous(session: Session, *, after: int = 0, limit: int = 50) -> list[Waits]:
    """Waiting rows whose name several subjects carry, oldest first."""
    keyring = deployment_of(session).keyring
    statement = _parked(ParkedReason.subject_ambiguous).where(ParkedRow.id > after).limit(limit)
    return [found for row in session.execute(statement) if (found := _waits(session, keyring, row)) is not None]


def release_parked(
    session: Session, enquirer: Enquirer, parked_id: int, subject_ref: str, *, reason: str, now: datetime, today: date
) -> str:
    """Give a waiting row the subject a person confirmed, through the normal door; the record's address.

    The subject must be one of those the row could be about. Raises NotAuthorised, InvalidContent, NotFound, Conflict.
    """
    told = require_decider(enquirer, reason)
    deployment = deployment_of(session)
    statement = _parked(ParkedReason.subject_unknown, ParkedReason.subject_ambiguous).where(ParkedRow.id == parked_id)
    row = session.execute(statement).first()
    draft = None if row is None else _open(deployment.keyring, row)
    if row is None or draft is None:
        raise NotFound("没有这条待关联信息")
    kept = get_subject(session, subject_ref)
    if kept.ref not in {choice.ref for choice in _choices(session, deployment.keyring, draft)}:
        raise Conflict("所选主体与该信息不符")
    context = AcceptContext(
        item=deployment.catalogue.items[draft.item], source_id=row.source_id, batch_id=row.batch_id,
        edition_id=row.edition_id, delivery_key=deployment.keyring.unwrap(bytes(row.key_sealed)), known_at=now,
        today=today,
    )  # fmt: skip
    accepted = accept_records(session, [draft._replace(subject=_confirmed(session, kept.id))], context)
    if accepted.outcomes[0] in (RowOutcome.parked, RowOutcome.rejected):
        raise Conflict("该信息不能入库：缺少认定文书或已依法删除")
    (key,) = accepted.keys
    change_standing(
        session, key, EventKind.linked, cause=f"身份核定：{told}"[:400], effective_on=today, known_at=now,
        actor=enquirer.account, facts={"parked": parked_id},
    )  # fmt: skip
    session.execute(update(ParkedRow).where(ParkedRow.id == parked_id).values(settled_at=now))
    return key.hex()


def _parked(*reasons: ParkedReason) -> Any:
    return (
        select(
            ParkedRow.id, ParkedRow.item, ParkedRow.draft_sealed, ParkedRow.batch_id, ParkedRow.parked_at,
            Delivery.source_id, Delivery.edition_id, Delivery.key_sealed,
        )
        .join(Batch, Batch.id == ParkedRow.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .where(ParkedRow.settled_at.is_(None), ParkedRow.reason.in_([reason.value for reason in reasons]))
        .order_by(ParkedRow.id)
    )  # fmt: skip


def _open(keyring: Keyring, row: Any) -> RecordDraft | None:
    """The draft of a parked row; None where its key was destroyed at the end of its keeping time."""
    if row.key_sealed is None:
        return None
    return load_draft(SealBox(keyring.unwrap(bytes(row.key_sealed))).open(bytes(row.draft_sealed), PARKED_CONTEXT))


def _waits(session: Session, keyring: Keyring, row: Any) -> Waits | None:
    draft = _open(keyring, row)
    if draft is None:
        return None
    subject, item = draft.subject, deployment_of(session).catalogue.items[row.item]
    personal = subject.kind is SubjectKind.person
    return Waits(
        row.id, item.name, mask_name(subject.name) if personal else subject.name, subject.masked_number,
        draft.document_number, draft.authority, draft.held_from, row.parked_at, _choices(session, keyring, draft),
    )  # fmt: skip


def _choices(session: Session, keyring: Keyring, draft: RecordDraft) -> tuple[Choice, ...]:
    """Whom a waiting row could be about: by name and masked number, or by name alone where it is no person."""
    subject = draft.subject
    if subject.masked_number:
        digests = masked_digests(keyring, subject.name, subject.masked_number)
        owners = select(MaskedDigest.subject_id).where(MaskedDigest.digest.in_(digests))
    elif subject.kind is SubjectKind.person:
        return ()
    else:
        owners = select(SubjectName.subject_id).where(SubjectName.name_norm == normalise_name(subject.name))
    own = select(func.coalesce(Subject.merged_into, Subject.id)).where(Subject.id.in_(owners))
    found: Sequence[Subject] = session.execute(
        select(Subject).where(Subject.id.in_(own)).order_by(Subject.id).limit(MOST_CHOICES)
    ).scalars().all()  # fmt: skip
    return tuple(
        Choice(
            each.ref,
            each.code or each.number_mask,
            mask_name(each.name) if each.kind == SubjectKind.person.value else each.name,
        )
        for each in found
    )


def _confirmed(session: Session, subject_id: int) -> SubjectDraft:
    """The subject as the door finds it for sure: by code, by number, else by an older identifier."""
    subject = session.get_one(Subject, subject_id)
    kind = SubjectKind(subject.kind)
    if subject.number_sealed is not None:
        number = deployment_of(session).keyring.open(bytes(subject.number_sealed), NUMBER_CONTEXT).decode()
        return SubjectDraft(kind, subject.name, None, number=number)
    if subject.code is not None:
        return SubjectDraft(kind, subject.name, subject.code)
    known = select(SubjectIdentifier.scheme, SubjectIdentifier.value).where(SubjectIdentifier.subject_id == subject_id)
    pairs = tuple((scheme, value) for scheme, value in session.execute(known.limit(1)))
    if not pairs:
        raise Conflict("该主体没有可核对的代码")
    return SubjectDraft(kind, subject.name, None, pairs)
