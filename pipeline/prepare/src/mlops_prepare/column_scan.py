"""Looks at a column chunk by chunk: the kinds of its fields, and what a warning about it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .column import BOOLEAN, CODE, FLOAT, INFINITE, INTEGER, MARKER, NUMERIC, TEXT, Column, column_of, kind_of
from .dialect import Decimal
from .problems import SHOWN_ITEMS, Finding

# Values of a column by which its warnings are decided.
SAMPLE = 1_000

# Numbers that need no closer look, for Arrow: JSON's notation without an exponent, whole ones within 64 bits.
_PLAIN = "^-?(?:(?:0|[1-9][0-9]{0,17})|(?:0|[1-9][0-9]{0,300})[.][0-9]+)$"


class ColumnScan:
    """What is known of a column so far."""

    def __init__(self, name: str, decimal: Decimal, *, is_text: bool = False) -> None:
        self.name = name
        self.kinds = 0
        # Fields that are neither empty nor a word for a missing value, and those of them that are no numbers.
        self.filled = 0
        self.others = 0
        self.first_other: tuple[int, str] | None = None
        self.infinite = Finding()
        # Fields that are filled and no finite numbers, if they are looked for.
        self.bad: Finding | None = None
        self.bad_texts: list[str] = []
        self.sample: list[str] = []
        # The text of every field so far; None once two differ.
        self.constant: str | None = None
        self.is_constant = True
        # Surely a column of text: its kinds are not looked at any more.
        self.is_text = is_text
        self._decimal = decimal

    @property
    def is_done(self) -> bool:
        """Whether no more fields can tell anything."""
        return self.is_text and not self.is_constant and len(self.sample) == SAMPLE

    def add(self, start: int, values: Sequence[str]) -> None:
        """Looks at a chunk whose first row has the number `start`."""
        if not len(values):
            return
        if self.is_constant:
            self._compare(values)
        # Declared types make a column of text before anything is seen.
        if self.is_text:
            self._add_sample(value for value in values if value)
            return
        counts, plain = _counts(values, self._decimal)
        kinds = {value: kind_of(value, self._decimal) for value in counts}
        for kind in kinds.values():
            self.kinds |= kind
        self.kinds |= plain.kinds
        self.filled += plain.count + sum(count for value, count in counts.items() if kinds[value] & ~MARKER)
        self._add_sample(value for value in values if value and not kinds.get(value, NUMERIC) & MARKER)
        others = {value for value, kind in kinds.items() if kind & (TEXT | BOOLEAN | INFINITE | CODE)}
        if others:
            self._add_others(start, values, others, kinds)
            self.others += sum(counts[value] for value in others)
        # With so many fields that are no numbers, the column is no column of numbers with a few slips.
        if self.filled >= SAMPLE and 2 * self.others > self.filled and self.kinds & TEXT and self.bad is None:
            self.is_text = True

    def column(self) -> Column:
        """The column's type by all its fields."""
        return column_of(self.name, self.kinds, self._decimal)

    def number(self) -> Column:
        """The column as a number, whatever the fields are that are none."""
        kinds = self.kinds & ~(TEXT | BOOLEAN | INFINITE | CODE) or INTEGER
        return column_of(self.name, kinds | (FLOAT if self.kinds & CODE else 0), self._decimal)

    def _compare(self, values: Sequence[str]) -> None:
        if self.constant is None:
            self.constant = values[0]
        if any(value != self.constant for value in values):
            self.is_constant = False

    def _add_sample(self, values: Iterable[str]) -> None:
        missing = SAMPLE - len(self.sample)
        if missing:
            self.sample += [value for value, _ in zip(values, range(missing), strict=False)]

    def _add_others(self, start: int, values: Sequence[str], others: set[str], kinds: dict[str, int]) -> None:
        rows = ((row, value) for row, value in enumerate(values, start) if value in others)
        if self.first_other is None:
            self.first_other = next((row, value) for row, value in enumerate(values, start) if value in others)
        if self.bad is not None:
            found = [(row, value) for row, value in rows if not kinds[value] & CODE]
            self.bad_texts += [value for _, value in found[:SHOWN_ITEMS]]
            self.bad.add(row for row, _ in found)
        elif any(kinds[value] & INFINITE for value in others):
            self.infinite.add(row for row, value in rows if kinds[value] & INFINITE)


class _Plain:
    """Numbers that need no closer look."""

    def __init__(self, count: int = 0, kinds: int = 0) -> None:
        self.count = count
        self.kinds = kinds


def _counts(values: Sequence[str], decimal: Decimal) -> tuple[dict[str, int], _Plain]:
    """How often each value occurs that is not empty, but for plain numbers, which Arrow counts."""
    array: Any = getattr(values, "array", None)
    if array is None:
        found = Counter(values)
        del found[""]
        return found, _Plain()
    import pyarrow.compute as pc  # noqa: PLC0415  (imported already where there is an array)

    odd = array
    plain = _Plain()
    if decimal == ".":
        fits = pc.match_substring_regex(array, _PLAIN)
        plain = _Plain(pc.sum(fits).as_py() or 0)
        if plain.count:
            numbers = array if plain.count == len(array) else array.filter(fits)
            points = pc.sum(pc.match_substring(numbers, ".")).as_py() or 0
            plain.kinds = (FLOAT if points else 0) | (INTEGER if points < plain.count else 0)
            odd = array.filter(pc.invert(fits))
    odd_counts = pc.value_counts(odd)
    counts = dict(zip(odd_counts.field("values").to_pylist(), odd_counts.field("counts").to_pylist(), strict=True))
    counts.pop("", None)
    return counts, plain
