"""Words of pages for keys that are no term of the law: what somebody did, how it ended, how far a grade may be read."""

from api.database import current_deployment
from models.terms import LABELS

WORDS = {
    "lookup": "查询信用信息",
    "find-person": "按证件号码查询",
    "check": "信用核查",
    "report-public": "生成公开报告",
    "report-full": "生成完整报告",
    "report-fetch": "下载已签发的报告",
    "answered": "已提供",
    "refused": "已拒绝",
    "not_found": "未查到",
    "failed": "未完成",
    "open": "处理中",
    "closed": "已完成",
    "full": "全量",
    "incremental": "增量",
    "files": "文件",
    "rest": "接口",
    "exchange_db": "前置库",
    "push": "推送",
    "listings": "名单信息",
    "evaluation": "公共信用综合评价",
    "reward": "守信激励名单",
    "punishment": "严重失信主体名单",
    "status": "状态名录",
}


def word(key: str | None) -> str:
    """The Chinese word of a key of the platform; an unknown key shows itself."""
    if not key:
        return "—"
    return WORDS.get(key) or _TERMS.get(key) or key


_TERMS = {key: name for (_, key), name in reversed(LABELS.items())}
"""Terms by key alone; where two kinds share a key (企业, 企业用户) the first, the subject's, is meant."""


def category_names() -> dict[str, str]:
    """Categories a consent may name: the catalogue's, and the evaluation."""
    return {**current_deployment().catalogue.categories, "evaluation": WORDS["evaluation"]}


def purpose_names(role: str) -> dict[str, str]:
    """Purposes that a role may name."""
    purposes = current_deployment().disclosure.purposes.values()
    return {purpose.code: purpose.name for purpose in purposes if role in purpose.roles}


def purposes_by_code() -> dict[str, str]:
    """Every published purpose with its name."""
    return {purpose.code: purpose.name for purpose in current_deployment().disclosure.purposes.values()}
