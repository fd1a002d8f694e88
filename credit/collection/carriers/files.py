"""The files carrier (文件方式): opens one delivered file safely and hands over pages of text rows, nothing else.

A file is read to its end for digest, encoding and damage before its rows are handed over as a stream: a file that cannot
be read wholly is refused, and nothing of it was taken. Memory stays flat whatever its size (workbooks apart, which are
bounded). Row numbers are those a spreadsheet shows, counted from 1 with title and blank rows, so that a department finds
its row.
"""

import csv
import io
import json
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final, NamedTuple, Self

from credit.collection.carriers.json_rows import read_records
from credit.collection.carriers.opening import Opener, detect_encoding, read_digest, unwrap
from credit.collection.carriers.workbooks import SheetRows
from credit.collection.description import Description, FileSettings, clean_header
from credit.errors import FileRefused

PAGE_ROWS: Final = 2_000
MANIFEST_SUFFIX: Final = ".manifest.json"
MOST_COLUMNS: Final = 1_000
_END: Final = "\ue000 end of file \ue000"
_is_digest = re.compile(r"[0-9a-f]{64}").fullmatch


class Page(NamedTuple):
    """At most 2,000 rows in a row; ``first_row_number`` is the first one's, the others follow without a gap.

    The house allows 5,000 to a batch: smaller pages keep memory low and the write lock short.
    """

    rows: list[list[str]]
    first_row_number: int


class Manifest(NamedTuple):
    """What a department says it sent: digest of the bytes and number of data rows."""

    sha256: str
    rows: int


class Table:
    """An opened file: what it is, its header, and its rows once. Use as a context manager.

    ``rows_in_file`` counts the rows below the header that are not blank, a footer among them: what a manifest counts.
    """

    def __init__(
        self,
        container: str,
        encoding: str | None,
        digest: str,
        header: tuple[str, ...],
        rows: Iterator[tuple[int, list[str]]],
        rows_in_file: int,
    ) -> None:
        self.container, self.encoding, self.digest, self.header = container, encoding, digest, header
        self.rows_in_file = rows_in_file
        self.received = 0
        self._rows = rows

    def pages(self, size: int = PAGE_ROWS) -> Iterator[Page]:
        """The data rows in order. ``received`` counts them."""
        rows: list[list[str]] = []
        first = expected = 0
        for number, row in self._rows:
            if rows and (number != expected or len(rows) >= size):
                self.received += len(rows)
                yield Page(rows, first)
                rows = []
            if not rows:
                first = number
            rows.append(row)
            expected = number + 1
        if rows:
            self.received += len(rows)
            yield Page(rows, first)

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._rows, Generator):
            self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_table(path: Path, description: Description) -> Table:
    """Open one file as its description says. Raises FileRefused with the reason in Chinese.

    The container follows from the content; a description that names another one is contradicted and the file refused.
    Every row is parsed once before the first is handed over, so that a torn file is refused before anything of it is
    taken; a manifest beside the file (its name and ``.manifest.json``) is held against digest and row count.
    """
    settings = description.files
    digest, _ = read_digest(path)
    kind, opener = unwrap(path)
    if kind in ("xlsx", "xls"):
        _check_container(settings, kind)
        sheet = SheetRows(path, kind, settings.sheet)
        table = _make_table(kind, None, digest, sheet.rows, settings, sheet.count(settings.header_row))
    else:
        table = _open_text(opener, digest, description)
    beside = path.with_name(path.name + MANIFEST_SUFFIX)
    if beside.is_file():
        check_manifest(read_manifest(beside), digest, table.rows_in_file)
    return table


def _open_text(opener: Opener, digest: str, description: Description) -> Table:
    settings = description.files
    encoding = detect_encoding(opener, settings.encoding)
    container, delimiter = _sniff(opener, encoding, settings)
    _check_container(settings, container)
    if container in ("json", "jsonl"):
        named = [column.written for column in description.columns if column.written]
        return _make_table(
            container, encoding, digest, lambda: read_records(_text_stream(opener, encoding), named), FileSettings()
        )
    return _make_table(
        container, encoding, digest, lambda: _csv_rows(_text_stream(opener, encoding), delimiter), settings
    )


def _make_table(
    container: str,
    encoding: str | None,
    digest: str,
    read_again: Callable[[], Iterator[list[str]]],
    settings: FileSettings,
    rows_in_file: int | None = None,
) -> Table:
    """The table of rows that can be read twice: once to the end, counting (where the count is not known), then taken."""
    if rows_in_file is None:
        rows_in_file = sum(1 for _ in _under_header(read_again(), settings)[1])
    header, rows = _under_header(read_again(), settings)
    return Table(container, encoding, digest, header, _without_footer(rows, settings.skip_footer), rows_in_file)


def _check_container(settings: FileSettings, found: str) -> None:
    if settings.container and settings.container != found and {settings.container, found} != {"json", "jsonl"}:
        raise FileRefused(f"文件实为 {found}，与数据源描述的 {settings.container} 不符")


def _text_stream(opener: Opener, encoding: str) -> IO[str]:
    return io.TextIOWrapper(opener(), encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")


def _sniff(opener: Opener, encoding: str, settings: FileSettings) -> tuple[str, str]:
    """Container and delimiter of a text, by its first lines."""
    with _text_stream(opener, encoding) as stream:
        head = stream.read(65_536)
    start = head.lstrip()[:1]
    if start in ("{", "["):
        return ("jsonl" if start == "{" else "json"), ""
    if settings.delimiter:
        return ("tsv" if settings.delimiter == "\t" else "csv"), settings.delimiter
    lines = head.splitlines()[:50]
    counts = {delimiter: sum(line.count(delimiter) for line in lines) for delimiter in (",", "\t", ";", "|")}
    best = max(counts, key=lambda delimiter: counts[delimiter])
    delimiter = best if counts[best] else ","
    return ("tsv" if delimiter == "\t" else "csv"), delimiter


def _csv_rows(stream: IO[str], delimiter: str) -> Iterator[list[str]]:
    """Rows of a CSV. A quote that is never closed swallows the sentinel after the last line, and is found by that."""
    with stream:
        yield from _parse_csv(stream, delimiter)


def _parse_csv(stream: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(_with_sentinel(stream), delimiter=delimiter)
    previous: list[str] | None = None
    try:
        for row in reader:
            if previous is not None:
                yield previous
            previous = row
    except csv.Error:
        raise FileRefused(f"第 {reader.line_num} 行附近无法解析，可能有未闭合的引号") from None
    except UnicodeError:
        raise FileRefused(f"第 {reader.line_num} 行附近编码有误") from None
    if previous != [_END]:
        raise FileRefused("有未闭合的引号，其后各行被吞并，整个文件未受理")


def _with_sentinel(stream: Iterable[str]) -> Iterator[str]:
    yield from stream
    yield _END


def _under_header(
    rows: Iterator[list[str]], settings: FileSettings
) -> tuple[tuple[str, ...], Iterator[tuple[int, list[str]]]]:
    """The header and the numbered, non-blank rows below it."""
    header: tuple[str, ...] = ()
    first = 1
    if settings.header_row is not None:
        for _ in range(settings.header_row + 1):
            row = next(rows, None)
            if row is None:
                raise FileRefused(f"文件没有第 {settings.header_row + 1} 行（表头）")
            header = tuple(row)
        header = _checked_header(header)
        first = settings.header_row + 2
    numbered = (
        (number, row) for number, row in enumerate(rows, first) if any(cell and not cell.isspace() for cell in row)
    )
    return header, numbered


def _checked_header(row: tuple[str, ...]) -> tuple[str, ...]:
    if len(row) > MOST_COLUMNS:
        raise FileRefused("列数过多")
    header = tuple(clean_header(cell) for cell in row)
    if not any(header):
        raise FileRefused("表头为空")
    return header


def _without_footer(rows: Iterator[tuple[int, list[str]]], footer: int) -> Iterator[tuple[int, list[str]]]:
    if not footer:
        yield from rows
        return
    held: deque[tuple[int, list[str]]] = deque()
    for row in rows:
        held.append(row)
        if len(held) > footer:
            yield held.popleft()


def read_manifest(path: Path) -> Manifest:
    """The manifest of a delivery: JSON with ``sha256`` and ``rows``. Raises FileRefused where it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        manifest = Manifest(str(content["sha256"]).lower(), int(content["rows"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise FileRefused("清单文件无法读取，应含 sha256 和 rows") from None
    if not _is_digest(manifest.sha256) or manifest.rows < 0:
        raise FileRefused("清单文件的 sha256 或 rows 无效")
    return manifest


def check_manifest(manifest: Manifest, digest: str, rows: int) -> None:
    """Hold what came against what was said: another digest or row count refuses the whole delivery."""
    if manifest.sha256 != digest:
        raise FileRefused("文件摘要与清单不符，可能传输未完成")
    if manifest.rows != rows:
        raise FileRefused(
            f"文件有 {rows} 行，清单为 {manifest.rows} 行，整批未受理", received=rows, expected=manifest.rows
        )
