"""Who is who, as a person decides it (主体身份核定): conflicts settled, two subjects merged, a merge undone.

Nothing is copied and nothing is lost. A record keeps for ever the subject it was told of (``records.subject_id``), so that
a redelivery finds it; while two subjects are merged the projection and the listings stand under the kept one, and names,
codes and refs of the other lead there. Undoing points them back, with all that arrived meanwhile under the other's code.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from credit.bulk import lock_writing
from credit.enquirer import Enquirer
from credit.errors import Conflict, InvalidContent, NotAuthorised, NotFound
from credit.masking import mask_name, scrub
from credit.names import bigrams, normalise_name
from credit.records import change_standing
from credit.search import index_names
from credit.subjects import SubjectRow, get_subject
from models.base import DISTRICT_ZONE
from models.listings import Listing
from models.records import CurrentRecord, Record
from models.subjects import Subject, SubjectChange, SubjectConflict, SubjectMerge, SubjectName
from models.terms import EventKind, Role, SubjectKind

DECISIONS = {"keep": "维持现有登记", "former": "登记为曾用名", "other": "属于另一主体"}
LARGEST_PAGE = 200
LONGEST_REASON = 400


class ConflictView(NamedTuple):
    """A conflict as the console shows it; ``kind`` is name or identifier, names of persons are masked."""

    id: int
    ref: str
    code: str | None
    name: str
    kind: str
    value: str
    batch_id: int | None
    noticed_at: datetime
    settled_at: datetime | None
    decision: str | None
    reason: str | None


class MergeView(NamedTuple):
    """A merge as the console shows it."""

    id: int
    kept_ref: str
    kept_name: str
    merged_ref: str
    merged_name: str
    reason: str
    actor: str
    merged_at: datetime
    undone_at: datetime | None


def list_conflicts(session: Session, *, settled: bool = False, after: int = 0, limit: int = 50) -> list[ConflictView]:
    """Conflicts that wait for a decision (or those settled), oldest first, from the one after ``after``."""
    statement = (
        select(SubjectConflict, Subject.ref, Subject.code, Subject.name, Subject.kind)
        .join(Subject, Subject.id == SubjectConflict.subject_id)
        .where(SubjectConflict.id > after, SubjectConflict.settled_at.is_not(None) == settled)
        .order_by(SubjectConflict.id)
        .limit(min(limit, LARGEST_PAGE))
    )
    found = []
    for each, ref, code, name, kind in session.execute(statement):
        personal = kind == SubjectKind.person.value
        value = mask_name(each.value) if personal else scrub(each.value)
        found.append(
            ConflictView(
                each.id, ref, code, mask_name(name) if personal else name, each.kind, value, each.batch_id,
                each.noticed_at, each.settled_at, each.decision, each.reason,
            )
        )  # fmt: skip
    return found


def settle_conflict(
    session: Session, enquirer: Enquirer, conflict_id: int, *, decision: str, reason: str, now: datetime
) -> int:
    """Decide a conflict: ``keep`` the registration, take the other name as a ``former`` one, or it is of an ``other`` subject.

    ``other`` marks what the batch told of this subject as unconfirmed (unlinked): it supports no adverse use any more. A later
    ``keep`` or ``former`` confirms it again. Gives the number of records whose link changed. Raises NotAuthorised, NotFound,
    InvalidContent, Conflict.
    """
    told = require_decider(enquirer, reason)
    lock_writing(session.connection())
    conflict = session.get(SubjectConflict, conflict_id, populate_existing=True)
    if conflict is None:
        raise NotFound("没有这条冲突")
    if decision not in DECISIONS or (decision == "former" and conflict.kind != "name"):
        raise InvalidContent(
            "处理意见无效", faults=[{"field": "decision", "code": "UNKNOWN", "message": "处理意见无效"}]
        )
    if conflict.settled_at is not None and (conflict.decision != "other" or decision == "other"):
        raise Conflict("该冲突已处理")
    changed = 0
    if "other" in (decision, conflict.decision):
        kind = EventKind.unlinked if decision == "other" else EventKind.linked
        changed = _mark_links(session, conflict, kind, enquirer.account, told, now)
    if decision == "former":
        _add_former_name(session, conflict, now)
    conflict.settled_at, conflict.decision, conflict.reason, conflict.actor = now, decision, told, enquirer.account
    session.add(SubjectChange(subject_id=conflict.subject_id, changed_at=now))
    session.flush()
    return changed


def _mark_links(
    session: Session, conflict: SubjectConflict, kind: EventKind, actor: str, reason: str, now: datetime
) -> int:
    """One event for each fact that the conflict's batch told of its subject and whose link is not so marked yet."""
    if conflict.batch_id is None:
        return 0
    told = select(Record.record_key, Record.linked_by).where(
        Record.subject_id == conflict.subject_id, Record.batch_id == conflict.batch_id
    )
    keys = sorted({bytes(key) for key, _ in session.execute(told)})
    for key in keys:
        change_standing(
            session, key, kind, cause=f"身份冲突核定：{reason}"[:LONGEST_REASON], effective_on=_day(now), known_at=now,
            actor=actor, facts={"conflict": conflict.id},
        )  # fmt: skip
    return len(keys)


def _add_former_name(session: Session, conflict: SubjectConflict, now: datetime) -> None:
    """The other name becomes one the subject once carried; it is searchable at once."""
    name_norm = normalise_name(conflict.value)
    known = select(SubjectName.id).where(
        SubjectName.subject_id == conflict.subject_id, SubjectName.name_norm == name_norm
    )
    if session.execute(known.limit(1)).first() is not None:
        return
    values = {"name": conflict.value, "name_norm": name_norm, "current": False, "known_at": now}
    row = SubjectName(subject_id=conflict.subject_id, **values)
    session.add(row)
    session.flush()
    index_names(session.connection(), [(row.id, bigrams(name_norm))])


def merge_subjects(
    session: Session, enquirer: Enquirer, kept_ref: str, merged_ref: str, *, reason: str, now: datetime
) -> int:
    """Merge ``merged_ref`` into ``kept_ref`` (each a code or ref); the number of the merge.

    Raises NotAuthorised, InvalidContent, SubjectNotFound, Conflict (the same subject, person with organisation).
    """
    told = require_decider(enquirer, reason)
    lock_writing(session.connection())
    kept, merged = get_subject(session, kept_ref), get_subject(session, merged_ref)
    if kept.id == merged.id:
        raise Conflict("两者已是同一主体")
    if (kept.kind == SubjectKind.person.value) != (merged.kind == SubjectKind.person.value):
        raise Conflict("自然人与单位不能合并")
    entry = SubjectMerge(kept_id=kept.id, merged_id=merged.id, reason=told, actor=enquirer.account, merged_at=now)
    session.add(entry)
    session.flush()
    _point(session, [merged.id, *_members(session, merged.id)], kept.id)
    _note_change(session, (kept.id, merged.id), now)
    return entry.id


def undo_merge(session: Session, enquirer: Enquirer, merge_id: int, *, reason: str, now: datetime) -> None:
    """Take a merge back: the merged subject stands by itself again, with all that was told of it, also meanwhile.

    Raises NotAuthorised, InvalidContent, NotFound, Conflict (undone already).
    """
    told = require_decider(enquirer, reason)
    lock_writing(session.connection())
    entry = session.get(SubjectMerge, merge_id, populate_existing=True)
    if entry is None:
        raise NotFound("没有这次合并")
    if entry.undone_at is not None:
        raise Conflict("该合并已撤销")
    entry.undone_at, entry.undone_by, entry.undone_reason = now, enquirer.account, told
    root = session.execute(select(Subject.merged_into).where(Subject.id == entry.merged_id)).scalar_one()
    session.flush()
    below = _members(session, entry.merged_id)
    _point(session, [entry.merged_id, *below], entry.merged_id)
    _note_change(session, {root or entry.kept_id, entry.merged_id}, now)


def _members(session: Session, root: int) -> list[int]:
    """All subjects that standing merges lead to ``root``, over however many steps."""
    pairs = session.execute(
        select(SubjectMerge.kept_id, SubjectMerge.merged_id).where(SubjectMerge.undone_at.is_(None))
    ).all()
    found: list[int] = []
    steps = [root]
    while steps:
        steps = [merged for kept, merged in pairs if kept in steps]
        found += steps
    return found


def _point(session: Session, members: Sequence[int], owner: int) -> None:
    """Let subjects, the facts told of them and their listings stand under ``owner``."""
    others = [member for member in members if member != owner]
    if others:
        session.execute(update(Subject).where(Subject.id.in_(others)).values(merged_into=owner))
    session.execute(update(Subject).where(Subject.id == owner).values(merged_into=None))
    told = select(Record.id).where(Record.subject_id.in_(members))
    session.execute(
        update(CurrentRecord)
        .where(CurrentRecord.record_id.in_(told))
        .values(subject_id=owner)
        .execution_options(synchronize_session=False)
    )
    keys = select(Record.record_key).where(Record.subject_id.in_(members))
    session.execute(
        update(Listing)
        .where(Listing.record_key.in_(keys))
        .values(subject_id=owner)
        .execution_options(synchronize_session=False)
    )
    session.flush()
    session.expire_all()


def _note_change(session: Session, subject_ids: Sequence[int] | set[int], now: datetime) -> None:
    session.add_all(SubjectChange(subject_id=subject_id, changed_at=now) for subject_id in sorted(subject_ids))
    session.flush()


def list_merges(session: Session, *, limit: int = 50) -> list[MergeView]:
    """Merges and what became of them, newest first; names of persons masked."""
    kept, merged = aliased(Subject), aliased(Subject)
    statement = (
        select(SubjectMerge, kept, merged)
        .join(kept, kept.id == SubjectMerge.kept_id)
        .join(merged, merged.id == SubjectMerge.merged_id)
        .order_by(SubjectMerge.id.desc())
        .limit(min(limit, LARGEST_PAGE))
    )
    return [
        MergeView(
            each.id, one.ref, shown_name(one), other.ref, shown_name(other), each.reason, each.actor, each.merged_at,
            each.undone_at,
        )
        for each, one, other in session.execute(statement)
    ]  # fmt: skip


def count_conflicts(session: Session) -> int:
    """How many conflicts wait for a decision."""
    statement = select(func.count()).select_from(SubjectConflict).where(SubjectConflict.settled_at.is_(None))
    return session.execute(statement).scalar_one()


def shown_name(subject: Subject | SubjectRow) -> str:
    """A name as a list may show it: a person's masked."""
    return mask_name(subject.name) if subject.kind == SubjectKind.person.value else subject.name


def require_decider(enquirer: Enquirer, reason: str) -> str:
    """The reason as it is kept, citizen numbers cut; NotAuthorised for others than operators, InvalidContent without one."""
    if enquirer.role is not Role.operator:
        raise NotAuthorised("只有信用主管部门可以核定主体身份")
    told = scrub(reason.strip())
    if not told or len(told) > LONGEST_REASON:
        message = "请填写理由，不超过四百字"
        raise InvalidContent(message, faults=[{"field": "reason", "code": "MISSING", "message": message}])
    return told


def _day(now: datetime) -> date:
    return now.astimezone(DISTRICT_ZONE).date()
