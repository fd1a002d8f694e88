"""``make bench``: every figure beside its peer or limit, in one run, as one table. Never a test."""

import argparse
import sys
import time
from collections.abc import Callable

from tests.bench import collection, importing, lookup, machine, others, search
from tests.bench.figures import Figure, Options, save, table
from tests.bench.instance import ROOT

WORKS: dict[str, Callable[[Options], list[Figure]]] = {
    "lookup": lookup.run,
    "import": collection.run_import,
    "drafts": collection.run_drafts,
    "search": search.run,
    "importing": importing.run,
    "report": others.run_report,
    "demo": others.run_demo,
    "evaluation": others.run_evaluation,
}
RESULTS = ROOT / "tests" / "bench" / "results" / "latest.json"


def main() -> int:
    """Run what was asked for; 1 where a target is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures the platform beside its peers on this machine and prints one table: ours, the peer or limit, the "
        "ratio, the target. Everything it makes lies under .bench; the first run installs the peers and makes a district.",
    )  # fmt: skip
    parser.add_argument(
        "--only", action="append", choices=list(WORKS), help="Run this figure only. May be given more than once."
    )
    parser.add_argument(
        "--quick", action="store_true", help="Use a tenth of the rows and a few seconds each. The figures are rougher."
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="Repeat each measurement this often and show the median. Default: 3."
    )
    parser.add_argument(
        "--cpu", type=int, default=1, help="Run the one-core figures on this core; -1 leaves the choice to the system."
    )
    given = parser.parse_args()
    options = Options(given.quick, max(1, given.repeats), None if given.cpu < 0 else given.cpu)
    before, figures = machine.describe(), list[Figure]()
    for name in given.only or WORKS:
        print(f"{name} …", file=sys.stderr, flush=True)
        started = time.perf_counter()
        figures += WORKS[name](options)
        print(f"{name} took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print("\n".join([*(f"{key}: {value}" for key, value in before.items()), "", *table(figures)]))
    save(RESULTS, figures, before)
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
