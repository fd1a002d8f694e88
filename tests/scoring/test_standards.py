import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from credit.catalogue import load_catalogue
from credit.errors import StandardInvalid
from credit.list_kinds import load_list_kinds
from scoring.standards import list_standards, load_standard, read_standard

SHIPPED = list_standards()


@pytest.fixture
def content() -> dict[str, Any]:
    return copy.deepcopy(yaml.safe_load(SHIPPED[0].read_text(encoding="utf-8")))


def test_a_comprehensive_standard_is_shipped() -> None:
    assert "comprehensive-2026-1.yaml" in [path.name for path in SHIPPED]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_standards_load_and_never_evaluate_persons(path: Path) -> None:
    standard = load_standard(path)
    assert f"{standard.name}-{standard.edition}" == path.stem
    assert "person" not in standard.subject_kinds
    assert not any(one.verified for one in standard.indicators), "no weight has a source yet"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_standards_read_only_what_the_catalogue_has(path: Path) -> None:
    standard, catalogue, kinds = load_standard(path), load_catalogue(), load_list_kinds()
    assert standard.items <= set(catalogue.items)
    for selection in standard.selections:
        for name, _values in selection.fields:
            assert all(name in catalogue.items[item].fields for item in selection.items)
        assert selection.lists <= set(kinds)


def test_no_list_without_a_legal_basis_counts_against_anybody() -> None:
    standard, kinds = load_standard(SHIPPED[0]), load_list_kinds()
    named = {name for selection in standard.selections for name in selection.lists}
    assert all(kinds[name].instrument for name in named)


def test_the_comprehensive_card_spans_a_hundred_points_and_has_no_gap() -> None:
    standard = load_standard(SHIPPED[0])
    assert standard.base + sum(one.best for one in standard.indicators) == 100_00
    assert standard.base + sum(one.worst for one in standard.indicators) == 0


def test_minor_penalties_and_judgments_never_count() -> None:
    standard = load_standard(SHIPPED[0])
    assert "judgment" not in standard.items
    for selection in standard.selections:
        if "penalty" in selection.items:
            assert selection.severities
            assert "minor" not in selection.severities


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        target: Any = content
        *parts, last = path.split(".")
        for part in parts:
            target = target[int(part) if part.lstrip("-").isdigit() else part]
        if value is None:
            del target[int(last) if last.isdigit() else last]
        else:
            target[int(last) if last.isdigit() else last] = value

    return change


REFUSED = [
    ("a missing band", _set("indicators.0.bands.1", None), "缺少区间"),
    ("no first band", _set("indicators.0.bands.0", None), "缺少起始区间"),
    ("no last band", _set("indicators.0.bands.3.below", 9), "缺少最末区间"),
    ("an overlap", _set("indicators.0.bands.0.below", 2), "区间重叠"),
    ("an empty band", _set("indicators.0.bands.1.below", 1), "区间上限不大于下限"),
    ("NaN points", _set("indicators.0.bands.0.points", math.nan), "NaN"),
    ("infinite points", _set("indicators.0.bands.0.points", math.inf), "NaN"),
    ("points of truth", _set("indicators.0.bands.0.points", True), "有限的数"),
    ("points of three decimals", _set("indicators.0.bands.0.points", 0.125), "两位小数"),
    ("an unknown aggregate", _set("indicators.0.aggregate", "median"), "未知的计算方式"),
    ("a negative window", _set("indicators.0.select.window", {"years": -3}), "时间窗口须为正数"),
    ("an empty window", _set("indicators.0.select.window", {"days": 0}), "时间窗口须为正数"),
    ("a window in parts", _set("indicators.0.select.window", {"years": 1.5}), "须为整数"),
    ("points against the direction", _set("indicators.0.better", "more"), "方向不符"),
    ("an unknown tone", _set("indicators.0.select.tones", ["bad"]), "不在允许的取值内"),
    ("an unknown severity", _set("indicators.0.select.severities", ["huge"]), "不在允许的取值内"),
    ("a key nobody knows", _set("indicators.0.wieght", 1), "不认识的内容：wieght"),
    ("an unknown key in a filter", _set("indicators.0.select.region", "x"), "不认识的内容"),
    ("a code twice", _set("indicators.1.code", "penalty_serious_3y"), "代码重复"),
    ("a weight that does not add up", _set("groups.0.weight", 38), "权重 38 与所属指标分差之和 36 不符"),
    ("an undeclared group", _set("indicators.0.group", ["别组", "x"]), "不符"),
    ("overlapping cuts", _set("cuts.1.from", 95), "等级分界重叠"),
    ("equal cuts", _set("cuts.1.from", 90), "等级分界重叠"),
    ("a missing grade", _set("cuts.1", None), "等级分界须依次"),
    ("persons", _set("subject_kinds", ["person"]), "自然人不参加评价"),
    ("nobody", _set("subject_kinds", []), "未说明评价哪些主体"),
    ("an unknown kind of subject", _set("subject_kinds", ["dog"]), "不在允许的取值内"),
    ("an unknown use", _set("use", "marketing"), "不在允许的取值内"),
    ("no items", _set("indicators.0.select.items", []), "未说明依据哪些信息"),
    ("a text that leaks", _set("indicators.0.lost", "{value.__class__}"), "只可引用"),
    ("a broken text", _set("indicators.0.lost", "{value"), "说明文字有误"),
    ("no text", _set("indicators.0.gained", " "), "缺少文字"),
    ("an unknown cap", _set("vetoes.0.cap", "E"), "不在允许的取值内"),
    ("no title", _set("title", None), "缺少或误填"),
    ("no indicators", _set("indicators", []), "没有指标"),
    ("age without points for nothing on file", _set("indicators.-1.missing", None), "无数据"),
    ("a reward for whatever comes", _set("indicators.-2.select.tones", []), "不良信息不得使分值上升"),
    ("a reward for bad news", _set("indicators.-2.select.tones", ["adverse"]), "不良信息不得使分值上升"),
]


@pytest.mark.parametrize(("change", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_faulty_standard_is_refused_with_its_reason(
    content: dict[str, Any], change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    change(content)
    with pytest.raises(StandardInvalid, match=reason) as caught:
        read_standard(content)
    assert "Traceback" not in caught.value.detail


@pytest.mark.parametrize("text", ["[]", "", "name: [", "\x00"])
def test_a_file_that_is_no_standard_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StandardInvalid):
        load_standard(path)


def test_the_digest_is_of_the_data_not_of_comments_or_order(content: dict[str, Any]) -> None:
    standard = load_standard(SHIPPED[0])
    assert read_standard(dict(reversed(content.items()))).digest == standard.digest
    assert read_standard(standard.body) == standard
    content["base"] = 79
    assert read_standard(content).digest != standard.digest
