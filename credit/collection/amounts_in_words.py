"""Amounts in words (大写金额) and fines inside sentences: 叁仟元整, 处五千元罚款, 罚款2000元; pure, fen out.

A sentence with two different fines has no answer here: which one is the subject's is for a person to say.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

_DIGITS: Final = {
    **dict.fromkeys("零〇○", 0), **dict.fromkeys("壹一", 1), **dict.fromkeys("贰二两貳", 2),
    **dict.fromkeys("叁三參", 3),
    **dict.fromkeys("肆四", 4), **dict.fromkeys("伍五", 5), **dict.fromkeys("陆六陸", 6), **dict.fromkeys("柒七", 7),
    **dict.fromkeys("捌八", 8), **dict.fromkeys("玖九", 9),
}  # fmt: skip
_TENS: Final = {**dict.fromkeys("拾十", 10), **dict.fromkeys("佰百", 100), **dict.fromkeys("仟千", 1000)}
_MYRIADS: Final = {**dict.fromkeys("万萬", 10**4), **dict.fromkeys("亿億", 10**8)}
_WORD: Final = "[零〇○壹一贰二两貳叁三參肆四伍五陆六陸柒七捌八玖九拾十佰百仟千万萬亿億]"

_SHORT, _LONGEST = 200, 20_000

_in_words = re.compile(
    rf"(?:人民币)?:?(?P<y>{_WORD}{{1,24}})[元圆](?:(?P<j>{_WORD}{{1,2}})角)?(?:(?P<f>{_WORD}{{1,2}})分)?[整正]?"
).fullmatch
_SUM: Final = (
    rf"(?:(?P<n>[0-9]{{1,12}}(?:,[0-9]{{3}}){{0,4}}(?:\.[0-9]{{1,6}})?)(?P<u>万?)|(?P<w>{_WORD}{{1,24}}))[元圆]"
)
_after = re.compile(rf"罚款(?:金额|数额)?(?:共计|合计|总计|为|计)?[:：]?(?:人民币)?[:：]?[¥￥]?{_SUM}")
_before = re.compile(
    rf"(?:处以?|给予|罚)(?:人民币)?[¥￥]?{_SUM}[整正]?(?:[(（][^()（）]{{0,30}}[)）])?(?:人民币)?的?(?:行政)?罚款"
)


def read_number_in_words(text: str) -> int | None:
    """A whole number in Chinese numerals, or None where it is not well formed (十五万 is 150000)."""
    total = section = digit = 0
    last_tens, pending = 10**5, False
    last_myriad = 10**13
    for character in text:
        if character in _DIGITS:
            if pending and digit:
                return None
            digit, pending = _DIGITS[character], True
        elif character in _TENS:
            tens = _TENS[character]
            if tens >= last_tens or (pending and digit == 0 and tens != 10):
                return None
            section += (digit if pending and digit else 1 if tens == 10 else 0) * tens
            if not pending and tens != 10:
                return None
            digit, pending, last_tens = 0, False, tens
        else:
            myriad = _MYRIADS[character]
            section += digit
            if myriad >= last_myriad or not section:
                return None
            total += section * myriad
            section = digit = 0
            last_tens, pending, last_myriad = 10**5, False, myriad
    return total + section + digit


def read_amount_in_words(text: str) -> int | None:
    """Fen of an amount written in words (壹万贰仟叁佰元零伍分), or None."""
    match = _in_words(text.replace("元零", "元"))
    if match is None:
        return None
    yuan = read_number_in_words(match["y"])
    if yuan is None:
        return None
    tenths, hundredths = (read_number_in_words(match[part].lstrip("零")) if match[part] else 0 for part in ("j", "f"))
    if tenths is None or hundredths is None or tenths > 9 or hundredths > 9:
        return None
    return yuan * 100 + tenths * 10 + hundredths


def find_fine(text: str) -> int | None:
    """The fine a sentence names, in fen; None where it names none, or several that differ."""
    if "罚" not in text:
        return None
    return _find_short(text) if len(text) <= _SHORT else _find(text[:_LONGEST])


def _find(text: str) -> int | None:
    found = {_fen(match) for pattern in (_after, _before) for match in pattern.finditer(text)}
    return found.pop() if len(found) == 1 else None


_find_short = lru_cache(maxsize=4_096)(_find)


def _fen(match: re.Match[str]) -> int | None:
    if match["n"]:
        return int(Decimal(match["n"].replace(",", "")) * (10**4 if match["u"] else 1) * 100)
    yuan = read_number_in_words(match["w"])
    return None if yuan is None else yuan * 100
