"""Reading a department's spelling of dates, amounts, years and nothing (空值): text in, plain values out; pure.

Styles are those met in some seventy real files. What has two readings is refused rather than guessed: 3/4/2021 needs
a description that says which comes first. Money goes from text to fen (分) through Decimal and integers only. Patterns
use fullmatch, explicit digit ranges and bounded repeats. Every reader raises ``Unreadable`` with a fault code.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from credit.collection.amounts_in_words import read_amount_in_words
from credit.collection.currencies import currency_of
from credit.collection.faults import Unreadable

NULLS: Final = frozenset(
    (
        *(
            "",
            "/",
            "//",
            "\\",
            "-",
            "--",
            "---",
            "—",
            "——",
            "－",
            "／",
            "无",
            "无。",
            "空",
            "(空)",
            "（空）",
            "[空]",
            "暂无",
        ),
        *(
            "不详",
            "不祥",
            "未知",
            "null",
            "NULL",
            "Null",
            "(null)",
            "None",
            "none",
            "nan",
            "NaN",
            "NAN",
            "N/A",
            "n/a",
            "NA",
        ),
        *("#N/A", "\\N", "请选择", "undefined", "nil", "*", "**", "***", "****", "*****", "******"),
    )
)
"""Spellings of nothing. Stars alone are a value withheld by the sender: for us there is nothing to keep either."""

OPEN_ENDS: Final = frozenset((date(2099, 12, 31), date(2099, 12, 30), date(2999, 12, 31), date(9999, 12, 31)))
"""Days that mean 长期: no end."""

DISTRICT_TIME: Final = timezone(timedelta(hours=8))
FIRST_SERIAL, LAST_SERIAL = 10_000, 80_000
LARGEST_AMOUNT: Final = 10**17

_TIME: Final = (
    r"(?:\s{0,3}[T\s]\s{0,3}(?P<h>[0-9]{1,2})[:时](?P<i>[0-9]{1,2})分?(?:[:]?(?P<s>[0-9]{1,2})秒?(?:\.[0-9]{1,9})?)?"
    r"\s?(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ymd = re.compile(
    r"(?P<y>[0-9]{4})\s{0,2}[-/.年]\s{0,2}(?P<m>[0-9]{1,2})\s{0,2}[-/.月]\s{0,2}(?P<d>[0-9]{1,2})\s?[日号]?" + _TIME
).fullmatch
_dmy = re.compile(r"(?P<d>[0-9]{1,2})[-/.](?P<m>[0-9]{1,2})[-/.](?P<y>[0-9]{4})" + _TIME).fullmatch
_compact = re.compile(r"(?P<y>[12][0-9]{3})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?:[0-9]{6}|" + _TIME + ")").fullmatch
_serial = re.compile(r"([0-9]{5})(?:\.[0-9]{1,12})?").fullmatch
_part = re.compile(r"[0-9]{4}(?:\.0)?(?:年度?)?(?:\s{0,2}[-/.]?\s{0,2}[0-9]{1,2}\s?月?)?").fullmatch
_chinese = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]"
).fullmatch
_chinese_year = re.compile(r"[〇○零一二三四五六七八九]{4}年(?:[一二三四五六七八九十]{1,2}月)?").fullmatch
_year = re.compile(r"((?:19|20)[0-9]{2})(?:\.0)?\s?(?:年度?)?").fullmatch

_UNITS: Final = {"": 1, "百": 100, "千": 1000, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7, "亿": 10**8}
_NUMBER: Final = r"-?(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.[0-9]{1,12})?"
_amount = re.compile(
    rf"(?:人民币|RMB|CNY)?[¥￥]?(?P<n>{_NUMBER})\(?(?P<u>十万|百万|千万|百|千|万|亿)?(?P<y>元|圆)?(?:人民币)?(?P<y2>元)?[整正]?\)?"
).fullmatch
_IGNORABLE: Final = dict.fromkeys(
    [0x00AD, 0x061C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
_controls = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]").search


def is_null(text: str) -> bool:
    """Whether a cell says nothing."""
    return text in NULLS or text.strip() in NULLS


def clean_text(text: str, longest: int = 20_000) -> str:
    """A text without surrounding space, zero-width and direction marks; its characters are otherwise kept as they came.

    No compatibility folding: 㐂, 𠮷, radicals and variation selectors come back as the same bytes. Raises Unreadable
    for control characters, lone surrogates and excessive length.
    """
    text = text.strip()
    if text.isprintable() and len(text) <= longest:
        return text
    text = text.translate(_IGNORABLE).replace("\r\n", "\n").strip()
    if _controls(text):
        raise Unreadable("TEXT_CONTROL")
    if len(text) > longest:
        raise Unreadable("TEXT_TOO_LONG")
    return text


def _plain(text: str) -> str:
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text.translate(_IGNORABLE)).strip()


def read_date(text: str, *, day_first: bool | None = None, epoch_1904: bool = False) -> date:
    """The day a cell means, in district time. Refuses days that do not exist, parts of days and doubtful orders.

    ``day_first`` answers for 3/4/2021 (None: refuse). Five digits are an Excel serial of the 1900 system, or of 1904.
    A time with offset counts at +08:00. 24:00 is refused; the 60th second is a day's like any other.
    """
    plain = _plain(text)
    match = _ymd(plain) or _compact(plain)
    if match is None and (match := _dmy(plain)):
        return _day_first(match, day_first)
    if match:
        return _shifted(match, _day(int(match["y"]), int(match["m"]), int(match["d"])))
    if serial := _serial(plain):
        return _from_serial(int(serial[1]), epoch_1904)
    if words := _chinese(text.strip()):
        return _day(int("".join(_digit(c) for c in words[1])), _small(words[2]), _small(words[3]))
    raise Unreadable("DATE_INCOMPLETE" if _part(plain) or _chinese_year(plain) else "DATE_FORMAT")


def _day_first(match: re.Match[str], day_first: bool | None) -> date:
    first, second, year = int(match["d"]), int(match["m"]), int(match["y"])
    if day_first is None:
        if first <= 12 and second <= 12 and first != second:
            raise Unreadable("DATE_AMBIGUOUS")
        day_first = first > 12 or first == second
    return _shifted(match, _day(year, second, first) if day_first else _day(year, first, second))


def _day(year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise Unreadable("DATE_IMPOSSIBLE") from None
    if found <= date(1900, 1, 1):
        raise Unreadable("DATE_IMPOSSIBLE")
    return found


def _shifted(match: re.Match[str], day: date) -> date:
    """The day in the district of a time given with an offset; refuses times that do not exist."""
    parts = match.groupdict()
    if parts.get("h") is None:
        return day
    hour, minute, second = int(parts["h"]), int(parts["i"]), int(parts["s"] or 0)
    if hour > 23 or minute > 59 or second > 60:
        raise Unreadable("DATE_IMPOSSIBLE")
    if not (offset := parts.get("z")):
        return day
    zone = timezone.utc if offset == "Z" else _offset(offset)  # noqa: UP017 - reads better beside the other branch
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(DISTRICT_TIME).date()


def _offset(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        raise Unreadable("DATE_FORMAT")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)


def _from_serial(serial: int, epoch_1904: bool) -> date:
    if not FIRST_SERIAL <= serial <= LAST_SERIAL:
        raise Unreadable("DATE_FORMAT")
    return (date(1904, 1, 1) if epoch_1904 else date(1899, 12, 30)) + timedelta(days=serial)


def _digit(character: str) -> str:
    return str("零一二三四五六七八九".find(character) if character not in "〇○" else 0)


def _small(text: str) -> int:
    """一 to 三十一."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return int(_digit(text)) if len(text) == 1 else 99
    if len(tens) > 1 or len(ones) > 1:
        return 99
    return (int(_digit(tens)) if tens else 1) * 10 + (int(_digit(ones)) if ones else 0)


def read_year(text: str) -> int:
    """A year: 2018, 2018年, 2018年度, 2020.0."""
    match = _year(_plain(text))
    if match is None:
        raise Unreadable("YEAR_FORMAT")
    return int(match[1])


def read_amount(text: str, unit: int = 1) -> int:
    """An amount in fen. ``unit`` is what one of a bare number is in yuan (10000 for 万元); a unit in the text wins.

    Takes thousands separators, 850(万元人民币), ￥, 5万元 and amounts in words. Less than a fen is rounded half up.
    """
    plain = _plain(text).replace(" ", "").replace("，", ",")
    match = _amount(plain)
    if match is None:
        if currency_of(plain) is not None:
            raise Unreadable("AMOUNT_FOREIGN")
        if (in_words := read_amount_in_words(plain)) is not None:
            return in_words
        raise Unreadable("AMOUNT_FORMAT")
    scale = _UNITS[match["u"] or ""]
    if not (match["u"] or match["y"] or match["y2"]):
        scale = unit
    fen = (Decimal(match["n"].replace(",", "")) * scale * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if abs(fen) > LARGEST_AMOUNT:
        raise Unreadable("AMOUNT_TOO_LARGE")
    return int(fen)
