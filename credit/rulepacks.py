"""Rule packs (规则包): the dated numbers of law that a jurisdiction goes by, read from YAML, checked and frozen.

A deployment names its pack. Nothing here decides: ``credit.publication`` does, and shows the pack's id and rule with
each decision. Every value carries instrument and article; unverified ones say so.
"""

import functools
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import yaml

from credit.errors import CreditError
from models.terms import Severity

RULES_FOLDER: Final = Path(__file__).parent / "reference" / "rules"
_TOP: Final = frozenset(
    {"id", "jurisdiction", "edition", "regimes", "transition", "before_first_regime", "unclassified"}
    | {"query", "severity", "workdays"}
)


class RulePackInvalid(CreditError):
    """A rule pack that cannot be used, with what is wrong in it."""

    slug, title = "rule-pack-invalid", "规则包有误"


class Source(NamedTuple):
    """Where a value stands in law; ``verified`` whether the text itself was read."""

    instrument: str
    article: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Regime:
    """Months of publication by class in a span of days (both included); 0 months: not published."""

    id: str
    first_day: date
    last_day: date | None
    months: Mapping[Severity, int]
    least_months: Mapping[Severity, int]
    source: Source


class FineLimits(NamedTuple):
    """From which fine on, in fen, a penalty is large (较大) or huge (巨额) in a sector."""

    large: int
    huge: int
    source: Source


class WorkdayTerm(NamedTuple):
    """A term in working days: how many, what for, by what law."""

    days: int
    meaning: str
    source: Source


@dataclass(frozen=True, slots=True, eq=False)
class RulePack:
    """All rules of a jurisdiction in one edition. Compared and cached by identity."""

    id: str
    jurisdiction: str
    edition: str
    regimes: tuple[Regime, ...]
    earliest: Regime
    transition_source: Source
    unclassified: Severity
    query_years: int
    query_source: Source
    words: Mapping[str, re.Pattern[str]]
    severity_source: Source
    fines: Mapping[str, FineLimits]
    workdays: Mapping[str, WorkdayTerm]

    def regime_on(self, day: date) -> Regime:
        """The publication regime in force on a day; days before the first fall under the named one."""
        for regime in reversed(self.regimes):
            if regime.first_day <= day:
                return regime
        return self.earliest

    def unverified(self) -> tuple[str, ...]:
        """Names of the values whose source was not read, for pages that must say so."""
        regimes = [f"regimes.{regime.id}" for regime in self.regimes if not regime.source.verified]
        fines = [f"fines.{sector}" for sector, limits in self.fines.items() if not limits.source.verified]
        terms = [f"workdays.{name}" for name, term in self.workdays.items() if not term.source.verified]
        others = {"transition": self.transition_source, "query": self.query_source, "severity": self.severity_source}
        return (*regimes, *fines, *terms, *(name for name, source in others.items() if not source.verified))


def load_rule_pack(path: Path = RULES_FOLDER / "shanghai-2026.yaml") -> RulePack:
    """The pack of a file; loaded once per version of the file. Raises RulePackInvalid naming file and fault."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise RulePackInvalid(f"{path.name}：无法读取") from None
    return _load(path, changed)


@functools.lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> RulePack:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _read_pack(content)
    except RulePackInvalid as error:
        raise RulePackInvalid(f"{path.name}：{error.detail}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise RulePackInvalid(f"{path.name}：无法读取或不是有效的YAML") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RulePackInvalid(f"{path.name}：{type(error).__name__} {error}") from None


def _read_pack(content: Any) -> RulePack:
    if not isinstance(content, dict) or set(content) != _TOP:
        odd = sorted(_TOP.symmetric_difference(content)) if isinstance(content, dict) else []
        raise RulePackInvalid(f"缺少或多出项目 {'、'.join(map(str, odd))}")
    regimes = tuple(_read_regime(entry) for entry in content["regimes"])
    _check_regimes(regimes)
    by_id = {regime.id: regime for regime in regimes}
    if content["transition"]["rule"] != "kinder":
        raise RulePackInvalid("transition.rule 只能是 kinder")
    severity = content["severity"]
    return RulePack(
        id=_text(content["id"], "id"),
        jurisdiction=_text(content["jurisdiction"], "jurisdiction"),
        edition=_text(content["edition"], "edition"),
        regimes=regimes,
        earliest=by_id[content["before_first_regime"]],
        transition_source=_read_source(content["transition"]["source"]),
        unclassified=Severity(content["unclassified"]),
        query_years=_count(content["query"]["years"], "query.years", least=1),
        query_source=_read_source(content["query"]["source"]),
        words=MappingProxyType(_read_words(severity)),
        severity_source=_read_source(severity["source"]),
        fines=MappingProxyType(_read_fines(severity["fines"])),
        workdays=MappingProxyType({name: _read_term(name, term) for name, term in content["workdays"].items()}),
    )


def _read_regime(entry: dict[str, Any]) -> Regime:
    months = {Severity(key): _count(value["months"], "months") for key, value in entry["publish"].items()}
    least = {Severity(key): _count(value.get("least_months", 0), "least") for key, value in entry["publish"].items()}
    if set(months) != set(Severity):
        raise RulePackInvalid(f"regimes.{entry['id']} 须有三类公示期")
    if any(least[severity] > months[severity] for severity in Severity):
        raise RulePackInvalid(f"regimes.{entry['id']} 最短公示期长于最长公示期")
    for day in (entry["from"], entry["until"]):
        if type(day) is not date and not (day is None and entry["until"] is None):
            raise RulePackInvalid(f"regimes.{entry['id']} 日期有误")
    return Regime(
        _text(entry["id"], "id"),
        entry["from"],
        entry["until"],
        MappingProxyType(months),
        MappingProxyType(least),
        _read_source(entry["source"]),
    )


def _check_regimes(regimes: tuple[Regime, ...]) -> None:
    if not regimes or regimes[-1].last_day is not None:
        raise RulePackInvalid("最后一个 regime 不得有截止日")
    for earlier, later in itertools.pairwise(regimes):
        if earlier.last_day is None or (later.first_day - earlier.last_day).days != 1:
            raise RulePackInvalid(f"regimes {earlier.id} 与 {later.id} 日期不衔接")


def _read_words(severity: dict[str, Any]) -> dict[str, re.Pattern[str]]:
    names = ("serious_words", "general_words", "minor_words", "fine_words", "simple_words")
    if not all(severity[name] for name in names):
        raise RulePackInvalid("severity 的词表不得为空")
    return {name: re.compile("|".join(re.escape(_text(word, name)) for word in severity[name])) for name in names}


def _read_fines(fines: dict[str, Any]) -> dict[str, FineLimits]:
    limits = {}
    for sector, entry in fines.items():
        large = _count(entry["large"], f"fines.{sector}.large", least=1) * 100
        huge = _count(entry["huge"], f"fines.{sector}.huge", least=1) * 100
        if huge <= large:
            raise RulePackInvalid(f"fines.{sector} 巨额须大于较大数额")
        limits[str(sector)] = FineLimits(large, huge, _read_source(entry["source"]))
    if "default" not in limits:
        raise RulePackInvalid("fines 缺少 default")
    return limits


def _read_term(name: str, entry: dict[str, Any]) -> WorkdayTerm:
    days = _count(entry["days"], f"workdays.{name}", least=1)
    return WorkdayTerm(days, _text(entry["meaning"], name), _read_source(entry["source"]))


def _read_source(entry: dict[str, Any]) -> Source:
    if type(entry["verified"]) is not bool:
        raise RulePackInvalid("verified 须为 true 或 false")
    return Source(_text(entry["instrument"], "instrument"), str(entry["article"]), entry["verified"])


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RulePackInvalid(f"{name} 须为文字")
    return value


def _count(value: Any, name: str, least: int = 0) -> int:
    if type(value) is not int or value < least:
        raise RulePackInvalid(f"{name} 须为不小于 {least} 的整数")
    return value
