"""Simulated neighbours of the sample district on this machine: a tax bureau that answers over HTTP, a court with an
exchange database.

The tax bureau is bound to 127.0.0.1, wants a bearer token and pages in both usual ways: ``/a-class`` by page
number, ``/arrears`` by opaque cursor, ``/changes`` by time and only to signed requests
(``credit/collection/carriers/signing.py``). The court's exchange database (前置库) is a SQLite file with one table of
changes; rows tie on ``updated_at`` on purpose.
"""

import argparse
import base64
import binascii
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, urlsplit

from api.sample.court import debtor_rows, story_person_row
from api.sample.plan import Plan
from api.sample.sheets import Row
from credit.collection.carriers.signing import (
    NONCE,
    SIGNATURE,
    TIMESTAMP,
    WINDOW_SECONDS,
    canonical_query,
    signature_of,
)

TOKEN_VARIABLE = "SAMPLE_DEPARTMENT_TOKEN"  # noqa: S105  the name of a variable, not a secret
EXCHANGE_TABLE = "dishonest_debtor_changes"
EXCHANGE_COLUMNS = (
    "partytype", "iname", "uscc", "cardnum", "sexy", "businessentity", "courtname", "areaname", "gistid", "gistunit",
    "regdate", "casecode", "duty", "performance", "disrupttypename", "publishdate", "enddate",
)  # fmt: skip
_PERFORMANCE = EXCHANGE_COLUMNS.index("performance")
_MAX_SIZE = 500
SIGNED = "/changes"
CHANGED = "更新时间"


class BadQuery(ValueError):
    """A parameter of a request cannot be read; the text says which."""


class Department(ThreadingHTTPServer):
    """A department's service over the rows of a folder: ``<name>.jsonl`` is served at ``/<name>``."""

    daemon_threads = True

    def __init__(self, directory: Path, port: int, token: str) -> None:
        self.token = token
        self.nonces: dict[str, float] = {}
        self._nonces_lock = threading.Lock()
        self.tables = {path.stem: _load_rows(path) for path in sorted(directory.glob("*.jsonl"))}
        super().__init__(("127.0.0.1", port), _Handler)

    def answer(self, name: str, query: dict[str, str]) -> dict[str, Any]:
        """One page of a table, by page number where ``page`` is asked for, else by cursor; BadQuery, KeyError (no
        such table)."""
        rows = self.tables[name]
        if "since" in query:
            rows = _between(rows, query)
        size = _whole(query.get("size", "200"), "size", _MAX_SIZE)
        if "page" in query:
            page = _whole(query["page"], "page", 1_000_000)
            part = rows[(page - 1) * size : page * size]
            return {"page": page, "pages": -(-len(rows) // size), "total": len(rows), "rows": part}
        start = _read_cursor(query.get("cursor", ""))
        part = rows[start : start + size]
        more = start + size < len(rows)
        return {"total": len(rows), "rows": part, "next_cursor": _write_cursor(start + size) if more else None}

    def is_first(self, nonce: str, now: float) -> bool:
        """Whether this nonce was not seen within the time a signature is good for."""
        with self._nonces_lock:
            self.nonces = {one: seen for one, seen in self.nonces.items() if now - seen <= 2 * WINDOW_SECONDS}
            if nonce in self.nonces:
                return False
            self.nonces[nonce] = now
            return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _department(self) -> Department:
        return cast(Department, self.server)

    def do_GET(self) -> None:
        """Answers /health to anybody, tables to whoever holds the token."""
        address = urlsplit(self.path)
        if address.path == "/health":
            return self._send(200, {"status": "ok"})
        if not self._is_known(address.path, address.query):
            return self._send(401, {"message": "令牌或签名无效"})
        query = {key: values[-1] for key, values in parse_qs(address.query).items()}
        try:
            self._send(200, self._department.answer(address.path.strip("/"), query))
        except BadQuery as fault:
            self._send(400, {"message": f"参数无效：{fault}"})
        except KeyError:
            self._send(404, {"message": "无此接口"})

    def _is_known(self, path: str, query: str) -> bool:
        """Whether the request is signed (``/changes``) or bears the token (all others)."""
        if path != SIGNED:
            given = self.headers.get("Authorization", "")
            return hmac.compare_digest(given.encode(), f"Bearer {self._department.token}".encode())
        nonce, stamp, now = self.headers.get(NONCE, ""), self.headers.get(TIMESTAMP, ""), time.time()
        if not (
            len(nonce) >= 16 and stamp.isascii() and stamp.isdigit() and abs(int(stamp[:12]) - now) <= WINDOW_SECONDS
        ):
            return False
        asked = canonical_query(parse_qsl(query, keep_blank_values=True))
        wanted = signature_of(self._department.token, "GET", path, asked, int(stamp), nonce)
        given = self.headers.get(SIGNATURE, "")
        return hmac.compare_digest(given.encode(), wanted.encode()) and self._department.is_first(nonce, now)

    def _send(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Stays silent: addresses of this service need no log."""


def serve_department(directory: Path, port: int, token: str) -> None:
    """Serves the tables of ``directory`` on 127.0.0.1 until interrupted."""
    with Department(directory, port, token) as server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def write_exchange_database(path: Path, plan: Plan) -> Path:
    """Writes the court's exchange database anew: this year's debtors as entered, amended and taken off.

    One row per change: ``change_id`` rises, ``updated_at`` is the court's local time, ``deleted`` is 1 where an
    entry was taken off (performed: ``enddate`` is then that day). A case code (casecode) with its party (iname) names the
    entry.
    """
    path.unlink(missing_ok=True)
    columns = ", ".join(f"{name} TEXT NOT NULL" for name in EXCHANGE_COLUMNS)
    marks = ", ".join("?" for _ in range(len(EXCHANGE_COLUMNS) + 3))
    connection = sqlite3.connect(path)
    try:
        connection.execute(
            f"CREATE TABLE {EXCHANGE_TABLE} "
            f"(change_id INTEGER PRIMARY KEY, updated_at TEXT NOT NULL, deleted INTEGER NOT NULL, {columns})"
        )
        changes = _changes(plan)
        insert = f"INSERT INTO {EXCHANGE_TABLE} VALUES ({marks})"  # noqa: S608  a constant and question marks
        connection.executemany(insert, changes)
        connection.execute(f"CREATE INDEX ix_updated ON {EXCHANGE_TABLE} (updated_at, change_id)")
        connection.commit()
    finally:
        connection.close()
    return path


def _changes(plan: Plan) -> list[tuple[object, ...]]:
    rng = plan.rng("exchange")
    debtors = debtor_rows(plan, rng, date(plan.day.year, 1, 1), plan.day - timedelta(days=30), plan.rows(110))
    events: list[tuple[date, int, int, Row]] = []
    for number, row in enumerate([story_person_row(plan), *debtors]):
        published = date.fromisoformat(str(row[15]))
        events.append((published, number, 0, row))
        if number and rng.random() < 0.3:
            later = published + timedelta(days=rng.randrange(1, 25))
            performed = rng.random() < 0.5
            end = later.isoformat() if performed else row[-1]
            change = "全部已履行" if performed else "部分履行"
            events.append(
                (later, number, int(performed), (*row[:_PERFORMANCE], change, *row[_PERFORMANCE + 1 : -1], end))
            )
    events.sort(key=lambda event: event[:2])
    return [
        (change, f"{when.isoformat()} {17 if when.day % 2 else 9:02d}:30:00", deleted, *row)
        for change, (when, _, deleted, row) in enumerate(events, start=1)
    ]


def _load_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _between(rows: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    """Rows changed from ``since`` on and before ``until``, oldest first; BadQuery."""
    try:
        since, until = (datetime.fromisoformat(query[name]) for name in ("since", "until"))
        found = [(datetime.fromisoformat(row[CHANGED]), place) for place, row in enumerate(rows)]
        return [rows[place] for moment, place in sorted(found) if since <= moment < until]
    except (KeyError, ValueError, TypeError):
        raise BadQuery("since, until") from None


def _whole(text: str, name: str, limit: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= limit):
        raise BadQuery(name)
    return int(text)


def _write_cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"row:{place}".encode()).decode()


def _read_cursor(text: str) -> int:
    if not text:
        return 0
    try:
        mark, place = base64.urlsafe_b64decode(text.encode()).decode().split(":")
    except (binascii.Error, UnicodeError, ValueError):
        raise BadQuery("cursor") from None
    if mark != "row":
        raise BadQuery("cursor")
    return _whole(place, "cursor", 10_000_000)


def main(arguments: list[str] | None = None) -> int:
    """``python -m api.sample.departments --port N --data DIR``; the token comes from the environment, never from the
    command line."""
    parser = argparse.ArgumentParser(description="Serves the tax bureau of the sample district on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True, help="the port to listen on")
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder with the .jsonl tables (served/ of a written district)"
    )
    options = parser.parse_args(arguments)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if len(token) < 16:
        parser.error(f"{TOKEN_VARIABLE} must hold a token of at least 16 characters")
    if not any(options.data.glob("*.jsonl")):
        parser.error("the folder holds no .jsonl tables")
    serve_department(options.data, options.port, token)
    return 0


if __name__ == "__main__":
    sys.exit(main())
