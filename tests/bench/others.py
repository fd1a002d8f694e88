# ruff: noqa: E501 (a command that prints; sentences of a table)
"""A four-page report in CPU seconds, ``make demo`` on the real files, and the evaluation of everybody."""

import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime

from pypdf import PdfReader

from credit.accounts import enquirer_for
from credit.deployment import open_session
from reports.issue import issue_report
from tests.bench.figures import Figure, Options
from tests.bench.instance import (
    ACCOUNT,
    BENCH,
    DATA,
    FIRMS,
    PENALTIES,
    ROOT,
    add_account,
    district,
    new_instance,
    penalty_file,
    take,
)

REPORT_CPU, DEMO_SECONDS, PAGES = 0.1, 90, 4


def run_report(options: Options) -> list[Figure]:
    """A report of at least four pages: gathered, drawn, sealed and entered; the disk's own waiting is not CPU."""
    folder = BENCH / "work" / "report"
    deployment = new_instance(folder)
    add_account(deployment)
    take(deployment, penalty_file(60, 1), PENALTIES)
    spent, pages, code = [], 0, ""
    with open_session(deployment) as session:
        asking = enquirer_for(session, ACCOUNT).enquirer.asking("inspection", None)
        code = session.connection().exec_driver_sql("SELECT code FROM subjects").scalar_one()
        for _ in range(3 + 3 * options.repeats):
            began, now = time.process_time(), datetime.now(UTC)
            issued = issue_report(
                session,
                asking,
                code,
                kind="public",
                as_of=None,
                today=now.date(),
                now=now,
                public_url="http://127.0.0.1",
            )
            session.commit()
            spent.append(time.process_time() - began)
            pages = len(PdfReader(io.BytesIO(issued.pdf)).pages)
    each = statistics.median(spent[3:])
    note = f"{pages} pages of 60 penalties in {each:.3f} s, first {spent[0]:.2f} s; figure is per {PAGES} pages"
    value = each * PAGES / pages
    return [
        Figure(
            "report, CPU per 4 pages",
            value,
            "s",
            "reportlab, PEERS.md",
            0.062,
            f"≤ {REPORT_CPU}",
            value <= REPORT_CPU,
            note,
        )
    ]


def run_demo(options: Options) -> list[Figure]:
    """The main job on the real files in an empty instance, after installation."""
    if not DATA.is_dir():
        return [Figure("make demo on the real files", 0, "s", note="skipped: ../shared/data is not there")]
    folder = BENCH / "work" / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environ = {**os.environ, "CREDIT_INSTANCE": str(folder), "FLASK_APP": "wsgi.py"}
    flask = [sys.executable, "-m", "flask"]
    started = time.perf_counter()
    subprocess.run([*flask, "db", "upgrade"], cwd=ROOT, env=environ, check=True, stderr=subprocess.DEVNULL)
    done = subprocess.run(
        [*flask, "demo", "build", "--data", str(DATA)], cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    held = json.loads(done.stdout.splitlines()[-1])
    note = f"{held['subjects']:,} subjects, {held['records']:,} records, {held['parked']:,} parked"
    return [
        Figure(
            "make demo on the real files",
            seconds,
            "s",
            "limit",
            float(DEMO_SECONDS),
            f"≤ {DEMO_SECONDS}",
            seconds <= DEMO_SECONDS,
            note,
        )
    ]


def run_evaluation(options: Options) -> list[Figure]:
    """Everybody by the comprehensive card, from nothing stored."""
    source = district(20_000 if options.quick else FIRMS)
    folder = BENCH / "work" / "evaluation"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    done = subprocess.run(
        [sys.executable, "-m", "flask", "evaluate", "all", "--json"], cwd=ROOT, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "CREDIT_INSTANCE": str(folder), "FLASK_APP": "wsgi.py"},
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    shutil.rmtree(folder, ignore_errors=True)
    note = f"{found['evaluated']:,} subjects, {found['evaluated'] / max(found['seconds'], 0.001):,.0f} a second; grades {found['grades']}"
    return [Figure("evaluate all", found["seconds"], "s", note=note)]
