"""The standard as a scikit-learn estimator over an indicator matrix: the seat that later, fitted models share.

One column per indicator in the card's order, then one per veto (1 where it applies, else 0); what has no value is NaN, and a
category is the place of its name among the card's sorted categories. Points and grades equal those of ``scoring.grades``,
held so by a property test. ``fit`` learns nothing from the rows: the weights come from the card, not from outcomes.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from scoring.card import Fact, Indicator, Standard
from scoring.grades import BEST_FIRST
from scoring.indicators import choose, matches, measure

Matrix = NDArray[np.float64]
Points = NDArray[np.int64]


def column_names(standard: Standard) -> list[str]:
    """Names of the matrix's columns: indicators, then vetoes."""
    return [one.code for one in standard.indicators] + [one.code for one in standard.vetoes]


def to_matrix(standard: Standard, histories: Iterable[Sequence[Fact]], day: date) -> Matrix:
    """Histories as a matrix on a day, one row each."""
    rows = [_row(standard, history, day) for history in histories]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(column_names(standard)))


def _row(standard: Standard, history: Sequence[Fact], day: date) -> list[float]:
    row = []
    for indicator in standard.indicators:
        facts = [fact for fact in history if matches(indicator.select, fact)]
        row.append(_number(indicator, measure(indicator, facts, day).value))
    for veto in standard.vetoes:
        facts = [fact for fact in history if matches(veto.select, fact)]
        row.append(1.0 if choose(veto.select, facts, day)[0] else 0.0)
    return row


def _number(indicator: Indicator, value: int | str | None) -> float:
    if isinstance(value, str):
        names = [name for name, _ in indicator.categories]
        return float(names.index(value)) if value in names else math.nan
    return math.nan if value is None else float(value)


class PointsScorecard(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Points and grades of a standard for whole matrices; ``predict`` gives the letters, ``score_points`` the hundredths."""

    def __init__(self, standard: Standard | None = None) -> None:
        self.standard = standard

    def fit(self, X: object, y: object = None) -> Self:  # noqa: N803 (scikit-learn's own name)
        """Check the width of the matrix and set ``classes_``; nothing is learnt. Raises ValueError."""
        matrix = self._checked(X)
        self.classes_: NDArray[Any] = np.array(list(BEST_FIRST))
        self.n_features_in_: int = matrix.shape[1]
        return self

    def score_points(self, X: object) -> Points:  # noqa: N803
        """Points in hundredths, one per row."""
        check_is_fitted(self)
        matrix, standard = self._checked(X), self._standard()
        points = np.full(len(matrix), standard.base, dtype=np.int64)
        for place, indicator in enumerate(standard.indicators):
            points += _points(indicator, matrix[:, place])
        return points

    def predict(self, X: object) -> NDArray[Any]:  # noqa: N803
        """The grade of each row, vetoes applied."""
        points, matrix, standard = self.score_points(X), self._checked(X), self._standard()
        bounds = np.array([-cut.start for cut in standard.cuts[:-1]])
        grades = np.searchsorted(bounds, -points, side="left")
        for place, veto in enumerate(standard.vetoes, start=len(standard.indicators)):
            cap = BEST_FIRST.index(veto.cap)
            grades = np.where(matrix[:, place] > 0, np.maximum(grades, cap), grades)
        letters: NDArray[Any] = self.classes_[grades]
        return letters

    def _standard(self) -> Standard:
        if self.standard is None:
            raise ValueError("a scorecard needs a standard")
        return self.standard

    def _checked(self, X: object) -> Matrix:  # noqa: N803
        matrix = np.asarray(X, dtype=np.float64)
        width = len(column_names(self._standard()))
        if matrix.ndim != 2 or matrix.shape[1] != width:
            raise ValueError(f"the matrix needs {width} columns")
        return matrix


def _points(indicator: Indicator, values: Matrix) -> Points:
    if indicator.categories:
        table = np.array([points for _, points in indicator.categories], dtype=np.int64)
        known = np.nan_to_num(values, nan=0.0).astype(np.int64)
    else:
        table = np.array([band.points for band in indicator.bands], dtype=np.int64)
        known = np.searchsorted([band.start for band in indicator.bands], values, side="right") - 1
    return np.where(np.isnan(values), indicator.missing, table[np.clip(known, 0, len(table) - 1)])
