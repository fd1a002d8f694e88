"""The entry desk (在线填报) for departments without a system: draft, review by another account, sending; correction, withdrawal.

What is sent goes through the one door as a delivery of the desk's own source. While a draft is in review nobody can change
it, and whoever wrote any of it cannot review it. A correction is a new draft with the same subject and key; a withdrawal is
an event on the record. Both name a reason and a document. Everything here is of the enquirer's own department, or not found.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from credit.catalogue import CatalogueItem
from credit.collection.batches import DeliveryReport
from credit.collection.description import Description
from credit.collection.entry_form import by_label, entry_description, shown_row
from credit.collection.mapping import compile_mapping
from credit.collection.own_sources import own_department
from credit.collection.periods import load_reporting
from credit.collection.push import MOST_ROWS, note_submission, take_rows
from credit.deployment import deployment_of
from credit.drafts import Fault, RowResult
from credit.enquirer import Enquirer
from credit.enquiry_log import new_ref
from credit.errors import Conflict, ContentTooLarge, InvalidContent, NotAuthorised, NotFound
from credit.masking import scrub
from models.accounts import Department
from models.entry import EntryDraft

DRAFT, IN_REVIEW, SENT, DISCARDED = "draft", "in_review", "sent", "discarded"
STATE_NAMES: Final[Mapping[str, str]] = {DRAFT: "草稿", IN_REVIEW: "待复核", SENT: "已报送", DISCARDED: "已作废"}
ROWS_CONTEXT: Final = b"entry_drafts.rows_sealed"
LONGEST_NOTE: Final = 200
MOST_FAULTS: Final = 50
Rows = Sequence[Mapping[str, str]]


class RowFaults(NamedTuple):
    """What keeps a row of a draft from being sent."""

    row: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as its department sees it; numbers of persons are masked. ``mine``: this enquirer wrote some of it."""

    ref: str
    item: str
    list_code: str | None
    title: str
    state: str
    state_name: str
    rows: tuple[dict[str, str], ...]
    row_count: int
    author_name: str
    reviewer_name: str | None
    note: str | None
    corrects_ref: str | None
    corrects_row: int | None
    reason: str | None
    document_number: str | None
    delivery_ref: str | None
    changed_at: datetime
    mine: bool


def find_form(
    session: Session, enquirer: Enquirer, item: str, list_code: str | None
) -> tuple[CatalogueItem, Description]:
    """An item's form for the own department; NotFound for an item or list that is not in the active edition."""
    return _form(session, own_department(session, enquirer), item, list_code)


def _form(
    session: Session, department: Department, code: str, list_code: str | None
) -> tuple[CatalogueItem, Description]:
    deployment = deployment_of(session)
    item = deployment.catalogue.open_items.get(code)
    kind = deployment.list_kinds.get(list_code) if list_code else None
    if item is None or (list_code and kind is None):
        raise NotFound("没有这个填报项目")
    cadence = load_reporting().entry_cadence(code)
    return item, entry_description(
        item, department=department.name, department_code=department.code, slug=department.slug, cadence=cadence,
        list_kind=kind,
    )  # fmt: skip


def start_draft(
    session: Session, enquirer: Enquirer, item: str, list_code: str | None, rows: Rows, *, now: datetime
) -> str:
    """Keep rows as a draft; returns its ref. Nothing is checked yet but the number of rows."""
    department = own_department(session, enquirer)
    _form(session, department, item, list_code)
    draft = EntryDraft(
        ref=new_ref(), department_id=department.id, item=item, list_code=list_code or None, state=DRAFT, authors=[],
        author_name="", created_at=now, changed_at=now, rows_sealed=b"", row_count=0,
    )  # fmt: skip
    _write(session, enquirer, draft, rows, now)
    session.add(draft)
    session.flush()
    return draft.ref


def change_draft(session: Session, enquirer: Enquirer, ref: str, rows: Rows, *, now: datetime) -> None:
    """Replace the rows of a draft; Conflict once it is in review or sent."""
    _write(session, enquirer, get_draft(session, enquirer, ref, DRAFT, lock=True), rows, now)
    session.flush()


def _write(session: Session, enquirer: Enquirer, draft: EntryDraft, rows: Rows, now: datetime) -> None:
    if enquirer.account_id is None:
        raise NotAuthorised
    if not rows:
        raise InvalidContent("没有任何行", faults=[_wrong("rows", "empty", "至少填写一行")])
    if len(rows) > MOST_ROWS:
        raise ContentTooLarge(f"一次最多填报 {MOST_ROWS:,} 行")
    draft.rows_sealed = seal_rows(session, rows)
    draft.row_count, draft.changed_at = len(rows), now
    draft.authors = sorted({*draft.authors, enquirer.account_id})
    draft.author_name = enquirer.display_name or enquirer.account


def get_draft(session: Session, enquirer: Enquirer, ref: str, *states: str, lock: bool = False) -> EntryDraft:
    """A draft of the own department, in one of these states where any are named; NotFound, Conflict."""
    department = own_department(session, enquirer)
    statement = select(EntryDraft).where(EntryDraft.ref == ref, EntryDraft.department_id == department.id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    draft = session.execute(statement).scalar_one_or_none()
    if draft is None:
        raise NotFound("没有这份填报")
    if states and draft.state not in states:
        raise Conflict(f"该填报{STATE_NAMES[draft.state]}，不能进行此操作")
    return draft


def seal_rows(session: Session, rows: Rows) -> bytes:
    """Rows as they are kept."""
    body = json.dumps([dict(row) for row in rows], ensure_ascii=False).encode()
    return deployment_of(session).keyring.seal(body, ROWS_CONTEXT)


def load_rows(session: Session, draft: EntryDraft) -> list[dict[str, str]]:
    """The rows of a draft, by meaning, in plain text: for mapping and for forms, never for a page as they are."""
    rows: list[dict[str, str]] = json.loads(deployment_of(session).keyring.open(bytes(draft.rows_sealed), ROWS_CONTEXT))
    return rows


def view_draft(session: Session, enquirer: Enquirer, ref: str) -> DraftView:
    """One draft of the own department."""
    draft = get_draft(session, enquirer, ref)
    return _view(session, enquirer, draft, [shown_row(row) for row in load_rows(session, draft)])


def list_drafts(session: Session, enquirer: Enquirer, *, limit: int = 100) -> list[DraftView]:
    """The newest drafts of the own department, without their rows."""
    department = own_department(session, enquirer)
    statement = (
        select(EntryDraft)
        .where(EntryDraft.department_id == department.id, EntryDraft.state != DISCARDED)
        .order_by(EntryDraft.id.desc())
        .limit(limit)
    )
    return [_view(session, enquirer, draft, []) for draft in session.execute(statement).scalars()]


def check_rows(session: Session, enquirer: Enquirer, ref: str, *, today: date) -> list[RowFaults]:
    """What keeps rows of a draft from being sent, at most ``MOST_FAULTS`` rows of them."""
    draft = get_draft(session, enquirer, ref)
    results = map_rows(session, enquirer, draft, today)
    return [RowFaults(each.row_number, each.faults) for each in results if each.draft is None][:MOST_FAULTS]


def map_rows(session: Session, enquirer: Enquirer, draft: EntryDraft, today: date) -> list[RowResult]:
    """The rows of a draft as the door would get them."""
    deployment = deployment_of(session)
    item, form = find_form(session, enquirer, draft.item, draft.list_code)
    header = tuple(column.column or "" for column in form.columns)
    map_row = compile_mapping(form, item, deployment.catalogue, deployment.rules, today, header)
    rows = load_rows(session, draft)
    return [map_row([row.get(c.means, "") for c in form.columns], number) for number, row in enumerate(rows, 1)]


def hand_in(session: Session, enquirer: Enquirer, ref: str, *, now: datetime, today: date) -> None:
    """Put a draft before a reviewer. Raises InvalidContent with the faults of its rows, Conflict unless it is a draft."""
    draft = get_draft(session, enquirer, ref, DRAFT, lock=True)
    results = map_rows(session, enquirer, draft, today)
    wrong = [
        _wrong(f"{each.row_number}.{fault.column}", fault.code, fault.message)
        for each in results
        for fault in each.faults
    ]
    if wrong:
        raise InvalidContent("填报内容有误，请更正后再提交复核", faults=wrong[:MOST_FAULTS])
    if draft.corrects_ref is not None:
        _same_fact(session, enquirer, draft, results[0], today)
    draft.state, draft.changed_at, draft.note = IN_REVIEW, now, None
    session.flush()


def _same_fact(session: Session, enquirer: Enquirer, draft: EntryDraft, new: RowResult, today: date) -> None:
    """A correction speaks of the same subject and fact: all parts of the natural key as they were."""
    original = get_draft(session, enquirer, draft.corrects_ref or "")
    old = map_rows(session, enquirer, original, today)[(draft.corrects_row or 1) - 1].draft
    if old is None or new.draft is None or draft.row_count != 1:
        raise Conflict("原填报已无法比对，请撤回后重新填报")
    named = [(each.natural_key, each.subject.code, each.subject.number) for each in (old, new.draft)]
    if named[0] != named[1]:
        raise Conflict("更正不得改变主体、文号、日期等识别内容；请撤回后重新填报")


def send_back(session: Session, enquirer: Enquirer, ref: str, note: str, *, now: datetime) -> None:
    """The reviewer returns a draft to its authors with a note."""
    draft = _reviewing(session, enquirer, ref)
    draft.note = read_text(note, "note", "退回意见")
    draft.state, draft.changed_at = DRAFT, now
    session.flush()


def approve(session: Session, enquirer: Enquirer, ref: str, *, now: datetime, today: date) -> DeliveryReport:
    """The reviewer sends a draft: one delivery of the desk's own source, in the caller's transaction."""
    draft = _reviewing(session, enquirer, ref)
    item, form = find_form(session, enquirer, draft.item, draft.list_code)
    rows = [(number, by_label(row, item)) for number, row in enumerate(load_rows(session, draft), 1)]
    digest = hashlib.sha256(f"{draft.ref}\n{draft.changed_at.isoformat()}".encode()).hexdigest()
    report = take_rows(session, form, form, rows, name=form.title, digest=digest, now=now, today=today)
    note_submission(session, enquirer, report.batch, form, None, now)
    draft.state, draft.changed_at, draft.delivery_ref = SENT, now, report.batch
    draft.reviewer_id, draft.reviewer_name = enquirer.account_id, enquirer.display_name or enquirer.account
    session.flush()
    return report


def _reviewing(session: Session, enquirer: Enquirer, ref: str) -> EntryDraft:
    draft = get_draft(session, enquirer, ref, IN_REVIEW, lock=True)
    if enquirer.account_id is None or enquirer.account_id in draft.authors:
        raise NotAuthorised("复核人不能是填报人，请由本部门另一账户复核")
    return draft


def discard(session: Session, enquirer: Enquirer, ref: str, *, now: datetime) -> None:
    """Give a draft up; its rows are destroyed."""
    draft = get_draft(session, enquirer, ref, DRAFT, lock=True)
    draft.state, draft.changed_at, draft.row_count = DISCARDED, now, 0
    draft.rows_sealed = seal_rows(session, [])
    session.flush()


def read_text(text: str, field: str, label: str) -> str:
    """A reason, note or document number: 1 to ``LONGEST_NOTE`` characters, citizen numbers cut down; InvalidContent."""
    plain = " ".join(text.split())
    if not 1 <= len(plain) <= LONGEST_NOTE:
        raise InvalidContent(f"{label}有误", faults=[_wrong(field, "length", f"请填写{label}，不超过{LONGEST_NOTE}字")])
    return scrub(plain)


def _view(session: Session, enquirer: Enquirer, draft: EntryDraft, rows: list[dict[str, str]]) -> DraftView:
    deployment = deployment_of(session)
    kind = deployment.list_kinds.get(draft.list_code or "")
    item = deployment.catalogue.items.get(draft.item)
    return DraftView(
        ref=draft.ref, item=draft.item, list_code=draft.list_code,
        title=kind.name if kind else item.name if item else draft.item, state=draft.state,
        state_name=STATE_NAMES[draft.state], rows=tuple(rows), row_count=draft.row_count, author_name=draft.author_name,
        reviewer_name=draft.reviewer_name, note=draft.note, corrects_ref=draft.corrects_ref,
        corrects_row=draft.corrects_row, reason=draft.reason, document_number=draft.document_number,
        delivery_ref=draft.delivery_ref, changed_at=draft.changed_at, mine=enquirer.account_id in draft.authors,
    )  # fmt: skip


def _wrong(field: str, code: str, message: str) -> dict[str, Any]:
    return {"field": field, "code": code, "message": message}
