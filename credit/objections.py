"""Objections (异议): a subject says that one record is wrong; it is marked at once, everywhere.

First form: opening marks the record 异议处理中 in the same transaction (the law allows one working day, 上海条例 Art. 36) and
gives the case its due day from the rule pack; deciding takes the mark away, upheld or rejected with reasons. While it runs
the record supports no evaluation and no measure. Forwarding, evidence and escalation come with the rights work.
"""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from credit.deployment import deployment_of
from credit.enquirer import Enquirer
from credit.enquiry_log import new_ref
from credit.errors import Conflict, InvalidContent, NotAuthorised, NotFound
from credit.records import change_standing
from credit.workdays import add_workdays, load_calendar
from models.casework import CaseEvent, Objection
from models.records import CurrentRecord
from models.terms import CaseState, EventKind, Role

CASE_KIND = "objection"
LONGEST_CLAIM = 2000
OPEN_STATES = (CaseState.submitted.value, CaseState.accepted.value, CaseState.forwarded.value)


class ObjectionView(NamedTuple):
    """One objection as its parties see it; ``due_provisional``: the holiday table of that year is not there yet."""

    ref: str
    record: str
    claim: str
    state: str
    opened_at: datetime
    due_on: date
    due_provisional: bool


def open_objection(
    session: Session,
    enquirer: Enquirer,
    record: str,
    *,
    claim: str,
    field: str | None = None,
    now: datetime,
    today: date,
) -> ObjectionView:
    """The own subject objects to one of its records (hexadecimal key); the mark is set in this transaction.

    Raises NotAuthorised without an own subject, NotFound for another's record, Conflict while one is running.
    """
    if enquirer.subject_id is None:
        raise NotAuthorised("只有信用主体本人可以提出异议")
    if not 1 <= len(claim.strip()) <= LONGEST_CLAIM:
        fault = {"field": "claim", "code": "LENGTH", "message": f"请写明异议理由，不超过{LONGEST_CLAIM}字"}
        raise InvalidContent("异议理由有误", faults=[fault])
    key = _key(record)
    head = session.execute(select(CurrentRecord).where(CurrentRecord.record_key == key)).scalar()
    if head is None or head.subject_id != enquirer.subject_id:
        raise NotFound("没有这条信用信息")
    running = select(Objection.id).where(Objection.record_key == key, Objection.state.in_(OPEN_STATES))
    if session.execute(running).first() is not None:
        raise Conflict("该信息的异议正在处理")
    days = deployment_of(session).rules.workdays["objection_supplier"].days
    due = add_workdays(today, days, load_calendar())
    objection = Objection(
        ref=new_ref(),
        subject_id=enquirer.subject_id,
        record_key=key,
        field=field,
        claim=claim.strip(),
        state=CaseState.submitted.value,
        opened_at=now,
        due_on=due.day,
        due_provisional=due.provisional,
    )
    session.add(objection)
    session.flush()
    change_standing(
        session, key, EventKind.objected, cause="信用主体提出异议", effective_on=today, known_at=now,
        actor=enquirer.account, facts={"objection": objection.ref},
    )  # fmt: skip
    _step(session, objection, enquirer.account, objection.claim, now)
    return _view(objection)


def decide_objection(
    session: Session, enquirer: Enquirer, ref: str, *, upheld: bool, reason: str, now: datetime, today: date
) -> ObjectionView:
    """A regulator decides with a reason; the mark goes, and where the objection is upheld the record is withdrawn."""
    if enquirer.role is not Role.regulator:
        raise NotAuthorised("只有核查部门可以办理异议")
    if not reason.strip():
        raise InvalidContent("须说明理由", faults=[{"field": "reason", "code": "MISSING", "message": "须说明理由"}])
    objection = session.execute(select(Objection).where(Objection.ref == ref)).scalar()
    if objection is None:
        raise NotFound("没有这件异议")
    if objection.state not in OPEN_STATES:
        raise Conflict("该异议已办结")
    for kind in (EventKind.objection_closed, *((EventKind.withdrawn,) if upheld else ())):
        change_standing(
            session, bytes(objection.record_key), kind, cause="异议处理结果", effective_on=today, known_at=now,
            actor=enquirer.account, facts={"objection": ref},
        )  # fmt: skip
    objection.state = (CaseState.upheld if upheld else CaseState.rejected).value
    _step(session, objection, enquirer.account, reason.strip(), now)
    return _view(objection)


def list_objections(session: Session, enquirer: Enquirer) -> list[ObjectionView]:
    """The own subject's objections, newest first."""
    if enquirer.subject_id is None:
        raise NotAuthorised("只有信用主体本人可以查看异议")
    statement = select(Objection).where(Objection.subject_id == enquirer.subject_id).order_by(Objection.id.desc())
    return [_view(row) for row in session.execute(statement).scalars()]


def _key(record: str) -> bytes:
    try:
        return bytes.fromhex(record)
    except ValueError:
        raise NotFound("没有这条信用信息") from None


def _step(session: Session, objection: Objection, actor: str, reason: str, now: datetime) -> None:
    values = {
        "case_kind": CASE_KIND, "case_id": objection.id, "state": objection.state, "actor": actor, "reason": reason,
        "facts": {}, "happened_at": now,
    }  # fmt: skip
    session.execute(insert(CaseEvent).values(**values))
    session.flush()


def _view(row: Objection) -> ObjectionView:
    return ObjectionView(
        row.ref, bytes(row.record_key).hex(), row.claim, row.state, row.opened_at, row.due_on, row.due_provisional
    )
