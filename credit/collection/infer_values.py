"""What the values of a column are (取值画像): shares of codes, dates, document numbers, names and words; pure.

Each distinct value is read once for everything it could be; a column is the shares of that. ``fitness`` says how well a
column's values bear a meaning, 0 (contradict) to 1; an empty column contradicts nothing and proves nothing.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Final

from credit.collection.faults import Unreadable
from credit.collection.values import OPEN_ENDS, is_null, read_date
from credit.identifiers import code_fault, looks_like_number, normalise, org_code_fault, reg_no_fault, scrub
from credit.names import looks_like_person

MOST_DISTINCT: Final = 400
_LONG: Final = 26

_shape_code = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}").fullmatch
_ruined = re.compile(r"[0-9](?:\.[0-9]{1,5})?[Ee]\+1[0-9]").fullmatch
_masked = re.compile(r"[0-9A-Z]{0,10}[*×]{4,}[0-9A-Z]{0,6}", re.I).fullmatch
_uuid = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.I).fullmatch
_integer = re.compile(r"-?[0-9]{1,14}(?:\.0+)?").fullmatch
_decimal = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]+)?|-?[0-9]{1,14}(?:\.[0-9]+)?").fullmatch
_money_text = re.compile(
    r"[(（]?(?:人民币|¥|￥)?\s?[0-9][0-9,，.]*\s?[(（]?(?:万|亿|百万|千)?(?:元|圆|美元|港元|欧元|日元)?[(（]?(?:人民币|美元|元)?(?:元)?[)）]?(?:人民币|整)?"
).fullmatch
_in_words = re.compile(r"(?:人民币)?[零〇壹贰叁肆伍陆柒捌玖拾佰仟万亿元圆角分整正]{3,}").fullmatch
_day = re.compile(
    r"[0-9]{4}\s?[-/.年]\s?[0-9]{1,2}\s?[-/.月]\s?[0-9]{1,2}\s?[日号]?(?:[T ]\s?[0-9]{1,2}[:时].*)?"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}(?: [0-9:]+)?|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
).fullmatch
_timed = re.compile(r".*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?(?:Z|[+-][0-9:]+)?").fullmatch
_midnight = re.compile(r".*[T ]0{1,2}:00(?::00(?:\.0+)?)?").fullmatch
_serial_day = re.compile(r"(?:3[5-9]|4[0-9])[0-9]{3}(?:\.0)?").fullmatch
_year = re.compile(r"(?:19[5-9]|20[0-4])[0-9](?:\.0)?\s?(?:年度?)?").fullmatch
_document = re.compile(
    r".{0,40}(?:[〔﹝\[(（【［][0-9]{2,4}X?[〕﹞\])）】］]|[0-9]{4}).{0,30}号(?:之?[一二三0-9]{1,2})?(?:[-_].{0,12})?"
).fullmatch
_bracket_year = re.compile(r"[〔﹝\[(（【［]\s?(?:19|20)[0-9]{2}X?\s?[〕﹞\])）】］]").search
_document_word = re.compile(r"罚|决|许|审|批|字第|执|初字|民|行|备|函|税|处|核|备案|公告|强|扣|封").search
_of_documents = re.compile(r"[罚许决执审复公告初终][字〔(\[]|字第|第[0-9]{1,8}号$").search
_licence = re.compile(
    r"证字|许可证|经纪|安许证|京房|售证|备案|预售|证第|准字|资质|[A-Z]{1,4}[0-9]{6,18}|20[0-9]{2}[0-9]{7,12}"
).search
_four_digits = re.compile(r"[0-9]{4}").search
_lettered = re.compile(r"[一-龥]{1,8}(?:[(（][0-9一-龥]{1,6}[)）])?字第?[一-龥]?[0-9]{4,14}号?").fullmatch
_numbered = re.compile(r"[A-Z]{1,6}[-_]?(?:19|20)[0-9]{2}[-_]?[0-9]{3,8}").fullmatch
_letters = re.compile(r"(?:A{1,5}|B{1,3}|C{1,3}|D|M)[+-]?级?").fullmatch
_law = re.compile(r"《[^》]{2,60}》|第[一二三四五六七八九十百零0-9]{1,6}条").search
_authority = re.compile(
    r"[^,，。；;]{2,40}(?:局|委员会|委|厅|署|政府|法院|检察院|支队|大队|总队|中队|办事处|税务所|分局|管理所|派出所|海关|部|"
    r"监管所|稽查局|公安局|执法局|银行|司法所|办公室|街道|管委会|中心支行|监察队|管理处|管理站|监督所)(?:[(（][^()（）]{1,20}[)）])?"
).fullmatch
_organisation = re.compile(
    r"[^,，。；;]{2,60}(?:公司|厂|店|中心|合作社|集团|事务所|企业|研究院|研究所|商行|商店|超市|学校|医院|幼儿园|协会|学会|"
    r"基金会|酒店|宾馆|饭店|餐厅|旅行社|网吧|部|院|社|馆|场|站|行|园|所|分公司|有限合伙|个体工商户|办事处|委员会|工作室|"
    r"俱乐部|加工点|经营部|门市部|大厦|药房|摊|农场|合伙\)?|诊所|队|局|庄|铺|坊|城|楼|会所|吧|会|剧团|剧院)"
    r"(?:[(（][^()（）]{1,30}[)）])?"
).fullmatch
_firm = re.compile(r"公司|合作社|\(有限合伙|商行|经营部|事务所|集团|厂$|超市|店$|中心$|商店|工作室").search
_address = re.compile(
    r"(?=.*(?:省|市|区|县|镇|乡|村|路|街|巷|胡同|园))(?=.*(?:[0-9一二三四五六七八九十甲乙丙]+(?:号|室|层|幢|楼|单元|院|米|栋)|村|胡同|大街|院内)).{6,120}"
).fullmatch
_phone = re.compile(r"1[3-9][0-9*]{9}|0[0-9]{2,3}-?[0-9]{7,8}(?:-[0-9]{1,5})?|[2-8][0-9]{7}").fullmatch
_grade = re.compile(
    r"A{1,5}[+-]?|[ABCDEMS][+-]?级?|A{1,5}级|B{1,3}[+-]?级?|C{1,3}[+-]?级?|优秀?|良好?|中等?|差|合格|基本合格|不合格|"
    r"(?:优秀?|良好?|合格|中|差|不合格|信用良好|信用优秀|信用一般|较差|守信|失信|诚信)[(（]?[A-DM]{0,3}[+-]?级?[)）]?|"
    r"[一二三四五1-5]星级?|★{1,5}|[一二三四五]级|(?:国家|省|市|区)级|特级|甲级|乙级|丙级|[A-D]级?[(（].{1,8}[)）]|较?[低高]风险|信用.{1,4}"
).fullmatch
_result = re.compile(
    r"合格|不合格|基本合格|未发现.{0,8}|发现.{0,12}|符合.{0,8}|不符合.{0,8}|有效|无效|注销|撤销|存续.{0,10}|在业|开业|吊销.{0,10}|"
    r"迁出|通过|不通过|未通过|完成.{0,4}|正常|异常|已?履行.{0,6}|部分履行|全部未?履行|全部已履行|部分未履行|未履行.{0,4}|存在.{0,10}|无法.{0,10}|责令.{0,12}|整改.{0,8}|司法查封|通过登记.{0,20}|不配合.{0,20}"
).fullmatch
_REST: Final = "[^,;；、，/ ]"
_PENALTIES: Final = (
    rf"(?:其他-?)?(?:警告|罚款|没收{_REST}{{0,22}}|责令{_REST}{{0,16}}|暂扣{_REST}{{0,16}}|吊销{_REST}{{0,16}}|"
    rf"行政拘留|拘留|通报批评|限期整改|降低资质{_REST}{{0,6}}|限制{_REST}{{0,12}}|其他{_REST}{{0,10}}|"
    "[一-龥]{2,6}程序(?:处罚)?|税务行政处罚)"
)
_penalty_word = re.compile(rf"{_PENALTIES}(?:[,;；、，/ ]{{1,2}}{_PENALTIES}){{0,8}}").fullmatch
_SUBJECT_WORDS: Final = frozenset(
    (
        "法人及非法人组织",
        "法人及其他组织",
        "法人或其他组织",
        "自然人",
        "个体工商户",
        "法人",
        "个人",
        "企业",
        "个体",
        "公民",
        "单位",
        "非法人组织",
    )
)
_company_type = re.compile(
    r".{0,12}(?:有限责任公司|股份有限公司|有限公司|合伙企业|独资企业|集体所有制|全民所有制|个体工商户|股份合作制|外国.{0,6}企业.{0,8}|有限合伙|国有企业|分公司)(?:分公司)?(?:[(（].{1,20}[)）])?"
).fullmatch
_ID_TYPES: Final = frozenset(
    (
        "身份证",
        "居民身份证",
        "护照",
        "护照号",
        "外国护照",
        "港澳居民来往内地通行证",
        "台湾居民来往大陆通行证",
        "军官证",
        "统一社会信用代码",
        "外国人永久居留身份证",
        "其他个人证件",
    )
)
_fine_text = re.compile(r"罚款|警告|没收|责令|吊销|处罚?.{0,12}元|拘留|不予(?:行政)?处罚|通报批评").search
_facts = re.compile(
    r"当事人|你(?:单位|公司|局)|执法人员|现场|经查|检查(?:时|中|发现)|于[0-9]{4}年|存在|未按|擅自|涉嫌|[0-9]{4}年[0-9]{1,2}月"
).search
_region = re.compile(r"[一-龥]{2,4}(?:区|县|市|省|街道|镇|乡)?").fullmatch
_yes_no = frozenset(("是", "否", "有", "无", "Y", "N", "true", "false"))


@lru_cache(maxsize=60_000)
def kinds_of(text: str) -> frozenset[str]:
    """Everything one value could be: code, date, doc_no, org_name, authority, person, number, sentence, ...; pure."""
    text = unicodedata.normalize("NFKC", text.strip()) if len(text) <= 200 else text.strip()
    if is_null(text) or not text.strip("*"):
        return frozenset()
    if len(text) > 120:
        return frozenset(_words(text) | {"sentence", "long"})
    return frozenset(_numbers(text) | _words(text))


def _numbers(text: str) -> set[str]:
    found: set[str] = set()
    code = normalise(text)
    sound = code_fault(code) is None
    if not sound and (looks_like_number(code) or scrub(text) != text):
        found.add("citizen")
    elif _shape_code(code):
        found |= {"code", "code_ok" if sound else "code_bad"}
        if (code[0] == "1" and code[1] in "1239") or code[:2] in ("89", "A1"):
            found.add("gov_code")
    if _ruined(text):
        found |= {"code", "ruined"}
    if _masked(text):
        found.add("masked")
    if len(code) in (13, 15) and code.isdigit():
        found |= {"number", "digits15"} | ({"reg_no"} if reg_no_fault(code) is None else set())
    if len(code) in (9, 10) and org_code_fault(code.replace("-", "")) is None:
        found.add("org_code")
    if len(code) == 15 and org_code_fault(code[6:]) is None:
        found.add("tax15")
    if found & {"code", "ruined", "masked", "digits15", "tax15", "org_code", "citizen"}:
        found.add("identifier")
    if _uuid(text) and not text.isdigit():
        found.add("uuid")
    if _integer(text):
        found |= {"integer", "number"}
    if _decimal(text):
        found |= {"decimal", "number"}
    elif (_money_text(text) and any(c in text for c in "万亿元圆¥￥")) or _in_words(text):
        found.add("money")
    if _phone(text):
        found.add("phone")
    return found | _dates(text)


def _dates(text: str) -> set[str]:
    if _year(text):
        return {"year"}
    found: set[str] = set()
    if _serial_day(text):
        found |= {"day_serial", "day"}
    if not _day(text):
        return found
    day = _read_day(text)
    if day is None:
        return found
    found |= {"date", "day"}
    if _timed(text):
        found.add("midnight" if _midnight(text) else "timed")
    if day in OPEN_ENDS:
        found.add("open_end")
    return found


def _read_day(text: str) -> date | None:
    for day_first in (True, False):
        try:
            return read_date(text, day_first=day_first)
        except Unreadable:
            continue
    return None


def _words(text: str) -> set[str]:
    found = {name for name, test in _WORDS if test(text)}
    if text in _SUBJECT_WORDS:
        found.add("subject_word")
    if text in _ID_TYPES:
        found.add("id_type")
    if text in _yes_no:
        found.add("yes_no")
    if "licence" in found and not _four_digits(text):
        found.discard("licence")
    if _lettered(text) or _numbered(text):
        found.add("doc_no")
    if _document(text) and (_bracket_year(text) or _document_word(text)) and not {"law"} & found and len(text) <= 60:
        found.add("doc_no")
    if {"doc_no", "address"} <= found:
        found.discard("address" if _bracket_year(text) or _of_documents(text) else "doc_no")
    if len(text) <= 24 and looks_like_person(text):
        found.add("person")
    if len(text) > _LONG and not found & {"doc_no", "org_name", "authority"}:
        found.add("long")
    if any(mark in text for mark in "，。；,;") and len(text) > 12:
        found.add("sentence")
        found -= {"org_name", "authority", "doc_no", "licence"}
    if found & {"law", "address"} or len(text) > 60:
        found -= {"org_name", "authority", "licence"}
    if "firm" in found:
        found.discard("authority")
    if found & {"org_name", "authority", "person"} or ("firm" in found and len(text) <= 60):
        found.add("party")
    return found


_WORDS: Final[tuple[tuple[str, Callable[[str], object]], ...]] = (
    ("law", _law), ("authority", _authority), ("org_name", _organisation), ("firm", _firm), ("address", _address),
    ("grade", _grade), ("result", _result), ("penalty_word", _penalty_word), ("company_type", _company_type),
    ("fine_text", _fine_text), ("facts", _facts), ("region", _region), ("letters", _letters), ("licence", _licence),
)  # fmt: skip


@dataclass(slots=True)
class Profile:
    """A column's values: how many rows, how many filled, how many different, and the share of each kind among them."""

    rows: int = 0
    filled: int = 0
    distinct: int = 0
    shares: dict[str, float] = field(default_factory=dict)
    length: float = 0.0
    common: tuple[tuple[str, int], ...] = ()
    sequential: bool = False

    def share(self, *kinds: str) -> float:
        """The greatest share among these kinds."""
        return max((self.shares.get(kind, 0.0) for kind in kinds), default=0.0)

    @property
    def unique(self) -> float:
        """Different values per filled cell."""
        return self.distinct / self.filled if self.filled else 0.0


def profile_column(cells: Iterable[str]) -> Profile:
    """The profile of one column's sampled cells."""
    texts = [cell.strip() for cell in cells]
    values = Counter(text for text in texts if not is_null(text) and text.strip("*"))
    filled = sum(values.values())
    counts: Counter[str] = Counter()
    seen = 0
    length = 0.0
    for value, times in values.most_common(MOST_DISTINCT):
        seen += times
        length += len(value) * times
        for kind in kinds_of(value[:4_000]):
            counts[kind] += times
    shares = {kind: count / seen for kind, count in counts.items()} if seen else {}
    return Profile(
        len(texts), filled, len(values), shares, length / seen if seen else 0.0,
        tuple(values.most_common(40)), _is_sequence(texts),
    )  # fmt: skip


def _is_sequence(texts: list[str]) -> bool:
    numbers = [int(float(text)) for text in texts[:400] if _integer(text) and len(text) < 12]
    if len(numbers) < 3 or len(numbers) < 0.9 * min(len(texts), 400):
        return False
    steps = [after - before for before, after in pairwise(numbers)]
    return sum(1 for step in steps if 0 < step <= 20) >= 0.9 * len(steps)
