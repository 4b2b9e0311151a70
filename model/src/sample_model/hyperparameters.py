"""The hyperparameters that `train` knows, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Literal, TypeVar, get_args

from sample_model.container import InputError
from sample_model.numbers import parse_number

Problem = Literal["binary", "multiclass", "regression"]
Encoding = Literal["linear", "onehot"]
T = TypeVar("T")


@dataclass(frozen=True)
class Hyperparameters:
    """What a training job can set.

    Attributes:
        C: inverse of the L2 penalty's strength, greater than 0; regression takes alpha = 1 / C.
        encoding: how whole-number columns of few values enter: as one number, or as one category per value.
        problem: for training files without the pipeline's manifest; None takes binary where every label is 0 or 1, and
            is an error otherwise.
    """

    C: float = 0.3
    encoding: Encoding = "onehot"
    problem: Problem | None = None


def parse_hyperparameters(values: Mapping[str, str]) -> tuple[Hyperparameters, list[str]]:
    """The known hyperparameters with defaults filled in, and a sentence on each that means nothing here.

    SageMaker's own (`sagemaker_*`, `_tuning_objective_metric`) are passed over in silence. Values are taken to the
    letter: a number is written as in 0.3 or 1e-2, without spaces.

    Raises:
        InputError: a known one has a value that is not allowed.
    """
    defaults = Hyperparameters()
    names = [field.name for field in fields(Hyperparameters)]
    unknown = sorted(name for name in values if name not in names and not name.startswith(("sagemaker_", "_tuning_")))
    known = Hyperparameters(
        C=_positive("C", values.get("C"), defaults.C),
        encoding=_choice("encoding", values.get("encoding"), get_args(Encoding), defaults.encoding),
        problem=_choice("problem", values.get("problem"), get_args(Problem), defaults.problem),
    )
    return known, [_passed_over(name, names) for name in unknown]


def _passed_over(name: str, names: list[str]) -> str:
    by_lower_case = {known.lower(): known for known in names}
    near = get_close_matches(name.lower(), by_lower_case, n=1)
    hint = f"did you mean {by_lower_case[near[0]]}?" if near else f"it knows {', '.join(names)}."
    return f"The model has no hyperparameter {name}, which did nothing; {hint}"


def _positive(name: str, text: str | None, default: float) -> float:
    if text is None:
        return default
    value = parse_number(text)
    # NaN is not greater than 0 either.
    if value is None or not value > 0:
        raise InputError(
            f'hyperparameter {name}: found "{text}", expected a number greater than 0, such as 0.3 or 1e-2'
        )
    return value


def _choice(name: str, text: str | None, choices: tuple[T, ...], default: T) -> T:
    if text is None:
        return default
    for choice in choices:
        if choice == text:
            return choice
    raise InputError(f'hyperparameter {name}: found "{text}", expected one of {", ".join(map(str, choices))}')
