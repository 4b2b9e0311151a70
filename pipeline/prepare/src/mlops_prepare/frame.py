"""Converts between the table's text and the pandas frames of a user's script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from .column import Column


class FrameBuilder:
    """A frame of at most `size` rows, filled chunk by chunk.

    Types are pandas' nullable ones (Int64, Float64, boolean, string), so that a missing value does not change a type.
    """

    def __init__(self, columns: Sequence[Column], size: int) -> None:
        self._columns = columns
        self._filled = 0
        typed = [column for column in columns if column.type != "category"]
        self._values: dict[str, Any] = {column.name: np.zeros(size, _storage(column)) for column in typed}
        self._missing = {column.name: np.zeros(size, np.bool_) for column in typed}
        self._texts: dict[str, list[Any]] = {column.name: [] for column in columns if column.type == "category"}

    def add(self, fields: Sequence[Sequence[str]], keep: Sequence[int]) -> None:
        """Appends the rows of a chunk that `keep` marks; `fields` are cleaned, one sequence per column."""
        end = self._filled
        for column, values in zip(self._columns, fields, strict=True):
            kept = list(compress(values, keep))
            end = self._filled + len(kept)
            if column.type == "category":
                self._texts[column.name].append(pa.array([value or None for value in kept], pa.large_string()))
            else:
                parse = _parser(column)
                self._values[column.name][self._filled : end] = [parse(value) if value else 0 for value in kept]
                self._missing[column.name][self._filled : end] = [not value for value in kept]
        self._filled = end

    def build(self, row_ids: Sequence[str], index_name: str) -> pd.DataFrame:
        """The frame, with the row ids, as text, as its index."""
        index = pd.Index(list(row_ids), dtype=object, name=index_name)
        return pd.DataFrame({column.name: self._array(column) for column in self._columns}, index=index)

    def _array(self, column: Column) -> Any:
        name = column.name
        if column.type == "category":
            texts = pa.chunked_array(self._texts[name], pa.large_string())
            return pd.array(texts, dtype=pd.StringDtype("pyarrow"))
        wrap: Any = pd.arrays.BooleanArray
        if column.type == "number":
            wrap = pd.arrays.IntegerArray if column.integer else pd.arrays.FloatingArray
        return wrap(self._values[name][: self._filled], self._missing[name][: self._filled])


def series_column(series: pd.Series[Any]) -> Column:
    """The column for a series: numbers and booleans by its type, dates and everything else as text."""
    name = str(series.name)
    type_ = pd.api.types.infer_dtype(series, skipna=True) if series.dtype == object else None
    if type_ in ("boolean",) or pd.api.types.is_bool_dtype(series.dtype):
        return Column(name, "boolean")
    if type_ in ("integer", "floating", "mixed-integer-float", "decimal", "empty"):
        return Column(name, "number")
    return Column(name, "number" if pd.api.types.is_numeric_dtype(series.dtype) else "category")


def series_texts(series: pd.Series[Any]) -> list[str]:
    """The series as text: numbers with all their digits, true and false, a missing value as ""."""
    if pd.api.types.is_float_dtype(series.dtype):
        floats = series.to_numpy(dtype=np.float64, na_value=np.nan).tolist()
        # Only NaN is not equal to itself.
        return [repr(value) if value == value else "" for value in floats]  # noqa: PLR0124
    values, missing = series.tolist(), series.isna()
    write = str if pd.api.types.is_integer_dtype(series.dtype) or series.dtype == "string" else _text
    if not missing.any():
        return list(map(write, values))
    return ["" if absent else write(value) for value, absent in zip(values, missing.tolist(), strict=True)]


def infinite(series: pd.Series[Any]) -> list[bool]:
    """Whether each value of a column of numbers is infinite."""
    flags: list[bool] = np.isinf(series.to_numpy(dtype=np.float64, na_value=np.nan)).tolist()
    return flags


def _text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return str(value)


def _storage(column: Column) -> type:
    if column.type == "boolean":
        return np.bool_
    return np.int64 if column.integer else np.float64


def _parser(column: Column) -> Callable[[str], Any]:
    if column.type == "boolean":
        return lambda value: value.lower() == "true"
    return int if column.integer else float
