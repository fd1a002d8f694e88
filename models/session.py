"""Engines and sessions: the only place that calls ``create_engine``.

SQLite: WAL, foreign keys, ``BEGIN IMMEDIATE`` for whoever writes (a deferred transaction that upgrades fails at once instead of
waiting), and our own BEGIN, because the driver's implicit one breaks savepoints. ``synchronous=FULL`` everywhere: a
committed batch or enquiry survives the loss of the process and, as far as the disk is honest, of power.
"""

import json
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=30000",
    "PRAGMA cache_size=-24576",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA mmap_size=2147418112",
)

READ_ONLY = "credit_read_only"
"""Execution option of a connection whose transactions never write (deferred BEGIN on SQLite)."""


def dump_json(value: Any) -> str:
    """JSON as stored: compact, Chinese readable, no NaN."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def make_engine(url: str, *, cache_kib: int | None = None) -> Engine:
    """Make the engine of a database URL; ``cache_kib`` bounds SQLite's page cache (KiB)."""
    engine = create_engine(url, json_serializer=dump_json, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, cache_kib)
    return engine


def make_session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions that keep objects usable after commit: an answer is drawn from them later."""
    return sessionmaker(engine, expire_on_commit=False)


def _prepare_sqlite(engine: Engine, cache_kib: int | None) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(pragma)
        if cache_kib is not None:
            cursor.execute(f"PRAGMA cache_size=-{int(cache_kib)}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        mode = "DEFERRED" if connection.get_execution_options().get(READ_ONLY) else "IMMEDIATE"
        connection.exec_driver_sql(f"BEGIN {mode}")
