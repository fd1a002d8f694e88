"""Correcting and withdrawing what the entry desk sent (更正、撤回): by record, with a reason and a document number.

A correction becomes a new draft that is reviewed like any other and supersedes the record by its key; a withdrawal takes
effect at once and for good: what was withdrawn does not come back by being sent again. A row that still waits for its subject
is taken off the waiting list. Only what a source of the own department states may be withdrawn by it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from credit.collection.entry import DRAFT, SENT, get_draft, load_rows, read_text, seal_rows
from credit.enquirer import Enquirer
from credit.enquiry_log import new_ref
from credit.errors import Conflict, NotAuthorised, NotFound
from credit.records import change_standing
from models.collection import Batch, Delivery, ParkedRow, Source
from models.entry import EntryDraft
from models.records import CurrentRecord, Record, RecordEvent
from models.terms import EventKind


class SentRow(NamedTuple):
    """What became of a sent row: recorded (已入库), withdrawn (已撤回), waiting (待关联), elsewhere (此前已报，或退回)."""

    row: int
    state: str


SENT_STATES: Final = {"recorded": "已入库", "withdrawn": "已撤回", "waiting": "待关联", "elsewhere": "无变化或退回"}


def list_sent_rows(session: Session, enquirer: Enquirer, ref: str) -> list[SentRow]:
    """What became of every row of a sent draft."""
    draft = get_draft(session, enquirer, ref, SENT)
    keys = _record_keys(session, draft)
    withdrawn = _withdrawn(session, list(keys.values()))
    waiting = set(_waiting(session, draft))
    states = []
    for row in range(1, draft.row_count + 1):
        key = keys.get(row)
        gone = key in withdrawn
        state = "waiting" if row in waiting else "elsewhere" if key is None else "withdrawn" if gone else "recorded"
        states.append(SentRow(row, state))
    return states


def start_correction(
    session: Session, enquirer: Enquirer, ref: str, row: int, *, reason: str, document_number: str, now: datetime
) -> str:
    """A draft that corrects one sent row, filled with what was sent; returns its ref. Conflict for what was withdrawn."""
    if enquirer.account_id is None:
        raise NotAuthorised
    sent = get_draft(session, enquirer, ref, SENT, lock=True)
    why, document = read_text(reason, "reason", "更正理由"), read_text(document_number, "document_number", "依据文号")
    _require_recorded(session, sent, row)
    original = load_rows(session, sent)[row - 1]
    draft = EntryDraft(
        ref=new_ref(), department_id=sent.department_id, item=sent.item, list_code=sent.list_code, state=DRAFT,
        rows_sealed=seal_rows(session, [original]), row_count=1, authors=[enquirer.account_id],
        author_name=enquirer.display_name or enquirer.account, corrects_ref=sent.ref, corrects_row=row, reason=why,
        document_number=document, created_at=now, changed_at=now,
    )  # fmt: skip
    session.add(draft)
    session.flush()
    return draft.ref


def withdraw(
    session: Session,
    enquirer: Enquirer,
    ref: str,
    row: int,
    *,
    reason: str,
    document_number: str,
    now: datetime,
    today: date,
) -> None:
    """Withdraw one sent row: its record, or the row itself while it waits for its subject.

    Raises InvalidContent without reason or document number, Conflict for what is withdrawn already or was never recorded.
    """
    sent = get_draft(session, enquirer, ref, SENT, lock=True)
    why, document = read_text(reason, "reason", "撤回理由"), read_text(document_number, "document_number", "依据文号")
    waiting = _waiting(session, sent).get(row)
    if waiting is not None:
        session.execute(update(ParkedRow).where(ParkedRow.id == waiting).values(settled_at=now))
        return
    change_standing(
        session, _require_recorded(session, sent, row), EventKind.withdrawn, cause=f"报送部门撤回：{why}（{document}）",
        effective_on=today, known_at=now, actor=enquirer.account,
        facts={"reason": why, "document_number": document, "entry": ref, "row": row},
    )  # fmt: skip


def _require_recorded(session: Session, sent: EntryDraft, row: int) -> bytes:
    """The key of the record this row made, still stated by the own department and not withdrawn."""
    if not 1 <= row <= sent.row_count:
        raise NotFound("没有这一行")
    key = _record_keys(session, sent).get(row)
    if key is None:
        raise Conflict("该行没有形成新的信用信息，不能更正或撤回")
    statement = (
        select(Source.department_id)
        .join(Record, Record.source_id == Source.id)
        .join(CurrentRecord, CurrentRecord.record_id == Record.id)
        .where(CurrentRecord.record_key == key)
    )
    if session.execute(statement).scalar() != sent.department_id:
        raise Conflict("该信息现由其他部门报送，请联系该部门")
    if _withdrawn(session, [key]):
        raise Conflict("该信息已撤回")
    return key


def _record_keys(session: Session, draft: EntryDraft) -> dict[int, bytes]:
    statement = (
        select(Record.row_number, Record.record_key)
        .join(Batch, Batch.id == Record.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .where(Delivery.ref == draft.delivery_ref)
    )
    return {number: bytes(key) for number, key in session.execute(statement)}


def _waiting(session: Session, draft: EntryDraft) -> dict[int, int]:
    statement = (
        select(ParkedRow.row_number, ParkedRow.id)
        .join(Batch, Batch.id == ParkedRow.batch_id)
        .join(Delivery, Delivery.id == Batch.delivery_id)
        .where(Delivery.ref == draft.delivery_ref, ParkedRow.settled_at.is_(None))
    )
    return {number: int(parked_id) for number, parked_id in session.execute(statement)}


def _withdrawn(session: Session, keys: Sequence[bytes]) -> set[bytes]:
    statement = select(RecordEvent.record_key).where(
        RecordEvent.record_key.in_(keys), RecordEvent.kind == EventKind.withdrawn.value
    )
    return {bytes(key) for key in session.execute(statement).scalars()}
