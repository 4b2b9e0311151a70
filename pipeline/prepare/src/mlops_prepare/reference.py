"""What the training rows were like, column by column, for monitoring: `reference/columns.json`.

pipeline/monitor/reference.ts has the type, ColumnReference. Memory does not grow with the rows: of a column of numbers
it holds ranges of neighbouring values once there are many, of a column of text a bounded number of texts. The counts
are exact all the same; only how equal the bins are depends on the ranges.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress
from typing import Any

from .column import Column
from .input_columns import InputColumn, input_columns

Fields = Sequence[Sequence[str]]

# Bins of a column of numbers: few enough that each has many rows of a window.
BINS = 10
# Categories that are counted by themselves; rows of others are counted together.
SHOWN_CATEGORIES = 50
# Values of numbers that are kept as they are before they become ranges.
WAITING = 1 << 15
# Ranges of a column of numbers, and how many are left of them where there are more.
MOST_RANGES = 1 << 14
KEPT_RANGES = 1 << 11
# Texts that are counted at first, and those that go on being counted where there are more.
MOST_TEXTS = 5_000
KEPT_TEXTS = 1_000


class ReferenceColumns:
    """Collects the training rows, chunk by chunk."""

    def __init__(self, features: Sequence[Column], slices: Sequence[str], sensitive: Collection[str]) -> None:
        self.rows = 0
        self._columns = input_columns(features, slices, sensitive)
        booleans = {at for at, column in enumerate(features) if column.type == "boolean"}
        self._counts: list[_Numbers | _Texts] = [
            _Numbers() if column.is_number else _Texts(folded=column.of == "feature" and column.at in booleans)
            for column in self._columns
        ]

    def add(self, slices: Fields, features: Fields, keep: Sequence[int]) -> None:
        """Adds the rows of a chunk that `keep` marks; the fields are cleaned, one sequence per column."""
        rows = sum(keep)
        if not rows:
            return
        self.rows += rows
        for column, counts in zip(self._columns, self._counts, strict=True):
            counts.add((features if column.of == "feature" else slices)[column.at], keep, rows)

    def found(self, known: Mapping[str, Sequence[str]]) -> list[dict[str, object]]:
        """ColumnReference of each column; `known` has the categories of features that have few."""
        return [self._entry(*pair, known) for pair in zip(self._columns, self._counts, strict=True)]

    @staticmethod
    def _entry(column: InputColumn, counts: _Numbers | _Texts, known: Mapping[str, Sequence[str]]) -> dict[str, object]:
        if isinstance(counts, _Numbers):
            return {"name": column.name, "type": "number", **counts.facts()}
        categories = known.get(column.source) if column.of == "feature" else None
        return {"name": column.name, "type": "category", **counts.facts(categories)}


class _Numbers:
    """The values of a column of numbers."""

    def __init__(self) -> None:
        self._rows = 0
        self._values = 0
        self._waiting = array("d")
        self._ranges: Any = None

    def add(self, fields: Sequence[str], keep: Sequence[int], rows: int) -> None:
        """Adds the fields that `keep` marks, of which there are `rows`."""
        self._rows += rows
        before = len(self._waiting)
        found: Any = getattr(fields, "array", None)
        if found is None:
            self._waiting.extend(float(value) for value in compress(fields, keep) if value)
        else:
            self._waiting.frombytes(_numbers(found, keep))
        self._values += len(self._waiting) - before
        if len(self._waiting) >= WAITING:
            self._merge()

    def _merge(self) -> None:
        import numpy as np  # noqa: PLC0415  (few data are done before it is imported)

        if self._ranges is None:
            self._ranges = Ranges()
        self._ranges.add(np.frombuffer(self._waiting, np.float64))
        self._waiting = array("d")

    def facts(self) -> dict[str, object]:
        """The entry's keys for a column of numbers."""
        if self._ranges is not None:
            self._merge()
            lows, highs, counts = (values.tolist() for values in self._ranges.found())
        else:
            counted = sorted(Counter(self._waiting).items())
            lows = highs = [value for value, _ in counted]
            counts = [count for _, count in counted]
        edges, in_bins = equal_bins(lows, highs, counts)
        return {
            "edges": edges,
            "counts": in_bins,
            "missing": self._rows - self._values,
            "range": [lows[0], highs[-1]] if counts else None,
        }


def _numbers(found: Any, keep: Sequence[int]) -> bytes:
    """The numbers in an Arrow array of text that `keep` marks, without missing ones, as bytes of doubles."""
    import pyarrow as pa  # noqa: PLC0415  (imported already where there is an array)
    import pyarrow.compute as pc  # noqa: PLC0415

    from .arrow_arrays import flag_array, numpy_of, text_scalar  # noqa: PLC0415

    kept = found if all(keep) else found.filter(flag_array(keep))
    present = pc.not_equal(kept, text_scalar(""))
    if not pc.all(present).as_py():
        kept = kept.filter(present)
    values: bytes = numpy_of(pc.cast(kept, pa.float64())).tobytes()
    return values


class Ranges:
    """Ranges of neighbouring values that do not overlap, each with the exact number of values in it."""

    def __init__(self) -> None:
        import numpy as np  # noqa: PLC0415

        self._np = np
        self._lows = self._highs = np.zeros(0)
        self._counts = np.zeros(0, np.int64)

    def add(self, values: Any) -> None:
        """Adds values; one between two ranges becomes a range."""
        np = self._np
        distinct, counts = np.unique(values, return_counts=True)
        at = np.searchsorted(self._lows, distinct, side="right") - 1
        inside = at >= 0
        if len(self._highs):
            inside &= distinct <= self._highs[at]
        self._counts += np.bincount(at[inside], counts[inside], minlength=len(self._counts)).astype(np.int64)
        new = ~inside
        if new.any():
            lows = np.concatenate([self._lows, distinct[new]])
            order = np.argsort(lows, kind="stable")
            self._lows = lows[order]
            self._highs = np.concatenate([self._highs, distinct[new]])[order]
            self._counts = np.concatenate([self._counts, counts[new]])[order]
        if len(self._lows) > MOST_RANGES:
            self._reduce()

    def _reduce(self) -> None:
        """Joins neighbours that together hold few values; a value that is frequent stays by itself."""
        np = self._np
        share = self._counts.sum() / KEPT_RANGES
        before = np.cumsum(self._counts) - self._counts
        group = (before // share).astype(np.int64)
        frequent = self._counts >= share
        starts = np.r_[True, (group[1:] != group[:-1]) | frequent[1:] | frequent[:-1]]
        first = np.flatnonzero(starts)
        last = np.r_[first[1:], len(starts)] - 1
        self._counts = np.add.reduceat(self._counts, first)
        self._lows, self._highs = self._lows[first], self._highs[last]

    def found(self) -> tuple[Any, Any, Any]:
        """Smallest and largest value of each range, ascending, and how many values are in it."""
        return self._lows, self._highs, self._counts


def equal_bins(lows: Sequence[float], highs: Sequence[float], counts: Sequence[int]) -> tuple[list[float], list[int]]:
    """Edges of at most BINS bins of about equal count, and the counts; no bin is empty. The ranges are ascending."""
    total = sum(counts)
    # The places between two ranges where a bin may begin: how many values are before each.
    before = []
    passed = 0
    for count in counts:
        before.append(passed)
        passed += count
    chosen: set[int] = set()
    at = 1
    for part in range(1, BINS):
        wanted = total * part / BINS
        while at + 1 < len(before) and before[at + 1] <= wanted:
            at += 1
        near = [place for place in (at, at + 1) if place < len(before)]
        if near:
            chosen.add(min(near, key=lambda place: (abs(before[place] - wanted), place)))
    places = sorted(chosen)
    starts = [before[place] for place in places]
    in_bins = [end - start for start, end in zip([0, *starts], [*starts, total], strict=True)]
    return [_between(highs[place - 1], lows[place]) for place in places], in_bins


def _between(below: float, above: float) -> float:
    """An edge halfway, so that a value written with fewer digits is still on its side."""
    middle = below / 2 + above / 2
    return middle if below < middle <= above and math.isfinite(middle) else above


class _Texts:
    """The texts of a column of categories, or of booleans, whose words are `folded` to small letters."""

    def __init__(self, *, folded: bool) -> None:
        self._folded = folded
        self._rows = 0
        self._counts: Counter[str] = Counter()
        # Whether texts that are not counted yet are others.
        self._closed = False
        self._others = 0

    def add(self, fields: Sequence[str], keep: Sequence[int], rows: int) -> None:
        """Adds the fields that `keep` marks, of which there are `rows`."""
        self._rows += rows
        found = self._pairs(fields, keep)
        for text, count in found:
            if self._closed and text not in self._counts:
                self._others += count
            else:
                self._counts[text] += count
        if not self._closed and len(self._counts) > MOST_TEXTS:
            self._closed = True
            kept = dict(_most(self._counts, KEPT_TEXTS))
            missing = self._counts.get("", 0)
            self._others = self._counts.total() - missing - sum(kept.values())
            self._counts = Counter({**kept, "": missing})

    def _pairs(self, fields: Sequence[str], keep: Sequence[int]) -> Iterable[tuple[str, int]]:
        found: Any = getattr(fields, "array", None)
        if found is None:
            return Counter(map(str.lower, compress(fields, keep)) if self._folded else compress(fields, keep)).items()
        import pyarrow.compute as pc  # noqa: PLC0415  (imported already where there is an array)

        from .arrow_arrays import flag_array  # noqa: PLC0415

        if not all(keep):
            found = found.filter(flag_array(keep))
        if self._folded:
            found = pc.ascii_lower(found)
        counted = found.value_counts()
        return zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)

    def facts(self, known: Sequence[str] | None) -> dict[str, object]:
        """The entry's keys for a column of categories; `known`: all of training, None where there are too many."""
        shown = _most(self._counts, SHOWN_CATEGORIES)
        missing = self._counts.get("", 0)
        if self._folded and not self._closed:
            known = sorted(text for text in self._counts if text)
        return {
            "categories": [text for text, _ in shown],
            "counts": [count for _, count in shown],
            "others": self._others + self._counts.total() - missing - sum(count for _, count in shown),
            "missing": missing,
            "known": None if known is None else list(known),
        }


def _most(counts: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    """The most frequent texts, in the order of the text where two are as frequent."""
    texts = ((text, count) for text, count in counts.items() if text)
    return sorted(texts, key=lambda pair: (-pair[1], pair[0]))[:most]
