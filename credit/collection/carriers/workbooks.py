"""Workbooks (xls, xlsx) as rows of text, read by calamine after everything dangerous was looked for.

Refused: macros, external links and DDE, formulas (what they show is not what they say), document type declarations,
sheets whose row numbers jump (a million empty rows), several visible sheets without saying which. Numbers of sixteen
digits and more were damaged when they were typed into a number cell: they come out as 9.11E+17, for the checks to name.
"""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from credit.collection.carriers.opening import CHUNK, LARGEST_WORKBOOK
from credit.errors import FileRefused

MOST_CELLS: Final = 10_000_000
_OVERLAP: Final = 512
_formula = re.compile(rb"<(?:[a-z0-9]{1,8}:)?f[ >/]").search
_far_column = re.compile(rb'r="[B-Z][A-Z]{2}[0-9]|r="A[B-Z][A-Z][0-9]').search
_row_number = re.compile(rb'<(?:[a-z0-9]{1,8}:)?row [^>]{0,200}?r="([0-9]{1,7})"').findall


Cell = int | float | str | bool | time | date | datetime | timedelta


class SheetRows:
    """The chosen sheet of a checked workbook; ``rows`` can be called again, ``count`` tells without making text."""

    def __init__(self, path: Path, kind: str, sheet: str | int | None) -> None:
        (_check_xlsx if kind == "xlsx" else _check_xls)(path)
        try:
            workbook = CalamineWorkbook.from_path(str(path))
            self._sheet = workbook.get_sheet_by_name(_choose_sheet(workbook, sheet))
        except (CalamineError, ValueError, OSError) as error:
            raise FileRefused("工作簿损坏或加密，无法读取") from error
        if self._sheet.total_height * max(self._sheet.total_width, 1) > MOST_CELLS:
            raise FileRefused("工作表过大，请改用 CSV 提交")

    def rows(self) -> Iterator[list[str]]:
        """Every row from the first of the sheet, blank ones included, each cell as text."""
        if self._sheet.start is None:
            return
        left = self._sheet.start[1]  # rows above come from the iterator, columns to the left do not
        for row in self._sheet.iter_rows():
            yield [""] * left + [_text(cell) for cell in row]

    def count(self, header_row: int | None) -> int:
        """How many rows below the header are not blank."""
        if self._sheet.start is None:
            return 0
        first = 0 if header_row is None else header_row + 1
        rows = islice(self._sheet.iter_rows(), first, None)
        return sum(1 for row in rows if any(not isinstance(cell, str) or cell.strip() for cell in row))


def _choose_sheet(workbook: CalamineWorkbook, wanted: str | int | None) -> str:
    sheets = [s for s in workbook.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    names = [s.name for s in sheets]
    if isinstance(wanted, str):
        if wanted not in names:
            raise FileRefused(f"工作簿中没有工作表“{wanted}”")
        return wanted
    visible = [s.name for s in sheets if s.visible == SheetVisibleEnum.Visible]
    if isinstance(wanted, int):
        if not 0 <= wanted < len(visible):
            raise FileRefused(f"工作簿中没有第 {wanted + 1} 个可见工作表")
        return visible[wanted]
    filled = (
        [name for name in visible if workbook.get_sheet_by_name(name).total_height] if len(visible) > 1 else visible
    )
    if len(filled) != 1:
        raise FileRefused(f"工作簿有 {len(filled)} 个有内容的可见工作表，请在数据源描述中指定 sheet")
    return filled[0]


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int | float):
        if abs(cell) >= 1e15:
            return f"{cell:.5E}"
        return (
            str(int(cell))
            if cell == int(cell)
            else format(cell, ".15g")
            if abs(cell) >= 1e-4
            else f"{cell:.15f}".rstrip("0")
        )
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _check_xls(path: Path) -> None:
    content = path.read_bytes()
    if len(content) > LARGEST_WORKBOOK:
        raise FileRefused("工作簿过大，请改用 CSV 提交")
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise FileRefused("工作簿含有宏")
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise FileRefused("工作簿已加密")


def _check_xlsx(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > LARGEST_WORKBOOK:
            raise FileRefused("工作簿解压后过大，请改用 CSV 提交")
        for member in members:
            name = member.filename.lower()
            if "vbaproject" in name or "macrosheet" in name:
                raise FileRefused("工作簿含有宏")
            if "externallink" in name or "connections.xml" in name or "embeddings/" in name:
                raise FileRefused("工作簿含有外部链接、数据连接或嵌入对象")
            if name.endswith((".xml", ".rels")):
                _check_part(archive, member, "worksheets/sheet" in name or "/worksheets/" in name)


def _check_part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, is_sheet: bool) -> None:
    tail, last, rows, read = b"", 0, 0, 0
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(CHUNK):
                read += len(chunk)
                if read > LARGEST_WORKBOOK:
                    raise FileRefused("工作簿解压后过大")
                window = tail + chunk
                if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
                    raise FileRefused("工作簿含有文档类型声明")
                if b"ddeLink" in window or b"macroEnabled" in window:
                    raise FileRefused("工作簿含有宏或 DDE 链接")
                if is_sheet:
                    _check_window(window)
                    numbers = _row_number(window)
                    rows += len(numbers)
                    last = max(last, *map(int, numbers)) if numbers else last
                tail = window[-_OVERLAP:]
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError):
        raise FileRefused("工作簿损坏或加密，无法读取") from None
    if last > 10 * rows + 10_000:
        raise FileRefused("工作表行号跳跃过大")


def _check_window(window: bytes) -> None:
    if _formula(window):
        raise FileRefused("工作表含有公式，请粘贴为数值后提交")
    if _far_column(window):
        raise FileRefused("工作表列数过多")
