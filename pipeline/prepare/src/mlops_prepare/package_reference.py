"""Reads what a package was like when it was judged: pipeline/monitor/reference.ts has the type, Reference."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from .config import Problem
from .errors import ConfigError


@dataclass(frozen=True)
class ScoreBins:
    """The bins of a score; `name` is its class, "" for binary scores and values."""

    name: str
    edges: Sequence[float]


@dataclass(frozen=True)
class NumberBins:
    """The bins of a column of numbers: a value is left of an edge if it is smaller."""

    name: str
    edges: Sequence[float]


@dataclass(frozen=True)
class CategoryBins:
    """The categories of a column that are counted by themselves, and all that training saw; None: too many to list."""

    name: str
    categories: Sequence[str]
    known: Sequence[str] | None

    @property
    def folded(self) -> bool:
        """Whether it is a column of booleans, which are written True, TRUE or true."""
        return bool(self.known) and set(self.known or ()) <= {"false", "true"}


ColumnBins = NumberBins | CategoryBins


@dataclass(frozen=True)
class PackageReference:
    """What counts of production are counted in."""

    problem: Problem
    labels: Sequence[str]
    scores: Sequence[ScoreBins]
    columns: Sequence[ColumnBins]

    @property
    def decides(self) -> bool:
        """Whether the model answers classes alone: the score of a prediction is the number of its class."""
        return self.problem != "regression" and not self.scores

    @property
    def width(self) -> int:
        """How many scores a prediction has: one for each class of a multiclass problem, unless the model decides."""
        return len(self.labels) if self.problem == "multiclass" and not self.decides else 1

    def places(self) -> list[int]:
        """Of each of `scores`, which score of a prediction it is."""
        if self.problem != "multiclass":
            return [0] * len(self.scores)
        return [list(self.labels).index(bins.name) for bins in self.scores]


def read_reference(path: Path, package: str) -> PackageReference:
    """The reference in the file; ConfigError says what is missing or wrong."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; the reference of the package {package} is expected there") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from None
    try:
        if document["version"] != 1:
            raise ValueError(f"version {document['version']!r}, 1 is expected")
        problem = document["problem"]
        if problem not in get_args(Problem):
            raise ValueError(f"problem {problem!r}, one of {', '.join(get_args(Problem))} is expected")
        labels = _texts(document["labels"])
        least = {"binary": 2, "multiclass": 2, "regression": 0}[problem]
        if len(labels) < least or (problem == "binary" and len(labels) > 2) or (problem == "regression" and labels):
            raise ValueError(f"{len(labels)} labels of a problem {problem}")
        scores = [ScoreBins(_text(score["name"]), _edges(score["edges"])) for score in document["scores"]]
        names = [score.name for score in scores]
        expected = list(labels) if problem == "multiclass" else [""]
        if names and sorted(names) != sorted(expected):
            raise ValueError(f"scores {names}, {expected} are expected")
        columns = [_column(column) for column in document["columns"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"{path}: it is no reference of a package: {type(error).__name__}: {error}") from None
    return PackageReference(problem, labels, scores, columns)


def _column(column: dict[str, Any]) -> ColumnBins:
    if column["type"] == "number":
        return NumberBins(_text(column["name"]), _edges(column["edges"]))
    if column["type"] != "category":
        raise ValueError(f"a column of type {column['type']!r}, number or category is expected")
    known = column["known"]
    return CategoryBins(_text(column["name"]), _texts(column["categories"]), None if known is None else _texts(known))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r}, text is expected")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or len(set(map(_text, value))) != len(value):
        raise ValueError("a list of different texts is expected")
    return value


def _edges(value: Any) -> list[float]:
    edges = [float(edge) for edge in value]
    if not all(map(math.isfinite, edges)) or any(low >= high for low, high in pairwise(edges)):
        raise ValueError("edges are expected to be finite and to ascend")
    return edges
