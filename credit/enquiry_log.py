"""The enquiry log's writing end: one chain, appended under a fair lock, durable before anything leaves.

An entry's ``chain`` is SHA-256 over the chain before it and the entry's own content, computed inside the transaction. On
SQLite a file lock queues the writers fairly (the database's own busy loop starves some of them: p99 114 ms against 8), on
PostgreSQL an advisory lock does. Signed heads leave to ``heads/`` every 60 s or 1,000 entries: the chain alone does not see
a cut tail, a head does, down to itself. What was cut above the last head cannot be detected, and ``verify`` says so.
"""

import base64
import fcntl
import hashlib
import json
import os
import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from credit.errors import EnquiryLogUnavailable
from credit.keyring import Keyring
from models.base import DISTRICT_ZONE, EPOCH, MICROSECOND
from models.enquiries import AccessCount, Enquiry, EnquirySubject
from models.session import READ_ONLY, dump_json

GENESIS = bytes(32)
HEAD_ENTRIES = 1000
HEAD_INTERVAL = timedelta(seconds=60)
COUNT_FLUSH = 256
ADVISORY_LOCK = 0x43524544
CHAINED = (
    "receipt", "asked_at", "account", "role", "organisation", "action", "subject_ref", "purpose", "case_number",
    "authorisation_ref", "as_of", "outcome", "reason", "shown",
)  # fmt: skip


@dataclass(slots=True)
class Entry:
    """One enquiry as it will be written; ``lines`` are (subject ref, shown) of an answer about many."""

    receipt: str
    asked_at: datetime
    account: str
    role: str
    organisation: str
    action: str
    subject_ref: str | None = None
    purpose: str | None = None
    case_number: str | None = None
    authorisation_ref: str | None = None
    as_of: str | None = None
    outcome: str = "failed"
    reason: str | None = None
    shown: dict[str, int] = field(default_factory=dict)
    lines: list[tuple[str, dict[str, int]]] = field(default_factory=list)


def new_ref() -> str:
    """An opaque, unguessable reference: 26 characters of base32 (130 bits)."""
    return base64.b32encode(secrets.token_bytes(17))[:26].decode().lower()


def chain_of(previous: bytes, content: Mapping[str, Any], lines: list[tuple[str, dict[str, int]]]) -> bytes:
    """The chain value of an entry after ``previous``; times as microseconds since the epoch."""
    listed: list[Any] = [content[name] for name in CHAINED]
    moment: datetime = content["asked_at"]
    listed[1] = (moment - EPOCH) // MICROSECOND
    listed.append(sorted(lines, key=lambda line: (line[0], json.dumps(line[1], sort_keys=True))))
    body = json.dumps(listed, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(previous + body.encode()).digest()


LAST = "SELECT id, chain FROM enquiries ORDER BY id DESC LIMIT 1"
INSERT = f"INSERT INTO enquiries (id, {', '.join(CHAINED)}, chain) VALUES ({', '.join('?' * (len(CHAINED) + 2))})"  # noqa: S608


class EnquiryLog:
    """Appends entries; thread-safe, and safe beside other processes on the same database."""

    def __init__(self, engine: Engine, keyring: Keyring, directory: Path) -> None:
        self.engine = engine
        self.heads = directory / "heads"
        self._keyring = keyring
        self._lock_path = directory / "enquiries.lock"
        self._lock_file: Any = None
        self._thread_lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._insert = insert(Enquiry.__table__)  # type: ignore[arg-type]
        self._last = select(Enquiry.id, Enquiry.chain).order_by(Enquiry.id.desc()).limit(1)
        self._since_head = 0
        self._last_head_at: datetime | None = None
        self._connection: sqlite3.Connection | None = None
        self._connection_of = 0
        self._proxied: Any = None

    def close(self) -> None:
        """Give back what is kept open."""
        for kept in (self._connection, self._lock_file):
            if kept is not None:
                kept.close()
        self._connection = self._lock_file = None

    def append(self, entry: Entry) -> None:
        """Write one entry, chained and committed. EnquiryLogUnavailable where that fails: then nothing may leave."""
        try:
            if self.engine.dialect.name == "sqlite" and not entry.lines:
                with self._thread_lock:
                    last_id, chain = self._append_by_hand(entry)
            else:
                with self._thread_lock, self._writer() as connection:
                    last_id, chain = self._append(connection, entry)
            self._maybe_head(last_id, chain, entry.asked_at)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise EnquiryLogUnavailable() from error

    def _append_by_hand(self, entry: Entry) -> tuple[int, bytes]:
        """The same in the driver's own words, for SQLite: this transaction stands in every answer's way."""
        connection = self._own_connection()
        content = {name: getattr(entry, name) for name in CHAINED}
        self._lock()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                last = connection.execute(LAST).fetchone()
                entry_id, previous = (1, GENESIS) if last is None else (last[0] + 1, last[1])
                chain = chain_of(previous, content, entry.lines)
                content["asked_at"] = (entry.asked_at - EPOCH) // MICROSECOND
                content["shown"] = dump_json(entry.shown)
                connection.execute(INSERT, (entry_id, *content.values(), chain))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        finally:
            self._unlock()
        return entry_id, chain

    def _own_connection(self) -> sqlite3.Connection:
        """A connection of this process alone (a forked one makes its own), kept open."""
        if self._connection is None or self._connection_of != os.getpid():
            proxied = self.engine.raw_connection()
            self._connection = cast(sqlite3.Connection, proxied.driver_connection)
            self._connection_of = os.getpid()
            proxied.detach()
            self._proxied = proxied
        return self._connection

    def _lock(self) -> None:
        if self._lock_file is None:
            self._lock_file = self._lock_path.open("a")
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)

    def _unlock(self) -> None:
        fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def _append(self, connection: Connection, entry: Entry) -> tuple[int, bytes]:
        last = connection.execute(self._last).first()
        entry_id, previous = (1, GENESIS) if last is None else (last[0] + 1, bytes(last[1]))
        content: dict[str, Any] = {name: getattr(entry, name) for name in CHAINED}
        chain = chain_of(previous, content, entry.lines)
        connection.execute(self._insert, {"id": entry_id, **content, "chain": chain})
        if entry.lines:
            connection.execute(
                insert(EnquirySubject),
                [{"enquiry_id": entry_id, "subject_ref": ref, "shown": shown} for ref, shown in entry.lines],
            )
        return entry_id, chain

    @contextmanager
    def _writer(self) -> Iterator[Connection]:
        if self.engine.dialect.name == "sqlite":
            self._lock()
            try:
                with self.engine.begin() as connection:
                    yield connection
            finally:
                self._unlock()
            return
        with self.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            yield connection

    def _maybe_head(self, last_id: int, chain: bytes, now: datetime) -> None:
        self._since_head += 1
        due = self._last_head_at is None or now - self._last_head_at >= HEAD_INTERVAL
        if due or self._since_head >= HEAD_ENTRIES:
            self.write_head(last_id, chain, now)
            self._since_head, self._last_head_at = 0, now

    def write_head(self, last_id: int, chain: bytes, now: datetime) -> Path:
        """Sign the head and put it where a copy can be taken from; a head never replaces another."""
        self.heads.mkdir(parents=True, exist_ok=True)
        body = {"id": last_id, "chain": chain.hex(), "at": now.astimezone(UTC).isoformat()}
        signature = self._keyring.sign_head(json.dumps(body, sort_keys=True).encode())
        path = self.heads / f"{last_id:012d}.json"
        temporary = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
        temporary.write_text(json.dumps({**body, "signature": signature.hex()}), encoding="utf-8")
        temporary.replace(path)
        return path

    def count_access(self, action: str, now: datetime) -> None:
        """Count a question that disclosed nothing withheld (public search): statistics, flushed now and then."""
        day = now.astimezone(DISTRICT_ZONE).date().isoformat()
        with self._thread_lock:
            self._counts[(day, action)] += 1
            if self._counts.total() < COUNT_FLUSH:
                return
        self.flush_counts()

    def flush_counts(self) -> None:
        """Write the collected access statistics; EnquiryLogUnavailable where that fails, and they are kept."""
        with self._thread_lock:
            if not self._counts:
                return
            try:
                self._write_counts()
            except (SQLAlchemyError, OSError) as error:
                raise EnquiryLogUnavailable() from error
            self._counts = Counter()

    def _write_counts(self) -> None:
        with self._writer() as connection:
            for (day, action), count in self._counts.items():
                row = {"b_day": day, "b_action": action, "b_count": count}
                changed = connection.execute(
                    update(AccessCount)
                    .where(AccessCount.day == bindparam("b_day"), AccessCount.action == bindparam("b_action"))
                    .values(count=AccessCount.count + bindparam("b_count")),
                    row,
                )
                if changed.rowcount == 0:
                    connection.execute(insert(AccessCount), {"day": day, "action": action, "count": count})

    def length(self) -> int:
        """How many entries there are."""
        with self.engine.connect().execution_options(**{READ_ONLY: True}) as connection:
            return int(connection.execute(select(func.count()).select_from(Enquiry)).scalar_one())
