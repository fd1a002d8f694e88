"""Currencies other than the yuan (外币) by the names and signs departments write; pure. No rate is known here or guessed."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "USD": ("美元", "美金", "USD", "US$"),
        "HKD": ("港元", "港币", "香港元", "HKD", "HK$"),
        "MOP": ("澳门元", "澳门币", "MOP"),
        "TWD": ("新台币", "新台幣", "台币", "TWD", "NT$"),
        "EUR": ("欧元", "EUR", "€"),
        "JPY": ("日元", "日圆", "日币", "JPY"),
        "GBP": ("英镑", "GBP", "£"),
        "KRW": ("韩元", "韩圆", "韩币", "KRW", "₩"),
        "AUD": ("澳元", "澳大利亚元", "澳大利亚币", "AUD", "A$"),
        "CAD": ("加元", "加拿大元", "加拿大币", "CAD", "C$"),
        "SGD": ("新加坡元", "新元", "新加坡币", "SGD", "S$"),
        "CHF": ("瑞士法郎", "CHF"),
        "DEM": ("马克", "DEM"),
        "FRF": ("法郎", "FRF"),
        "RUB": ("卢布", "RUB"),
        "SEK": ("瑞典克朗", "SEK"),
        "THB": ("泰铢", "THB"),
    }
)
_CODES: Final = {name: code for code, names in NAMES.items() for name in names}
_named = re.compile("|".join(re.escape(name) for name in sorted(_CODES, key=len, reverse=True))).search


def currency_of(text: str) -> str | None:
    """The ISO 4217 code of the foreign currency a text names; ``XXX`` for a bare $ (whose is not said); None for the yuan."""
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
    if (match := _named(plain)) is not None:
        return _CODES[match[0]]
    return "XXX" if "$" in plain else None
