"""The estimator: a linear model on scaled numbers and one-hot categories, and what each feature contributes to it.

Every column that the linear model sees is centred on its training mean, so that its intercept is the score of an
average record and coefficient times value is the feature's contribution: the exact Shapley value of a linear model
with independent features (Lundberg and Lee 2017, corollary 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sample_model.features import Feature, Matrix
from sample_model.hyperparameters import Encoding, Problem

MOST_CATEGORIES = 100  # of one feature; the rarer ones share a column, so that memory stays bounded


def build_pipeline(features: Sequence[Feature], problem: Problem, c: float, encoding: Encoding) -> Pipeline:
    """The unfitted pipeline for matrices of `sample_model.features`.

    Missing numbers take the mean and raise a flag of their own; a missing category is a category; a category that
    training never saw counts as a rare one where there were any, else as average in none.
    """
    onehot = ("category", "ordinal") if encoding == "onehot" else ("category",)
    numbers = [i for i, feature in enumerate(features) if feature.kind not in onehot]
    categories = [i for i, feature in enumerate(features) if feature.kind in onehot]
    impute = SimpleImputer(strategy="mean", add_indicator=True, keep_empty_features=True)
    encode = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=MOST_CATEGORIES,
        sparse_output=False,
        feature_name_combiner=_position_and_category,
    )
    columns = ColumnTransformer(
        [
            ("numbers", Pipeline([("impute", impute), ("scale", StandardScaler())]), numbers),
            ("categories", Pipeline([("encode", encode), ("centre", StandardScaler(with_std=False))]), categories),
        ]
    )
    model = Ridge(alpha=1 / c) if problem == "regression" else LogisticRegression(C=c, max_iter=1000)
    return Pipeline([("columns", columns), ("model", model)])


class LinearScorer:
    """A fitted pipeline as coefficients: what `serve` scores with and the report explains."""

    def __init__(self, pipeline: Pipeline, features: Sequence[Feature]) -> None:
        self._transform = pipeline[:-1].transform
        columns = _describe_columns(pipeline[0], features)
        # Each feature's columns side by side, in the features' order, so that they can be summed.
        self._order = sorted(range(len(columns)), key=lambda column: columns[column][0])
        self._positions, self._labels = zip(*(columns[column] for column in self._order), strict=True)
        self._starts = [self._positions.index(position) for position in range(len(features))]
        self._coefficients: NDArray[np.float64] = np.atleast_2d(pipeline[-1].coef_)[:, self._order]
        self._intercepts: NDArray[np.float64] = np.atleast_1d(pipeline[-1].intercept_)

    def contributions(self, matrix: Matrix) -> NDArray[np.float64]:
        """What each feature adds to each linear score, (outputs, records, features).

        Outputs are one, or one per class; the unit is that of the score: log-odds, or the predicted value's. Summed row
        by row, without BLAS, so that a record's answer is the same to the last digit whatever is in the batch with it.
        """
        columns = np.take(self._transform(matrix), self._order, axis=1)
        return np.stack([np.add.reduceat(columns * values, self._starts, axis=1) for values in self._coefficients])

    def scores(self, contributions: NDArray[np.float64]) -> NDArray[np.float64]:
        """The linear scores, (records, outputs), from what `contributions` gives."""
        return np.asarray(contributions.sum(axis=2).T + self._intercepts)

    def coefficients(self) -> list[tuple[int | None, str, float]]:
        """Each coefficient with its class (None where there is one output) and its column's name, the largest first."""
        outputs = self._coefficients
        named = [
            (None if len(outputs) == 1 else output, label, float(value))
            for output, values in enumerate(outputs)
            for label, value in zip(self._labels, values, strict=True)
        ]
        return sorted(named, key=lambda coefficient: -abs(coefficient[2]))


def _position_and_category(position: str, category: Any) -> str:
    return f"{position}={category:g}" if isinstance(category, float) else f"{position}={category}"


def _describe_columns(columns: Any, features: Sequence[Feature]) -> list[tuple[int, str]]:
    """For each column that the linear model sees, the position of its feature and a name for people."""
    described: list[tuple[int, str]] = []
    for transformer_name, transformer, positions in columns.transformers_:
        if transformer_name == "numbers" and len(positions):
            described += [(position, features[position].name) for position in positions]
            flagged = transformer.named_steps["impute"].indicator_.features_
            described += [(positions[i], f"{features[positions[i]].name} missing") for i in flagged]
        elif transformer_name == "categories" and len(positions):
            for name in transformer.named_steps["encode"].get_feature_names_out(
                [str(position) for position in positions]
            ):
                position, _, category = name.partition("=")
                shown = {"infrequent_sklearn": "(rare)", "nan": "(missing)", "": "(missing)"}.get(category, category)
                described.append((int(position), f"{features[int(position)].name}={shown}"))
    return described
