"""From a lookup to a report's content: the only file here that reads, and it reads through ``credit.lookup`` alone.

So a report shows exactly what its enquirer would see on a page, and its enquiry is logged before anything is drawn.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from credit.catalogue import CatalogueItem
from credit.deployment import Deployment, deployment_of
from credit.enquirer import PUBLIC, Enquirer
from credit.enquiries import logged, require_purpose
from credit.enquiry_log import Entry
from credit.errors import NotAuthorised
from credit.lookup import check_day, compose
from credit.subjects import get_subject, get_subject_by_id
from credit.views import EvaluationView, FieldView, Freshness, ListingView, RecordView, SubjectView
from models.base import DISTRICT_ZONE
from models.terms import Role, Severity, SubjectKind, label
from reports.content import (
    Chapter,
    ChapterKind,
    Cover,
    CreditReport,
    Explanations,
    Provenance,
    RecordBlock,
    Section,
    SourceFreshness,
    Value,
    arrange_chapters,
    format_fen,
)

CHAPTER_OF_CATEGORY = {
    "registration": ChapterKind.identity,
    "administration": ChapterKind.administration,
    "honour": ChapterKind.honours,
    "serious_list": ChapterKind.serious_listings,
    "abnormal": ChapterKind.abnormal_operation,
    "commitment": ChapterKind.commitments,
    "judicial": ChapterKind.judicial,
}
OBJECTION_ROUTE = (
    "对本报告信息有异议的，可在本平台“异议申诉”提出，或到区信用窗口书面提出；提供单位在规定工作日内核查答复。"
)
FULL_ROLES = frozenset({Role.enterprise, Role.person, Role.agency, Role.regulator})
FULL_ONLY = "完整报告只提供给本人、获授权的机构和依职责查询的部门"
KINDS = {"public": "公共信用信息报告", "full": "公共信用信息报告（本人或授权版）"}


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was gathered: the answer, its chapters, and a digest of what they say (no number, no day of issue)."""

    view: SubjectView
    chapters: tuple[Chapter, ...]
    digest: bytes


def audience_of(kind: str, enquirer: Enquirer) -> Enquirer:
    """Whose eyes a report is made for: a public report shows the public part whoever asks for it."""
    if kind == "public":
        return replace(PUBLIC, account=enquirer.account, organisation=enquirer.organisation, purpose=enquirer.purpose)
    return enquirer


def gather_content(
    session: Session, enquirer: Enquirer, code: str, *, kind: str, as_of: date | None, today: date, now: datetime
) -> Gathered:
    """Look the subject up for a report; logged like any enquiry, refusals too. Errors as ``lookup_subject``.

    NotAuthorised for a full report where the enquirer would see no more than the public does.
    """
    audience = audience_of(kind, enquirer)
    with logged(session, audience, f"report-{kind}", now=now, as_of=as_of) as entry:
        if kind == "full" and enquirer.role not in FULL_ROLES:
            raise NotAuthorised(FULL_ONLY)
        require_purpose(deployment_of(session), audience)
        day = check_day(as_of, today)
        view = compose(session, audience, get_subject(session, code), entry, as_of=day, today=today)
        if kind == "full" and view.view == "public":
            raise NotAuthorised(FULL_ONLY)
        return _gathered(session, view)


def gather_again(
    session: Session, enquirer: Enquirer, subject_id: int, *, as_of: date, today: date, now: datetime
) -> Gathered:
    """The same content as it would be today, to tell whether a report is superseded. Shows nobody anything."""
    entry = Entry("", now, enquirer.account, enquirer.role.value, enquirer.organisation, "verification")
    subject = get_subject_by_id(session, subject_id)
    return _gathered(session, compose(session, enquirer, subject, entry, as_of=as_of, today=today))


def _gathered(session: Session, view: SubjectView) -> Gathered:
    chapters = arrange(deployment_of(session), view)
    return Gathered(view, chapters, content_digest(view, chapters))


def content_digest(view: SubjectView, chapters: Sequence[Chapter]) -> bytes:
    """Digest of what a report says about its subject; how fresh the sources were is not part of it."""
    said: list[Any] = [view.code, view.name, view.former_names, view.view]
    for chapter in chapters:
        for section in chapter.sections:
            said.append([chapter.kind, section.title, [asdict(record) for record in section.records]])
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str, sort_keys=True).encode()).digest()


def make_report(gathered: Gathered, *, cover: Cover) -> CreditReport:
    """Put the cover before the chapters."""
    view = gathered.view
    sources = tuple(source_freshness(source) for source in view.freshness)
    withheld = tuple(dict.fromkeys(f"{right.name}（{right.needs}）" for right in view.categories_by_right))
    return CreditReport(cover, Explanations(sources, OBJECTION_ROUTE), gathered.chapters, withheld)


def make_cover(
    gathered: Gathered, deployment: Deployment, enquirer: Enquirer, *, kind: str, number: str, code: str, address: str,
    generated_on: date,
) -> Cover:  # fmt: skip
    """The first page of a report."""
    view = gathered.view
    purpose = deployment.disclosure.purposes.get(enquirer.purpose or "")
    person = view.kind == SubjectKind.person.value
    return Cover(
        subject_name=view.name,
        code=view.code or view.number_mask or "—",
        kind=label(SubjectKind(view.kind)),
        number=number,
        generated_on=generated_on,
        as_of=view.as_of,
        issuer=f"{deployment.district}公共信用信息平台",
        verification_code=code,
        verification_address=address,
        purpose=purpose.name if purpose is not None else "公开查询" if kind == "public" else "本人查询",
        enquirer=enquirer.organisation or enquirer.display_name or "社会公众",
        title=KINDS[kind],
        edition="自然人" if person else "法人和非法人组织",
        code_label="证件号码" if person else "统一社会信用代码",
    )


def arrange(deployment: Deployment, view: SubjectView) -> tuple[Chapter, ...]:
    """The chapters of the standard, filled from the answer; every collected category says where was searched."""
    found = {code: records for code, _, records in view.categories}
    collected = _collected(deployment, view.freshness)
    sections: dict[ChapterKind, list[Section]] = {}
    for category, name in deployment.catalogue.categories.items():
        records = tuple(record_block(deployment, record) for record in found.get(category, ()))
        if category == "serious_list":
            records = tuple(listing_block(entry) for entry in view.listings if entry.kind == "punishment")
        if category == "honour":
            records += tuple(listing_block(entry) for entry in view.listings if entry.kind == "reward")
            listed = {entry.record for entry in view.listings}
            others = [record for record in found.get(category, ()) if record.record not in listed]
            records = (
                tuple(record_block(deployment, record) for record in others) + records[len(found.get(category, ())) :]
            )
        chapter = CHAPTER_OF_CATEGORY.get(category, ChapterKind.other)
        sources = collected.get(category, ())
        searched = "、".join(dict.fromkeys(source.source for source in sources))
        sections.setdefault(chapter, []).append(Section(name, records, searched, sources))
    if view.evaluation is not None:
        block = evaluation_block(view.evaluation)
        sections[ChapterKind.evaluation] = [Section("公共信用综合评价", (block,))]
    return arrange_chapters(sections, evaluated=view.evaluation is not None)


def _collected(deployment: Deployment, freshness: Sequence[Freshness]) -> dict[str, tuple[SourceFreshness, ...]]:
    """Which sources feed each category."""
    by_category: dict[str, list[SourceFreshness]] = {}
    for source in freshness:
        for category in source.categories:
            by_category.setdefault(category, []).append(source_freshness(source))
    return {category: tuple(sources) for category, sources in by_category.items()}


def source_freshness(source: Freshness) -> SourceFreshness:
    """One source with its cut-off day in the district."""
    moment = source.last_delivery_at
    latest = None if moment is None else moment.astimezone(DISTRICT_ZONE).date()
    return SourceFreshness(source.department, latest, source.title)


def record_block(deployment: Deployment, record: RecordView) -> RecordBlock:
    """One record with the fields this enquirer may see."""
    item = deployment.catalogue.items[record.item]
    fields = [(field.label, value_of(item, field)) for field in record.fields]
    if record.severity is not None:
        fields.append(("失信程度", label(Severity(record.severity))))
    if record.tone == "adverse" and record.publish_until is not None:
        fields.append(("公示至", record.publish_until))
    return RecordBlock(
        title=record.document_number or record.item_name,
        fields=tuple(fields),
        provenance=Provenance(
            record.provenance.department,
            record.held_from,
            record.provenance.known_at.astimezone(DISTRICT_ZONE).date(),
        ),
        disputed=record.disputed,
    )


def value_of(item: CatalogueItem, field: FieldView) -> Value:
    """A payload value as printed: money from fen, everything else as it is."""
    kind = item.fields[field.name].type
    if kind == "money" and isinstance(field.value, int):
        return format_fen(field.value)
    return str(field.value)


def listing_block(entry: ListingView) -> RecordBlock:
    """One entry on a list with the decision behind it."""
    return RecordBlock(
        title=entry.list_name,
        fields=(
            ("认定文书号", entry.document_number),
            ("认定单位", entry.authority),
            ("认定依据", entry.basis or None),
            ("列入日期", entry.begun_on),
            ("有效期至", entry.until if entry.until is not None else "未定期限"),
        ),
        provenance=Provenance(entry.authority, entry.decided_on),
        disputed=entry.disputed,
    )


def evaluation_block(evaluation: EvaluationView) -> RecordBlock:
    """The grade with its reasons; its full name stands before the letter."""
    reasons = [str(part.get("reason", "")) for part in evaluation.contributions if part.get("reason")]
    return RecordBlock(
        title=evaluation.title,
        fields=(
            ("评价结果", f"{evaluation.title} {evaluation.grade}" if evaluation.grade else "重新计算中"),
            ("评价日期", evaluation.as_of),
            ("主要原因", "；".join(reasons[:8]) or None),
        ),
        remark="评价结果供分级分类监管和服务参考，不作为减损权益的依据。",
    )
