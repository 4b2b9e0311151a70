"""The categories that the training rows have, so that a release can count those that training never saw."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import compress
from typing import Any

from .column import Column

# A column with more different texts is one of names or free text rather than of categories.
MOST_CATEGORIES = 200


class Categories:
    """Collects the texts of columns of categories, chunk by chunk; a column with too many is given up."""

    def __init__(self, features: Sequence[Column], sensitive: Collection[str]) -> None:
        self._seen: dict[int, set[str]] = {
            at: set()
            for at, column in enumerate(features)
            if column.type == "category" and column.name not in sensitive
        }
        self._names = [column.name for column in features]

    def add(self, fields: Sequence[Sequence[str]], keep: Sequence[int]) -> None:
        """Adds the rows of a chunk that `keep` marks; `fields` has one sequence per feature."""
        for at, seen in list(self._seen.items()):
            array: Any = getattr(fields[at], "array", None)
            # Few texts of a chunk are new, so most of them never become text of Python's.
            seen.update(compress(fields[at], keep) if array is None else _distinct(array, keep))
            if len(seen) > MOST_CATEGORIES + ("" in seen):
                del self._seen[at]

    def found(self) -> Mapping[str, list[str]]:
        """The categories of each column that is left, sorted."""
        return {self._names[at]: sorted(seen - {""}) for at, seen in self._seen.items()}


def _distinct(array: Any, keep: Sequence[int]) -> list[str]:
    from .arrow_arrays import flag_array  # noqa: PLC0415  (imported already where there is an array)

    found: list[str] = array.filter(flag_array(keep)).unique().to_pylist()
    return found
