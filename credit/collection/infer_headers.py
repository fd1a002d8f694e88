"""What a column's header says (表头识别): cleaned, then read by a dictionary that is data, specific before general; pure.

A header names whose fact it is (行政相对人, 处罚机关, 数据来源单位, 法定代表人) and which (名称, 代码, 证件号码): the two
are read apart and put together, so that 处罚机关统一社会信用代码 is the authority's code in any wording, and a number of
the legal representative is nobody's identifier here. The dictionary proposes; the values may overrule it.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any, Final, NamedTuple

import yaml

from credit.catalogue import MEANINGS, REFERENCE
from credit.collection.description import clean_header
from credit.errors import DescriptionInvalid

SYNONYMS: Final = REFERENCE / "header-synonyms.yaml"
LONGEST_HEADER: Final = 120
_ORGANISATION_CODES: Final = ("uscc", "org_code", "reg_no", "tax_no")
_EMPTY: Final = frozenset(("", "/", "\\", "-", "--", "—", "*", "null", "none", "nan", "无"))
_trailing_bracket = re.compile(r"\([^()]*\)$").sub
_owner_words = re.compile(
    r"(?:单位|部门|机构|机关|人|主体|对象|企业|当事人|相对人|个人|法人|组织|者|方|户|公司|\([^)]*\)|/[^/]{0,12})*"
).fullmatch
_duplicate = re.compile(r"(?<=\D)[._][0-9]{1,2}$")


class HeaderReading(NamedTuple):
    """What a header proposes: a meaning with its strength (0–1), whose fact it is, and the unit it states.

    ``means`` is None where the header is empty or says nothing known. ``by_regulator``: the wording is an authority's
    own for the subject (行政相对人, 检查对象), which wins over 责任主体 beside it.
    """

    plain: str
    means: str | None = None
    strength: float = 0.0
    role: str | None = None
    attribute: str | None = None
    unit: str | None = None
    by_regulator: bool = False


class _Pattern(NamedTuple):
    what: str
    strength: float
    search: Any


class _Dictionary(NamedTuple):
    annotations: tuple[Any, ...]
    units: tuple[tuple[str, Any], ...]
    exact: dict[str, str]
    never: tuple[Any, ...]
    roles: tuple[_Pattern, ...]
    attributes: tuple[_Pattern, ...]
    direct: tuple[_Pattern, ...]
    strengths: dict[str, float]
    regulator: Any


@lru_cache(maxsize=1)
def load_dictionary() -> _Dictionary:
    """The header dictionary, compiled once. Raises DescriptionInvalid where it names an unknown meaning."""
    content = yaml.safe_load(SYNONYMS.read_text(encoding="utf-8"))
    unknown = (content["exact"].keys() | {entry["means"] for entry in content["direct"]}) - MEANINGS
    if unknown:
        raise DescriptionInvalid(f"表头词典含未知含义：{'、'.join(sorted(unknown))}")
    strengths = {str(role): float(value) for role, value in content["role_strength"].items()}
    return _Dictionary(
        tuple(re.compile(pattern) for pattern in content["annotations"]),
        tuple((unit, re.compile(pattern).search) for unit, pattern in content["units"].items()),
        {str(word): means for means, words in content["exact"].items() for word in words},
        tuple(re.compile(pattern).search for pattern in content["never"]),
        tuple(_Pattern(e["role"], strengths[e["role"]], re.compile(e["pattern"]).search) for e in content["roles"]),
        tuple(_Pattern(e["attribute"], 1.0, re.compile(e["pattern"]).search) for e in content["attributes"]),
        tuple(_Pattern(e["means"], float(e["strength"]), re.compile(e["pattern"]).search) for e in content["direct"]),
        strengths,
        re.compile(content["regulator_words"]).search,
    )


def strip_header(text: str) -> tuple[str, str | None]:
    """A header without annotations, and the unit of money it states (万元, 元, ...); empty where it says nothing."""
    plain = clean_header(unicodedata.normalize("NFKC", text[: LONGEST_HEADER * 4]))
    known = load_dictionary()
    for pattern in known.annotations:
        plain = pattern.sub("", plain)
    unit = None
    for name, search in known.units:
        if (found := search(plain)) is not None:
            unit, plain = name, plain[: found.start()] or plain
            break
    plain = _duplicate.sub("", plain).strip("_-·、,，。")
    return ("" if plain.lower() in _EMPTY else plain[:LONGEST_HEADER]), unit


@lru_cache(maxsize=4_096)
def read_header(text: str) -> HeaderReading:
    """What a header says. Nothing known: ``means`` is None."""
    plain, unit = strip_header(text)
    if not plain:
        return HeaderReading("", unit=unit)
    known = load_dictionary()
    exact = known.exact.get(plain.lower())
    if exact is not None:
        return HeaderReading(plain, exact, 0.97, unit=unit)
    if any(search(plain) for search in known.never):
        return HeaderReading(plain, "ignore", 0.95, unit=unit)
    reading = _read_owner(plain, known)
    if reading is not None:
        return reading._replace(unit=unit)
    fact = _trailing_bracket("", plain) or plain
    for pattern in known.direct:
        if pattern.search(fact):
            return HeaderReading(plain, pattern.what, pattern.strength, unit=unit)
    return HeaderReading(plain, unit=unit)


def _read_owner(plain: str, known: _Dictionary) -> HeaderReading | None:
    """Whose fact, and which; None where the header names no owner or the fact is not one of an owner's."""
    found = sorted(
        (match.start(), order, role) for order, role in enumerate(known.roles) if (match := role.search(plain))
    )
    named = {role.what: role for _, _, role in reversed(found)}
    first = next((role for _, _, role in found if role.what not in ("unit", "office")), None)
    role = named.get("other") or named.get("legal_rep") or first or named.get("unit") or named.get("office")
    attribute = _read_attribute(plain, role, known)
    if role is None:
        return _ownerless(plain, attribute)
    if attribute == "other" and role.what != "other":
        return None
    if attribute is None and not _stands_alone(plain, role):
        return None
    if role.what == "other":
        return HeaderReading(plain, "ignore", role.strength, role.what, attribute)
    means, factor = _COMBINED[role.what](attribute)
    if means is None:
        return None
    regulator = role.what == "subject" and known.regulator(plain) is not None
    strength = role.strength * factor + (0.02 if regulator else 0.0)
    return HeaderReading(plain, means, min(strength, 0.98), role.what, attribute, by_regulator=regulator)


def _read_attribute(plain: str, role: _Pattern | None, known: _Dictionary) -> str | None:
    """Which fact of the owner: what stands after the owner's word decides, else what stands before it."""
    match = role.search(plain) if role else None
    if match is None:
        return next((one.what for one in known.attributes if one.search(plain)), None)
    after, before = plain[match.end() :], plain[: match.start()]
    found = next((one.what for one in known.attributes if one.search(after)), None)
    if found is not None:
        return found
    return next(
        (one.what for one in known.attributes if one.what not in ("other", "name") and one.search(before)), None
    )


def _stands_alone(plain: str, role: _Pattern) -> bool:
    """Whether an owner's word is the whole header (检查对象, 处罚机关单位) and not part of somebody's name."""
    match = role.search(plain)
    return match is not None and match.start() <= 8 and _owner_words(plain[match.end() :]) is not None


def _ownerless(plain: str, attribute: str | None) -> HeaderReading | None:
    if attribute in ("uscc", "org_code", "reg_no", "tax_no"):
        return HeaderReading(plain, attribute, 0.95, None, attribute)
    if attribute in ("id_no", "id_type"):
        return HeaderReading(plain, attribute, 0.9, None, attribute)
    if attribute in ("address", "phone"):
        return HeaderReading(plain, attribute, 0.92, None, attribute)
    if plain in ("名称", "姓名", "全称", "名字"):
        return HeaderReading(plain, "name", 0.8, None, "name")
    if plain in ("类别", "类型", "性质", "种类", "经济类型", "组织形式"):
        return HeaderReading(plain, "ignore", 0.5, None, "kind")
    return None


def _of_subject(attribute: str | None) -> tuple[str | None, float]:
    if attribute in (*_ORGANISATION_CODES, "id_no", "id_type", "address", "phone"):
        return attribute, 1.0
    if attribute == "code":
        return "uscc", 0.92
    if attribute == "number":
        return "ignore", 0.6
    if attribute == "kind":
        return "subject_kind", 0.97
    return "name", 1.0 if attribute == "name" else 0.96


def _of_authority(attribute: str | None) -> tuple[str | None, float]:
    if attribute in (*_ORGANISATION_CODES, "code"):
        return "authority_code", 1.0
    if attribute in ("id_no", "id_type", "address", "phone", "kind", "number"):
        return "ignore", 0.9
    return "authority", 1.0


def _of_source(attribute: str | None) -> tuple[str | None, float]:
    if attribute in (*_ORGANISATION_CODES, "code"):
        return "source_code", 1.0
    if attribute in ("id_no", "id_type", "address", "phone", "kind", "number"):
        return "ignore", 0.9
    return "source_unit", 1.0


def _of_legal_rep(attribute: str | None) -> tuple[str | None, float]:
    return ("legal_rep", 1.0) if attribute in (None, "name") else ("ignore", 1.0)


def _of_unit(attribute: str | None) -> tuple[str | None, float]:
    if attribute in _ORGANISATION_CODES:
        return attribute, 1.3
    if attribute in ("address", "phone"):
        return attribute, 1.2
    if attribute in ("id_no", "id_type", "code", "kind", "number"):
        return "ignore", 0.8
    return "name", 1.0


def _of_office(attribute: str | None) -> tuple[str | None, float]:
    return ("authority", 1.0) if attribute in (None, "name") else ("ignore", 1.0)


_COMBINED: Final = {
    "subject": _of_subject,
    "authority": _of_authority,
    "source": _of_source,
    "legal_rep": _of_legal_rep,
    "unit": _of_unit,
    "office": _of_office,
}
