"""Draw a public credit report: cover, then the body. The same content always gives the same bytes."""

from io import BytesIO
from pathlib import Path
from typing import Any

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from reports.blocks import draw_lines
from reports.content import Cover, CreditReport
from reports.fonts import DEFAULT_FOLDER, FontSet, Weight, load_fonts
from reports.page import (
    BODY_WIDTH,
    MARGIN_SIDE,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    deal_pages,
    draw_page,
    new_canvas,
    open_page,
    store_watermark,
)
from reports.sections import Composer
from reports.text import Style, break_lines, draw_text

TITLE = Style(size=30, leading=42, weight=Weight.bold, align="centre")
EDITION = Style(size=14, leading=22, align="centre")
COVER_LABEL = Style(size=11.5, leading=19, grey=0.25)
COVER_VALUE = Style(size=11.5, leading=19)
COVER_NAME = Style(size=13, leading=20, weight=Weight.bold)
SIGNATURE = Style(size=14, leading=24, weight=Weight.bold, align="centre")
SIGNED_ON = Style(size=12, leading=20, align="centre")
SMALL = Style(size=8.5, leading=13, grey=0.2)
COVER_SIDE = 30 * mm
COVER_LABEL_WIDTH = 38 * mm
MOST_COVER_LINES = 3
QR_SIZE = 28 * mm
QR_QUIET_ZONE = 4


def draw_credit_report(report: CreditReport, fonts_folder: Path = DEFAULT_FOLDER) -> bytes:
    """The report as PDF. ``CharacterNotCovered`` if a character cannot be printed; nothing is drawn half."""
    fonts = load_fonts(fonts_folder)
    fonts.glyph(" ", Weight.regular)
    pages = deal_pages(Composer(fonts).compose(report))
    total = len(pages) + 1
    buffer = BytesIO()
    canvas = new_canvas(report.cover, buffer)
    store_watermark(canvas, report.cover, fonts)
    open_page(canvas, report.cover, 1, total, fonts)
    draw_cover(canvas, report.cover, fonts)
    canvas.showPage()
    for number, placed in enumerate(pages, 2):
        open_page(canvas, report.cover, number, total, fonts)
        draw_page(canvas, placed)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def draw_cover(canvas: Canvas, cover: Cover, fonts: FontSet) -> None:
    """Title, subject, number, days, who asked and why; below, the code to verify it and who issued it."""
    canvas.bookmarkPage("cover")
    canvas.addOutlineEntry("封面", "cover", 0)
    top = PAGE_HEIGHT - 52 * mm
    draw_lines(canvas, break_lines(cover.title, BODY_WIDTH, TITLE, fonts), TITLE, MARGIN_SIDE, top, BODY_WIDTH)
    draw_text(canvas, f"（{cover.edition}）", MARGIN_SIDE, top - 56, BODY_WIDTH, EDITION, fonts)
    canvas.setStrokeGray(0)
    for width, y in ((1.6, top - 76), (0.5, top - 79)):
        canvas.setLineWidth(width)
        canvas.line(COVER_SIDE, y, PAGE_WIDTH - COVER_SIDE, y)
    _draw_facts(canvas, cover, fonts, top - 104)
    _draw_verification(canvas, cover, fonts)
    _draw_signature(canvas, cover, fonts)


def _facts(cover: Cover) -> list[tuple[str, str, Style]]:
    return [
        ("主体名称", cover.subject_name, COVER_NAME),
        (cover.code_label, cover.code, COVER_VALUE),
        ("主体类别", cover.kind, COVER_VALUE),
        ("报告编号", cover.number, COVER_VALUE),
        ("报告生成日期", cover.generated_on.isoformat(), COVER_VALUE),
        ("数据截至", cover.as_of.isoformat(), COVER_VALUE),
        ("查询用途", cover.purpose, COVER_VALUE),
        ("查询方", cover.enquirer, COVER_VALUE),
    ]


def _draw_facts(canvas: Canvas, cover: Cover, fonts: FontSet, top: float) -> None:
    width = PAGE_WIDTH - 2 * COVER_SIDE - COVER_LABEL_WIDTH
    canvas.setLineWidth(0.4)
    canvas.setStrokeGray(0.6)
    for label, value, style in _facts(cover):
        lines = break_lines(value or "—", width, style, fonts)
        if len(lines) > MOST_COVER_LINES:
            cut = break_lines("……（全文见正文）", width, style, fonts)
            lines = (*lines[: MOST_COVER_LINES - 1], *cut)
        label_style = Style(COVER_LABEL.size, style.leading, grey=COVER_LABEL.grey)
        draw_lines(
            canvas, break_lines(label, COVER_LABEL_WIDTH, label_style, fonts), label_style, COVER_SIDE, top, width
        )
        draw_lines(canvas, lines, style, COVER_SIDE + COVER_LABEL_WIDTH, top, width)
        top -= len(lines) * style.leading + 4
        canvas.line(COVER_SIDE, top, PAGE_WIDTH - COVER_SIDE, top)
        top -= 6


def _draw_verification(canvas: Canvas, cover: Cover, fonts: FontSet) -> None:
    x, y, width = COVER_SIDE, 50 * mm, 75 * mm
    draw_qr(canvas, cover.verification_address, x, y, QR_SIZE)
    text = f"验证码 {cover.verification_code}\n扫描二维码或访问以下地址核验：\n{cover.verification_address}"
    draw_lines(canvas, break_lines(text, width, SMALL, fonts)[:6], SMALL, x, y - 4, width)


def _draw_signature(canvas: Canvas, cover: Cover, fonts: FontSet) -> None:
    day = cover.generated_on
    x, width = PAGE_WIDTH / 2, PAGE_WIDTH / 2 - MARGIN_SIDE
    lines = break_lines(cover.issuer, width, SIGNATURE, fonts)
    draw_lines(canvas, lines, SIGNATURE, x, 66 * mm, width)
    draw_text(
        canvas, f"{day.year}年{day.month}月{day.day}日", x, 66 * mm - len(lines) * 24 - 14, width, SIGNED_ON, fonts
    )


def draw_qr(canvas: Canvas, text: str, x: float, y: float, size: float) -> None:
    """Draw a QR code (level M) with its lower left corner at x, y; a white quiet zone of four modules lies outside."""
    code: Any = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    module = size / code.getModuleCount()
    border = QR_QUIET_ZONE * module
    canvas.setFillGray(1)
    canvas.rect(x - border, y - border, size + 2 * border, size + 2 * border, stroke=0, fill=1)
    path = canvas.beginPath()
    for row, cells in enumerate(code.modules):
        for column, dark in enumerate(cells):
            if dark:
                path.rect(x + column * module, y + size - (row + 1) * module, module, module)
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)
