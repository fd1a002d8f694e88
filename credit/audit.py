"""Proves the enquiry log whole, or names the first bad entry.

Found: any edit, deletion, insertion or reordering anywhere (the chain breaks), and truncation below the last signed head.
Not detectable, and said so: entries cut off after the last head.
"""

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from credit.enquiry_log import CHAINED, GENESIS, chain_of
from credit.keyring import Keyring
from models.enquiries import Enquiry, EnquirySubject
from models.session import READ_ONLY

UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError)
"""What reading a value raises that nobody of ours wrote."""


@dataclass(frozen=True, slots=True)
class AuditResult:
    """``entries`` checked; ``bad_entry`` the first that does not hold (None: whole); ``heads`` checked; ``reason``."""

    entries: int
    heads: int
    last_head: int
    bad_entry: int | None = None
    reason: str | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return self.reason is None


def verify_log(engine: Engine, keyring: Keyring, heads_directory: Path) -> AuditResult:
    """Walk the whole chain and compare it with every signed head."""
    heads, problem = _load_heads(keyring, heads_directory)
    last_head = max(heads, default=0)
    with _snapshot(engine) as connection:
        entries, bad, reason = _walk(connection, heads)
    if reason is None and problem is not None:
        bad, reason = problem
    if reason is None and last_head > entries:
        bad, reason = entries + 1, "日志在已签名的链头之前被截断"
    return AuditResult(entries, len(heads), last_head, bad, reason)


def _snapshot(engine: Engine) -> Connection:
    """One consistent view of entries and lines that keeps no writer waiting, however long the walk takes."""
    connection = engine.connect()
    if engine.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ")
    return connection.execution_options(**{READ_ONLY: True})


def _load_heads(keyring: Keyring, directory: Path) -> tuple[dict[int, bytes], tuple[int, str] | None]:
    heads: dict[int, bytes] = {}
    for path in sorted(directory.glob("*.json")):
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            signature = bytes.fromhex(raw.pop("signature"))
            sound = keyring.verify_head(json.dumps(raw, sort_keys=True).encode(), signature)
            entry_id, chain = int(raw["id"]), bytes.fromhex(raw["chain"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return heads, (0, f"链头文件 {path.name} 无法读取")
        if not sound:
            return heads, (entry_id, f"链头 {entry_id} 的签名无效")
        heads[entry_id] = chain
    return heads, None


def _walk(connection: Connection, heads: dict[int, bytes]) -> tuple[int, int | None, str | None]:
    table = Enquiry.__table__
    columns = [table.c.id, *(table.c[name] for name in CHAINED), table.c.chain]
    lines = _subject_lines(connection)
    previous, expected = GENESIS, 0
    rows = connection.execute(select(*columns).order_by(table.c.id).execution_options(yield_per=2000)).mappings()
    try:
        line = next(lines, None)
        for row in rows:
            expected += 1
            if row["id"] != expected or (line is not None and line[0] < expected):
                return expected - 1, expected, "有条目被删除、插入或重排"
            mine: list[tuple[str, dict[str, int]]] = []
            if line is not None and line[0] == expected:
                mine, line = line[1], next(lines, None)
            chain = chain_of(previous, dict(row), mine)
            if chain != bytes(row["chain"]):
                return expected - 1, expected, "条目内容与链值不符"
            if expected in heads and heads[expected] != chain:
                return expected - 1, expected, "链值与已签名的链头不符"
            previous = chain
    except UNREADABLE:
        return max(expected - 1, 0), max(expected, 1), "条目无法读取"
    return (expected, None, None) if line is None else (expected, expected + 1, "有明细行不属于任何条目")


def _subject_lines(connection: Connection) -> Any:
    statement = select(EnquirySubject.enquiry_id, EnquirySubject.subject_ref, EnquirySubject.shown).order_by(
        EnquirySubject.enquiry_id, EnquirySubject.id
    )
    rows = connection.execute(statement.execution_options(yield_per=2000))
    for enquiry_id, group in groupby(rows, key=lambda row: row[0]):
        yield enquiry_id, [(row[1], row[2]) for row in group]
