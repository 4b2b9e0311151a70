"""The training channel: CSV or JSON Lines, read column by column."""

from __future__ import annotations

import csv
import math
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from sample_model.container import InputError
from sample_model.features import Cells, quote
from sample_model.manifest import Manifest
from sample_model.numbers import parse_number
from sample_model.records import Fields, RecordError, parse_json_object, split_lines

CHUNK_ROWS = 10_000
# A line number and the fields of that line.
Line = tuple[int, Fields]


@dataclass(frozen=True)
class Dataset:
    """The features by name, in order, and one label a row."""

    columns: dict[str, Cells]
    labels: array[float]


def read_dataset(channel: Path, manifest: Manifest | None) -> Dataset:
    """All *.csv, or all *.jsonl, of a channel's folder, in order of their paths.

    The manifest says where the target is and what is a number. Without it the target is the first column, or the first
    key of the first JSON object; a CSV file has a header where its first field is no number, which a label always is;
    without one the features are called feature_1, feature_2 and so on.

    Raises:
        InputError: no data, files or lines that do not have the same columns, or a label or number that is none.
    """
    files = sorted(path for path in channel.rglob("*") if path.suffix in (".csv", ".jsonl"))
    if len({path.suffix for path in files}) != 1:
        found = ", ".join(path.name for path in files) or "none"
        raise InputError(f"{channel}: found {found}, expected training files that all end in .csv or all in .jsonl")
    table = None
    for path in files:
        header, lines = (_csv_lines if path.suffix == ".csv" else _json_lines)(path, manifest)
        first = next(lines, None)
        if table is None:
            table = _Table(header or _names(manifest, 0 if first is None else len(first[1])), manifest, path.name)
        elif header and header != table.names:
            raise InputError(f"{path.name}: found columns {', '.join(header)}, expected {', '.join(table.names)}")
        if first is not None:
            table.add(path.name, [first])
        while chunk := list(islice(lines, CHUNK_ROWS)):
            table.add(path.name, chunk)
    if table is None or not table.labels or not table.columns:
        rows, features = (0, 0) if table is None else (len(table.labels), len(table.columns))
        raise InputError(f"{files[0].name}: found {rows} rows and {features} features")
    return Dataset(table.columns, table.labels)


class _Table:
    """The rows read so far, column by column."""

    def __init__(self, names: Fields, manifest: Manifest | None, file: str) -> None:
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise InputError(f"{file}: found column {', '.join(sorted(twice))} more than once")
        self.names = names
        self.labels = array("d")
        self._target = len(names) - 1 if manifest and manifest.target_last else 0
        features = [name for at, name in enumerate(names) if at != self._target]
        if manifest and features != list(manifest.types):
            raise InputError(
                f"{file}: found features {', '.join(features)}, expected those of manifest.json: "
                f"{', '.join(manifest.types)}"
            )
        self._types = manifest.types if manifest else {}
        self.columns: dict[str, Cells] = {
            name: array("d") if self._types.get(name) == "number" else [] for name in features
        }
        # Equal texts share one object.
        self._shared: dict[str, dict[str, str]] = {name: {} for name in features}

    def add(self, file: str, lines: Sequence[Line]) -> None:
        """Appends lines of a file."""
        for line, fields in lines:
            if len(fields) != len(self.names):
                raise InputError(f"{file} line {line}: found {len(fields)} fields, expected {len(self.names)}")
        cells = dict(zip(self.names, zip(*(fields for _, fields in lines), strict=True), strict=True))
        labels = _numbers(cells[self.names[self._target]], "as label", file, lines)
        for label, (line, _) in zip(labels, lines, strict=True):
            if math.isnan(label):
                raise InputError(f'{file} line {line}: found "" as label, expected a number')
        self.labels.extend(labels)
        for name, column in self.columns.items():
            if isinstance(column, array):
                column.extend(_numbers(cells[name], f"in {quote(name)}", file, lines))
            else:
                shared = self._shared[name]
                column.extend(shared.setdefault(cell, cell) for cell in cells[name])


def _numbers(cells: Sequence[str], where: str, file: str, lines: Sequence[Line]) -> list[float]:
    numbers = []
    for cell, (line, _) in zip(cells, lines, strict=True):
        number = parse_number(cell)
        if number is None:
            raise InputError(f"{file} line {line}: found {quote(cell)} {where}, expected a number")
        numbers.append(number)
    return numbers


def _names(manifest: Manifest | None, width: int) -> Fields:
    """The names of the columns of files that do not have them."""
    if manifest is None:
        return ["target", *(f"feature_{i}" for i in range(1, width))]
    return [*manifest.types, manifest.target] if manifest.target_last else [manifest.target, *manifest.types]


def _csv_lines(path: Path, manifest: Manifest | None) -> tuple[Fields | None, Iterator[Line]]:
    """The header, if any, and the other records with their line numbers; empty lines are passed over."""
    lines = _csv_records(path)
    first = next(lines, None)
    if first is None:
        return None, lines
    header = manifest.header if manifest else parse_number(first[1][0]) is None
    return (first[1], lines) if header else (None, chain([first], lines))


def _csv_records(path: Path) -> Iterator[Line]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for fields in reader:
                if fields:
                    yield reader.line_num, fields
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{path.name} line {reader.line_num}: expected CSV in UTF-8 ({error})") from error


def _json_lines(path: Path, manifest: Manifest | None) -> tuple[Fields | None, Iterator[Line]]:
    """The keys of the first object (the target where the manifest has it), and each object's values in that order."""
    texts = split_lines(path.read_text(encoding="utf-8-sig"))
    header = _names(manifest, 0) if manifest else list(_json_object(path, 1, texts[0])) if texts else None

    def lines() -> Iterator[Line]:
        for number, text in enumerate(texts, start=1):
            record = _json_object(path, number, text)
            if header is None or record.keys() != set(header):
                raise InputError(f"{path.name} line {number}: found keys {list(record)}, expected {header}")
            yield number, [record[name] for name in header]

    return header, lines()


def _json_object(path: Path, number: int, text: str) -> dict[str, str]:
    try:
        return parse_json_object(text)
    except RecordError as error:
        raise InputError(f"{path.name} line {number}: {error}") from error
