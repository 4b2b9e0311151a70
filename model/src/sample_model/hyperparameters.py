"""The hyperparameters that `train` knows, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from sample_model.container import InputError

Problem = Literal["binary", "multiclass", "regression"]
Encoding = Literal["linear", "onehot"]
T = TypeVar("T")


@dataclass(frozen=True)
class Hyperparameters:
    """What a training job can set.

    Attributes:
        C: inverse of the L2 penalty's strength, greater than 0; regression takes alpha = 1 / C.
        encoding: how whole-number columns of few values enter: as one number, or as one category per value.
        problem: None takes binary where every label is 0 or 1, and is an error otherwise.
    """

    C: float = 0.3
    encoding: Encoding = "onehot"
    problem: Problem | None = None


def parse_hyperparameters(values: dict[str, str]) -> tuple[Hyperparameters, list[str]]:
    """The known hyperparameters with defaults filled in, and the names of those that mean nothing here.

    SageMaker's own (`sagemaker_*`, `_tuning_objective_metric`) are passed over in silence.

    Raises:
        InputError: a known one has a value that is not allowed.
    """
    defaults = Hyperparameters()
    unknown = sorted(
        name
        for name in values
        if name not in Hyperparameters.__dataclass_fields__ and not name.startswith(("sagemaker_", "_tuning_"))
    )
    known = Hyperparameters(
        C=_positive("C", values.get("C"), defaults.C),
        encoding=_choice("encoding", values.get("encoding"), get_args(Encoding), defaults.encoding),
        problem=_choice("problem", values.get("problem"), get_args(Problem), defaults.problem),
    )
    return known, unknown


def _positive(name: str, text: str | None, default: float) -> float:
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise InputError(f'hyperparameter {name}: found "{text}", expected a number greater than 0')
    return value


def _choice(name: str, text: str | None, choices: tuple[T, ...], default: T) -> T:
    if text is None:
        return default
    for choice in choices:
        if choice == text:
            return choice
    raise InputError(f'hyperparameter {name}: found "{text}", expected one of {", ".join(map(str, choices))}')
