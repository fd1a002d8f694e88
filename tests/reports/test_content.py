from collections.abc import Callable
from datetime import date

import pytest

from reports.content import (
    ChapterKind,
    CreditReport,
    Provenance,
    RecordBlock,
    Section,
    SourceFreshness,
    arrange_chapters,
    format_fen,
    format_freshness,
    format_provenance,
    format_value,
    summarise,
)


@pytest.mark.parametrize(
    ("fen", "printed"),
    [
        (200_000, "2,000.00 元"),
        (0, "0.00 元"),
        (1, "0.01 元"),
        (-105, "-1.05 元"),
        (123_456_789_012, "1,234,567,890.12 元"),
    ],
)
def test_amounts(fen: int, printed: str) -> None:
    assert format_fen(fen) == printed


@pytest.mark.parametrize(
    ("value", "printed"), [(date(2025, 3, 4), "2025-03-04"), ("罚款", "罚款"), ("", "—"), (None, "—")]
)
def test_values(value: str | date | None, printed: str) -> None:
    assert format_value(value) == printed


def test_provenance_says_where_from_and_since_when() -> None:
    whole = Provenance("区税务局", date(2025, 3, 14), date(2026, 11, 18))
    assert format_provenance(whole) == "来源 区税务局 · 决定 2025-03-14 · 更新 2026-11-18"
    assert format_provenance(Provenance("区税务局")) == "来源 区税务局"


def test_a_silent_source_is_named_as_such() -> None:
    sources = [SourceFreshness("区税务局", date(2026, 11, 18)), SourceFreshness("区人民法院", None)]
    assert format_freshness(sources) == "区税务局 2026-11-18、区人民法院 尚未报送"


def test_chapters_follow_the_standard_and_hide_the_evaluation_without_a_gap() -> None:
    section = Section("重大税收违法", (), "名单")
    without = arrange_chapters({ChapterKind.serious_listings: [section]}, evaluated=False)
    assert [chapter.title for chapter in without][3:7] == [
        "严重失信主体名单",
        "经营异常名录",
        "信用承诺",
        "司法判决与执行",
    ]
    assert without[3].sections == (section,)
    assert len(arrange_chapters({}, evaluated=True)) == len(without) + 1 == 9


def test_overview_counts_and_names_what_nobody_collects() -> None:
    records = tuple(
        RecordBlock("", (), Provenance("区税务局", day)) for day in (date(2025, 1, 1), date(2026, 1, 1), None)
    )
    line = summarise(Section("行政处罚", records))
    assert (line.count, line.latest, line.collected) == (3, date(2026, 1, 1), True)
    assert summarise(Section("其他", (), "其他")).collected
    assert not summarise(Section("其他")).collected


def test_identity_is_not_counted(make_report: Callable[..., CreditReport]) -> None:
    assert "登记注册信息" not in [line.category for line in make_report().summary()]
