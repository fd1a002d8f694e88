"""Invented files of departments that are not among the published ones: layouts as other cities word them, rows made up here.

Each layout is (file name, item, list of (header, meaning, kind of values)). Firms, offices and numbers are invented;
persons are born before 1900. ``make_rows`` is seeded: the same rows every time.
"""

import random
from datetime import date, timedelta
from pathlib import Path

import yaml

from credit.identifiers import code_fault

JUDGED = frozenset(
    (
        *("name", "uscc", "reg_no", "org_code", "tax_no", "id_no", "doc_no", "licence_no"),
        *("authority", "authority_code", "source_unit", "source_code", "fine", "confiscated", "amount"),
        *("grade", "year", "decision_date", "publish_date", "valid_from", "valid_until", "publication_end"),
    )
)
"""The meanings that are judged: identity, dates, numbers, authorities, amounts, grades."""
_WORDS = [
    "恒瑞",
    "鼎盛",
    "华宇",
    "中天",
    "博雅",
    "金桥",
    "云峰",
    "远航",
    "联创",
    "启明",
    "东升",
    "泰和",
    "宏达",
    "卓越",
    "佳兴",
    "万通",
]
_TRADES = ["建筑工程", "餐饮管理", "商贸", "科技", "物业管理", "文化传媒", "机械设备", "食品"]
_FORMS = ["有限公司", "有限责任公司", "股份有限公司", "有限公司北京分公司", "经营部", "中心（有限合伙）"]
_OFFICES = [
    "静河区市场监督管理局",
    "静河区生态环境局",
    "静河区城市管理行政执法局",
    "静河区人民法院",
    "静河区税务局第一稽查局",
]
_SURNAMES = "王李张刘陈杨赵黄周吴"
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _finish(body):
    return next(body + last for last in _ALPHABET if code_fault(body + last) is None)


def _org(number):
    body = f"{number:08d}"
    total = sum(int(c) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return body + "0123456789X0"[(11 - total % 11) % 12 if 11 - total % 11 != 11 else 11]


def _reg(number):
    digits, p = f"310106{number:08d}", 10
    for digit in digits:
        p = 2 * (((p + int(digit)) % 10) or 10) % 11
    return digits + str((11 - p) % 10)


class Row:
    """The facts of one invented row; every kind of value is drawn from the same firm and day."""

    def __init__(self, draw, number):
        self.draw, self.number = draw, number
        name = draw.choice(_WORDS) + draw.choice(_WORDS) + draw.choice("甲乙丙丁戊己庚辛")
        self.firm = draw.choice(["静河", "上海", "北京", ""]) + name + draw.choice(_TRADES) + draw.choice(_FORMS)
        self.day = date(2021, 1, 4) + timedelta(days=draw.randrange(1_200))
        self.fine = draw.choice([500, 1_000, 2_000, 5_000, 10_000, 35_000, 120_000])
        self.office = draw.choice(_OFFICES[:3])
        self.org = _org(10_000_000 + number * 37)

    def value(self, kind):
        """One cell of this kind."""
        draw, day = self.draw, self.day
        made = {
            "firm": lambda: self.firm,
            "uscc": lambda: _finish("91310106" + self.org),
            "org": lambda: f"{self.org[:8]}-{self.org[8]}",
            "reg": lambda: _reg(1_000 + self.number),
            "serial": lambda: str(self.number + 1),
            "day": lambda: day.isoformat(),
            "slash": lambda: f"{day.year}/{day.month}/{day.day}",
            "dots": lambda: f"{day.year}.{day.month:02d}.{day.day:02d}",
            "words": lambda: f"{day.year}年{day.month}月{day.day}日",
            "end": lambda: (day + timedelta(days=365 * draw.choice([1, 3]))).isoformat(),
            "open": lambda: draw.choice(["2099-12-31", (day + timedelta(days=365)).isoformat()]),
            "published": lambda: (day + timedelta(days=draw.randrange(1, 7))).isoformat(),
            "updated": lambda: f"{(day + timedelta(days=9)).isoformat()} {draw.randrange(24):02d}:{draw.randrange(60):02d}:17",
            "office": lambda: self.office,
            "office_code": lambda: _finish("11310106" + _org(700 + _OFFICES.index(self.office))),
            "court": lambda: "静河区人民法院",
            "penalty_no": lambda: f"静市监罚字〔{day.year}〕第{self.number:04d}号",
            "licence_doc": lambda: f"静许决字〔{day.year}〕{self.number}号",
            "case_no": lambda: f"({day.year})沪0106执{self.number + 100}号",
            "licence": lambda: f"JY13101060{self.number:06d}",
            "contract_no": lambda: f"HT-{day.year}-{self.number:05d}",
            "violation": lambda: draw.choice(["未按规定公示年报", "违反食品安全操作规范", "占用城市道路"]),
            "facts": lambda: f"经查，当事人于{day.year}年{day.month}月在经营场所内存在违法行为，执法人员现场检查时发现上述情况。",
            "law": lambda: "《中华人民共和国食品安全法》第一百二十六条第一款",
            "penalty_kind": lambda: draw.choice(["罚款", "警告", "警告;罚款"]),
            "penalty_text": lambda: f"罚款人民币{self.fine}元",
            "fine_wan": lambda: str(self.fine / 10_000),
            "fine_yuan": lambda: f"{self.fine:.2f}",
            "money": lambda: str(draw.randrange(1, 900) * 100),
            "capital": lambda: f"{draw.choice([50, 100, 1000])}万元人民币",
            "person": lambda: draw.choice(_SURNAMES) + draw.choice(["**", "*明", "某"]),
            "result": lambda: draw.choice(["未发现问题", "发现问题已责令改正", "合格"]),
            "grade": lambda: draw.choice("ABCD"),
            "class": lambda: "A级",
            "year": lambda: str(day.year),
            "address": lambda: f"上海市静河区中山路{self.number + 1}号{draw.randrange(1, 9)}室",
            "scope": lambda: "日用百货销售；技术开发、技术咨询；食品经营",
            "kind": lambda: draw.choice(["法人及非法人组织", "法人及非法人组织", "个体工商户"]),
            "text": lambda: draw.choice(["年度报告", "质量信用", "专项任务"]),
            "performed": lambda: draw.choice(["全部未履行", "部分履行"]),
            "yes": lambda: draw.choice(["是", "否"]),
            "phone": lambda: "021-6000" + f"{self.number:04d}",
            "honour": lambda: draw.choice(["质量标杆企业", "文明示范单位称号"]),
            "tax": lambda: draw.choice(["增值税", "企业所得税"]),
            "none": lambda: "",
        }  # fmt: skip
        return made[kind]()


def make_rows(layout, count=40, seed=7):
    """The header and the invented rows of a layout."""
    draw = random.Random(seed)
    header = [header for header, _, _ in layout]
    rows = []
    for number in range(count):
        row = Row(draw, number)
        rows.append([row.value(kind) for _, _, kind in layout])
    return header, rows


LAYOUTS = {
    name: (entry["item"], [tuple(column) for column in entry["columns"]])
    for name, entry in yaml.safe_load(
        (Path(__file__).parent / "truth" / "invented.yaml").read_text(encoding="utf-8")
    ).items()
}
