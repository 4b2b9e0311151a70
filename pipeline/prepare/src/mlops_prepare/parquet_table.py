"""Parquet files as a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from .parquet_text import int96_texts, texts, type_of
from .problems import Problems, quote
from .table import CHUNK_ROWS, Chunk, DataFile, Table, Type, check_names

# The name that pandas gives to a column of an index without a name.
_RESERVED_INDEX = re.compile(r"__index_level_\d+__").fullmatch


class _Usable(NamedTuple):
    file: DataFile
    uuids: frozenset[str]
    int96: frozenset[str]


def read_parquet(files: Sequence[DataFile], problems: Problems) -> Table:
    """The table in Parquet `files`, as text: numbers with all their digits, true and false, null and NaN as ""."""
    usable: list[_Usable] = []
    names: list[str] = []
    declared: dict[str, Type] = {}
    unusable: dict[str, str] = {}
    index: set[str] = set()
    for file in files:
        try:
            with pq.ParquetFile(file.path) as reader:
                schema, stored = reader.schema_arrow, reader.schema
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            problems.add(_why_unreadable(file, error))
            continue
        if not check_names(file, schema.names, (usable[0].file, names) if usable else None, problems):
            continue
        names = names or list(schema.names)
        index |= _index_names(schema)
        for field in schema:
            type_ = type_of(field)
            if type_ is None:
                unusable[field.name] = f"{file.label}: column {quote(field.name)} has the type {field.type}"
            elif type_ != "missing" and declared.setdefault(field.name, type_) != type_:
                problems.add(
                    f"{file.label}: column {quote(field.name)} is a {type_} here "
                    f"and a {declared[field.name]} in another file"
                )
        flat = [stored.column(at) for at in range(len(stored))]
        uuids = {column.path for column in flat if column.logical_type.type == "UUID"}
        uuids |= {field.name for field in schema if getattr(field.type, "extension_name", "") == "arrow.uuid"}
        int96 = {column.path for column in flat if column.physical_type == "INT96"}
        usable.append(_Usable(file, frozenset(uuids), frozenset(int96)))
    # A column that is null in every file may have any type.
    declared = {name: declared.get(name, "number") for name in names}

    def chunks() -> Iterator[Chunk]:
        for file, uuids, int96 in usable:
            start = 1
            for columns in _batches(file, names, int96):
                positions = range(start, start + len(columns[names[0]]))
                fields = []
                for name in names:
                    found = columns[name]
                    if not isinstance(found, list):
                        found = _texts(found, name in uuids, name in unusable)
                    if None in found:
                        row = positions[found.index(None)]
                        why = f"{file.label} row {row}: column {quote(name)} holds bytes that are not UTF-8 text"
                        unusable.setdefault(name, why)
                        found = [text or "" for text in found]
                    fields.append(found)
                start = positions.stop
                if positions:
                    yield Chunk(file.label, positions, fields)

    return Table(
        names=names, unit="row", declared=declared, unusable=unusable, chunks=chunks, index=tuple(sorted(index))
    )


def _batches(file: DataFile, names: Sequence[str], int96: frozenset[str]) -> Iterator[Mapping[str, Any]]:
    """The file's columns by name, in chunks: Arrow arrays, and texts for INT96, which Arrow cannot read exactly."""
    with pq.ParquetFile(file.path, coerce_int96_timestamp_unit="us") as reader:
        batches = reader.iter_batches(batch_size=CHUNK_ROWS, columns=list(names))
        if not int96:
            for batch in batches:
                yield {name: batch.column(name) for name in names}
            return
        with pq.ParquetFile(file.path) as again:
            exact = again.iter_batches(batch_size=CHUNK_ROWS, columns=list(int96))
            for batch, nanoseconds in zip(batches, exact, strict=True):
                yield {
                    name: int96_texts(batch.column(name), nanoseconds.column(name))
                    if name in int96
                    else batch.column(name)
                    for name in names
                }


def _texts(column: Any, is_uuid: bool, is_unusable: bool) -> Sequence[str | None]:
    if is_unusable and type_of(pa.field("", column.type)) is None:
        return ["" if value is None else str(value) for value in column.to_pylist()]
    return texts(column, is_uuid=is_uuid)


def _index_names(schema: Any) -> set[str]:
    """The columns in which pandas keeps its index, by its metadata; a RangeIndex has none."""
    try:
        described = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
        found = described.get("index_columns", [])
    except (ValueError, AttributeError):  # pandas' key with other content
        found = []
    kept = {name for name in found if isinstance(name, str)} if isinstance(found, list) else set()
    return {name for name in schema.names if name in kept or _RESERVED_INDEX(name)}


def _why_unreadable(file: DataFile, error: Exception) -> str:
    with file.path.open("rb") as stream:
        start = stream.read(20)
    if start[:2] == b"\x1f\x8b":
        return f"{file.label}: it is a gzip file; Parquet compresses its own pages, so decompress the file"
    if start and start[:4] != b"PAR1":
        shown = quote(start.decode(errors="replace").splitlines()[0])
        return f'{file.label}: it starts with {shown}; Parquet, which starts with "PAR1", is expected'
    return f"{file.label}: it is not a Parquet file that can be read: {str(error).splitlines()[0]}"
