"""Files of the tax bureau: penalties, class A taxpayers (A级纳税人), major violators, arrears.

Taxpayer numbers are the credit code, or 15 digits (region and organisation code) for older firms; a person's is
the citizen number with two digits behind it. Fines of tax penalties stand in the text, the column is mostly blank.
"""

from datetime import date, timedelta
from random import Random

from api.sample.mess import by_weight, day_between, spell_day, spoil
from api.sample.organisations import Organisation
from api.sample.plan import Plan
from api.sample.sheets import Row, Sheet
from api.sample.story import STORY, STORY_DOCUMENTS
from api.sample.words import TAX, TAX_INSPECTION

PENALTY_COLUMNS = (
    "纳税人识别号", "纳税人名称", "行政处罚文号", "案件名称", "处罚类别", "处罚事由", "税务行政处罚依据",
    "法定代表人姓名", "身份类型名称", "处罚结果", "罚款金额", "处罚机构", "处罚日期",
)  # fmt: skip
A_CLASS_COLUMNS = ("纳税人识别号", "纳税人名称", "评价年度", "评价结果", "公布文号", "评价机关", "公布日期", "有效期至")
ARREARS_COLUMNS = (
    "纳税人识别号", "纳税人名称", "法定代表人", "经营地点", "欠税税种", "欠税余额(元)", "当期新发生的欠税金额(元)",
    "公告文号", "公告机关", "公告日期",
)  # fmt: skip
MAJOR_COLUMNS = (
    "统一社会信用代码", "纳税人名称", "法定代表人", "案件性质", "主要违法事实", "法律依据", "失信主体确定文书号",
    "确定机关", "公布日期", "公布截止日期",
)  # fmt: skip
_BREACHES = (
    ("丢失发票", "《中华人民共和国发票管理办法》第三十六条第二款", "发票违法"),
    ("编造虚假计税依据", "《中华人民共和国税收征收管理法》第六十四条第一款", "违反税收管理"),
    ("未按照规定期限办理纳税申报和报送纳税资料", "《中华人民共和国税收征收管理法》第六十二条", "违反税收管理"),
    (
        "未按照规定设置和保管账簿或保管记账凭证和有关资料",
        "《中华人民共和国税收征收管理法》第六十条第一款",
        "违反税收管理",
    ),
    (
        "扣缴义务人不履行代扣代缴义务，应扣未扣、应收而不收税款",
        "《中华人民共和国税收征收管理法》第六十九条",
        "违反税收管理",
    ),
)
_MAJOR = (
    ("虚开增值税专用发票或者虚开用于骗取出口退税、抵扣税款的其他发票", "虚开增值税专用发票{}份"),
    ("偷税", "采取隐匿收入手段，少缴税款{}万元且占应纳税总额百分之十以上"),
    ("走逃（失联）", "经税务机关检查确认走逃（失联），涉及金额{}万元"),
)


def tax_sheets(plan: Plan) -> list[Sheet]:
    """Penalties, class A of the years before last, major violators, arrears of earlier quarters."""
    years = range(plan.day.year - 6, plan.day.year - 1)
    classes = [row for year in years for row in a_class_rows(plan, year)]
    sheet = Sheet("tax_a_class.csv", A_CLASS_COLUMNS, classes, encoding="utf-8-sig")
    spoil(plan.rng("a-class mess"), sheet, code=0, name=1, day=6, share=0.01)
    return [_penalties(plan), sheet, _major(plan), _arrears(plan)]


def a_class_rows(plan: Plan, year: int) -> list[Row]:
    """The class A taxpayers of an evaluation year, announced in April of the next."""
    rng = plan.rng(f"a-class {year}")
    old = [firm for firm in plan.enterprises if firm.registered.year <= year - 3]
    rng.shuffle(old)
    old.sort(key=lambda firm: firm.risk > 0.3)
    wanted = plan.rows(560 + 20 * (year % 5))
    announced = date(year + 1, 4, 20 + year % 9)
    firms = [STORY["clean"], STORY["tax_a"], *old[:wanted]] if year > 2020 else [STORY["clean"], *old[:wanted]]
    document = f"示税公告〔{year + 1}〕{year % 7 + 1}号"
    until = f"{year + 2}-04-30"
    return [(firm.tax_no, firm.name, str(year), "A", document, TAX, announced.isoformat(), until) for firm in firms]


def arrears_rows(plan: Plan, announced: date, count: int) -> list[Row]:
    """Arrears announced on a day; sums in yuan with thousands separators."""
    rng = plan.rng(f"arrears {announced}")
    document = f"示税欠公告〔{announced.year}〕第{(announced.month + 2) // 3}号"
    rows: list[Row] = []
    firms = {firm.code: firm for firm in by_weight(rng, plan.firms, lambda each: each.risk**4, count)}
    for firm in [STORY["tax_violator"], *firms.values()]:
        owed = round(rng.lognormvariate(10.5, 1.4), 2)
        kind = rng.choice(("增值税", "企业所得税", "增值税;城市维护建设税", "房产税", "土地增值税"))
        row = (firm.tax_no, firm.name, firm.representative, firm.address, kind, f"{owed:,.2f}", f"{owed / 4:.2f}")
        rows.append((*row, document, TAX, announced.isoformat()))
    return rows


def latest_quarter(day: date) -> date:
    """The day the arrears of the last whole quarter were announced."""
    month = (day.month - 1) // 3 * 3 or 12
    return date(day.year if day.month > 3 else day.year - 1, month, 28)


def _penalties(plan: Plan) -> Sheet:
    rng = plan.rng("tax penalties")
    rows: list[Row] = []
    for number, firm in enumerate(by_weight(rng, plan.firms, lambda each: each.risk**2, plan.rows(2300)), start=1):
        decided = day_between(rng, max(firm.registered, date(2020, 1, 1)), plan.day - timedelta(days=4))
        rows.append(_penalty_row(rng, firm, number, decided, firm.tax_no))
    for number in range(plan.rows(20)):  # shops taxed under their keeper's citizen number
        place = rng.randrange(len(rows))
        rows[place] = (plan.people[number].number + "00", *rows[place][1:])
    rows.insert(0, _penalty_row(rng, STORY["tax_a"], 990005, date(2021, 6, 9), STORY["tax_a"].tax_no))
    sheet = Sheet("tax_penalties.csv", PENALTY_COLUMNS, rows, encoding="gb18030")
    spoil(rng, sheet, code=0, name=1, day=12)
    return sheet


def _penalty_row(rng: Random, firm: Organisation, number: int, decided: date, tax_no: str) -> Row:
    violation, basis, case = rng.choices(_BREACHES, (60, 10, 20, 5, 5))[0]
    fine = rng.choice((50, 100, 200, 500, 1000, 2000, 10_000, round(rng.uniform(300, 90_000), 2)))
    office = rng.randrange(1, 9)
    kind = "一般程序处罚" if rng.random() < 0.84 else "税务行政处罚"
    bureau = TAX_INSPECTION if fine > 5000 else f"{TAX}第{'一二三四五六七八'[office - 1]}税务所"
    return (
        tax_no, firm.name, f"示税{office}罚〔{decided.year}〕{number} 号", f"{firm.name}-{case}", kind,
        violation if rng.random() < 0.9 else f"    {violation}。", basis, "***", "居民身份证", f"罚款{fine:g}元",
        f"{fine:.1f}" if rng.random() < 0.05 else "", bureau, spell_day(rng, decided, 2, 0.04),
    )  # fmt: skip


def _major(plan: Plan) -> Sheet:
    rng = plan.rng("major")
    drawn = by_weight(rng, plan.enterprises, lambda each: each.risk**9, plan.rows(18))
    told = plan.day - timedelta(days=330)
    rows = [_major_row(rng, STORY["tax_violator"], told, STORY_DOCUMENTS["tax_violator"])]
    for number, firm in enumerate(drawn, start=100):
        announced = day_between(rng, max(firm.registered, date(2022, 3, 1)), plan.day - timedelta(days=40))
        rows.append(_major_row(rng, firm, announced, f"示税稽失信〔{announced.year}〕{number:04d}号"))
    return Sheet("major_tax_violators.csv", MAJOR_COLUMNS, rows, encoding="utf-8-sig")


def _major_row(rng: Random, firm: Organisation, announced: date, document: str) -> Row:
    kind, facts = rng.choice(_MAJOR)
    until = date(announced.year + 3, announced.month, min(announced.day, 28)).isoformat()
    facts = facts.format(rng.randrange(100, 900))
    row = (firm.code, firm.name, firm.representative, kind, facts, "《重大税收违法失信主体信息公布管理办法》第六条")
    return (*row, document, TAX_INSPECTION, announced.isoformat(), until)


def _arrears(plan: Plan) -> Sheet:
    last = latest_quarter(plan.day)
    rows: list[Row] = []
    for back in (4, 3, 2, 1):
        month = last.month - 3 * back
        announced = date(last.year + (month - 1) // 12, (month - 1) % 12 + 1, 28)
        rows += arrears_rows(plan, announced, plan.rows(110))
    sheet = Sheet("tax_arrears.csv", ARREARS_COLUMNS, rows, encoding="gb18030", title=("欠税公告", "单位：元"))
    spoil(plan.rng("arrears mess"), sheet, code=0, name=1, day=9)
    return sheet
