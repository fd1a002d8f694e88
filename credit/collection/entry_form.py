"""The form of a catalogue item at the entry desk (在线填报): its fields, its template, its source; made from the catalogue. Pure.

The form is a source description like any other, so what is typed goes the way of every row. Rows are kept by meaning
(``doc_no``), shown and downloaded by label (行政处罚决定书文号).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from credit.catalogue import MARKET, CatalogueItem
from credit.collection.description import Column, Description, clean_header
from credit.errors import InvalidContent, NotFound
from credit.exports import BOM, dump_csv
from credit.list_kinds import ListKind
from credit.masking import mask_number, scrub
from models.terms import SubjectKind

LONGEST_NAME: Final = 64
LONGEST_CELL: Final = 20_000
KINDS: Final = ("法人及非法人组织", "个体工商户", "自然人")
LONG_TEXTS: Final = frozenset(
    ("facts", "basis", "penalty_content", "content", "reason", "result", "remark", "violation")
)
HINTS: Final[Mapping[str, str]] = {
    "uscc": "18 位；没有的留空",
    "id_no": "仅自然人填写，加密保存，不显示",
    "money": "单位：元",
    "date": "例如 2026-03-14",
}


class FormField(NamedTuple):
    """One field of a form: ``name`` is its meaning; ``kind`` is text, long, date, money, choice or number."""

    name: str
    label: str
    kind: str
    required: bool
    hint: str
    options: tuple[str, ...] = ()


def has_form(item: CatalogueItem) -> bool:
    """Whether departments enter this item by hand; market credit information comes from market sources alone."""
    return item.category != MARKET


def form_fields(item: CatalogueItem) -> tuple[FormField, ...]:
    """The fields of an item's form: whom it is about, then the item's own in the catalogue's order."""
    fields = [FormField("name", "主体名称", "text", True, "")]
    fields.append(FormField("uscc", "统一社会信用代码", "text", False, HINTS["uscc"]))
    if SubjectKind.person in item.subject_kinds:
        fields.append(FormField("subject_kind", "主体类别", "choice", False, "", KINDS))
        fields.append(FormField("id_no", "公民身份号码", "number", False, HINTS["id_no"]))
    for field in item.open_fields.values():
        kind = {"date": "date", "money": "money"}.get(field.type) or ("long" if field.name in LONG_TEXTS else "text")
        label = f"{field.label}（元）" if field.type == "money" else field.label
        fields.append(FormField(field.name, label, kind, field.required, HINTS.get(field.type, "")))
    return tuple(fields)


def entry_description(
    item: CatalogueItem,
    *,
    department: str,
    department_code: str | None,
    slug: str,
    cadence: str,
    list_kind: ListKind | None = None,
) -> Description:
    """The desk's source for an item and a department. Raises NotFound for a list item without its list, or a market item."""
    if (item.list_codes is not None) != (list_kind is not None) or not has_form(item):
        raise NotFound("没有这个填报项目")
    return Description(
        name=source_name(slug, item.code, list_kind.code if list_kind else None),
        title=f"在线填报：{list_kind.name if list_kind else item.name}",
        department=department,
        department_code=department_code,
        carrier="push",
        item=item.code,
        list_code=list_kind.code if list_kind else None,
        columns=tuple(
            Column(means=each.name, column=clean_header(each.label), written=each.label, optional=True)
            for each in form_fields(item)
        ),
        fine_from=tuple(name for name in ("penalty_content",) if name in item.open_fields),
        cadence=cadence,
    )


def source_name(slug: str, item: str, list_code: str | None) -> str:
    """``entry-<department>-<item>``, with the list where there is one; cut with a digest where it is too long."""
    name = "-".join(["entry", slug, item, *([list_code] if list_code else [])])
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def template_csv(item: CatalogueItem) -> str:
    """The template to fill in with a spreadsheet: the header alone, UTF-8 with BOM."""
    return BOM + dump_csv([[each.label for each in form_fields(item)]])


def read_template(rows: Sequence[Mapping[str, str]], item: CatalogueItem) -> list[dict[str, str]]:
    """Rows of a filled template, by meaning. Raises InvalidContent for a header the template does not have."""
    by_label = {clean_header(each.label): each.name for each in form_fields(item)}
    unknown = sorted({scrub(label[:64]) for row in rows for label in row if clean_header(label) not in by_label})
    if unknown:
        faults = [{"field": label, "code": "unknown-field", "message": "模板中没有这一列"} for label in unknown]
        raise InvalidContent(f"模板中没有这些列：{'、'.join(unknown)}", faults=faults)
    return [{by_label[clean_header(label)]: text for label, text in row.items() if text.strip()} for row in rows]


def read_form(values: Mapping[str, str], item: CatalogueItem, before: Mapping[str, str]) -> dict[str, str]:
    """One row from a form; a number (身份证件号码) left blank stays what it was."""
    row = {each.name: values.get(each.name, "").strip()[:LONGEST_CELL] for each in form_fields(item)}
    if not row.get("id_no") and before.get("id_no"):
        row["id_no"] = before["id_no"]
    return {name: text for name, text in row.items() if text}


def by_label(row: Mapping[str, str], item: CatalogueItem) -> dict[str, str]:
    """A row by the labels its description is written with."""
    return {each.label: row[each.name] for each in form_fields(item) if each.name in row}


def shown_row(row: Mapping[str, str]) -> dict[str, str]:
    """A row as a page may show it: numbers of persons masked wherever they stand."""
    return {name: mask_number(text) if name == "id_no" else scrub(text) for name, text in row.items()}
