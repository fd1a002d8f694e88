"""The door's own work on one batch: read, decide in memory, write in bulk, in that order. ``credit.records`` opens it.

Of two states of a fact the later stamp of its source holds; without stamps the later arrival. What was repaired, withdrawn,
annulled or erased never comes back by being delivered again; what its source took back comes back when named again.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from credit import projection
from credit.bulk import Adapter, adapter_of, draw_ids, insert_rows, select_rows
from credit.catalogue import CatalogueItem
from credit.deployment import Deployment
from credit.drafts import Fault, RecordDraft
from credit.list_kinds import STATUS, ListKind
from credit.listings import enter_received
from credit.parking import park_rows
from credit.projection import Head
from credit.resolve import Resolution, Resolver
from models.records import CurrentRecord, Erasure, Record, RecordEvent
from models.session import dump_json
from models.terms import EventKind, LinkedBy, ParkedReason, RowOutcome, Standing

ERASED = Fault("", "ERASED", "该信息已依法删除，不再接收")


class AcceptContext(NamedTuple):
    """What a batch brings along: item, provenance, the moment it became known, and the delivery's own key."""

    item: CatalogueItem
    source_id: int
    batch_id: int
    edition_id: int
    delivery_key: bytes
    known_at: datetime
    today: date


@dataclass(slots=True)
class Accepted:
    """What became of the drafts, in their order; ``refused`` holds the faults of those turned away here.

    ``keys`` are the facts they named, for a full delivery; ``touched`` the subjects something changed for.
    """

    outcomes: list[RowOutcome]
    refused: dict[int, Fault] = field(default_factory=dict)
    records_made: int = 0
    touched: set[int] = field(default_factory=set)
    keys: set[bytes] = field(default_factory=set)


RECORD_COLUMNS = (
    "id", "record_key", "content_digest", "subject_id", "edition_id", "item", "list_code", "source_id", "batch_id", "row_number",
    "supersedes", "linked_by", "document_number", "authority", "held_from", "held_until", "publish_limit", "known_at",
    "severity", "amount", "version", "mark", "payload",
)  # fmt: skip
VALID, ENDED = Standing.valid.value, Standing.ended.value
PAYLOAD = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
"""Writes as ``models.session.dump_json``, but is made once instead of once per row."""
HEAD_COLUMNS = (
    "record_key", "record_id", "content_digest", "subject_id", "standing", "disputed", "link_confirmed", "version",
)  # fmt: skip
BACK_OR_GONE = {ENDED: (EventKind.ended, "来源已删除"), VALID: (EventKind.reinstated, "来源再次列入")}
EVENT_COLUMNS = ("record_key", "record_id", "kind", "cause", "effective_on", "known_at", "actor", "facts")


@dataclass(slots=True)
class News:
    """One draft that will be written: its place, content, and how its subject was found; then the subject and the key.

    ``stands_under`` is the subject it is shown under: another one where the subject was merged.
    """

    place: int
    draft: RecordDraft
    resolution: Resolution
    content: bytes
    payload: str
    list_kind: ListKind | None
    subject_id: int = 0
    stands_under: int = 0
    key: bytes = b""
    older_keys: tuple[bytes, ...] = ()


Fresh = list[tuple[News, Head | None, Head]]
"""What will be written, with the head before it and the head after it (ids provisional)."""


class Door:
    """One batch going in. Reads, decides, writes, in that order."""

    def __init__(self, deployment: Deployment, connection: Connection, context: AcceptContext) -> None:
        self.deployment = deployment
        self.connection = connection
        self.context = context
        self.adapt: Adapter = adapter_of(connection)
        self.appeared: list[str] = []
        self._terms_met: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._kinds_met: dict[tuple[str | None, str | None], tuple[str, str, str]] = {}

    def accept(self, drafts: Sequence[RecordDraft], waiting_id: int | None = None) -> Accepted:
        """Decide and write these drafts."""
        context = self.context
        accepted = Accepted([RowOutcome.unchanged] * len(drafts))
        resolver = Resolver(
            self.connection,
            self.deployment.keyring,
            context.known_at,
            context.batch_id,
            renames=context.item.code == "registration",
        )
        resolver.load([draft.subject for draft in drafts])
        news: list[News] = []
        parked: list[News] = []
        for place, draft in enumerate(drafts):
            list_kind = self._list_kind(draft)
            reason = self._must_wait(draft, list_kind)
            resolution = Resolution(None, LinkedBy.name, reason) if reason is not None else resolver.resolve(draft)
            payload, content = self._content(draft)
            entry = News(place, draft, resolution, content, payload, list_kind)
            (parked if resolution.subject_id is None else news).append(entry)
        final, self.appeared = resolver.flush()
        self._park(parked, accepted, waiting_id)
        for entry in news:
            self._give_key(entry, final)
            entry.stands_under = resolver.kept.get(entry.subject_id, entry.subject_id)
        self._write(news, accepted)
        return accepted

    def _list_kind(self, draft: RecordDraft) -> ListKind | None:
        return None if draft.list_code is None else self.deployment.list_kinds[draft.list_code]

    def _must_wait(self, draft: RecordDraft, list_kind: ListKind | None) -> ParkedReason | None:
        """An entry on a reward or punishment list needs its decision's number, authority and day."""
        if list_kind is None or list_kind.kind == STATUS:
            return None
        if draft.document_number and draft.authority and draft.held_from:
            return None
        return ParkedReason.decision_reference_missing

    def _content(self, draft: RecordDraft) -> tuple[str, bytes]:
        payload = PAYLOAD.encode(dict(sorted(draft.payload.items())))
        rest = (
            f"{draft.item}\x1f{draft.list_code}\x1f{draft.document_number}\x1f{draft.authority}\x1f{draft.held_from}\x1f"
            f"{draft.held_until}\x1f{draft.publish_limit}\x1f{draft.severity}\x1f{draft.amount}\x1f{draft.mark or ''}"
        )
        return payload, hashlib.blake2b((rest + payload).encode(), digest_size=16).digest()

    def _give_key(self, entry: News, final: dict[int, int]) -> None:
        provisional = entry.resolution.subject_id or 0
        entry.subject_id = final.get(provisional, provisional)
        entry.key, *older = self.deployment.keyring.digests(record_key_text(entry.draft, entry.subject_id), "record")
        entry.older_keys = tuple(older)

    def _park(self, parked: list[News], accepted: Accepted, waiting_id: int | None) -> None:
        for entry in parked:
            accepted.outcomes[entry.place] = RowOutcome.parked
        if waiting_id is not None or not parked:
            return
        rows = [
            (entry.draft, entry.resolution.reason or ParkedReason.subject_unknown, entry.content) for entry in parked
        ]
        context = self.context
        park_rows(
            self.connection, self.deployment.keyring, rows, context.batch_id, context.delivery_key, context.known_at
        )

    def _write(self, news: list[News], accepted: Accepted) -> None:
        keys = {key for entry in news for key in (entry.key, *entry.older_keys)}
        heads, erased = self._heads(keys), self._erased(keys)
        fresh: Fresh = []
        for entry in news:
            if entry.older_keys:
                entry.key = next((key for key in entry.older_keys if key in heads or key in erased), entry.key)
            head = heads.get(entry.key)
            if entry.key in erased:
                accepted.outcomes[entry.place] = RowOutcome.rejected
                accepted.refused[entry.place] = ERASED
            elif head is not None and self._says_nothing_new(entry, head):
                self._confirm_link(entry, head, heads, fresh, accepted)
                self._restate(entry, heads, fresh)
            else:
                accepted.outcomes[entry.place] = RowOutcome.accepted if head is None else RowOutcome.superseded
                heads[entry.key] = after = self._next_head(entry, head, -len(fresh) - 1)
                fresh.append((entry, head, after))
            accepted.keys.add(entry.key)
        self._insert(fresh, accepted)

    def _says_nothing_new(self, entry: News, head: Head) -> bool:
        """An older state, or the same content that was neither taken back nor brought back."""
        if is_older(entry.draft.version, entry.content, head):
            return True
        back_or_gone = head.standing in (VALID, ENDED) and entry.draft.deleted == (head.standing == VALID)
        return head.content_digest == entry.content and not back_or_gone

    def _restate(self, entry: News, heads: dict[bytes, Head], fresh: Fresh) -> None:
        """The same content under a later stamp: the stamp holds against what was said before it."""
        head, version = heads[entry.key], entry.draft.version
        if version is None or head.content_digest != entry.content or version <= (head.version or ""):
            return
        heads[entry.key] = after = head._replace(version=version)
        if head.record_id < 0:
            earlier, before, _ = fresh[-head.record_id - 1]
            earlier.draft = earlier.draft._replace(version=version)
            fresh[-head.record_id - 1] = (earlier, before, after)
            return
        self.connection.execute(
            update(CurrentRecord).where(CurrentRecord.record_key == entry.key).values(version=version)
        )
        row = self._event_row(entry, head.record_id, EventKind.restated, "来源重申", {"version": version})
        insert_rows(self.connection, RecordEvent, EVENT_COLUMNS, [row])

    def _confirm_link(
        self,
        entry: News,
        head: Head,
        heads: dict[bytes, Head],
        fresh: Fresh,
        accepted: Accepted,
    ) -> None:
        """The same fact once more, now by code: what was linked by name alone is confirmed."""
        if entry.resolution.linked_by is LinkedBy.name or head.link_confirmed:
            return
        heads[entry.key] = head._replace(link_confirmed=True)
        if head.record_id < 0:
            earlier, before, _ = fresh[-head.record_id - 1]
            earlier.resolution = entry.resolution
            fresh[-head.record_id - 1] = (earlier, before, heads[entry.key])
            return
        accepted.touched.add(head.subject_id)
        self.connection.execute(
            update(CurrentRecord).where(CurrentRecord.record_key == entry.key).values(link_confirmed=True)
        )
        self.connection.execute(
            insert(RecordEvent),
            {
                "record_key": entry.key,
                "record_id": head.record_id,
                "kind": EventKind.linked.value,
                "cause": "来源按代码再次报送",
                "effective_on": self.context.today,
                "known_at": self.context.known_at,
                "actor": "-",
                "facts": {},
            },
        )

    def _next_head(self, entry: News, head: Head | None, provisional: int) -> Head:
        """The head after this entry; ``provisional`` is minus its place among the fresh ones until ids are drawn."""
        linked = entry.resolution.linked_by is not LinkedBy.name
        now = ENDED if entry.draft.deleted else VALID
        version = entry.draft.version
        if head is None:
            return Head(provisional, entry.content, entry.stands_under, now, False, linked, version)
        standing = now if head.standing in (VALID, ENDED) else head.standing
        confirmed = head.link_confirmed or linked
        return Head(
            provisional, entry.content, entry.stands_under, standing, head.disputed, confirmed, version or head.version
        )

    def _heads(self, keys: set[bytes]) -> dict[bytes, Head]:
        found = select_rows(self.connection, CurrentRecord, HEAD_COLUMNS, "record_key", keys)
        heads = {}
        for key, record_id, content, subject_id, standing, disputed, confirmed, version in found:
            heads[bytes(key)] = Head(
                record_id, bytes(content), subject_id, standing, bool(disputed), bool(confirmed), version
            )
        return heads

    def _erased(self, keys: set[bytes]) -> set[bytes]:
        if self.connection.execute(select(Erasure.id).limit(1)).first() is None:
            return set()
        statement = select(Erasure.record_key).where(Erasure.record_key.in_(list(keys)))
        return {bytes(key) for key in self.connection.execute(statement).scalars()}

    def _insert(self, fresh: Fresh, accepted: Accepted) -> None:
        ids = draw_ids(self.connection, Record, len(fresh))
        records, events, superseded = [], [], []
        current: dict[bytes, tuple[Any, ...]] = {}
        listed: list[tuple[News, int]] = []
        real = {-place: record_id for place, record_id in enumerate(ids, start=1)}
        for (entry, head, after), record_id in zip(fresh, ids, strict=True):
            old_id = None if head is None else real.get(head.record_id, head.record_id)
            records.append(self._record_row(entry, record_id, old_id))
            if head is not None:
                facts = {"by": record_id}
                events.append(self._event_row(entry, old_id, EventKind.superseded, "来源更正报送", facts))
                if head.record_id > 0:
                    superseded.append(entry.key)
            if after.standing != (VALID if head is None else head.standing):
                kind, cause = BACK_OR_GONE[after.standing]
                events.append(self._event_row(entry, record_id, kind, cause, {}))
            current[entry.key] = self._current_row(entry, after._replace(record_id=record_id))
            if entry.list_kind is not None and entry.list_kind.kind != STATUS:
                listed.append((entry, record_id))
            accepted.touched.add(entry.stands_under)
        accepted.records_made += len(records)
        insert_rows(self.connection, Record, RECORD_COLUMNS, records)
        insert_rows(self.connection, RecordEvent, EVENT_COLUMNS, events)
        self._project(current, superseded)
        enter_received(
            self.connection,
            [(entry.draft, entry.list_kind, entry.key, entry.stands_under) for entry, _ in listed if entry.list_kind],
            self.context.known_at,
        )

    def _project(self, current: dict[bytes, tuple[Any, ...]], superseded: list[bytes]) -> None:
        if superseded:
            self.connection.execute(delete(CurrentRecord).where(CurrentRecord.record_key.in_(superseded)))
        insert_rows(self.connection, CurrentRecord, projection.COLUMNS, list(current.values()))

    def _record_row(self, entry: News, record_id: int, old_id: int | None) -> tuple[Any, ...]:
        draft, context, day = entry.draft, self.context, self.adapt.day
        return (
            record_id,
            entry.key,
            entry.content,
            entry.subject_id,
            context.edition_id,
            draft.item,
            draft.list_code,
            context.source_id,
            context.batch_id,
            draft.row_number,
            old_id,
            entry.resolution.linked_by.value,
            draft.document_number,
            draft.authority,
            day(draft.held_from),
            day(draft.held_until),
            day(draft.publish_limit),
            self.adapt.time(context.known_at),
            None if draft.severity is None else draft.severity.value,
            draft.amount,
            draft.version,
            draft.mark,
            entry.payload,
        )

    def _event_row(
        self, entry: News, record_id: int | None, kind: EventKind, cause: str, facts: dict[str, Any]
    ) -> tuple[Any, ...]:
        context = self.context
        moment = self.adapt.time(context.known_at)
        day = self.adapt.day(context.today)
        return (entry.key, record_id, kind.value, cause, day, moment, "-", dump_json(facts))

    def _current_row(self, entry: News, after: Head) -> tuple[Any, ...]:
        draft = entry.draft
        kind = self._kinds_met.get((draft.list_code, draft.mark)) or self._kind(entry)
        wanted = (draft.list_code, draft.severity, draft.held_from, draft.held_until, draft.publish_limit)
        terms = self._terms_met.get(wanted) or self._terms(entry, wanted)
        return projection.projection_row(after, entry.key, kind, terms)

    def _kind(self, entry: News) -> tuple[str, str, str]:
        """Item, tone and disclosure of what this batch brings under one list."""
        item = self.context.item
        mark = entry.draft.mark
        disclosure = projection.disclosure_of(item, mark).value
        found = (item.code, projection.tone_of(item, entry.list_kind).value, disclosure)
        self._kinds_met[(entry.draft.list_code, mark)] = found
        return found

    def _terms(self, entry: News, wanted: tuple[Any, ...]) -> tuple[Any, ...]:
        draft, item = entry.draft, self.context.item
        terms = projection.terms_of(
            item,
            projection.tone_of(item, entry.list_kind),
            self.deployment.rules,
            severity=None if draft.severity is None else draft.severity.value,
            held_from=draft.held_from,
            held_until=projection.last_day(entry.list_kind, draft.held_from, draft.held_until),
            publish_limit=draft.publish_limit,
            known_on=self.context.today,
        )
        found = self._terms_met[wanted] = projection.adapt_terms(terms, self.adapt.day)
        return found


def is_older(version: str | None, content: bytes, head: Head) -> bool:
    """Whether this state of a fact yields to the one that holds: an earlier stamp does, whichever came first.

    Two states under one stamp are a fault of the source; the same one wins in any order. Without stamps the later arrival holds.
    """
    if version is None or head.version is None:
        return False
    return version < head.version or (version == head.version and content < head.content_digest)


def record_key_text(draft: RecordDraft, subject_id: int) -> str:
    """What names a fact for ever: item, list, subject and the natural key. Digested with a key before it is stored."""
    return "\x1f".join((draft.item, draft.list_code or "", str(subject_id), *draft.natural_key[1:]))
