"""From a proposal to a description (写成数据源描述): YAML with the confidence of each column, or what a person must say first.

Only what the catalogue item has is taken over; a forbidden attribute, a column without meaning and a column that is too
doubtful are left out. What would have to be guessed (whose rows these are, which item, which list, a required field) is
``wanting``, and refuses to collect.
"""

import glob
import re
from collections import Counter
from pathlib import PurePath
from typing import Any, Final, NamedTuple

import yaml

from credit.catalogue import FACT_MEANINGS, IDENTITY_MEANINGS, Catalogue, CatalogueItem, refuse_forbidden
from credit.collection.description import Description, check_description, clean_header, read_description
from credit.collection.infer import AMOUNTS, Inference, InferredColumn
from credit.collection.infer_items import choose_key, find_department, names_item
from credit.errors import DescriptionInvalid, ForbiddenAttribute

UNKNOWN_DEPARTMENT: Final = "待确认部门"
SAFE_IDENTITY: Final = 0.6
SAFE_FACT: Final = 0.5
LONGEST_NAME: Final = 60
_IDENTIFYING: Final = ("name", "uscc", "reg_no", "org_code", "tax_no")
_IDENTITY: Final = (*_IDENTIFYING, "id_no", "id_type", "subject_kind")
_TELL_FINES: Final = ("penalty_content", "result")
_name_part = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]+")
_number = re.compile(r"[0-9]+")


class Proposal(NamedTuple):
    """A description as data, what a person has to say before it can be used, and the columns it was made from."""

    content: dict[str, Any]
    wanting: tuple[str, ...]
    inference: Inference

    def as_yaml(self) -> str:
        """The description as YAML; each column with its confidence, its runner-up and its masked samples."""
        head = {key: value for key, value in self.content.items() if key != "columns"}
        lines = ["# 由 flask sources infer 推断，使用前请核对；各列后为置信度、次选含义和脱敏样例"]
        lines += [f"# 待人工确认：{reason}" for reason in self.wanting]
        lines += [yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=120).rstrip(), "columns:"]
        shown = {column.index: column for column in self.inference.columns}
        for entry, column in _entries(self.inference, self.content):
            lines.append(f"  - {_flow(entry)}  # {_comment(column)}")
            shown.pop(column.index)
        lines += [f"  # 未采用：{_one_line(c.header) or f'第{c.index + 1}列'}（{_comment(c)}）" for c in shown.values()]
        return "\n".join(lines) + "\n"


def describe(inference: Inference, file_name: str, catalogue: Catalogue) -> Proposal:
    """The description a proposal amounts to, with everything that is still wanting."""
    item = catalogue.items.get(inference.item) if inference.item else None
    content: dict[str, Any] = {
        "name": source_name(file_name),
        "title": inference.title,
        "department": _department(inference, file_name) or UNKNOWN_DEPARTMENT,
        "carrier": "files",
        "item": inference.item,
        "list_code": inference.list_code,
        "files": _files(inference, file_name),
        "constants": _constants(inference, file_name, item),
    }
    content["columns"] = [dict(entry) for entry, _ in _entries(inference, content, item)]
    means = {entry["means"] for entry in content["columns"]}
    if item is not None:
        required = {field.name for field in item.fields.values() if field.required}
        content["natural_key"] = list(choose_key(item, frozenset(means | content["constants"].keys() | required)))
        content["fine_from"] = [means_ for means_ in _TELL_FINES if means_ in means and "fine" in item.fields]
    content = {key: value for key, value in content.items() if value not in (None, {}, [])}
    return Proposal(content, tuple(_wanting(inference, item, content, means)), inference)


def usable(proposal: Proposal, catalogue: Catalogue) -> Description:
    """The description, where nothing is wanting. Raises DescriptionInvalid naming what a person has to say."""
    if proposal.wanting:
        raise DescriptionInvalid(f"无法自动确定采集方式，需人工确认：{'；'.join(proposal.wanting)}")
    description = read_description(proposal.content)
    check_description(description, catalogue)
    return description


def source_name(file_name: str) -> str:
    """The name of an inferred source, from the file's name without dates and copies."""
    stem = PurePath(file_name).name.split(".")[0]
    return ("inferred-" + "-".join(_name_part.findall(stem)))[:LONGEST_NAME] or "inferred"


def _files(inference: Inference, file_name: str) -> dict[str, Any]:
    pattern = _number.sub("*", glob.escape(PurePath(file_name).name))
    settings: dict[str, Any] = {"glob": [pattern], "header_row": inference.header_row}
    if inference.encoding == "gb18030":
        settings["encoding"] = inference.encoding
    if inference.delimiter not in (None, ","):
        settings["delimiter"] = inference.delimiter
    if inference.footer:
        settings["skip_footer"] = inference.footer
    return settings


def _department(inference: Inference, file_name: str) -> str | None:
    for text in (*inference.titles, PurePath(file_name).name.split("-")[0]):
        if (found := find_department(text)) is not None and len(found) >= 4:
            return found
    return inference.constant_authority


def _constants(inference: Inference, file_name: str, item: CatalogueItem | None) -> dict[str, str]:
    """What the file says once for all rows: its authority in title or name, the honour in its title."""
    if item is None:
        return {}
    given = {column.means for column in inference.columns}
    constants: dict[str, str] = {}
    needed = {name for name, field in item.fields.items() if field.required}
    if "authority" in needed - given and (department := _department(inference, file_name)) is not None:
        constants["authority"] = department
    if "content" in needed - given and item.code == "honour":
        constants["content"] = inference.title
    return constants


def _entries(
    inference: Inference, content: dict[str, Any], item: CatalogueItem | None = None
) -> list[tuple[dict[str, Any], InferredColumn]]:
    if item is None and "columns" in content:
        by_place = {column.index: column for column in inference.columns}
        return [(entry, by_place[_place(entry, inference)]) for entry in content["columns"]]
    counts = Counter(clean_header(column.header) for column in inference.columns)
    entries = []
    for column in inference.columns:
        if not _taken_over(column, item):
            continue
        entry: dict[str, Any] = {"column": column.header} if column.header else {}
        if (
            not column.header
            or counts[clean_header(column.header)] > 1
            or inference.header_row is None
            or inference.merged
        ):
            entry = {"index": column.index}
        entry["means"] = column.means
        if column.means in AMOUNTS and inference.units.get(column.means, "元") != "元":
            entry["unit"] = inference.units[column.means]
        if column.index in inference.day_first and _is_date(column, item):
            entry["format"] = "day_first" if inference.day_first[column.index] else "month_first"
        entries.append((entry, column))
    return entries


def _place(entry: dict[str, Any], inference: Inference) -> int:
    if "index" in entry:
        return int(entry["index"])
    return next(column.index for column in inference.columns if column.header == entry["column"])


def _taken_over(column: InferredColumn, item: CatalogueItem | None) -> bool:
    if column.means == "ignore" or column.means == "serial":
        return False
    if column.means in _IDENTITY:
        safe = column.confidence >= SAFE_IDENTITY
    else:
        safe = column.confidence >= SAFE_FACT and item is not None and column.means in item.fields
    if not safe or item is None or column.means not in IDENTITY_MEANINGS | FACT_MEANINGS:
        return False
    try:
        refuse_forbidden((clean_header(column.header),), item)
    except ForbiddenAttribute:
        return False
    return True


def _is_date(column: InferredColumn, item: CatalogueItem | None) -> bool:
    return item is not None and column.means in item.fields and item.fields[column.means].type == "date"


def _wanting(inference: Inference, item: CatalogueItem | None, content: dict[str, Any], means: set[str]) -> list[str]:
    wanting: list[str] = []
    if item is None:
        wanting.append("信息项（item）：不能确定这份文件属于目录的哪一项")
    elif inference.header_row is None and not names_item(" ".join((inference.title, *inference.titles)), item.code):
        wanting.append(f"信息项（item）：没有表头，仅凭取值推断为“{item.name}”")
    safe = any(c.means in _IDENTIFYING and c.confidence >= SAFE_IDENTITY for c in inference.columns)
    if not safe:
        wanting.append("主体列：没有一列能确定为主体的名称或代码")
    if item is None or not safe:
        return wanting
    given = means | content.get("constants", {}).keys()
    for field in item.fields.values():
        if field.required and field.name not in given and not (field.name == "fine" and content.get("fine_from")):
            wanting.append(f"必填字段 {field.name}（{field.label}）：没有一列能确定")
    if item.list_codes is not None and not inference.list_code:
        wanting.append("名单种类（list_code）：不能确定是哪一种名单")
    return wanting


def _flow(entry: dict[str, Any]) -> str:
    text = yaml.safe_dump(entry, allow_unicode=True, sort_keys=False, default_flow_style=True, width=10_000)
    return text.strip().replace("\n", " ")


def _comment(column: InferredColumn) -> str:
    second = f"，次选 {column.runner_up}" if column.runner_up else ""
    samples = "；".join(_one_line(sample) for sample in column.samples)
    return f"{column.means} {column.confidence:.2f}{second}" + (f"；样例 {samples}" if samples else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


__all__ = ["UNKNOWN_DEPARTMENT", "Proposal", "describe", "source_name", "usable"]
