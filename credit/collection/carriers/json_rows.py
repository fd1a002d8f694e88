"""JSON and JSON Lines as rows of text: numbers keep their digits, what JSON only tolerates is refused.

NaN, duplicate keys, nested values and lone surrogates are refused with the number of the record.
"""

import json
from collections.abc import Iterator
from typing import IO, Any, Final, NoReturn

from credit.collection.description import clean_header
from credit.errors import FileRefused

LARGEST_JSON: Final = 200 << 20
LONGEST_LINE: Final = 4 << 20


def read_records(stream: IO[str], columns: list[str]) -> Iterator[list[str]]:
    """The header first, then each object as a row under it; keys the first object and ``columns`` lack are dropped."""
    with stream:
        yield from _read_objects(stream, columns)


def _read_objects(stream: IO[str], columns: list[str]) -> Iterator[list[str]]:
    head = stream.read(1)
    while head and head.isspace():
        head = stream.read(1)
    objects = _lines(stream, head) if head == "{" else _document(head + stream.read(LARGEST_JSON + 1))
    header: list[str] | None = None
    for number, entry in enumerate(objects, 1):
        if not isinstance(entry, dict):
            raise FileRefused(f"第 {number} 条不是对象")
        if header is None:
            known = {clean_header(key) for key in entry}
            header = [*entry, *(column for column in columns if clean_header(column) not in known)]
            yield header
        yield [_text(entry.get(key), number) for key in header]


def _lines(stream: IO[str], head: str) -> Iterator[Any]:
    """JSON Lines; or, where the first line is no whole object, one document with its records under a single list."""
    first = head + stream.readline(LONGEST_LINE)
    try:
        entry = _parse(first)
    except FileRefused:
        yield from _document(first + stream.read(LARGEST_JSON + 1))
        return
    following = stream.readline(LONGEST_LINE)
    if not following and any(isinstance(value, list) for value in entry.values()):
        yield from _document(first)
        return
    yield entry
    while following:
        if not following.isspace():
            yield _parse(following)
        following = stream.readline(LONGEST_LINE)


def _document(text: str) -> Iterator[Any]:
    if len(text) > LARGEST_JSON:
        raise FileRefused("JSON 文件过大，请改用 JSON Lines")
    content = _parse(text)
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else [content] if not lists else None
    if not isinstance(content, list):
        raise FileRefused("JSON 应为对象数组，或只含一个对象数组")
    yield from content


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=str, parse_float=str
        )
    except (json.JSONDecodeError, RecursionError):
        raise FileRefused("JSON 无法解析") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FileRefused("JSON 对象含有重复的键")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise FileRefused("JSON 含有 NaN 或 Infinity")


def _text(value: Any, number: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if not isinstance(value, str):
        raise FileRefused(f"第 {number} 条含有嵌套的值")
    return value
