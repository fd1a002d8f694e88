"""One lookup: what this enquirer may know of this subject. Every entrance comes through here: API, pages, console, PDF.

The answer is composed in memory inside ``logged`` and leaves only after its entry is committed. The right to see is judged
by ``today``; ``as_of`` only moves the day of the facts, so that what is repaired or ended today is unseen for any day asked.
"""

import functools
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from credit.authorisations import EVALUATION, Consent, find_consent
from credit.catalogue import Catalogue
from credit.deployment import Deployment, deployment_of
from credit.disclosure import View, view_of
from credit.enquirer import Enquirer
from credit.enquiries import logged, require_purpose
from credit.enquiry_log import Entry
from credit.errors import InvalidQuery, NotAuthorised, SubjectNotFound
from credit.facts import Categories, list_categories
from credit.freshness import known_sources
from credit.identifiers import parse_number
from credit.listings import list_subject_listings
from credit.masking import mask_name
from credit.prepared import Prepared
from credit.search import dump_position, load_position, normalise_query, search_names
from credit.subjects import SubjectRow, find_person, get_subject, list_former_names
from credit.views import (
    EvaluationView,
    ListingView,
    RightNeeded,
    SearchHit,
    SearchPage,
    SubjectView,
)
from models.evaluations import Evaluation, ModelCard
from models.subjects import Subject, SubjectChange, SubjectName
from models.terms import DisclosureLevel, Role, SubjectKind

COMPREHENSIVE = "comprehensive"
NEEDS = {DisclosureLevel.authorised: "授权查询", DisclosureLevel.government: "政务共享"}


def lookup_subject(
    session: Session,
    enquirer: Enquirer,
    code_or_ref: str,
    *,
    as_of: date | None = None,
    today: date,
    now: datetime,
    action: str = "lookup",
) -> SubjectView:
    """What ``enquirer`` may know of the subject, as of a day (default today); logged before it is returned.

    Raises PurposeRequired, CaseRequired, InvalidCode, NumberInAddress, SubjectNotFound (also for a person this enquirer may
    not see), EnquiryLogUnavailable.
    """
    with logged(session, enquirer, action, now=now, as_of=as_of) as entry:
        require_purpose(deployment_of(session), enquirer)
        day = check_day(as_of, today)
        return compose(session, enquirer, get_subject(session, code_or_ref), entry, as_of=day, today=today)


def lookup_person(session: Session, enquirer: Enquirer, number: str, *, today: date, now: datetime) -> SubjectView:
    """A person by number, for those with a duty; absent and unseen persons give the same SubjectNotFound."""
    with logged(session, enquirer, "find-person", now=now) as entry:
        require_purpose(deployment_of(session), enquirer)
        if enquirer.role is not Role.regulator:
            raise NotAuthorised("无权按证件号码查询")
        subject = find_person(session, parse_number(number, today))
        if subject is None:
            raise SubjectNotFound()
        return compose(session, enquirer, subject, entry, as_of=today, today=today)


def check_day(as_of: date | None, today: date) -> date:
    """The day asked about; a day to come is refused."""
    if as_of is not None and as_of > today:
        raise InvalidQuery(
            "不能查询未来日期", faults=[{"field": "as_of", "code": "IN_FUTURE", "message": "不能晚于今日"}]
        )
    return as_of or today


def compose(
    session: Session, enquirer: Enquirer, subject: SubjectRow, entry: Entry, *, as_of: date, today: date
) -> SubjectView:
    """The answer, and its entry filled with whom and what; only ever called inside ``logged``."""
    deployment = deployment_of(session)
    consent = find_consent(session, enquirer, subject.id, today)
    view = view_of(
        deployment.disclosure,
        enquirer,
        subject_id=subject.id,
        subject_kind=subject.kind,
        consented=None if consent is None else consent.categories,
    )
    if view is None:
        raise SubjectNotFound()
    entry.subject_ref = subject.ref
    entry.authorisation_ref = None if consent is None else consent.ref
    beside = None
    if view.categories is not None:
        beside = view_of(deployment.disclosure, enquirer, subject_id=subject.id, subject_kind=subject.kind)
    views = (view,) if beside is None else (view, beside)
    categories = list_categories(session, subject, views, as_of=as_of, today=today, now=entry.asked_at)
    listings = _listings(session, deployment, subject.id, views, categories, as_of=as_of, today=today)
    seen = {record.record_id: record.record for _, _, records in categories for record in records}
    evaluation = _evaluation(session, subject.id, view, seen, as_of=as_of, today=today)
    entry.shown = _shown(categories, listings, evaluation)
    return _answer(session, enquirer, subject, view, consent, entry, categories, listings, evaluation, as_of)


def _answer(
    session: Session, enquirer: Enquirer, subject: SubjectRow, view: View, consent: Consent | None, entry: Entry,
    categories: Categories, listings: Sequence[ListingView], evaluation: EvaluationView | None, as_of: date,
) -> SubjectView:  # fmt: skip
    deployment = deployment_of(session)
    person = subject.kind == SubjectKind.person.value
    name = mask_name(subject.name) if person and view.fields["person_name"] == "masked" else subject.name
    return SubjectView(
        ref=subject.ref,
        kind=subject.kind,
        code=subject.code,
        name=name,
        number_mask=subject.number_mask if view.fields["identity_number"] == "masked" else None,
        former_names=() if person else list_former_names(session, subject.id),
        as_of=as_of,
        view=view.name,
        categories=categories,
        listings=tuple(listings),
        evaluation=evaluation,
        freshness=known_sources(session, entry.asked_at).freshness,
        categories_by_right=categories_by_right(deployment, enquirer),
        authorisation=None if consent is None else consent.ref,
        enquiry=entry.receipt,
        subject_id=subject.id,
    )


def _shown(
    categories: Categories, listings: Sequence[ListingView], evaluation: EvaluationView | None
) -> dict[str, int]:
    shown = {code: len(records) for code, _, records in categories if records}
    if listings:
        shown["listings"] = len(listings)
    if evaluation is not None:
        shown[EVALUATION] = 1
    return shown


def _listings(
    session: Session, deployment: Deployment, subject_id: int, views: Sequence[View], categories: Categories, *,
    as_of: date, today: date,
) -> list[ListingView]:  # fmt: skip
    """Entries shown; none is where no record of a list is shown, for an entry is visible exactly as far as its record is."""
    if not any(record.listed for _, _, records in categories for record in records):
        return []
    found: dict[str, ListingView] = {}
    for view in views:
        for listing in list_subject_listings(session, subject_id, view, as_of=as_of, today=today):
            if view.covers(deployment.list_kinds[listing.list_code].category):
                found.setdefault(listing.record, listing)
    return list(found.values())


def categories_by_right(deployment: Deployment, enquirer: Enquirer) -> tuple[RightNeeded, ...]:
    """Categories that need consent or duty, from role and catalogue alone: the same for every subject, never a count."""
    row = deployment.disclosure.roles[enquirer.role.value]
    base = row["organisations"] or row["own"]
    levels = () if base is None else deployment.disclosure.views[base].levels
    return _rights(deployment.catalogue, levels, deployment.disclosure.views[base].evaluation if base else False)


@functools.lru_cache(maxsize=64)
def _rights(catalogue: Catalogue, levels: tuple[str, ...], evaluation: bool) -> tuple[RightNeeded, ...]:
    needed: dict[tuple[str, str], RightNeeded] = {}
    for item in catalogue.items.values():
        item_levels = {item.disclosure, *(field.disclosure or item.disclosure for field in item.fields.values())}
        for level in sorted(item_levels - {DisclosureLevel(known) for known in levels}):
            if level in NEEDS:
                right = RightNeeded(item.category, item.category_name, NEEDS[level])
                needed[(item.category, level.value)] = right
    if not evaluation:
        needed[(EVALUATION, "")] = RightNeeded(EVALUATION, "公共信用综合评价", NEEDS[DisclosureLevel.authorised])
    return tuple(needed[key] for key in sorted(needed))


EVALUATION_OF = Prepared(
    select(
        Evaluation.grade, Evaluation.points, Evaluation.as_of, Evaluation.vetoed_by, Evaluation.contributions,
        Evaluation.valid_until, ModelCard.name, ModelCard.title,
        exists().where(SubjectChange.subject_id == bindparam("wanted")).label("changed"),
    )
    .join(ModelCard, ModelCard.id == Evaluation.model_id)
    .where(Evaluation.subject_id == bindparam("wanted"), ModelCard.use == COMPREHENSIVE)
    .order_by(Evaluation.id.desc())
    .limit(1)
)  # fmt: skip


def _evaluation(
    session: Session, subject_id: int, view: View, seen: dict[int, str], *, as_of: date, today: date
) -> EvaluationView | None:
    """The stored evaluation where this view has it; a stale one has no grade: it is being recomputed (重新计算中).

    Only the newest is ever shown, for a past day too: an older one may rest on what was repaired since. Reasons name only
    records that this view shows (``seen``: id → address); of others nothing but the indicator stays.
    """
    if not view.evaluation:
        return None
    row = EVALUATION_OF.first(session.connection(), wanted=subject_id)
    if row is None or row.as_of > as_of:
        return None
    stale = row.changed or (row.valid_until is not None and row.valid_until <= today)
    return EvaluationView(
        model=row.name,
        title=row.title,
        grade=None if stale else row.grade,
        as_of=row.as_of,
        points=0 if stale else row.points,
        vetoed_by=None if stale else row.vetoed_by,
        contributions=() if stale else tuple(_reason(line, seen) for line in row.contributions),
        valid_until=row.valid_until,
    )


def _reason(line: dict[str, Any], seen: dict[int, str]) -> dict[str, Any]:
    """One line of an evaluation with the addresses of the records behind it, as far as they are shown."""
    if "records" not in line:
        return line
    return {**line, "records": [seen[record] for record in line["records"] if record in seen]}


OWNERS: BindParameter[list[int]] = bindparam("owners", expanding=True)
_KEPT = func.coalesce(Subject.merged_into, Subject.id)
NAMES_OF = (
    select(_KEPT, SubjectName.id, SubjectName.name_norm, and_(SubjectName.current, Subject.merged_into.is_(None)))
    .join(Subject, Subject.id == SubjectName.subject_id)
    .where(or_(Subject.id.in_(OWNERS), Subject.merged_into.in_(OWNERS)))
)


def search_subjects(
    session: Session, enquirer: Enquirer, name: str, *, limit: int = 20, cursor: str | None = None, now: datetime
) -> SearchPage:
    """Organisations whose current or a former name contains ``name``: exact first, then beginning with it, complete.

    Discloses names and codes of organisations only, which are public: counted as access statistics, not logged one by one.
    """
    wanted = normalise_query(name)
    connection = session.connection()
    hits, position = search_names(connection, wanted, limit=limit, position=load_position(cursor))
    best = _best_former_names(connection, wanted, {hit.subject_id for hit in hits if not hit.current})
    shown = tuple(
        SearchHit(hit.ref, hit.code, hit.subject_name, hit.kind, None if hit.current else hit.name)
        for hit in hits
        if hit.current or best.get(hit.subject_id) == hit.name_id
    )
    deployment_of(session).enquiry_log.count_access("search", now)
    return SearchPage(shown, None if position is None else dump_position(position))


def _best_former_names(connection: Connection, wanted: str, owners: set[int]) -> dict[int, int]:
    """Of subjects found by a former name: that name, unless the current one fits too and is shown in its own place."""
    best: dict[int, tuple[bool, int]] = {}
    if owners:
        for subject_id, name_id, name_norm, current in connection.execute(NAMES_OF, {"owners": list(owners)}):
            if wanted in name_norm:
                best[subject_id] = min(best.get(subject_id, (True, 1 << 62)), (not current, name_id))
    return {subject_id: name_id for subject_id, (former, name_id) in best.items() if former}
