"""Files of market regulation (示范区市场监督管理局): registry, new registrations, abnormal operation, lists.

Columns follow the layouts departments publish; the two 双公示 files have a module of their own.
"""

from datetime import date, timedelta
from random import Random

from api.sample.mess import by_weight, day_between, spell_day, spoil
from api.sample.organisations import Organisation
from api.sample.plan import Plan
from api.sample.sheets import Row, Sheet
from api.sample.story import STORY, STORY_DOCUMENTS
from api.sample.words import CITY, DISTRICT, MARKET

REGISTRY_COLUMNS = (
    "档案年份", "档案省份", "企业名称", "统一社会信用代码", "注册日期", "企业类型", "注册资金", "经营范围", "所在省份",
    "地区", "注册地址", "法定代表人", "注册号",
)  # fmt: skip
ABNORMAL_REASONS = (
    "未依照《企业信息公示暂行条例》第八条规定的期限公示年度报告",
    "通过登记的住所或者经营场所无法联系",
    "公示企业信息隐瞒真实情况、弄虚作假",
    "未在责令的期限内公示有关企业信息",
)
_ABNORMAL_BASIS = "《企业经营异常名录管理办法》"
_SERIOUS_REASONS = (
    "生产经营不符合食品安全标准的食品，性质恶劣、情节严重，受到较重行政处罚",
    "发布虚假广告，社会危害较大，受到较重行政处罚",
    "侵害消费者人身权利，预付费后停业失联，受到较重行政处罚",
)


def business_sheets(plan: Plan) -> list[Sheet]:
    """Registry, name changes, new registrations, abnormal list, serious violations, honest contracts, in this order."""
    return [
        _registry(plan),
        _name_changes(plan),
        _new_registrations(plan),
        _abnormal(plan),
        _serious(plan),
        _contracts(plan),
    ]


def _registry_row(firm: Organisation) -> Row:
    year = str(firm.registered.year)
    return (
        year, "示范", firm.first_name, firm.code, firm.registered.isoformat(), firm.form, firm.capital, firm.scope,
        "示范", DISTRICT, firm.address, firm.representative, firm.reg_no,
    )  # fmt: skip


def _registry(plan: Plan) -> Sheet:
    rng = plan.rng("registry")
    sheet = Sheet("registry.csv", REGISTRY_COLUMNS, [_registry_row(firm) for firm in plan.firms])
    spoil(rng, sheet, code=3, name=2, day=4, share=0.02)
    _shift(rng, sheet)
    sheet.rows[:0] = [_registry_row(firm) for firm in STORY.values()]
    sheet.untrue = {number + len(STORY) for number in sheet.untrue}
    return sheet


def _name_changes(plan: Plan) -> Sheet:
    """Firms that changed their name after registration; the registry still has the first one."""
    rng = plan.rng("names")
    rows: list[Row] = []
    for firm in [STORY["renamed"], *plan.enterprises]:
        if firm.former_name:
            drawn = day_between(rng, firm.registered + timedelta(days=30), plan.day - timedelta(days=5))
            changed = plan.day - timedelta(days=600) if firm is STORY["renamed"] else drawn
            rows.append((firm.former_name, firm.name, firm.code, "名称变更", changed.isoformat(), MARKET))
    header = ("变更前名称", "变更后名称", "统一社会信用代码", "变更事项", "核准日期", "登记机关")
    return Sheet("name_changes.csv", header, rows, encoding="utf-8-sig")


def _shift(rng: Random, sheet: Sheet) -> None:
    """An unquoted comma in the scope of a few rows pushes the rest one column on."""
    for number in rng.sample(range(len(sheet.rows)), len(sheet.rows) // 1500):
        row = sheet.rows[number]
        sheet.rows[number] = (*row[:7], "技术开发", *row[7:])
        sheet.untrue.add(number)


def _new_registrations(plan: Plan) -> Sheet:
    rng = plan.rng("new")
    latest = sorted(plan.firms, key=lambda firm: firm.registered)[-plan.rows(600) :]
    rows: list[Row] = [(firm.first_name, firm.code, spell_day(rng, firm.registered, 0, 0.05)) for firm in latest]
    sheet = Sheet("new_registrations.csv", ("企业名称", "统一社会信用代码", "核准日期"), rows, encoding="utf-8-sig")
    spoil(rng, sheet, code=1, name=0, day=2)
    return sheet


def _abnormal(plan: Plan) -> Sheet:
    rng = plan.rng("abnormal")
    rows: list[Row] = []
    for number, firm in enumerate(by_weight(rng, plan.enterprises, lambda each: each.risk**2, plan.rows(1200))):
        listed = day_between(rng, max(firm.registered, date(2020, 1, 1)), plan.day - timedelta(days=5))
        reason = rng.choices(ABNORMAL_REASONS, (60, 30, 4, 6))[0]
        removed = day_between(rng, listed, plan.day) if rng.random() < 0.4 else None
        code = firm.code if rng.random() < 0.45 else ""
        document = f"示市监异列〔{listed.year}〕{number + 1:05d}号"
        left = spell_day(rng, removed, 1) if removed else ""
        rows.append((firm.name, code, spell_day(rng, listed, 1), reason, _ABNORMAL_BASIS, document, MARKET, left))
    header = (
        "企业名称",
        "统一社会信用代码",
        "列入日期",
        "列入原因",
        "列入依据",
        "列入文号",
        "作出决定机关",
        "移出日期",
    )
    title = (f"{DISTRICT}企业经营异常名录（截至{plan.day:%Y年%m月%d日}）",)
    sheet = Sheet("abnormal_operation.csv", header, rows, encoding="gb18030", title=title)
    spoil(rng, sheet, code=None, name=0, day=2)
    return sheet


def _serious_row(firm: Organisation, number: int, listed: date, reason: str, document: str) -> Row:
    until = date(listed.year + 3, listed.month, min(listed.day, 28))
    return (
        str(number), firm.name, firm.code, firm.representative, document, reason,
        "《市场监督管理严重违法失信名单管理办法》第五条", MARKET, listed.isoformat(), until.isoformat(),
    )  # fmt: skip


def _serious(plan: Plan) -> Sheet:
    rng = plan.rng("serious")
    start = plan.day - timedelta(days=330)
    rows = [_serious_row(STORY["listed"], 1, start, _SERIOUS_REASONS[0], STORY_DOCUMENTS["listed"])]
    for number, firm in enumerate(by_weight(rng, plan.firms, lambda each: each.risk**8, plan.rows(40)), start=2):
        listed = day_between(rng, max(firm.registered, date(2021, 9, 1)), plan.day - timedelta(days=20))
        document = f"示市监严列字〔{listed.year}〕{1000 + number}号" if rng.random() < 0.9 else ""
        rows.append(_serious_row(firm, number, listed, rng.choice(_SERIOUS_REASONS), document))
    header = (
        "序号", "企业名称", "统一社会信用代码", "法定代表人", "列入决定书文号", "列入事由", "列入依据", "作出决定机关",
        "列入日期", "移出日期",
    )  # fmt: skip
    return Sheet("serious_violations.csv", header, rows, encoding="utf-8-sig", title=("市场监督管理严重违法失信名单",))


def _contracts(plan: Plan) -> Sheet:
    rng = plan.rng("contracts")
    chosen = [STORY["clean"], *by_weight(rng, plan.enterprises, lambda each: (1 - each.risk) ** 4, plan.rows(300))]
    rows: list[Row] = [_contract_row(rng, firm, plan.day, number) for number, firm in enumerate(chosen)]
    header = ("企业名称", "统一社会信用代码", "荣誉名称", "年度", "公布文号", "认定机关", "认定日期", "有效期至")
    sheet = Sheet("honest_contracts.csv", header, rows)
    spoil(rng, sheet, code=1, name=0, day=6)
    return sheet


def _contract_row(rng: Random, firm: Organisation, day: date, number: int) -> Row:
    year = day.year - 1 if firm.risk == 0 else rng.randrange(2020, day.year)
    decided = date(year + 1, 3, rng.randrange(1, 28))
    document = f"示市监信〔{year + 1}〕{number % 9 + 1}号"
    title = f"{year}年度守合同重信用企业"
    return (
        firm.name,
        firm.code,
        title,
        str(year),
        document,
        f"{CITY}市场监督管理局",
        decided.isoformat(),
        f"{year + 4}-03-31",
    )
