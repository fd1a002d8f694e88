"""The peers' environment, ``.bench/venv``, made by the bench from ``peers.lock`` (hashes, no addresses), and how they start.

Datasette runs under its own kind of server (uvicorn; it is ASGI and cannot run under our WSGI workers), with as many worker
processes as ours and immutable files: its best path. The Flask limits run under our very server, settings and environment.
"""

import contextlib
import hashlib
import http.client
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from api.serving import WORKERS, server_command
from tests.bench.instance import BENCH, ROOT

LOCK = Path(__file__).with_name("peers.lock")
VENV = BENCH / "venv"


def python() -> str:
    """The interpreter of the peers; their environment is made first where it is missing or older than the lock."""
    stamp, wanted = VENV / "lock", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    interpreter = str(VENV / "bin" / "python")
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("  making the peers' environment, once …", file=sys.stderr)
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
        subprocess.run([*pip, str(LOCK)], check=True)
        stamp.write_text(wanted)
    return interpreter


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(command: list[str], port: int, path: str, **environ: str) -> Iterator[int]:
    """A server while the block lasts; it must answer ``path`` within a minute."""
    server = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(server, port, path)
        yield server.pid
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await(server: "subprocess.Popen[bytes]", port: int, path: str) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}: {server.args!r}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not answer")


def platform(folder: Path, port: int) -> contextlib.AbstractContextManager[int]:
    """Ours, as ``make run`` starts it."""
    return serving(server_command("127.0.0.1", port), port, "/health", CREDIT_INSTANCE=str(folder))


def limit(kind: str, port: int) -> contextlib.AbstractContextManager[int]:
    """Flask alone under the same server: ``bare``, ``token`` or ``commit``."""
    command = [*server_command("127.0.0.1", port)[:-1], "tests.bench.bare:app"]
    folder = BENCH / "work" / "bare"
    folder.mkdir(parents=True, exist_ok=True)
    return serving(command, port, "/", BENCH_KIND=kind, BENCH_FOLDER=str(folder))


@contextlib.contextmanager
def datasette(base: Path, port: int, workers: int = WORKERS) -> Iterator[None]:
    """Datasette over an immutable file, so many workers on one port."""
    command = [python(), str(Path(__file__).with_name("datasette_app.py")), str(port)]
    with contextlib.ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(serving(command, port, "/-/versions.json", BENCH_BASE=str(base)))
        time.sleep(1.5)
        yield


def datasette_base(folder: Path) -> Path:
    """The subjects of an instance as one plain table, for datasette: code as primary key."""
    base = folder / "datasette.db"
    if not base.is_file():
        temporary = base.with_suffix(".tmp")
        temporary.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(temporary)) as connection:
            connection.execute("ATTACH ? AS ours", (str(folder / "credit.sqlite"),))
            connection.execute(
                "CREATE TABLE subjects (code TEXT PRIMARY KEY, name TEXT, name_norm TEXT, kind TEXT, ref TEXT)"
            )
            connection.execute(
                "INSERT INTO subjects SELECT code, name, name_norm, kind, ref FROM ours.subjects ORDER BY id"
            )
            connection.commit()
        temporary.replace(base)
    return base
