"""Arrow arrays from other sequences and back, by their memory alone.

`pa.array` and `to_numpy` import pandas where it is installed, to know its objects: a second that no job without a
script has to wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa


def text_array(texts: Iterable[str]) -> pa.Array:
    """The texts as an Arrow array without nulls; at most 2 GB of them."""
    encoded = [text.encode() for text in texts]
    offsets = np.fromiter(accumulate(map(len, encoded), initial=0), np.int32, len(encoded) + 1)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


def number_array(values: Any) -> pa.Array:
    """A NumPy array of numbers as an Arrow array without nulls."""
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def flag_array(flags: Sequence[int]) -> pa.Array:
    """0 and 1, or False and True, as an Arrow array of booleans."""
    marks = bytes(flags)
    return pa.Array.from_buffers(pa.uint8(), len(marks), [None, pa.py_buffer(marks)]).cast(pa.bool_())


def numpy_of(array: pa.Array) -> Any:
    """An Arrow array of numbers or booleans without nulls as a NumPy array."""
    if not len(array):
        return np.zeros(0, array.type.to_pandas_dtype())
    if pa.types.is_boolean(array.type):
        return np.from_dlpack(array.cast(pa.uint8())).astype(bool)
    return np.from_dlpack(array)


def filled(array: pa.Array, missing: Any) -> Any:
    """An Arrow array of numbers as a NumPy array, with `missing` where there is none."""
    if not array.null_count:
        return numpy_of(array)
    kept = numpy_of(array.drop_null())
    values = np.full(len(array), missing, kept.dtype)
    values[numpy_of(array.is_valid())] = kept
    return values


def text_scalar(text: str) -> pa.Scalar:
    """A text as a scalar, for functions that take arrays or scalars."""
    return text_array([text])[0]
