"""Files of other departments: inspections, high-tech firms, commitments, ratings, objections, wage arrears, social
organisations, bodies."""

from datetime import date, timedelta

from api.sample.mess import by_weight, day_between, spell_day, spoil
from api.sample.organisations import Organisation
from api.sample.plan import Plan
from api.sample.sheets import Row, Sheet
from api.sample.story import STORY, STORY_PENALTIES
from api.sample.words import CIVIL, DATA, DISTRICT, LABOUR, MARKET, SCIENCE, TRANSPORT
from models.terms import SubjectKind

_RESULTS = (
    "未发现问题",
    "发现问题已责令改正",
    "通过登记的住所（经营场所）无法联系",
    "无法开展检查",
    "不配合检查情节严重",
)
_TASKS = (
    "食品经营环节专项检查任务",
    "特种设备使用单位检查任务",
    "企业公示信息检查任务",
    "广告经营行为检查任务",
    "明码标价检查任务",
)
_COMMITMENTS = ("审批替代型承诺", "主动公示型承诺", "行业自律型承诺", "信用修复型承诺")
_GRADES = ("AAA", "AA", "A", "A+", "合格", "良好", "基本合格", "不合格")


def other_sheets(plan: Plan) -> list[Sheet]:
    """The files of the departments beside market regulation, tax and court."""
    return [
        _bodies(plan, SubjectKind.organisation, "social_organisations.csv", CIVIL),
        _bodies(plan, SubjectKind.government, "government_bodies.csv", f"{DISTRICT}机构编制委员会办公室"),
        _inspections(plan),
        _high_tech(plan),
        _commitments(plan),
        _ratings(plan),
        _objections(plan),
        _wage_arrears(plan),
    ]


def _bodies(plan: Plan, kind: SubjectKind, file_name: str, authority: str) -> Sheet:
    rows: list[Row] = [
        (body.name, body.code, body.form, body.representative, body.address, body.registered.isoformat(), authority)
        for body in plan.organisations
        if body.kind == kind
    ]
    header = ("单位名称", "统一社会信用代码", "机构类型", "法定代表人", "住所", "成立日期", "登记管理机关")
    sheet = Sheet(file_name, header, rows)
    spoil(plan.rng(file_name), sheet, code=1, name=0, day=5, share=0.01)
    return sheet


def _inspections(plan: Plan) -> Sheet:
    rng = plan.rng("inspections")
    rows: list[Row] = []
    drawn = rng.choices(plan.firms, k=plan.rows(10_200))
    for number, firm in enumerate([*STORY.values(), *drawn], start=1):
        visited = day_between(rng, max(firm.registered, date(2021, 1, 1)), plan.day - timedelta(days=2))
        bad = firm.risk if number > len(STORY) else 0.0
        result = rng.choices(_RESULTS, (90 - 60 * bad, 6 + 30 * bad, 2 + 15 * bad, 2, bad))[0]
        hour, minute, second = rng.randrange(8, 18), rng.randrange(60), rng.randrange(60)
        stamp = f"{spell_day(rng, visited, 0, 0.03)} {hour:02d}:{minute:02d}:{second:02d}"
        code = firm.code if rng.random() < 0.93 else ""
        rows.append((str(number), rng.choice(_TASKS), firm.name, code, MARKET, stamp, result))
    header = ("序号", "任务名称", "主体名称", "统一社会信用代码", "抽查机关", "抽查时间", "抽查结果")
    footer = (f"合计：{len(rows)}条", f"填报单位：{MARKET}")
    sheet = Sheet("inspections.csv", header, rows, encoding="gb18030", footer=footer)
    spoil(rng, sheet, code=3, name=2, day=5, share=0.02)
    return sheet


def _high_tech(plan: Plan) -> Sheet:
    rng = plan.rng("high-tech")
    chosen = [
        STORY["clean"],
        STORY["rare"],
        *by_weight(rng, plan.enterprises, lambda each: (1 - each.risk) ** 3, plan.rows(500)),
    ]
    rows: list[Row] = []
    for number, firm in enumerate(chosen, start=1):
        year = plan.day.year - 1 if number < 3 else rng.randrange(2020, plan.day.year)
        given = date(year, 11, rng.randrange(1, 28))
        certificate = f"GR{year}99{number:06d}" + " " * rng.choice((0, 0, 10))
        end = date(year + 3, 11, given.day).isoformat()
        rows.append((str(number), firm.name, firm.code, "国家高新技术企业", certificate, given, end, SCIENCE))
    header = ("序号", "企业名称", "统一社会信用代码", "荣誉名称", "证书编号", "发证日期", "有效期至", "认定机关")
    sheet = Sheet("high_tech.xlsx", header, rows, title=(f"{DISTRICT}国家高新技术企业名单",))
    spoil(rng, sheet, code=2, name=1, day=5)
    return sheet


def _commitments(plan: Plan) -> Sheet:
    rng = plan.rng("commitments")
    rows: list[Row] = []
    for number, firm in enumerate(rng.choices(plan.firms, k=plan.rows(2600)), start=1):
        given = day_between(rng, max(firm.registered, date(2021, 1, 1)), plan.day - timedelta(days=1))
        kept = rng.choices(("已履行", "履行中", "未履行"), (70, 25, 1 + 10 * firm.risk))[0]
        kind = rng.choices(_COMMITMENTS, (50, 40, 8, 2))[0]
        text = f"承诺所提供的{firm.licence or '申请'}材料真实、准确、完整，依法诚信经营。"
        rows.append((f"CN{given.year}{number:06d}", firm.name, firm.code, kind, text, DATA, given.isoformat(), kept))
    header = (
        "承诺书编号",
        "承诺主体名称",
        "统一社会信用代码",
        "承诺类型",
        "承诺内容",
        "受理单位",
        "承诺作出日期",
        "履约状态",
    )
    sheet = Sheet("commitments.csv", header, rows, encoding="utf-8-sig")
    spoil(rng, sheet, code=2, name=1, day=6)
    return sheet


def _ratings(plan: Plan) -> Sheet:
    rng = plan.rng("ratings")
    rows: list[Row] = []
    rated = [firm for firm in plan.enterprises if "物流" in firm.name or "汽车租赁" in firm.name]
    for year in range(plan.day.year - 4, plan.day.year):
        for firm in rng.sample(rated, min(len(rated), plan.rows(280))):
            grade = _GRADES[min(7, int((firm.risk * 6) + rng.random() * 3))]
            if firm.registered.year <= year:
                rows.append((firm.name, grade, DISTRICT, str(year), firm.code, TRANSPORT))
    header = ("企业名称", "等级", "所属区域", "年度", "统一社会信用代码", "评价单位")
    sheet = Sheet("transport_ratings.csv", header, rows, encoding="utf-8-sig")
    spoil(rng, sheet, code=4, name=0, day=None)
    return sheet


def _objections(plan: Plan) -> Sheet:
    rng = plan.rng("objections")
    told = next(each for each in STORY_PENALTIES if each.key == "disputed")
    firm = STORY["disputed"]
    decided = plan.day - timedelta(days=told.days_ago)
    raised = plan.day - timedelta(days=3)
    rows: list[Row] = [
        (
            "1",
            firm.name,
            firm.code,
            told.document_number,
            decided.isoformat(),
            MARKET,
            "异议处理中",
            "",
            raised.isoformat(),
        )
    ]
    for number, other in enumerate(by_weight(rng, plan.firms, lambda each: each.risk, plan.rows(120)), start=2):
        decided = day_between(rng, max(other.registered, date(2022, 1, 1)), plan.day - timedelta(days=60))
        raised = day_between(rng, decided, plan.day - timedelta(days=20))
        document = f"示市监处罚〔{decided.year}〕{number:06d}号"
        done = (raised + timedelta(days=9)).isoformat() if rng.random() < 0.9 else "1900/1/0 0:00:00"
        rows.append(
            (
                str(number),
                other.name,
                other.code,
                document,
                f"{decided} 00:00:00",
                MARKET,
                "完成异议",
                done,
                raised.isoformat(),
            )
        )
    header = (
        "ID", "许可/处罚行政相对人名称", "许可/处罚行政相对人统一社会信用代码", "许可/处罚文书号", "许可/处罚决定日期",
        "许可/处罚机关", "异议状态", "异议完成时间", "异议提出日期",
    )  # fmt: skip
    return Sheet("objections.csv", header, rows, encoding="gb18030")


def _wage_arrears(plan: Plan) -> Sheet:
    rng = plan.rng("wages")
    builders = [firm for firm in plan.enterprises if "建设工程" in firm.name or "建筑" in firm.name]
    rows: list[Row] = [
        _wage_row(plan, firm, number)
        for number, firm in enumerate(by_weight(rng, builders, lambda x: x.risk**6, plan.rows(12)))
    ]
    header = (
        "单位名称",
        "统一社会信用代码",
        "法定代表人",
        "列入事由",
        "列入依据",
        "列入决定文号",
        "列入日期",
        "列入期限届满日",
        "作出列入决定机关",
    )
    return Sheet("wage_arrears.csv", header, rows, title=("拖欠农民工工资失信联合惩戒对象名单",))


def _wage_row(plan: Plan, firm: Organisation, number: int) -> Row:
    rng = plan.rng(f"wage {number}")
    listed = day_between(rng, max(firm.registered, date(2022, 1, 1)), plan.day - timedelta(days=15))
    until = date(listed.year + 3, listed.month, min(listed.day, 28))
    reason = f"拖欠{rng.randrange(5, 60)}名农民工工资{rng.randrange(10, 200)}万元，经责令限期支付，逾期未支付"
    document = f"示人社欠薪列字〔{listed.year}〕{number + 1:03d}号"
    basis = "《拖欠农民工工资失信联合惩戒对象名单管理暂行办法》第五条"
    return (
        firm.name,
        firm.code,
        firm.representative,
        reason,
        basis,
        document,
        listed.isoformat(),
        until.isoformat(),
        LABOUR,
    )
