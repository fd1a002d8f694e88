"""Instances for the benchmarks under ``.bench/``: made by the project's own commands and door, kept between runs."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.composition import build_deployment
from api.settings import Settings, load_settings, make_secrets
from credit.collection.batches import DeliveryReport
from credit.collection.description import Description, read_description
from credit.collection.run import collect_file
from credit.departments import ensure_department
from credit.deployment import Deployment, open_session
from credit.editions import ensure_edition
from models.migrate import VERSIONS, Which, upgrade
from models.session import make_engine
from models.terms import Role
from tests.bench import invent

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / ".bench"
DATA = ROOT.parent / "shared" / "data"
FIRMS, RECORDS_EACH = 200_000, 5


def new_instance(folder: Path, **overrides: Any) -> Deployment:
    """An empty instance, replaced where there was one."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = settings_of(folder, **overrides)
    make_secrets(settings)
    for which, url in ((Which.business, settings.database_url), (Which.enquiries, settings.enquiry_database_url)):
        engine = make_engine(url)
        upgrade(engine, which)
        engine.dispose()
    deployment = build_deployment(settings)
    with open_session(deployment) as session:
        ensure_edition(session, deployment.catalogue, datetime.now(UTC))
        session.commit()
    return deployment


def settings_of(folder: Path, **overrides: Any) -> Settings:
    """The settings of a benchmark instance: nothing from the environment."""
    return load_settings({"credit_instance": folder, **overrides}, environ={})


def describe(name: str, item: str, header: tuple[str, ...], means: tuple[str, ...]) -> Description:
    """The description of a generated file."""
    columns: list[dict[str, str]] = [
        {"column": column, "means": meaning} for column, meaning in zip(header, means, strict=True)
    ]
    for column in columns:
        if column["means"] == "fine":
            column["unit"] = "万元"
    return read_description(
        {
            "name": name, "title": name, "department": "示范区市场监督管理局", "carrier": "files", "item": item,
            "files": {"glob": [f"{name}*.csv"], "encoding": "utf-8", "header_row": 0}, "columns": columns,
        }
    )  # fmt: skip


PENALTIES = describe("bench-penalties", "penalty", invent.PENALTY_HEADER, invent.PENALTY_MEANS)
REGISTRY = describe("bench-registry", "registration", invent.REGISTRY_HEADER, invent.REGISTRY_MEANS)


def take(deployment: Deployment, path: Path, description: Description) -> DeliveryReport:
    """Take one file, a transaction per batch, as the command does."""
    report: DeliveryReport | None = None
    with open_session(deployment) as session:
        steps: Iterator[Any] = collect_file(
            session, path, description, clock=lambda: datetime.now(UTC), today=datetime.now(UTC).date()
        )
        for step in steps:
            session.commit()
            report = step.report or report
    if report is None:
        raise RuntimeError("the delivery did not end")
    return report


def penalty_file(count: int, firms: int) -> Path:
    """A penalty file of ``count`` rows on ``firms`` firms."""
    rows = invent.penalty_rows(invent.spread(count, firms))
    return invent.write_csv(BENCH / "files" / f"bench-penalties-{count}-{firms}.csv", invent.PENALTY_HEADER, rows)


def mixed_file(count: int, known: int) -> Path:
    """A penalty file of which every second row speaks of a firm never seen before."""
    rows = invent.penalty_rows(invent.half_new(count, known), first=10_000_000, seed=3)
    return invent.write_csv(BENCH / "files" / f"bench-penalties-mixed-{count}.csv", invent.PENALTY_HEADER, rows)


def registry_file(count: int) -> Path:
    """A registry file: every row a firm of its own."""
    rows = invent.registry_rows(iter(range(count)))
    return invent.write_csv(BENCH / "files" / f"bench-registry-{count}.csv", invent.REGISTRY_HEADER, rows)


def district(firms: int = FIRMS) -> Path:
    """An instance with so many firms and five records each, made once for each state of the tables and of what is invented."""
    made = hashlib.sha256(Path(invent.__file__).read_bytes())
    for which in Which:
        for path in sorted(VERSIONS[which].glob("[0-9]*.py")):
            made.update(path.read_bytes())
    folder = BENCH / f"district-{firms}-{made.hexdigest()[:8]}"
    if (folder / "made.json").is_file():
        return folder
    started = time.perf_counter()
    print(f"  making a district of {firms:,} firms with {RECORDS_EACH} records each, once …", file=sys.stderr)
    deployment = new_instance(folder)
    reports = [take(deployment, registry_file(firms), REGISTRY)]
    reports.append(take(deployment, penalty_file(firms * (RECORDS_EACH - 1), firms), PENALTIES))
    add_account(deployment)
    deployment.engine.dispose()
    facts = {"seconds": round(time.perf_counter() - started, 1), "records": sum(one.records_made for one in reports)}
    (folder / "made.json").write_text(json.dumps(facts))
    print(f"  made: {facts}", file=sys.stderr)
    return folder


ACCOUNT = "bench-regulator"


def add_account(deployment: Deployment) -> None:
    """An officer of a department, who asks."""
    from credit.accounts import create_account

    with open_session(deployment) as session:
        department = ensure_department(session, "示范区市场监督管理局")
        create_account(
            session, ACCOUNT, display_name="测试员", role=Role.regulator, password=os.urandom(12).hex(),
            now=datetime(2026, 1, 1, tzinfo=UTC), department_id=department,
        )  # fmt: skip
        session.commit()


def token_of(folder: Path) -> str:
    """A token of the officer, as a sign-in would give it."""
    return tokens_of(folder, 1)[0]


def tokens_of(folder: Path, count: int) -> list[str]:
    """So many different tokens of the officer."""
    from api import create_app
    from api.security import issue_access_token
    from credit.accounts import enquirer_for

    app = create_app({"credit_instance": folder})
    with app.app_context(), open_session(app.extensions["credit.deployment"]) as session:
        signed_in = enquirer_for(session, ACCOUNT)
        session.rollback()
        made = [str(issue_access_token(signed_in, datetime.now(UTC))[0]) for _ in range(count)]
    app.extensions["credit.deployment"].engine.dispose()
    return made


def run_worker(module: str, *arguments: str, cpu: int | None = None) -> dict[str, Any]:
    """Run a module of this package as a process of its own (one core where ``cpu`` is given); its last line is JSON."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    if cpu is not None and shutil.which("taskset"):
        command = ["taskset", "-c", str(cpu), *command]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
