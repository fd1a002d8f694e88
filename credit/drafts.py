"""What an interface hands over: drafts of subjects and records, and the faults of a row.

Plain frozen data. A draft carries values already read (dates as dates, money in fen, codes normalised); nothing in here
touches a database, and nothing behind here reads a department's spelling.
"""

import json
from datetime import date
from typing import Any, NamedTuple

from models.terms import DisclosureLevel, Severity, SubjectKind


class Fault(NamedTuple):
    """One thing wrong with a row: the column as the department calls it, a stable code, a message in Chinese.

    The message never repeats the value: a value may be a citizen number.
    """

    column: str
    code: str
    message: str


class SubjectDraft(NamedTuple):
    """Whom a row speaks about, as far as the row says it.

    ``code`` is a checked unified social credit code (统一社会信用代码) or None; ``identifiers`` are further checked
    identifiers as (scheme, value) with scheme in reg_no, org_code, tax_no; ``number`` is a natural person's checked
    18-character number in plain text (it is encrypted at the door and never logged). ``masked_number`` is one as courts publish
    it (ten places, four stars, four places): it gives candidates, never a subject.
    """

    kind: SubjectKind | None
    name: str
    code: str | None
    identifiers: tuple[tuple[str, str], ...] = ()
    number: str | None = None
    former_names: tuple[str, ...] = ()
    masked_number: str | None = None


class RecordDraft(NamedTuple):
    """One fact about one subject under one catalogue item.

    ``natural_key`` names the fact for ever (a correction has the same key and other content), its first part the subject as the
    row calls it; ``payload`` maps the
    catalogue's field names (the closed set of column meanings) to JSON values; ``amount`` is in fen; ``held_from`` is
    the day of the decision or event, ``held_until`` its own end (a licence's last day), None where it has none;
    ``list_code`` is set where the item is a listing. ``version`` is the source's own stamp of this state of the fact: of two
    states the later stamp holds, whichever came first. ``mark`` is the deciding body's own word on openness (公开/不公开) and
    can only narrow; ``deleted`` says that the source took the fact back.
    """

    row_number: int
    item: str
    subject: SubjectDraft
    natural_key: tuple[str, ...]
    payload: dict[str, Any]
    held_from: date | None = None
    held_until: date | None = None
    publish_limit: date | None = None
    document_number: str | None = None
    authority: str | None = None
    authority_code: str | None = None
    amount: int | None = None
    severity: Severity | None = None
    list_code: str | None = None
    version: str | None = None
    mark: DisclosureLevel | None = None
    deleted: bool = False


class RowResult(NamedTuple):
    """What became of reading one row: a draft, or faults, never both. ``raw`` is the row as kept (named columns only)."""

    row_number: int
    draft: RecordDraft | None
    faults: tuple[Fault, ...]
    raw: tuple[str, ...]


def dump_draft(draft: RecordDraft) -> bytes:
    """A draft as JSON bytes, to be sealed while its row is parked."""
    fields = draft._asdict()
    fields["subject"] = draft.subject._asdict()
    for name in DAYS:
        fields[name] = None if fields[name] is None else fields[name].isoformat()
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def load_draft(body: bytes) -> RecordDraft:
    """A draft from ``dump_draft``'s bytes."""
    fields = json.loads(body)
    subject = fields["subject"]
    fields["subject"] = SubjectDraft(
        kind=None if subject["kind"] is None else SubjectKind(subject["kind"]),
        name=subject["name"],
        code=subject["code"],
        identifiers=tuple((scheme, value) for scheme, value in subject["identifiers"]),
        number=subject["number"],
        former_names=tuple(subject["former_names"]),
        masked_number=subject.get("masked_number"),
    )
    fields["natural_key"] = tuple(fields["natural_key"])
    for name in DAYS:
        fields[name] = None if fields[name] is None else date.fromisoformat(fields[name])
    if fields["severity"] is not None:
        fields["severity"] = Severity(fields["severity"])
    if fields.get("mark") is not None:
        fields["mark"] = DisclosureLevel(fields["mark"])
    return RecordDraft(**fields)


DAYS = ("held_from", "held_until", "publish_limit")
