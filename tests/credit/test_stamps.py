"""What a source says of its rows: later stamps hold in any order, what it took back is gone and may return, marks narrow."""

from datetime import date
from itertools import permutations

import pytest
from sqlalchemy import select

from credit.drafts import RecordDraft, SubjectDraft
from credit.rebuild import compare
from models.records import CurrentRecord, Record
from models.terms import DisclosureLevel, RowOutcome, Standing
from tests.factories import accept, make_code

DAY = date(2026, 5, 6)
CODE = make_code()


def draft(content, version=None, *, deleted=False, mark=None, number="示市监处罚〔2026〕7号"):
    return RecordDraft(
        row_number=1,
        item="penalty",
        subject=SubjectDraft(None, "示范市甲乙贸易有限公司", CODE),
        natural_key=("x", number, "示范区市场监督管理局", DAY.isoformat()),
        payload={"violation": content, "doc_no": number},
        held_from=DAY,
        document_number=number,
        authority="示范区市场监督管理局",
        version=version,
        deleted=deleted,
        mark=mark,
    )


def head_of(session):
    session.expire_all()
    return session.execute(select(CurrentRecord)).scalar_one()


def content_of(session):
    return session.get(Record, head_of(session).record_id).payload["violation"]


STATES = (("甲", "2026-05-07 00:00:00"), ("乙", "2026-05-08 00:00:00"), ("甲", "2026-05-09 00:00:00"))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_latest_stamp_holds_whichever_came_first(session, order):
    for place in order:
        accept(session, draft(*STATES[place]))
    assert content_of(session) == "甲"
    assert head_of(session).version == STATES[2][1]
    assert compare(session) == []


def test_an_older_state_changes_nothing(session):
    accept(session, draft("新", "2026-05-09 00:00:00"))
    accepted = accept(session, draft("旧", "2026-05-08 00:00:00"))
    assert accepted.outcomes == [RowOutcome.unchanged]
    assert content_of(session) == "新"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_states_under_one_stamp_end_the_same_in_any_order(session, order):
    states = (draft("甲", "2026-05-09 00:00:00"), draft("乙", "2026-05-09 00:00:00"))
    for place in order:
        accept(session, states[place])
    other = content_of(session)
    assert other == ("甲" if sorted_digest(states) == 0 else "乙")


def sorted_digest(states):
    import hashlib

    from models.session import dump_json

    def digest(one):
        rest = (
            f"{one.item}\x1f{one.list_code}\x1f{one.document_number}\x1f{one.authority}\x1f{one.held_from}\x1f"
            f"{one.held_until}\x1f{one.publish_limit}\x1f{one.severity}\x1f{one.amount}\x1f{one.mark or ''}"
        )
        return hashlib.blake2b((rest + dump_json(dict(sorted(one.payload.items())))).encode(), digest_size=16).digest()

    return max((0, 1), key=lambda place: digest(states[place]))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_taken_back_and_brought_back_in_any_order(session, order):
    states = (draft("甲", "2026-05-07"), draft("甲", "2026-05-08", deleted=True), draft("甲", "2026-05-09"))
    for place in order:
        accept(session, states[place])
    assert head_of(session).standing == Standing.valid.value
    assert compare(session) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_the_source_took_back_is_gone(session, order):
    states = (draft("甲", "2026-05-07"), draft("甲", "2026-05-08", deleted=True))
    for place in order:
        accept(session, states[place])
    assert head_of(session).standing == Standing.ended.value
    assert compare(session) == []


def test_a_later_stamp_on_the_same_content_makes_no_version(session):
    accept(session, draft("甲", "2026-05-07"))
    accepted = accept(session, draft("甲", "2026-05-08"))
    assert accepted.outcomes == [RowOutcome.unchanged]
    assert session.query(Record).count() == 1
    assert head_of(session).version == "2026-05-08"
    assert compare(session) == []


@pytest.mark.parametrize(
    ("mark", "level"),
    [(None, "public"), (DisclosureLevel.public, "public"), (DisclosureLevel.government, "government"),
     (DisclosureLevel.authorised, "authorised")],
)  # fmt: skip
def test_the_deciding_bodys_mark_only_narrows(session, mark, level):
    accept(session, draft("甲", mark=mark))
    assert head_of(session).disclosure == level
    assert compare(session) == []


def test_without_stamps_the_later_arrival_holds(session):
    accept(session, draft("甲"))
    accept(session, draft("乙"))
    assert content_of(session) == "乙"
