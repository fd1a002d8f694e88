"""Standards (评价标准) read from YAML and checked as a whole before anybody is evaluated by them. [pure]

A standard decides over people's livelihood, so nothing in it is taken on trust: every value has a band, no band
overlaps, no number is NaN, larger values move the points one way only, and no indicator may reward a further adverse
record. What is wrong is said in Chinese with the place. The digest is that of the data itself, so that a comment may
be mended and a number may not.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from credit.errors import StandardInvalid
from models.terms import Grade, ListingKind, Severity, SubjectKind, Tone
from scoring.card import HUNDREDTHS, UNCLASSIFIED, Band, Cut, Group, Indicator, Selection, Standard, Veto, Window
from scoring.indicators import AGGREGATES
from scoring.standard_checks import check_standard, fail

FOLDER: Final = Path(__file__).parent / "standards"
USES: Final = frozenset(("comprehensive", "risk", "incentive"))
TOP: Final = frozenset(("name", "title", "edition", "use", "valid_from", "subject_kinds", "source", "legal_basis")) | {
    "base", "cuts", "groups", "indicators", "vetoes"
}  # fmt: skip
INDICATOR_KEYS: Final = frozenset(("code", "name", "group", "aggregate", "select", "better", "unit", "bands")) | {
    "missing", "field", "categories", "gained", "lost", "basis", "verified"
}  # fmt: skip
VETO_KEYS: Final = frozenset(("code", "name", "select", "cap", "reason", "basis", "verified"))
SELECTION_KEYS: Final = frozenset(
    ("items", "tones", "severities", "lists", "listing_kinds", "fields", "window", "current")
)
YUAN: Final = "元"

__all__ = ["FOLDER", "check_standard", "list_standards", "load_standard", "read_standard"]


def list_standards(folder: Path = FOLDER) -> list[Path]:
    """The files of the standards shipped with the project."""
    return sorted(folder.glob("*.yaml"))


def load_standard(path: Path) -> Standard:
    """Read and check one standard; raises StandardInvalid saying what is wrong in it."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as cause:
        raise StandardInvalid(f"{path.name} 无法读取") from cause
    if not isinstance(content, dict):
        raise StandardInvalid(f"{path.name} 不是评价标准")
    return read_standard(content)


def read_standard(content: Mapping[str, Any]) -> Standard:
    """Make a checked standard from its data (as YAML or a registered card has it); raises StandardInvalid."""
    _only(content, TOP, "标准")
    try:
        standard = _read(content)
    except (KeyError, TypeError, ValueError, AttributeError) as cause:
        raise StandardInvalid(f"评价标准缺少或误填：{type(cause).__name__} {cause}") from cause
    check_standard(standard)
    return standard


def plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a standard as JSON has it: what is registered and what the digest is made of."""
    try:
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, allow_nan=False, default=_day_text)
    except (TypeError, ValueError) as cause:
        raise StandardInvalid("评价标准含有无效数值（NaN 或无穷大）或无法识别的内容") from cause
    result: dict[str, Any] = json.loads(text)
    return result


def _day_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError("no such type in a standard")


def _read(content: Mapping[str, Any]) -> Standard:
    valid_from = content["valid_from"]
    body = plain(content)
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Standard(
        name=_text(content["name"], "name"),
        title=_text(content["title"], "title"),
        edition=_text(content["edition"], "edition"),
        use=_one_of(content["use"], USES, "use"),
        valid_from=valid_from if isinstance(valid_from, date) else date.fromisoformat(valid_from),
        subject_kinds=_set_of(content["subject_kinds"], {kind.value for kind in SubjectKind}, "subject_kinds"),
        legal_basis=tuple(_text(line, "legal_basis") for line in content["legal_basis"]),
        base=_points(content["base"], "base"),
        groups=tuple(
            Group(_text(one["name"], "groups"), _points(one["weight"], "weight")) for one in content["groups"]
        ),
        indicators=tuple(_indicator(one) for one in content["indicators"]),
        vetoes=tuple(_veto(one) for one in content.get("vetoes") or ()),
        cuts=_cuts(content["cuts"]),
        body=body,
        digest=hashlib.sha256(text.encode()).digest(),
    )


def _indicator(one: Mapping[str, Any]) -> Indicator:
    code = _text(one["code"], "code")
    _only(one, INDICATOR_KEYS, code)
    if one["aggregate"] not in AGGREGATES:
        fail(code, f"未知的计算方式 {one['aggregate']}")
    categories = [(_text(key, code), _points(points, code)) for key, points in (one.get("categories") or {}).items()]
    level_1, level_2 = one["group"]
    return Indicator(
        code=code,
        name=_text(one["name"], code),
        group=(_text(level_1, code), _text(level_2, code)),
        aggregate=one["aggregate"],
        select=_selection(one["select"], code),
        better=_one_of(one["better"], {"more", "less", "either"}, code),
        unit=_text(one["unit"], code),
        bands=_bands(one, code),
        missing=_points(one["missing"], code) if "missing" in one else _missing_default(one["aggregate"], code),
        field=one.get("field"),
        categories=tuple(sorted(categories)),
        gained=_text(one["gained"], code),
        lost=_text(one["lost"], code),
        basis=_text(one["basis"], code),
        verified=one["verified"] is True,
    )


def _missing_default(aggregate: str, code: str) -> int:
    if AGGREGATES[aggregate].empty is None:
        fail(code, "缺少“无数据”（missing）的分值")
    return 0


def _bands(one: Mapping[str, Any], code: str) -> tuple[Band, ...]:
    scale = HUNDREDTHS if one["unit"] == YUAN else 1
    bands = []
    for band in one.get("bands") or ():
        _only(band, frozenset(("from", "below", "points")), code)
        stop = None if band.get("below") is None else _whole(band["below"], code) * scale
        bands.append(Band(_whole(band["from"], code) * scale, stop, _points(band["points"], code)))
    return tuple(bands)


def _veto(one: Mapping[str, Any]) -> Veto:
    code = _text(one["code"], "code")
    _only(one, VETO_KEYS, code)
    return Veto(
        code=code,
        name=_text(one["name"], code),
        select=_selection(one["select"], code),
        cap=_one_of(one["cap"], {grade.value for grade in Grade}, code),
        reason=_text(one["reason"], code),
        basis=_text(one["basis"], code),
        verified=one["verified"] is True,
    )


def _selection(one: Mapping[str, Any], code: str) -> Selection:
    _only(one, SELECTION_KEYS, code)
    severities = {severity.value for severity in Severity} | {UNCLASSIFIED}
    return Selection(
        items=frozenset(_text(item, code) for item in one["items"]),
        tones=_set_of(one.get("tones") or (), {tone.value for tone in Tone}, code),
        severities=_set_of(one.get("severities") or (), severities, code),
        lists=frozenset(_text(name, code) for name in one.get("lists") or ()),
        listing_kinds=_set_of(one.get("listing_kinds") or (), {kind.value for kind in ListingKind}, code),
        fields=tuple((name, frozenset(values)) for name, values in sorted((one.get("fields") or {}).items())),
        window=_window(one["window"], code) if "window" in one else None,
        current=one.get("current") is True,
    )


def _window(one: Mapping[str, Any], code: str) -> Window:
    _only(one, frozenset(("years", "days")), code)
    window = Window(_whole(one.get("years", 0), code), _whole(one.get("days", 0), code))
    if window.years < 0 or window.days < 0 or not any(window):
        fail(code, "时间窗口须为正数")
    if window.years > HUNDREDTHS:
        fail(code, "时间窗口超过一百年")
    return window


def _cuts(cuts: Sequence[Mapping[str, Any]]) -> tuple[Cut, ...]:
    grades = {grade.value for grade in Grade}
    lowest = -(10**9)
    return tuple(
        Cut(_one_of(cut["grade"], grades, "cuts"), _points(cut["from"], "cuts") if "from" in cut else lowest)
        for cut in cuts
    )


def _points(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        fail(where, "分值须为有限的数（不得为 NaN）")
    hundredths = round(value * HUNDREDTHS)
    if not math.isclose(hundredths, value * HUNDREDTHS, abs_tol=1e-6):
        fail(where, "分值最多两位小数")
    return hundredths


def _whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        fail(where, "区间与期限须为整数")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        fail(where, "缺少文字")
    return value


def _one_of(value: object, allowed: frozenset[str] | set[str], where: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        fail(where, f"{value} 不在允许的取值内")
    return value


def _set_of(values: Sequence[str], allowed: set[str], where: str) -> frozenset[str]:
    return frozenset(_one_of(value, allowed, where) for value in values)


def _only(one: Mapping[str, Any], allowed: frozenset[str], where: str) -> None:
    unknown = sorted(str(key) for key in set(one) - allowed)
    if unknown:
        fail(where, f"不认识的内容：{'、'.join(unknown)}")
