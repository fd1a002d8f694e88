"""Facts delivered in any order, any batching, again and again, with repairs in between, end in one and the same projection.

40 examples in the suite; ``--hypothesis-profile=nightly`` runs 10,000.
"""

from contextlib import contextmanager
from datetime import date
from itertools import groupby

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from credit.drafts import SubjectDraft
from credit.rebuild import compare
from credit.records import change_standing
from models.collection import ParkedRow
from models.listings import Listing
from models.records import CurrentRecord, Record
from models.subjects import Subject, SubjectConflict, SubjectIdentifier, SubjectName
from models.terms import EventKind, SubjectKind
from tests.factories import NOW, TODAY, accept, make_code, make_draft, make_number

EXAMPLES = settings.default.max_examples if settings.default.max_examples > 1000 else 40
A, B, C = (make_code() for _ in range(3))
OLD = ("reg_no", "310106000654321")
NUMBER = make_number(881)


def firm(name, code=None, **more):
    return SubjectDraft(None if code else SubjectKind.enterprise, name, code, **more)


def registered(name, code, day, **more):
    key = f"{name}{day.year}"
    return make_draft("registration", subject=firm(name, code, **more), held_from=day, natural_key=("-", key))


FACTS = [
    registered("申江甲公司", A, date(2019, 5, 1)),
    registered("申江乙公司", A, date(2022, 5, 1)),
    registered("申江丙公司", A, date(2025, 5, 1), former_names=("申江古公司",)),
    registered("浦西旧号公司", B, date(2020, 5, 1), identifiers=(OLD,)),
    make_draft(subject=firm("申江甲公司"), document_number="name-of-former"),
    make_draft(subject=firm("申江古公司"), document_number="name-of-told"),
    make_draft(subject=firm("申江丙公司", A), document_number="coded"),
    make_draft(subject=firm("无人知晓公司"), document_number="nobody"),
    make_draft(subject=firm("浦西旧号公司", identifiers=(OLD,)), document_number="old-number"),
    make_draft("listing", list_code="tax-class-a", subject=firm("申江丙公司", A), document_number="listed"),
    make_draft("listing", list_code="tax-class-a", subject=firm("申江丙公司", A), document_number=None),
    make_draft("listing", list_code="abnormal-operation", subject=firm("申江丙公司", A), document_number="status"),
    make_draft(subject=SubjectDraft(SubjectKind.person, "赵某某", None, number=NUMBER), document_number="person"),
    make_draft(subject=firm("闵行公司", C), document_number="both"),
]
BY_NAME = FACTS[-1]._replace(subject=firm("闵行公司"))
FACTS.append(BY_NAME)
STAMPED = make_draft(subject=firm("申江丙公司", A), document_number="stamped-1", version="2026-01-01 09:00:00")
FACTS += [
    STAMPED,
    STAMPED._replace(document_number="stamped-2", version="2026-02-01 09:00:00"),
    STAMPED._replace(document_number="stamped-3", version="2026-03-01 09:00:00"),
    STAMPED._replace(document_number="stamped-3b", version="2026-03-01 09:00:00"),
]
TAKEN_BACK = make_draft("listing", list_code="tax-class-a", subject=firm("闵行公司", C), document_number="gone")
FACTS += [
    TAKEN_BACK._replace(version="2026-01-01 09:00:00"),
    TAKEN_BACK._replace(version="2026-02-01 09:00:00", deleted=True),
]
REPAIRABLE = ["stamped-1", "gone", "coded", "old-number", "person", "both", "listed"]
STEPS = st.lists(
    st.one_of(
        st.lists(st.sampled_from(range(len(FACTS))), min_size=1, max_size=6),
        st.sampled_from(REPAIRABLE),
    ),
    max_size=8,
)


def deliver(session, places):
    """A delivery speaks of one item; what stands together goes together."""
    for _, part in groupby(places, key=lambda place: FACTS[place].item):
        accept(session, *[FACTS[place]._replace(row_number=row) for row, place in enumerate(part, start=1)])


def repair(session, document):
    statement = select(Record.record_key).where(Record.document_number == document).limit(1)
    key = session.execute(statement).scalar()
    if key is not None:
        change_standing(session, key, EventKind.repaired, cause="-", effective_on=TODAY, known_at=NOW, actor="city")
    return key is not None


def final(session):
    """All that may be seen or used, named by what the world calls it: no ids."""
    session.expire_all()
    subjects = {subject.id: subject for subject in session.execute(select(Subject)).scalars()}
    named = {key: (one.code or one.number_digest, one.name, one.kind) for key, one in subjects.items()}
    heads = select(CurrentRecord, Record).join(Record, Record.id == CurrentRecord.record_id)
    columns = (
        "item",
        "tone",
        "standing",
        "disputed",
        "link_confirmed",
        "publish_from",
        "publish_until",
        "use_until",
        "rule",
    )
    shown = {
        (record.document_number, record.held_from, named[head.subject_id], *(getattr(head, name) for name in columns))
        for head, record in session.execute(heads)
    }
    names = {(named[row.subject_id], row.name, row.current) for row in session.execute(select(SubjectName)).scalars()}
    waiting = sorted(
        (row.reason, row.content_digest)
        for row in session.execute(select(ParkedRow).where(ParkedRow.settled_at.is_(None))).scalars()
    )
    listed = {(row.document_number, row.until) for row in session.execute(select(Listing)).scalars()}
    known = {(row.value, named[row.subject_id]) for row in session.execute(select(SubjectIdentifier)).scalars()}
    conflicts = {row.value for row in session.execute(select(SubjectConflict)).scalars() if row.settled_at is None}
    return set(named.values()), shown, names, waiting, listed, known, conflicts


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, last=st.permutations(range(len(FACTS))), cut=st.integers(1, len(FACTS)))
def test_any_order_ends_the_same(session, steps, last, cut):
    repaired = set()
    with undone(session):
        for step in steps:
            if isinstance(step, list):
                deliver(session, step)
            elif repair(session, step):
                repaired.add(step)
            assert compare(session) == []
        for start in range(0, len(last), cut):
            deliver(session, last[start : start + cut])
        assert compare(session) == []
        found = final(session)
    with undone(session):
        deliver(session, range(len(FACTS)))
        for document in sorted(repaired):
            repair(session, document)
        expected = final(session)
    for part, wanted in zip(found, expected, strict=True):
        assert part == wanted


@contextmanager
def undone(session):
    """Whatever happens inside is rolled back."""
    example = session.begin_nested()
    try:
        yield
    finally:
        session.expire_all()
        example.rollback()
