"""Builds the demonstration (演示): database, sample district or real files, collection, accounts, evaluation.

Used by ``make demo`` and ``make run``. What it made is written into ``demo.json`` of the instance, so that a second start has
nothing to do; a build that was torn off goes on, because every step may be repeated.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from api.sample.city import City
from api.sample.departments import Department
from api.sample.district import CITY, SERVED, write_district
from credit.city.link import BASE as CITY_BASE
from models.terms import Role

TAX_BASE = "http://127.0.0.1:8471"
STAMP = "demo.json"
ACCOUNTS = "demo-accounts.json"
REGISTRY_FIRST = ("registry", "注册", "设立登记", "social", "government", "dongcheng", "haidian")


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demonstration account: role, name, whom it belongs to."""

    role: Role
    name: str
    display_name: str
    department: str | None = None


DEMO_ACCOUNTS = (
    DemoAccount(Role.regulator, "officer", "审批窗口 王科员", "示范区市场监督管理局"),
    DemoAccount(Role.enterprise, "enterprise", "企业经办人"),
    DemoAccount(Role.person, "person", "个人用户"),
    DemoAccount(Role.agency, "agency", "示范银行 信贷员"),
    DemoAccount(Role.department, "department", "税务局 报送员", "国家税务总局示范市示范区税务局"),
    DemoAccount(Role.operator, "operator", "平台运行员"),
    DemoAccount(Role.auditor, "auditor", "审计员"),
)


def stamp_of(instance: Path, data: Path | None) -> dict[str, Any] | None:
    """What an earlier build of the same data left, or None."""
    path = instance / STAMP
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found if found.get("data") == (None if data is None else str(data)) else None


def sample_files(instance: Path, data: Path | None) -> list[Path]:
    """The files to take, registries first: the real ones of ``data``, or the sample district's, written where absent."""
    if data is not None:
        files = [path for path in sorted(data.rglob("*")) if path.is_file()]
    else:
        files = write_district(instance / "sample")
    return sorted((path for path in files if not path.name.endswith(".manifest.json")), key=registry_rank)


def registry_rank(path: Path) -> tuple[int, str]:
    """Registries come first, so that rows without a code find their subject."""
    name = path.name.lower()
    return (0 if any(word in name for word in REGISTRY_FIRST) else 1, str(path))


def write_connections(instance: Path, base: str, city: str, token: str) -> Path:
    """Tell the instance where its simulated neighbours are; only they are on the allow-list. The transport key stays."""
    path = instance / "connections.yaml"
    before = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    transport = before.get("credentials", {}).get("city-transport") or secrets.token_hex(32)
    content = {
        "hosts": [base.removeprefix("http://"), city.removeprefix("http://")],
        "bases": {TAX_BASE: base, CITY_BASE: city},
        "credentials": {"sample-tax": token, "city": token, "city-transport": transport},
        "city": {"way": "service", "credential": "city", "transport": "city-transport"},
        "databases": {"sample-court": f"sqlite:///{instance / 'sample' / SERVED / 'court.sqlite'}"},
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump(content, file, allow_unicode=True)
    return path


@contextlib.contextmanager
def neighbours(instance: Path, port: int = 0) -> Iterator[str]:
    """The simulated tax bureau and city platform while the block runs, on ports of this machine; yields the bureau's address."""
    token = secrets.token_urlsafe(24)
    sample = instance / "sample"
    with (
        Department(sample / SERVED, port, token) as bureau,
        City(sample / CITY, 0, token) as city,
        running(bureau, city),
    ):
        base = f"http://127.0.0.1:{bureau.server_address[1]}"
        write_connections(instance, base, f"http://127.0.0.1:{city.server_address[1]}", token)
        yield base


@contextlib.contextmanager
def running(*servers: ThreadingHTTPServer) -> Iterator[None]:
    """Serve, each in a thread of its own, until the block ends."""
    threads = [Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
        for thread in threads:
            thread.join()


def keep_accounts(instance: Path, made: dict[str, dict[str, str]]) -> None:
    """Keep the made passwords for whoever holds the instance folder (0600)."""
    path = instance / ACCOUNTS
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file, ensure_ascii=False, indent=1)


def kept_accounts(instance: Path) -> dict[str, dict[str, str]]:
    """The made accounts of this instance."""
    path = instance / ACCOUNTS
    if not path.exists():
        return {}
    found: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


@contextlib.contextmanager
def timed(say: Callable[[str], None], what: str) -> Iterator[None]:
    """Say what is being done and how long it took."""
    started = time.perf_counter()
    yield
    say(f"{what}  {time.perf_counter() - started:.1f} 秒")
