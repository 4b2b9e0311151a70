"""Reads the cells of a column whose type is known: training settled it, and new data cannot change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .column import BOOLEAN, MARKER, NUMERIC, UNTIDY, Column, kind_of
from .dialect import Decimal

# Numbers that are written as they are, and no value at all, for Arrow.
_PLAIN = r"^(?:-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,280})?)?$"

_READABLE = {"number": NUMERIC | MARKER | UNTIDY, "boolean": BOOLEAN | MARKER}
EXPECTED = {"number": "a finite number or nothing", "boolean": "true, false or nothing"}


class TypedCells:
    """Cleans the cells of a column as prepare does for training, and tells those that have another type."""

    def __init__(self, name: str, type_: str, decimal: Decimal) -> None:
        self.name = name
        self.type = type_
        self._decimal = decimal
        self._readable = _READABLE.get(type_)
        self._column = Column(name, "boolean" if type_ == "boolean" else "number", untidy=True, decimal=decimal)

    def read(self, values: Sequence[str]) -> tuple[Sequence[str], list[int]]:
        """The cells as the model takes them, and the positions of those that it cannot take, which are left alone."""
        if self._readable is None:
            return values, []
        array: Any = getattr(values, "array", None)
        return self._read_list(values) if array is None else self._read_array(values, array)

    def _judge(self, value: str) -> str | None:
        """The cell after cleaning; None if it has another type."""
        if kind_of(value, self._decimal) & ~(self._readable or 0):
            return None
        return self._column.clean([value])[0]

    def _read_list(self, values: Sequence[str]) -> tuple[Sequence[str], list[int]]:
        judged = {value: self._judge(value) for value in set(values)}
        changed = {value for value, clean in judged.items() if clean != value}
        if not changed:
            return values, []
        bad = [at for at, value in enumerate(values) if value in changed and judged[value] is None]
        return [value if (clean := judged[value]) is None else clean for value in values], bad

    def _read_array(self, values: Sequence[str], array: Any) -> tuple[Sequence[str], list[int]]:
        import pyarrow.compute as pc  # noqa: PLC0415  (imported already where there is an array)

        from .arrow_arrays import flag_array, text_array  # noqa: PLC0415
        from .plain_numbers import are_whole  # noqa: PLC0415
        from .texts import Texts  # noqa: PLC0415

        # Where the comma is the decimal mark, 1.234 looks plain and is another number.
        if self.type == "number" and self._decimal == ".":
            if are_whole(array):
                return values, []
            plain = pc.match_substring_regex(array, _PLAIN)
            if pc.all(plain).as_py():
                return values, []
            odd = pc.invert(plain)
        else:
            odd = flag_array([1] * len(array))
        cells = array.filter(odd).dictionary_encode()
        texts = cells.dictionary.to_pylist()
        judged = [self._judge(text) for text in texts]
        cleaned = [text if clean is None else clean for text, clean in zip(texts, judged, strict=True)]
        bad: list[int] = []
        if None in judged:
            wrong = flag_array([clean is None for clean in judged]).take(cells.indices)
            bad = pc.indices_nonzero(odd).filter(wrong).to_pylist()
        if cleaned == texts:
            return values, bad
        table = text_array(cleaned)
        return Texts(pc.replace_with_mask(array, odd, table.take(cells.indices))), bad
