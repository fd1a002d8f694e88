import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from scoring.card import Fact, Standard
from scoring.grades import evaluate
from scoring.scorecard import PointsScorecard, column_names, to_matrix
from scoring.standards import list_standards, load_standard, read_standard
from tests.scoring.histories import DAY, histories

STANDARD = load_standard(list_standards()[0])


def with_sector_grade() -> Standard:
    """The shipped card with a categorical indicator of the latest sector grade."""
    body: dict[str, Any] = copy.deepcopy(dict(STANDARD.body))
    body["indicators"].append(
        {"code": "sector_grade", "name": "行业评价", "group": ["行业评价", "等级"], "aggregate": "latest", "field": "grade",
         "select": {"items": ["honour"]}, "better": "either", "unit": "级", "categories": {"B": -1, "A": 2, "C": -3.5},
         "missing": 0, "gained": "{value}", "lost": "{value}", "basis": "x", "verified": False}
    )  # fmt: skip
    body["groups"].append({"name": "行业评价", "weight": 5.5})
    return read_standard(body)


@given(st.lists(histories, max_size=6))
@settings(max_examples=60)
def test_the_estimator_equals_the_pure_evaluation(several: list[list[Fact]]) -> None:
    matrix = to_matrix(STANDARD, several, DAY)
    card = PointsScorecard(STANDARD).fit(matrix)
    outcomes = [evaluate(STANDARD, history, DAY) for history in several]
    assert card.score_points(matrix).tolist() == [outcome.points for outcome in outcomes]
    assert card.predict(matrix).tolist() == [outcome.grade for outcome in outcomes]


@pytest.mark.parametrize("grade", ["A", "B", "C", "无", None])
def test_categories_equal_too(grade: str | None) -> None:
    standard = with_sector_grade()
    fields = {} if grade is None else {"grade": grade}
    history = [Fact(1, "honour", "favourable", held_from=DAY, fields=fields)]
    matrix = to_matrix(standard, [history], DAY)
    expected = evaluate(standard, history, DAY).points
    assert PointsScorecard(standard).fit(matrix).score_points(matrix).tolist() == [expected]


def test_it_is_an_estimator() -> None:
    card = PointsScorecard(STANDARD)
    assert clone(card).get_params() == {"standard": STANDARD}
    matrix = to_matrix(STANDARD, [[], []], DAY)
    assert make_pipeline(card).fit(matrix, ["A", "B"]).predict(matrix).tolist() == ["B", "B"]
    assert card.fit(matrix).score(matrix, ["B", "A"]) == 0.5


def test_wrong_use_is_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        PointsScorecard(STANDARD).fit(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="standard"):
        PointsScorecard().fit(np.zeros((2, 3)))
    with pytest.raises(NotFittedError):
        PointsScorecard(STANDARD).score_points(np.zeros((1, len(column_names(STANDARD)))))
