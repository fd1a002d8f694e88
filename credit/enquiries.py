"""The enquiry log as use cases see it: nothing leaves before its entry is committed.

``logged`` wraps the composing of an answer. When it ends, with an answer, a refusal or a failure, the entry is committed in
the log's own database; only then does the answer, or the error, go on its way. This is the only commit in ``credit``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from credit.deployment import Deployment, deployment_of
from credit.enquirer import Enquirer
from credit.enquiry_log import Entry, new_ref
from credit.errors import CaseRequired, CreditError, NotAuthorised, PurposeRequired, PurposeUnknown, SubjectNotFound
from credit.views import EnquiryView
from models.enquiries import Enquiry, EnquirySubject
from models.session import READ_ONLY
from models.terms import EnquiryOutcome, Role

ROLES_WITH_PURPOSE = frozenset({Role.regulator, Role.agency})
LONGEST_CASE = 64


@contextmanager
def logged(
    session: Session, enquirer: Enquirer, action: str, *, now: datetime, as_of: date | None = None
) -> Iterator[Entry]:
    """Write an enquiry down, whatever becomes of it; committed when the block ends, before the answer leaves.

    The block fills ``subject_ref``, ``shown``, ``lines`` and ``authorisation_ref``. Raises EnquiryLogUnavailable where the
    entry cannot be written: then there is no answer.
    """
    entry = Entry(
        receipt=new_ref(),
        asked_at=now,
        account=enquirer.account,
        role=enquirer.role.value,
        organisation=enquirer.organisation,
        action=action,
        purpose=enquirer.purpose,
        case_number=enquirer.case_number,
        as_of=None if as_of is None else as_of.isoformat(),
    )
    log = deployment_of(session).enquiry_log
    try:
        yield entry
    except CreditError as error:
        not_found = isinstance(error, SubjectNotFound)
        entry.outcome = (EnquiryOutcome.not_found if not_found else EnquiryOutcome.refused).value
        entry.reason, entry.shown, entry.lines = error.slug, {}, []
        log.append(entry)
        raise
    except BaseException as error:
        entry.outcome, entry.reason, entry.shown, entry.lines = (
            EnquiryOutcome.failed.value, type(error).__name__, {}, [],
        )  # fmt: skip
        log.append(entry)
        raise
    entry.outcome = EnquiryOutcome.answered.value
    log.append(entry)


def require_purpose(deployment: Deployment, enquirer: Enquirer) -> None:
    """Regulators and agencies name a published purpose of their role, and the case where the purpose is a matter."""
    if enquirer.role not in ROLES_WITH_PURPOSE:
        return
    if not enquirer.purpose:
        raise PurposeRequired(faults=[{"field": "purpose", "code": "MISSING", "message": "须说明查询用途"}])
    purpose = deployment.disclosure.purposes.get(enquirer.purpose)
    if purpose is None:
        raise PurposeUnknown(faults=[{"field": "purpose", "code": "UNKNOWN", "message": "查询用途不在目录内"}])
    if enquirer.role.value not in purpose.roles:
        raise NotAuthorised("该查询用途不适用于本账户")
    if purpose.case and not enquirer.case_number:
        raise CaseRequired(faults=[{"field": "case", "code": "MISSING", "message": "须填写办件编号"}])


def list_enquiries_about(
    session: Session, subject_ref: str, *, limit: int = 100, before: int | None = None
) -> Sequence[EnquiryView]:
    """Who asked about this subject, newest first: answers that showed something of it. Refusals are not shown here."""
    engine = deployment_of(session).enquiry_log.engine.execution_options(**{READ_ONLY: True})
    lines = select(EnquirySubject.enquiry_id).where(EnquirySubject.subject_ref == subject_ref)
    statement = (
        select(Enquiry)
        .where(
            or_(Enquiry.subject_ref == subject_ref, Enquiry.id.in_(lines)),
            Enquiry.outcome == EnquiryOutcome.answered.value,
        )
        .order_by(Enquiry.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(Enquiry.id < before)
    with Session(engine) as log:
        return [
            EnquiryView(
                receipt=entry.receipt,
                asked_at=entry.asked_at,
                role=entry.role,
                organisation=entry.organisation,
                action=entry.action,
                purpose=entry.purpose,
                case_number=entry.case_number,
                outcome=entry.outcome,
                shown=entry.shown,
            )
            for entry in log.execute(statement).scalars()
        ]
