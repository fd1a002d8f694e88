# ruff: noqa: E501 (a command that prints; sentences of a table)
"""Lookup by code over HTTP with token, disclosure and durable log, beside datasette's best path and the server's own limits."""

import sqlite3
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from random import Random

from api.serving import WORKERS
from tests.bench import bare, peers
from tests.bench.figures import Figure, Options
from tests.bench.instance import BENCH, FIRMS, district, token_of
from tests.bench.load import CONNECTIONS, Load, closed_loop, generator

NEEDED, TIMES, GOAL_TIMES = 1_000, 1.2, 2.0
LIMITS = {"bare": "bare Flask, same server", "token": "+ token check", "commit": "+ token check + one durable commit"}


def some_codes(folder: Path, count: int) -> list[str]:
    """Codes of an instance, evenly over all, in mixed order."""
    with closing(sqlite3.connect(folder / "credit.sqlite")) as connection:
        codes = [row[0] for row in connection.execute("SELECT code FROM subjects WHERE code IS NOT NULL ORDER BY id")]
    return Random(5).sample(codes, min(count, len(codes)))


def lookup_paths(folder: Path) -> list[str]:
    """Addresses to ask for, as a department's officer would."""
    return [f"/api/v1/subjects/{code}?purpose=inspection" for code in some_codes(folder, 20_000)]


def run(options: Options) -> list[Figure]:
    """Ours and every limit, interleaved, as many rounds as repeats; medians."""
    folder = district(20_000 if options.quick else FIRMS)
    token, seconds = token_of(folder), 3 if options.quick else 8
    base = peers.datasette_base(folder)
    rows = [f"/{base.stem}/subjects/{code}.json?_shape=objects" for code in some_codes(folder, 20_000)]
    paths = lookup_paths(folder)
    servers: dict[str, tuple[Callable[[int], AbstractContextManager[object]], list[str], str]] = {
        "ours": (lambda port: peers.platform(folder, port), paths, token),
        "datasette": (lambda port: peers.datasette(base, port), rows, ""),
        "datasette-1": (lambda port: peers.datasette(base, port, workers=1), rows, ""),
        **{kind: (lambda port, kind=kind: peers.limit(kind, port), ["/"], bare.token()) for kind in LIMITS},
    }  # fmt: skip
    rounds: dict[str, list[Load]] = {name: [] for name in servers}
    for _ in range(options.repeats):
        for name, (start, wanted, key) in servers.items():
            port = peers.free_port()
            with start(port):
                closed_loop(port, wanted, seconds=1, token=key)
                rounds[name].append(closed_loop(port, wanted, seconds=seconds, token=key))
    return _figures({name: _median(loads) for name, loads in rounds.items()})


def _median(loads: list[Load]) -> Load:
    return Load(
        *(statistics.median(getattr(load, name) for load in loads) for name in ("rate", "p50", "p99")),
        errors=sum(load.errors for load in loads), requests=sum(load.requests for load in loads),
    )  # fmt: skip


def _figures(loads: dict[str, Load]) -> list[Figure]:
    ours, datasette, alone = loads["ours"], loads["datasette"], loads["datasette-1"]
    met = ours.rate >= NEEDED and ours.rate >= TIMES * datasette.rate and not ours.errors
    found = [
        Figure(
            "lookup by code", ours.rate, "/s", f"datasette, {WORKERS} workers, row by key", datasette.rate,
            f"≥ {NEEDED:,} and ≥ {TIMES} × (goal {GOAL_TIMES:g} ×)", met,
            f"{CONNECTIONS} connections, {generator()}; {ours.errors} errors of {ours.requests:,}; datasette {datasette.errors} errors",
        ),
        Figure("  p50", ours.p50, "ms", "datasette", datasette.p50),
        Figure("  p99", ours.p99, "ms", "datasette", datasette.p99),
        Figure("  beside datasette as it comes", ours.rate, "/s", "datasette, one process", alone.rate),
    ]  # fmt: skip
    for kind, title in LIMITS.items():
        load = loads[kind]
        found.append(Figure(f"  beside {title}", ours.rate, "/s", title, load.rate, note=f"its p99 {load.p99:.1f} ms"))
    bare.FOLDER = BENCH / "work" / "bare"
    found.append(
        Figure("  beside this disk", ours.rate, "/s", "durable commits, one process", bare.commits_per_second(2))
    )
    return found
