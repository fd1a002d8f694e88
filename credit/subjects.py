"""Finding subjects: by code, by opaque ref, by a person's number; and the older identifiers of the same firm."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from credit.deployment import deployment_of
from credit.errors import InvalidCode, NumberInAddress, SubjectNotFound
from credit.identifiers import looks_like_number, normalise, parse_code
from credit.prepared import Prepared
from models.subjects import Subject, SubjectIdentifier, SubjectName

REF_LENGTH = 26
REF_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")


class SubjectRow(NamedTuple):
    """A subject as lookups need it."""

    id: int
    ref: str
    kind: str
    code: str | None
    name: str
    number_mask: str | None


COLUMNS = (Subject.id, Subject.ref, Subject.kind, Subject.code, Subject.name, Subject.number_mask)
BY_CODE = Prepared(select(*COLUMNS, Subject.merged_into).where(Subject.code == bindparam("wanted")))
BY_REF = Prepared(select(*COLUMNS, Subject.merged_into).where(Subject.ref == bindparam("wanted")))
BY_ID = Prepared(select(*COLUMNS, Subject.merged_into).where(Subject.id == bindparam("wanted")))
BY_IDENTIFIER = Prepared(
    select(SubjectIdentifier.subject_id).where(SubjectIdentifier.value == bindparam("wanted")).limit(2)
)


def is_ref(text: str) -> bool:
    """Whether a text has the form of an opaque ref."""
    return len(text) == REF_LENGTH and REF_ALPHABET.issuperset(text)


def get_subject(session: Session, code_or_ref: str) -> SubjectRow:
    """The subject of a code, ref, or older organisation identifier.

    Raises NumberInAddress for anything that could be a citizen number, InvalidCode for a code that cannot be one,
    SubjectNotFound.
    """
    if is_ref(code_or_ref):
        return _follow(session, BY_REF.first(session.connection(), wanted=code_or_ref))
    wanted = normalise(code_or_ref)
    row = BY_CODE.first(session.connection(), wanted=wanted)
    if row is not None:
        return _follow(session, row)
    if looks_like_number(wanted):
        raise NumberInAddress()
    owners = [row.subject_id for row in BY_IDENTIFIER.all(session.connection(), wanted=wanted)]
    if len(set(owners)) == 1:
        return get_subject_by_id(session, owners[0])
    if len(wanted) not in (9, 13, 15):
        parse_code(code_or_ref)
    elif not wanted.isascii() or not wanted.isalnum():
        raise InvalidCode()
    raise SubjectNotFound()


def _follow(session: Session, row: Any) -> SubjectRow:
    if row is None:
        raise SubjectNotFound()
    if row.merged_into is not None:
        return get_subject_by_id(session, row.merged_into)
    return SubjectRow(*row[:6])


def get_subject_by_id(session: Session, subject_id: int) -> SubjectRow:
    """The subject of an id, or the one it was merged into."""
    return _follow(session, BY_ID.first(session.connection(), wanted=subject_id))


def find_person(session: Session, number: str) -> SubjectRow | None:
    """A person by a checked 18-character number, through its keyed digest under every key version."""
    digests = deployment_of(session).keyring.digests(number)
    row = session.execute(select(*COLUMNS, Subject.merged_into).where(Subject.number_digest.in_(digests))).first()
    return None if row is None else _follow(session, row)


NAMED = aliased(Subject)
FORMER_NAMES = Prepared(
    select(SubjectName.name)
    .join(NAMED, NAMED.id == bindparam("wanted"))
    .where(
        SubjectName.subject_id.in_(
            select(Subject.id).where(or_(Subject.id == bindparam("wanted"), Subject.merged_into == bindparam("wanted")))
        ),
        or_(SubjectName.current.is_(False), SubjectName.subject_id != NAMED.id),
        SubjectName.name_norm != NAMED.name_norm,
    )
    .order_by(SubjectName.id.desc())
)


def list_former_names(session: Session, subject_id: int) -> tuple[str, ...]:
    """Names a subject no longer carries, and those of subjects merged into it, newest first."""
    found = FORMER_NAMES.all(session.connection(), wanted=subject_id)
    return tuple(dict.fromkeys(row.name for row in found))
