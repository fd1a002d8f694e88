"""What the simulated city platform knows of the sample district by itself: decisions of city bodies, and news about them.

Some of the news speaks of a decision that is supplied only after it, as happens between two platforms.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from api.sample.plan import Plan
from api.sample.story import STORY
from models.terms import SubjectKind

PENALTIES = "SH-CF-01"
LICENCES = "SH-XK-01"
DEBTORS = "SH-MD-01/SX-001"
CITY_MARKET = "示范市市场监督管理局"
CITY_SAFETY = "示范市应急管理局"
CITY_COURT = "示范市中级人民法院"
CITY = "示范市公共信用信息服务平台"
KIND_CODES = {
    SubjectKind.enterprise: "1", SubjectKind.individual_business: "2", SubjectKind.organisation: "3",
    SubjectKind.government: "4",
}  # fmt: skip


def write_city(folder: Path, plan: Plan) -> None:
    """Write what the city supplies and tells at the start; the same plan gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    supply, news = city_rows(plan)
    for name, rows in (("supply.jsonl", supply), ("news.jsonl", news)):
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def city_rows(plan: Plan) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows supplied and pieces of news."""
    rng = plan.rng("city")
    told = {firm.code for firm in STORY.values()}
    firms = rng.sample([firm for firm in plan.enterprises if firm.code not in told], plan.rows(60))
    supply: list[dict[str, Any]] = []
    news: list[dict[str, Any]] = []
    for number, firm in enumerate(firms):
        party = {"XDR_MC": firm.name, "XDR_LX": KIND_CODES[firm.kind], "XDR_DM": firm.code, "SJLYDW": CITY}
        day = plan.day - timedelta(days=30 + 9 * number)
        if number % 10 == 9:
            address, row = DEBTORS, {
                "WSH": f"（{day.year}）示01执{500 + number}号", "JDRQ": day.isoformat(), "JDJG": CITY_COURT,
                "SS": "违反财产报告制度", "YXQZ": (day + timedelta(days=730)).isoformat(),
            }  # fmt: skip
        elif number % 3 == 0:
            address, row = LICENCES, {
                "WSH": f"示危许〔{day.year}〕{number}号", "ZZBH": f"SHI-{day.year}-{number:04d}", "NR": "危险化学品经营",
                "JDRQ": day.isoformat(), "JDJG": CITY_SAFETY, "YXQQ": day.isoformat(),
                "YXQZ": (day + timedelta(days=1095)).isoformat(),
            }  # fmt: skip
        else:
            fine = rng.choice((2000, 5000, 10_000, 30_000))
            address, row = PENALTIES, {
                "WSH": f"示市监处〔{day.year}〕{100 + number}号", "WFXWLX": "违反广告管理规定", "SS": "发布虚假广告",
                "YJ": "《中华人民共和国广告法》第五十五条", "CFLB": "罚款", "CFNR": f"处罚款{fine}元", "FKJE": str(fine),
                "JDRQ": day.isoformat(), "JDJG": CITY_MARKET,
            }  # fmt: skip
            if number % 15 == 1:
                news.append(_repair(firm.code, row, plan))
        supply.append({"address": address, "row": {**party, **row}})
    return supply, news


def _repair(code: str, row: dict[str, Any], plan: Plan) -> dict[str, Any]:
    return {
        "kind": "20", "item": PENALTIES, "list": None, "code": code, "document_number": row["WSH"],
        "authority": row["JDJG"], "decided_on": row["JDRQ"], "effective_on": plan.day.isoformat(),
        "cause": "已完成信用修复（信用修复管理办法）",
    }  # fmt: skip
