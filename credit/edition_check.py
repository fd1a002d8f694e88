"""Whether a document may become an edition of its list: read whole, held against the lists in force, measured. [pure]"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import yaml

from credit.behaviours import Behaviour, list_unknown_items, read_behaviours
from credit.catalogue import Catalogue, read_catalogue
from credit.edition_diff import EditionChange, diff_catalogues, diff_entries
from credit.errors import DescriptionInvalid
from credit.identifiers import scrub
from credit.list_kinds import ListKind
from credit.matters import Matter, read_matters
from credit.measures import MeasureKindRow
from models.terms import DisclosureLevel, MeasureKind, Tone

LARGEST: Final = 1_000_000
LONGEST_EDITION: Final = 64
PUNISHING_ATTRIBUTES: Final = ("tone", "disclosure", "publication_rule", "subject_kinds")


class Lists(NamedTuple):
    """What a document is held against: the lists in force, the kinds of lists, the measures."""

    catalogue: Catalogue
    behaviours: Mapping[str, Behaviour]
    matters: Mapping[str, Matter]
    list_kinds: Mapping[str, ListKind]
    measures: Mapping[str, MeasureKindRow]


class CheckedEdition(NamedTuple):
    """A sound document as kept, what it changes, and whether it would punish more than before."""

    edition: str
    content: dict[str, Any]
    changes: tuple[EditionChange, ...]
    punitive: bool


class _PlainLoader(yaml.SafeLoader):
    """YAML without anchors and aliases: a short text cannot stand for an endless one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias, else compose as usual."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("alias")
        return super().compose_node(parent, index)


def parse_document(raw: bytes) -> Any:
    """The value of a YAML file as sent; DescriptionInvalid where it cannot be read or is too large."""
    if len(raw) > LARGEST:
        raise invalid(["文件过大"])
    try:
        return yaml.load(raw.decode("utf-8-sig"), Loader=_PlainLoader)  # noqa: S506 (a narrowed SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise invalid(["不是有效的 YAML 文件（UTF-8，不用锚点和别名）"]) from None


def check_edition(list_name: str, document: Any, lists: Lists) -> CheckedEdition:
    """Check a document as the next edition of a list. Raises DescriptionInvalid or ForbiddenAttribute, saying all."""
    content = plain_document(document)
    edition = str(content.get("edition") or "").strip()
    if not edition or len(edition) > LONGEST_EDITION:
        raise invalid(["缺少版次 edition，或版次过长"])
    if list_name == "catalogue":
        return _check_catalogue(edition, content, lists)
    if list_name == "behaviour":
        return _check_behaviours(edition, content, lists)
    if list_name == "application":
        return _check_matters(edition, content, lists)
    raise invalid([f"没有清单 {list_name}"])


def plain_document(document: Any) -> dict[str, Any]:
    """A parsed YAML document as JSON has it; DescriptionInvalid where it is none, too large, or holds a citizen number."""
    if not isinstance(document, Mapping):
        raise invalid(["文件应为键值结构"])
    try:
        text = json.dumps(document, ensure_ascii=False, default=str, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise invalid(["文件内容无法保存"]) from None
    if len(text) > LARGEST:
        raise invalid(["文件过大"])
    if scrub(text) != text:
        raise invalid(["文件中含有身份证件号码"])
    content: dict[str, Any] = json.loads(text)
    return content


def _check_catalogue(edition: str, content: dict[str, Any], lists: Lists) -> CheckedEdition:
    new, old = read_catalogue(content), lists.catalogue
    faults = [
        f"信息项 {code} 的自然键一经公布不得改变（同一事实会成为两条）"
        for code, item in new.items.items()
        if code in old.items and old.items[code].natural_key != item.natural_key
    ]
    if faults:
        raise invalid(faults)
    changes = tuple(diff_catalogues(old, new))
    return CheckedEdition(edition, content, changes, _catalogue_punishes(old, new))


def _catalogue_punishes(old: Catalogue, new: Catalogue) -> bool:
    """Whether adverse information would be collected, published or extended to others beyond what is in force."""
    for code, item in new.items.items():
        before = old.open_items.get(code)
        if item.tone is not Tone.adverse and item.list_codes is None:
            continue
        if before is None or any(getattr(before, name) != getattr(item, name) for name in PUNISHING_ATTRIBUTES):
            return True
        if any(
            field.disclosure is DisclosureLevel.public and before.fields[name].disclosure != field.disclosure
            for name, field in item.fields.items()
            if name in before.fields
        ):
            return True
    return False


def _check_behaviours(edition: str, content: dict[str, Any], lists: Lists) -> CheckedEdition:
    acts = read_behaviours(content)
    unknown = list_unknown_items(acts, lists.catalogue)
    if unknown:
        raise invalid([f"信息项 {code} 不在现行数据清单内" for code in unknown])
    changes = tuple(diff_entries(lists.behaviours, acts))
    return CheckedEdition(edition, content, changes, any(change.kind != "removed" for change in changes))


def _check_matters(edition: str, content: dict[str, Any], lists: Lists) -> CheckedEdition:
    matters = read_matters(content)
    faults = []
    for matter in matters.values():
        faults += [f"事项 {matter.code}：没有名单 {code}" for code in sorted(matter.lists - lists.list_kinds.keys())]
        faults += [f"事项 {matter.code}：没有措施 {code}" for code in sorted(matter.measures - lists.measures.keys())]
        unknown = sorted(matter.items - lists.catalogue.open_items.keys())
        faults += [f"事项 {matter.code}：信息项 {code} 不在现行数据清单内" for code in unknown]
    if faults:
        raise invalid(faults)
    changes = tuple(diff_entries(lists.matters, matters))
    punitive = any(_matter_punishes(lists.matters.get(code), matter, lists) for code, matter in matters.items())
    return CheckedEdition(edition, content, changes, punitive)


def _matter_punishes(old: Matter | None, new: Matter, lists: Lists) -> bool:
    """Whether a matter gains a restriction, or what bears on it grows while it has one."""
    held = {code for code in new.measures if lists.measures[code].kind is MeasureKind.restriction}
    if not held:
        return False
    if old is None or held - old.measures:
        return True
    return bool(new.lists - old.lists or new.items - old.items or new.severities - old.severities)


def invalid(faults: list[str]) -> DescriptionInvalid:
    """The refusal of a document with all that is wrong in it."""
    listed = [{"field": "document", "code": "EDITION", "message": fault} for fault in faults]
    return DescriptionInvalid("；".join(faults), faults=listed)
