"""Invented files of departments that are not among the published ones: layouts as other cities word them, rows made up here.

Each layout is (file name, item, list of (header, meaning, kind of values)). Firms, offices and numbers are invented;
persons are born before 1900. ``make_rows`` is seeded: the same rows every time.
"""

import random
from datetime import date, timedelta

from credit.identifiers import code_fault

_WORDS = "恒瑞 鼎盛 华宇 中天 博雅 金桥 云峰 远航 联创 启明 东升 泰和 宏达 卓越 佳兴 万通".split()
_TRADES = "建筑工程 餐饮管理 商贸 科技 物业管理 文化传媒 机械设备 食品".split()
_FORMS = ["有限公司", "有限责任公司", "股份有限公司", "有限公司北京分公司", "经营部", "中心（有限合伙）"]
_OFFICES = ["静河区市场监督管理局", "静河区生态环境局", "静河区城市管理行政执法局", "静河区人民法院", "静河区税务局第一稽查局"]
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
        self.firm = f"{draw.choice(['静河', '上海', '北京', ''])}{draw.choice(_WORDS)}{number}{draw.choice(_TRADES)}{draw.choice(_FORMS)}".replace(
            str(number), draw.choice(_WORDS) + draw.choice("甲乙丙丁戊己庚辛")
        )
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
    "失信被执行人名单.csv": ("listing", [
        ("序号", "serial", "serial"), ("被执行人姓名/名称", "name", "firm"), ("身份证号码/组织机构代码", "org_code", "org"),
        ("法定代表人或者负责人姓名", "legal_rep", "person"), ("执行法院", "authority", "court"), ("案号", "doc_no", "case_no"),
        ("立案时间", "ignore", "day"), ("生效法律文书确定的义务", "content", "text"),
        ("被执行人的履行情况", "result", "performed"), ("失信被执行人行为具体情形", "facts", "facts"),
        ("发布时间", "publish_date", "published"),
    ]),
    "2023年第二季度欠税公告.csv": ("tax_arrears", [
        ("纳税人名称", "name", "firm"), ("纳税人识别号", "tax_no", "uscc"), ("法定代表人（负责人）姓名", "legal_rep", "person"),
        ("经营地点", "address", "address"), ("欠税税种", "content", "tax"), ("欠税余额（元）", "amount", "money"),
        ("公告日期", "decision_date", "day"), ("公告机关", "authority", "office"),
    ]),
    "双公示_行政许可_2018版.csv": ("licence", [
        ("XK_XDR_MC", "name", "firm"), ("XK_XDR_LB", "subject_kind", "kind"), ("XK_XDR_SHXYM", "uscc", "uscc"),
        ("XK_XDR_GSZC", "reg_no", "reg"), ("XK_FRDB", "legal_rep", "person"), ("XK_XKWS", "ignore", "text"),
        ("XK_WSH", "doc_no", "licence_doc"), ("XK_XKBH", "licence_no", "licence"), ("XK_NR", "content", "scope"),
        ("XK_JDRQ", "decision_date", "slash"), ("XK_YXQZ", "valid_from", "slash"), ("XK_YXQZI", "valid_until", "end"),
        ("XK_XKJG", "authority", "office"), ("XK_XKJGDM", "authority_code", "office_code"),
        ("XK_LYDW", "source_unit", "office"), ("XK_LYDWDM", "source_code", "office_code"), ("BZ", "remark", "none"),
    ]),
    "双公示_行政处罚_2015版.csv": ("penalty", [
        ("CF_WSH", "doc_no", "penalty_no"), ("CF_CFMC", "content", "text"), ("CF_CFLB1", "penalty_kind", "penalty_kind"),
        ("CF_SY", "facts", "facts"), ("CF_YJ", "basis", "law"), ("CF_XDR_MC", "name", "firm"), ("CF_XDR_SHXYM", "uscc", "uscc"),
        ("CF_XDR_ZDM", "org_code", "org"), ("CF_FR", "legal_rep", "person"), ("CF_JG", "penalty_content", "penalty_text"),
        ("CF_JDRQ", "decision_date", "words"), ("CF_XZJG", "authority", "office"), ("SJC", "ignore", "updated"),
    ]),
    "经营异常名录列入信息.csv": ("listing", [
        ("企业名称", "name", "firm"), ("统一社会信用代码/注册号", "uscc", "uscc"), ("列入经营异常名录原因", "reason", "violation"),
        ("列入日期", "decision_date", "day"), ("作出决定机关（列入）", "authority", "office"), ("移出日期", "ignore", "none"),
    ]),
    "工程建设领域监督检查结果.csv": ("inspection", [
        ("检查对象", "name", "firm"), ("责任主体", "ignore", "person"), ("统一社会信用代码", "uscc", "uscc"),
        ("检查事项", "content", "text"), ("检查结果", "result", "result"), ("检查日期", "decision_date", "dots"),
        ("执法人员", "ignore", "person"), ("检查机关", "authority", "office"), ("录入时间", "ignore", "updated"),
    ]),
    "区级政府采购合同公告.csv": ("contract", [
        ("合同编号", "doc_no", "contract_no"), ("合同名称", "content", "text"), ("采购人名称", "authority", "office"),
        ("供应商名称", "name", "firm"), ("供应商统一社会信用代码", "uscc", "uscc"), ("合同金额（万元）", "amount", "money"),
        ("签订日期", "decision_date", "day"), ("公告发布日期", "publish_date", "published"),
    ]),
    "食品经营许可信息.csv": ("licence", [
        ("经营者名称", "name", "firm"), ("社会信用代码", "uscc", "uscc"), ("许可证编号", "licence_no", "licence"),
        ("法定代表人（负责人）", "legal_rep", "person"), ("住所", "address", "address"), ("经营项目", "any", "scope"),
        ("发证日期", "decision_date", "day"), ("有效期至", "valid_until", "end"), ("发证机关", "authority", "office"),
        ("日常监督管理机构", "any", "office"), ("投诉举报电话", "ignore", "phone"),
    ]),
    "纳税信用A级纳税人名单.csv": ("listing", [
        ("序号", "serial", "serial"), ("纳税人识别号", "tax_no", "uscc"), ("纳税人名称", "name", "firm"),
        ("评价年度", "year", "year"), ("主管税务机关", "authority", "office"), ("信用级别", "grade", "class"),
    ]),
    "市场监管领域案件公开.csv": ("penalty", [
        ("行政处罚决定书编号", "doc_no", "penalty_no"), ("违法当事人名称", "name", "firm"), ("注册号", "uscc", "uscc"),
        ("法人姓名", "legal_rep", "person"), ("主要违法事实", "facts", "facts"), ("行政处罚种类和依据", "any", "law"),
        ("行政处罚履行方式和期限", "any", "text"), ("罚没金额（元）", "any", "fine_yuan"), ("处罚结果内容", "any", "penalty_text"),
        ("作出行政处罚的机关名称", "authority", "office"), ("作出行政处罚的日期", "decision_date", "words"), ("备注", "remark", "none"),
    ]),
    "守信激励_信用承诺公示.csv": ("commitment", [
        ("承诺主体名称", "name", "firm"), ("承诺主体统一社会信用代码", "uscc", "uscc"), ("承诺类型", "content", "text"),
        ("承诺书编号", "doc_no", "contract_no"), ("承诺日期", "decision_date", "day"), ("受理单位", "authority", "office"),
        ("承诺有效期", "valid_until", "end"),
    ]),
    "区质量奖获奖名单.csv": ("honour", [
        ("获奖单位", "name", "firm"), ("奖项名称", "content", "honour"), ("获奖年度", "year", "year"),
        ("颁奖单位", "authority", "office"), ("证书编号", "licence_no", "licence"),
    ]),
    "物业服务企业信用等级评定.csv": ("grade", [
        ("企业全称", "name", "firm"), ("营业执照统一社会信用代码", "uscc", "uscc"), ("评定等级", "grade", "grade"),
        ("评定年度", "year", "year"), ("评定单位", "authority", "office"), ("评定日期", "decision_date", "day"),
    ]),
    "市场主体登记信息.csv": ("registration", [
        ("市场主体名称", "name", "firm"), ("统一社会信用代码", "uscc", "uscc"), ("企业(机构)类型", "subject_kind", "text"),
        ("法定代表人", "legal_rep", "person"), ("注册资本", "amount", "capital"), ("成立日期", "decision_date", "day"),
        ("营业期限自", "valid_from", "day"), ("营业期限至", "valid_until", "open"), ("登记机关", "authority", "office"),
        ("核准日期", "any", "published"), ("住所", "address", "address"), ("经营范围", "content", "scope"),
        ("登记状态", "result", "performed"),
    ]),
    "城管执法处罚.csv": ("penalty", [
        ("案件名称", "content", "text"), ("被处罚单位（个人）", "name", "firm"), ("组织机构代码", "uscc", "uscc"),
        ("负责人证件号", "ignore", "none"), ("处罚文号", "doc_no", "penalty_no"), ("罚款（万元）", "fine", "fine_wan"),
        ("处罚内容", "penalty_content", "penalty_text"), ("处罚时间", "decision_date", "slash"), ("执法单位", "authority", "office"),
        ("执法单位信用代码", "authority_code", "office_code"), ("立案日期", "ignore", "day"), ("是否公示", "ignore", "yes"),
    ]),
}  # fmt: skip
