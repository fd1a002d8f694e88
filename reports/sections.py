"""The parts of a credit report, each from content to blocks: explanations, overview, chapters, records, closing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reportlab.lib.units import mm

from reports.blocks import PADDING_X, Block, Bookmark, Cell, Grid, Row, TextBlock, make_row
from reports.content import (
    Chapter,
    CreditReport,
    Explanations,
    RecordBlock,
    Section,
    SourceFreshness,
    SummaryLine,
    Value,
    format_freshness,
    format_provenance,
    format_value,
)
from reports.fonts import FontSet, Weight
from reports.page import BODY_WIDTH
from reports.text import Style, break_lines, clean

BODY = Style(size=10.5, leading=17.5)
CHAPTER = Style(size=14, leading=22, weight=Weight.bold)
SECTION = Style(size=11.5, leading=18, weight=Weight.bold)
TABLE = Style(size=9, leading=13.5)
TABLE_BOLD = replace(TABLE, weight=Weight.bold)
LABEL = replace(TABLE, grey=0.25)
NUMBER = replace(TABLE, align="right")
QUIET = Style(size=8, leading=12, grey=0.3)
HEAD_SHADE, RECORD_SHADE, LABEL_SHADE = 0.88, 0.93, 0.97
LABEL_WIDTH = 29 * mm
KEPT_WHOLE = 170.0
RECORDS_PER_GRID = 40
HALF = BODY_WIDTH / 2
DIGITS = "零一二三四五六七八九十"
DISPUTED = "【异议处理中】"


def numeral(number: int) -> str:
    """A Chinese numeral for headings, 1 to 99: 一, 十, 十二, 二十一."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else DIGITS[tens] + "十"
    return head + (DIGITS[ones] if ones or not tens else "")


def _keep_whole(rows: list[Row]) -> list[Row]:
    """Glue the rows of a short record, so that no page ends within it."""
    if sum(row.height for row in rows) > KEPT_WHOLE:
        return rows
    return [replace(row, glued=True) for row in rows[:-1]] + rows[-1:]


class Composer:
    """Turns the content of one report into blocks; remembers its labels, which recur in every record."""

    def __init__(self, fonts: FontSet) -> None:
        self._fonts = fonts
        self._labels: dict[tuple[str, float], Cell] = {}

    def compose(self, report: CreditReport) -> list[Block]:
        """All blocks of the body, in order."""
        blocks: list[Block] = [*self._explanations(report.explanations), *self._summary(report.summary())]
        for number, chapter in enumerate(report.chapters, 1):
            blocks.extend(self._chapter(number, chapter))
        return [*blocks, *self._closing(report.withheld)]

    def _text(self, text: str, style: Style, before: float = 0.0, indent: float = 0.0) -> TextBlock:
        lines = break_lines(text, BODY_WIDTH - indent, style, self._fonts)
        return TextBlock(lines, style, BODY_WIDTH, before, indent)

    def _heading(self, text: str, level: int) -> TextBlock:
        style, before = (CHAPTER, 16.0) if level == 0 else (SECTION, 8.0)
        return replace(self._text(text, style, before), keep_next=True, bookmark=Bookmark(level, clean(text)))

    def _cell(self, text: str, style: Style, x: float, width: float) -> Cell:
        return Cell(break_lines(text, width - 2 * PADDING_X, style, self._fonts), style, x, width)

    def _columns(self, texts: Sequence[str], widths: Sequence[float], styles: Sequence[Style]) -> list[Cell]:
        cells, x = [], 0.0
        for text, width, style in zip(texts, widths, styles, strict=True):
            cells.append(self._cell(text, style, x, width))
            x += width
        return cells

    def _table(
        self, heads: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]], right: int = -1
    ) -> Grid:
        plain = [NUMBER if place == right else TABLE for place in range(len(heads))]
        bold = [replace(style, weight=Weight.bold) for style in plain]
        head = (make_row(self._columns(heads, widths, bold), HEAD_SHADE, glued=True),)
        body = tuple(make_row(self._columns(row, widths, plain)) for row in rows)
        return Grid(body, head, head, before=4.0)

    def _explanations(self, explanations: Explanations) -> Iterator[Block]:
        yield self._heading("报告说明", 0)
        notes = [*explanations.notes, f"异议途径：{explanations.objection_route}"]
        if explanations.validity:
            notes.append(f"使用期限：{explanations.validity}")
        for number, note in enumerate(notes, 1):
            yield self._text(f"{number}. {note}", BODY, 2.0)
        yield replace(self._text("数据来源与截至日期", SECTION, 8.0), keep_next=True)
        yield self._sources(explanations.sources)

    def _sources(self, sources: Sequence[SourceFreshness]) -> Grid:
        widths = (60 * mm, 80 * mm, BODY_WIDTH - 140 * mm)
        rows = [(s.source, s.items or "—", s.latest.isoformat() if s.latest else "尚未报送") for s in sources]
        return self._table(("信息提供单位", "信息类别", "数据截至"), widths, rows or [("—", "—", "尚未报送")])

    def _summary(self, lines: Sequence[SummaryLine]) -> Iterator[Block]:
        yield self._heading("信息概要", 0)
        widths = (100 * mm, 30 * mm, BODY_WIDTH - 130 * mm)
        rows = [(s.category, str(s.count) if s.collected else "未归集", format_value(s.latest)) for s in lines]
        yield self._table(("信息类别", "条数", "最近决定日期"), widths, rows, right=1)

    def _chapter(self, number: int, chapter: Chapter) -> Iterator[Block]:
        yield self._heading(f"{numeral(number)}、{chapter.title}", 0)
        for place, section in enumerate(chapter.sections, 1):
            if len(chapter.sections) > 1 or section.title != chapter.title:
                counted = f"（共 {len(section.records)} 条）" if len(section.records) > 1 else ""
                yield self._heading(f"（{numeral(place)}）{section.title}{counted}", 1)
            yield from self._records(section) if section.records else [self._nothing_found(section)]

    def _nothing_found(self, section: Section) -> Block:
        if not section.searched:
            return self._text("本平台尚未归集此类信息，未作检索。", BODY, 2.0)
        text = f"未查到相关信息。检索范围：{section.searched}。"
        if section.freshness:
            text += f"数据截至：{format_freshness(section.freshness)}。"
        return self._text(text, BODY, 2.0)

    def _records(self, section: Section) -> Iterator[Grid]:
        again = (self._bar(f"{section.title}（续）", TABLE_BOLD, HEAD_SHADE),)
        total = len(section.records)
        for start in range(0, total, RECORDS_PER_GRID):
            rows: list[Row] = []
            for number, record in enumerate(section.records[start : start + RECORDS_PER_GRID], start + 1):
                rows.extend(_keep_whole(list(self._record(record, number, total))))
            yield Grid(tuple(rows), (), again, before=0.0 if start else 4.0, continued=bool(start))

    def _bar(self, text: str, style: Style, shade: float | None, *, glued: bool = True) -> Row:
        return make_row([self._cell(text, style, 0.0, BODY_WIDTH)], shade, glued=glued)

    def _record(self, record: RecordBlock, number: int, total: int) -> Iterator[Row]:
        title = f"{number}. {record.title}" if total > 1 else record.title
        mark = DISPUTED if record.disputed else ""
        again = self._bar(f"{title[:60]}{mark}（续）", TABLE_BOLD, RECORD_SHADE) if title else None
        if title or mark:
            yield self._bar(title + mark, TABLE_BOLD, RECORD_SHADE)
        tail = [text for text in (record.remark and f"备注：{record.remark}", *self._origin(record)) if text]
        rows = list(self._fields(record.fields))
        for place, row in enumerate(rows):
            yield replace(row, again=again if place else None, glued=place == len(rows) - 1 and bool(tail))
        for place, text in enumerate(tail):
            row = self._bar(text, QUIET, None, glued=place < len(tail) - 1)
            yield replace(row, again=again)

    def _origin(self, record: RecordBlock) -> list[str]:
        return [format_provenance(record.provenance)] if record.provenance else []

    def _fields(self, fields: Sequence[tuple[str, Value]]) -> Iterator[Row]:
        """Two short values share a row; a long one has the width for itself."""
        waiting: tuple[Cell, Cell] | None = None
        for label, value in fields:
            text = format_value(value)
            left = self._pair(label, text, 0.0, HALF)
            if len(left[1].lines) > 1 or len(left[0].lines) > 1:
                if waiting:
                    yield self._alone(waiting)
                    waiting = None
                yield make_row(self._pair(label, text, 0.0, BODY_WIDTH))
            elif waiting:
                yield make_row([*waiting, *(replace(cell, x=cell.x + HALF) for cell in left)])
                waiting = None
            else:
                waiting = left
        if waiting:
            yield self._alone(waiting)

    def _pair(self, label: str, text: str, x: float, width: float) -> tuple[Cell, Cell]:
        key = (label, x)
        if key not in self._labels:
            self._labels[key] = self._cell(label, LABEL, x, LABEL_WIDTH)
        return self._labels[key], self._cell(text, TABLE, x + LABEL_WIDTH, width - LABEL_WIDTH)

    def _alone(self, pair: tuple[Cell, Cell]) -> Row:
        label, value = pair
        return make_row([label, replace(value, width=BODY_WIDTH - LABEL_WIDTH)])

    def _closing(self, withheld: Sequence[str]) -> Iterator[Block]:
        if withheld:
            text = f"以下类别须授权或依职责查询，本报告不含：{'、'.join(withheld)}。"
            yield replace(self._text(text, BODY, 14.0), keep_next=True)
        end = replace(BODY, align="centre", grey=0.3)
        yield self._text("（报告正文结束，以下无正文）", end, 14.0)
