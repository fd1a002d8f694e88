"""The story set: a dozen named subjects with fixed codes whose files show every situation there is.

Facts are data: days are counted back from the day of the sample, so that publication windows and terms look the
same whenever it is made. README and the print-out of ``make run`` take their examples from ``story_subjects``.
"""

from datetime import date
from typing import NamedTuple

from api.sample.codes import citizen_number, credit_code, registration_number
from api.sample.organisations import Organisation
from api.sample.people import SamplePerson
from models.terms import SubjectKind


class StorySubject(NamedTuple):
    """One subject to try: ``code`` is its credit code (a person's synthetic number for the person), ``look_at`` says
    in Chinese what it shows.

    ``document_number`` names the document a demonstration may act on (repair, objection), empty where there is none.
    """

    key: str
    code: str
    name: str
    kind: SubjectKind
    look_at: str
    document_number: str = ""


class StoryPenalty(NamedTuple):
    """A penalty of market regulation: how many days ago, which breach (index in ``business.BREACHES``), yuan, name
    used if another."""

    key: str
    document_number: str
    days_ago: int
    breach: int
    yuan: int
    name: str = ""


def _firm(name: str, code: str, year: int, scope: str, representative: str, **more: str) -> Organisation:
    return Organisation(
        SubjectKind.individual_business if code.startswith("92") else SubjectKind.enterprise,
        name,
        code,
        date(year, 3, 18),
        more.pop("form", "有限责任公司(自然人投资或控股)"),
        more.pop("capital", "1,000(万元人民币)"),
        scope,
        more.pop("licence", "食品经营许可证"),
        f"示范市示范区启明大道{100 + year % 100}号",
        representative,
        0.0,
        **more,
    )


def _code(body: str, prefix: str = "91", region: str = "310106") -> str:
    return credit_code(prefix, region, body)


STORY: dict[str, Organisation] = {
    "clean": _firm("示范市守正信息科技有限公司", _code("MX9T0001"), 2012, "软件开发；信息技术咨询服务。", "高文德"),
    "penalised": _firm("示范市沸点餐饮管理有限公司", _code("MX9T0002"), 2017, "餐饮服务；食品销售。", "罗永贵"),
    "repaired": _firm("示范市改过商贸有限公司", _code("MX9T0003"), 2016, "日用百货销售；食品销售。", "程家宝"),
    "listed": _firm("示范市速成食品有限公司", _code("MX9T0004"), 2018, "食品生产；食品销售。", "曹世祥"),
    "tax_a": _firm("示范市恒税机电设备有限公司", _code("MX9T0005"), 2009, "机械设备销售；电气设备修理。", "谢淑兰"),
    "tax_violator": _firm("示范市空转贸易有限公司", _code("MX9T0006"), 2019, "货物进出口；国内贸易代理。", "邓长福"),
    "debtor": _firm("示范市逾期建设工程有限公司", _code("MX9T0007"), 2014, "建设工程施工；建筑劳务分包。", "冯建山"),
    "disputed": _firm("示范市存疑国际旅行社有限公司", _code("MX9T0008"), 2015, "旅游业务；会议及展览服务。", "唐秀英"),
    "shop": _firm(
        "示范区韩记小吃店",
        _code("MX9T0009", "92"),
        2019,
        "餐饮服务（小吃服务）。",
        "韩素梅",
        form="个体工商户",
        capital="N/A",
    ),
    "city_registered": _firm(
        "示范市通达物流股份有限公司",
        _code("99900010", region="310000"),
        2004,
        "道路货物运输；普通货物仓储服务。",
        "许明海",
        form="股份有限公司(非上市、自然人投资或控股)",
        capital="12,000(万元人民币)",
        reg_no=registration_number("310000", 990010),
    ),
    "old_district": _firm(
        "示范闸桥机械厂有限公司",
        _code("99900011", region="310108"),
        1998,
        "机械加工；机电设备维修。",
        "吴宝生",
        capital="480万人民币",
        reg_no=registration_number("310108", 990011),
    ),
    "renamed": _firm(
        "示范市新颜文化传媒有限公司",
        _code("MX9T0012"),
        2016,
        "广告设计、代理；组织文化艺术交流活动。",
        "马春芳",
        former_name="示范市旧貌广告有限公司",
    ),
    "rare": _firm("示范市𠮷㐂䶮𬭎珠宝有限公司", _code("MX9T0013"), 2020, "珠宝首饰零售；工艺美术品销售。", "郭䶮"),
}

STORY_PERSON = SamplePerson("钟离素问", citizen_number("310106", date(1888, 8, 8), 888), "女")

STORY_PENALTIES: tuple[StoryPenalty, ...] = (
    StoryPenalty("penalised", "示市监处罚〔2026〕990002号", 120, 0, 50_000),
    StoryPenalty("penalised", "示市监处罚〔2024〕990021号", 1050, 2, 18_000),
    StoryPenalty("penalised", "示市监处罚〔2020〕990022号", 2200, 1, 30_000),
    StoryPenalty("repaired", "示市监处罚〔2025〕990003号", 430, 2, 20_000),
    StoryPenalty("listed", "示市监处罚〔2025〕990004号", 330, 5, 500_000),
    StoryPenalty("disputed", "示市监处罚〔2026〕990008号", 90, 4, 120_000),
    StoryPenalty("shop", "示市监处罚〔2026〕990009号", 60, 6, 500),
    StoryPenalty("city_registered", "示市监处罚〔2023〕990010号", 1300, 3, 15_000),
    StoryPenalty("renamed", "示市监处罚〔2024〕990012号", 800, 2, 6_000, "示范市旧貌广告有限公司"),
    StoryPenalty("rare", "示市监处罚〔2026〕990013号", 60, 4, 3_000),
)

STORY_DOCUMENTS = {
    "listed": "示市监严列字〔2025〕0004号",
    "tax_violator": "示税稽失信〔2025〕0006号",
    "debtor": "（2025）示执0007号",
    "person": "（2026）示执0014号",
}

_LOOK_AT: dict[str, tuple[str, str]] = {
    "clean": ("连续五年纳税信用A级、守合同重信用、高新技术企业，无不良信息；评价应为A", ""),
    "penalised": (
        "三条行政处罚：一条正在公示、一条公示期将满、一条已超过五年不再提供查询",
        "示市监处罚〔2026〕990002号",
    ),
    "repaired": (
        "一条一般处罚已过最短公示期并已履行，可演示信用修复，修复后各渠道均不再出现",
        "示市监处罚〔2025〕990003号",
    ),
    "listed": ("列入市场监管严重违法失信名单（三年），另有当事处罚", STORY_DOCUMENTS["listed"]),
    "tax_a": ("纳税信用A级；2021年有一条税务处罚；守信激励名单", ""),
    "tax_violator": ("重大税收违法失信主体，欠税公告", STORY_DOCUMENTS["tax_violator"]),
    "debtor": ("失信被执行人（单位），名下在建工程被司法查封，另有判决", STORY_DOCUMENTS["debtor"]),
    "disputed": ("一条处罚正在异议处理中，应有异议标注", "示市监处罚〔2026〕990008号"),
    "shop": ("个体工商户，经营者即自然人；轻微处罚只公示三个月", "示市监处罚〔2026〕990009号"),
    "city_registered": ("市级登记（代码310000开头），住所在本区，仍属本区主体", ""),
    "old_district": ("撤并前旧区划代码310108开头，代码继续有效；15位旧注册号与税号", ""),
    "renamed": ("更名企业：处罚文书上是旧名“示范市旧貌广告有限公司”，按旧名也能查到", ""),
    "rare": ("名称含生僻字𠮷㐂䶮𬭎：检索、列表与报告中字形不变", ""),
}


def story_subjects() -> list[StorySubject]:
    """The subjects worth looking at, in the order they are best shown."""
    firms = [
        StorySubject(key, firm.code, firm.name, firm.kind, _LOOK_AT[key][0], _LOOK_AT[key][1])
        for key, firm in STORY.items()
    ]
    person = StorySubject(
        "person",
        STORY_PERSON.number,
        STORY_PERSON.name,
        SubjectKind.person,
        "虚构自然人（出生年早于1900年），失信被执行人；须有授权或法定职责并写明事由方可查询",
        STORY_DOCUMENTS["person"],
    )
    return [*firms, person]
