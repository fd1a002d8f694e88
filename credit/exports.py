"""CSV that stays text (导出防注入): what a spreadsheet would run as a formula is neutralised; negative numbers stay numbers."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

BOM: Final = "\ufeff"
"""Before a CSV for people: spreadsheets then read it as UTF-8."""

DANGEROUS: Final = frozenset("=+-@\t\r\n＝＋－＠")
_is_number = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,12})?").fullmatch


def inert_cell(text: str) -> str:
    """The text as a cell that no spreadsheet runs: an apostrophe before = + - @ TAB and their full-width forms.

    Leading blanks are looked through, since some programs drop them; a plain signed number is left as it is.
    """
    bare = text.lstrip(" \u00a0\u3000\ufeff\u200b")
    if (text[:1] in DANGEROUS or bare[:1] in DANGEROUS) and not _is_number(text):
        return "'" + text
    return text


def dump_csv(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV lines, every cell inert."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows([inert_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue()
