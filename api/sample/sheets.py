"""One file as a department sends it: header, rows, title lines above, footer below, and a manifest beside it.

Writing is byte for byte repeatable: csv through one writer with fixed line ends, xlsx by hand with fixed times (a
spreadsheet library would stamp the hour into it). The manifest ``<file>.manifest.json`` says sha256 and the number
of rows below the header, a footer among them.
"""

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias
from xml.sax.saxutils import escape

Cell: TypeAlias = str | date
Row: TypeAlias = tuple[Cell, ...]

_EPOCH = date(1899, 12, 30)
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@dataclass
class Sheet:
    """A table on its way out. ``spoiled`` counts what was spoiled on purpose; ``untrue`` holds the numbers of such
    rows."""

    file_name: str
    header: tuple[str, ...]
    rows: list[Row]
    encoding: str = "utf-8"
    title: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    spoiled: dict[str, int] = field(default_factory=dict)
    untrue: set[int] = field(default_factory=set)

    def lines(self) -> list[Row]:
        """All lines of the file in order, title and footer padded to the width of the header."""
        padding = ("",) * (len(self.header) - 1)
        above = [(line, *padding) for line in self.title]
        below = [(line, *padding) for line in self.footer]
        return [*above, self.header, *self.rows, *below]


def write_sheet(directory: Path, sheet: Sheet) -> Path:
    """Writes the file (csv or xlsx by its name) and its manifest; gives the file's path."""
    body = _workbook(sheet) if sheet.file_name.endswith(".xlsx") else _csv(sheet)
    path = directory / sheet.file_name
    path.write_bytes(body)
    manifest = {
        "file": sheet.file_name,
        "sha256": hashlib.sha256(body).hexdigest(),
        "rows": len(sheet.rows) + len(sheet.footer),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (directory / f"{sheet.file_name}.manifest.json").write_text(text, encoding="utf-8")
    return path


def _csv(sheet: Sheet) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(sheet.lines())
    return out.getvalue().encode(sheet.encoding)


def _column(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _cell(reference: str, value: Cell) -> str:
    if isinstance(value, date):
        return f'<c r="{reference}" s="1"><v>{(value - _EPOCH).days}</v></c>'
    if not value:
        return ""
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _sheet_xml(sheet: Sheet) -> str:
    columns = [_column(place) for place in range(len(sheet.header))]
    parts = [f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}"><sheetData>']
    for number, row in enumerate(sheet.lines(), start=1):
        cells = "".join(_cell(f"{column}{number}", value) for column, value in zip(columns, row, strict=True))
        parts.append(f'<row r="{number}">{cells}</row>')
    parts.append("</sheetData></worksheet>")
    return "".join(parts)


def _parts(sheet: Sheet) -> dict[str, str]:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    relation = f'<Relationship Id="rId{{}}" Type="{_OFFICE}/relationships/{{}}" Target="{{}}"/>'
    relations = f'{head}<Relationships xmlns="{_PACKAGE}/relationships">{{}}</Relationships>'
    override = f'<Override PartName="/xl/{{}}.xml" ContentType="{_SHEET_TYPE}.{{}}+xml"/>'
    return {
        "[Content_Types].xml": f'{head}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + override.format("workbook", "sheet.main")
        + override.format("worksheets/sheet1", "worksheet")
        + override.format("styles", "styles")
        + "</Types>",
        "_rels/.rels": relations.format(relation.format(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{head}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}/relationships"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations.format(
            relation.format(1, "worksheet", "worksheets/sheet1.xml") + relation.format(2, "styles", "styles.xml")
        ),
        "xl/styles.xml": f'{head}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
        '<fills count="1"><fill/></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": _sheet_xml(sheet),
    }


def _workbook(sheet: Sheet) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in _parts(sheet).items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text, compresslevel=6)
    return out.getvalue()
