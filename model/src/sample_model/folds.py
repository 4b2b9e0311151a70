"""The folds of cross-validation. Rows of one group, such as a person, are never in training and test at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from sample_model.container import InputError
from sample_model.hyperparameters import Problem

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
SEED = 0


def read_groups(base: Path, rows: int) -> NDArray[np.str_] | None:
    """The group of each training row; None where the data are not split by group.

    The file is beside the pipeline's manifest, in whatever channel that is (`model.manifest_channel`): one hash for
    each training row, in their order.

    Raises:
        InputError: it has another number of rows.
    """
    paths = sorted((base / "input" / "data").glob("*/groups.txt"))
    if not paths:
        return None
    groups = np.array(paths[0].read_text(encoding="ascii").split())
    if len(groups) != rows:
        raise InputError(f"{paths[0]}: found {len(groups)} groups, expected one for each of {rows} training rows")
    return groups


def split_folds(
    labels: NDArray[np.float64], problem: Problem, most: int, groups: NDArray[np.str_] | None = None
) -> list[Fold]:
    """Training and test rows of at most `most` seeded folds, stratified by label where there are classes.

    There are fewer where a class has fewer rows or groups; none where one of two classes has a single one.
    """
    units = np.arange(len(labels)) if groups is None else groups
    if problem == "regression":
        count = min(most, len(np.unique(units)))
        if count < 2:
            return []
        splitter: Any = KFold(count, shuffle=True, random_state=SEED) if groups is None else GroupKFold(count)
        return list(splitter.split(labels, labels, groups))
    smallest = min(len(np.unique(units[labels == label])) for label in np.unique(labels))
    if problem == "multiclass":
        smallest = max(2, smallest)
    for folds in range(min(most, smallest), 1, -1):
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        found: list[Fold] = list(kind(folds, shuffle=True, random_state=SEED).split(labels, labels, groups))
        # Groups may be so uneven that a fold lacks a class, without which a binary problem has no metrics.
        if problem == "multiclass" or all(_has_every_class(labels, part) for fold in found for part in fold):
            return found
    return []


def _has_every_class(labels: NDArray[np.float64], rows: NDArray[np.intp]) -> bool:
    return len(np.unique(labels[rows])) == len(np.unique(labels))
