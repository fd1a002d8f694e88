"""Tables behind ``credit.identifiers``: alphabets, weights, kinds of registration, provinces, messages, surnames.

Kept apart so that the rules stay short. Everything is computed once at import. Sources: GB 32100-2015
(统一社会信用代码), GB 11714-1997 (组织机构代码), GB 11643-1999 (公民身份号码), GS 15-2006 (工商注册号),
国办发〔2018〕81号 (港澳台居民居住证).
"""

from datetime import date
from typing import Final

from models.terms import SubjectKind

CODE_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORG_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

CODE_WEIGHTS: Final = (*(pow(3, i, 31) for i in range(17)), 1)
"""Weight of each of the 18 places; a sound code has a weighted sum divisible by 31 (its last place weighs 1)."""

ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
NUMBER_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
NUMBER_CHECKS: Final = "10X98765432"


def _words(text: str) -> list[str]:
    return text.split()


def _byte_table(alphabet: str) -> bytes:
    table = bytearray(256)
    for value, character in enumerate(alphabet):
        table[ord(character)] = value
    return bytes(table)


CODE_VALUES: Final = _byte_table(CODE_ALPHABET)
ORG_VALUES: Final = _byte_table(ORG_ALPHABET)
ORG_CHECKS: Final = "0X987654321"
"""Check character of an organisation code by its weighted sum modulo 11 (11 − remainder; 10 is X, 11 is 0)."""

PROVINCES: Final = frozenset(
    _words(
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91"
    )
)
"""First two digits of a citizen number; 81, 82, 83 are residence permits, 91 an old allocation."""

REGISTRARS: Final = (PROVINCES - {"83", "91"}) | {"10"}
"""First two digits of a registering authority's region; 10 is the central level."""

_ORGANISATION = "13 21 29 31 32 33 34 35 39 41 49 51 52 53 54 59 61 62 69 71 72 79 81 89 N1 N2 N3 N9 Y1"

KIND_BY_PAIR: Final[dict[str, SubjectKind]] = {
    **dict.fromkeys(("91", "93", "99"), SubjectKind.enterprise),
    "92": SubjectKind.individual_business,
    **dict.fromkeys(("11", "12", "19", "A1", "A9"), SubjectKind.government),
    **dict.fromkeys(_words(_ORGANISATION), SubjectKind.organisation),
}
"""Places 1–2 of a code. 54 (居委会、村委会) is a later addition in use; N9 likewise."""

INTERCHANGED: Final = str.maketrans("OISZVАВЕНКМРСТХУ", "0152UABEHKMPCTXY")
"""What people type for what: letters outside the alphabet and Cyrillic look-alikes. Only ever offered as a hint."""

MESSAGES: Final[dict[tuple[str, str], str]] = {
    ("", "MISSING"): "未填写",
    ("", "FILLER"): "为占位代码，不是有效代码",
    ("", "ID_AS_NUMBER"): "被电子表格存为数值，末尾数字已丢失，请以文本格式重新报送",
    ("", "IDENTITY_NUMBER"): "此处不得填写身份证件号码",
    ("", "CHECKSUM"): "校验位不符，请核对",
    ("code", "FORMAT"): "统一社会信用代码须为18位数字或大写字母，不含I、O、S、V、Z",
    ("code", "CHECKSUM"): "统一社会信用代码校验位不符，请核对",
    ("code", "ORG_CHECKSUM"): "统一社会信用代码中的组织机构代码（第9至17位）校验位不符，请核对",
    ("code", "KIND_UNKNOWN"): "登记管理部门和机构类别（第1至2位）不在已知代码表内",
    ("code", "REGION_UNKNOWN"): "登记管理机关行政区划（第3至8位）不在已知范围内",
    ("number", "FORMAT"): "身份证件号码须为18位，末位可为X",
    ("number", "OLD_NUMBER"): "15位旧身份证号码已停止使用，须换算为18位",
    ("number", "REGION"): "身份证件号码的地区部分无效",
    ("number", "BIRTH_DATE"): "身份证件号码中的出生日期不存在",
    ("number", "FUTURE_BIRTH"): "身份证件号码中的出生日期晚于当日",
    ("number", "CHECKSUM"): "身份证件号码校验位不符，请核对",
    ("reg_no", "FORMAT"): "工商注册号须为15位（早期13位）数字",
    ("reg_no", "CHECKSUM"): "工商注册号校验位不符，请核对",
    ("org_code", "FORMAT"): "组织机构代码须为8位数字或大写字母加1位校验码",
    ("org_code", "CHECKSUM"): "组织机构代码校验位不符，请核对",
}

COMPOUND_SURNAMES: Final = frozenset(
    _words(
        "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 "
        "太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 "
        "漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 左丘 东门 西门 第五"
    )
)

FAR_FUTURE: Final = date(2100, 1, 1)
"""A day for checks in which a birth date in the future does not matter."""
