"""The model's columns, and text turned into the matrix that the estimator takes.

`train` and `serve` both come through here, so a record means the same to both.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sample_model.hyperparameters import Encoding
from sample_model.manifest import Type
from sample_model.numbers import parse_number, parse_numbers

# An ordinal is a number that enters as one category per value.
Kind = Literal["number", "ordinal", "boolean", "category"]
# A column of the training files: numbers where its type is known to be number, else text; NaN and "" are missing.
Cells: TypeAlias = "array[float] | list[str]"
# (records, features): a number column's values, NaN where missing; any other's positions among its feature's levels,
# NaN where training saw no such level.
Matrix = NDArray[np.float64]

MOST_ORDINAL_VALUES = 10
# A level with a column of its own has at least so many rows, and one in a thousand: fewer tell little of it, an id has
# one each, and so there are never more than a thousand columns.
LEAST_ROWS = 3
LEAST_SHARE = 1000
RARE = "(rare)"
MISSING = "(missing)"
QUOTED_CHARACTERS = 40

_LEADING_ZERO = re.compile(r"[+-]?0[0-9]").match


@dataclass(frozen=True)
class Feature:
    """A column.

    Attributes:
        name: its name.
        kind: how its cells are read.
        levels: of every kind but number, the values with a column of their own; "" is the missing one.
        rare: whether training saw further values, too rare for a column of their own. They share one, at the position
            after the levels, with every value that training never saw.
    """

    name: str
    kind: Kind
    levels: list[str]
    rare: bool

    def shown(self, position: int) -> str:
        """The level at a position, for people."""
        return RARE if position == len(self.levels) else self.levels[position] or MISSING


def describe_features(
    columns: Mapping[str, Cells], types: Mapping[str, Type] | None, encoding: Encoding
) -> list[Feature]:
    """The columns by name as features.

    Args:
        columns: all training rows of each.
        types: as the manifest has them; None tells them by the values: a number where every value that is not missing
            is one, and none has a leading zero.
        encoding: how numbers of at most ten values, all of them whole, enter.
    """
    return [
        _describe(name, cells, types[name] if types else _type_of(cells), encoding) for name, cells in columns.items()
    ]


def training_matrix(columns: Sequence[Cells], features: Sequence[Feature]) -> Matrix:
    """The training rows, column by column, as a matrix."""
    return np.column_stack(
        [_positions(_as_read(cells, feature.kind), feature) for cells, feature in zip(columns, features, strict=True)]
    )


def to_matrix(rows: Sequence[Sequence[str]], features: Sequence[Feature]) -> tuple[Matrix, dict[int, str]]:
    """Records of text as a matrix, and what is wrong with those that cannot be read.

    Args:
        rows: one text per feature each; "" is missing.
        features: the columns, in order.

    Returns:
        The matrix, (rows, features), and by row number what was found and expected in a bad one (whose bad cells are
        NaN in the matrix).
    """
    matrix: Matrix = np.empty((len(rows), len(features)))
    errors: dict[int, str] = {}
    columns = zip(*rows, strict=True) if rows else [()] * len(features)
    for position, (feature, cells) in enumerate(zip(features, columns, strict=True)):
        if feature.kind not in ("number", "ordinal"):
            matrix[:, position] = _positions(cells, feature)
            continue
        numbers, bad = parse_numbers(cells)
        for row in bad:
            errors.setdefault(
                row, f"field {position + 1} ({feature.name}): found {quote(cells[row])}, expected a number"
            )
        matrix[:, position] = _positions(numbers, feature)
    return matrix, errors


def quote(text: str) -> str:
    """The text in quotes on one line, shortened, for a message."""
    shown = text if len(text) <= QUOTED_CHARACTERS else text[: QUOTED_CHARACTERS - 1] + "…"
    return f'"{one_line(shown)}"'


def one_line(text: str) -> str:
    """The text with each run of white space as one space, and `?` for what UTF-8 cannot write."""
    return " ".join(text.split()).encode("utf-8", "replace").decode("utf-8")


def _type_of(cells: Cells) -> Type:
    if isinstance(cells, array):
        return "number"
    plain = all(parse_number(cell) is not None and not _LEADING_ZERO(cell) for cell in set(cells))
    return "number" if plain else "category"


def _describe(name: str, cells: Cells, type_: Type, encoding: Encoding) -> Feature:
    kind: Kind = type_
    if type_ == "number":
        kind = "ordinal" if encoding == "onehot" and _is_ordinal(_as_read(cells, "number")) else "number"
    if kind == "number":
        return Feature(name, kind, [], rare=False)
    texts = Counter(map(_level(kind), _as_read(cells, kind)))
    least = max(LEAST_ROWS, len(cells) // LEAST_SHARE)
    common = [level for level, rows in texts.items() if rows >= least]
    levels = sorted(common, key=(lambda level: (not level, float(level or 0))) if kind == "ordinal" else None)
    return Feature(name, kind, levels, rare=len(levels) < len(texts))


def _is_ordinal(numbers: Sequence[float] | Sequence[str]) -> bool:
    values = np.unique(np.array(numbers, dtype=float))
    values = values[~np.isnan(values)]
    return len(values) <= MOST_ORDINAL_VALUES and bool(np.all((values == np.floor(values)) & (np.abs(values) < 1e15)))


def _as_read(cells: Cells, kind: Kind) -> Sequence[float] | Sequence[str]:
    """Training cells as numbers where the kind is one of numbers; their texts were checked before."""
    if isinstance(cells, array) or kind not in ("number", "ordinal"):
        return cells
    return [number for number in map(parse_number, cells) if number is not None]


def _positions(cells: Sequence[float] | Sequence[str], feature: Feature) -> NDArray[np.float64]:
    if feature.kind == "number":
        return np.array(cells, dtype=float)
    known = {level: float(position) for position, level in enumerate(feature.levels)}
    other = float(len(feature.levels)) if feature.rare else math.nan
    text = _level(feature.kind)
    if feature.kind == "ordinal":
        numbers, places = np.unique(np.array(cells, dtype=float), return_inverse=True)
        return np.array([known.get(text(number), other) for number in numbers.tolist()], dtype=float)[places]
    positions = {cell: known.get(text(cell), other) for cell in set(cells)}
    return np.fromiter(map(positions.__getitem__, cells), dtype=float, count=len(cells))


def _level(kind: Kind) -> Callable[[Any], str]:
    """The function that makes a cell of this kind the text of its level."""
    if kind == "ordinal":
        return lambda number: "" if math.isnan(number) else f"{number:.17g}"
    return str.lower if kind == "boolean" else str
