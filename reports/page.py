"""The page: A4, margins 25/20 mm, running head, footer with page n of m, watermark, metadata.

Blocks are dealt onto pages first and drawn afterwards, so the number of pages is known before the first one is drawn
and nothing is laid out twice. The watermark is stored once and shown on every page. ReportLab's ``invariant`` mode,
with the day of the report as its date, makes equal contents equal bytes.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from reports.blocks import Block
from reports.content import Cover
from reports.fonts import FACES, FontSet, Weight, postscript_name
from reports.text import Style, clean, draw_text, measure
from reports.watermark import draw_outlined

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN_TOP, MARGIN_SIDE = 25 * mm, 20 * mm
BODY_WIDTH, BODY_HEIGHT = PAGE_WIDTH - 2 * MARGIN_SIDE, PAGE_HEIGHT - 2 * MARGIN_TOP
RUNNING = Style(size=8, leading=12, grey=0.35)
WATERMARK = Style(size=13, leading=20, grey=0.91)
WATERMARK_NAME, LINE_NAME = "watermark", "watermark-line"

rl_config.useA85 = 0  # plain compressed streams: a fifth smaller and faster than ReportLab's default of ASCII


@dataclass(frozen=True)
class Placed:
    """A block and the height above the foot of the page at which its upper edge lies."""

    block: Block
    top: float


def deal_pages(blocks: Sequence[Block], height: float = BODY_HEIGHT) -> list[list[Placed]]:
    """Deal blocks onto pages: headings stay with what follows, long blocks are cut. At least one page."""
    pages: list[list[Placed]] = [[]]
    left = height
    waiting = deque(blocks)
    while waiting:
        block = waiting.popleft()
        fresh = not pages[-1]
        room = left if fresh else left - block.before
        block = block.at_top() if fresh else block
        part, rest = _fit(block, waiting, room, fresh)
        if part is not None:
            pages[-1].append(Placed(part, room))
            left = room - part.height
        if rest is not None:
            pages.append([])
            left = height
            waiting.appendleft(rest)
    return pages


def _fit(block: Block, following: Sequence[Block], room: float, fresh: bool) -> tuple[Block | None, Block | None]:
    """What of a block goes onto this page and what onto the next. An empty page takes even what cannot be cut."""
    if not fresh and _needed(block, following) > room:
        return None, block
    if block.height <= room:
        return block, None
    part, rest = block.split(room)
    return (rest, None) if part is None and fresh else (part, rest)


def _needed(block: Block, following: Sequence[Block]) -> float:
    total, current = 0.0, block
    for after in following:
        if not current.keep_next:
            break
        total += current.height + after.before
        current = after
    return total + min(current.least, current.height)


def new_canvas(cover: Cover, buffer: BytesIO) -> Any:
    """A canvas (untyped: the stubs lag behind) with metadata, whose bytes depend on the content alone."""
    settings: dict[str, Any] = {"initialFontName": postscript_name(FACES[0], Weight.regular), "lang": "zh-CN"}
    canvas: Any = Canvas(buffer, pagesize=A4, pageCompression=1, invariant=1, **settings)
    stamp = canvas._doc._timeStamp
    stamp.YMDhms = (cover.generated_on.year, cover.generated_on.month, cover.generated_on.day, 0, 0, 0)
    stamp.dhh, stamp.dmm = 8, 0
    canvas.setTitle(clean(f"{cover.title} {cover.subject_name}"))
    canvas.setAuthor(clean(cover.issuer))
    canvas.setSubject(clean(f"报告编号 {cover.number} 数据截至 {cover.as_of.isoformat()}"))
    canvas.setKeywords(clean(f"{cover.code} {cover.verification_code}"))
    canvas.setCreator(clean(cover.issuer))
    canvas.setViewerPreference("DisplayDocTitle", "true")
    canvas.showOutline()
    return canvas


def store_watermark(canvas: Canvas, cover: Cover, fonts: FontSet) -> None:
    """Store the watermark: purpose and enquirer, pale and diagonal, under everything."""
    text = shorten(f"用途 {cover.purpose}　查询方 {cover.enquirer}", 150 * mm, WATERMARK, fonts)
    left = -measure(text, WATERMARK, fonts) / 2
    canvas.beginForm(LINE_NAME, int(left) - 1, -20, 1 - int(left), 20)
    draw_outlined(canvas, text, left, 0, WATERMARK, fonts)
    canvas.endForm()
    canvas.beginForm(WATERMARK_NAME, 0, 0, int(PAGE_WIDTH) + 1, int(PAGE_HEIGHT) + 1)
    for place in (0.2, 0.5, 0.8):
        canvas.saveState()
        canvas.translate(PAGE_WIDTH / 2, PAGE_HEIGHT * place)
        canvas.rotate(32)
        canvas.doForm(LINE_NAME)
        canvas.restoreState()
    canvas.endForm()


def open_page(canvas: Canvas, cover: Cover, number: int, total: int, fonts: FontSet) -> None:
    """Draw what every page carries: watermark, running head (not on the cover) and footer."""
    canvas.doForm(WATERMARK_NAME)
    canvas.setLineWidth(0.4)
    canvas.setStrokeGray(0.55)
    if number > 1:
        above = PAGE_HEIGHT - MARGIN_TOP + 4 * mm
        name = shorten(cover.subject_name, BODY_WIDTH * 0.6, RUNNING, fonts)
        draw_text(canvas, cover.title, MARGIN_SIDE, above, BODY_WIDTH, RUNNING, fonts)
        right = Style(RUNNING.size, RUNNING.leading, grey=RUNNING.grey, align="right")
        draw_text(canvas, name, MARGIN_SIDE, above, BODY_WIDTH, right, fonts)
        canvas.line(MARGIN_SIDE, above - 2 * mm, PAGE_WIDTH - MARGIN_SIDE, above - 2 * mm)
    below = MARGIN_TOP - 9 * mm
    canvas.line(MARGIN_SIDE, below + 4.5 * mm, PAGE_WIDTH - MARGIN_SIDE, below + 4.5 * mm)
    footer = f"报告编号 {cover.number} · 第 {number} 页 共 {total} 页 · 验证码 {cover.verification_code}"
    centre = Style(RUNNING.size, RUNNING.leading, grey=RUNNING.grey, align="centre")
    draw_text(canvas, footer, MARGIN_SIDE, below, BODY_WIDTH, centre, fonts)


def draw_page(canvas: Canvas, placed: Sequence[Placed]) -> None:
    """Draw the dealt blocks of one page."""
    for each in placed:
        each.block.draw(canvas, MARGIN_SIDE, MARGIN_TOP + each.top)


def shorten(text: str, width: float, style: Style, fonts: FontSet) -> str:
    """A text cut to one line with an ellipsis, for head and watermark; the whole stands in the body."""
    text = clean(text[:400]).replace("\n", " ")
    if measure(text, style, fonts) <= width:
        return text
    while text and measure(text + "…", style, fonts) > width:
        text = text[:-1]
    return text + "…"
