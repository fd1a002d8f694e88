# ruff: noqa: E501 (a command that prints; sentences of a table)
"""While a file is imported: 100 lookups a second in open loop, a check and a revocation each second.

Lookups count from the moment they were due. The import is a process of its own, as ``flask collect file`` is.
"""

import http.client
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from tests.bench import peers
from tests.bench.figures import Figure, Options
from tests.bench.instance import BENCH, FIRMS, PENALTIES, district, penalty_file, settings_of, take, token_of, tokens_of
from tests.bench.load import OpenLoop, ask, percentile
from tests.bench.lookup import lookup_paths, some_codes

LOOKUPS, LOOKUP_P99, WRITE_P99 = 100, 50, 300
MATTER = "food-licence"


def run(options: Options) -> list[Figure]:
    """One import, from its first row to its last, and what others wait meanwhile."""
    rows = 60_000 if options.quick else 1_000_000
    source = district(20_000 if options.quick else FIRMS)
    folder = BENCH / "work" / "importing"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    path = penalty_file(rows, 300_000)
    port = peers.free_port()
    with peers.platform(folder, port):
        loops = _loops(folder, port)
        started = time.perf_counter()
        importing = subprocess.Popen([sys.executable, "-m", "tests.bench.importing", str(folder), str(path)])
        for loop in loops.values():
            loop.start()
        status = importing.wait()
        seconds = time.perf_counter() - started
        for loop in loops.values():
            loop.stop.set()
        for loop in loops.values():
            loop.join(timeout=90)
    shutil.rmtree(folder, ignore_errors=True)
    if status:
        raise RuntimeError("the import failed")
    return [_figure(name, loop, rows, seconds) for name, loop in loops.items()]


def _loops(folder: Path, port: int) -> dict[str, OpenLoop]:
    token, rng = token_of(folder), Random(9)
    spent = tokens_of(folder, 600)
    paths, codes = lookup_paths(folder), some_codes(folder, 2_000)

    def look_up(connection: http.client.HTTPConnection, _number: int) -> int:
        return ask(connection, "GET", rng.choice(paths), token)

    def check(connection: http.client.HTTPConnection, number: int) -> int:
        subject = {"code": codes[number % len(codes)], "role": "applicant"}
        return ask(
            connection,
            "POST",
            "/api/v1/checks",
            token,
            {"subjects": [subject], "matter": MATTER, "case": f"办{number}"},
        )

    def revoke(connection: http.client.HTTPConnection, number: int) -> int:
        return ask(connection, "DELETE", "/api/v1/tokens/current", spent[number]) if number < len(spent) else 204

    return {
        "lookup": OpenLoop(port, LOOKUPS, look_up, 8), "check": OpenLoop(port, 1, check, 4), "revocation": OpenLoop(port, 1, revoke, 4),
    }  # fmt: skip


def _figure(name: str, loop: OpenLoop, rows: int, seconds: float) -> Figure:
    took, limit = sorted(loop.took), LOOKUP_P99 if name == "lookup" else WRITE_P99
    p99 = percentile(took, 99)
    note = (
        f"{rows:,} rows in {seconds:.0f} s ({rows / seconds:,.0f}/s); {len(took):,} asked, {loop.errors} errors, "
        f"p50 {percentile(took, 50):.1f} ms, worst {took[-1] if took else 0:.0f} ms"
    )
    return Figure(
        f"while importing: {name} p99",
        p99,
        "ms",
        "limit",
        float(limit),
        f"≤ {limit}",
        p99 <= limit and not loop.errors,
        note,
    )


def main(folder: str, path: str) -> None:
    """The importing process."""
    from api.composition import build_deployment

    take(build_deployment(settings_of(Path(folder))), Path(path), PENALTIES)


if __name__ == "__main__":
    main(*sys.argv[1:])
