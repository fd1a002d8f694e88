"""A simulated city platform (市平台) on this machine: takes batches and gives receipts, serves records and news, counts per item.

What it knows is kept in one SQLite file, so that a restart remembers every receipt. It is bound to 127.0.0.1 and wants a
bearer token. A batch sent twice is one batch: same number and digest give the same receipt, another digest is refused.
"""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS batches (sequence INTEGER PRIMARY KEY, digest TEXT, answer TEXT);
CREATE TABLE IF NOT EXISTS lines (sequence INTEGER, kind TEXT, code TEXT, day TEXT, ref TEXT, revision INTEGER,
    digest TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS ix_lines ON lines (code, day);
CREATE TABLE IF NOT EXISTS supply (serial INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS ix_supply ON supply (address, serial);
CREATE TABLE IF NOT EXISTS news (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT);
"""
LARGEST_BODY: Final = 32 * 1024 * 1024
LARGEST_PAGE: Final = 1000
RETURNED_EVERY: Final = 50
OUTSIDE_DIGEST: Final = frozenset(("digest", "number_sealed"))


class Wrong(Exception):
    """A request that is not answered with 200: status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class City(ThreadingHTTPServer):
    """The city's service over one SQLite file. ``deaf`` answers are dropped after their work is done (for tests)."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int, token: str, *, returns: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.token, self.returns, self.deaf, self.lock = token, returns, 0, Lock()
        self.database = sqlite3.connect(folder / "city.sqlite", check_same_thread=False, isolation_level=None)
        self.database.executescript(SCHEMA)
        if self.database.execute("SELECT 1 FROM supply UNION ALL SELECT 1 FROM news LIMIT 1").fetchone() is None:
            self._load(folder)
        super().__init__(("127.0.0.1", port), _Handler)

    def _load(self, folder: Path) -> None:
        for name, put in (("supply.jsonl", self.supply), ("news.jsonl", self.tell)):
            path = folder / name
            if path.is_file():
                for line in path.read_text(encoding="utf-8").splitlines():
                    put(json.loads(line))

    def supply(self, entry: dict[str, Any]) -> None:
        """Put a record up for the district: ``{"address": "SH-CF-01", "row": {…}}``."""
        with self.lock:
            body = json.dumps(entry["row"], ensure_ascii=False)
            self.database.execute("INSERT INTO supply (address, body) VALUES (?, ?)", (entry["address"], body))

    def tell(self, piece: dict[str, Any]) -> None:
        """Put a piece of news up for the district."""
        with self.lock:
            self.database.execute("INSERT INTO news (body) VALUES (?)", (json.dumps(piece, ensure_ascii=False),))

    def take_batch(self, sequence: int, digest: str, body: bytes) -> dict[str, Any]:
        """Take a batch once; Wrong for another digest under a known number, or a gap in the numbers."""
        if hashlib.sha256(body).hexdigest() != digest:
            raise Wrong(422, "摘要与内容不符")
        with self.lock:
            known = self.database.execute(
                "SELECT digest, answer FROM batches WHERE sequence = ?", (sequence,)
            ).fetchone()
            if known is not None:
                if known[0] != digest:
                    raise Wrong(409, "同一批次号内容不同")
                return {**json.loads(known[1]), "repeated": True}
            last = self.database.execute("SELECT coalesce(max(sequence), 0) FROM batches").fetchone()[0]
            if sequence != last + 1:
                raise Wrong(409, f"批次号应为 {last + 1}")
            return self._enter(sequence, digest, body)

    def _enter(self, sequence: int, digest: str, body: bytes) -> dict[str, Any]:
        accepted, refused, lines = [], [], body.splitlines()
        for number, text in enumerate(lines, start=1):
            line = json.loads(text)
            if line_digest(line) != line.get("digest"):
                refused.append({"line": number, "code": "DIGEST"})
            else:
                accepted.append(line)
        answer = {
            "sequence": sequence, "sha256": digest, "receipt": f"CITY-{sequence:08d}", "accepted": len(accepted),
            "refused": refused,
        }  # fmt: skip
        self.database.execute("BEGIN")
        self.database.execute("INSERT INTO batches VALUES (?, ?, ?)", (sequence, digest, json.dumps(answer)))
        self.database.executemany(
            "INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (sequence, line["kind"], code_of(line), line["day"], line["ref"], line["revision"], line["digest"],
                 json.dumps(line, ensure_ascii=False))
                for line in accepted
            ],
        )  # fmt: skip
        if self.returns:
            self.database.executemany("INSERT INTO supply (address, body) VALUES (?, ?)", list(_returned(accepted)))
        self.database.execute("COMMIT")
        return answer

    def records(self, address: str, query: dict[str, str]) -> dict[str, Any]:
        """A page of what is supplied under ``code`` or ``code/list``, after a serial number."""
        address, _, after = address.partition("/after/")
        start = max(_whole(after or "0"), _whole(query.get("cursor") or "0"))
        size = min(_whole(query.get("size", "200")) or 1, LARGEST_PAGE)
        found = self._rows(
            "SELECT serial, body FROM supply WHERE address = ? AND serial > ? ORDER BY serial LIMIT ?",
            (address, start, size + 1),
        )
        rows = [{"XH": serial, **json.loads(body)} for serial, body in found[:size]]
        return {"rows": rows, "next_cursor": str(rows[-1]["XH"]) if len(found) > size else None}

    def news(self, query: dict[str, str]) -> dict[str, Any]:
        """A page of news after a sequence number."""
        found = self._rows(
            "SELECT sequence, body FROM news WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (_whole(query.get("after", "0")), min(_whole(query.get("size", "200")) or 1, LARGEST_PAGE)),
        )
        return {"rows": [{**json.loads(body), "sequence": sequence} for sequence, body in found]}

    def counts(self, query: dict[str, str]) -> dict[str, Any]:
        """How many lines it holds per code and day, with the sum of their digests; and how much it supplied per address."""
        found = self._rows(
            "SELECT code, day, digest FROM lines WHERE day >= ? AND day <= ? ORDER BY code, day",
            (query.get("from", ""), query.get("until", "9999-12-31")),
        )
        sums: dict[tuple[str, str], list[int]] = {}
        for code, day, digest in found:
            entry = sums.setdefault((code, day), [0, 0])
            entry[0] += 1
            entry[1] = (entry[1] + int(digest, 16)) % 2**128
        supplied = self._rows("SELECT address, count(*) FROM supply GROUP BY address ORDER BY address", ())
        return {
            "rows": [
                {"code": code, "day": day, "count": count, "digest": f"{total:032x}"}
                for (code, day), (count, total) in sums.items()
            ],
            "supplied": [{"address": address, "count": count} for address, count in supplied],
        }

    def lines(self, query: dict[str, str]) -> dict[str, Any]:
        """The lines it holds of one code and day: reference, kind, revision and digest."""
        found = self._rows(
            "SELECT kind, ref, revision, digest FROM lines WHERE code = ? AND day = ? ORDER BY ref, kind, revision",
            (query.get("code", ""), query.get("day", "")),
        )
        return {"rows": [dict(zip(("kind", "ref", "revision", "digest"), row, strict=True)) for row in found]}

    def _rows(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with self.lock:
            return self.database.execute(statement, values).fetchall()

    def server_close(self) -> None:
        """Let go of port and file."""
        super().server_close()
        with self.lock:
            self.database.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _city(self) -> City:
        return cast(City, self.server)

    def do_GET(self) -> None:
        """Records, news, counts and lines for whoever holds the token."""
        address = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(address.query).items()}
        path = address.path.strip("/")
        answers = {"news": self._city.news, "counts": self._city.counts, "lines": self._city.lines}

        def answer() -> dict[str, Any]:
            if path == "health":
                return {"status": "ok"}
            if path.startswith("records/"):
                return self._city.records(path.removeprefix("records/"), query)
            if path not in answers:
                raise Wrong(404, "无此接口")
            return answers[path](query)

        self._answer(answer)

    def do_POST(self) -> None:
        """Takes a batch."""

        def answer() -> dict[str, Any]:
            if self.path != "/batches":
                raise Wrong(404, "无此接口")
            length = _whole(self.headers.get("Content-Length", "0"))
            if length > LARGEST_BODY:
                raise Wrong(413, "内容过大")
            body = self.rfile.read(length)
            sequence = _whole(self.headers.get("X-Batch-Sequence", "0"))
            return self._city.take_batch(sequence, self.headers.get("X-Batch-Digest", ""), body)

        self._answer(answer)

    def _answer(self, make: Any) -> None:
        given = self.headers.get("Authorization", "")
        try:
            if not hmac.compare_digest(given.encode(), f"Bearer {self._city.token}".encode()):
                raise Wrong(401, "令牌无效")
            status, body = 200, make()
        except Wrong as wrong:
            status, body = wrong.status, {"message": wrong.message}
            self.close_connection = True
        if self._city.deaf and self.command == "POST":
            self._city.deaf -= 1
            self.close_connection = True
            return
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
        """Stays silent."""


def line_digest(line: dict[str, Any]) -> str:
    """The digest of a line, computed here independently of the platform that sent it."""
    plain = {key: value for key, value in line.items() if key not in OUTSIDE_DIGEST}
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def code_of(line: dict[str, Any]) -> str:
    """The item a line is counted under."""
    return str(line.get("item", line["kind"]))


def as_supplied(line: dict[str, Any]) -> dict[str, Any]:
    """A record line that went up as the city sends it down again (回流)."""
    row = {
        "XDR_MC": line["name"], "XDR_LX": line["subject_kind"], "XDR_DM": line["code"] or "",
        "XDR_ZJHM": line.get("number_sealed", ""), **line["fields"],
    }  # fmt: skip
    return {**row, "SJLYDW": "示范市公共信用信息服务平台"}


def _returned(lines: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Some penalties come back to the district they came from, with the city as their source unit."""
    for line in lines:
        if line["kind"] == "record" and line["item"] == "SH-CF-01" and line["revision"] % RETURNED_EVERY == 0:
            yield "SH-CF-01", json.dumps(as_supplied(line), ensure_ascii=False)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Wrong(400, "参数无效")
    return int(text)
