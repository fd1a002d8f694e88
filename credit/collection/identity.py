"""Whom a row speaks about (主体识别): codes are checked, persons are told apart, nothing is guessed into a code.

A code column may hold codes, old registration numbers, tax numbers, citizen numbers and stars; each value is taken for
what it is proved to be. A row about a natural person becomes a person's only with a whole, valid number and where the
catalogue item covers persons; else it is rejected, and the number is nowhere kept. Twins of the same text are read once.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from credit.catalogue import CatalogueItem
from credit.collection.description import Column, Description
from credit.collection.drafts import Fault, SubjectDraft
from credit.collection.faults import Unreadable, make_fault
from credit.collection.values import NULLS, clean_text
from credit.identifiers import (
    MEANS_NONE,
    code_fault,
    kind_of_code,
    looks_like_number,
    normalise,
    number_fault,
    org_code_fault,
    reg_no_fault,
    upgrade_number,
)
from credit.names import check_name, looks_like_person
from models.terms import SubjectKind

CODE_MEANINGS: Final = ("uscc", "reg_no", "org_code", "tax_no")
KINDS: Final = {
    "法人及非法人组织": None, "法人": None, "法人及其他组织": None, "法人或其他组织": None, "企业": SubjectKind.enterprise,
    "自然人": SubjectKind.person, "个人": SubjectKind.person, "公民": SubjectKind.person,
    "个体工商户": SubjectKind.individual_business, "个体": SubjectKind.individual_business,
}  # fmt: skip
_MOST_REMEMBERED: Final = 200_000
_LARGEST: Final = 64
_is_unsuitable: Final = re.compile(r"([0-9A-Z]{18})[（(]该企业名称已被登记机关认定为不适宜[)）]").fullmatch
_stars: Final = re.compile(r"[*×●•#?Xx_]{3,}")

Identify = Callable[[Sequence[str]], "SubjectDraft | tuple[Fault, ...]"]


class Reading(NamedTuple):
    """What one code cell is: an identifier (scheme, value), a person's number, a fault, or nothing at all."""

    scheme: str | None = None
    value: str = ""
    fault: str | None = None
    personal: bool = False


NOTHING: Final = Reading()


def read_code(text: str, means: str) -> Reading:
    """What the text of a code column proves to be. A citizen number, whole or masked, is personal and never kept."""
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
    if fault == "IDENTITY_NUMBER" or _holds_number(value):
        return Reading(fault="NUMBER_IN_CODE", personal=True)
    if len(value) in (13, 15):
        return _read_old_number(value, means)
    if len(value) == 9 and org_code_fault(value) is None:
        return Reading("org_code", value)
    if fault == "ID_AS_NUMBER":
        return Reading(fault="CODE_RUINED_BY_EXCEL" if means != "id_no" else fault)
    if means == "org_code":
        return Reading(fault=org_code_fault(value))
    return Reading(fault=fault)


def _holds_number(value: str) -> bool:
    """A citizen number, or the tax number of a sole trader that was made from one (two characters longer)."""
    if looks_like_number(value):
        return True
    return len(value) in (17, 20) and (looks_like_number(value[:-2]) or _stars.search(value) is not None)


def _read_old_number(value: str, means: str) -> Reading:
    """Fifteen places: a tax number (region and organisation code) or a registration number; thirteen: an older one."""
    as_tax = len(value) == 15 and value[:6].isdigit() and org_code_fault(value[6:]) is None
    as_registration = reg_no_fault(value) is None
    if as_tax and (means == "tax_no" or not as_registration):
        return Reading("tax_no", value)
    if as_registration:
        return Reading("reg_no", value)
    return Reading(fault="CHECKSUM" if value.isdigit() else "FORMAT")


def compile_identity(
    description: Description, places: Sequence[tuple[Column, int]], item: CatalogueItem, today: date
) -> Identify:
    """A function from a row to its subject, or to the faults that keep it from having one."""
    names = [(column.shown, place) for column, place in places if column.means == "name"]
    codes = sorted(
        ((column.shown, place, column.means) for column, place in places if column.means in CODE_MEANINGS),
        key=lambda entry: CODE_MEANINGS.index(entry[2]),
    )
    numbers = [place for column, place in places if column.means == "id_no"]
    kinds = [(column, place) for column, place in places if column.means == "subject_kind"]
    memory: dict[tuple[str, str], Reading] = {}
    known_names: dict[str, str | None] = {}
    fixed, allowed = description.subject_kind, item.subject_kinds
    name_label = names[0][0] if names else "名称"

    def identify(row: Sequence[str]) -> SubjectDraft | tuple[Fault, ...]:
        found: list[Reading] = []
        wrong: tuple[str, Reading] | None = None
        for label, place, means in codes:
            text = row[place]
            if text in NULLS:
                continue
            reading = memory.get((text, means))
            if reading is None:
                if len(memory) > _MOST_REMEMBERED:
                    memory.clear()
                reading = memory[text, means] = read_code(text, means)
            if reading.scheme is not None:
                found.append(reading)
            elif reading.fault is not None and (wrong is None or reading.personal):
                wrong = (label, reading)
        name = ""
        for _, place in names:
            if row[place] not in NULLS:
                name = row[place]
                break
        if name:
            if name not in known_names:
                if len(known_names) > _MOST_REMEMBERED:
                    known_names.clear()
                known_names[name] = _name_fault(name)
            if (fault := known_names[name]) is not None:
                return (_name_trouble(name_label, fault),)
            name = clean_text(name)
            if not found and (unsuitable := _is_unsuitable(name)) and code_fault(unsuitable[1]) is None:
                found.append(Reading("uscc", unsuitable[1]))
        kind = _kind_of_row(row, kinds, fixed)
        code = next((reading.value for reading in found if reading.scheme == "uscc"), None)
        if (
            kind is SubjectKind.person
            or (wrong is not None and wrong[1].personal)
            or (code is None and looks_like_person(name))
        ):
            if code is None or kind is SubjectKind.person:
                return _identify_person(row, name, name_label, codes, numbers, allowed, kind, today)
        if code is None and wrong is not None and (not found or wrong[0] == codes[0][0]):
            return (make_fault(wrong[0], wrong[1].fault or "FORMAT"),)
        if not name and code is None:
            return (make_fault(name_label, "NAME_MISSING"),)
        return _organisation(name, code, found, kind, allowed, name_label)

    return identify


def _name_fault(name: str) -> str | None:
    try:
        return check_name(clean_text(name))
    except Unreadable as error:
        return error.code


def _name_trouble(label: str, fault: str) -> Fault:
    if fault == "IDENTITY_NUMBER":
        return make_fault(label, "NUMBER_IN_CODE")._replace(message="名称中含有身份证件号码，不得采集")
    return make_fault(label, {"MISSING": "NAME_MISSING", "TOO_LONG": "TEXT_TOO_LONG"}.get(fault, "TEXT_CONTROL"))


def _kind_of_row(
    row: Sequence[str], kinds: Sequence[tuple[Column, int]], fixed: SubjectKind | None
) -> SubjectKind | None:
    for column, place in kinds:
        text = row[place].strip()
        word = column.vocabulary.get(text, text)
        if word in KINDS:
            return KINDS[word] or fixed
        if word in SubjectKind.__members__:
            return SubjectKind(word)
    return fixed


def _organisation(
    name: str,
    code: str | None,
    found: Sequence[Reading],
    kind: SubjectKind | None,
    allowed: frozenset[SubjectKind],
    label: str,
) -> SubjectDraft | tuple[Fault, ...]:
    if code is not None and kind is None:
        kind = kind_of_code(code)
    if kind is not None and kind not in allowed:
        return (make_fault(label, "KIND_NOT_IN_ITEM"),)
    further: dict[str, str] = {}
    for reading in found:
        if reading.scheme and reading.scheme != "uscc":
            further.setdefault(reading.scheme, reading.value)
            if reading.scheme == "tax_no" and code is None:
                further.setdefault("org_code", reading.value[6:])
    return SubjectDraft(kind, name, code, tuple(further.items()) if further else ())


def _identify_person(
    row: Sequence[str],
    name: str,
    label: str,
    codes: Sequence[tuple[str, int, str]],
    numbers: Sequence[int],
    allowed: frozenset[SubjectKind],
    kind: SubjectKind | None,
    today: date,
) -> SubjectDraft | tuple[Fault, ...]:
    if SubjectKind.person not in allowed:
        return (make_fault(label, "PERSON_NOT_IN_ITEM"),)
    if not name or "*" in name or "某" in name or not (kind is SubjectKind.person or looks_like_person(name)):
        return (make_fault(label, "PERSON_NOT_IDENTIFIED"),)
    for place in (*numbers, *(place for _, place, _ in codes)):
        if len(row[place]) <= _LARGEST and (number := _whole_number(normalise(row[place]), today)):
            return SubjectDraft(SubjectKind.person, name, None, number=number)
    return (make_fault(label, "PERSON_NOT_IDENTIFIED"),)


def _whole_number(value: str, today: date) -> str | None:
    fault = number_fault(value, today)
    if fault == "OLD_NUMBER":
        try:
            return upgrade_number(value)
        except ValueError:
            return None
    return value if fault is None else None
