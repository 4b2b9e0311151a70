"""Runs the package's own prepare script over rows to predict, as it ran over its training rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path

import pandas as pd

from .column import Column
from .config import ColumnType, Config
from .dataset import Scanner
from .errors import DataContractError, PrepareScriptError
from .frame import FrameBuilder, series_texts
from .lay_out import RowIds, RowSink, missing_slices
from .package_manifest import PackageManifest
from .problems import Problems, quote
from .script import load_transform, run_transform
from .table import CHUNK_ROWS, Places, Table
from .typed_cells import TypedCells

SIDE = "rows to predict"


def scripted_rows(
    config: Config,
    manifest: PackageManifest,
    table: Table,
    script: Path,
    ids: RowIds,
    problems: Problems,
    sink: RowSink,
    warnings: list[str],
) -> None:
    """Gives the script a frame of every column but the row id and the target, with the types of training, and writes
    what it returns.

    Raises PrepareScriptError if it fails or its result is invalid, DataContractError if a feature is missing.
    """
    transform = load_transform(script)
    columns = _columns(config, manifest, table)
    frame, numbers, places = _frame(config, table, columns, ids, sink)
    if config.row_id in table.unusable:
        problems.add(f"{table.unusable[config.row_id or '']}; a number, text, a date or a boolean is expected")
    # The ids are the frame's index: the script's rows are known by them.
    ids.check(problems)
    problems.check()
    try:
        result = run_transform(transform, script, SIDE, frame, None)
    except PrepareScriptError as error:
        raise _explained(error, config, manifest, table) from error
    if len(result) < len(frame):
        warnings.append(
            f"prepare.py dropped {len(frame) - len(result):,} of {len(frame):,} {SIDE}: they get no prediction."
        )
    missing = [quote(column.name) for column in manifest.features if column.name not in result.columns]
    if missing:
        raise DataContractError(
            f"{config.source}: transform of prepare.py returned no column {', '.join(missing)}, which the model was "
            "trained on"
        )
    taken = frame.loc[result.index]
    carried = [result[name] if name in result else taken.get(name) for name in manifest.slices]
    absent = [name for name, series in zip(manifest.slices, carried, strict=True) if series is None]
    if absent:
        warnings.append(missing_slices(config, absent))
    rows = [numbers[at] for at in frame.index.get_indexer(result.index).tolist()]
    for start in range(0, len(result), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        sink.add(
            list(result.index[part]),
            [
                [""] * len(result.index[part]) if series is None else series_texts(series.iloc[part])
                for series in carried
            ],
            [series_texts(result[column.name].iloc[part]) for column in manifest.features],
            lambda row, start=start: f"{places.describe([rows[start + row]], 1)} after prepare.py",  # type: ignore[misc]
        )


def _columns(config: Config, manifest: PackageManifest, table: Table) -> list[Column]:
    """The frame's columns: the types of training where the package tells them, else told by all cells."""
    declared: dict[str, ColumnType] = dict(config.columns)
    for name, type_ in manifest.columns.items():
        declared[name] = "number" if type_ in ("integer", "number") else "text"
        if type_ == "boolean":
            del declared[name]
    scanner = Scanner(replace(config, columns=declared), table, [], scripted=True)
    start = 0
    for chunk in table.chunks():
        scanner.add(start, chunk.columns)
        start += len(chunk.positions)
    found = scanner.columns()
    decimal = config.source_csv.decimal
    columns = []
    for name in table.names:
        if name in (config.row_id, config.target):
            continue
        column, trained_as = found[name], manifest.columns.get(name)
        if trained_as == "boolean":
            column = Column(name, "boolean")
        if trained_as == "number":
            column = replace(column, integer=False)
        columns.append(column if column.type == "category" else replace(column, untidy=True, decimal=decimal))
    return columns


def _frame(
    config: Config,
    table: Table,
    columns: Sequence[Column],
    ids: RowIds,
    sink: RowSink,
) -> tuple[pd.DataFrame, Sequence[int], Places]:
    """The frame, the number of each of its rows in the data, and the rows' places."""
    at = [table.names.index(column.name) for column in columns]
    cells = [TypedCells(column.name, column.type, config.source_csv.decimal) for column in columns]
    total = sum(len(chunk.positions) for chunk in table.chunks())
    builder = FrameBuilder(columns, total)
    places = Places(table.unit)
    numbers: list[int] = []
    row_ids: list[str] = []
    for chunk in table.chunks():
        start = len(places)
        places.add(chunk)
        found = ids.read(chunk.columns)
        read, bad = sink.read(cells, [chunk.columns[position] for position in at])
        keep = sink.leave_out(bad, found, lambda row, start=start: places.describe([start + row], 1))  # type: ignore[misc]
        builder.add(read, keep)
        numbers += compress(range(start, start + len(found)), keep)
        row_ids += compress(found, keep)
    return builder.build(row_ids, config.row_id or "row_id"), numbers, places


def _explained(
    error: PrepareScriptError, config: Config, manifest: PackageManifest, table: Table
) -> PrepareScriptError:
    """The script's error, with its likely cause: a column of training that rows to predict do not have."""
    cause = error.__cause__
    if not isinstance(cause, (KeyError, AttributeError)):
        return error
    text = str(cause)
    if repr(config.target) in text:
        return PrepareScriptError(
            f"prepare.py: transform uses the target {quote(config.target)}, which {SIDE} do not have; use it only "
            f"where it is there: if {json.dumps(config.target)} in frame.columns\n{error}"
        )
    gone = [name for name in manifest.columns if name not in table.names and repr(name) in text]
    if gone:
        return PrepareScriptError(
            f"prepare.py: transform uses the column {quote(gone[0])}, which training had and {config.source} lacks\n"
            f"{error}"
        )
    return error
