"""A font cache shared by all runs (cutting takes half a minute), and builders of reports."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reports.content import (
    Chapter,
    ChapterKind,
    Cover,
    CreditReport,
    Explanations,
    Provenance,
    RecordBlock,
    Section,
    SourceFreshness,
    arrange_chapters,
    format_fen,
)
from reports.font_cutting import cut_fonts

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "fonts"
TAX = SourceFreshness("区税务局", date(2026, 11, 18), "税收行政处罚、纳税信用等级")
MARKET = SourceFreshness("区市场监督管理局", date(2026, 11, 19), "登记注册、经营异常名录、行政处罚")
COURT = SourceFreshness("区人民法院", None, "司法查封、失信被执行人")

COVER = Cover(
    subject_name="北京㐂䶮餐饮管理有限公司",
    code="91110108MA00000007",
    kind="企业",
    number="GXBG-20261120-000431",
    generated_on=date(2026, 11, 20),
    as_of=date(2026, 11, 19),
    issuer="某某区公共信用信息中心",
    verification_code="7K3M-Q9XT-2VHB-W4RD-6N8P",
    verification_address="https://credit.example.invalid/verify/7K3MQ9XT2VHBW4RD6N8P",
    purpose="行政许可审批",
    enquirer="某某区住房和城乡建设委员会",
)
EXPLANATIONS = Explanations(
    (MARKET, TAX, COURT),
    "对本报告有异议的，可向某某区公共信用信息中心提出异议申请，中心自受理之日起按规定期限答复。",
    "自生成之日起三十日内供所列用途使用",
)


def make_penalty(number: int, **changes: Any) -> RecordBlock:
    """One penalty of a tax office, the longest kind of record."""
    record = RecordBlock(
        f"京税罚〔2025〕{number}号",
        (
            ("决定书文号", f"京税罚〔2025〕{number}号"),
            ("违法行为类型", "违反发票管理规定"),
            (
                "违法事实",
                "2024年3月至6月期间，未按照规定开具发票，涉及金额 12,400.50 元，经检查人员询问后已补开并作出书面说明。"
                * 2,
            ),
            ("处罚依据", "《中华人民共和国发票管理办法》第三十五条第（一）项"),
            ("处罚类别", "罚款"),
            ("罚款金额", format_fen(200_000)),
            ("处罚决定日期", date(2025, 3, 14)),
            ("公示截止日期", date(2028, 3, 14)),
        ),
        Provenance("区税务局", date(2025, 3, 14), date(2026, 11, 18)),
    )
    return replace(record, **changes)


def make_sections() -> dict[ChapterKind, tuple[Section, ...]]:
    """Sections of an ordinary enterprise, some of them empty."""
    identity = RecordBlock(
        "",
        (
            ("名称", COVER.subject_name),
            ("统一社会信用代码", COVER.code),
            ("法定代表人", "李𠮷"),
            ("登记状态", "存续"),
            ("类型", "有限责任公司（自然人独资）"),
            ("成立日期", date(2016, 4, 25)),
            ("登记机关", "某某区市场监督管理局"),
            ("注册资本", "1,000,000.00 元"),
            ("住所", "北京市某某区中关村某某大街1号院2号楼3层301室"),
            ("经营范围", "餐饮管理；餐饮服务；销售食品；技术开发、技术咨询、技术服务；会议服务；" * 3),
            ("曾用名", None),
        ),
        Provenance("区市场监督管理局", None, date(2026, 11, 19)),
    )
    licence = RecordBlock(
        "食品经营许可证 JY21108000000001",
        (
            ("许可类别", "普通"),
            ("许可编号", "JY21108000000001"),
            ("有效期自", date(2024, 5, 6)),
            ("有效期至", date(2029, 5, 5)),
            ("许可内容", "热食类食品制售；冷食类食品制售"),
        ),
        Provenance("区市场监督管理局", date(2024, 5, 6), date(2026, 11, 19)),
    )
    penalties = (make_penalty(17, disputed=True), make_penalty(18, remark="处罚已履行"), make_penalty(21))
    honour = RecordBlock(
        "纳税信用 A 级（2025 年度）",
        (("评价年度", "2025"), ("评价机关", "国家税务总局某某区税务局")),
        Provenance("区税务局", date(2026, 4, 20), date(2026, 11, 18)),
    )
    return {
        ChapterKind.identity: (Section("登记注册信息", (identity,)),),
        ChapterKind.administration: (
            Section("行政许可", (licence,)),
            Section("行政处罚", penalties),
            Section("行政检查", (), "行政检查", (MARKET,)),
        ),
        ChapterKind.honours: (Section("纳税信用 A 级纳税人", (honour,)),),
        ChapterKind.serious_listings: (
            Section("严重失信主体名单", (), "重大税收违法失信主体、失信被执行人", (TAX, COURT)),
        ),
        ChapterKind.abnormal_operation: (Section("经营异常名录", (), "经营异常名录", (MARKET,)),),
        ChapterKind.commitments: (Section("信用承诺", (), "证明事项告知承诺、信用修复承诺", (MARKET,)),),
    }


def make_report(**changes: Any) -> CreditReport:
    """A report of some four pages; every part can be replaced."""
    chapters = arrange_chapters(make_sections(), evaluated=False)
    return replace(CreditReport(COVER, EXPLANATIONS, chapters, ("政务共享信息", "授权查询信息")), **changes)


def make_one_section_report(*records: RecordBlock) -> CreditReport:
    """A report whose only section holds these records."""
    return make_report(chapters=(Chapter(ChapterKind.administration, (Section("行政处罚", records),)),))


@pytest.fixture(scope="session")
def fonts_folder() -> Path:
    """The cut fonts, made on the first run ever."""
    cut_fonts(CACHE)
    return CACHE


@pytest.fixture(name="make_report")
def _make_report() -> Callable[..., CreditReport]:
    """Builder of the ordinary report."""
    return make_report


@pytest.fixture
def penalty() -> Callable[..., RecordBlock]:
    """Builder of penalties."""
    return make_penalty


@pytest.fixture
def report_of() -> Callable[..., CreditReport]:
    """Builder of a report with one section."""
    return make_one_section_report
