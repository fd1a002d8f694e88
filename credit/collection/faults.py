"""Faults of a row (问题数据): stable codes and what they mean in Chinese. A message never repeats the value.

Codes of identifiers come from ``credit.identifiers``; all others are here, so that department, page and CSV agree.
"""

from typing import Final

from credit.drafts import Fault
from credit.identifiers import explain

MESSAGES: Final[dict[str, str]] = {
    "ROW_SHAPE": "列数与表头不一致，整行未采用",
    "REQUIRED_MISSING": "必填项为空",
    "NAME_MISSING": "主体名称为空",
    "KEY_MISSING": "缺少能够区分该条信息的文号、日期或内容",
    "CODE_RUINED_BY_EXCEL": "代码被表格软件改成科学记数，末位数字已丢失，请以文本格式重新导出",
    "NUMBER_IN_CODE": "代码栏填写的是身份证件号码，不得作为代码采集",
    "NUMBER_IN_NAME": "名称中含有身份证件号码，不得采集",
    "CODE_MASKED": "代码已被遮盖，无法确认主体",
    "PERSON_NOT_IDENTIFIED": "涉及自然人但没有完整有效的证件号码，无法确认主体",
    "PERSON_NOT_IN_ITEM": "该信息项的目录范围不含自然人",
    "KIND_NOT_IN_ITEM": "该信息项的目录范围不含此类主体",
    "DATE_FORMAT": "日期格式无法识别",
    "DATE_IMPOSSIBLE": "日期不存在",
    "DATE_INCOMPLETE": "日期不完整，须到日",
    "DATE_AMBIGUOUS": "日期的日、月次序无法确定，须在数据源描述中说明",
    "DATE_IN_FUTURE": "日期大于当前日期",
    "DATE_TOO_EARLY": "日期早于可信范围",
    "DATE_ORDER": "截止日期早于起始日期",
    "YEAR_FORMAT": "年度无法识别",
    "AMOUNT_FORMAT": "金额无法识别",
    "AMOUNT_FOREIGN": "金额不是人民币",
    "AMOUNT_NEGATIVE": "金额不能为负数",
    "AMOUNT_TOO_LARGE": "金额超出可信范围",
    "AMOUNT_CONTRADICTS_TEXT": "金额栏与处罚内容所述罚款相差一万倍，请核对单位（元、万元）",
    "TEXT_TOO_LONG": "文字超过长度上限",
    "TEXT_CONTROL": "含有不可用的控制字符",
    "VALUE_UNKNOWN": "取值不在数据源描述的对照表内",
    "SAME_FACT": "与已有信息为同一事实，但无法合并，请核对当事人、文号和日期",
    "STAMP_UNREADABLE": "更新时间、公开标识或删除标识无法识别",
    "STAMP_IN_FUTURE": "更新时间晚于当前时间",
    "CONSENT_MISSING": "涉及自然人的该类信息须有书面同意书编号（上海市社会信用条例第十四条）",
    "LIST_UNKNOWN": "名单种类不在目录内",
}


def make_fault(column: str, code: str) -> Fault:
    """A fault of that column; unknown codes are identifier faults and are explained there."""
    return Fault(column, code, MESSAGES.get(code) or explain(code))


class Unreadable(ValueError):
    """A value that cannot be read; ``code`` is the fault. The value itself is not kept."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
