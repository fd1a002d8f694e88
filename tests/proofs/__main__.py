"""``make prove``: what takes longer than a test suite may, in parts that can be run again one by one.

Each part is a test at its full size; its result (commit, seconds, what pytest said) is kept beside this file as JSON. A part
whose result is of this commit and passed is not run again: ``--again`` runs it all the same.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = {
    "order": ("any order of the same facts ends the same: 10,000 histories", {},
              ["tests/credit/test_order.py", "--hypothesis-profile=nightly"]),
    "order-postgresql": ("the same on PostgreSQL", {},
                         ["tests/credit/test_order.py", "--hypothesis-profile=nightly", "--database", "postgresql"]),
    "kills": ("200 real SIGKILLs in the middle of a delivery", {"KILLS": "200"}, ["tests/credit/collection/test_kill.py"]),
    "city-kills": ("kills between send and receipt", {"KILLS": "60"}, ["tests/credit/city/test_kills.py"]),
}  # fmt: skip
TIME_LIMIT = 3600


def commit() -> str:
    """The commit this tree is at; marked where it is changed."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def run_part(name: str) -> dict[str, object]:
    """One part at its full size."""
    what, environment, arguments = PARTS[name]
    started = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=TIME_LIMIT,
    )  # fmt: skip
    last = ran.stdout.strip().splitlines()[-1:] or [""]
    return {
        "part": name, "what": what, "command": " ".join([*(f"{k}={v}" for k, v in environment.items()), "pytest", *arguments]),
        "passed": ran.returncode == 0, "seconds": round(time.perf_counter() - started, 1), "commit": commit(),
        "told": last[0], **({} if ran.returncode == 0 else {"output": ran.stdout[-4000:]}),
    }  # fmt: skip


def main() -> int:
    """Run the parts asked for; status 1 where one failed."""
    parser = argparse.ArgumentParser(description="Runs the long proofs and keeps their results under tests/proofs.")
    parser.add_argument("parts", nargs="*", help=f"Which parts: {', '.join(PARTS)}; all where none is named.")
    parser.add_argument("--again", action="store_true", help="Run parts that already passed at this commit too.")
    options = parser.parse_args()
    failed = False
    for name in options.parts or PARTS:
        kept = HERE / f"{name}.json"
        before = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        if before.get("passed") and before.get("commit") == commit() and not options.again:
            print(f"{name}: passed at {before['commit']} in {before['seconds']} s")
            continue
        print(f"{name}: {PARTS[name][0]} …", flush=True)
        result = run_part(name)
        kept.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        failed = failed or not result["passed"]
        print(f"{name}: {'passed' if result['passed'] else 'FAILED'} in {result['seconds']} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
