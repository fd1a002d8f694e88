"""Names of subjects (名称): the one form in which they are searched and compared, and what may not be in one.

``normalise_name`` folds what means the same to a reader (width, brackets, middle dots, spaces, case, compatibility
characters) and removes what a reader cannot see. It folds nothing that the register keeps apart: 有限责任公司 is not
有限公司, 㐂 is not 喜. The name itself is kept as it came; this form stands beside it.

Guessing that a name is a person's (``looks_like_person``) only ever keeps a row out of organisation records; it never
links anything.
"""

import re
import unicodedata
from typing import Final

from credit.identifier_tables import COMPOUND_SURNAMES
from credit.masking import scrub

LONGEST_NAME: Final = 200
LONGEST_NAME_BYTES: Final = 600

_is_plain: Final = re.compile(r"[\u4e00-\u9fa5A-Z0-9()·\-]*").fullmatch
_remove_unseen: Final = re.compile(
    "[\x00-\x20\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u3000\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]+"
).sub
_FOLDED: Final = str.maketrans(
    "〔〕【】〖〗[]{}「」『』•‧・･∙⋅˙⸱“”„‟‘’‚‛–—‑‐−∼～",
    "()()()()()()()········\"\"\"\"''''-----~~",
)
_has_trouble: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]").search
_has_digits: Final = re.compile("[0-9\uff10-\uff19]{6}").search

NAME_MESSAGES: Final[dict[str, str]] = {
    "MISSING": "名称未填写",
    "TOO_LONG": f"名称过长，最多{LONGEST_NAME}字",
    "NUL": "名称含有空字符",
    "SURROGATE": "名称含有不完整的字符",
    "BIDI": "名称含有改变显示方向的控制字符",
    "CONTROL": "名称含有控制字符",
    "IDENTITY_NUMBER": "名称中不得出现身份证件号码",
}


def normalise_name(text: str) -> str:
    """The form of a name for searching and exact comparison. Idempotent; empty where nothing visible remains."""
    text = text.replace("（", "(").replace("）", ")")
    if _is_plain(text):
        return text
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", _remove_unseen("", text)).upper().translate(_FOLDED)
        if folded == text:
            break
        text = folded
    return text


def bigrams(normalised: str) -> list[str]:
    """Index tokens of a normalised name: its first character, then each overlapping pair, in order, without repeats.

    Queries are cut by ``query_bigrams``, which has no first-character token when there are pairs.
    """
    if not normalised:
        return []
    return list(dict.fromkeys([normalised[0], *map(str.__add__, normalised, normalised[1:])]))


def query_bigrams(normalised: str) -> list[str]:
    """Tokens that every name containing this text carries; for one character: those of names beginning with it."""
    if len(normalised) < 2:
        return [normalised] if normalised else []
    return list(dict.fromkeys(map(str.__add__, normalised, normalised[1:])))


def check_name(text: str) -> str | None:
    """What keeps a text from being a name, or None.

    MISSING, TOO_LONG (200 characters or 600 bytes), NUL, SURROGATE, BIDI (a change of direction could show another
    name), CONTROL, IDENTITY_NUMBER (a citizen number inside).
    """
    if len(text) > LONGEST_NAME:
        return "TOO_LONG"
    trouble = _has_trouble(text)
    if trouble is not None:
        return _trouble_fault(trouble.group())
    if len(text) > LONGEST_NAME_BYTES // 4 and len(text.encode()) > LONGEST_NAME_BYTES:
        return "TOO_LONG"
    if not text or text.isspace() or not normalise_name(text):
        return "MISSING"
    return "IDENTITY_NUMBER" if _has_digits(text) and scrub(text) != text else None


def _trouble_fault(character: str) -> str:
    if character == "\x00":
        return "NUL"
    if "\ud800" <= character <= "\udfff":
        return "SURROGATE"
    return "BIDI" if character >= "\u202a" else "CONTROL"


_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪"
    "田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛"
    "温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查"
    "屈鲍位覃霍翁隋甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚"
    "木穆党燕郎邸冀姬蔺肖闫郗郤佟仇付代仝仲佘修侣候农亢佐公冼宿尚巩师应庾廖弓彦逄逯郁郜郇郦酆鄂钮栾桑楚敖晏智暴"
    "曲权桓植梁檀欧沙沃洛浦涂淳满滑漆濮炎牧玉皮祖禹竺竹红索綦练缪羊翦胥臧艾芮荀荆莘菅蒙蒲蓝蔚虞蛮衡袭覃计诸谌谈"
    "骆岑贝贡赫连迟郏都鞠韶顿麦麻黑"
)
_NOT_PERSONAL: Final = frozenset(
    "店馆园厂社部院所局行铺坊轩阁楼堂吧城苑庭居斋厅处站校村镇县市区街路巷号司会队组中业商贸服饰餐饭菜面食品酒茶咖啡咖烤串火锅"
    "网游戏剧影书画报刊台屋舍房仓库场汇广告科技术信通讯电器械机车船港湾湖畔寺庙宫殿府厦座大型户口证照罚款查检合格不良违规"
    "施工建设备案件项目编号称类别日期时间名单位主体季度批次年月"
) - frozenset("广书科时成建会大")
_TRANSLITERATION: Final = frozenset(
    "阿卜布不都杜热合曼买麦提吐吾乌尔逊松江艾力古丽帕提夏木沙拉热依孜祖玛依拉木尼亚孜萨迪克克里木努尔比亚罕汗江别克巴哈"
    "提达尔列肯叶斯江加马力买合木提穆罕默德再吐拉尼扎西次仁多吉卓玛旺堆索朗央金格桑平措洛桑尼玛顿珠丹增罗布才让娜仁其其"
    "格图雅巴特尔苏日勒和哈斯额尔敦宝音白音朝鲁那顺乌兰赛因阿依奴儿图尔荪赛买提肉孜伊敏司马义约日肖凯铁木合力米"
)
_PLACES_AND_WORDS: Final = frozenset(["石景山", "房山", "燕山", "成都", "方案", "计划", "许可", "党委"])
_is_starred: Final = re.compile(r"[\u3400-\u9fff]{0,2}[*×○〇●]{1,4}[\u3400-\u9fff]?").fullmatch
_is_so_and_so: Final = re.compile(
    r"(?:([\u3400-\u9fff])|([\u3400-\u9fff]{2}))某{1,3}[甲乙丙丁\u3400-\u9fff0-9A-Z]?"
).fullmatch
_is_short_han: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,4}").fullmatch
_is_dotted: Final = re.compile(r"[\u3400-\u9fff]{1,10}(?:·[\u3400-\u9fff]{1,10}){1,3}").fullmatch


def looks_like_person(name: str) -> bool:
    """Whether a name reads as a natural person's: masked (王*明, 孙**, 张某某), a surname with one or two characters,
    or a transliterated name with middle dots.

    Shop signs (潮牛道) and words are not; a sign that is a person's name is. Of 15,024 registry names none is taken.
    """
    name = normalise_name(name)
    if len(name) > 24:
        return False
    if _is_starred(name):
        return True
    so_and_so = _is_so_and_so(name)
    if so_and_so is not None:
        return so_and_so[1] in _SURNAMES if so_and_so[1] else so_and_so[2] in COMPOUND_SURNAMES
    if _is_short_han(name):
        return _is_full_name(name)
    return _is_dotted(name) is not None and _TRANSLITERATION.issuperset(name.replace("·", ""))


def _is_full_name(name: str) -> bool:
    if name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        return _NOT_PERSONAL.isdisjoint(name[2:])
    if len(name) == 4 or name in _PLACES_AND_WORDS:
        return False
    return name[0] in _SURNAMES and _NOT_PERSONAL.isdisjoint(name[1:])
