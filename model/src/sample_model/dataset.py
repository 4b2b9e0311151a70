"""The training channel: CSV or JSON Lines with the target first."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from sample_model.container import InputError
from sample_model.features import parse_number, quote
from sample_model.records import Fields, RecordError, parse_json_object, split_lines


@dataclass(frozen=True)
class Dataset:
    """Features as text, (rows, names), "" where missing, and one label a row."""

    names: list[str]
    rows: list[Fields]
    labels: list[float]


def read_dataset(channel: Path) -> Dataset:
    """All *.csv, or all *.jsonl, of a channel's folder, in order of their paths.

    The target is the first column, or the first key of the first JSON object. A CSV file has a header where its first
    field is no number, which a label always is; without one the features are called feature_1, feature_2 and so on.

    Raises:
        InputError: no data, files or lines that do not have the same columns, or a label that is no number.
    """
    files = sorted(path for path in channel.rglob("*") if path.suffix in (".csv", ".jsonl"))
    if len({path.suffix for path in files}) != 1:
        found = ", ".join(path.name for path in files) or "none"
        raise InputError(f"{channel}: found {found}, expected training files that all end in .csv or all in .jsonl")
    columns: Fields = []
    rows: list[Fields] = []
    labels: list[float] = []
    for path in files:
        header, records = _read_csv(path) if path.suffix == ".csv" else _read_json_lines(path)
        if columns and header and header != columns:
            raise InputError(f"{path.name}: found columns {', '.join(header)}, expected {', '.join(columns)}")
        if not columns:
            width = len(records[0][1]) if records else 0
            columns = header or ["target", *(f"feature_{i}" for i in range(1, width))]
        for line, fields in records:
            if len(fields) != len(columns):
                raise InputError(f"{path.name} line {line}: found {len(fields)} fields, expected {len(columns)}")
            label = parse_number(fields[0])
            if label is None or math.isnan(label):
                raise InputError(f"{path.name} line {line}: found {quote(fields[0])} as label, expected a number")
            rows.append(fields[1:])
            labels.append(label)
    twice = {name for name in columns if columns.count(name) > 1}
    if twice:
        raise InputError(f"{files[0].name}: found column {', '.join(sorted(twice))} more than once")
    if not rows or len(columns) < 2:
        raise InputError(f"{files[0].name}: found {len(rows)} rows and {max(len(columns) - 1, 0)} features")
    return Dataset(names=columns[1:], rows=rows, labels=labels)


def _read_csv(path: Path) -> tuple[Fields | None, list[tuple[int, Fields]]]:
    """The header, if any, and the other records with their line numbers; empty lines are passed over."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            records = [(reader.line_num, fields) for fields in reader if fields]
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{path.name} line {reader.line_num}: expected CSV in UTF-8 ({error})") from error
    if records and parse_number(records[0][1][0]) is None:
        return records[0][1], records[1:]
    return None, records


def _read_json_lines(path: Path) -> tuple[Fields | None, list[tuple[int, Fields]]]:
    """The keys of the first object, and the values of each in that order with its line number."""
    header: Fields | None = None
    records: list[tuple[int, Fields]] = []
    for number, line in enumerate(split_lines(path.read_text(encoding="utf-8-sig")), start=1):
        try:
            record = parse_json_object(line)
        except RecordError as error:
            raise InputError(f"{path.name} line {number}: {error}") from error
        header = header or list(record)
        if record.keys() != set(header):
            raise InputError(f"{path.name} line {number}: found keys {list(record)}, expected {header}")
        records.append((number, [record[name] for name in header]))
    return header, records
