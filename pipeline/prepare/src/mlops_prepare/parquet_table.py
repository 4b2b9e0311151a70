"""Parquet files as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from .problems import Problems, quote
from .table import CHUNK_ROWS, Chunk, DataFile, Table, Type, check_names


def read_parquet(files: Sequence[DataFile], problems: Problems) -> Table:
    """The table in Parquet `files`, as text: numbers with all their digits, true and false, null and NaN as ""."""
    usable: list[tuple[DataFile, Any]] = []
    names: list[str] = []
    declared: dict[str, Type] = {}
    unusable: dict[str, str] = {}
    for file in files:
        try:
            schema = pq.read_schema(file.path)
        except (pa.ArrowInvalid, OSError) as error:
            problems.add(f"{file.label}: it is not a Parquet file that can be read: {str(error).splitlines()[0]}")
            continue
        if not check_names(file, schema.names, (usable[0][0], names) if usable else None, problems):
            continue
        names = names or list(schema.names)
        for field in schema:
            type_ = _type_of(field.type)
            if type_ is None:
                unusable[field.name] = f"{file.label}: column {quote(field.name)} has the type {field.type}"
            elif type_ != "missing" and declared.setdefault(field.name, type_) != type_:
                problems.add(
                    f"{file.label}: column {quote(field.name)} is a {type_} here "
                    f"and a {declared[field.name]} in another file"
                )
        usable.append((file, schema))
    # A column that is null in every file may have any type.
    declared = {name: declared.get(name, "number") for name in names}

    def chunks() -> Iterator[Chunk]:
        for file, _ in usable:
            start = 1
            with pq.ParquetFile(file.path) as reader:
                for batch in reader.iter_batches(batch_size=CHUNK_ROWS, columns=names):
                    positions = range(start, start + batch.num_rows)
                    start += batch.num_rows
                    if batch.num_rows:
                        yield Chunk(file.label, positions, [_texts(batch.column(name)) for name in names])

    return Table(names=names, unit="row", declared=declared, unusable=unusable, chunks=chunks)


def _type_of(type_: Any) -> Type | Literal["missing"] | None:
    """The feature type of an Arrow type; "missing" for a column of nulls, None if it cannot be text."""
    if pt.is_dictionary(type_):
        return "category" if _type_of(type_.value_type) is not None else None
    if pt.is_integer(type_) or pt.is_floating(type_) or pt.is_decimal(type_):
        return "number"
    if pt.is_boolean(type_):
        return "boolean"
    if pt.is_string(type_) or pt.is_large_string(type_) or pt.is_string_view(type_):
        return "category"
    if pt.is_date(type_) or pt.is_time(type_) or pt.is_timestamp(type_):
        return "category"
    return "missing" if pt.is_null(type_) else None


def _texts(column: Any) -> list[str]:
    if pt.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pt.is_floating(column.type):
        # repr gives the shortest text that reads back as the same number; only NaN is not equal to itself.
        return ["" if value is None or value != value else repr(value) for value in column.to_pylist()]  # noqa: PLR0124
    if _type_of(column.type) is None:
        return ["" if value is None else str(value) for value in column.to_pylist()]
    return ["" if value is None else value for value in pc.cast(column, pa.string()).to_pylist()]
