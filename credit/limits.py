"""Failed sign-ins, used one-time codes and revoked tokens: small tables that never wait behind an import.

On SQLite they live in ``limits.sqlite`` of the instance, shared by its workers; its own write lock is held for microseconds.
On PostgreSQL, where several machines may serve one database, revocations live in the business database, and the counters of
failures stay with the machine (a lock of five failures per machine is still a lock).
"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.schema import Table

from models.accounts import RevokedToken
from models.session import READ_ONLY, make_engine

TABLES = """
CREATE TABLE IF NOT EXISTS failures (who BLOB NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS ix_failures_who ON failures (who, at);
CREATE TABLE IF NOT EXISTS used_codes (account TEXT NOT NULL, step INTEGER NOT NULL, PRIMARY KEY (account, step));
"""
WHOLE_ACCOUNT_FACTOR = 10
STEPS_KEPT = 10
REVOKED: Table = RevokedToken.__table__  # type: ignore[assignment]


@dataclass(frozen=True)
class LockRule:
    """How many failures of one account from one address lock it, and over which time they count and the lock holds."""

    failures_allowed: int = 5
    window: timedelta = timedelta(minutes=15)


class Limits:
    """The counters of one instance; safe between threads and processes."""

    def __init__(self, path: Path, engine: Engine, rule: LockRule) -> None:
        self.rule = rule
        self._path = path
        self._lock = threading.Lock()
        with self._connected() as connection:
            connection.executescript("PRAGMA journal_mode=WAL;" + TABLES)
        self._engine = engine
        if engine.dialect.name == "sqlite":
            self._engine = make_engine(f"sqlite:///{path}", cache_kib=512)
            REVOKED.create(self._engine, checkfirst=True)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def seconds_locked(self, account: str, address: str, now: datetime) -> int:
        """Seconds until this account may try again from this address; 0: at once."""
        since = (now - self.rule.window).timestamp()
        with self._connected() as connection:
            for who, allowed in self._counted(account, address):
                rows = connection.execute(
                    "SELECT at FROM failures WHERE who = ? AND at > ? ORDER BY at DESC LIMIT ?", (who, since, allowed)
                ).fetchall()
                if len(rows) == allowed:
                    until = rows[-1][0] + self.rule.window.total_seconds()
                    return max(1, int(until - now.timestamp()) + 1)
        return 0

    def note_failure(self, account: str, address: str, now: datetime) -> None:
        """Count one failed sign-in."""
        with self._connected() as connection:
            gone = (now - self.rule.window).timestamp()
            connection.execute("DELETE FROM failures WHERE at <= ?", (gone,))
            rows = [(who, now.timestamp()) for who, _allowed in self._counted(account, address)]
            connection.executemany("INSERT INTO failures (who, at) VALUES (?, ?)", rows)

    def forget_failures(self, account: str, address: str) -> None:
        """A good sign-in clears what this account missed from this address."""
        who = self._counted(account, address)[0][0]
        with self._connected() as connection:
            connection.execute("DELETE FROM failures WHERE who = ?", (who,))

    def use_code(self, account: str, step: int) -> bool:
        """Take one step of one account's codes; False where it was taken before."""
        with self._connected() as connection:
            connection.execute("DELETE FROM used_codes WHERE step < ?", (step - STEPS_KEPT,))
            done = connection.execute("INSERT OR IGNORE INTO used_codes (account, step) VALUES (?, ?)", (account, step))
            return done.rowcount == 1

    def code_used(self, account: str, step: int) -> bool:
        """Whether the code of a step was taken already."""
        with self._connected() as connection:
            found = connection.execute("SELECT 1 FROM used_codes WHERE account = ? AND step = ?", (account, step))
            return found.fetchone() is not None

    def revoke(self, jti: str, expires_at: datetime, now: datetime) -> None:
        """Call a token back; once is enough, and twice no error. What has ended by itself is dropped."""
        with self._engine.begin() as connection:
            connection.execute(delete(REVOKED).where(REVOKED.c.expires_at < now))
            try:
                with connection.begin_nested():
                    connection.execute(insert(REVOKED), {"jti": jti, "expires_at": expires_at, "revoked_at": now})
            except IntegrityError:
                return

    def revoked(self, jti: str) -> bool:
        """Whether a token was called back."""
        with self._engine.connect().execution_options(**{READ_ONLY: True}) as connection:
            return connection.execute(select(REVOKED.c.id).where(REVOKED.c.jti == jti)).first() is not None

    def _counted(self, account: str, address: str) -> list[tuple[bytes, int]]:
        pair = hashlib.sha256(f"{account}\n{address}".encode("utf-8", "replace")).digest()
        alone = hashlib.sha256(f"{account}\n*".encode("utf-8", "replace")).digest()
        allowed = self.rule.failures_allowed
        return [(pair, allowed), (alone, allowed * WHOLE_ACCOUNT_FACTOR)]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = sqlite3.connect(self._path, timeout=10)
            try:
                with connection:
                    yield connection
            finally:
                connection.close()
