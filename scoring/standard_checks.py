"""What must hold in a standard before it may be used; each fault is said in Chinese with its place. [pure]"""

import string
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

from credit.errors import StandardInvalid
from models.terms import Grade, Tone
from scoring.card import Indicator, Standard
from scoring.indicators import AGGREGATES

CATEGORICAL = "latest"


def fail(where: str, reason: str) -> NoReturn:
    """Refuse a standard, naming the place."""
    raise StandardInvalid(f"{where}：{reason}", where=where)


def check_standard(standard: Standard) -> None:
    """Raise StandardInvalid unless every value has points, cuts fall, weights add up and adverse records never help."""
    if not standard.indicators:
        fail("indicators", "没有指标")
    codes = [one.code for one in standard.indicators] + [one.code for one in standard.vetoes]
    for code in codes:
        if codes.count(code) > 1:
            fail(code, "代码重复")
    if not standard.subject_kinds:
        fail("subject_kinds", "未说明评价哪些主体")
    if "person" in standard.subject_kinds and standard.use != "incentive":
        fail("subject_kinds", "自然人不参加评价")
    _check_cuts(standard)
    for selection, code in zip(standard.selections, codes, strict=True):
        if not selection.items:
            fail(code, "未说明依据哪些信息")
    for indicator in standard.indicators:
        _check_indicator(indicator)
    _check_weights(standard)


def _check_cuts(standard: Standard) -> None:
    grades = [cut.grade for cut in standard.cuts]
    if grades != [grade.value for grade in Grade]:
        fail("cuts", "等级分界须依次为 A、B、C、D")
    starts = [cut.start for cut in standard.cuts]
    if any(above <= below for above, below in pairwise(starts)):
        fail("cuts", "等级分界重叠或次序有误")


def _check_indicator(indicator: Indicator) -> None:
    if indicator.aggregate == CATEGORICAL:
        if not indicator.field or not indicator.categories or indicator.bands:
            fail(indicator.code, "取最近值的指标须有字段与各取值的分值，不设区间")
    else:
        _check_bands(indicator)
        _check_direction(indicator)
    for text in (indicator.gained, indicator.lost):
        _check_text(indicator.code, text)


def _check_bands(indicator: Indicator) -> None:
    code, bands = indicator.code, indicator.bands
    if indicator.categories or indicator.field:
        fail(code, "此计算方式不设取值分值")
    if not bands or bands[0].start != AGGREGATES[indicator.aggregate].lowest:
        fail(code, "缺少起始区间")
    for band, following in zip(bands, [*bands[1:], None], strict=True):
        if band.stop is not None and band.stop <= band.start:
            fail(code, "区间上限不大于下限")
        if following is None:
            if band.stop is not None:
                fail(code, "缺少最末区间（无上限）")
        elif band.stop is None or band.stop > following.start:
            fail(code, "区间重叠")
        elif band.stop < following.start:
            fail(code, "缺少区间")


def _check_direction(indicator: Indicator) -> None:
    points = [band.points for band in indicator.bands]
    rising = all(low <= high for low, high in pairwise(points))
    falling = all(low >= high for low, high in pairwise(points))
    if (indicator.better == "more" and not rising) or (indicator.better == "less" and not falling):
        fail(indicator.code, "分值的升降与指标方向不符")
    if indicator.better == "either":
        fail(indicator.code, "数值指标须说明方向")
    response = AGGREGATES[indicator.aggregate].response * (1 if indicator.better == "more" else -1)
    helped = len(set(points)) > 1 and response > 0
    if AGGREGATES[indicator.aggregate].empty is None:
        helped = helped or indicator.missing < max(points)
        if response < 0 and indicator.missing < max(points):
            fail(indicator.code, "无记录者的分值不得低于有不良记录者")
    tones = indicator.select.tones
    if helped and (not tones or Tone.adverse.value in tones):
        fail(indicator.code, "不良信息不得使分值上升")


def _check_text(code: str, text: str) -> None:
    try:
        names = {name for _, name, spec, conversion in string.Formatter().parse(text) if name is not None}
    except ValueError as cause:
        raise StandardInvalid(f"{code}：说明文字有误", where=code) from cause
    if not names <= {"value"}:
        fail(code, "说明文字只可引用 {value}")


def _check_weights(standard: Standard) -> None:
    names = [group.name for group in standard.groups]
    if len(set(names)) != len(names):
        fail("groups", "一级指标重复")
    for group in standard.groups:
        members = [one for one in standard.indicators if one.group[0] == group.name]
        if group.weight != _span(members):
            fail(group.name, f"权重 {group.weight / 100:g} 与所属指标分差之和 {_span(members) / 100:g} 不符")
    strays = {one.group[0] for one in standard.indicators} - set(names)
    if strays:
        fail(sorted(strays)[0], "一级指标未声明权重")


def _span(indicators: Sequence[Indicator]) -> int:
    return sum(one.best - one.worst for one in indicators)
