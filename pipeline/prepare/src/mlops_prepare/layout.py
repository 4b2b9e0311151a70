"""Writes the job's files: training rows for `train`, the holdout for the batch transform that scores it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import compress
from pathlib import Path
from typing import NamedTuple, TypedDict

from .categories import Categories
from .config import Config
from .dataset import Dataset
from .reference import ReferenceColumns
from .target import Target
from .trained import trained_bytes

Fields = Sequence[Sequence[str]]


class FileFacts(TypedDict):
    """The manifest's entry for a file."""

    path: str
    rows: int
    positives: int | None
    sha256: str


class Layout(NamedTuple):
    """Makes the text of each file, in UTF-8; fields are column by column, `keep` marks the rows of the file."""

    extension: str
    train_header: bytes
    # (codes, features, keep)
    train: Callable[[Sequence[str], Fields, Sequence[int]], bytes]
    # (row ids, codes, slices, features, keep)
    holdout: Callable[[Sequence[str], Sequence[str], Fields, Fields, Sequence[int]], bytes]


def write_sides(
    config: Config, data: Dataset, target: Target, folder: Path, categories: Categories, columns: ReferenceColumns
) -> dict[str, FileFacts]:
    """Writes the files of both sides under `folder`, in the order of `data`; returns the facts of each by name, and
    adds the training rows to `categories` and `columns`.

    `train` and `holdout` hold the rows, `trained` the marks of the training rows, by which later runs know them, and
    `groups`, where the split is by group, a hash of each training row's group.
    """
    layout = _layout(config, data)
    train = _Output(folder, f"train/train.{layout.extension}")
    holdout = _Output(folder, f"holdout/holdout.{layout.extension}")
    train.write(layout.train_header, [])
    start = 0
    for slices, features in data.blocks():
        end = start + len(features[0])
        row_ids, held_out, kept = data.row_ids[start:end], data.held_out[start:end], data.trained[start:end]
        codes = target.encode(data.labels[start:end])
        carried = _carried(data, slices, start, end)
        categories.add(features, kept)
        columns.add(slices, features, kept)
        train.write(layout.train(codes, features, kept), list(compress(codes, kept)))
        holdout.write(layout.holdout(row_ids, codes, carried, features, held_out), list(compress(codes, held_out)))
        start = end
    binary = config.problem == "binary"
    files = {"train": train.close(binary), "holdout": holdout.close(binary)}
    rows = files["train"]["rows"]
    marks = trained_bytes(compress(data.row_ids, data.trained), config.row_id is not None)
    files["trained"] = _write_bytes(folder, "trained/rows.bin", marks, rows)
    if data.groups is not None:
        hashes = {group: sha256(f"{config.salt}:{group}".encode()).hexdigest()[:16] for group in set(data.groups)}
        text = "".join(f"{hashes[group]}\n" for group in compress(data.groups, data.trained))
        files["groups"] = _write_bytes(folder, "manifest/groups.txt", text.encode(), rows)
    return files


def write_reference(columns: ReferenceColumns, known: Mapping[str, Sequence[str]], folder: Path) -> FileFacts:
    """Writes what monitoring compares production with; `known` has the categories of training by feature."""
    text = json.dumps(columns.found(known), ensure_ascii=False, allow_nan=False) + "\n"
    return _write_bytes(folder, "reference/columns.json", text.encode(), columns.rows)


def _carried(data: Dataset, slices: Fields, start: int, end: int) -> Fields:
    """The columns that go through the holdout to the score file: the group, if there is one, and the slices."""
    return slices if data.groups is None else [data.groups[start:end], *slices]


def _write_bytes(folder: Path, path: str, content: bytes, rows: int) -> FileFacts:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)
    return {"path": path, "rows": rows, "positives": None, "sha256": sha256(content).hexdigest()}


def write_holdout(config: Config, data: Dataset, target: Target, folder: Path) -> FileFacts:
    """Writes only the holdout, with every row of `data`."""
    layout = _layout(config, data)
    holdout = _Output(folder, f"holdout/holdout.{layout.extension}")
    start = 0
    for slices, features in data.blocks():
        end = start + len(features[0])
        codes = target.encode(data.labels[start:end])
        carried = _carried(data, slices, start, end)
        holdout.write(layout.holdout(data.row_ids[start:end], codes, carried, features, [1] * len(codes)), codes)
        start = end
    return holdout.close(config.problem == "binary")


def _layout(config: Config, data: Dataset) -> Layout:
    return _csv_layout(config, data) if config.content_type == "text/csv" else _json_layout(config, data)


def _csv_layout(config: Config, data: Dataset) -> Layout:
    """`target,feature...` or `feature...,target`; the holdout is `row_id,label,[group,]slice...,feature...`.

    The holdout has no header.
    """

    def arrange(codes: Sequence[str], features: Fields) -> Fields:
        return [codes, *features] if config.csv.target == "first" else [*features, codes]

    names = [[column.name] for column in data.features]
    return Layout(
        extension="csv",
        train_header=csv_text(arrange([config.target], names), [1]) if config.csv.header else b"",
        train=lambda codes, features, keep: csv_text(arrange(codes, features), keep),
        holdout=lambda row_ids, codes, slices, features, keep: csv_text([row_ids, codes, *slices, *features], keep),
    )


def csv_text(columns: Fields, keep: Sequence[int]) -> bytes:
    """The rows that `keep` marks as lines of CSV, in UTF-8, with quotes only where a field needs them."""
    if any(hasattr(values, "array") for values in columns):
        from .texts import csv_lines  # noqa: PLC0415  (imported already where there is an array)

        return csv_lines(columns, keep)
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(compress(zip(*columns, strict=True), keep))
    return buffer.getvalue().encode()


def _json_layout(config: Config, data: Dataset) -> Layout:
    """`{target, feature...}`; the holdout is `{row_id, label, slices: {...}, features: {...}}`.

    Escaped to ASCII, because some servers also split lines at Unicode's other line ends.
    """

    def features_json(features: Fields) -> Fields:
        return [column.to_json(values) for column, values in zip(data.features, features, strict=True)]

    feature_members = json_members(column.name for column in data.features)
    group = [] if data.group_column is None else [data.group_column]
    slice_members = json_members([*group, *(column.name for column in data.slices)])
    train_template = "{" + json_members([config.target]) + "," + feature_members + "}\n"
    head = json_members(["row_id", "label"])
    holdout_template = "{" + head + ',"slices":{' + slice_members + '},"features":{' + feature_members + "}}\n"
    return Layout(
        extension="jsonl",
        train_header=b"",
        train=lambda codes, features, keep: json_text(train_template, [codes, *features_json(features)], keep),
        holdout=lambda row_ids, codes, slices, features, keep: json_text(
            holdout_template,
            [json_strings(row_ids), codes, *map(json_strings, slices), *features_json(features)],
            keep,
        ),
    )


def json_members(names: Iterable[str]) -> str:
    """Members of an object with these names, whose values are for `json_text` to fill in."""
    return ",".join(json.dumps(name).replace("%", "%%") + ":%s" for name in names)


def json_text(template: str, columns: Fields, keep: Sequence[int]) -> bytes:
    """The rows that `keep` marks, each written into the template; the columns hold JSON."""
    if any(hasattr(values, "array") for values in columns):
        from .texts import json_lines  # noqa: PLC0415  (imported already where there is an array)

        return json_lines(template, columns, keep)
    return "".join([template % row for row in compress(zip(*columns, strict=True), keep)]).encode()


def json_strings(values: Sequence[str]) -> Sequence[str]:
    """The texts as JSON, escaped to ASCII."""
    if hasattr(values, "array"):
        from .texts import json_fields  # noqa: PLC0415  (imported already where there is an array)

        return json_fields(values, None)
    return [json.dumps(value) for value in values]


class _Output:
    """A file being written; counts its rows and hashes its bytes."""

    def __init__(self, folder: Path, path: str) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._stream = (folder / path).open("wb")
        self._hash = sha256()
        self._rows = 0
        self._positives = 0

    def write(self, lines: bytes, codes: list[str]) -> None:
        """Appends lines, whose rows have these codes."""
        self._stream.write(lines)
        self._hash.update(lines)
        self._rows += len(codes)
        self._positives += codes.count("1")

    def close(self, binary: bool) -> FileFacts:
        self._stream.close()
        return {
            "path": self._path,
            "rows": self._rows,
            "positives": self._positives if binary else None,
            "sha256": self._hash.hexdigest(),
        }
