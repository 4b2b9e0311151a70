"""Reads plain lines of CSV at once instead of cell by cell: most batches are nothing else, and reading took longest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sample_model.features import Feature, Matrix, positions
from sample_model.numbers import parse_numbers

MOST_DIGITS = 15  # of a whole number that every float of 64 bits holds exactly

Places = NDArray[np.intp]


def plain_matrix(text: str, features: Sequence[Feature]) -> Matrix | None:
    """What `to_matrix` makes of the lines of the text, or None if they are not plain.

    Plain are ASCII lines without quotes and carriage returns, with a field for each feature, where every number is one.
    """
    if not text.isascii() or '"' in text or "\r" in text:
        return None
    text = text if text.endswith("\n") else text + "\n"
    characters = np.frombuffer(text.encode(), np.uint8)
    ends = np.flatnonzero((characters == ord(",")) | (characters == ord("\n")))
    rows = text.count("\n")
    if (
        len(ends) != rows * len(features)
        or not (characters[ends[len(features) - 1 :: len(features)]] == ord("\n")).all()
    ):
        return None
    starts = np.concatenate([[0], ends[:-1] + 1])
    matrix: Matrix = np.empty((rows, len(features)))
    for position, feature in enumerate(features):
        begin, end = starts[position :: len(features)], ends[position :: len(features)]
        is_number = feature.kind in ("number", "ordinal")
        numbers = _whole_numbers(characters, begin, end) if is_number else None
        if numbers is not None:
            matrix[:, position] = positions(numbers, feature)
            continue
        cells = [text[first:last] for first, last in zip(begin.tolist(), end.tolist(), strict=True)]
        if not is_number:
            matrix[:, position] = positions(cells, feature)
            continue
        read, bad = parse_numbers(cells)
        if bad:
            return None
        matrix[:, position] = positions(read, feature)
    return matrix


def _whole_numbers(characters: NDArray[np.uint8], begin: Places, end: Places) -> NDArray[np.float64] | None:
    """The cells between these places as numbers, NaN where empty; None if one is more than some digits."""
    lengths = end - begin
    longest = int(lengths.max())
    if longest > MOST_DIGITS:
        return None
    numbers = np.zeros(len(begin), np.int64)
    for place in range(longest):
        rows = np.flatnonzero(lengths > place)
        # A character below "0" wraps around to a large number.
        digits = characters[begin[rows] + place] - np.uint8(ord("0"))
        if digits.max() > 9:
            return None
        numbers[rows] = numbers[rows] * 10 + digits
    return np.where(lengths == 0, np.nan, numbers)
