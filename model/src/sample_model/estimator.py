"""The estimator: a linear model on scaled numbers and a column per category, and what each feature contributes to it.

A feature's contribution is what it adds to a record's score beyond what it adds on average over the training rows, so
that the intercept is the score of an average record: the exact Shapley value of a linear model with independent
features (Lundberg and Lee 2017, corollary 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from sample_model.features import Feature, Matrix
from sample_model.hyperparameters import Problem

Values = NDArray[np.float64]


def build_pipeline(features: Sequence[Feature], problem: Problem, c: float) -> Pipeline:
    """The unfitted pipeline for matrices of `sample_model.features`."""
    model = (
        Ridge(alpha=1 / c, solver="sparse_cg", tol=1e-8)
        if problem == "regression"
        else LogisticRegression(C=c, max_iter=1000)
    )
    return Pipeline([("design", Design(features)), ("model", model)])


class Column(NamedTuple):
    """A column that the linear model sees: a feature's scaled value, its flag of a missing one, or a level."""

    feature: int
    # The position of the level; None for a value or a flag.
    level: int | None
    flag: bool = False


class Design(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Makes the linear model's columns from a matrix of `sample_model.features`.

    A number is scaled to mean 0 and standard deviation 1; a missing one takes the mean and raises a flag of its own. A
    category has a column for each of its levels, or one where there are two of them: that of the rarer. What does not
    vary in training has no column.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = features

    def fit(self, matrix: Matrix, _labels: object = None) -> Design:
        """Measures the features of the training rows."""
        self.columns_: list[Column] = []
        self.means_ = np.zeros(len(self.features))
        self.scales_ = np.ones(len(self.features))
        # The share of the rows at each level, by feature; for a number, the share of missing ones.
        self.shares_: list[Values] = []
        for position, feature in enumerate(self.features):
            cells = matrix[:, position]
            if feature.kind == "number":
                self._measure(position, cells)
                continue
            counts = np.bincount(cells[~np.isnan(cells)].astype(int), minlength=len(feature.levels) + feature.rare)
            self.shares_.append(counts / len(cells))
            seen = [int(level) for level in np.flatnonzero(counts)]
            if len(seen) == 2:
                seen = [min(reversed(seen), key=counts.__getitem__)]
            elif len(seen) < 2:
                seen = []
            self.columns_ += [Column(position, level) for level in seen]
        return self

    def _measure(self, position: int, cells: Values) -> None:
        missing = np.isnan(cells)
        present = cells[~missing]
        self.shares_.append(np.array([missing.mean()]))
        # Divided first, because the squares of large numbers have none.
        unit = np.abs(present).max(initial=0) or 1.0
        scaled = present / unit
        self.means_[position] = scaled.mean() * unit if len(scaled) else 0.0
        spread = scaled.std() if len(scaled) else 0.0
        # A constant's spread is what rounding leaves of it.
        if spread > 1e-12:
            self.scales_[position] = spread * unit
            self.columns_.append(Column(position, None))
        if 0 < len(present) < len(cells):
            self.columns_.append(Column(position, None, flag=True))

    def number(self, matrix: Matrix, column: Column) -> Values:
        """A number as the linear model sees it: its scaled values, or its flags."""
        cells = matrix[:, column.feature]
        missing = np.isnan(cells)
        if column.flag:
            return missing.astype(float)
        return np.where(missing, 0.0, (cells - self.means_[column.feature]) / self.scales_[column.feature])

    def mean(self, column: Column) -> float:
        """A column's mean over the training rows."""
        if column.level is not None:
            return float(self.shares_[column.feature][column.level])
        return float(self.shares_[column.feature][0]) if column.flag else 0.0

    def transform(self, matrix: Matrix) -> csr_matrix:
        """The columns, (rows, columns); one column of zeros where nothing varies."""
        rows = len(matrix)
        # A record has one entry for each number, flag and category: (column, value), column by column.
        entries: list[tuple[NDArray[np.intp], Values]] = []
        of_level: dict[int, dict[int, int]] = {}
        for at, column in enumerate(self.columns_):
            if column.level is None:
                entries.append((np.full(rows, at), self.number(matrix, column)))
            else:
                of_level.setdefault(column.feature, {})[column.level] = at
        for position, columns in of_level.items():
            table = np.full(len(self.shares_[position]) + 1, -1)
            table[list(columns)] = list(columns.values())
            found = table[_levels(matrix[:, position], len(table) - 1)]
            entries.append((np.maximum(found, 0), (found >= 0).astype(float)))
        shape = (rows, max(len(self.columns_), 1))
        if not entries:
            return csr_matrix(shape)
        indices, values = (np.column_stack(parts) for parts in zip(*entries, strict=True))
        starts = np.arange(0, indices.size + 1, indices.shape[1])
        design = csr_matrix((values.ravel(), indices.ravel(), starts), shape)
        design.eliminate_zeros()
        return design


class LinearScorer:
    """A fitted pipeline as coefficients: what `serve` scores with and the report explains."""

    def __init__(self, pipeline: Pipeline, problem: Problem) -> None:
        self._design: Design = pipeline[0]
        columns = self._design.columns_
        self._coefficients: Values = np.atleast_2d(pipeline[-1].coef_)
        intercepts = np.atleast_1d(pipeline[-1].intercept_)
        if problem == "multiclass" and len(intercepts) == 1:
            # scikit-learn fits two classes as one output: the second against the first.
            self._coefficients, intercepts = (
                np.concatenate([-values / 2, values / 2]) for values in (self._coefficients, intercepts)
            )
        means = np.array([self._design.mean(column) for column in columns])
        self._numbers = [(at, column) for at, column in enumerate(columns) if column.level is None]
        # What each level adds beyond the average, (outputs, levels), by feature; the last is an unknown level's 0.
        self._tables: dict[int, Values] = {}
        self.intercepts = intercepts + self._coefficients[:, : len(columns)] @ means
        for at, column in enumerate(columns):
            if column.level is None:
                continue
            levels = len(self._design.shares_[column.feature])
            table = self._tables.setdefault(column.feature, np.zeros((len(self._coefficients), levels + 1)))
            table[:, column.level] += self._coefficients[:, at]
            table[:, :levels] -= self._coefficients[:, at, None] * means[at]

    def contributions(self, matrix: Matrix) -> Values:
        """What each feature adds to each linear score, (outputs, records, features), beyond its average.

        Outputs are one, or one per class; the unit is that of the score: log-odds, or the predicted value's. Summed
        without BLAS, so that a record's answer is the same to the last digit whatever is in the batch with it.
        """
        found = np.zeros((len(self._coefficients), *matrix.shape))
        for at, column in self._numbers:
            values = self._design.number(matrix, column) - self._design.mean(column)
            found[:, :, column.feature] += self._coefficients[:, at, None] * values
        for position, table in self._tables.items():
            found[:, :, position] = table[:, _levels(matrix[:, position], table.shape[1] - 1)]
        return found

    def scores(self, contributions: Values) -> Values:
        """The linear scores, (records, outputs), from what `contributions` gives."""
        return np.asarray(contributions.sum(axis=2).T + self.intercepts)

    def coefficients(self) -> list[tuple[int | None, str, float]]:
        """Each coefficient with its class (None where there is one output) and its column's name, the largest first."""
        named = [
            (None if len(self._coefficients) == 1 else output, self._name(column), float(values[at]))
            for output, values in enumerate(self._coefficients)
            for at, column in enumerate(self._design.columns_)
        ]
        return sorted(named, key=lambda coefficient: -abs(coefficient[2]))

    def _name(self, column: Column) -> str:
        feature = self._design.features[column.feature]
        if column.level is None:
            return f"{feature.name} missing" if column.flag else feature.name
        return f"{feature.name}={feature.shown(column.level)}"


def _levels(cells: Values, unknown: int) -> NDArray[np.intp]:
    """Positions of levels as whole numbers; `unknown` for none."""
    return np.where(np.isnan(cells), unknown, cells).astype(np.intp)
