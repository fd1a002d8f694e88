"""Whom a row speaks about (主体识别): codes are checked, persons are told apart, nothing is guessed into a code.

A code column may hold codes, old registration numbers, tax numbers, citizen numbers and stars; each value is taken
for what it is proved to be. A row about a natural person becomes a person's only with a whole, valid number and where
the catalogue item covers persons; else it is rejected, and the number is nowhere kept. The same text is read once.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from credit.catalogue import CatalogueItem
from credit.collection.description import Column, Description
from credit.collection.faults import Unreadable, make_fault
from credit.collection.values import NULLS, clean_text
from credit.drafts import Fault, SubjectDraft
from credit.identifier_tables import PROVINCES
from credit.identifiers import (
    MEANS_NONE,
    code_fault,
    kind_of_code,
    looks_like_number,
    normalise,
    number_fault,
    org_code_fault,
    reg_no_fault,
    scrub,
    upgrade_number,
)
from credit.masking import read_masked
from credit.names import check_name, looks_like_person
from models.terms import SubjectKind

CODE_MEANINGS: Final = ("uscc", "reg_no", "org_code", "tax_no")
KINDS: Final = {
    "法人及非法人组织": None, "法人": None, "法人及其他组织": None, "法人或其他组织": None,
    "企业": SubjectKind.enterprise,
    "自然人": SubjectKind.person, "个人": SubjectKind.person, "公民": SubjectKind.person,
    "个体工商户": SubjectKind.individual_business, "个体": SubjectKind.individual_business,
}  # fmt: skip
_MOST_REMEMBERED: Final = 200_000
_LARGEST: Final = 64
_LONGEST_REMEMBERED: Final = 250
_is_unsuitable: Final = re.compile(r"([0-9A-Z]{18})[（(]该企业名称已被登记机关认定为不适宜[)）]").fullmatch
_stars: Final = re.compile(r"[*×●•#?_]{3,}|X{4,}").search
_is_old: Final = re.compile(r"[0-9]{8}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}.{0,5}").fullmatch
_is_new: Final = re.compile(
    r"[0-9]{6}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}.{1,5}"
).fullmatch
_ORGANISATIONS: Final = frozenset(("91", "92", "93"))


class Reading(NamedTuple):
    """What one code cell is: an identifier (scheme, value), a person's number, a fault, or nothing at all."""

    scheme: str | None = None
    value: str = ""
    fault: str | None = None
    personal: bool = False


NOTHING: Final = Reading()
PERSONAL: Final = Reading(fault="NUMBER_IN_CODE", personal=True)
Outcome = SubjectDraft | tuple[Fault, ...]


def read_code(text: str, means: str, *, corporate: bool = False) -> Reading:
    """What the text of a code column proves to be. A citizen number, whole or masked, is personal and never kept.

    ``corporate``: the row names a company, whose tax number cannot be a person's: only then may fifteen digits that
    could also be an old citizen number pass as one.
    """
    if len(text) > _LARGEST:
        return Reading(fault="FORMAT")
    value = normalise(text)
    if value in MEANS_NONE or not value.strip("*"):
        return NOTHING
    fault = code_fault(value)
    if fault is None:
        return Reading("uscc", value)
    if fault == "FILLER":
        return NOTHING
    if _stars(value):
        return Reading(fault="CODE_MASKED", personal=value[:2] not in _ORGANISATIONS)
    if value[:2] in _ORGANISATIONS and len(value) < 18:
        return Reading(fault="FORMAT")
    as_tax = _as_tax_number(value)
    if not (corporate and as_tax) and (fault == "IDENTITY_NUMBER" or _may_hold_number(value)):
        return PERSONAL
    if as_tax and len(value) == 18:
        return Reading("tax_no", as_tax)
    if len(value) in (13, 15):
        return _read_old_number(value, means)
    if len(value) == 9 and org_code_fault(value) is None:
        return Reading("org_code", value)
    if fault == "ID_AS_NUMBER":
        return Reading(fault="CODE_RUINED_BY_EXCEL")
    return Reading(fault=(org_code_fault(value) or fault) if means == "org_code" else fault)


def _may_hold_number(value: str) -> bool:
    """Whether a refused code could hold a citizen number: alone, padded with zeros, or made into a tax number.

    Check characters are not asked: a mistyped number is a person's all the same.
    """
    if looks_like_number(value) or scrub(value) != value:
        return True
    if value[0] == "9" or value[:2] not in PROVINCES or len(value) < 15:
        return False
    return _is_old(value) is not None or _is_new(value) is not None


def _as_tax_number(value: str) -> str | None:
    """The fifteen places of an old tax number (region and sound organisation code), bare or padded with 000."""
    if len(value) == 15 or (len(value) == 18 and value.endswith("000")):
        return value[:15] if value[:6].isdigit() and org_code_fault(value[6:15]) is None else None
    return None


def _read_old_number(value: str, means: str) -> Reading:
    """Fifteen places: a tax number (region and organisation code) or a registration number; thirteen: an older one."""
    as_tax, as_registration = _as_tax_number(value), reg_no_fault(value) is None
    if as_tax and (means == "tax_no" or not as_registration):
        return Reading("tax_no", as_tax)
    if as_registration:
        return Reading("reg_no", value)
    return Reading(fault="CHECKSUM" if value.isdigit() else "FORMAT")


class SubjectReader:
    """Reads the subject of a row; made once for a description and a header, then called for every row.

    ``read`` gives the subject, or the faults that keep the row from having one. ``show_code`` is a code cell as it may be
    kept: numbers of persons cut down to four characters.
    """

    def __init__(
        self, description: Description, places: Sequence[tuple[Column, int]], item: CatalogueItem, today: date
    ) -> None:
        def placed(means: str) -> list[int]:
            return [place for column, place in places if column.means == means]

        self._names, self._numbers, self._former = placed("name"), placed("id_no"), placed("former_name")
        self._codes = [(c.shown, place, c.means) for c, place in places if c.means in CODE_MEANINGS]
        self._codes.sort(key=lambda entry: CODE_MEANINGS.index(entry[2]))
        self._kinds = [(column, place) for column, place in places if column.means == "subject_kind"]
        self._label = next((column.shown for column, _ in places if column.means == "name"), "名称")
        self._fixed, self._allowed, self._today = description.subject_kind, item.subject_kinds, today
        self._sound: set[str] = set()
        self._memory: dict[tuple[str, str, bool], Reading] = {}
        self._known_names: dict[str, tuple[str, str | None, bool]] = {}

    def read(self, row: Sequence[str]) -> Outcome:
        """The subject a row speaks about, or why there is none."""
        name, trouble, corporate = self._read_name(row)
        if trouble is not None:
            return (_name_trouble(self._label, trouble),)
        found, wrong, label = self._read_codes(row, corporate)
        if not found and (unsuitable := _is_unsuitable(name)) and code_fault(unsuitable[1]) is None:
            found.append(Reading("uscc", unsuitable[1]))
        kind = self._read_kind(row)
        code = next((reading.value for reading in found if reading.scheme == "uscc"), None)
        if code is None:
            personal = wrong is not None and wrong.personal
            if kind is SubjectKind.person or personal or (not found and looks_like_person(name)):
                return self._identify_person(row, name, kind)
            if wrong is not None and (not found or label == self._codes[0][0]):
                return (make_fault(label, wrong.fault or "FORMAT"),)
        elif kind is SubjectKind.person:
            kind = kind_of_code(code)
        if not name:
            return (make_fault(self._label, "NAME_MISSING"),)
        return self._organisation(row, name, code, found, kind)

    def show_code(self, row: Sequence[str], place: int, means: str) -> str:
        """A code cell of this row as it may be kept."""
        text = row[place]
        if text in self._sound or text in NULLS:
            return text
        reading = self._recall(text, means, self._read_name(row)[2])
        if reading.personal:
            return text[:4] + "*" * (len(text) - 4)
        return text if reading.scheme else scrub(text)

    def _read_name(self, row: Sequence[str]) -> tuple[str, str | None, bool]:
        for place in self._names:
            text = row[place]
            if text in NULLS:
                continue
            if len(text) > _LONGEST_REMEMBERED:
                return _check_name(text)
            known = self._known_names.get(text)
            if known is None:
                if len(self._known_names) > _MOST_REMEMBERED:
                    self._known_names.clear()
                known = self._known_names[text] = _check_name(text)
            return known
        return ("", None, False)

    def _read_codes(self, row: Sequence[str], corporate: bool) -> tuple[list[Reading], Reading | None, str]:
        found: list[Reading] = []
        wrong, wrong_label = None, ""
        for label, place, means in self._codes:
            text = row[place]
            if text in NULLS:
                continue
            reading = self._recall(text, means, corporate)
            if reading.scheme is not None:
                found.append(reading)
            elif reading.fault is not None and (wrong is None or reading.personal):
                wrong, wrong_label = reading, label
        return found, wrong, wrong_label

    def _recall(self, text: str, means: str, corporate: bool) -> Reading:
        if len(text) > _LONGEST_REMEMBERED:
            return read_code(text, means, corporate=corporate)
        reading = self._memory.get((text, means, corporate))
        if reading is None:
            if len(self._memory) > _MOST_REMEMBERED:
                self._memory.clear()
                self._sound.clear()
            reading = self._memory[text, means, corporate] = read_code(text, means, corporate=corporate)
            if reading.scheme == "uscc":
                self._sound.add(text)
        return reading

    def _read_kind(self, row: Sequence[str]) -> SubjectKind | None:
        for column, place in self._kinds:
            text = row[place].strip()
            word = column.vocabulary.get(text, text)
            if word in KINDS:
                return KINDS[word] or self._fixed
            if word in SubjectKind.__members__:
                return SubjectKind(word)
        return self._fixed

    def _organisation(
        self, row: Sequence[str], name: str, code: str | None, found: Sequence[Reading], kind: SubjectKind | None
    ) -> Outcome:
        if code is not None and kind is None:
            kind = kind_of_code(code)
        if kind is not None and kind not in self._allowed:
            return (make_fault(self._label, "KIND_NOT_IN_ITEM"),)
        further: dict[str, str] = {}
        for reading in found:
            if reading.scheme and reading.scheme != "uscc":
                further.setdefault(reading.scheme, reading.value)
                if reading.scheme == "tax_no" and code is None:
                    further.setdefault("org_code", reading.value[6:])
        former = tuple(known[0] for place in self._former if not (known := _check_name(row[place]))[1] and known[0])
        return SubjectDraft(kind, name, code, tuple(further.items()) if further else (), None, former)

    def _identify_person(self, row: Sequence[str], name: str, kind: SubjectKind | None) -> Outcome:
        if SubjectKind.person not in self._allowed:
            return (make_fault(self._label, "PERSON_NOT_IN_ITEM"),)
        if not name or "*" in name or "某" in name or not (kind is SubjectKind.person or looks_like_person(name)):
            return (make_fault(self._label, "PERSON_NOT_IDENTIFIED"),)
        places = (*self._numbers, *(place for _, place, _ in self._codes))
        for place in places:
            if len(row[place]) <= _LARGEST and (number := _whole_number(normalise(row[place]), self._today)):
                return SubjectDraft(SubjectKind.person, name, None, number=number)
        for place in places:
            if len(row[place]) <= _LARGEST and (masked := read_masked(row[place])):
                return SubjectDraft(SubjectKind.person, name, None, masked_number=masked)
        return (make_fault(self._label, "PERSON_NOT_IDENTIFIED"),)


def _check_name(text: str) -> tuple[str, str | None, bool]:
    """A name cleaned, what is wrong with it, and whether it is a company's."""
    try:
        name = clean_text(text)
    except Unreadable as error:
        return "", error.code, False
    if name in NULLS:
        return "", None, False
    return name, check_name(name), "公司" in name


def _name_trouble(label: str, fault: str) -> Fault:
    if fault == "IDENTITY_NUMBER":
        return make_fault(label, "NUMBER_IN_NAME")
    known = {"MISSING": "NAME_MISSING", "TOO_LONG": "TEXT_TOO_LONG", "TEXT_TOO_LONG": "TEXT_TOO_LONG"}
    return make_fault(label, known.get(fault, "TEXT_CONTROL"))


def _whole_number(value: str, today: date) -> str | None:
    fault = number_fault(value, today)
    if fault == "OLD_NUMBER":
        try:
            return upgrade_number(value)
        except ValueError:
            return None
    return value if fault is None else None
