"""File to database with everything on, and drafts alone; beside a plain csv → code check → upsert of the same columns.

Run as a module it is one measured process: ``python -m tests.bench.collection WORK FILE FOLDER``, one line of JSON.
"""

import csv
import json
import re
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from credit.catalogue import get_item
from credit.collection.carriers.files import open_table
from credit.collection.mapping import compile_mapping
from credit.identifier_checks import code_fault
from tests.bench import instance
from tests.bench.figures import Figure, Options

NEEDED, GOAL, NEEDED_POSTGRESQL, PEAK_MIB, DRAFTS_NEEDED = 12_000, 30_000, 8_000, 200, 30_000
DRAFTS_MIB = 100


def import_file(path: Path, folder: Path) -> int:
    """Ours: an empty instance takes the file."""
    overrides = json.loads((folder.parent / "overrides.json").read_text()) if "postgresql" in folder.name else {}
    deployment = instance.new_instance(folder, **overrides)
    return _timed(lambda: instance.take(deployment, path, _description(path)).received)


def import_more(path: Path, folder: Path) -> int:
    """Ours: an instance that knows 20,000 firms takes a file in which every second row brings a new one."""
    deployment = instance.new_instance(folder)
    instance.take(deployment, instance.registry_file(20_000), instance.REGISTRY)
    return _timed(lambda: instance.take(deployment, path, _description(path)).received)


def draft_file(path: Path, folder: Path) -> int:
    """Ours: read, map and check; nothing is written."""
    deployment = instance.new_instance(folder)

    def work() -> int:
        description, sound = _description(path), 0
        item = get_item(deployment.catalogue, description.item)
        with open_table(path, description) as table:
            map_row = compile_mapping(
                description,
                item,
                deployment.catalogue,
                deployment.rules,
                datetime.now(UTC).date(),
                table.header or None,
            )
            for page in table.pages():
                for number, row in enumerate(page.rows, start=page.first_row_number):
                    sound += map_row(row, number).draft is not None
        return sound

    return _timed(work)


def upsert_file(path: Path, folder: Path) -> int:
    """The peer: csv → code check → upsert of the same ten columns, a durable transaction per 5,000 rows."""
    folder.mkdir(parents=True, exist_ok=True)
    base = folder / "peer.sqlite"
    for old in folder.glob("peer.sqlite*"):
        old.unlink()
    connection = sqlite3.connect(base, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"CREATE TABLE facts (k TEXT PRIMARY KEY, {', '.join(f'c{n} TEXT' for n in range(10))})")
    statement = f"INSERT INTO facts VALUES ({','.join('?' * 11)}) ON CONFLICT (k) DO UPDATE SET " + ", ".join(  # noqa: S608
        f"c{n} = excluded.c{n}" for n in range(10)
    )

    def write(rows: list[list[str]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, rows)
        connection.execute("COMMIT")

    def work() -> int:
        is_day, taken, page = re.compile(r"\d{4}-\d\d-\d\d").fullmatch, 0, []
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.reader(lines)
            next(reader)
            for row in reader:
                if (code_fault(row[1]) is None and is_day(row[2])) or is_day(row[8]):
                    page.append([f"{row[1]}|{row[2]}|{row[8]}", *row])
                taken += 1
                if len(page) == 5000:
                    write(page)
                    page = []
        write(page)
        return taken

    return _timed(work)


WORKS: dict[str, Callable[[Path, Path], int]] = {
    "import": import_file, "more": import_more, "drafts": draft_file, "upsert": upsert_file,
}  # fmt: skip
_spent: dict[str, float] = {}


def _timed(work: Callable[[], int]) -> int:
    started, cpu = time.perf_counter(), time.process_time()
    rows = work()
    _spent.update(seconds=time.perf_counter() - started, cpu=time.process_time() - cpu)
    return rows


def _description(path: Path) -> Any:
    return instance.REGISTRY if "registry" in path.name else instance.PENALTIES


def main(work: str, path: str, folder: str) -> None:
    """One measured process."""
    rows = WORKS[work](Path(path), Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, **_spent, "peak_mib": peak}))


def measure(work: str, path: Path, options: Options, where: str = "") -> dict[str, float]:
    """The median of some runs, by wall time, and the peak of all."""
    folder = instance.BENCH / "work" / f"import{where}"
    runs = [
        instance.run_worker("collection", work, str(path), str(folder), cpu=options.cpu) for _ in range(options.repeats)
    ]
    return {
        "rate": statistics.median(run["rows"] / run["seconds"] for run in runs),
        "cpu_rate": statistics.median(run["rows"] / run["cpu"] for run in runs),
        "peak": max(run["peak_mib"] for run in runs),
    }


def run_import(options: Options) -> list[Figure]:
    """File to database on SQLite: known and new firms, beside the plain upsert."""
    rows = 20_000 if options.quick else 100_000
    files = {
        "penalties, 20,000 firms appear": ("import", instance.penalty_file(rows, 20_000)),
        "penalties, every second row a new firm": ("more", instance.mixed_file(rows, 20_000)),
        "registry, every row a new firm": ("import", instance.registry_file(rows)),
    }
    found = []
    for title, (work, path) in files.items():
        ours, peer = measure(work, path, options), measure("upsert", path, options)
        note = f"{ours['cpu_rate']:,.0f} rows per CPU second; goal {GOAL:,}"
        found.append(
            Figure(f"file to database: {title}", ours["rate"], "rows/s", "csv → check → upsert", peer["rate"],
                   f"≥ {NEEDED:,}", ours["rate"] >= NEEDED, note)
        )  # fmt: skip
        found.append(
            Figure(f"  peak memory, {rows:,} rows", ours["peak"], "MiB", "csv → check → upsert", peer["peak"],
                   f"≤ {PEAK_MIB}", ours["peak"] <= PEAK_MIB)
        )  # fmt: skip
    return found


def run_drafts(options: Options) -> list[Figure]:
    """File to checked drafts, one core."""
    path = instance.penalty_file(20_000 if options.quick else 100_000, 20_000)
    ours, peer = measure("drafts", path, options), measure("upsert", path, options)
    note = f"{ours['cpu_rate']:,.0f} rows per CPU second; peak {ours['peak']:.0f} MiB (≤ {DRAFTS_MIB})"
    return [
        Figure("file to drafts, checked", ours["rate"], "rows/s", "csv → check → upsert", peer["rate"],
               f"≥ {DRAFTS_NEEDED:,}", ours["rate"] >= DRAFTS_NEEDED and ours["peak"] <= DRAFTS_MIB, note)
    ]  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
