"""The catalogue of public credit information (公共信用信息目录): what may be collected at all.

An edition is data in YAML. It is read once into frozen objects and checked as a whole before anybody may use it: field
names are the closed set of column meanings, and attributes that the law forbids to collect never become a field
(上海市社会信用条例 Art. 14, 征信业管理条例 Art. 14). What is outside the edition is refused by ``get_item`` and
``get_field``: 不在目录内的不得采集 (Art. 11). What older editions held stays readable as ``retired``, never collectable.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import yaml

from credit.errors import DescriptionInvalid, ForbiddenAttribute, OutsideCatalogue
from models.terms import DisclosureLevel, SubjectKind, Tone

REFERENCE: Final = Path(__file__).parent / "reference"
ACTIVE_EDITION: Final = REFERENCE / "catalogue-2026-1.yaml"

IDENTITY_MEANINGS: Final = frozenset(
    ("name", "uscc", "reg_no", "org_code", "tax_no", "id_no", "id_type", "subject_kind", "serial", "former_name")
)
FACT_MEANINGS: Final = frozenset(
    (
        *(
            "legal_rep",
            "doc_no",
            "licence_no",
            "violation",
            "facts",
            "basis",
            "penalty_kind",
            "penalty_content",
            "content",
        ),
        *("result", "fine", "confiscated", "amount", "decision_date", "publish_date", "valid_from", "valid_until"),
        *("publication_end", "authority", "authority_code", "source_unit", "source_code", "grade", "year", "reason"),
        *("address", "phone", "remark"),
    )
)
MEANINGS: Final = IDENTITY_MEANINGS | FACT_MEANINGS | {"ignore"}
FIELD_TYPES: Final = frozenset(("text", "date", "money", "integer", "code", "grade", "identity_number"))
KEY_PARTS: Final = FACT_MEANINGS | {"subject", "list"}
MARKET: Final = "market"
"""The category of market credit information (市场信用信息, 上海市社会信用条例 Art. 8): from market sources alone."""

FORBIDDEN_ALWAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "宗教信仰": "宗教信仰", "religion": "宗教信仰", "基因": "基因", "gene": "基因", "genes": "基因", "dna": "基因",
        "指纹": "指纹", "fingerprint": "指纹", "fingerprints": "指纹", "血型": "血型", "blood_type": "血型",
        "疾病": "疾病和病史", "病史": "疾病和病史", "medical_history": "疾病和病史", "disease": "疾病和病史",
    }
)  # fmt: skip
FORBIDDEN_WITHOUT_CONSENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "个人收入": "收入", "工资收入": "收入", "年收入": "收入", "收入": "收入", "income": "收入",
        "存款": "存款", "deposit": "存款", "deposits": "存款", "有价证券": "有价证券", "securities": "有价证券",
        "商业保险": "商业保险", "insurance": "商业保险", "不动产": "不动产", "房产": "不动产", "real_estate": "不动产",
        "纳税数额": "纳税数额", "纳税额": "纳税数额", "tax_amount": "纳税数额", "tax_paid": "纳税数额",
    }
)  # fmt: skip


class Basis(NamedTuple):
    """A ground in law: instrument, article, and whether somebody read it in the source."""

    instrument: str
    article: str
    verified: bool


class ItemField(NamedTuple):
    """One field of an item. ``disclosure`` overrides the item's level, None means the item's; ``retired``: read only."""

    name: str
    label: str
    type: str
    required: bool
    disclosure: DisclosureLevel | None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One kind of information that may be collected, about whom, and how openly.

    ``natural_key`` lists the meanings that name one fact for ever (``subject`` and ``list`` beside field names); a
    document number alone is never one, because one decision may concern several parties. ``list_codes`` names the file
    of list kinds. ``consent`` names the field that must hold the written consent's number where a person is the subject.
    ``provider``, ``carriers`` and ``cadence`` say who supplies it, by which ways and how often, as planned.
    A ``retired`` item was in an older edition: its records are read, nothing is collected.
    """

    code: str
    name: str
    category: str
    category_name: str
    subject_kinds: frozenset[SubjectKind]
    tone: Tone
    disclosure: DisclosureLevel
    publication_rule: str
    fields: Mapping[str, ItemField]
    natural_key: tuple[str, ...]
    basis: tuple[Basis, ...]
    list_codes: str | None = None
    consent: str | None = None
    provider: str = ""
    carriers: tuple[str, ...] = ()
    cadence: str | None = None
    retired: bool = False

    def get_field(self, name: str) -> ItemField:
        """The field of this name that may be collected; OutsideCatalogue where the item has none."""
        found = self.fields.get(name)
        if found is None or found.retired:
            raise OutsideCatalogue(f"目录项“{self.name}”没有字段 {name}", item=self.code, field=name)
        return found

    @property
    def open_fields(self) -> Mapping[str, ItemField]:
        """The fields that may be collected."""
        return {name: field for name, field in self.fields.items() if not field.retired}


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One published edition (目录版次), in force from ``active_from``; compared by identity, so it may key a cache.

    ``items`` also holds what older editions held, marked ``retired``; ``open_items`` is what may be collected.
    """

    edition: str
    active_from: date
    items: Mapping[str, CatalogueItem]
    source: str = ""
    categories: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def open_items(self) -> Mapping[str, CatalogueItem]:
        """The items that may be collected."""
        return {code: item for code, item in self.items.items() if not item.retired}


def load_catalogue(path: Path = ACTIVE_EDITION) -> Catalogue:
    """Read and check an edition from YAML. Raises DescriptionInvalid with all faults, or ForbiddenAttribute."""
    return read_catalogue(yaml.safe_load(path.read_text(encoding="utf-8")))


def read_catalogue(content: Any) -> Catalogue:
    """An edition from parsed YAML or JSON, checked as a whole. Raises as ``load_catalogue`` does."""
    if not isinstance(content, dict) or not isinstance(content.get("items"), list):
        raise DescriptionInvalid("目录文件缺少 items")
    if not isinstance(content.get("categories"), dict):
        raise DescriptionInvalid("目录文件缺少 categories")
    categories = {
        str(key): str(value["name"]) if isinstance(value, dict) and value.get("name") else ""
        for key, value in content["categories"].items()
    }
    faults: list[str] = []
    items: dict[str, CatalogueItem] = {}
    for entry in content["items"]:
        try:
            item = _read_item(entry, categories)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            faults.append(f"目录项 {entry.get('code', '?') if isinstance(entry, dict) else '?'} 无法读取：{error}")
            continue
        if item.code in items:
            faults.append(f"目录项 {item.code} 重复")
        items[item.code] = item
    catalogue = Catalogue(
        edition=str(content.get("edition", "")),
        active_from=read_day(content.get("effective_from")),
        items=MappingProxyType(items),
        source=str(content.get("source", "")),
        categories=MappingProxyType(categories),
    )
    if faults := faults + check_catalogue(catalogue):
        raise DescriptionInvalid(
            "；".join(faults), faults=[{"field": "items", "code": "CATALOGUE", "message": m} for m in faults]
        )
    return catalogue


def read_day(value: Any) -> date:
    """A day of a document, as YAML or JSON has it; ``date.max`` where there is none."""
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        return date.max


def _read_item(entry: dict[str, Any], categories: Mapping[str, str]) -> CatalogueItem:
    item_fields = {
        name: ItemField(
            name,
            str(value["label"]),
            str(value["type"]),
            bool(value.get("required", False)),
            DisclosureLevel(value["disclosure"]) if value.get("disclosure") else None,
        )
        for name, value in entry["fields"].items()
    }
    return CatalogueItem(
        code=str(entry["code"]),
        name=str(entry["name"]),
        category=str(entry["category"]),
        category_name=categories.get(str(entry["category"]), ""),
        subject_kinds=frozenset(SubjectKind(kind) for kind in entry["subject_kinds"]),
        tone=Tone(entry["tone"]),
        disclosure=DisclosureLevel(entry["disclosure"]),
        publication_rule=str(entry["publication_rule"]),
        fields=MappingProxyType(item_fields),
        natural_key=tuple(entry["natural_key"]),
        basis=tuple(Basis(str(b["instrument"]), str(b["article"]), bool(b["verified"])) for b in entry["basis"]),
        list_codes=entry.get("list_codes"),
        consent=entry.get("consent"),
        provider=str(entry.get("provider") or ""),
        carriers=tuple(str(carrier) for carrier in entry.get("carriers") or ()),
        cadence=entry.get("cadence"),
    )


def check_catalogue(catalogue: Catalogue) -> list[str]:
    """What is wrong with an edition, in Chinese; empty where it may be used. Raises ForbiddenAttribute at once."""
    faults: list[str] = []
    if not catalogue.edition:
        faults.append("缺少目录版次 edition")
    if catalogue.active_from == date.max:
        faults.append("缺少施行日期 effective_from")
    for item in catalogue.items.values():
        for field in item.fields.values():
            refuse_forbidden((field.name, field.label), item)
        faults += _item_faults(item)
    return faults


def _item_faults(item: CatalogueItem) -> Iterator[str]:
    head = f"目录项 {item.code}："
    if not item.category_name:
        yield f"{head}类别 {item.category} 不在目录分类内"
    if not item.basis:
        yield f"{head}没有依据"
    if not item.subject_kinds:
        yield f"{head}没有主体类别"
    if item.consent is not None and item.consent not in item.fields:
        yield f"{head}同意书字段 {item.consent} 不在本项字段内"
    if item.category == MARKET and SubjectKind.person in item.subject_kinds and item.consent is None:
        yield f"{head}涉及自然人的市场信用信息须有同意书字段 consent（上海市社会信用条例第十四条）"
    if not item.natural_key or item.natural_key[0] != "subject":
        yield f"{head}自然键须以主体（subject）开头，文号本身不能单独作键"
    for part in item.natural_key:
        if part not in KEY_PARTS:
            yield f"{head}自然键含未知字段 {part}"
        elif part not in {"subject", "list"} and part not in item.fields:
            yield f"{head}自然键字段 {part} 不在本项字段内"
    for field in item.fields.values():
        if field.name not in FACT_MEANINGS and field.name != "subject_kind":
            yield f"{head}字段 {field.name} 不在列含义表内"
        if field.type not in FIELD_TYPES:
            yield f"{head}字段 {field.name} 的类型 {field.type} 未知"


def refuse_forbidden(names: Sequence[str], item: CatalogueItem) -> None:
    """Raise ForbiddenAttribute where a name or label speaks of what may not be collected.

    Absolute for religion, genes, fingerprints, blood type, illness; for income, deposits, securities, insurance, real
    estate and tax amounts where the item covers natural persons, who would have to consent in writing
    (上海市社会信用条例 Art. 14).
    """
    for name in names:
        plain = name.lower().replace(" ", "")
        for word, attribute in FORBIDDEN_ALWAYS.items():
            if (word in plain) if not word.isascii() else (word == plain):
                raise ForbiddenAttribute(
                    f"不得采集{attribute}（上海市社会信用条例第十四条）", item=item.code, attribute=attribute
                )
        if SubjectKind.person not in item.subject_kinds:
            continue
        for word, attribute in FORBIDDEN_WITHOUT_CONSENT.items():
            if plain in {word, f"{word}金额", f"{word}情况", f"{word}信息"} or (
                word in plain and not word.isascii() and len(word) > 2
            ):
                raise ForbiddenAttribute(
                    f"未经书面同意不得采集自然人的{attribute}（上海市社会信用条例第十四条）",
                    item=item.code,
                    attribute=attribute,
                )


def get_item(catalogue: Catalogue, code: str) -> CatalogueItem:
    """The item of this code that may be collected; OutsideCatalogue where the edition has none."""
    found = catalogue.items.get(code)
    if found is None or found.retired:
        raise OutsideCatalogue(f"信息项 {code} 不在现行目录（{catalogue.edition}）内", item=code)
    return found
