"""What a file is about (信息项推断): item, kind of list, department, key and unit, from title, headers and values; pure.

The headers weigh more than the file's name: names are lost on the way. An item that does not lead clearly is none: a
person says it. A key always begins with the subject: one decision may concern several parties.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import yaml

from credit.catalogue import CatalogueItem
from credit.collection.amounts_in_words import find_fine
from credit.collection.faults import Unreadable
from credit.collection.infer_columns import ColumnView, Meaning
from credit.collection.infer_headers import SYNONYMS
from credit.collection.infer_values import kinds_of
from credit.collection.values import is_null, read_amount
from credit.identifiers import kind_of_code, normalise
from credit.list_kinds import load_list_kinds
from credit.names import looks_like_person

LEAST: Final = 0.65
MARGIN: Final = 0.35
LIST_WORDS: Final[Mapping[str, str]] = {
    "经营异常": "abnormal-operation", "异常名录": "abnormal-operation", "失信被执行人": "judgment-debtor",
    "重大税收违法": "tax-serious", "A级纳税": "tax-class-a", "纳税信用A级": "tax-class-a",
    "房地产经纪机构警示": "estate-agency-warning", "农民工工资": "wage-arrears", "严重违法失信": "market-serious",
    "守合同重信用": "contract-abiding",
}  # fmt: skip
_MEANS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {
    "penalty_kind": (("penalty", 1.0),), "fine": (("penalty", 0.8),), "violation": (("penalty", 0.6),),
    "penalty_content": (("penalty", 0.6),), "grade": (("grade", 0.9),),
}  # fmt: skip
_plain_fine = re.compile(r"罚款(?:人民币)?([0-9]{1,12}(?:\.[0-9]{1,2})?)").fullmatch
_trimmed = re.compile(
    r"\([^)]*\)|副本|masked|截止.*$|[0-9]{4}-?[0-9]{0,2}-?[0-9]{0,2}(?:至)?|[+_\s]+|\.csv|\.xlsx?|\.gz|\.json|汇总|信息$|数据$|名单$|公示$|公告$|表$|名录$"
)


@lru_cache(maxsize=1)
def _rules() -> dict[str, Any]:
    content = yaml.safe_load(SYNONYMS.read_text(encoding="utf-8"))
    return {
        "items": {
            code: (
                re.compile(rule["title"]).search, float(rule["title_weight"]),
                re.compile(rule["header"]).search, float(rule["header_weight"]),
            )
            for code, rule in content["items"].items()
        },
        "values": {code: re.compile(pattern).search for code, pattern in content["values"].items()},
        "department": re.compile(content["departments"]).search,
    }  # fmt: skip


def score_items(title: str, views: Sequence[ColumnView], meanings: Mapping[int, Meaning]) -> dict[str, float]:
    """How much speaks for each item."""
    rules = _rules()
    headers = [view.reading.plain for view in views if view.reading.plain]
    scores: defaultdict[str, float] = defaultdict(float)
    for code, (in_title, title_weight, in_header, header_weight) in rules["items"].items():
        if in_title(title):
            scores[code] += title_weight
        scores[code] += header_weight * min(3, sum(1 for header in headers if in_header(header)))
    for meaning in meanings.values():
        for code, weight in _MEANS.get(meaning.means, ()):
            scores[code] += weight
    if not headers and {"licence_no", "valid_until"} <= {meaning.means for meaning in meanings.values()}:
        scores["licence"] += 1.0
    if find_list_code(title) is not None:
        scores["listing"] += 2.0 if any(word in title for word in ("名单", "名录", "失信主体")) else 1.5
    if {"amount", "address"} <= {meaning.means for meaning in meanings.values()}:
        scores["registration"] += 1.1
    for code, search in rules["values"].items():
        best = max((_share_found(view, search, 45 if code != "registration" else 400) for view in views), default=0.0)
        scores[code] += 1.1 * best if best >= 0.3 else 0.0
    return dict(scores)


def names_item(title: str, item: str) -> bool:
    """Whether a title or file name says that a file is of this item."""
    rule = _rules()["items"].get(item)
    return rule is not None and rule[0](unicodedata.normalize("NFKC", title)) is not None


def _share_found(view: ColumnView, search: Any, longest: int) -> float:
    if not view.profile.filled or view.profile.length > longest or view.profile.share("firm", "address") > 0.5:
        return 0.0
    found = sum(times for value, times in view.profile.common if search(unicodedata.normalize("NFKC", value)))
    return float(found / max(1, sum(times for _, times in view.profile.common)))


def choose_item(scores: Mapping[str, float]) -> str | None:
    """The item that leads clearly, or None."""
    ranked = sorted(scores.items(), key=lambda entry: -entry[1])
    if not ranked or ranked[0][1] < LEAST:
        return None
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return ranked[0][0] if ranked[0][1] - second >= MARGIN else None


def find_list_code(title: str) -> str | None:
    """The kind of list a title names, or None: which list it is is never guessed."""
    plain = unicodedata.normalize("NFKC", title)
    found = {code for words, code in LIST_WORDS.items() if words in plain}
    found |= {code for code, kind in load_list_kinds().items() if kind.name in plain}
    return found.pop() if len(found) == 1 else None


def read_title(stem: str) -> str:
    """What a file's name says, without dates, copies and the words that all names have."""
    head, dash, rest = unicodedata.normalize("NFKC", stem).partition("-")
    plain = rest if dash and find_department(head) and rest else unicodedata.normalize("NFKC", stem)
    before = ""
    while before != plain:
        before, plain = plain, _trimmed.sub("", plain).strip("-. ")
    return plain or stem


def find_department(text: str) -> str | None:
    """The department a title or file name begins with or names as its reporter, or None."""
    plain = unicodedata.normalize("NFKC", text)
    plain = plain.split(":", 1)[1] if ":" in plain else plain
    found = _rules()["department"](plain.strip())
    return found.group() if found and found.start() == 0 else None


def choose_key(item: CatalogueItem, given: frozenset[str]) -> tuple[str, ...]:
    """The natural key: of the catalogue's parts those the file has, the subject first."""
    parts = tuple(part for part in item.natural_key if part in ("subject", "list") or part in given)
    if len(parts) > (2 if "list" in parts else 1) or item.natural_key == ("subject",):
        return parts
    further = tuple(
        p for p in ("doc_no", "licence_no", "content", "year", "decision_date") if p in given & item.fields.keys()
    )
    return (*parts, *further)


def find_unit(amount: ColumnView, texts: Sequence[ColumnView], stated: str | None) -> tuple[str, bool]:
    """The unit of an amount column, and whether it is proved: by its header, or by the fines its row's text names."""
    votes: Counter[str] = Counter()
    for text in texts:
        for cell, words in zip(amount.cells[:1_500], text.cells, strict=False):
            fen = _bare(cell)
            named = _named_fine(unicodedata.normalize("NFKC", words)) if fen and words else None
            if fen and named:
                votes["万元" if named == fen * 10_000 else "元" if named == fen else "other"] += 1
    best, count = max(votes.items(), key=lambda e: e[1], default=("", 0))
    if best in ("万元", "元") and count >= 3 and count >= 0.8 * sum(votes.values()):
        return best, True
    if amount.reading.unit or stated:
        return amount.reading.unit or stated or "元", True
    if best in ("万元", "元") and count >= 0.5 * sum(votes.values()):
        return best, True
    numbers = sorted(fen for cell in amount.cells if (fen := _bare(cell)))
    small = bool(numbers) and numbers[len(numbers) // 2] < 5_000 and any(fen % 100 for fen in numbers)
    return ("万元" if small else "元"), False


def _named_fine(words: str) -> int | None:
    """The fine a text names, also where it leaves out the unit: 罚款50000.00."""
    if (match := _plain_fine(words.strip())) is not None:
        return int(float(match[1]) * 100)
    return find_fine(words)


def _bare(cell: str) -> int | None:
    if "decimal" not in kinds_of(cell):
        return None
    try:
        return read_amount(cell)
    except Unreadable:
        return None


def find_subject_kinds(views: Mapping[str, ColumnView], item: CatalogueItem | None) -> tuple[str, ...]:
    """The kinds of subject met in the codes and names; those of the item where neither tells."""
    kinds: Counter[str] = Counter()
    codes = views.get("uscc")
    for cell in codes.cells if codes else ():
        if "code_ok" in kinds_of(cell):
            kinds[kind_of_code(normalise(cell)).value] += 1
    name = views.get("name")
    if name is not None:
        kinds["person"] += sum(1 for cell in name.cells if not is_null(cell) and looks_like_person(cell.strip()))
        if not codes:
            kinds["enterprise"] += sum(1 for cell in name.cells if "firm" in kinds_of(cell))
    total = sum(kinds.values())
    found = sorted(kind for kind, count in kinds.items() if count and count >= 0.002 * total)
    return tuple(found or (sorted(kind.value for kind in item.subject_kinds) if item else ()))


__all__ = [
    "choose_item",
    "choose_key",
    "find_department",
    "find_list_code",
    "find_subject_kinds",
    "find_unit",
    "names_item",
    "read_title",
    "score_items",
]  # fmt: skip
