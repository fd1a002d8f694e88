"""How much the platform holds: counts for the first page and for whoever runs it. Aggregates only, no subject named."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from credit.errors import SubjectNotFound
from credit.subjects import SubjectRow, get_subject_by_id
from models.collection import ParkedRow, Rejection
from models.listings import Listing
from models.records import CurrentRecord
from models.subjects import Subject
from models.terms import SubjectKind


@dataclass(frozen=True, slots=True)
class Holdings:
    """Subjects, facts (current records), waiting rows, rows turned away, listings."""

    subjects: int
    records: int
    parked: int
    rejected: int
    listings: int


def count_holdings(session: Session) -> Holdings:
    """Count what is held now."""

    def count(statement: object) -> int:
        return int(session.execute(statement).scalar_one())  # type: ignore[call-overload]

    return Holdings(
        subjects=count(select(func.count()).select_from(Subject)),
        records=count(select(func.count()).select_from(CurrentRecord)),
        parked=count(select(func.count()).select_from(ParkedRow).where(ParkedRow.settled_at.is_(None))),
        rejected=count(select(func.count()).select_from(Rejection)),
        listings=count(select(func.count()).select_from(Listing)),
    )


def find_demo_subject(session: Session) -> SubjectRow:
    """A firm that has a penalty, for a demonstration account where the sample district is not there."""
    statement = (
        select(CurrentRecord.subject_id)
        .join(Subject, Subject.id == CurrentRecord.subject_id)
        .where(CurrentRecord.item == "penalty", Subject.kind == SubjectKind.enterprise.value, Subject.code.is_not(None))
        .order_by(CurrentRecord.record_id)
        .limit(1)
    )
    found = session.execute(statement).scalar()
    if found is None:
        raise SubjectNotFound()
    return get_subject_by_id(session, found)
