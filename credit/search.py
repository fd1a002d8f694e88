"""Search by name: complete from two characters on, best first.

An own bigram index, because the ready-made ones lose Chinese: FTS5's trigram finds nothing at two characters and word
cutters lose a quarter and more. SQLite: contentless FTS5 without positions, one ASCII token per pair of characters (its
tokenizer would eat brackets); PostgreSQL: GIN over an array. The index only narrows; the survivors are compared with the
normalised text itself, so that the answer equals LIKE's (held by a property test). Persons are not in the index.
"""

import base64
import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Boolean, Connection, String, bindparam, column, text

from credit.bulk import insert_rows
from credit.errors import InvalidQuery
from credit.names import normalise_name, query_bigrams
from credit.prepared import Prepared

LONGEST_QUERY = 100


class NameHit(NamedTuple):
    """A name that contains the query: the name, whether it is the current one, and whose."""

    name_id: int
    subject_id: int
    name: str
    name_norm: str
    current: bool
    ref: str
    code: str | None
    subject_name: str
    kind: str


def token(pair: str) -> str:
    """A pair of characters (or a first character) as one ASCII token."""
    found = _TOKENS.get(pair)
    if found is None:
        found = "x".join(f"{ord(character):x}" for character in pair) + "z" * (len(pair) == 1)
        if len(_TOKENS) < 500_000:
            _TOKENS[pair] = found
    return found


_TOKENS: dict[str, str] = {}


def index_names(connection: Connection, names: Sequence[tuple[int, list[str]]]) -> None:
    """Put names (id, bigrams) into the index, in the transaction that wrote them."""
    if not names:
        return
    if connection.dialect.name == "sqlite":
        rows = [(name_id, " ".join(map(token, pairs))) for name_id, pairs in names]
        connection.exec_driver_sql("INSERT INTO name_bigrams (rowid, bigrams) VALUES (?, ?)", rows)
    else:
        insert_rows(connection, "name_bigrams", ("id", "bigrams"), [(name_id, pairs) for name_id, pairs in names])


def unindex_names(connection: Connection, names: Sequence[tuple[int, list[str]]]) -> None:
    """Take names out. SQLite 3.40 deletes from a contentless index only with the tokens that went in."""
    if connection.dialect.name == "sqlite":
        for name_id, pairs in names:
            connection.exec_driver_sql(
                "INSERT INTO name_bigrams (name_bigrams, rowid, bigrams) VALUES ('delete', ?, ?)",
                (name_id, " ".join(map(token, pairs))),
            )
    else:
        connection.execute(
            text("DELETE FROM name_bigrams WHERE id IN :ids").bindparams(bindparam("ids", expanding=True)),
            {"ids": [name_id for name_id, _ in names]},
        )


FOUND = (
    "n.id, s.id AS subject_id, n.name, n.name_norm, (n.current AND o.merged_into IS NULL) AS current, s.ref, s.code, "
    "s.name AS subject_name, s.kind FROM subject_names n JOIN subjects o ON o.id = n.subject_id "
    "JOIN subjects s ON s.id = COALESCE(o.merged_into, o.id)"
)
"""A name of a subject that was merged leads to the one kept, as a former name."""
COLUMNS = (
    column("name_id", BigInteger), column("subject_id", BigInteger), column("name", String), column("name_norm", String),
    column("current", Boolean), column("ref", String), column("code", String), column("subject_name", String),
    column("kind", String),
)  # fmt: skip


def _prepared(sql: str) -> Prepared:
    return Prepared(text(sql).columns(*COLUMNS))


SQLITE_SEARCH = _prepared(
    f"SELECT {FOUND} JOIN name_bigrams b ON n.id = b.rowid "
    "WHERE b.name_bigrams MATCH :wanted AND b.rowid > :after ORDER BY b.rowid LIMIT :count"
)
NATIVE_SEARCH = _prepared(
    f"SELECT {FOUND} JOIN name_bigrams b ON n.id = b.id "
    "WHERE b.bigrams @> CAST(:wanted AS text[]) AND b.id > :after ORDER BY b.id LIMIT :count"
)
EXACT = _prepared(f"SELECT {FOUND} WHERE n.name_norm = :wanted AND n.id > :after ORDER BY n.id LIMIT :count")
PREFIX_PAGE = _prepared(
    f"SELECT {FOUND} WHERE n.name_norm >= :after AND n.name_norm < :beyond "
    "AND (n.name_norm > :after OR (n.name_norm = :after AND n.id > :id AND :id > 0)) ORDER BY n.name_norm, n.id LIMIT :count"
)
LONGEST_CURSOR = 4096
LAST_CHARACTER = "\U0010ffff"
LARGEST_ID = (1 << 63) - 1


class Position(NamedTuple):
    """Where a search stands: 0 exact, 1 names beginning with the query, 2 the others in index order."""

    stage: int
    name_norm: str
    name_id: int


START = Position(0, "", 0)


def normalise_query(name: str) -> str:
    """The searchable form of a query; InvalidQuery below two characters or above a hundred."""
    if len(name) > LONGEST_QUERY:
        raise InvalidQuery(f"名称查询不得超过{LONGEST_QUERY}个字符", faults=[fault("TOO_LONG", "名称过长")])
    wanted = normalise_name(name)
    if len(wanted) < 2:
        raise InvalidQuery("名称查询至少需要两个字符", faults=[fault("TOO_SHORT", "至少两个字符")])
    return wanted


def fault(code: str, message: str) -> dict[str, str]:
    """A fault of the ``name`` parameter."""
    return {"field": "name", "code": code, "message": message}


def search_names(
    connection: Connection, wanted: str, *, limit: int, position: Position = START
) -> tuple[list[NameHit], Position | None]:
    """Up to ``limit`` names containing ``wanted`` (normalised): exact, then beginning with it, then index order.

    Complete over all pages; the second value is where the next page begins, None at the end.
    """
    hits: list[NameHit] = []
    stage, name_norm, name_id = position
    if stage == 0:
        hits = [NameHit(*row) for row in EXACT.all(connection, wanted=wanted, after=name_id, count=limit)]
        if len(hits) == limit:
            return hits, Position(0, wanted, hits[-1].name_id)
        stage, name_norm, name_id = 1, wanted, 0
    if stage == 1 and len(hits) < limit:
        more, (name_norm, name_id), ended = _prefix_page(connection, wanted, limit - len(hits), name_norm, name_id)
        hits += more
        if ended:
            stage, name_id = 2, 0
    if stage == 2 and len(hits) < limit:
        more, name_id, ended = _inner_page(connection, wanted, limit - len(hits), name_id)
        hits += more
        if ended:
            return hits, None
    return hits, Position(stage, name_norm, name_id)


def _prefix_page(
    connection: Connection, wanted: str, count: int, name_norm: str, name_id: int
) -> tuple[list[NameHit], tuple[str, int], bool]:
    """Names that begin with the query, in name order; several subjects may share a name, so the id breaks ties."""
    head = wanted.rstrip(LAST_CHARACTER) or wanted
    following = ord(head[-1]) + 1
    beyond = head[:-1] + chr(0xE000 if following == 0xD800 else min(following, 0x10FFFF))
    after = name_norm or wanted
    rows = [NameHit(*row) for row in PREFIX_PAGE.all(connection, after=after, id=name_id, beyond=beyond, count=count)]
    rows = [row for row in rows if row.name_norm.startswith(wanted)]
    if not rows:
        return [], (name_norm, name_id), True
    return rows, (rows[-1].name_norm, rows[-1].name_id), len(rows) < count


def _inner_page(connection: Connection, wanted: str, count: int, after: int) -> tuple[list[NameHit], int, bool]:
    """Names that hold the query further in, in index order."""
    pairs = query_bigrams(wanted)
    sqlite = connection.dialect.name == "sqlite"
    statement = SQLITE_SEARCH if sqlite else NATIVE_SEARCH
    query: str | list[str] = " ".join(map(token, pairs)) if sqlite else pairs
    hits: list[NameHit] = []
    while True:
        page = max(count * 2, 40)
        rows = [NameHit(*row) for row in statement.all(connection, wanted=query, after=after, count=page)]
        for row in rows:
            after = row.name_id
            if wanted in row.name_norm and not row.name_norm.startswith(wanted):
                hits.append(row)
                if len(hits) == count:
                    return hits, after, False
        if len(rows) < page:
            return hits, after, True


def dump_position(position: Position) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(position, ensure_ascii=False).encode()).decode().rstrip("=")


def load_position(cursor: str | None) -> Position:
    """The position of a cursor; InvalidQuery where it is none of ours."""
    if cursor is None:
        return START
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        stage, name_norm, name_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if (type(stage), type(name_norm), type(name_id)) != (int, str, int):
            raise TypeError
        if 0 <= stage <= 2 and 0 <= name_id <= LARGEST_ID and name_norm == normalise_name(name_norm):
            return Position(stage, name_norm, name_id)
    except (ValueError, TypeError, RecursionError):
        pass
    raise InvalidQuery("分页游标无效", faults=[{"field": "cursor", "code": "INVALID", "message": "游标无效"}])
