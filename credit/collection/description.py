"""A source's description (数据源描述): everything a department's file, table or interface needs, as data.

A new file costs a description, never code. YAML is read into a frozen ``Description`` and refused with all of its
faults at once, in Chinese. A column may only feed a field that the catalogue item has; columns that are not named are
dropped before anything is stored, and counted; forbidden attributes are refused whatever they are called to mean.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import yaml

from credit.catalogue import (
    FACT_MEANINGS,
    IDENTITY_MEANINGS,
    KEY_PARTS,
    MARKET,
    MEANINGS,
    REFERENCE,
    Catalogue,
    CatalogueItem,
    get_item,
    refuse_forbidden,
)
from credit.errors import DescriptionInvalid, OutsideCatalogue
from credit.list_kinds import load_list_kinds
from models.terms import DeliveryMode, SubjectKind

SOURCES: Final = REFERENCE / "sources"
UNITS: Final[Mapping[str, int]] = MappingProxyType({"元": 1, "千元": 1000, "万元": 10**4, "亿元": 10**8})
FORMATS: Final = frozenset(("day_first", "month_first", "excel_1904"))
ENCODINGS: Final = frozenset(("utf-8", "utf-8-sig", "utf-16", "gb18030"))
CONTAINERS: Final = frozenset(("csv", "tsv", "json", "jsonl", "xls", "xlsx"))

CADENCES: Final = ("weekly", "monthly", "quarterly", "half_yearly", "yearly")
Carrier = Literal["files", "rest", "exchange_db", "push"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: found by its header (``column``) or place (``index``, from 0; it wins), and what it means.

    ``column`` is cleaned for comparing; ``written`` is the name as the source writes it, to ask a service or table by.
    ``unit`` is yuan per one of a bare number; ``vocabulary`` maps the department's words to ours; an ``optional``
    column may be absent from a file.
    """

    means: str
    column: str | None = None
    index: int | None = None
    format: str | None = None
    unit: int = 1
    vocabulary: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    written: str | None = None

    @property
    def shown(self) -> str:
        """The column as the department calls it."""
        return self.column or f"第{(self.index or 0) + 1}列"


@dataclass(frozen=True, slots=True)
class FileSettings:
    """How to open a file. ``header_row`` counts from 0 with blank lines, None: there is none."""

    glob: tuple[str, ...] = ()
    encoding: str | None = None
    container: str | None = None
    delimiter: str | None = None
    sheet: str | int | None = None
    header_row: int | None = 0
    skip_footer: int = 0


@dataclass(frozen=True, slots=True)
class RestSettings:
    """Where a service is and how it pages. ``credential`` names a secret kept by the instance, never the secret.

    ``paging: time`` asks window by window (``window_days``) from ``start``, later from where it got less ``overlap_minutes``;
    ``since`` and ``until`` name the parameters. ``auth: signature`` signs each request (``carriers/signing.py``), else a bearer
    token goes with it.
    """

    url: str
    paging: str = "page"
    page_size: int = 500
    records: str = "records"
    cursor: str = "cursor"
    next: str = "next"
    credential: str | None = None
    auth: str = "bearer"
    start: str | None = None
    since: str = "since"
    until: str = "until"
    window_days: int = 31
    overlap_minutes: int = 60


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """Which table of an exchange database (前置库), and its cursor: (update time, key)."""

    table: str
    cursor: str
    key: str
    page_size: int = 5000
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """One source, whole. ``subject_kind`` is None where the code decides, else the kind of all its subjects.

    ``constants`` are facts the source does not write because they are the same for all (its authority). ``fine_from``
    names meanings whose text is searched for a blank fine. ``cadence``: how often a delivery or zero report (零报告) is owed.
    ``shrink_limit``: the share of a full list that may end by being left out before a person has to look.
    ``market``: an authorised market source (agency, bank, trading platform); it feeds market items, and only it does.
    """

    name: str
    title: str
    department: str
    carrier: Carrier
    item: str
    columns: tuple[Column, ...]
    delivery: DeliveryMode = DeliveryMode.incremental
    list_code: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    natural_key: tuple[str, ...] = ()
    subject_kind: SubjectKind | None = None
    fine_from: tuple[str, ...] = ()
    files: FileSettings = FileSettings()
    rest: RestSettings | None = None
    exchange: ExchangeSettings | None = None
    department_code: str | None = None
    remark: str = ""
    cadence: str | None = None
    shrink_limit: float = 0.1
    market: bool = False

    def names_file(self, name: str) -> bool:
        """Whether a file of this name is this source's, by its globs."""
        base = PurePath(name.replace("\\", "/")).name
        return any(fnmatchcase(base, pattern) for pattern in self.files.glob)


def load_descriptions(folder: Path = SOURCES) -> list[Description]:
    """All descriptions of a folder, by name. Raises DescriptionInvalid for a faulty one or a name used twice."""
    found = [load_description(path) for path in sorted(folder.glob("*.yaml"))]
    if len({description.name for description in found}) != len(found):
        raise DescriptionInvalid("数据源名称重复")
    return found


def load_description(path: Path) -> Description:
    """Read one description. Raises DescriptionInvalid listing all that is wrong with its form."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise DescriptionInvalid(f"{path.name} 不是有效的 YAML") from None
    return read_description(content)


def match_description(descriptions: Sequence[Description], name: str) -> Description | None:
    """The one source a file of this name belongs to; None where none fits. Two that fit are refused."""
    found = [description for description in descriptions if description.names_file(name)]
    if len(found) > 1:
        raise DescriptionInvalid(f"文件名同时符合多个数据源：{'、'.join(d.name for d in found)}")
    return found[0] if found else None


def read_description(content: Any) -> Description:
    """A description from parsed YAML or JSON. Raises DescriptionInvalid listing all that is wrong with its form."""
    if not isinstance(content, dict):
        raise DescriptionInvalid("数据源描述应为键值结构")
    if faults := list(_form_faults(content)):
        raise _invalid(content.get("name"), faults)
    files = dict(content.get("files") or {})
    files["glob"] = tuple([files["glob"]] if isinstance(files.get("glob"), str) else files.get("glob") or ())
    kind = content.get("subject_kind")
    try:
        return Description(
            **{key: content[key] for key in _PLAIN & content.keys()},
            columns=tuple(_read_column(entry) for entry in content["columns"]),
            delivery=DeliveryMode(content.get("delivery", "incremental")),
            constants=MappingProxyType({key: str(value) for key, value in (content.get("constants") or {}).items()}),
            natural_key=tuple(content.get("natural_key") or ()),
            subject_kind=SubjectKind(kind) if kind and kind != "by_code" else None,
            fine_from=tuple(content.get("fine_from") or ()),
            files=FileSettings(**files),
            rest=_read_rest(content["rest"]) if content.get("rest") else None,
            exchange=ExchangeSettings(**content["exchange"]) if content.get("exchange") else None,
        )
    except (TypeError, ValueError) as error:
        raise _invalid(content.get("name"), [f"设置有误：{error}"]) from None


_PLAIN: Final = frozenset(
    (
        *("name", "title", "department", "carrier", "item", "list_code", "department_code", "remark", "cadence"),
        *("shrink_limit", "market"),
    )
)
_KEYS: Final = _PLAIN | set("columns delivery constants natural_key subject_kind fine_from files rest exchange".split())  # noqa: SIM905
_COLUMN_KEYS: Final = frozenset(("column", "index", "means", "format", "unit", "vocabulary", "optional"))
_FILE_KEYS: Final = frozenset(FileSettings.__dataclass_fields__)


def _read_rest(entry: dict[str, Any]) -> RestSettings:
    start = {"start": str(entry["start"])} if entry.get("start") is not None else {}
    return RestSettings(**{**entry, **start})


def _read_column(entry: dict[str, Any]) -> Column:
    return Column(
        means=entry["means"],
        column=clean_header(str(entry["column"])) if entry.get("column") is not None else None,
        index=entry.get("index"),
        format=entry.get("format"),
        unit=UNITS[entry.get("unit", "元")],
        vocabulary=MappingProxyType({str(k): str(v) for k, v in (entry.get("vocabulary") or {}).items()}),
        optional=bool(entry.get("optional", False)),
        written=str(entry["column"]) if entry.get("column") is not None else None,
    )


def _form_faults(content: dict[str, Any]) -> Iterator[str]:
    for key in ("name", "title", "department", "carrier", "item", "columns"):
        if not content.get(key):
            yield f"缺少 {key}"
    for key in content.keys() - _KEYS:
        yield f"未知设置 {key}"
    carrier = content.get("carrier")
    if carrier and carrier not in get_args(Carrier):
        yield f"carrier 应为 {'、'.join(get_args(Carrier))} 之一，而不是 {carrier}"
    if carrier in ("rest", "exchange_db") and not content.get("rest" if carrier == "rest" else "exchange"):
        yield f"{carrier} 方式缺少连接设置"
    yield from _rest_faults(content.get("rest") or {})
    if content.get("delivery", "incremental") not in ("full", "incremental"):
        yield "delivery 应为 full 或 incremental"
    limit = content.get("shrink_limit", 0.1)
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 <= limit <= 1:
        yield "shrink_limit 应为 0 到 1 之间的比例"
    if not isinstance(content.get("market", False), bool):
        yield "market 应为 true 或 false"
    if content.get("cadence") not in (None, *CADENCES):
        yield f"cadence 应为 {'、'.join(CADENCES)} 之一"
    if (kind := content.get("subject_kind")) and kind != "by_code" and kind not in set(SubjectKind):
        yield f"subject_kind {kind} 未知"
    files = content.get("files") or {}
    yield from (f"未知文件设置 {key}" for key in files.keys() - _FILE_KEYS)
    if files.get("encoding") and files["encoding"] not in ENCODINGS:
        yield f"encoding 应为 {'、'.join(sorted(ENCODINGS))} 之一（gbk 一律按 gb18030）"
    if files.get("container") and files["container"] not in CONTAINERS:
        yield f"container {files['container']} 未知"
    for number, entry in enumerate(content.get("columns") or (), 1):
        yield from _column_faults(number, entry)


def _rest_faults(rest: Mapping[str, Any]) -> Iterator[str]:
    if rest.get("paging", "page") not in ("page", "cursor", "time"):
        yield "paging 应为 page、cursor、time 之一"
    if rest.get("auth", "bearer") not in ("bearer", "signature"):
        yield "auth 应为 bearer 或 signature"
    if rest.get("auth") == "signature" and not rest.get("credential"):
        yield "签名方式须写明 credential"
    if rest.get("paging") == "time":
        try:
            datetime.fromisoformat(str(rest.get("start")))
        except ValueError:
            yield "按时间取数须写明 start（首次取数的起始日期）"
    for name, least in (("window_days", 1), ("overlap_minutes", 0), ("page_size", 1)):
        if not isinstance(rest.get(name, least), int) or rest.get(name, least) < least:
            yield f"{name} 应为不小于 {least} 的整数"


SOURCE_MEANINGS: Final = frozenset(("source_version", "source_mark", "source_deleted"))
"""What a column may say about the row itself rather than the fact: its stamp (更新时间), the deciding body's mark
(公开/不公开, through a vocabulary to a disclosure level), whether the source took it back (through a vocabulary to yes/no)."""


def _column_faults(number: int, entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"第{number}个列应为键值结构"
        return
    head = f"列 {entry.get('column', entry.get('index', number))}："
    yield from (f"{head}未知设置 {key}" for key in entry.keys() - _COLUMN_KEYS)
    if entry.get("column") is None and entry.get("index") is None:
        yield f"{head}须有 column 或 index"
    if (means := entry.get("means")) not in MEANINGS and means not in SOURCE_MEANINGS:
        yield f"{head}含义 {means} 不在列含义表内"
    if entry.get("unit", "元") not in UNITS:
        yield f"{head}单位应为 {'、'.join(UNITS)} 之一"
    if entry.get("format") is not None and entry["format"] not in FORMATS:
        yield f"{head}格式 {entry['format']} 未知"


def check_description(description: Description, catalogue: Catalogue) -> CatalogueItem:
    """Hold a description against the active catalogue; returns its item.

    Raises OutsideCatalogue for an item or field the edition lacks, ForbiddenAttribute for what may never be collected,
    and DescriptionInvalid with everything else that is wrong.
    """
    item = get_item(catalogue, description.item)
    for column in description.columns:
        refuse_forbidden((column.shown,), item)
        if column.means in FACT_MEANINGS:
            item.get_field(column.means)
    for name in description.constants:
        if name not in FACT_MEANINGS or name not in item.open_fields:
            raise OutsideCatalogue(f"目录项“{item.name}”没有字段 {name}", item=item.code, field=name)
    if faults := list(_fit_faults(description, item)):
        raise _invalid(description.name, faults)
    return item


def _fit_faults(description: Description, item: CatalogueItem) -> Iterator[str]:
    given = {column.means for column in description.columns} | description.constants.keys()
    if not given & (IDENTITY_MEANINGS - {"serial", "subject_kind", "id_type"}):
        yield "没有任何列说明主体（name、uscc 等）"
    for needed in item.fields.values():
        if needed.required and needed.name not in given and not (needed.name == "fine" and description.fine_from):
            yield f"目录要求的字段 {needed.name}（{needed.label}）既没有列也没有常量"
    key = description.natural_key or item.natural_key
    if key[0] != "subject":
        yield "自然键须以 subject 开头：一份文书可能涉及多个当事人"
    yield from (f"自然键字段 {part} 未知" for part in key if part not in KEY_PARTS)
    if (item.list_codes is not None) != (description.list_code is not None):
        yield "名单类信息须写明 list_code" if item.list_codes else "非名单类信息不得有 list_code"
    elif description.list_code is not None and description.list_code not in load_list_kinds():
        yield f"名单种类 {description.list_code} 不在目录内"
    if description.subject_kind is not None and description.subject_kind not in item.subject_kinds:
        yield f"目录项“{item.name}”不含主体类别 {description.subject_kind}"
    if (item.category == MARKET) != description.market:
        told = "只由市场数据源（market: true）提供" if item.category == MARKET else "不由市场数据源提供"
        yield f"目录项“{item.name}”{told}"
    if description.carrier == "files" and description.files.header_row is None:
        yield from (f"没有表头时列 {c.shown} 须用 index" for c in description.columns if c.index is None)


def clean_header(text: str) -> str:
    """A header as it is compared: half-width, without white space, zero-width characters and line breaks."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    plain = "".join(character for character in plain if unicodedata.category(character) not in ("Cf", "Cc"))
    return "" if plain.startswith("Unnamed:") else plain


def _invalid(name: Any, faults: list[str]) -> DescriptionInvalid:
    listed = [{"field": str(name or ""), "code": "DESCRIPTION", "message": message} for message in faults]
    return DescriptionInvalid(f"数据源 {name or '?'}：{'；'.join(faults)}", faults=listed)
