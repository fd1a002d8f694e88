"""The mess of real files: spellings of days and money, codes ruined by spreadsheets, rows twice, rows without a name.

``spoil`` spoils a few per cent of a sheet's rows and counts what it did. What a reader can put right (lower case,
full-width digits, blanks) is told apart from what must be turned away (a broken check digit, ``9.13E+17``, 30
February).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from api.sample.codes import CODE_ALPHABET
from api.sample.sheets import Row, Sheet

T = TypeVar("T")

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_DAY_SPELLINGS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "{0.year}/{0.month}/{0.day}",
    "%Y.%m.%d",
    "{0.year}年{0.month}月{0.day}日",
    "%Y%m%d",
)
_IMPOSSIBLE_DAYS = ("2024-02-30", "2023/13/01", "1900/1/0 0:00:00", "2021.00.15", "20240231", "二〇二三年")
_FULL_WIDTH = {ord(char): chr(ord(char) + 0xFEE0) for char in CODE_ALPHABET}


def spell_day(rng: Random, day: date, usual: int = 0, mixed: float = 0.1) -> str:
    """A day in the department's usual spelling (index), now and then in another one."""
    spelling = _DAY_SPELLINGS[usual if rng.random() >= mixed else rng.randrange(len(_DAY_SPELLINGS))]
    return spelling.format(day) if "{" in spelling else day.strftime(spelling)


def in_words(yuan: int) -> str:
    """A sum below one hundred million yuan in Chinese capital numerals: 3000 is 叁仟元整."""
    high, low = divmod(yuan, 10_000)
    text = (_group(high) + "万" if high else "") + _group(low)
    if high and 0 < low < 1000:
        text = _group(high) + "万零" + _group(low)
    return text + "元整"


def _group(number: int) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + _UNITS[place]
            gap = False
        else:
            gap = True
    return text


def by_weight(rng: Random, things: Sequence[T], weight: Callable[[T], float], count: int) -> list[T]:
    """``count`` draws with repetition, likelier the heavier."""
    return rng.choices(things, weights=[weight(thing) for thing in things], k=count)


def day_between(rng: Random, first: date, last: date) -> date:
    """A day from ``first`` to ``last``, both possible; ``last`` where the two are crossed."""
    return first + timedelta(days=rng.randrange((last - first).days + 1)) if first < last else last


def spoil(rng: Random, sheet: Sheet, *, code: int | None, name: int, day: int | None, share: float = 0.03) -> None:
    """Spoils ``share`` of the rows in place; columns by their index, None where the file has no such column."""
    done: Counter[str] = Counter()
    chosen = rng.sample(range(len(sheet.rows)), int(len(sheet.rows) * share))
    for number in chosen:
        kinds = ["name-missing", "blanks", "twice"]
        kinds += ["impossible-day"] if day is not None else []
        kinds += (
            ["check-digit", "lower-case", "full-width", "spreadsheet", "letter-o", "cut-short"]
            if code is not None
            else []
        )
        kind = rng.choice(kinds)
        place = {"name-missing": name, "blanks": name, "impossible-day": day}.get(kind, code)
        row = sheet.rows[number]
        if kind == "twice" or place is None:
            sheet.rows.append(row)
        else:
            value = row[place]
            sheet.rows[number] = _with(
                row, place, _spoilt(rng, kind, value if isinstance(value, str) else value.isoformat())
            )
            sheet.untrue.add(number)
        done[kind] += 1
    sheet.spoiled = dict(sorted(done.items()))


def _with(row: Row, place: int, value: str) -> Row:
    return (*row[:place], value, *row[place + 1 :])


def _spoilt(rng: Random, kind: str, value: str) -> str:
    match kind:
        case "name-missing":
            return ""
        case "blanks":
            return rng.choice(
                (f" {value}  ", f"{value}\u00a0", f"\t{value}", value.replace("有限", "有限 ", 1) + "\u3000")
            )
        case "impossible-day":
            return rng.choice(_IMPOSSIBLE_DAYS)
    if len(value) != 18:
        return value
    match kind:
        case "check-digit":
            return value[:17] + CODE_ALPHABET[(CODE_ALPHABET.index(value[17]) + rng.randrange(1, 31)) % 31]
        case "lower-case":
            return value.lower()
        case "full-width":
            return value.translate(_FULL_WIDTH)
        case "spreadsheet":
            return "9.13101E+17"
        case "letter-o":
            return value[:8] + "O" + value[9:]
    return value[:16]
