"""Files of the district court: dishonest judgment debtors (失信被执行人), judicial seizures (司法查封), judgments.

Debtors come as the court hands them to the platform: units with their code, persons with their whole number
(synthetic here). Terms follow 法释〔2017〕7号: two years for the situations (2) to (6), none for plain refusal to
perform.
"""

from datetime import date, timedelta
from random import Random

from api.sample.mess import by_weight, day_between, spell_day, spoil
from api.sample.organisations import Organisation
from api.sample.people import SamplePerson
from api.sample.plan import Plan
from api.sample.sheets import Row, Sheet
from api.sample.story import STORY, STORY_DOCUMENTS, STORY_PERSON
from api.sample.words import COURT

DEBTOR_COLUMNS = (
    "被执行人类型", "被执行人姓名/名称", "统一社会信用代码", "身份证号码", "性别", "法定代表人或者负责人姓名",
    "执行法院", "地域名称", "执行依据文号", "作出执行依据单位", "立案时间", "案号", "生效法律文书确定的义务",
    "被执行人的履行情况", "失信被执行人行为具体情形", "发布时间", "失信期限届满日",
)  # fmt: skip
SITUATIONS = (
    ("有履行能力而拒不履行生效法律文书确定义务", 0),
    ("以伪造证据、暴力、威胁等方法妨碍、抗拒执行", 3),
    ("以虚假诉讼、虚假仲裁或者以隐匿、转移财产等方法规避执行", 2),
    ("违反财产报告制度", 2),
    ("违反限制消费令", 2),
    ("无正当理由拒不履行执行和解协议", 2),
)
_CAUSES = (
    "买卖合同纠纷",
    "建设工程施工合同纠纷",
    "民间借贷纠纷",
    "劳动争议",
    "房屋租赁合同纠纷",
    "服务合同纠纷",
    "金融借款合同纠纷",
)


def court_sheets(plan: Plan) -> list[Sheet]:
    """Debtors published before this year, seizures, judgments. This year's debtors are in the exchange database."""
    rng = plan.rng("debtors")
    rows = debtor_rows(plan, rng, date(2020, 1, 1), date(plan.day.year - 1, 12, 31), plan.rows(340))
    debtors = Sheet("dishonest_debtors.csv", DEBTOR_COLUMNS, rows, encoding="gb18030")
    spoil(rng, debtors, code=2, name=1, day=15, share=0.02)
    told = debtor_row(rng, STORY["debtor"], plan.day - timedelta(days=400), STORY_DOCUMENTS["debtor"], 3)
    debtors.rows.insert(0, told)
    debtors.untrue = {number + 1 for number in debtors.untrue}
    return [debtors, _seizures(plan), _judgments(plan)]


def debtor_rows(plan: Plan, rng: Random, first: date, last: date, count: int) -> list[Row]:
    """``count`` debtors published between two days, four in ten of them units, the rest persons."""
    rows: list[Row] = []
    units = by_weight(rng, plan.enterprises, lambda each: each.risk**5, count)
    for number in range(count):
        debtor = units[number] if rng.random() < 0.4 else rng.choice(plan.people)
        published = day_between(rng, first, last)
        case = f"（{published.year}）示执{1000 + number}号" + ("之一" if rng.random() < 0.03 else "")
        rows.append(debtor_row(rng, debtor, published, case, rng.choices(range(6), (50, 3, 12, 20, 10, 5))[0]))
    return rows


def debtor_row(rng: Random, debtor: Organisation | SamplePerson, published: date, case: str, situation: int) -> Row:
    """One publication of one debtor; the two kinds fill different columns."""
    unit = isinstance(debtor, Organisation)
    who: tuple[str, ...]
    if isinstance(debtor, Organisation):
        who = ("法人或者其他组织", debtor.name, debtor.code, "", "", debtor.representative)
    else:
        who = ("自然人", debtor.name, "", debtor.number, debtor.sex, "")
    text, years = SITUATIONS[situation]
    filed = published - timedelta(days=rng.randrange(30, 300))
    until = date(published.year + years, published.month, min(published.day, 28)).isoformat() if years else ""
    money = rng.randrange(8_000, 3_000_000 if unit else 400_000)
    return (
        *who, COURT, "示范", f"（{filed.year - 1}）示0199民初{rng.randrange(100, 9999)}号", COURT, filed.isoformat(),
        case, f"支付欠款{money}元及迟延履行期间的债务利息", rng.choices(("全部未履行", "部分履行"), (80, 20))[0], text,
        published.isoformat(), until,
    )  # fmt: skip


def story_person_row(plan: Plan) -> Row:
    """The synthetic person of the story set as a debtor of this year."""
    return debtor_row(plan.rng("person"), STORY_PERSON, plan.day - timedelta(days=150), STORY_DOCUMENTS["person"], 4)


def _seizures(plan: Plan) -> Sheet:
    rng = plan.rng("seizures")
    rows: list[Row] = []
    drawn = by_weight(rng, plan.enterprises, lambda each: each.risk**3, plan.rows(330))
    for number, firm in enumerate([STORY["debtor"], *drawn], start=1):
        seized = day_between(rng, max(firm.registered, date(2020, 1, 1)), plan.day - timedelta(days=3))
        what = rng.choice(("在建工程及土地使用权", "银行存款账户", "机器设备一批", "房屋所有权", "所持股权"))
        code = firm.code if number == 1 or rng.random() < 0.5 else ""
        document = f"（{seized.year}）示0199执保{number}号"
        stamp = f"{spell_day(rng, seized, 0, 0.05)} 00:00:00.000"
        rows.append((str(4_000_000 + number), firm.name, code, what, document, "冻结、查封裁定", COURT, stamp))
    header = ("id", "被查封单位", "统一社会信用代码", "查封项目", "发文编号", "文书种类", "查封法院", "交换时间")
    sheet = Sheet("seizures.csv", header, rows, encoding="gb18030")
    spoil(rng, sheet, code=2, name=1, day=7, share=0.02)
    return sheet


def _judgments(plan: Plan) -> Sheet:
    """Judgments against firms of the district: the layout names whoever has to perform, never the party that won."""
    rng = plan.rng("judgments")
    rows: list[Row] = []
    drawn = by_weight(rng, plan.enterprises, lambda each: 0.01 + each.risk**2, plan.rows(1200))
    for number, firm in enumerate([STORY["debtor"], *drawn], start=1):
        decided = day_between(rng, max(firm.registered, date(2020, 1, 1)), plan.day - timedelta(days=10))
        result = rng.choice(("支持原告全部诉讼请求", "支持原告部分诉讼请求", "调解结案，被告分期给付"))
        case = f"（{decided.year}）示0199民初{number:05d}号"
        amount = f"{rng.randrange(3_000, 2_000_000):,}.00"
        day = spell_day(rng, decided, 4, 0.1)
        rows.append((case, rng.choice(_CAUSES), firm.name, firm.code, "被告", result, amount, day, COURT))
    header = (
        "案号",
        "案由",
        "义务履行人名称",
        "统一社会信用代码",
        "诉讼地位",
        "裁判结果",
        "标的金额(元)",
        "裁判日期",
        "审理法院",
    )
    sheet = Sheet("judgments.csv", header, rows)
    spoil(rng, sheet, code=3, name=2, day=7, share=0.02)
    return sheet
