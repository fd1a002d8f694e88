"""The approval check (信用核查): what bears on this matter, for each subject of a case, with basis, and a suggestion.

Only what the matter names is gathered; nothing else is read, so nothing else can be hinted at. The officer decides: the
answer suggests, stores what it said with the case number, and is told the outcome. Persons among the subjects are named by
ref. One enquiry entry for the case, one line for each subject shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from credit.deployment import Deployment, deployment_of
from credit.disclosure import View, usable_conditions, view_of
from credit.disclosure_sql import render, visible
from credit.enquirer import Enquirer
from credit.enquiries import logged, require_purpose
from credit.enquiry_log import new_ref
from credit.errors import CaseRequired, Conflict, InvalidContent, NotAuthorised, NotFound, SubjectNotFound
from credit.listings import list_usable_listings
from credit.matters import Matter, get_matter
from credit.measures import MeasureKindRow, is_applicable, measures_for
from credit.subjects import SubjectRow, get_subject
from models.listings import Check
from models.records import CurrentRecord, Record
from models.terms import MeasureKind, Role

VALID_FOR = timedelta(days=1)
MOST_SUBJECTS = 20
ROLES = {"applicant": "申请人", "legal_representative": "法定代表人", "consortium_member": "联合体成员"}
OUTCOMES = ("applied", "not_applied")
SUGGESTIONS = {
    "restrict": "依法不予或限制",
    "strict": "重点审查",
    "routine": "常规办理",
    "priority": "优先办理",
}
NOTE = "本结果按应用清单仅列与本事项相关的信息，供参考；是否适用措施由办理人员依法决定，并反馈用信结果。"


class Asked(NamedTuple):
    """One subject of a case: code or ref, and its role in it."""

    code: str
    role: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that bears on the matter: a listing or a record, with the authority behind it."""

    kind: str
    code: str
    title: str
    tone: str
    authority: str
    document_number: str
    decided_on: date | None
    until: date | None
    basis: str
    record: str


@dataclass(frozen=True, slots=True)
class MeasureView:
    """A measure that bears on this matter; ``applicable`` False where its basis is not verified yet."""

    code: str
    kind: str
    name: str
    content: str
    basis: str
    executed_by: str
    applicable: bool
    because_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedSubject:
    """What stands for or against one subject in this matter."""

    ref: str
    code: str | None
    name: str
    role: str
    findings: tuple[Finding, ...]
    measures: tuple[MeasureView, ...]


@dataclass(frozen=True, slots=True)
class CheckView:
    """The whole answer to a check."""

    id: str
    matter: str
    matter_name: str
    case: str
    subjects: tuple[CheckedSubject, ...]
    suggestion: str
    suggestion_name: str
    reasons: tuple[str, ...]
    basis: str
    note: str
    valid_until: datetime
    enquiry: str


def check_subjects(
    session: Session,
    enquirer: Enquirer,
    asked: Sequence[Asked],
    *,
    matter: str,
    case_number: str,
    today: date,
    now: datetime,
) -> CheckView:
    """Check the subjects of a case for a matter; stored with its receipt, valid for a day.

    Raises NotAuthorised, InvalidContent (unknown matter or role, too many), SubjectNotFound.
    """
    deployment = deployment_of(session)
    asking = enquirer.asking(enquirer.purpose or "approval", case_number)
    with logged(session, asking, "check", now=now) as entry:
        if enquirer.role is not Role.regulator:
            raise NotAuthorised("只有监管部门可以核查")
        if not case_number:
            raise CaseRequired()
        require_purpose(deployment, asking)
        _check_asked(asked)
        known = get_matter(deployment.matters, matter)
        subjects = []
        for one in asked:
            subject = get_subject(session, one.code)
            checked = _check_one(session, deployment, asking, subject, one.role, known, today)
            subjects.append(checked)
            entry.lines.append((subject.ref, {"check": len(checked.findings)}))
        entry.shown = {"check": sum(len(subject.findings) for subject in subjects)}
        suggestion, reasons = suggest(subjects)
        answer = CheckView(
            id=new_ref(),
            matter=known.code,
            matter_name=known.name,
            case=case_number,
            subjects=tuple(subjects),
            suggestion=suggestion,
            suggestion_name=SUGGESTIONS[suggestion],
            reasons=tuple(reasons),
            basis=f"{known.basis.instrument}{known.basis.article}",
            note=NOTE,
            valid_until=now + VALID_FOR,
            enquiry=entry.receipt,
        )
        _store(session, asking, answer, now)
        return answer


def _check_asked(asked: Sequence[Asked]) -> None:
    if not 1 <= len(asked) <= MOST_SUBJECTS:
        fault = {"field": "subjects", "code": "COUNT", "message": f"主体数量应为1至{MOST_SUBJECTS}"}
        raise InvalidContent("主体数量有误", faults=[fault])
    for place, one in enumerate(asked):
        if one.role not in ROLES:
            fault = {"field": f"subjects.{place}.role", "code": "UNKNOWN", "message": "主体角色有误"}
            raise InvalidContent("主体角色有误", faults=[fault])


def _check_one(
    session: Session, deployment: Deployment, enquirer: Enquirer, subject: SubjectRow, role: str, matter: Matter,
    today: date,
) -> CheckedSubject:  # fmt: skip
    view = view_of(deployment.disclosure, enquirer, subject_id=subject.id, subject_kind=subject.kind)
    if view is None:
        raise SubjectNotFound()
    findings = [
        *_listed(session, deployment, subject, matter, view, today),
        *_recorded(session, deployment, subject, matter, view, today),
    ]
    return CheckedSubject(
        ref=subject.ref,
        code=subject.code,
        name=subject.name,
        role=role,
        findings=tuple(findings),
        measures=tuple(_measures(deployment, matter, findings)),
    )


def _listed(
    session: Session, deployment: Deployment, subject: SubjectRow, matter: Matter, view: View, today: date
) -> list[Finding]:
    found = []
    for row in list_usable_listings(session, [subject.id], today, view):
        if row.list_code in matter.lists:
            kind = deployment.list_kinds[row.list_code]
            found.append(
                Finding(
                    "listing", row.list_code, kind.name, kind.tone.value, row.authority, row.document_number,
                    row.begun_on, row.until, row.basis, bytes(row.record_key).hex(),
                )
            )  # fmt: skip
    return found


def _recorded(
    session: Session, deployment: Deployment, subject: SubjectRow, matter: Matter, view: View, today: date
) -> list[Finding]:
    if not matter.items:
        return []
    statement = (
        select(Record, CurrentRecord.tone)
        .join(CurrentRecord, CurrentRecord.record_id == Record.id)
        .where(
            CurrentRecord.subject_id == subject.id,
            CurrentRecord.item.in_(sorted(matter.items)),
            render(usable_conditions(today)),
            visible(view, today),
        )
        .order_by(Record.held_from.desc(), Record.id.desc())
    )
    found = []
    for record, tone in session.execute(statement):
        if record.severity is not None and record.severity not in matter.severities:
            continue
        item = deployment.catalogue.items[record.item]
        basis = str(record.payload.get("basis") or "")
        found.append(
            Finding(
                "record", record.item, item.name, tone, record.authority or "", record.document_number or "",
                record.held_from, None, basis, bytes(record.record_key).hex(),
            )
        )  # fmt: skip
    return found


def _measures(deployment: Deployment, matter: Matter, findings: Sequence[Finding]) -> list[MeasureView]:
    lists = [finding.code for finding in findings if finding.kind == "listing"]
    chosen = [row for row in measures_for(deployment.measures, lists) if row.code in matter.measures]
    return [_measure(deployment, row, [code for code in lists if code in row.lists]) for row in chosen]


def _measure(deployment: Deployment, row: MeasureKindRow, lists: Sequence[str]) -> MeasureView:
    verified = any(deployment.list_kinds[code].verified for code in lists)
    names = tuple(deployment.list_kinds[code].name for code in lists)
    return MeasureView(
        row.code, row.kind.value, row.name, row.content, row.basis, row.executed_by, is_applicable(row, verified), names
    )


def suggest(subjects: Sequence[CheckedSubject]) -> tuple[str, list[str]]:
    """The suggestion for a case and its reasons: the strictest thing found decides, incentives only without adverse ones."""
    reasons: list[str] = []
    restricted = adverse = favourable = False
    for subject in subjects:
        for measure in subject.measures:
            if measure.kind == MeasureKind.restriction.value and measure.applicable:
                restricted = True
                reasons.append(f"{subject.name}：{'、'.join(measure.because_of)}，{measure.name}（{measure.basis}）")
        for finding in subject.findings:
            adverse = adverse or finding.tone == "adverse"
            favourable = favourable or finding.tone == "favourable"
            what = f"列入{finding.title}" if finding.kind == "listing" else f"{finding.title}记录"
            reasons.append(f"{subject.name}：{what}（{finding.authority} {finding.document_number}）")
    if restricted:
        return "restrict", reasons
    if adverse:
        return "strict", reasons
    if favourable:
        return "priority", reasons
    return "routine", ["未发现与本事项相关的信息"]


def _store(session: Session, enquirer: Enquirer, answer: CheckView, now: datetime) -> None:
    session.execute(
        insert(Check).values(
            ref=answer.id,
            account=enquirer.account,
            department_id=enquirer.department_id,
            matter=answer.matter,
            case_number=answer.case,
            answer=snapshot(answer),
            checked_at=now,
            valid_until=answer.valid_until,
        )
    )


def snapshot(answer: CheckView) -> dict[str, Any]:
    """The answer as stored: who was checked and what was found, days as text."""
    return {
        "suggestion": answer.suggestion,
        "reasons": list(answer.reasons),
        "subjects": [
            {
                "ref": subject.ref,
                "role": subject.role,
                "findings": [[finding.kind, finding.code, finding.record] for finding in subject.findings],
                "measures": [measure.code for measure in subject.measures],
            }
            for subject in answer.subjects
        ],
    }


def report_outcome(
    session: Session,
    enquirer: Enquirer,
    check_ref: str,
    *,
    outcome: str,
    measures: Sequence[str],
    reason: str,
    now: datetime,
) -> None:
    """What the officer decided (用信反馈): measures applied, or not applied with a reason; once, by the same department."""
    row = session.execute(select(Check).where(Check.ref == check_ref).with_for_update()).scalar()
    if row is None or row.department_id != enquirer.department_id or enquirer.role is not Role.regulator:
        raise NotFound("没有这次核查")
    if row.outcome is not None:
        raise Conflict("该次核查已反馈用信结果")
    known = {code for subject in row.answer["subjects"] for code in subject["measures"]}
    if outcome not in OUTCOMES or not set(measures) <= known or (outcome == "applied") != bool(measures):
        fault = {"field": "measures", "code": "UNKNOWN", "message": "措施不在本次核查结果内"}
        raise InvalidContent("用信结果有误", faults=[fault])
    if outcome == "not_applied" and not reason.strip():
        fault = {"field": "reason", "code": "MISSING", "message": "未采取措施的须说明理由"}
        raise InvalidContent("用信结果有误", faults=[fault])
    body = {"outcome": outcome, "measures": list(measures), "reason": reason, "account": enquirer.account}
    session.execute(update(Check).where(Check.id == row.id).values(outcome=body, outcome_at=now))
