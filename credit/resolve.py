"""Whom a batch of rows speaks about: set-based, so that five thousand rows cost a handful of questions.

By unified social credit code first, then by keyed digest of a person's number, then by older identifiers (a 15-digit tax
number ends in the organisation code that also stands inside a unified code), last by unique exact normalised name, and that
only as a marked link. A code or a sound number enters a subject that was unknown; a name never does. One code under another
name is kept as a conflict for a person to decide, except that a newer registration renames.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, and_, bindparam, func, select, tuple_, update

from credit.bulk import adapter_of, draw_ids, insert_rows, table_of
from credit.drafts import RecordDraft, SubjectDraft
from credit.enquiry_log import new_ref
from credit.identifiers import kind_of_code, mask_number
from credit.keyring import Keyring
from credit.names import bigrams, normalise_name
from credit.search import index_names
from models.subjects import Subject, SubjectConflict, SubjectIdentifier, SubjectName
from models.terms import LinkedBy, ParkedReason, SubjectKind

NUMBER_CONTEXT = b"subject-number"
CHUNK = 5000
T = TypeVar("T")


class Resolution(NamedTuple):
    """The subject a row belongs to and how it was found, or why the row must wait."""

    subject_id: int | None
    linked_by: LinkedBy
    reason: ParkedReason | None = None


@dataclass(slots=True)
class Known:
    """One subject as this batch knows it."""

    subject_id: int
    name_norm: str
    named_on: date | None
    fresh: bool = False
    name: str = ""


@dataclass
class Resolver:
    """Resolves one batch. Reads first, decides in memory, writes at the end (``flush``)."""

    connection: Connection
    keyring: Keyring
    known_at: datetime
    batch_id: int
    renames: bool
    by_code: dict[str, Known] = field(default_factory=dict)
    by_number: dict[bytes, Known] = field(default_factory=dict)
    by_identifier: dict[tuple[str, str], int] = field(default_factory=dict)
    by_org_code: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, set[int]] = field(default_factory=dict)
    without_code: dict[int, Known] = field(default_factory=dict)
    given_codes: list[tuple[Known, str]] = field(default_factory=list)
    dated: dict[int, Known] = field(default_factory=dict)
    others_pairs: list[tuple[Known, tuple[str, str]]] = field(default_factory=list)
    new_subjects: list[SubjectDraft] = field(default_factory=list)
    new_known: list[Known] = field(default_factory=list)
    new_names: list[tuple[Known, str, str, bool]] = field(default_factory=list)
    new_identifiers: dict[tuple[str, str], Known | int] = field(default_factory=dict)
    mismatches: list[tuple[Known, str, str]] = field(default_factory=list)
    kept: dict[int, int] = field(default_factory=dict)

    def load(self, drafts: Sequence[SubjectDraft]) -> None:
        """Ask the database once for each way of being known."""
        self._load_codes({draft.code for draft in drafts if draft.code})
        self._load_numbers({draft.number for draft in drafts if draft.number})
        others = [draft for draft in drafts if not draft.code and not draft.number]
        self._load_identifiers({pair for draft in drafts for pair in draft.identifiers})
        self._load_names({normalise_name(draft.name) for draft in others if draft.name})

    def _load_codes(self, codes: set[str]) -> None:
        statement = select(Subject.id, Subject.code, Subject.name_norm, Subject.named_on, Subject.merged_into)
        for part in _parts(codes):
            for row in self.connection.execute(statement.where(Subject.code.in_(part))):
                self.by_code[row[1] or ""] = Known(row[0], row[2], row[3])
                self._note_merge(row[0], row[4])

    def _load_numbers(self, numbers: set[str]) -> None:
        digests = {digest for number in numbers for digest in self.keyring.digests(number)}
        statement = select(Subject.id, Subject.number_digest, Subject.name_norm, Subject.merged_into)
        for part in _parts(digests):
            for row in self.connection.execute(statement.where(Subject.number_digest.in_(part))):
                self.by_number[bytes(row[1] or b"")] = Known(row[0], row[2], None)
                self._note_merge(row[0], row[3])

    def _note_merge(self, subject_id: int, kept: int | None) -> None:
        """A record keeps the subject its source names, so that a merge can be undone; it stands under the one kept."""
        if kept is not None:
            self.kept[subject_id] = kept

    def _load_identifiers(self, pairs: set[tuple[str, str]]) -> None:
        for part in _parts(pairs):
            statement = (
                select(
                    SubjectIdentifier.scheme, SubjectIdentifier.value, Subject.id, Subject.code, Subject.name_norm,
                    Subject.named_on, Subject.merged_into,
                )
                .join(Subject, Subject.id == SubjectIdentifier.subject_id)
                .where(tuple_(SubjectIdentifier.scheme, SubjectIdentifier.value).in_(part))
            )  # fmt: skip
            for scheme, value, subject_id, code, name_norm, named_on, kept in self.connection.execute(statement):
                self.by_identifier[(scheme, value)] = subject_id
                self._note_merge(subject_id, kept)
                if code is None:
                    self.without_code.setdefault(subject_id, Known(subject_id, name_norm, named_on))
        wanted = {code for scheme, value in pairs if (code := org_code_in(scheme, value)) is not None}
        inside = func.substr(Subject.code, 9, 9)
        for codes in _parts(wanted):
            owners = select(Subject.id, inside, Subject.merged_into).where(inside.in_(codes))
            for subject_id, code, kept in self.connection.execute(owners):
                self.by_org_code[code] = subject_id
                self._note_merge(subject_id, kept)

    def _load_names(self, names: set[str]) -> None:
        statement = select(SubjectName.subject_id, SubjectName.name_norm, Subject.merged_into).join(
            Subject, Subject.id == SubjectName.subject_id
        )
        for part in _parts(names):
            for subject_id, name_norm, kept in self.connection.execute(
                statement.where(SubjectName.name_norm.in_(part))
            ):
                self.by_name.setdefault(name_norm, set()).add(subject_id)
                self._note_merge(subject_id, kept)

    def resolve(self, draft: RecordDraft) -> Resolution:
        """Find or enter the subject of one row."""
        subject = draft.subject
        if subject.code:
            return Resolution(self._by_code(subject, draft.held_from).subject_id, LinkedBy.code)
        if subject.number:
            return Resolution(self._by_number(subject).subject_id, LinkedBy.number)
        for scheme, value in subject.identifiers:
            found = self.by_identifier.get((scheme, value))
            org_code = org_code_in(scheme, value)
            if found is None and org_code is not None:
                found = self.by_org_code.get(org_code)
            if found is not None:
                return Resolution(found, LinkedBy.code)
        for scheme, value in subject.identifiers:
            if scheme == "reg_no":
                return Resolution(self._enter(subject, None, (scheme, value)).subject_id, LinkedBy.code)
        person = subject.kind is SubjectKind.person
        candidates = set() if person else self.by_name.get(normalise_name(subject.name), set())
        if len({self.kept.get(candidate, candidate) for candidate in candidates}) == 1:
            return Resolution(min(candidates), LinkedBy.name)
        reason = ParkedReason.subject_ambiguous if candidates else ParkedReason.subject_unknown
        return Resolution(None, LinkedBy.name, reason)

    def _by_code(self, subject: SubjectDraft, held_from: date | None) -> Known:
        code = subject.code or ""
        known = self.by_code.get(code) or self._give_code(subject)
        if known is None:
            known = self._enter(subject, held_from if self.renames else None, None)
        else:
            self._say_name(known, subject.name, held_from)
            for pair in subject.identifiers:
                self.new_identifiers.setdefault(pair, known)
        self.others_pairs += [(known, pair) for pair in subject.identifiers]
        self.by_code[code] = known
        for former in subject.former_names:
            self.new_names.append((known, former, normalise_name(former), False))
        return known

    def _give_code(self, subject: SubjectDraft) -> Known | None:
        """A subject so far known by an older identifier alone gets its code: one firm, not two."""
        owners = (self.by_identifier.get(pair) for pair in subject.identifiers)
        known = next((self.without_code.pop(owner) for owner in owners if owner in self.without_code), None)
        if known is None:
            return None
        if known.fresh:
            place = -known.subject_id - 1
            self.new_subjects[place] = self.new_subjects[place]._replace(code=subject.code)
        else:
            self.given_codes.append((known, subject.code or ""))
        return known

    def _say_name(self, known: Known, name: str, held_from: date | None) -> None:
        """A newer registration names the subject; an older one tells a former name; anything else is a conflict."""
        name_norm = normalise_name(name)
        newer = self.renames and held_from is not None and (known.named_on is None or held_from > known.named_on)
        older = self.renames and held_from is not None and known.named_on is not None and held_from < known.named_on
        if not name_norm:
            return
        if newer:
            known.named_on = held_from
            self.dated[known.subject_id] = known
        if name_norm == known.name_norm:
            return
        if newer:
            known.name, known.name_norm = name, name_norm
        if newer or older:
            self.new_names.append((known, name, name_norm, newer))
        else:
            self.mismatches.append((known, name, name_norm))

    def _by_number(self, subject: SubjectDraft) -> Known:
        for digest in self.keyring.digests(subject.number or ""):
            if (known := self.by_number.get(digest)) is not None:
                return known
        known = self._enter(subject, None, None)
        self.by_number[self.keyring.digest(subject.number or "")] = known
        return known

    def _enter(self, subject: SubjectDraft, named_on: date | None, identifier: tuple[str, str] | None) -> Known:
        known = Known(
            -len(self.new_subjects) - 1, normalise_name(subject.name), named_on, fresh=True, name=subject.name
        )
        self.new_subjects.append(subject)
        self.new_known.append(known)
        for pair in subject.identifiers:
            self.new_identifiers.setdefault(pair, known)
            self.by_identifier.setdefault(pair, known.subject_id)
        if identifier is not None:
            self.without_code[known.subject_id] = known
        if subject.number is None or subject.code:
            self.new_names.append((known, subject.name, known.name_norm, True))
        return known

    def flush(self) -> tuple[dict[int, int], list[str]]:
        """Write new subjects, names, identifiers, conflicts. Gives provisional id → id, and the names that appeared."""
        ids = draw_ids(self.connection, Subject, len(self.new_subjects))
        final = {known.subject_id: real for known, real in zip(self.new_known, ids, strict=True)}
        for known, real in zip(self.new_known, ids, strict=True):
            known.subject_id = real
        self._write_subjects()
        appeared = self._write_names()
        self._write_identifiers()
        self._write_conflicts(final)
        return final, appeared

    def _write_subjects(self) -> None:
        adapt = adapter_of(self.connection)
        created = adapt.time(self.known_at)
        rows = []
        for draft, known in zip(self.new_subjects, self.new_known, strict=True):
            number = None if draft.code else draft.number
            kind = SubjectKind.person if number else draft.kind or kind_of_code(draft.code or "")
            rows.append(
                (
                    known.subject_id,
                    new_ref(),
                    kind.value,
                    draft.code,
                    known.name,
                    known.name_norm,
                    self.keyring.digest(number) if number else None,
                    self.keyring.seal(number.encode(), NUMBER_CONTEXT) if number else None,
                    mask_number(number) if number else None,
                    adapt.day(known.named_on),
                    created,
                )
            )
        insert_rows(self.connection, Subject, SUBJECT_COLUMNS, rows)

    def _write_names(self) -> list[str]:
        renamed = [entry for entry in self.new_names if entry[3] and not entry[0].fresh]
        wanted = self._without_known(self.new_names)
        ids = draw_ids(self.connection, SubjectName, len(wanted))
        known_at = adapter_of(self.connection).time(self.known_at)
        for known, name, name_norm, _ in renamed:
            self._rename(known, name, name_norm)
        self._date_and_code()
        rows = [
            (name_id, known.subject_id, name, name_norm, name_norm == known.name_norm, known_at)
            for name_id, (known, name, name_norm, _) in zip(ids, wanted, strict=True)
        ]
        insert_rows(self.connection, SubjectName, NAME_COLUMNS, rows)
        index_names(self.connection, [(row[0], bigrams(row[3])) for row in rows])
        self._settle_conflicts(
            [(row[1], row[3]) for row, entry in zip(rows, wanted, strict=True) if not entry[0].fresh]
        )
        return [row[3] for row in rows]

    def _settle_conflicts(self, told: list[tuple[int, str]]) -> None:
        """A name that a registration told in the end is no conflict any more."""
        if told:
            table = table_of(SubjectConflict)
            this = and_(table.c.subject_id == bindparam("b_subject"), table.c.value == bindparam("b_name"))
            statement = update(table).where(this, table.c.kind == "name", table.c.settled_at.is_(None))
            values = [{"b_subject": subject_id, "b_name": name} for subject_id, name in told]
            self.connection.execute(statement.values(settled_at=self.known_at), values)

    def _without_known(self, names: list[tuple[Known, str, str, bool]]) -> list[tuple[Known, str, str, bool]]:
        old = {known.subject_id for known, *_ in names if not known.fresh}
        there: set[tuple[int, str]] = set()
        for part in _parts(old):
            statement = select(SubjectName.subject_id, SubjectName.name_norm).where(SubjectName.subject_id.in_(part))
            there |= {(row[0], row[1]) for row in self.connection.execute(statement)}
        wanted = []
        for entry in names:
            pair = (entry[0].subject_id, entry[2])
            if entry[2] and pair not in there:
                there.add(pair)
                wanted.append(entry)
        return wanted

    def _rename(self, known: Known, name: str, name_norm: str) -> None:
        names = table_of(SubjectName)
        self.connection.execute(
            update(names)
            .where(names.c.subject_id == bindparam("b_subject"))
            .values(current=names.c.name_norm == bindparam("b_norm")),
            {"b_subject": known.subject_id, "b_norm": name_norm},
        )
        self.connection.execute(
            update(Subject)
            .where(Subject.id == known.subject_id)
            .values(name=name, name_norm=name_norm, named_on=known.named_on)
        )

    def _date_and_code(self) -> None:
        """The day of the newest registration, also where the name stays; codes that older subjects were given."""
        table = table_of(Subject)
        mine = update(table).where(table.c.id == bindparam("b_id"))
        dated = [
            {"b_id": known.subject_id, "named_on": known.named_on} for known in self.dated.values() if not known.fresh
        ]
        if dated:
            self.connection.execute(mine.values(named_on=bindparam("named_on")), dated)
        for known, code in self.given_codes:
            values = {"b_id": known.subject_id, "code": code, "kind": kind_of_code(code).value}
            self.connection.execute(mine.values(code=bindparam("code"), kind=bindparam("kind")), values)

    def _write_identifiers(self) -> None:
        pairs = [pair for pair in self.new_identifiers if self.by_identifier.get(pair, -1) < 0]
        ids = draw_ids(self.connection, SubjectIdentifier, len(pairs))
        known_at = adapter_of(self.connection).time(self.known_at)
        rows = []
        for identifier_id, pair in zip(ids, pairs, strict=True):
            known = self.new_identifiers[pair]
            owner = known.subject_id if isinstance(known, Known) else known
            rows.append((identifier_id, owner, pair[0], pair[1], known_at))
        insert_rows(self.connection, SubjectIdentifier, IDENTIFIER_COLUMNS, rows)

    def _write_conflicts(self, final: dict[int, int]) -> None:
        """One code under another name than any it ever had, or with another's identifier: kept once, for a person to decide."""
        entries = [(known, name, name_norm, False) for known, name, name_norm in self.mismatches]
        fresh = self._without_known(entries)
        found = {(known.subject_id, "name", name) for known, name, _, _ in fresh}
        for known, pair in self.others_pairs:
            owner = self.by_identifier.get(pair, known.subject_id)
            if final.get(owner, owner) != known.subject_id:
                found.add((known.subject_id, "identifier", ":".join(pair)))
        conflicts = table_of(SubjectConflict)
        for part in _parts({subject_id for subject_id, _, _ in found}):
            statement = select(conflicts.c.subject_id, conflicts.c.kind, conflicts.c.value)
            known_ones = self.connection.execute(statement.where(conflicts.c.subject_id.in_(part)))
            found -= {(row[0], row[1], row[2]) for row in known_ones}
        ids = draw_ids(self.connection, SubjectConflict, len(found))
        noticed = adapter_of(self.connection).time(self.known_at)
        rows = [
            (row_id, subject_id, kind, value, self.batch_id, noticed)
            for row_id, (subject_id, kind, value) in zip(ids, sorted(found), strict=True)
        ]
        insert_rows(self.connection, SubjectConflict, CONFLICT_COLUMNS, rows)


SUBJECT_COLUMNS = (
    "id", "ref", "kind", "code", "name", "name_norm", "number_digest", "number_sealed", "number_mask", "named_on",
    "created_at",
)  # fmt: skip
NAME_COLUMNS = ("id", "subject_id", "name", "name_norm", "current", "known_at")
IDENTIFIER_COLUMNS = ("id", "subject_id", "scheme", "value", "known_at")
CONFLICT_COLUMNS = ("id", "subject_id", "kind", "value", "batch_id", "noticed_at")


def org_code_in(scheme: str, value: str) -> str | None:
    """The organisation code (组织机构代码) inside an older identifier: itself, or the tail of a 15-digit tax number."""
    if scheme == "org_code":
        return value
    return value[6:] if scheme == "tax_no" and len(value) == 15 else None


def _parts(values: Iterable[T]) -> Iterable[list[T]]:
    listed = list(values)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]
