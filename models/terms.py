"""The vocabulary of the platform as enums.

Every stored word has its key here and its Chinese name in ``LABELS``, so that tables, API, pages and PDF say the same.
Each enum names the law it follows where there is one.
"""

from enum import StrEnum


class SubjectKind(StrEnum):
    """The five kinds of credit subject (信用主体)."""

    enterprise = "enterprise"
    individual_business = "individual_business"
    organisation = "organisation"
    government = "government"
    person = "person"


class DisclosureLevel(StrEnum):
    """公开属性: who may know a record in principle (codes 0/1/2 of the 2015 exchange layout)."""

    public = "public"
    authorised = "authorised"
    government = "government"


class Tone(StrEnum):
    """Whether a record speaks for, against, or neither (良好 / 不良 / 基本; Beijing 280号令)."""

    favourable = "favourable"
    adverse = "adverse"
    neutral = "neutral"


class Severity(StrEnum):
    """Class of a breach: 轻微 / 一般 / 严重 (NDRC 令36号, in force 2026-04-01)."""

    minor = "minor"
    general = "general"
    serious = "serious"


class Standing(StrEnum):
    """What became of a record since it came: only ``valid`` ones are ever used."""

    valid = "valid"
    repaired = "repaired"
    withdrawn = "withdrawn"
    annulled = "annulled"
    ended = "ended"


class EventKind(StrEnum):
    """Every change of standing of a record has one cause."""

    superseded = "superseded"
    withdrawn = "withdrawn"
    annulled = "annulled"
    repaired = "repaired"
    objected = "objected"
    objection_closed = "objection_closed"
    linked = "linked"
    unlinked = "unlinked"
    terms_recomputed = "terms_recomputed"
    reinstated = "reinstated"
    ended = "ended"
    restated = "restated"


class LinkedBy(StrEnum):
    """How a record found its subject. A link by name alone supports no adverse use until confirmed."""

    code = "code"
    number = "number"
    name = "name"


class ListingKind(StrEnum):
    """守信激励 or 严重失信."""

    reward = "reward"
    punishment = "punishment"


class ListingOrigin(StrEnum):
    """归集 (decided elsewhere) or 本级认定 (decided by a department of this district)."""

    received = "received"
    own = "own"


class MeasureKind(StrEnum):
    """激励 or 惩戒."""

    incentive = "incentive"
    restriction = "restriction"


class Grade(StrEnum):
    """Grade of a comprehensive evaluation, always named with its model (公共信用综合评价 B)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Role(StrEnum):
    """What an account is; ``public`` is whoever comes without one."""

    public = "public"
    regulator = "regulator"
    enterprise = "enterprise"
    person = "person"
    agency = "agency"
    department = "department"
    operator = "operator"
    auditor = "auditor"


class DeliveryMode(StrEnum):
    """Whether a delivery holds everything (a missing entry ends) or only what changed."""

    full = "full"
    incremental = "incremental"


class DeliveryState(StrEnum):
    """Life of a delivery."""

    open = "open"
    closed = "closed"
    refused = "refused"


class RowOutcome(StrEnum):
    """The one outcome of a received row; the worst of its drafts decides (in this order, worst first)."""

    rejected = "rejected"
    parked = "parked"
    superseded = "superseded"
    accepted = "accepted"
    unchanged = "unchanged"


class ParkedReason(StrEnum):
    """Why a sound row waits."""

    subject_unknown = "subject-unknown"
    subject_ambiguous = "subject-ambiguous"
    decision_reference_missing = "decision-reference-missing"
    identity_conflict = "identity-conflict"


class EnquiryOutcome(StrEnum):
    """How an enquiry ended; all of them are logged."""

    answered = "answered"
    refused = "refused"
    not_found = "not_found"
    failed = "failed"


class CaseState(StrEnum):
    """Steps of an objection or a repair."""

    submitted = "submitted"
    accepted = "accepted"
    forwarded = "forwarded"
    upheld = "upheld"
    rejected = "rejected"
    withdrawn = "withdrawn"
    closed = "closed"


LABELS: dict[tuple[type[StrEnum], str], str] = {
    (SubjectKind, "enterprise"): "企业",
    (SubjectKind, "individual_business"): "个体工商户",
    (SubjectKind, "organisation"): "社会组织及其他组织",
    (SubjectKind, "government"): "机关事业单位",
    (SubjectKind, "person"): "自然人",
    (DisclosureLevel, "public"): "社会公开",
    (DisclosureLevel, "authorised"): "授权查询",
    (DisclosureLevel, "government"): "政务共享",
    (Tone, "favourable"): "良好信息",
    (Tone, "adverse"): "不良信息",
    (Tone, "neutral"): "基本信息",
    (Severity, "minor"): "轻微",
    (Severity, "general"): "一般",
    (Severity, "serious"): "严重",
    (Standing, "valid"): "有效",
    (Standing, "repaired"): "已修复",
    (Standing, "withdrawn"): "已撤回",
    (Standing, "annulled"): "已撤销",
    (Standing, "ended"): "来源已无",
    (LinkedBy, "code"): "统一社会信用代码",
    (LinkedBy, "number"): "证件号码",
    (LinkedBy, "name"): "名称（待确认）",
    (ListingKind, "reward"): "守信激励名单",
    (ListingKind, "punishment"): "严重失信主体名单",
    (ListingOrigin, "received"): "归集",
    (ListingOrigin, "own"): "本级认定",
    (MeasureKind, "incentive"): "激励措施",
    (MeasureKind, "restriction"): "惩戒措施",
    (Role, "public"): "社会公众",
    (Role, "regulator"): "监管部门人员",
    (Role, "enterprise"): "企业用户",
    (Role, "person"): "个人用户",
    (Role, "agency"): "第三方机构",
    (Role, "department"): "数据提供部门",
    (Role, "operator"): "平台运行人员",
    (Role, "auditor"): "审计人员",
    (RowOutcome, "rejected"): "退回",
    (RowOutcome, "parked"): "待关联",
    (RowOutcome, "superseded"): "更正",
    (RowOutcome, "accepted"): "入库",
    (RowOutcome, "unchanged"): "无变化",
    (ParkedReason, "subject-unknown"): "未关联到主体",
    (ParkedReason, "subject-ambiguous"): "名称对应多个主体",
    (ParkedReason, "decision-reference-missing"): "缺少认定文书或文号",
    (ParkedReason, "identity-conflict"): "主体标识冲突",
    (CaseState, "submitted"): "已提交",
    (CaseState, "accepted"): "已受理",
    (CaseState, "forwarded"): "已转办",
    (CaseState, "upheld"): "予以支持",
    (CaseState, "rejected"): "不予支持",
    (CaseState, "withdrawn"): "已撤回",
    (CaseState, "closed"): "已办结",
}


def label(term: StrEnum) -> str:
    """The Chinese name of a term; a term without one shows its key. By kind of term: 企业 and 企业用户 share the key."""
    return LABELS.get((type(term), term.value), term.value)
