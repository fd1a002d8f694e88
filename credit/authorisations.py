"""Authorisations (信用授权): a subject lets one agency see named categories, for one purpose, until a day.

Checked against the database at every use, so a revocation acts at once (上海条例 Art. 17; 国务院令631号 Art. 18, 20).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from credit.deployment import deployment_of
from credit.enquirer import Enquirer
from credit.enquiry_log import new_ref
from credit.errors import Conflict, InvalidContent, NotAuthorised, NotFound
from models.accounts import Agency
from models.authorisations import Authorisation, Revocation

EVALUATION = "evaluation"
LONGEST_DAYS = 366


class Consent(NamedTuple):
    """A valid authorisation as a lookup needs it."""

    ref: str
    categories: frozenset[str]


class AuthorisationView(NamedTuple):
    """One authorisation as its subject sees it."""

    ref: str
    agency: str
    agency_name: str
    categories: tuple[str, ...]
    purpose: str
    valid_from: date
    valid_until: date
    granted_at: datetime
    revoked_at: datetime | None


def find_consent(session: Session, enquirer: Enquirer, subject_id: int, today: date) -> Consent | None:
    """All valid consents of this subject for this agency and purpose, taken together; None without one."""
    if enquirer.agency_id is None:
        return None
    statement = (
        select(Authorisation.ref, Authorisation.categories)
        .outerjoin(Revocation, Revocation.authorisation_id == Authorisation.id)
        .where(
            Authorisation.subject_id == subject_id,
            Authorisation.agency_id == enquirer.agency_id,
            Authorisation.purpose == enquirer.purpose,
            Authorisation.valid_from <= today,
            Authorisation.valid_until >= today,
            Revocation.id.is_(None),
        )
        .order_by(Authorisation.id.desc())
    )
    rows = session.execute(statement).all()
    if not rows:
        return None
    return Consent(rows[0][0], frozenset(category for row in rows for category in row[1]))


def require_own_subject(enquirer: Enquirer) -> int:
    """The subject an account acts for; NotAuthorised for all others."""
    if enquirer.subject_id is None:
        raise NotAuthorised("只有信用主体本人可以办理授权")
    return enquirer.subject_id


def grant(
    session: Session,
    enquirer: Enquirer,
    *,
    agency: str,
    categories: Sequence[str],
    purpose: str,
    valid_until: date,
    now: datetime,
    today: date,
) -> AuthorisationView:
    """The subject grants; categories are the catalogue's, or ``evaluation``; at most a year and a day."""
    subject_id = require_own_subject(enquirer)
    deployment = deployment_of(session)
    _check_grant(deployment.catalogue.categories, categories, valid_until, today)
    known = deployment.disclosure.purposes.get(purpose)
    if known is None or "agency" not in known.roles:
        raise InvalidContent("用途不在目录内", faults=[_fault("purpose", "UNKNOWN", "用途不在目录内")])
    found = session.execute(select(Agency).where(Agency.client_id == agency, Agency.disabled_at.is_(None))).scalar()
    if found is None:
        raise InvalidContent("没有这个机构", faults=[_fault("agency", "UNKNOWN", "机构不存在或已停用")])
    ref = new_ref()
    row = {
        "ref": ref,
        "subject_id": subject_id,
        "agency_id": found.id,
        "categories": sorted(set(categories)),
        "purpose": purpose,
        "valid_from": today,
        "valid_until": valid_until,
        "granted_by": enquirer.account,
        "granted_at": now,
    }
    session.execute(insert(Authorisation).values(**row))
    return get_authorisation(session, enquirer, ref)


def _check_grant(known: Iterable[str], categories: Sequence[str], valid_until: date, today: date) -> None:
    unknown = sorted(set(categories) - {*known, EVALUATION})
    if not categories or unknown:
        raise InvalidContent("授权类别有误", faults=[_fault("categories", "UNKNOWN", "授权类别为空或不在目录内")])
    if not today <= valid_until <= date.fromordinal(today.toordinal() + LONGEST_DAYS):
        raise InvalidContent("授权期限有误", faults=[_fault("valid_until", "OUT_OF_RANGE", "授权期限应在今日至一年内")])


def _fault(field: str, code: str, message: str) -> dict[str, str]:
    return {"field": field, "code": code, "message": message}


def list_authorisations(session: Session, enquirer: Enquirer) -> list[AuthorisationView]:
    """All that the own subject ever granted, newest first."""
    subject_id = require_own_subject(enquirer)
    statement = (
        select(Authorisation, Agency.client_id, Agency.name, Revocation.revoked_at)
        .join(Agency, Agency.id == Authorisation.agency_id)
        .outerjoin(Revocation, Revocation.authorisation_id == Authorisation.id)
        .where(Authorisation.subject_id == subject_id)
        .order_by(Authorisation.id.desc())
    )
    return [
        AuthorisationView(
            ref=granted.ref,
            agency=client_id,
            agency_name=name,
            categories=tuple(granted.categories),
            purpose=granted.purpose,
            valid_from=granted.valid_from,
            valid_until=granted.valid_until,
            granted_at=granted.granted_at,
            revoked_at=revoked_at,
        )
        for granted, client_id, name, revoked_at in session.execute(statement)
    ]


def get_authorisation(session: Session, enquirer: Enquirer, ref: str) -> AuthorisationView:
    """One own authorisation; another's is not found."""
    for granted in list_authorisations(session, enquirer):
        if granted.ref == ref:
            return granted
    raise NotFound("没有这份授权")


def revoke(session: Session, enquirer: Enquirer, ref: str, *, now: datetime) -> AuthorisationView:
    """The subject takes its consent back; it acts with this transaction."""
    granted = get_authorisation(session, enquirer, ref)
    if granted.revoked_at is not None:
        raise Conflict("该授权已撤销")
    found = session.execute(select(Authorisation.id).where(Authorisation.ref == ref)).scalar_one()
    session.execute(insert(Revocation).values(authorisation_id=found, revoked_by=enquirer.account, revoked_at=now))
    return get_authorisation(session, enquirer, ref)
