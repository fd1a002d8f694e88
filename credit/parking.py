"""Parked rows: sound rows that wait for their subject or for a decision's reference. Sealed, found by a digest of the name.

The same waiting row delivered again does not wait twice; another content for it replaces the one that waited.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from credit.bulk import adapter_of, draw_ids, insert_rows, table_of
from credit.drafts import RecordDraft, dump_draft, load_draft
from credit.keyring import Keyring, SealBox
from credit.names import normalise_name
from models.collection import Batch, Delivery, ParkedRow
from models.terms import ParkedReason

PARKED_CONTEXT = b"parked-row"
COLUMNS = (
    "id", "batch_id", "row_number", "item", "reason", "record_key", "content_digest", "name_digest", "draft_sealed",
    "parked_at",
)  # fmt: skip


class Waiting(NamedTuple):
    """A parked row taken up again, with the provenance of the batch that brought it."""

    parked_id: int
    draft: RecordDraft
    source_id: int
    batch_id: int
    edition_id: int


def waiting_key(draft: RecordDraft) -> str:
    """What names a waiting fact: like a record's key, with name (and masked number) in the subject's place."""
    masked = draft.subject.masked_number
    name = normalise_name(draft.subject.name) + (f"?{masked}" if masked else "")
    return "\x1f".join((draft.item, draft.list_code or "", "?", name, *draft.natural_key[1:]))


def park_rows(
    connection: Connection,
    keyring: Keyring,
    rows: Sequence[tuple[RecordDraft, ParkedReason, bytes]],
    batch_id: int,
    delivery_key: bytes,
    known_at: datetime,
) -> None:
    """Keep rows (draft, reason, content digest) sealed under the delivery's key."""
    table = table_of(ParkedRow)
    keyed = {}
    for draft, reason, content in rows:
        keyed[keyring.digest(waiting_key(draft), "record")] = (draft, reason, content)
    there: dict[bytes, tuple[int, bytes]] = {}
    statement = select(table.c.record_key, table.c.id, table.c.content_digest).where(
        table.c.record_key.in_(list(keyed)), table.c.settled_at.is_(None)
    )
    for key, parked_id, content in connection.execute(statement):
        there[bytes(key)] = (parked_id, bytes(content))
    fresh = {key: row for key, row in keyed.items() if key not in there or there[key][1] != row[2]}
    _settle(connection, [there[key][0] for key in fresh if key in there], known_at)
    moment = adapter_of(connection).time(known_at)
    ids = draw_ids(connection, ParkedRow, len(fresh))
    box, values = SealBox(delivery_key), []
    for parked_id, (key, (draft, reason, content)) in zip(ids, fresh.items(), strict=True):
        name_norm = normalise_name(draft.subject.name)
        sealed = box.seal(dump_draft(draft), PARKED_CONTEXT)
        digest = keyring.digest(name_norm, "name") if reason is ParkedReason.subject_unknown else None
        values.append(
            (parked_id, batch_id, draft.row_number, draft.item, reason.value, key, content, digest, sealed, moment)
        )
    insert_rows(connection, ParkedRow, COLUMNS, values)


def take_waiting(connection: Connection, keyring: Keyring, names: Sequence[str], known_at: datetime) -> list[Waiting]:
    """Rows that waited for a subject of one of these normalised names; they are settled by being taken."""
    if connection.execute(select(ParkedRow.id).where(ParkedRow.settled_at.is_(None)).limit(1)).first() is None:
        return []
    parked, batch, delivery = table_of(ParkedRow), table_of(Batch), table_of(Delivery)
    digests = [digest for name in names for digest in keyring.digests(name, "name")]
    statement = (
        select(
            parked.c.id, parked.c.draft_sealed, parked.c.batch_id, delivery.c.source_id, delivery.c.edition_id,
            delivery.c.key_sealed,
        )
        .join(batch, batch.c.id == parked.c.batch_id)
        .join(delivery, delivery.c.id == batch.c.delivery_id)
        .where(parked.c.name_digest.in_(digests), parked.c.settled_at.is_(None))
        .order_by(parked.c.id)
    )  # fmt: skip
    found = []
    for parked_id, sealed, batch_id, source_id, edition_id, key_sealed in connection.execute(statement):
        if key_sealed is None:
            continue
        body = SealBox(keyring.unwrap(bytes(key_sealed))).open(bytes(sealed), PARKED_CONTEXT)
        found.append(Waiting(parked_id, load_draft(body), source_id, batch_id, edition_id))
    _settle(connection, [waiting.parked_id for waiting in found], known_at)
    return found


def keep_waiting(connection: Connection, parked_id: int, reason: ParkedReason) -> None:
    """A row taken up in vain waits on, now for a person: it is not asked for by name any more."""
    table = table_of(ParkedRow)
    values = {"settled_at": None, "reason": reason.value, "name_digest": None}
    connection.execute(update(table).where(table.c.id == parked_id).values(**values))


def _settle(connection: Connection, parked_ids: Sequence[int], known_at: datetime) -> None:
    if parked_ids:
        table = table_of(ParkedRow)
        connection.execute(
            update(table).where(table.c.id == bindparam("b_id")).values(settled_at=known_at),
            [{"b_id": parked_id} for parked_id in parked_ids],
        )
