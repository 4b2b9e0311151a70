"""The model's columns, and records of text turned into the matrix that the estimator takes.

`train` and `serve` both come through here, so a record means the same to both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["number", "ordinal", "category"]
# (records, features) of objects: float in number and ordinal columns, NaN where missing; str in category columns.
Matrix = NDArray[Any]

MOST_ORDINAL_VALUES = 10
QUOTED_CHARACTERS = 40


@dataclass(frozen=True)
class Feature:
    """A column. An ordinal is a number of which training saw at most ten values, all of them whole."""

    name: str
    kind: Kind


def infer_features(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Feature]:
    """The columns with the kind that their values have: a number where every value that is not missing is one."""
    columns = zip(*rows, strict=True)
    return [Feature(name, _kind(set(column))) for name, column in zip(names, columns, strict=True)]


def to_matrix(rows: Sequence[Sequence[str]], features: Sequence[Feature]) -> tuple[Matrix, dict[int, str]]:
    """Records of text as a matrix, and what is wrong with those that cannot be read.

    Args:
        rows: one text per feature each; "" is missing.
        features: the columns, in order.

    Returns:
        The matrix, (rows, features), and by row number what was found and expected in a bad one (whose bad cells are
        NaN in the matrix).
    """
    matrix: Matrix = np.empty((len(rows), len(features)), dtype=object)
    errors: dict[int, str] = {}
    for position, feature in enumerate(features):
        cells = [row[position] for row in rows]
        if feature.kind == "category":
            matrix[:, position] = cells
            continue
        numbers = [parse_number(cell) for cell in cells]
        for row, number in enumerate(numbers):
            if number is None:
                errors.setdefault(
                    row, f"field {position + 1} ({feature.name}): found {quote(cells[row])}, expected a number"
                )
        matrix[:, position] = [math.nan if number is None else number for number in numbers]
    return matrix, errors


def parse_number(text: str) -> float | None:
    """The number that the text writes, NaN where it is empty or says NaN, None where it is no finite number."""
    if not text:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isinf(number) else number


def quote(text: str) -> str:
    """The text in quotes on one line, shortened, for a message."""
    shown = text if len(text) <= QUOTED_CHARACTERS else text[: QUOTED_CHARACTERS - 1] + "…"
    return f'"{one_line(shown)}"'


def one_line(text: str) -> str:
    """The text with each run of white space as one space, and `?` for what UTF-8 cannot write."""
    return " ".join(text.split()).encode("utf-8", "replace").decode("utf-8")


def _kind(values: set[str]) -> Kind:
    numbers = [parse_number(value) for value in values]
    if any(number is None for number in numbers):
        return "category"
    present = {number for number in numbers if number is not None and not math.isnan(number)}
    return "ordinal" if len(present) <= MOST_ORDINAL_VALUES and all(n.is_integer() for n in present) else "number"
