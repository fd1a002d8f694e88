"""What can go wrong, in domain words. No HTTP status lives here: ``api.problems`` knows those.

Each error has a stable ``slug`` (the last part of the problem type), a Chinese ``title``, a ``detail`` for this case and
``facts`` that may be shown to whoever asked. Neither detail nor facts ever hold an identity number.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class CreditError(Exception):
    """Parent of everything the platform refuses on purpose."""

    slug: ClassVar[str] = "credit-error"
    title: ClassVar[str] = "无法处理"

    def __init__(self, detail: str = "", *, faults: Sequence[dict[str, str]] = (), **facts: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.faults = list(faults)
        self.facts = facts


class InvalidCode(CreditError):
    """An identifier that cannot be one: wrong length, alphabet or check character."""

    slug, title = "invalid-code", "代码无效"


class NumberInAddress(CreditError):
    """A citizen number where a code belongs. It is refused and never logged."""

    slug, title = "number-in-address", "地址中不得出现身份证件号码"


class SubjectNotFound(CreditError):
    """No subject carries this code, or this enquirer may not learn whether one does."""

    slug, title = "subject-not-found", "查无此主体"


class NotAuthorised(CreditError):
    """The enquirer's role does not allow this."""

    slug, title = "not-authorised", "无权执行此操作"


class NotAuthenticated(CreditError):
    """No valid token or session."""

    slug, title = "not-authenticated", "请先登录或提供有效令牌"


class PurposeRequired(CreditError):
    """Regulators and agencies say why they ask (征信业管理条例 Art. 22; 上海条例 Art. 20)."""

    slug, title = "purpose-required", "须说明查询用途"


class PurposeUnknown(CreditError):
    """The purpose is not one of the published ones."""

    slug, title = "purpose-unknown", "查询用途不在目录内"


class CaseRequired(CreditError):
    """Where the purpose is a matter, the case number (办件编号) must be named."""

    slug, title = "case-required", "须填写办件编号"


class InvalidQuery(CreditError):
    """A parameter is missing, unknown or out of bounds."""

    slug, title = "invalid-query", "请求参数有误"


class InvalidContent(CreditError):
    """A body that cannot be read, or with unknown or faulty fields."""

    slug, title = "invalid-content", "请求内容有误"


class ContentTooLarge(CreditError):
    """More than this address takes."""

    slug, title = "content-too-large", "内容超过上限"


class CursorGone(CreditError):
    """A paging or feed position that no longer exists."""

    slug, title = "cursor-gone", "分页位置已失效"


class NotFound(CreditError):
    """Nothing here, or nothing this enquirer may see."""

    slug, title = "not-found", "未找到"


class Conflict(CreditError):
    """The thing is not in a state that allows this."""

    slug, title = "conflict", "当前状态不允许此操作"


class IdempotencyMismatch(CreditError):
    """The same idempotency key with another body."""

    slug, title = "idempotency-mismatch", "幂等键已用于其他内容"


class TooManyAttempts(CreditError):
    """Locked for a while after failures, or over quota."""

    slug, title = "too-many-attempts", "请求过于频繁"


class EnquiryLogUnavailable(CreditError):
    """The enquiry log cannot be written: no answer leaves (fails closed)."""

    slug, title = "enquiry-log-unavailable", "查询日志不可用，暂停提供查询"


class OutsideCatalogue(CreditError):
    """An item or field that the active catalogue edition does not hold may not be collected."""

    slug, title = "outside-catalogue", "不在现行信用信息目录内"


class ForbiddenAttribute(CreditError):
    """An attribute that may not be collected (上海条例 Art. 14; 征信业管理条例 Art. 14)."""

    slug, title = "forbidden-attribute", "禁止采集的信息"


class DescriptionInvalid(CreditError):
    """A source description that cannot be used, with what is wrong in it."""

    slug, title = "description-invalid", "数据源描述有误"


class FileRefused(CreditError):
    """A file that cannot be read safely or wholly; nothing of it was taken."""

    slug, title = "file-refused", "文件未受理"


class DoesNotAddUp(CreditError):
    """A delivery whose counts do not add up is not closed."""

    slug, title = "does-not-add-up", "批次数量不平衡"


class ListingNeedsDecision(CreditError):
    """No adverse entry without a decision document or the deciding body's number (国办发〔2020〕49号 (八))."""

    slug, title = "listing-needs-decision", "列入名单须有认定文书或文号"


class ReportNotVerifiable(CreditError):
    """A report that cannot be verified."""

    slug, title = "report-not-verifiable", "无法验证该报告"


class CharacterNotCovered(CreditError):
    """A character that no embedded font has: the report stops rather than print a box."""

    slug, title = "character-not-covered", "字库缺字，报告未生成"


class StandardInvalid(CreditError):
    """An evaluation standard that cannot be used."""

    slug, title = "standard-invalid", "评价标准有误"
