"""The lines of a batch: each one change of one fact in the city's codes, with a digest both sides can compute.

A line names its fact by ``ref`` (our keyed record key) and its change by ``revision``. The digest covers everything but the
sealed number, which is another text each time it is sealed.
"""

import hashlib
import json
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from credit.city.link import CityLink
from credit.city.mapping import CityMapping, Unmapped
from credit.keyring import Keyring
from credit.resolve import NUMBER_CONTEXT
from models.base import DISTRICT_ZONE

RECORD: Final = "record"
STANDING: Final = "standing"
DELETED: Final = "deleted"
OBJECTION: Final = "objection"
OUTSIDE_DIGEST: Final = frozenset(("digest", "number_sealed"))


class Line(NamedTuple):
    """One line: what the city gets (``body``), and what we keep to compare."""

    kind: str
    code: str
    day: date
    record_key: bytes
    revision: int
    body: dict[str, Any]

    @property
    def digest(self) -> str:
        """The line's digest as it stands in the body."""
        return str(self.body["digest"])


class Subject(NamedTuple):
    """Whom a change is about, as far as it is told."""

    name: str
    kind: str
    code: str | None
    number_sealed: bytes | None


def line_digest(body: dict[str, Any]) -> str:
    """SHA-256 (first 16 bytes, hexadecimal) over the line as sorted JSON, without digest and sealed number."""
    plain = {key: value for key, value in body.items() if key not in OUTSIDE_DIGEST}
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def dump_lines(lines: list[Line]) -> bytes:
    """JSON Lines as they travel."""
    return b"".join(
        json.dumps(line.body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"
        for line in lines
    )


def day_of(moment: datetime) -> date:
    """The district's day of a moment."""
    return moment.astimezone(DISTRICT_ZONE).date()


def fact_fields(
    mapping: CityMapping,
    item: str,
    list_code: str | None,
    document: str | None,
    authority: str | None,
    held: date | None,
) -> dict[str, Any]:
    """What names a fact to whoever does not know our key. Raises Unmapped."""
    return {
        "item": mapping.item(item).code,
        "list": mapping.word("lists", list_code),
        "document_number": document,
        "authority": authority,
        "decided_on": None if held is None else held.isoformat(),
    }


def subject_fields(mapping: CityMapping, subject: Subject, link: CityLink, keyring: Keyring) -> dict[str, Any]:
    """The subject as the city gets it: a person by sealed number only. Raises Unmapped where no number may travel."""
    fields: dict[str, Any] = {
        "name": subject.name,
        "subject_kind": mapping.word("subject_kinds", subject.kind),
        "code": subject.code,
    }
    if subject.number_sealed is not None:
        sealed = link.seal_number(keyring.open(subject.number_sealed, NUMBER_CONTEXT).decode())
        if sealed is None:
            raise Unmapped("没有市平台传输密钥，自然人信息不上传")
        fields["number_sealed"] = sealed
    return fields


def make_line(
    kind: str, code: str, known_at: datetime, record_key: bytes, revision: int, edition: str, fields: dict[str, Any]
) -> Line:
    """Put a line together and digest it."""
    day = day_of(known_at)
    body = {
        "kind": kind, "ref": record_key.hex(), "revision": revision, "edition": edition, "day": day.isoformat(), **fields,
    }  # fmt: skip
    body["digest"] = line_digest(body)
    return Line(kind, code, day, record_key, revision, body)
