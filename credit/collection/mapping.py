"""From a department's row to a draft: a description compiled once into closures, then run for every row; pure.

Only the named columns are read; all others are dropped and counted. What is read is cleaned of citizen numbers before
it goes anywhere, so neither payload, kept row nor fault can hold one. The natural key always names subject, act and
authority together: one decision may concern several parties. Dates and codes met before are not read again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

from credit.catalogue import Catalogue, CatalogueItem
from credit.collection.amounts_in_words import find_fine
from credit.collection.currencies import currency_of
from credit.collection.description import Column, Description, check_description
from credit.collection.faults import Unreadable, make_fault
from credit.collection.identity import CODE_MEANINGS, SubjectReader
from credit.collection.places import Places, find_places
from credit.collection.quality import compile_check, contradicts
from credit.collection.readers import SHORTEST_NUMBER, compile_reader, read_text
from credit.collection.stamps import ReadStamp, compile_stamp
from credit.collection.values import NULLS, OPEN_ENDS, read_amount
from credit.drafts import Fault, RecordDraft, RowResult, SubjectDraft
from credit.identifiers import scrub
from credit.names import normalise_name
from credit.publication import RulePack, classify_severity
from models.terms import Severity

ENDS_WITH_VALID_UNTIL: Final = frozenset(
    ("licence", "honour", "grade", "registration", "commitment", "coercion", "listing", "enforcement")
)
_OPEN: Final = frozenset(day.isoformat() for day in OPEN_ENDS)

_SHORT: Final = 200
_BRACKETS: Final = {**str.maketrans("〔〕﹝﹞［］[]【】（）", "()()()()()()"), 32: None}

MapRow = Callable[[Sequence[str], int], RowResult]


def compile_mapping(
    description: Description,
    item: CatalogueItem,
    catalogue: Catalogue,
    pack: RulePack,
    today: date,
    header: Sequence[str] | None = None,
) -> MapRow:
    """A function from (row, row number) to its draft or faults, for rows under this header.

    Raises OutsideCatalogue, ForbiddenAttribute or DescriptionInvalid where the description does not fit the catalogue,
    and FileRefused where the header does not fit the description. Without ``header`` rows come in the description's
    order.
    """
    check_description(description, catalogue)
    columns, width, _ = find_places(description, header)
    subjects = SubjectReader(description, columns, item, today)
    identify = subjects.read
    read_facts = _compile_facts(description, columns, item)
    finish = _compile_draft(description, item, pack)
    check = compile_check(item, today, {column.means: column.shown for column, _ in columns})
    keep = _compile_raw(columns, subjects)
    least = max((place for _, place in columns), default=-1) + 1
    whole_row = description.title

    def map_row(row: Sequence[str], number: int) -> RowResult:
        length = len(row)
        if length < least or (width and length != width and (length < width or any(row[width:]))):
            return RowResult(number, None, (make_fault(whole_row, "ROW_SHAPE"),), keep(row))
        payload, faults = read_facts(row)
        subject = identify(row)
        raw = keep(row)
        if faults or not isinstance(subject, SubjectDraft):
            return RowResult(number, None, (*(() if isinstance(subject, SubjectDraft) else subject), *faults), raw)
        draft = finish(subject, payload, number)
        if draft is None:
            return RowResult(number, None, (make_fault(whole_row, "KEY_MISSING"),), raw)
        wrong = check(draft)
        return RowResult(number, None, wrong, raw) if wrong else RowResult(number, draft, (), raw)

    read_stamp = compile_stamp(columns, today)
    return map_row if read_stamp is None else _stamped(map_row, read_stamp)


def _stamped(map_row: MapRow, read_stamp: ReadStamp) -> MapRow:
    """Rows that say something of themselves: their stamp, the deciding body's mark, that they were taken back."""

    def map_stamped_row(row: Sequence[str], number: int) -> RowResult:
        result = map_row(row, number)
        if result.draft is None:
            return result
        stamp = read_stamp(row)
        if isinstance(stamp, Fault):
            return RowResult(number, None, (stamp,), result.raw)
        return result._replace(draft=result.draft._replace(**stamp._asdict()))

    return map_stamped_row


def _compile_facts(
    description: Description, columns: Sequence[tuple[Column, int]], item: CatalogueItem
) -> Callable[[Sequence[str]], tuple[dict[str, Any], list[Fault]]]:
    readers = [
        (place, column.means, column.shown, compile_reader(column, item.fields[column.means]))
        for column, place in columns
        if column.means in item.fields
    ]
    constants = _read_constants(description, item)
    fine_from = tuple(description.fine_from)
    apart = _foreign_fields(item)
    fine_label = next((column.shown for column, _ in columns if column.means == "fine"), "罚款金额")

    def read_facts(row: Sequence[str]) -> tuple[dict[str, Any], list[Fault]]:
        payload = constants.copy()
        faults: list[Fault] = []
        foreign: list[str] = []
        for place, means, label, read in readers:
            text = row[place]
            if text in NULLS:
                continue
            try:
                value = read(text)
            except Unreadable as error:
                if error.code == "AMOUNT_FOREIGN" and means in apart:
                    foreign.append(f"{label}（{currency_of(text)}）：{read_text(text)}")
                else:
                    faults.append(make_fault(label, error.code))
                continue
            if value is not None:
                payload[means] = value
        if foreign:
            payload["remark"] = "；".join([*([payload["remark"]] if "remark" in payload else []), *foreign])
        for source in fine_from:
            if source in payload:
                if (fine := payload.get("fine")) is None:
                    if (named := find_fine(payload[source])) is not None:
                        payload["fine"] = named
                elif contradicts(fine, payload[source]):
                    faults.append(make_fault(fine_label, "AMOUNT_CONTRADICTS_TEXT"))
        return payload, faults

    return read_facts


def _foreign_fields(item: CatalogueItem) -> frozenset[str]:
    """Amounts that may be in a foreign currency: the field then stays empty, since no rate is guessed, and the remark keeps the
    original. Not what is owed by a penalty, nor what the item requires."""
    if "remark" not in item.fields:
        return frozenset()
    money = (field for field in item.fields.values() if field.type == "money" and not field.required)
    return frozenset(field.name for field in money) - {"fine", "confiscated"}


def _read_constants(description: Description, item: CatalogueItem) -> dict[str, Any]:
    return {
        name: compile_reader(Column(means=name, column=name), item.fields[name])(value)
        for name, value in description.constants.items()
    }


def _compile_raw(
    columns: Sequence[tuple[Column, int]], subjects: SubjectReader
) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """The row as it may be kept: named columns only, personal numbers hidden."""
    places = [(place, column.means in CODE_MEANINGS, column.means) for column, place in columns]
    width = max((place for place, _, _ in places), default=-1) + 1

    def keep(row: Sequence[str]) -> tuple[str, ...]:
        if len(row) < width:
            row = [*row, *[""] * (width - len(row))]
        kept = []
        for place, is_code, means in places:
            text = row[place]
            if is_code:
                text = subjects.show_code(row, place, means)
            elif means == "id_no":
                text = "***" if text else ""
            elif len(text) >= SHORTEST_NUMBER:
                text = scrub(text)
            kept.append(text)
        return tuple(kept)

    return keep


def _fold(text: str) -> str:
    return normalise_name(text.translate(_BRACKETS))


_fold_short = lru_cache(maxsize=20_000)(_fold)


def _folded(text: str) -> str:
    return _fold_short(text) if len(text) <= _SHORT else _fold(text)


def _compile_draft(
    description: Description, item: CatalogueItem, pack: RulePack
) -> Callable[[SubjectDraft, dict[str, Any], int], RecordDraft | None]:
    """The draft of a subject and its facts; None where nothing tells the fact from the subject's others."""
    parts = description.natural_key or item.natural_key
    facts = tuple(part for part in parts if part not in ("subject", "list"))
    listed = description.list_code if "list" in parts else None
    code, list_code = item.code, description.list_code
    ends, graded = code in ENDS_WITH_VALID_UNTIL, item.publication_rule == "severity"
    text_fields = frozenset(field.name for field in item.fields.values() if field.type in ("text", "grade"))

    def finish(subject: SubjectDraft, payload: dict[str, Any], number: int) -> RecordDraft | None:
        key = [_key_part(payload.get(part), part in text_fields) for part in facts]
        if facts and not any(key):
            return None
        held_from = payload.get("decision_date") or payload.get("valid_from")
        until, limit = payload.get("valid_until"), payload.get("publication_end")
        return RecordDraft(
            number,
            code,
            subject,
            (subject_key(subject), *((listed,) if listed else ()), *key),
            payload,
            _day(held_from),
            _day(until) if ends and until not in _OPEN else None,
            _day(limit) if limit not in _OPEN else None,
            payload.get("doc_no"),
            payload.get("authority"),
            payload.get("authority_code"),
            _amount(payload),
            _severity(payload, pack) if graded else None,
            list_code,
        )

    return finish


def _key_part(value: Any, is_text: bool) -> str:
    if value is None:
        return ""
    return _folded(value) if is_text else str(value)


def _severity(payload: Mapping[str, Any], pack: RulePack) -> Severity:
    return classify_severity(
        payload.get("penalty_kind", ""),
        payload.get("fine"),
        payload.get("confiscated"),
        payload.get("penalty_content") or payload.get("result") or "",
        False,
        pack,
        _day(payload.get("decision_date")),
    )


def subject_key(subject: SubjectDraft) -> str:
    """The subject's part of a natural key: its code, else an identifier, else its name. Never a person's number."""
    if subject.code:
        return subject.code
    if subject.number is not None:
        return f"person:{_folded(subject.name)}"
    if subject.identifiers:
        return ":".join(subject.identifiers[0])
    return f"name:{_folded(subject.name)}"


@lru_cache(maxsize=20_000)
def _iso(text: str) -> date:
    return date.fromisoformat(text)


def _day(text: str | None) -> date | None:
    return None if text is None else _iso(text)


def _amount(payload: Mapping[str, Any]) -> int | None:
    """What the fact is worth in fen: its fine, else its amount (where that is a text, as far as it can be read)."""
    value = payload.get("fine", payload.get("amount"))
    if value is None or isinstance(value, int):
        return value
    try:
        return read_amount(value)
    except Unreadable:
        return None


__all__ = ["MapRow", "Places", "compile_mapping", "find_places", "read_text", "subject_key"]
