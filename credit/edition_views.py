"""Editions of the three lists as pages and commands show them: proposals with their steps and comments; plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from credit.deployment import deployment_of
from credit.edition_diff import EditionChange
from credit.edition_procedure import check_document, situation_of
from credit.edition_steps import CONSULTING, StepRule, load_procedure, possible_steps
from credit.enquirer import Enquirer
from credit.errors import CreditError, NotFound
from credit.published_lists import IN_FORCE, LIST_NAMES, REPLACED
from models.accounts import Department
from models.editions import EditionComment, EditionProposal, EditionStep

SHOWN_TO_ALL = frozenset({CONSULTING, "concluded", "reviewed", "published", IN_FORCE, REPLACED})
"""States in which everybody may read a proposal: from the day the public is asked."""
MOST = 200


@dataclass(frozen=True, slots=True)
class ProposalView:
    """One proposed edition in a list of them."""

    ref: str
    list_name: str
    list_title: str
    edition: str
    title: str
    state: str
    state_name: str
    punitive: bool
    department: str
    against: str
    proposed_at: datetime
    comment_from: date | None
    comment_until: date | None
    active_from: date | None


@dataclass(frozen=True, slots=True)
class StepView:
    """One step taken."""

    name: str
    actor: str
    organisation: str
    taken_on: date
    reason: str
    document_number: str | None


@dataclass(frozen=True, slots=True)
class CommentView:
    """One comment and its answer."""

    number: int
    said_by: str | None
    text: str
    said_at: datetime
    adopted: bool | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class ProposalFile:
    """A proposal whole: steps, comments, what it changes against the edition in force, what this actor may do next."""

    proposal: ProposalView
    steps: tuple[StepView, ...]
    comments: tuple[CommentView, ...]
    changes: tuple[EditionChange, ...]
    possible: tuple[StepRule, ...]


def list_proposals(session: Session, *, public: bool = False) -> list[ProposalView]:
    """All proposals, newest first; for the public only those it was asked about, or that were published."""
    statement = _proposals().order_by(EditionProposal.id.desc()).limit(MOST)
    if public:
        statement = statement.where(EditionProposal.state.in_(SHOWN_TO_ALL))
    return [_view(*row) for row in session.execute(statement)]


def get_proposal(session: Session, enquirer: Enquirer, ref: str, *, public: bool = False, today: date) -> ProposalFile:
    """One proposal whole; NotFound, for the public also where it was not asked yet."""
    row = session.execute(_proposals().where(EditionProposal.ref == ref)).first()
    if row is None or (public and row[0].state not in SHOWN_TO_ALL):
        raise NotFound("没有这个版次提案")
    proposal: EditionProposal = row[0]
    situation = situation_of(session, proposal)
    possible = () if public else possible_steps(load_procedure(), situation, enquirer, today)
    return ProposalFile(
        _view(*row), _steps(session, proposal.id), _comments(session, proposal.id), _changes(session, proposal), possible
    )  # fmt: skip


def editions_in_force(session: Session) -> Mapping[str, tuple[str, str, date]]:
    """Of each list its title, the edition in force and its first day."""
    editions = deployment_of(session).lists.current.editions
    return {name: (title, editions[name].edition, editions[name].active_from) for name, title in LIST_NAMES.items()}


def _proposals() -> Select[EditionProposal, str]:
    return select(EditionProposal, Department.name).outerjoin(
        Department, Department.id == EditionProposal.department_id
    )


def _view(proposal: EditionProposal, department: str | None) -> ProposalView:
    states = load_procedure().states
    return ProposalView(
        proposal.ref, proposal.list_name, LIST_NAMES[proposal.list_name], proposal.edition, proposal.title, proposal.state,
        states.get(proposal.state, proposal.state), proposal.punitive, department or "", proposal.against,
        proposal.proposed_at, proposal.comment_from, proposal.comment_until, proposal.active_from,
    )  # fmt: skip


def _steps(session: Session, proposal_id: int) -> tuple[StepView, ...]:
    rules = load_procedure().steps
    statement = select(EditionStep).where(EditionStep.proposal_id == proposal_id).order_by(EditionStep.number)
    return tuple(
        StepView(rules[row.kind].name, row.actor, row.organisation, row.taken_on, row.reason, row.document_number)
        for row in session.execute(statement).scalars()
    )


def _comments(session: Session, proposal_id: int) -> tuple[CommentView, ...]:
    statement = select(EditionComment).where(EditionComment.proposal_id == proposal_id)
    rows = session.execute(statement.order_by(EditionComment.number)).scalars()
    return tuple(CommentView(row.number, row.said_by, row.text, row.said_at, row.adopted, row.answer) for row in rows)


def _changes(session: Session, proposal: EditionProposal) -> tuple[EditionChange, ...]:
    """What the document would change now; nothing once it is in force, or no longer fits."""
    if proposal.state in (IN_FORCE, REPLACED):
        return ()
    try:
        return check_document(session, proposal.list_name, proposal.content).changes
    except CreditError:
        return ()
