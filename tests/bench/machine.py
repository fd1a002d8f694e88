"""What the figures were measured on."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.bench.load import generator


def describe() -> dict[str, str]:
    """Processor, memory, system, versions, load of others at the start."""
    cpu = _after("/proc/cpuinfo", "model name")
    memory = int(_after("/proc/meminfo", "MemTotal").split()[0] or 0) // 1024 // 1024
    return {
        "processor": f"{cpu}, {os.cpu_count()} cores",
        "memory": f"{memory} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("flask", "granian", "sqlalchemy")},
        "commit": _commit(),
        "load generator": generator(),
        "load average before": " ".join(f"{value:.2f}" for value in os.getloadavg()),
    }


def _after(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return "0"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "0")


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"
