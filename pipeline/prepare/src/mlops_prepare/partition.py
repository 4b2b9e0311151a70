"""Columns in the names of folders, as Hive, Spark, Polars and DuckDB write them: `region=north/part-0.parquet`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote

from .column import column_of, kinds_of, number
from .problems import Problems, quote, quote_cell
from .table import Chunk, DataFile, Table

# How these programs name the folder of rows without a value.
_MISSING = "__HIVE_DEFAULT_PARTITION__"

Keys = dict[str, str]


def keys_of(path: PurePosixPath) -> Keys:
    """Column and value of each folder `NAME=VALUE` of a path, URL-decoded; "" for a missing value."""
    pairs = [part.partition("=") for part in path.parts[:-1]]
    return {
        unquote(name): "" if value == _MISSING else unquote(value)
        for name, separator, value in pairs
        if name and separator
    }


def with_keys(table: Table, files: Sequence[DataFile], problems: Problems, sensitive: Sequence[str] = ()) -> Table:
    """The table with a column for each key of its files' folders; adds files with other keys to `problems`.

    A key that is a column of the files too stays that column, since some programs write both; then each row must have
    the folder's value. No cell of the `sensitive` columns is quoted.
    """
    keys = {file.label: keys_of(file.inner) for file in files}
    if not any(keys.values()):
        return table
    first, names = next(iter(keys.items()))
    for label, found in keys.items():
        if set(found) != set(names):
            problems.add(
                f"{label}: its folders have the keys {_listed(found)}, those of {first} {_listed(names)}; "
                "the same are expected"
            )
    if not table.names:
        return table
    shared = [(table.names.index(name), name) for name in names if name in table.names]
    added = [name for name in names if name not in table.names]
    declared = table.declared
    if declared is not None:
        values = {name: {found.get(name, "") for found in keys.values()} for name in added}
        declared = {**declared, **{name: column_of(name, kinds_of(values[name])).type for name in added}}
    differing: set[tuple[str, str]] = set()

    def chunks() -> Iterator[Chunk]:
        for chunk in table.chunks():
            found = keys[chunk.file]
            for at, name in shared:
                expected = found.get(name, "")
                wrong = {value for value in set(chunk.columns[at]) if not _same(value, expected)}
                if wrong and (chunk.file, name) not in differing:
                    differing.add((chunk.file, name))
                    row = next(row for row, value in enumerate(chunk.columns[at]) if value in wrong)
                    cell = quote_cell(chunk.columns[at][row], name, sensitive)
                    # The folder's value is no secret: it is in the file's name, which begins the message.
                    problems.add(
                        f"{chunk.file} {table.unit} {chunk.positions[row]}: column {quote(name)} is {cell}, but "
                        f"{quote(expected)} in the folder's name"
                    )
            constant = [[found.get(name, "")] * len(chunk.positions) for name in added]
            yield chunk._replace(columns=[*chunk.columns, *constant])

    return replace(table, names=[*table.names, *added], declared=declared, chunks=chunks)


def _same(value: str, expected: str) -> bool:
    # A folder may have 01 for the number 1.
    return value == expected or (bool(value and expected) and _number(value) == _number(expected))


def _number(text: str) -> float:
    """NaN, which equals nothing, if it is no number."""
    found = number(text.lstrip("0") or "0")
    return math.nan if found is None else float(found)


def _listed(keys: Keys) -> str:
    return ", ".join(map(quote, keys)) or "nothing"
