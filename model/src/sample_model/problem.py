"""The problem type, held against the labels."""

from __future__ import annotations

from collections.abc import Collection

from sample_model.container import InputError
from sample_model.hyperparameters import Problem


def resolve_problem(problem: Problem | None, labels: Collection[float]) -> Problem:
    """The problem to train for: the one asked for, or binary where none was and every label is 0 or 1.

    Raises:
        InputError: the labels do not fit the problem, or none was asked for and they are not 0 and 1.
    """
    distinct = sorted(set(labels))
    found = ", ".join(f"{label:g}" for label in distinct[:5]) + (", ..." if len(distinct) > 5 else "")
    if problem is None and not set(distinct) <= {0, 1}:
        raise InputError(f"found labels {found}: set the hyperparameter problem to multiclass or regression")
    if problem in (None, "binary") and distinct != [0, 1]:
        raise InputError(f"found labels {found}, expected both 0 and 1 for a binary problem")
    if problem == "multiclass" and (len(distinct) < 2 or distinct != list(range(len(distinct)))):
        raise InputError(f"found labels {found}, expected every one of 0 to k-1 for a multiclass problem")
    if problem == "regression" and len(distinct) < 2:
        raise InputError(f"found the label {found} only, expected a number that varies for a regression problem")
    return problem or "binary"
