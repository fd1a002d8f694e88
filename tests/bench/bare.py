"""What the same server can do at most: Flask alone, with a token check, with one durable commit as well (``BENCH_KIND``)."""

import fcntl
import os
import sqlite3
import time
from pathlib import Path

import jwt
from flask import Flask, Response, request

KEY = "0123456789abcdefghijklmnopqrstuv"
KIND = os.environ.get("BENCH_KIND", "bare")
FOLDER = Path(os.environ.get("BENCH_FOLDER", "."))

app = Flask(__name__)
_kept: list[object] = []


def token() -> str:
    """A token that the check accepts."""
    return jwt.encode({"sub": "bench", "exp": int(time.time()) + 3600}, KEY, algorithm="HS256")


def open_base() -> sqlite3.Connection:
    """A base as durable as the enquiry log."""
    connection = sqlite3.connect(FOLDER / "commits.sqlite", isolation_level=None, timeout=30, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, body TEXT)")
    return connection


def commit_once(connection: sqlite3.Connection) -> None:
    """One durable row."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO entries (body) VALUES (?)", ("x" * 300,))
    connection.execute("COMMIT")


@app.get("/")
def answer() -> Response:
    """A small answer, after what the kind asks for."""
    if KIND != "bare" and (header := request.headers.get("Authorization")):
        jwt.decode(header.removeprefix("Bearer "), KEY, algorithms=["HS256"])
    if KIND == "commit":
        if not _kept:
            _kept.extend((open_base(), (FOLDER / "lock").open("a")))
        connection, lock = _kept
        fcntl.flock(lock, fcntl.LOCK_EX)  # type: ignore[arg-type]
        commit_once(connection)  # type: ignore[arg-type]
        fcntl.flock(lock, fcntl.LOCK_UN)  # type: ignore[arg-type]
    return Response('{"ok":true}', content_type="application/json")


def commits_per_second(seconds: float) -> float:
    """What this disk does from one process alone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    connection, done, started = open_base(), 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        commit_once(connection)
        done += 1
    return done / (time.perf_counter() - started)
