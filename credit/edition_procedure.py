"""How an edition of the three lists comes about (三清单编制发布): department, credit office, public, review, publication.

Every step is a row: who, which day, why. A document never changes after it was proposed; what has to change is proposed anew.
On its first day an edition comes into force by ``activate_due`` and the one before it is replaced, in one transaction.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit.deployment import deployment_of
from credit.edition_check import CheckedEdition, Lists, check_edition
from credit.edition_steps import (
    CONSULTING,
    Situation,
    judge_consultation,
    judge_first_day,
    judge_step,
    load_procedure,
)
from credit.editions import ensure_edition
from credit.enquirer import Enquirer
from credit.enquiry_log import new_ref
from credit.errors import Conflict, InvalidContent, NotAuthorised, NotFound
from credit.identifiers import scrub
from credit.published_lists import CATALOGUE, IN_FORCE, LIST_NAMES, REPLACED, read_edition
from models.editions import EditionComment, EditionProposal, EditionStep
from models.session import dump_json
from models.terms import Role

DEAD: Final = frozenset({"returned", "withdrawn", "refused"})
LONGEST_TEXT: Final = 2000
MOST_COMMENTS: Final = 5000


def check_document(session: Session, list_name: str, document: Any) -> CheckedEdition:
    """Hold a document against the lists in force, entering nothing. Raises as ``edition_check.check_edition`` does."""
    if list_name not in LIST_NAMES:
        raise NotFound("没有这个清单")
    deployment = deployment_of(session)
    lists = Lists(
        deployment.catalogue,
        deployment.behaviours,
        deployment.matters,
        deployment.list_kinds,
        deployment.measures,
    )
    return check_edition(list_name, document, lists)


def propose(
    session: Session, enquirer: Enquirer, list_name: str, document: Any, *, title: str, reason: str, now: datetime, today: date
) -> str:  # fmt: skip
    """Propose an edition for a department; its ref. Raises what is wrong with the document, or Conflict for a name in use."""
    rule = load_procedure().steps["propose"]
    if enquirer.role not in rule.roles or enquirer.department_id is None or enquirer.account_id is None:
        raise NotAuthorised("清单版次由部门提出")
    title, reason = _text(title, "title", 200), _text(reason, "reason", LONGEST_TEXT)
    checked = check_document(session, list_name, document)
    in_force = deployment_of(session).lists.current.editions[list_name].edition
    _require_new_name(session, list_name, checked.edition, in_force)
    proposal = EditionProposal(
        ref=new_ref(),
        list_name=list_name,
        edition=checked.edition,
        title=title,
        content=checked.content,
        digest=hashlib.sha256(dump_json(checked.content).encode()).digest(),
        against=in_force,
        punitive=checked.punitive,
        state=rule.to,
        department_id=enquirer.department_id,
        proposed_at=now,
    )
    session.add(proposal)
    session.flush()
    _enter_step(session, proposal, "propose", enquirer, reason=reason, document_number=None, now=now, today=today)
    return proposal.ref


def take_step(
    session: Session, enquirer: Enquirer, ref: str, kind: str, *, reason: str, now: datetime, today: date,
    document_number: str | None = None, day: date | None = None,
) -> str:  # fmt: skip
    """Take one step; the state it leads to. ``day``: the last day for comments (consult), the first day in force (publish).

    Raises NotAuthorised, Conflict or InvalidContent, by ``edition_steps``.
    """
    proposal = _get(session, ref, lock=True)
    procedure = load_procedure()
    rule = judge_step(procedure, kind, situation_of(session, proposal), enquirer, today)
    reason = _text(reason, "reason", LONGEST_TEXT)
    number = _text(document_number, "document_number", 100) if document_number or kind in _NUMBERED else None
    if kind == "consult":
        proposal.comment_from = today
        proposal.comment_until = judge_consultation(procedure, proposal.punitive, today, day)
    if kind == "publish":
        _publish(session, proposal, day, now=now, today=today)
    proposal.state = rule.to
    _enter_step(session, proposal, kind, enquirer, reason=reason, document_number=number, now=now, today=today)
    if kind == "publish":
        activate_due(session, now=now, today=today)
    return proposal.state


_NUMBERED: Final = frozenset({"approve", "refuse", "publish"})


def _publish(session: Session, proposal: EditionProposal, day: date | None, *, now: datetime, today: date) -> None:
    """Fix the first day, and hold the document once more against what is in force now."""
    in_force = deployment_of(session).lists.current.editions[proposal.list_name]
    if in_force.edition != proposal.against:
        raise Conflict(f"提出后现行版次已由 {proposal.against} 变为 {in_force.edition}，请重新提出")
    waiting = select(EditionProposal.edition).where(
        EditionProposal.list_name == proposal.list_name, EditionProposal.state == "published"
    )
    if (other := session.execute(waiting).scalar()) is not None:
        raise Conflict(f"版次 {other} 已公布、尚未施行，请待其施行后重新提出")
    check_document(session, proposal.list_name, proposal.content)
    proposal.active_from = judge_first_day(today, day, in_force.active_from)
    if proposal.list_name == CATALOGUE:
        ensure_edition(session, read_edition(proposal), now)


def activate_due(session: Session, *, now: datetime, today: date) -> list[str]:
    """Bring editions whose first day has come into force, oldest first; the refs. Repeating it changes nothing."""
    statement = (
        select(EditionProposal)
        .where(EditionProposal.state == "published", EditionProposal.active_from <= today)
        .order_by(EditionProposal.active_from, EditionProposal.id)
        .with_for_update()
    )
    due = list(session.execute(statement).scalars())
    for proposal in due:
        before = select(EditionProposal).where(
            EditionProposal.list_name == proposal.list_name, EditionProposal.state == IN_FORCE
        )
        for older in session.execute(before).scalars():
            older.state = REPLACED
        proposal.state = IN_FORCE
        session.flush()
    return [proposal.ref for proposal in due]


def leave_comment(session: Session, ref: str, *, text: str, said_by: str, now: datetime, today: date) -> int:
    """A comment of the public on an edition open for comments; its number. Nobody has to give a name.

    Raises Conflict outside the term, InvalidContent for an empty, long or number-bearing text.
    """
    proposal = _get(session, ref, lock=True)
    open_now = proposal.comment_from is not None and proposal.comment_from <= today
    if proposal.state != CONSULTING or not open_now or proposal.comment_until is None or today > proposal.comment_until:
        raise Conflict("不在征求意见期限内")
    count = select(func.count()).where(EditionComment.proposal_id == proposal.id)
    number = session.execute(count).scalar_one() + 1
    if number > MOST_COMMENTS:
        raise Conflict("意见已达上限，请书面提出")
    name = _text(said_by, "said_by", 50) if said_by.strip() else None
    body = _text(text, "text", LONGEST_TEXT)
    session.add(EditionComment(proposal_id=proposal.id, number=number, said_by=name, text=body, said_at=now))
    session.flush()
    return number


def answer_comment(
    session: Session, enquirer: Enquirer, ref: str, number: int, *, adopted: bool, answer: str, now: datetime
) -> None:
    """Say whether a comment was taken up, and why (采纳情况); by the credit office, until the conclusion."""
    if enquirer.role is not Role.operator:
        raise NotAuthorised("意见由信用主管部门答复")
    proposal = _get(session, ref, lock=True)
    if proposal.state != CONSULTING:
        raise Conflict("当前状态不能答复意见")
    wanted = select(EditionComment).where(EditionComment.proposal_id == proposal.id, EditionComment.number == number)
    comment = session.execute(wanted).scalar()
    if comment is None:
        raise NotFound("没有这条意见")
    comment.adopted, comment.answer, comment.answered_at = adopted, _text(answer, "answer", LONGEST_TEXT), now
    session.flush()


def situation_of(session: Session, proposal: EditionProposal) -> Situation:
    """Where a proposal stands, as the rules need it."""
    takers: defaultdict[str, set[int]] = defaultdict(set)
    steps = select(EditionStep.kind, EditionStep.account_id).where(EditionStep.proposal_id == proposal.id)
    for kind, account_id in session.execute(steps):
        if account_id is not None:
            takers[kind].add(account_id)
    waiting = select(func.count()).where(EditionComment.proposal_id == proposal.id, EditionComment.answer.is_(None))
    taken: Mapping[str, frozenset[int]] = {kind: frozenset(ids) for kind, ids in takers.items()}
    unanswered = session.execute(waiting).scalar_one()
    return Situation(
        proposal.state, proposal.punitive, proposal.comment_until, taken, proposal.department_id, unanswered
    )


def _get(session: Session, ref: str, *, lock: bool = False) -> EditionProposal:
    statement = select(EditionProposal).where(EditionProposal.ref == ref)
    found = session.execute(statement.with_for_update() if lock else statement).scalar()
    if found is None:
        raise NotFound("没有这个版次提案")
    return found


def _require_new_name(session: Session, list_name: str, edition: str, in_force: str) -> None:
    taken = select(EditionProposal.id).where(
        EditionProposal.list_name == list_name, EditionProposal.edition == edition, EditionProposal.state.not_in(DEAD)
    )
    shipped = deployment_of(session).lists.shipped.editions[list_name].edition
    if edition in (in_force, shipped) or session.execute(taken.limit(1)).first() is not None:
        raise Conflict(f"版次 {edition} 已经使用，请改用新的版次名称")


def _enter_step(
    session: Session, proposal: EditionProposal, kind: str, enquirer: Enquirer, *, reason: str,
    document_number: str | None, now: datetime, today: date,
) -> None:  # fmt: skip
    count = select(func.count()).where(EditionStep.proposal_id == proposal.id)
    step = EditionStep(
        proposal_id=proposal.id,
        number=session.execute(count).scalar_one() + 1,
        kind=kind,
        account_id=enquirer.account_id,
        actor=enquirer.display_name or enquirer.account,
        organisation=enquirer.organisation,
        taken_on=today,
        taken_at=now,
        reason=reason,
        document_number=document_number,
    )
    session.add(step)
    session.flush()


def _text(value: str | None, field: str, most: int) -> str:
    """A text as kept: not empty, not too long, without a citizen number."""
    text = (value or "").strip()
    message = "必填" if not text else f"不得超过{most}个字符" if len(text) > most else ""
    if not message and scrub(text) != text:
        message = "请勿填写身份证件号码"
    if message:
        raise InvalidContent("填写有误", faults=[{"field": field, "code": "TEXT", "message": message}])
    return text
