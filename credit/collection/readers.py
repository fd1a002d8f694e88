"""Readers of single cells: one per described column, compiled once; what was read before is remembered, faults too."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from credit.catalogue import ItemField
from credit.collection.description import Column
from credit.collection.faults import Unreadable
from credit.collection.values import NULLS, clean_text, read_amount, read_date, read_year
from credit.identifiers import code_fault, normalise, scrub

SHORTEST_NUMBER: Final = 15
_MOST_REMEMBERED: Final = 50_000
_LONGEST: Final = 200
LONGEST_TEXT: Final = 20_000

Reader = Callable[[str], Any]


def compile_reader(column: Column, field: ItemField) -> Reader:
    """A reader of this field's type; what was read before is remembered, faults too."""
    if column.vocabulary:
        return _vocabulary_reader(column.vocabulary)
    if field.type == "date":
        style = column.format
        day_first = {"day_first": True, "month_first": False}.get(style or "")
        epoch = style == "excel_1904"
        return _remember(lambda text: read_date(text, day_first=day_first, epoch_1904=epoch).isoformat())
    if field.type == "money":
        unit = column.unit
        return _remember(lambda text: read_amount(text, unit))
    if field.type == "integer":
        return _remember(read_year)
    if field.type == "code":
        return _remember(_read_other_code)
    return read_text


def _vocabulary_reader(vocabulary: Mapping[str, str]) -> Reader:
    def read(text: str) -> str:
        try:
            return vocabulary[clean_text(text)]
        except KeyError:
            raise Unreadable("VALUE_UNKNOWN") from None

    return read


def _remember(read: Reader) -> Reader:
    memory: dict[str, Any] = {}

    def reader(text: str) -> Any:
        if len(text) > _LONGEST:
            raise Unreadable("TEXT_TOO_LONG")
        try:
            value = memory[text]
        except KeyError:
            if len(memory) >= _MOST_REMEMBERED:
                memory.clear()
            try:
                value = None if text.strip() in NULLS else read(text)
            except Unreadable as error:
                value = error
            memory[text] = value
        if isinstance(value, Unreadable):
            raise Unreadable(value.code)
        return value

    return reader


def read_text(text: str) -> str | None:
    """A text for keeping: cleaned, and every citizen number in it cut down to stars. None where nothing is left."""
    if not text.isprintable() or text[:1] == " " or text[-1:] == " " or len(text) > LONGEST_TEXT:
        text = clean_text(text)
        if text in NULLS:
            return None
    return scrub(text) if len(text) >= SHORTEST_NUMBER else text


def _read_other_code(text: str) -> str:
    code = normalise(text)
    if (fault := code_fault(code)) is not None:
        raise Unreadable("NUMBER_IN_CODE" if fault == "IDENTITY_NUMBER" else fault)
    return code
