"""Search equals LIKE: nothing missing, nothing twice, over all pages, on both databases, on real names too."""

import csv
import gzip
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from credit.drafts import SubjectDraft
from credit.errors import InvalidQuery
from credit.lookup import search_subjects
from credit.names import bigrams, normalise_name
from credit.search import START, dump_position, index_names, load_position, search_names, unindex_names
from models.subjects import Subject, SubjectName
from models.terms import SubjectKind
from tests.factories import NOW, accept, make_code, make_draft, make_number

REGISTRY = Path(__file__).parents[3] / "shared" / "data" / "registry"
LETTERS = "上海春申测公司有限（）()【】AbZ9·•-㐂𠮷䶮𪚥\uffff\U0010ffff \u3000"
NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=25)
QUERIES = st.text(LETTERS, min_size=2, max_size=5)


def fill(session, names):
    """Put names into the tables as the door does; gives normalised name by name id."""
    connection = session.connection()
    subject = {"kind": "enterprise", "created_at": NOW}
    rows = [
        {**subject, "id": number, "ref": f"{number:026d}", "name": name, "name_norm": normalise_name(name)}
        for number, name in enumerate(names, start=1)
    ]
    connection.execute(insert(Subject), rows)
    told = [
        {"id": row["id"], "subject_id": row["id"], "name": row["name"], "name_norm": row["name_norm"], "current": True,
         "known_at": NOW}
        for row in rows if row["name_norm"]
    ]  # fmt: skip
    if told:
        connection.execute(insert(SubjectName), told)
    index_names(connection, [(row["id"], bigrams(row["name_norm"])) for row in told])
    return {row["id"]: row["name_norm"] for row in told}


def pages(session, wanted, limit):
    """Ids over all pages; the position travels as the opaque cursor it is."""
    found, position = [], START
    for _ in range(10_000):
        hits, position = search_names(session.connection(), wanted, limit=limit, position=position)
        assert len(hits) <= limit
        found += [hit.name_id for hit in hits]
        if position is None:
            return found
        position = load_position(dump_position(position))
    raise AssertionError("paging has no end")


def like(names, wanted):
    return {name_id for name_id, name in names.items() if wanted in name}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES, query=QUERIES, limit=st.integers(1, 7), inside=st.integers(0, 1000))
@example(names=["(上海)公司", "上海（公司）", "公司(上海)"], query="（上", limit=1, inside=0)
@example(names=["𠮷𠮷", "𠮷", "王𠮷𠮷"], query="𠮷𠮷", limit=1, inside=0)
@example(names=["上\uffff海", "上\U0010ffff", "上\U0010ffff海"], query="上\U0010ffff", limit=1, inside=0)
@example(names=["海上有上海", "公海上有上海", "海上公上海", "上海上"], query="上海上", limit=1, inside=0)
@example(names=["便利店"] * 60, query="便利店", limit=7, inside=0)
def test_search_equals_like(session, names, query, limit, inside):
    normal = [normalise_name(name) for name in names]
    longest = max(normal, key=len)
    own = longest[inside % max(len(longest) - 1, 1) :][:2]
    trial = session.begin_nested()
    try:
        stored = fill(session, names)
        for wanted in {normalise_name(query), own}:
            if len(wanted) >= 2:
                found = pages(session, wanted, limit)
                assert len(found) == len(set(found)), "nothing twice"
                assert set(found) == like(stored, wanted)
                ranks = [0 if stored[one] == wanted else 1 if stored[one].startswith(wanted) else 2 for one in found]
                assert ranks == sorted(ranks), "exact, then beginning with it, then the rest"
    finally:
        trial.rollback()


def test_what_is_taken_out_is_not_found(session):
    stored = fill(session, ["上海春申公司", "上海春风公司"])
    unindex_names(session.connection(), [(1, bigrams(stored[1]))])
    hits, _ = search_names(session.connection(), "海春", limit=10)
    assert [hit.name_id for hit in hits] == [2]


def test_sixty_shops_of_one_name_are_all_found(session, as_enquirer):
    codes = [make_code() for _ in range(60)]
    accept(
        session,
        *[make_draft(subject=SubjectDraft(None, "便利店", code), row_number=row) for row, code in enumerate(codes)],
    )
    session.commit()
    found, cursor = [], None
    while True:
        page = search_subjects(session, as_enquirer("public"), "便利店", limit=20, cursor=cursor, now=NOW)
        assert len(page.hits) <= 20
        found += [hit.code for hit in page.hits]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(found) == sorted(codes)


def test_former_names_find_their_subject_once_and_persons_are_not_there(session, as_enquirer):
    code = make_code()
    subject = SubjectDraft(None, "申江新名公司", code, former_names=("申江旧名公司", "申江更旧名公司"))
    accept(session, make_draft("registration", subject=subject))
    accept(session, make_draft(subject=SubjectDraft(SubjectKind.person, "申江某", None, number=make_number())))
    session.commit()

    def found(name):
        return [
            (hit.code, hit.name, hit.matched)
            for hit in search_subjects(session, as_enquirer("public"), name, now=NOW).hits
        ]

    assert found("申江") == [(code, "申江新名公司", None)]
    assert found("更旧") == [(code, "申江新名公司", "申江更旧名公司")]
    assert found("江某") == []


@pytest.mark.parametrize("name", ["", "上", " 上 ", "\u200b\u200b上", "长" * 101, "上" + "\u200b" * 200])
def test_queries_too_short_or_long_are_refused(session, as_enquirer, name):
    with pytest.raises(InvalidQuery):
        search_subjects(session, as_enquirer("public"), name, now=NOW)


@pytest.mark.parametrize(
    "name", ["%%", "__", "\\\\", "';--", '" OR 1', "* NEAR", "上 AND 海", "b:rowid", "((", "-上", "\x00\x00上海"]
)
def test_operators_and_wildcards_are_letters(session, as_enquirer, name):
    accept(session, make_draft(subject=SubjectDraft(None, "上海春申公司", make_code())))
    session.commit()
    hits = search_subjects(session, as_enquirer("public"), name, now=NOW).hits
    assert [hit.name for hit in hits] == (["上海春申公司"] if normalise_name(name) in "上海春申公司" else [])


def cursor_of(value):
    import base64
    import json

    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "上海", "====", cursor_of([]), cursor_of([1, "a"]), cursor_of([3, "上海", 1]), cursor_of([-1, "上海", 1]),
        cursor_of([True, "上海", 1]), cursor_of([1.0, "上海", 1]), cursor_of([1, "上海", 1 << 63]), cursor_of([1, "上海", -1]),
        cursor_of([1, "上海\x00", 1]), cursor_of([1, "\ud800", 1]), cursor_of([1, None, 1]), cursor_of({"a": 1}),
        "W1tb" * 1000, "W1tb" * 100_000,
    ],
)  # fmt: skip
def test_a_cursor_that_is_none_of_ours_is_refused(session, as_enquirer, cursor):
    with pytest.raises(InvalidQuery):
        search_subjects(session, as_enquirer("public"), "上海", cursor=cursor, now=NOW)


@pytest.mark.real
def test_recall_on_real_names_is_one(session, record_property):
    files = sorted(REGISTRY.glob("*.csv.gz")) if REGISTRY.is_dir() else []
    if not files:
        pytest.skip("../shared/data/registry is not there")
    names = []
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
            names += [row[2] for row in islice(csv.reader(file), 1, 15_001)]
    names = list(dict.fromkeys(name[:200] for name in names))
    assert len(names) > 1000
    stored = fill(session, names)
    pairs = Counter(pair for name in stored.values() for pair in bigrams(name)[1:])
    wanted = [pair for pair, _ in pairs.most_common(300)]
    truth = {pair: set() for pair in wanted}
    for name_id, name in stored.items():
        for pair in truth.keys() & set(bigrams(name)):
            truth[pair].add(name_id)
    for pair in wanted:
        found, position = [], START
        while position is not None:
            hits, position = search_names(session.connection(), pair, limit=5000, position=position)
            found += [hit.name_id for hit in hits]
        assert len(found) == len(set(found))
        assert set(found) == truth[pair], "recall and precision are exactly 1"
    record_property("names", len(stored))


def test_a_person_name_is_in_no_index(session):
    accept(session, make_draft(subject=SubjectDraft(SubjectKind.person, "钱某某", None, number=make_number())))
    assert session.execute(select(SubjectName)).first() is None
