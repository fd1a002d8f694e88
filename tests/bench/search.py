# ruff: noqa: E501 (a command that prints; sentences of a table)
"""Name search at two characters: ours over HTTP beside datasette's LIKE, and recall against LIKE on every name.

A thousand bigrams drawn by their frequency in the names (the real registry's where it lies beside the project, else the
invented ones), 北京 among them; a page of twenty, best first. Datasette's correct path has to look at every name to put the
exact and the beginning matches first; its unordered first twenty are shown too, though they are another answer.
"""

import sqlite3
import statistics
from collections import Counter, defaultdict
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from urllib.parse import quote

from sqlalchemy import Connection, insert

from credit.names import bigrams
from credit.resolve import NAME_COLUMNS
from credit.search import START, index_names, search_names
from models.session import make_engine
from models.subjects import Subject, SubjectName
from tests.bench import peers
from tests.bench.figures import Figure, Options
from tests.bench.instance import BENCH, DATA, add_account, new_instance, settings_of, token_of
from tests.bench.invent import firm_code, firm_name, real_names
from tests.bench.load import closed_loop, generator

NEEDED_TIMES, NAMES, QUERIES = 50, 200_000, 1_000
ORDERED = "select code, name from subjects where name_norm like '%' || :q || '%' order by name_norm = :q desc, name_norm like :q || '%' desc, rowid limit 20"
UNORDERED = "select code, name from subjects where name_norm like '%' || :q || '%' limit 20"


def named_instance(names: int) -> Path:
    """An instance that holds names only: real ones first, each once, then invented ones."""
    folder = BENCH / f"names-{names}-{'real' if DATA.is_dir() else 'invented'}"
    if (folder / "made.json").is_file():
        return folder
    deployment = new_instance(folder)
    listed = list(dict.fromkeys([*real_names(DATA), *map(firm_name, range(names))]))[:names]
    now = datetime.now(UTC)
    with deployment.engine.begin() as connection:
        for first in range(0, len(listed), 5000):
            _enter(connection, listed[first : first + 5000], first + 1, now)
    add_account(deployment)
    deployment.engine.dispose()
    (folder / "made.json").write_text("{}")
    return folder


def _enter(connection: Connection, names: list[str], first: int, now: datetime) -> None:
    numbered = list(enumerate(names, start=first))
    connection.execute(
        insert(Subject),
        [
            {"id": number, "ref": f"r{number:025d}", "kind": "enterprise", "code": firm_code(number), "name": name,
             "name_norm": name, "created_at": now}
            for number, name in numbered
        ],
    )  # fmt: skip
    rows = [dict(zip(NAME_COLUMNS, (number, number, name, name, True, now), strict=True)) for number, name in numbered]
    connection.execute(insert(SubjectName), rows)
    index_names(connection, [(number, bigrams(name)) for number, name in numbered])


def all_names(folder: Path) -> list[tuple[int, str]]:
    """Every name of an instance, in the form in which it is searched."""
    with closing(sqlite3.connect(folder / "credit.sqlite")) as connection:
        return connection.execute("SELECT id, name_norm FROM subject_names").fetchall()


def draw_queries(names: list[tuple[int, str]], count: int) -> list[str]:
    """So many different bigrams, drawn by frequency in the real names (all names without them)."""
    source = real_names(DATA) or [name for _, name in names]
    counted = Counter(name[place : place + 2] for name in source for place in range(len(name) - 1))
    counted = Counter({pair: seen for pair, seen in counted.items() if pair.isalnum()})
    found = {"北京": None} if "北京" in counted else {}
    rng, pairs, weights = Random(11), list(counted), list(counted.values())
    while len(found) < min(count, len(pairs)):
        found[rng.choices(pairs, weights)[0]] = None
    return list(found)


def recall(folder: Path, names: list[tuple[int, str]], queries: list[str], against_like: int) -> tuple[float, int]:
    """Share of what LIKE finds that ours finds, over all pages; and how many answers held something LIKE does not find."""
    wanted: dict[str, set[int]] = defaultdict(set)
    asked = set(queries)
    for name_id, name in names:
        for pair in asked.intersection(name[place : place + 2] for place in range(len(name) - 1)):
            wanted[pair].add(name_id)
    engine = make_engine(settings_of(folder).database_url)
    there = found = surplus = 0
    with engine.connect() as connection:
        for place, query in enumerate(queries):
            ours = _all_pages(connection, query)
            if place < against_like:
                like = "SELECT id FROM subject_names WHERE name_norm LIKE '%' || ? || '%'"
                wanted[query] = {row[0] for row in connection.exec_driver_sql(like, (query,))}
            there, found = there + len(wanted[query]), found + len(ours & wanted[query])
            surplus += bool(ours - wanted[query])
    engine.dispose()
    return found / there, surplus


def _all_pages(connection: Connection, query: str) -> set[int]:
    position, ours = START, set[int]()
    while True:
        hits, following = search_names(connection, query, limit=20_000, position=position)
        ours.update(hit.name_id for hit in hits)
        if following is None:
            return ours
        position = following


def run(options: Options) -> list[Figure]:
    """Recall, then both over HTTP with the same connections."""
    folder = named_instance(20_000 if options.quick else NAMES)
    names = all_names(folder)
    queries = draw_queries(names, 100 if options.quick else QUERIES)
    share, surplus = recall(folder, names, queries, 20 if options.quick else 100)
    base, token, seconds = peers.datasette_base(folder), token_of(folder), 3 if options.quick else 8
    paths = [f"/api/v1/subjects?limit=20&name={quote(query)}" for query in queries]
    ours, ordered, unordered = [], [], []
    for _ in range(options.repeats):
        with peers.platform(folder, port := peers.free_port()):
            closed_loop(port, paths, seconds=1, token=token)
            ours.append(closed_loop(port, paths, seconds=seconds, token=token))
        with peers.datasette(base, port := peers.free_port()):
            for statement, kept in ((ORDERED, ordered), (UNORDERED, unordered)):
                asked = [f"/{base.stem}.json?sql={quote(statement)}&q={quote(q)}&_shape=objects" for q in queries]
                kept.append(closed_loop(port, asked, seconds=seconds))
    rate, peer, loose = (statistics.median(one.rate for one in loads) for loads in (ours, ordered, unordered))
    errors = sum(one.errors for one in ours), sum(one.errors for one in ordered)
    note = f"{len(names):,} names, {len(queries):,} bigrams, {generator()}; errors {errors[0]}, datasette {errors[1]}"
    return [
        Figure("two-character search, page of 20, best first", rate, "/s", "datasette LIKE, same order", peer,
               f"≥ {NEEDED_TIMES} ×", rate >= NEEDED_TIMES * peer and not errors[0], note),
        Figure("  p99", statistics.median(one.p99 for one in ours), "ms", "datasette", statistics.median(o.p99 for o in ordered)),
        Figure("  beside any twenty, no order", rate, "/s", "datasette LIKE, first found", loose),
        Figure("  recall against LIKE, all pages", share, "", "LIKE", 1.0, "= 1.0", share == 1.0 and not surplus,
               f"answers with a surplus: {surplus}"),
    ]  # fmt: skip
