"""The text of each Parquet type; pipeline/tables/parquet-type.ts holds the same rules for the check before a run.

The text is that of Arrow's cast to a string, but: a decimal never has an exponent, a float is written as Python writes
it (the shortest text that reads back at its own precision), and a time with a zone is written in UTC.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from .table import Type

# Extension types of which the stored value is the value.
_READ_EXTENSIONS = ("arrow.uuid", "arrow.json")

Texts = Callable[[Any], Sequence[str | None]]


def type_of(field: Any) -> Type | Literal["missing"] | None:
    """The feature type of an Arrow field; "missing" for a column of nulls, None if it cannot be text."""
    type_ = field.type
    extension = (field.metadata or {}).get(b"ARROW:extension:name", b"").decode()
    if isinstance(type_, pa.BaseExtensionType):
        extension, type_ = type_.extension_name, type_.storage_type
    if extension and extension not in _READ_EXTENSIONS:
        return None
    if pt.is_dictionary(type_):
        return "category" if type_of(pa.field("", type_.value_type)) is not None else None
    kinds: list[tuple[Type | Literal["missing"], Sequence[Callable[[Any], bool]]]] = [
        ("number", (pt.is_integer, pt.is_floating, pt.is_decimal)),
        ("boolean", (pt.is_boolean,)),
        ("category", (_is_text, _is_bytes, pt.is_date, pt.is_time, pt.is_timestamp)),
        ("missing", (pt.is_null,)),
    ]
    return next((kind for kind, tests in kinds if any(test(type_) for test in tests)), None)


def texts(column: Any, *, is_uuid: bool) -> Sequence[str | None]:
    """The values of an Arrow array as text: "" where missing, None for bytes that are not text."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pt.is_dictionary(column.type):
        column = column.dictionary_decode()
    type_ = column.type
    if is_uuid:
        found = ["" if value is None else _uuid(value) for value in column.to_pylist()]
    elif pt.is_float32(type_):
        # Arrow's text is the shortest of 32 bits, and repr writes the same digits.
        found = ["" if text is None or text == "nan" else repr(float(text)) for text in _cast(column)]
    elif pt.is_floating(type_):
        # repr gives the shortest text that reads back as the same number; only NaN is not equal to itself.
        write = _float16 if pt.is_float16(type_) else repr
        found = ["" if value is None or value != value else write(value) for value in column.to_pylist()]  # noqa: PLR0124
    elif pt.is_decimal(type_):
        found = ["" if text is None else f"{Decimal(text):f}" if "E" in text else text for text in _cast(column)]
    elif _is_text(type_) or _is_bytes(type_):
        return _utf8(column)
    else:
        if pt.is_timestamp(type_) and type_.tz is not None:
            column = column.cast(pa.timestamp(type_.unit, "UTC"))
        found = ["" if text is None else text for text in _cast(column)]
    return found


def int96_texts(microseconds: Any, nanoseconds: Any) -> list[str]:
    """Timestamps of INT96, which has more range than 64 bits of nanoseconds, from Arrow's readings in both units.

    The reading in nanoseconds wraps around outside of the years 1677 to 2262, so only its last three digits are taken.
    """
    return [
        "" if text is None else f"{text}{(nano - micro * 1000) % 2**64:03d}"
        for text, micro, nano in zip(
            _cast(microseconds),
            microseconds.cast(pa.int64()).to_pylist(),
            nanoseconds.cast(pa.int64()).to_pylist(),
            strict=True,
        )
    ]


def _is_text(type_: Any) -> bool:
    return bool(pt.is_string(type_) or pt.is_large_string(type_) or pt.is_string_view(type_))


def _is_bytes(type_: Any) -> bool:
    return bool(
        pt.is_binary(type_) or pt.is_large_binary(type_) or pt.is_binary_view(type_) or pt.is_fixed_size_binary(type_)
    )


def _cast(column: Any) -> list[str | None]:
    values: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    return values


def _utf8(column: Any) -> list[str | None]:
    try:
        if not _is_bytes(column.type):
            column.validate(full=True)
        values = ["" if text is None else text for text in _cast(column)]
        if not any("\0" in text for text in values):
            return list(values)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        pass
    binary = column.cast(pa.large_binary())
    return ["" if value is None else _decoded(value) for value in binary.to_pylist()]


def _decoded(value: bytes) -> str | None:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _uuid(value: bytes) -> str:
    digits = value.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@cache
def _float16(value: float) -> str:
    for digits in range(1, 6):
        near = float(f"{value:.{digits}g}")
        try:
            if struct.unpack("<e", struct.pack("<e", near))[0] == value:
                return repr(near)
        except OverflowError:  # beyond the largest number of 16 bits
            continue
    return repr(value)
