"""The problem type, held against the labels."""

from __future__ import annotations

from collections.abc import Iterable

from sample_model.container import InputError
from sample_model.hyperparameters import Problem
from sample_model.manifest import Manifest


def resolve_problem(problem: Problem | None, labels: Iterable[float], manifest: Manifest | None) -> Problem:
    """The problem to train for: the manifest's, else the one asked for, else binary where every label is 0 or 1.

    Raises:
        InputError: the labels do not fit the problem, or nothing says which it is.
    """
    if manifest and problem not in (None, manifest.problem):
        raise InputError(
            f"hyperparameter problem: found {problem}, expected {manifest.problem} as mlops.yaml says (leave it out)"
        )
    problem = manifest.problem if manifest else problem
    distinct = sorted(set(labels))
    found = ", ".join(f"{label:g}" for label in distinct[:5]) + (", ..." if len(distinct) > 5 else "")
    if problem is None and not set(distinct) <= {0, 1}:
        raise InputError(f"found labels {found}: set the hyperparameter problem to multiclass or regression")
    if problem in (None, "binary") and distinct != [0, 1]:
        raise InputError(f"found labels {found}, expected both 0 and 1 for a binary problem")
    classes = manifest.classes if manifest else len(distinct)
    if problem == "multiclass" and (classes < 2 or distinct != list(range(classes))):
        last = classes - 1 if manifest else "k-1"
        raise InputError(f"found labels {found}, expected every one of 0 to {last} for a multiclass problem")
    if problem == "regression" and len(distinct) < 2:
        raise InputError(f"found the label {found} only, expected a number that varies for a regression problem")
    return problem or "binary"
