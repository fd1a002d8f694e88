"""Identifiers of subjects (主体标识): what people type is parsed here, and faults are explained; all pure, no clock.

Two ways in. ``parse_code`` and ``parse_number`` take what a person typed, normalise it and raise with a fault and,
where a mix-up of letters explains it, a hint. The ``*_fault`` functions (credit.identifier_checks) are the bulk path.
Nothing is ever repaired in silence: O is not made 0. This module is also the one door to the checks and to masking.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from credit.errors import InvalidCode, NumberInAddress
from credit.identifier_checks import (
    MEANS_NONE,
    code_fault,
    is_old_number_shaped,
    looks_like_number,
    normalise,
    number_fault,
    org_code_fault,
    reg_no_fault,
    upgrade_number,
)
from credit.identifier_tables import INTERCHANGED, KIND_BY_PAIR, MESSAGES, REGISTRARS
from credit.masking import mask_name, mask_number, mask_phone, scrub
from models.terms import SubjectKind

__all__ = [
    "FAULT_FUNCTIONS",
    "MEANS_NONE",
    "code_fault",
    "code_warnings",
    "explain",
    "kind_of_code",
    "looks_like_number",
    "mask_name",
    "mask_number",
    "mask_phone",
    "normalise",
    "number_fault",
    "org_code_fault",
    "parse_code",
    "parse_number",
    "reg_no_fault",
    "scrub",
    "suggest_code",
    "upgrade_number",
]

LONGEST_TYPED: Final = 200


def code_warnings(code: str) -> tuple[str, ...]:
    """What is odd about a sound code without being a reason to refuse it.

    KIND_UNKNOWN (places 1–2), REGION_UNKNOWN (places 3–8), ORG_CHECKSUM (sole traders only). Tables of kinds and
    regions grow: codes that are new to us stay valid.
    """
    warnings = []
    if code[:2] not in KIND_BY_PAIR:
        warnings.append("KIND_UNKNOWN")
    region = code[2:8]
    if region[:2] not in REGISTRARS or not (region.isascii() and region.isdigit()):
        warnings.append("REGION_UNKNOWN")
    if org_code_fault(code[8:17]) is not None:
        warnings.append("ORG_CHECKSUM")
    return tuple(warnings)


def parse_code(text: str) -> str:
    """The code someone typed, normalised and sound.

    Raises NumberInAddress where it is, or could be, a citizen number, else InvalidCode with the facts ``fault`` and,
    where a mix-up of letters and digits explains it, ``hint`` (the code that was perhaps meant).
    """
    if len(text) > LONGEST_TYPED:
        raise InvalidCode(explain("FORMAT"), fault="FORMAT")
    code = normalise(text)
    fault = code_fault(code)
    if fault is None:
        return code
    if fault == "IDENTITY_NUMBER":
        raise NumberInAddress(explain(fault))
    hint = suggest_code(code)
    if hint is None:
        raise InvalidCode(explain(fault), fault=fault)
    raise InvalidCode(f"{explain(fault)}；是否应为 {hint}", fault=fault, hint=hint)


def suggest_code(code: str) -> str | None:
    """The sound code that results when letters outside the alphabet are read as their look-alikes (O as 0), or None."""
    candidate = code.translate(INTERCHANGED)
    return candidate if candidate != code and code_fault(candidate) is None else None


def kind_of_code(code: str) -> SubjectKind:
    """The kind of subject by places 1–2 of a code; what the table does not know is an organisation."""
    return KIND_BY_PAIR.get(code[:2], SubjectKind.organisation)


def parse_number(text: str, today: date) -> str:
    """The identity number someone typed, normalised, sound, old fifteen-digit ones upgraded.

    Raises InvalidCode with the fact ``fault``; neither message nor facts hold the number.
    """
    number = normalise(text[:LONGEST_TYPED])
    if is_old_number_shaped(number):
        try:
            number = upgrade_number(number)
        except ValueError:
            raise InvalidCode(explain("BIRTH_DATE", "number"), fault="BIRTH_DATE") from None
    fault = number_fault(number, today)
    if fault is not None:
        raise InvalidCode(explain(fault, "number"), fault=fault)
    return number


def explain(fault: str, scheme: str = "code") -> str:
    """The message in Chinese for a fault of a code, number, reg_no or org_code."""
    return MESSAGES.get((scheme, fault)) or MESSAGES.get(("", fault)) or "标识代码无效"


FAULT_FUNCTIONS: Final[dict[str, Callable[[str], str | None]]] = {
    "code": code_fault,
    "reg_no": reg_no_fault,
    "org_code": org_code_fault,
}
"""Checks by scheme, for descriptions that name one."""
