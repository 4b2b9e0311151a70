"""The pipeline's manifest: the problem, the classes and each column's type, as its prepare job settled them.

The file is in the channel that `manifest_channel` of model.yaml names. Without it, `train` tells all of this from the
training files themselves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from sample_model.container import InputError
from sample_model.hyperparameters import Problem

Type = Literal["number", "boolean", "category"]


@dataclass(frozen=True)
class Manifest:
    """The pipeline's facts about the training files.

    Attributes:
        problem: what the target is.
        classes: how many classes the target has, 0 for regression; labels are written 0 to classes - 1.
        target: the target's name.
        types: each feature's type by its name, in the order of the training files.
        header: whether a CSV file starts with a header.
        target_last: whether the target is the last column of a CSV file instead of the first.
    """

    problem: Problem
    classes: int
    target: str
    types: dict[str, Type]
    header: bool
    target_last: bool


def read_manifest(base: Path) -> Manifest | None:
    """The manifest.json of any channel under `base`; None where there is none.

    Raises:
        InputError: it is not what the pipeline writes.
    """
    paths = sorted((base / "input" / "data").glob("*/manifest.json"))
    if not paths:
        return None
    try:
        return _manifest(json.loads(paths[0].read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{paths[0]}: found no manifest of the pipeline ({type(error).__name__}: {error}), expected JSON with "
            "problem, labels, target, features and csv"
        ) from error


def _manifest(document: Any) -> Manifest:
    features = document["features"]
    layout = document["csv"]
    return Manifest(
        problem=_one_of(document["problem"], get_args(Problem)),
        classes=len(document["labels"]),
        target=document["target"],
        types={feature["name"]: _one_of(feature["type"], get_args(Type)) for feature in features},
        header=layout["header"],
        target_last=layout["target"] == "last",
    )


def _one_of(value: Any, choices: tuple[Any, ...]) -> Any:
    if value not in choices:
        raise ValueError(f"found {value!r}, expected one of {', '.join(choices)}")
    return value
