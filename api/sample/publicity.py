"""The two 双公示 files in the layout of 2018 (发改办财金〔2018〕424号): administrative licences and administrative
penalties.

Money is in 万元 as that layout wants, and now and then in yuan, in words, or missing, as departments send it.
Natural persons stand among the organisations: some with their number, some masked (王*明).
"""

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from api.sample.codes import credit_code, serial_body
from api.sample.mess import by_weight, day_between, in_words, spell_day, spoil
from api.sample.organisations import Organisation
from api.sample.people import SamplePerson
from api.sample.plan import Plan
from api.sample.sheets import Row, Sheet
from api.sample.story import STORY, STORY_PENALTIES
from api.sample.words import MARKET, REGION
from models.terms import SubjectKind

MARKET_CODE = credit_code("11", REGION, serial_body("99", 800_000))
_PARTY = (
    "行政相对人名称", "行政相对人类别", "行政相对人代码_1(统一社会信用代码)", "行政相对人代码_2(工商注册号)",
    "行政相对人代码_3(组织机构代码)", "行政相对人代码_4(税务登记号)", "行政相对人代码_5(事业单位证书号)",
    "行政相对人代码_6(社会组织登记证号)", "法定代表人", "法定代表人证件类型", "法定代表人证件号码", "证件类型",
    "证件号码",
)  # fmt: skip
LICENCE_COLUMNS = (
    *_PARTY, "行政许可决定文书名称", "行政许可决定文书号", "许可类别", "许可证书名称", "许可编号", "许可内容",
    "许可决定日期", "有效期自", "有效期至", "许可机关", "许可机关统一社会信用代码", "当前状态", "数据来源单位",
    "数据来源单位统一社会信用代码", "备注",
)  # fmt: skip
PENALTY_COLUMNS = (
    *_PARTY, "行政处罚决定书文号", "违法行为类型", "违法事实", "处罚依据", "处罚类别", "处罚内容", "罚款金额（万元）",
    "没收违法所得、没收非法财物的金额（万元）", "暂扣或吊销证照名称及编号", "处罚决定日期", "处罚有效期", "公示截止期",
    "处罚机关", "处罚机关统一社会信用代码", "数据来源单位", "数据来源单位统一社会信用代码", "备注",
)  # fmt: skip


class Breach(NamedTuple):
    """A kind of breach, its ground in law, the kinds of penalty, and for how many months it is published."""

    violation: str
    basis: str
    kinds: str
    months: int


_FINE_AND_SEIZURE = "罚款;没收违法所得、没收非法财物"
BREACHES: tuple[Breach, ...] = (
    Breach(
        "经营超过保质期的食品",
        "《中华人民共和国食品安全法》第一百二十四条第一款第（五）项",
        _FINE_AND_SEIZURE,
        36,
    ),
    Breach(
        "未经许可从事食品经营活动",
        "《中华人民共和国食品安全法》第一百二十二条第一款",
        "罚款",
        36,
    ),
    Breach(
        "销售不合格产品",
        "《中华人民共和国产品质量法》第五十条",
        _FINE_AND_SEIZURE,
        36,
    ),
    Breach(
        "使用未经定期检验的特种设备",
        "《中华人民共和国特种设备安全法》第八十四条第（一）项",
        "罚款",
        36,
    ),
    Breach(
        "发布虚假广告",
        "《中华人民共和国广告法》第五十五条第一款",
        "罚款",
        36,
    ),
    Breach(
        "生产经营致病性微生物超限的食品，情节严重",
        "《中华人民共和国食品安全法》第一百二十四条第一款第（二）项",
        "罚款;暂扣或者吊销许可证、暂扣或者吊销执照",
        36,
    ),
    Breach(
        "未明码标价",
        "《中华人民共和国价格法》第四十二条",
        "罚款",
        3,
    ),
    Breach(
        "未按规定亮证经营",
        "《中华人民共和国市场主体登记管理条例》第四十八条",
        "警告",
        3,
    ),
)
_WEIGHTS = (16, 10, 12, 14, 12, 2, 24, 10)
_BRACKETS = ("〔{}〕",) * 8 + ("[{}]", "﹝{}﹞", "【{}】", " 〔{}〕 ")


def publicity_sheets(plan: Plan) -> list[Sheet]:
    """Licences (xlsx) and penalties (gb18030)."""
    return [_licences(plan), _penalties(plan)]


def _party(subject: Organisation | SamplePerson, name: str = "", masked: bool = False) -> tuple[str, ...]:
    if isinstance(subject, SamplePerson):
        shown = subject.masked if masked else subject.name
        number = "***" if masked else subject.number
        return (shown, "自然人", "", "", "", "", "", "", "", "", "", "身份证", number)
    shop = subject.kind == SubjectKind.individual_business
    kind = "个体工商户" if shop else "法人及非法人组织"
    old = (
        (subject.reg_no, subject.org_code, subject.tax_no if len(subject.tax_no) == 15 else "")
        if subject.reg_no
        else ("/", "", "/")
    )
    return (name or subject.name, kind, subject.code, *old, "", "", subject.representative, "身份证", "***", "", "")


def _licences(plan: Plan) -> Sheet:
    rng = plan.rng("licences")
    rows: list[Row] = [_licence_row(rng, firm, plan.day, number) for number, firm in enumerate(STORY.values())]
    for number, firm in enumerate(rng.choices(plan.firms, k=plan.rows(7400)), start=100):
        rows.append(_licence_row(rng, firm, plan.day, number))
    sheet = Sheet("licences.xlsx", LICENCE_COLUMNS, rows)
    spoil(rng, sheet, code=2, name=0, day=19)
    return sheet


def _licence_row(rng: Random, firm: Organisation, day: date, number: int) -> Row:
    decided = day_between(rng, max(firm.registered, date(2018, 1, 1)), day - timedelta(days=8))
    until = (
        "2099-12-31" if rng.random() < 0.2 else date(decided.year + 5, decided.month, min(decided.day, 28)).isoformat()
    )
    document = f"示市监许{rng.choice(_BRACKETS[:9]).format(decided.year)}{number:06d}号"
    begin = decided if rng.random() < 0.5 else decided.isoformat()
    kind = rng.choices(("普通", "核准", "登记", "其他-备案"), (80, 10, 8, 2))[0]
    return (
        *_party(firm), "准予行政许可决定书", document, kind, firm.licence, f"JY{decided.year}{number:08d}",
        f"准予{firm.licence}许可", begin, begin, until, MARKET, MARKET_CODE, "1", MARKET, MARKET_CODE, "",
    )  # fmt: skip


def _penalties(plan: Plan) -> Sheet:
    rng = plan.rng("penalties")
    rows: list[Row] = []
    for number, firm in enumerate(by_weight(rng, plan.firms, lambda each: each.risk**3, plan.rows(2300)), start=1):
        rows.append(_drawn_penalty(rng, firm, plan.day, number))
    for number, person in enumerate(rng.choices(plan.people, k=plan.rows(200)), start=500_000):
        rows.append(_drawn_penalty(rng, person, plan.day, number))
    for number in range(plan.rows(6)):  # a person's number typed into the column of codes
        place = rng.randrange(len(rows))
        rows[place] = (*rows[place][:2], plan.people[number].number, *rows[place][3:])
    sheet = Sheet("penalties.csv", PENALTY_COLUMNS, rows, encoding="gb18030")
    spoil(rng, sheet, code=2, name=0, day=22)
    told = [_story_penalty(rng, plan.day, place) for place in range(len(STORY_PENALTIES))]
    sheet.rows[:0] = told
    sheet.untrue = {number + len(told) for number in sheet.untrue}
    return sheet


def _story_penalty(rng: Random, day: date, place: int) -> Row:
    told = STORY_PENALTIES[place]
    party = _party(STORY[told.key], told.name)
    decided = day - timedelta(days=told.days_ago)
    return _penalty_row(rng, party, told.document_number, BREACHES[told.breach], told.yuan, decided, plain=True)


def _drawn_penalty(rng: Random, subject: Organisation | SamplePerson, day: date, number: int) -> Row:
    start = max(subject.registered, date(2020, 1, 1)) if isinstance(subject, Organisation) else date(2020, 1, 1)
    decided = day_between(rng, start, day - timedelta(days=3))
    breach = rng.choices(BREACHES, _WEIGHTS)[0]
    yuan = rng.choice((200, 500, 1000, 2000, 3000, 5000, 10_000, 20_000, 50_000, 65_250)) * (
        10 if breach.months > 3 else 1
    )
    document = f"示市监处罚{rng.choice(_BRACKETS).format(decided.year)}{number:06d}号"
    old = subject.former_name if isinstance(subject, Organisation) and decided.year < 2023 else ""
    return _penalty_row(rng, _party(subject, old, rng.random() < 0.3), document, breach, yuan, decided)


def _money(rng: Random, yuan: int, plain: bool) -> tuple[str, str]:
    """The fine as the column holds it (万元) and as the text tells it."""
    told = f"罚款人民币{in_words(yuan)}" if rng.random() < 0.3 else f"罚款{yuan}元"
    usual = f"{yuan / 10_000:g}"
    if plain:
        return usual, told
    return rng.choices((usual, f"{yuan / 10_000:.6f}", "", str(yuan), "/"), (60, 25, 9, 3, 3))[0], told


def _penalty_row(
    rng: Random, party: tuple[str, ...], document: str, breach: Breach, yuan: int, decided: date, plain: bool = False
) -> Row:
    fine, told = _money(rng, yuan, plain) if "罚款" in breach.kinds else ("", "警告")
    seized = f"{yuan / 40_000:g}" if "没收" in breach.kinds else ""
    content = f"{told}；没收违法所得{yuan / 4:g}元" if seized else told
    revoked = "食品生产许可证" if "吊销" in breach.kinds else ""
    content += f"；吊销{revoked}" if revoked else ""
    end = decided + timedelta(days=breach.months * 365 // 12)
    facts = f"当事人{party[0]}于{decided.year}年经检查发现{breach.violation}，违反{breach.basis}的规定。"
    days = [spell_day(rng, each, 2, 0.0 if plain else 0.15) for each in (decided, end)]
    return (
        *party, document, breach.violation, facts, breach.basis, breach.kinds, content, fine, seized, revoked, days[0],
        "2099/12/31", days[1], MARKET, MARKET_CODE, MARKET, MARKET_CODE, "",
    )  # fmt: skip
