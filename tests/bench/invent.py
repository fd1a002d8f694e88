# ruff: noqa: E501 (a command that prints; sentences of a table)
"""Invented firms and files for the benchmarks: seeded, with right check characters, as many as asked.

Where ``../shared/data`` lies beside the project the *names* of the search figure are the real registry's first (they stay
in the git-ignored ``.bench``); everywhere else every firm is invented and carries 示范.
"""

import csv
import gzip
import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

from api.sample.codes import credit_code, serial_body
from api.sample.words import BRAND_FIRST, BRAND_SECOND, FORMS, TRADES
from credit.names import normalise_name

PENALTY_HEADER = (
    "相对人名称", "统一社会信用代码", "决定书文号", "违法类型", "违法事实", "处罚类别", "处罚内容", "罚款金额（万元）", "处罚决定日期", "处罚机关",
)  # fmt: skip
PENALTY_MEANS = (
    "name", "uscc", "doc_no", "violation", "facts", "penalty_kind", "penalty_content", "fine", "decision_date", "authority",
)  # fmt: skip
REGISTRY_HEADER = (
    "企业名称", "统一社会信用代码", "成立日期", "注册资金", "经营范围", "法定代表人", "住所", "登记机关", "登记状态", "备注",
)  # fmt: skip
REGISTRY_MEANS = (
    "name", "uscc", "decision_date", "amount", "content", "legal_rep", "address", "authority", "result", "remark",
)  # fmt: skip
VIOLATIONS = (
    "超范围经营",
    "未按规定明码标价",
    "虚假宣传",
    "未取得许可从事经营",
    "产品质量不合格",
    "消防设施未保持完好有效",
)
BODIES = ("示范区市场监督管理局", "示范区生态环境局", "示范区消防救援支队", "示范区城市管理执法局", "示范区交通委员会")
BRANDS = [
    first + second + third for first in BRAND_FIRST for second in BRAND_SECOND for third in ("", *BRAND_FIRST[::3])
]


def firm_code(number: int) -> str:
    """The code of the numbered firm."""
    return credit_code("91", "310106", serial_body("MX", number))


def firm_name(number: int) -> str:
    """The name of the numbered firm; no two share one below twenty million."""
    rest, brand = divmod(number * 7919 % (len(BRANDS) * 20011), len(BRANDS))
    trade, form = TRADES[rest % len(TRADES)][0], FORMS[rest // 7 % len(FORMS)][0]
    return f"示范{BRANDS[brand]}{BRAND_SECOND[rest % 31]}{BRAND_FIRST[rest // 31 % 29]}{trade}{form}"


def real_names(data: Path) -> list[str]:
    """Names of the real registry, each once; empty where the folder is absent."""
    found: dict[str, None] = {}
    for path in sorted((data / "registry").glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if name := normalise_name(row["企业名称"] or ""):
                    found.setdefault(name)
    return list(found)


def penalty_rows(firms: Iterator[int], *, first: int = 0, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Rows of a penalty file (行政处罚), one per firm given."""
    rng, start = Random(seed), date(2019, 1, 1)
    for place, firm in enumerate(firms, start=first):
        day = start + timedelta(days=rng.randrange(2800))
        fine, violation = rng.choice((0.05, 0.2, 0.5, 1, 3, 5.5, 20)), rng.choice(VIOLATIONS)
        body = BODIES[place % len(BODIES)]
        yield (
            firm_name(firm), firm_code(firm), f"示监罚〔{day.year}〕{place}号", violation,
            f"经查，当事人于{day.isoformat()}在经营场所内存在{violation}的行为，违反有关规定，现场检查笔录{place}号为证",
            "罚款" if place % 3 else "警告,罚款", f"责令改正，处以罚款{fine}万元", str(fine), day.isoformat(), body,
        )  # fmt: skip


def registry_rows(firms: Iterator[int], *, seed: int = 2) -> Iterator[tuple[str, ...]]:
    """Rows of a registry file (登记注册), one per firm."""
    rng, start = Random(seed), date(1998, 1, 1)
    for firm in firms:
        trade = TRADES[firm % len(TRADES)]
        day = start + timedelta(days=rng.randrange(9800))
        yield (
            firm_name(firm), firm_code(firm), day.isoformat(), f"{rng.choice((10, 50, 100, 1000))}万元人民币", trade[1],
            f"赵{BRAND_FIRST[firm % 29]}{BRAND_SECOND[firm % 31]}", f"示范市示范区望川路{firm % 999}号", BODIES[0], "存续", "",
        )  # fmt: skip


def spread(count: int, firms: int, *, offset: int = 0) -> Iterator[int]:
    """``count`` firm numbers over ``firms`` firms, mixed as a file is."""
    rng = Random(count)
    return (offset + rng.randrange(firms) for _ in range(count))


def half_new(count: int, known: int) -> Iterator[int]:
    """Firm numbers of which every second was never seen before, the others among ``known``."""
    rng, fresh = Random(count + 1), itertools.count(known)
    return (next(fresh) if place % 2 else rng.randrange(known) for place in range(count))


def write_csv(path: Path, header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Path:
    """Write a file as a department would send it, once."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(header)
            writer.writerows(rows)
        temporary.replace(path)
    return path
