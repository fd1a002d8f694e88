"""What a public credit report (公共信用信息报告) says, as plain frozen data.

Gathering reads the tables and fills these; drawing reads only these. So a report can be tested without a database,
drawn again to the same bytes, and later given out as JSON. Nothing here decides who may see what: only what was
allowed comes in. Dates stay ``date``; money is a string made by ``format_fen``. Chapters follow the national report
standard (2022 版).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

Value = str | date | None


class ChapterKind(StrEnum):
    """The chapters of the standard, in its order."""

    identity = "identity"
    administration = "administration"
    honours = "honours"
    serious_listings = "serious_listings"
    abnormal_operation = "abnormal_operation"
    commitments = "commitments"
    evaluation = "evaluation"
    judicial = "judicial"
    other = "other"


CHAPTER_TITLES: Mapping[ChapterKind, str] = {
    ChapterKind.identity: "基础信息",
    ChapterKind.administration: "行政管理信息",
    ChapterKind.honours: "诚实守信相关荣誉",
    ChapterKind.serious_listings: "严重失信主体名单",
    ChapterKind.abnormal_operation: "经营异常名录",
    ChapterKind.commitments: "信用承诺",
    ChapterKind.evaluation: "信用评价",
    ChapterKind.judicial: "司法判决与执行",
    ChapterKind.other: "其他信息",
}

STANDARD_NOTES = (
    "本报告依据公共信用信息目录归集的信息自动生成，仅供参考；具体事项以信息提供单位的决定文书为准。",
    "本报告只反映数据截至日已归集的信息。“未查到相关信息”仅表示在所列检索范围内没有记录，不等于证明相关事实不存在。",
    "已完成信用修复的信息不在公开报告中列示；标注“异议处理中”的信息正在核查，引用时请予注意。",
    "本报告内容可凭封面验证码或二维码核验；复制、截图或改动后的内容不具有核验效力。",
)


@dataclass(frozen=True)
class Cover:
    """The first page. ``purpose`` and ``enquirer`` also make the watermark of every page."""

    subject_name: str
    code: str
    kind: str
    number: str
    generated_on: date
    as_of: date
    issuer: str
    verification_code: str
    verification_address: str
    purpose: str
    enquirer: str
    title: str = "公共信用信息报告"
    edition: str = "法人和非法人组织"
    code_label: str = "统一社会信用代码"


@dataclass(frozen=True)
class SourceFreshness:
    """When a source last spoke; ``latest`` is None where it never did, which is not the same as nothing found."""

    source: str
    latest: date | None
    items: str = ""


@dataclass(frozen=True)
class Explanations:
    """报告说明: nature, sources with their cut-off, how to object, how long it may be used."""

    sources: tuple[SourceFreshness, ...]
    objection_route: str
    validity: str = ""
    notes: tuple[str, ...] = STANDARD_NOTES


@dataclass(frozen=True)
class SummaryLine:
    """One line of the overview: how many records, the newest decision; ``collected`` is False where nobody looked."""

    category: str
    count: int
    latest: date | None = None
    collected: bool = True


@dataclass(frozen=True)
class Provenance:
    """Where a record comes from; every record has one."""

    source: str
    decided_on: date | None = None
    updated_on: date | None = None


@dataclass(frozen=True)
class RecordBlock:
    """One record: its heading (mostly the document number), labelled values in order, where it comes from."""

    title: str
    fields: tuple[tuple[str, Value], ...]
    provenance: Provenance | None = None
    disputed: bool = False
    remark: str = ""


@dataclass(frozen=True)
class Section:
    """One category within a chapter.

    Without records it says what was searched (``searched``) and how fresh that was; without either, that the platform
    does not collect this category: "nothing found" is only said where somebody looked.
    """

    title: str
    records: tuple[RecordBlock, ...] = ()
    searched: str = ""
    freshness: tuple[SourceFreshness, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """One chapter; the drawing numbers it 一、二、…"""

    kind: ChapterKind
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """The chapter's name in the standard."""
        return CHAPTER_TITLES[self.kind]


@dataclass(frozen=True)
class CreditReport:
    """A whole report. Equal contents draw equal bytes."""

    cover: Cover
    explanations: Explanations
    chapters: tuple[Chapter, ...]
    withheld: tuple[str, ...] = ()

    def summary(self) -> tuple[SummaryLine, ...]:
        """Counts per category in the order of the chapters; the identity chapter is not counted."""
        counted = [c for c in self.chapters if c.kind is not ChapterKind.identity]
        return tuple(summarise(section) for chapter in counted for section in chapter.sections)


def summarise(section: Section) -> SummaryLine:
    """The overview line of one category."""
    days = [d for r in section.records if r.provenance for d in (r.provenance.decided_on,) if d]
    return SummaryLine(
        section.title, len(section.records), max(days, default=None), bool(section.records or section.searched)
    )


def arrange_chapters(sections: Mapping[ChapterKind, Iterable[Section]], *, evaluated: bool) -> tuple[Chapter, ...]:
    """All chapters in the order of the standard; a chapter without sections says that its kind is not collected here.

    The evaluation chapter is there only where the enquirer is entitled to it: left out, it leaves no gap in the
    numbers.
    """
    kinds = [kind for kind in ChapterKind if kind is not ChapterKind.evaluation or evaluated]
    return tuple(Chapter(kind, tuple(sections.get(kind, ())) or (Section(CHAPTER_TITLES[kind]),)) for kind in kinds)


def format_fen(fen: int) -> str:
    """An amount in fen as yuan: ``200000`` → ``2,000.00 元``. Whole numbers only, so nothing is rounded."""
    sign, whole = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{whole // 100:,}.{whole % 100:02d} 元"


def format_value(value: Value) -> str:
    """A value as printed: dates as ``2025-03-14``, nothing as a dash."""
    if isinstance(value, date):
        return value.isoformat()
    return value if value else "—"


def format_provenance(provenance: Provenance) -> str:
    """The quiet line under a record: ``来源 … · 决定 … · 更新 …``."""
    parts = [f"来源 {provenance.source}"]
    if provenance.decided_on:
        parts.append(f"决定 {provenance.decided_on.isoformat()}")
    if provenance.updated_on:
        parts.append(f"更新 {provenance.updated_on.isoformat()}")
    return " · ".join(parts)


def format_freshness(sources: Iterable[SourceFreshness]) -> str:
    """Sources with their cut-off: ``区税务局 2026-11-18、区法院 尚未报送``."""
    return "、".join(f"{s.source} {s.latest.isoformat() if s.latest else '尚未报送'}" for s in sources)
