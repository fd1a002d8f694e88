"""The projection of records and their events: one row per fact, with standing and terms. Rebuildable, never edited by hand.

Only this module and ``credit.records`` write ``current_records``; only ``credit.disclosure`` compares its columns.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from credit.catalogue import CatalogueItem
from credit.list_kinds import ListKind
from credit.publication import RulePack, Terms, decide_terms
from models.terms import DisclosureLevel, EventKind, LinkedBy, Severity, Standing, Tone

COLUMNS = (
    "record_id", "record_key", "content_digest", "subject_id", "item", "tone", "disclosure", "standing", "disputed",
    "link_confirmed", "publish_from", "publish_until", "share_until", "use_until", "query_until", "rule", "version",
)  # fmt: skip


class Head(NamedTuple):
    """The projection row of a fact, as far as accepting news about it needs."""

    record_id: int
    content_digest: bytes
    subject_id: int
    standing: str
    disputed: bool
    link_confirmed: bool
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What the events of a fact add up to."""

    standing: Standing = Standing.valid
    disputed: bool = False
    link_confirmed: bool = True


STANDING_AFTER: Mapping[EventKind, Standing] = {
    EventKind.withdrawn: Standing.withdrawn,
    EventKind.annulled: Standing.annulled,
    EventKind.repaired: Standing.repaired,
    EventKind.reinstated: Standing.valid,
    EventKind.ended: Standing.ended,
}


def mark_after(mark: Mark, kind: EventKind) -> Mark:
    """The mark of a fact after one more event."""
    if kind in STANDING_AFTER:
        return Mark(STANDING_AFTER[kind], mark.disputed, mark.link_confirmed)
    if kind is EventKind.objected:
        return Mark(mark.standing, True, mark.link_confirmed)
    if kind is EventKind.objection_closed:
        return Mark(mark.standing, False, mark.link_confirmed)
    if kind in (EventKind.linked, EventKind.unlinked):
        return Mark(mark.standing, mark.disputed, kind is EventKind.linked)
    return mark


def mark_of(linked_by: str, kinds: Iterable[str]) -> Mark:
    """The mark of a fact from how it was linked and all its events in order."""
    mark = Mark(link_confirmed=linked_by != LinkedBy.name.value)
    for kind in kinds:
        mark = mark_after(mark, EventKind(kind))
    return mark


def tone_of(item: CatalogueItem, list_kind: ListKind | None) -> Tone:
    """Whether a record speaks for or against its subject: the item's tone, for a listing that of its list."""
    return list_kind.tone if list_kind is not None else item.tone


NARROWNESS = {DisclosureLevel.public: 0, DisclosureLevel.government: 1, DisclosureLevel.authorised: 2}


def disclosure_of(item: CatalogueItem, mark: str | None) -> DisclosureLevel:
    """The level of a record: the item's, or the deciding body's mark where that is narrower."""
    marked = item.disclosure if mark is None else DisclosureLevel(mark)
    return max(item.disclosure, marked, key=NARROWNESS.__getitem__)


def last_day(list_kind: ListKind | None, held_from: date | None, held_until: date | None) -> date | None:
    """A record's own last day; for an entry on a list without one, the end of the list's statutory term."""
    if held_until is not None or list_kind is None or held_from is None:
        return held_until
    return list_kind.end_of_term(held_from)


def terms_of(
    item: CatalogueItem,
    tone: Tone,
    pack: RulePack,
    *,
    severity: str | None,
    held_from: date | None,
    held_until: date | None,
    publish_limit: date | None,
    known_on: date,
) -> Terms:
    """The terms of a record, decided once by the rule in force."""
    return decide_terms(
        item.publication_rule,
        tone,
        None if severity is None else Severity(severity),
        held_from,
        held_until,
        publish_limit,
        known_on,
        pack,
    )


def adapt_terms(terms: Terms, day: Callable[[date | None], Any]) -> tuple[Any, ...]:
    """The last six columns of a projection row, days as the driver takes them."""
    return (
        day(terms.publish_from),
        day(terms.publish_until),
        day(terms.share_until),
        day(terms.use_until),
        day(terms.query_until),
        terms.rule_id,
    )


def projection_row(
    head: Head, record_key: bytes, kind: tuple[str, str, str], terms: tuple[Any, ...]
) -> tuple[Any, ...]:
    """One projection row in the order of ``COLUMNS``; ``kind`` is (item, tone, disclosure)."""
    return (
        head.record_id, record_key, head.content_digest, head.subject_id, *kind, head.standing, head.disputed,
        head.link_confirmed, *terms, head.version,
    )  # fmt: skip


def projection_values(
    *,
    record_id: int,
    record_key: bytes,
    content_digest: bytes,
    subject_id: int,
    item: CatalogueItem,
    tone: Tone,
    mark: Mark,
    terms: Terms,
    disclosure: DisclosureLevel,
    version: str | None,
) -> dict[str, Any]:
    """One projection row by column name, values not yet adapted to a driver."""
    return {
        "record_id": record_id,
        "record_key": record_key,
        "content_digest": content_digest,
        "subject_id": subject_id,
        "item": item.code,
        "tone": tone.value,
        "disclosure": disclosure.value,
        "standing": mark.standing.value,
        "disputed": mark.disputed,
        "link_confirmed": mark.link_confirmed,
        "publish_from": terms.publish_from,
        "publish_until": terms.publish_until,
        "share_until": terms.share_until,
        "use_until": terms.use_until,
        "query_until": terms.query_until,
        "rule": terms.rule_id,
        "version": version,
    }
