"""Cross-validation inside `train`: the tuning objective and the operating threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    precision_recall_curve,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline

from sample_model.features import Matrix
from sample_model.folds import split_folds
from sample_model.hyperparameters import Problem

FOLDS = 5

Labels = NDArray[np.float64]


def cross_validate(
    pipeline: Pipeline, matrix: Matrix, labels: Labels, problem: Problem, groups: NDArray[np.str_] | None = None
) -> tuple[dict[str, float], float | None]:
    """Metrics by name, each the mean over the folds, and the operating threshold (binary only).

    Folds are seeded, and stratified by label where there are classes. There are fewer than five where a class has
    fewer rows or, where the data are split by group, fewer groups. No metrics where they cannot be measured: a binary
    problem with one row of a class.
    """
    splits = split_folds(labels, problem, FOLDS, groups)
    if not splits:
        return {}, None
    method = "predict" if problem == "regression" else "predict_proba"
    predictions = cross_val_predict(pipeline, matrix, labels, cv=splits, method=method)
    if problem == "binary":
        predictions = predictions[:, 1]
    per_fold = [_metrics(labels[test], predictions[test], problem) for _, test in splits]
    metrics = {name: float(np.mean([fold[name] for fold in per_fold])) for name in per_fold[0]}
    return metrics, best_f1_threshold(labels, predictions) if problem == "binary" else None


def best_f1_threshold(labels: Labels, probabilities: NDArray[np.float64]) -> float:
    """The probability at and above which calling a record positive gives the largest F1.

    The smallest such threshold where several do.
    """
    precision, recall, thresholds = precision_recall_curve(labels, probabilities)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)[:-1]
    return float(thresholds[int(np.argmax(f1))])


def _metrics(labels: Labels, predictions: NDArray[np.float64], problem: Problem) -> dict[str, float]:
    if problem == "binary":
        return {"cv_roc_auc": roc_auc_score(labels, predictions), "cv_log_loss": log_loss(labels, predictions)}
    if problem == "multiclass":
        classes = np.arange(predictions.shape[1])
        return {
            "cv_log_loss": log_loss(labels, predictions, labels=classes),
            "cv_accuracy": accuracy_score(labels, predictions.argmax(axis=1)),
        }
    return {"cv_rmse": root_mean_squared_error(labels, predictions), "cv_r2": r2_score(labels, predictions)}
