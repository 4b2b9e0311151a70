"""Reads the Parquet files of releases for monitoring: predictions, and the columns that they were made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .arrow_arrays import filled, number_array, numpy_of, text_array
from .errors import MonitorError
from .package_reference import PackageReference
from .problems import quote
from .row_keys import row_keys
from .window_counts import NumberCounts, WindowCounts, window_of

# Rows that are in memory at a time: of fifty columns 25 MB.
BATCH = 1 << 16

# A package (its number) and a window (its number).
Window = tuple[int, int]

_TYPES: Mapping[str, Any] = {
    "score": pa.types.is_float64,
    "decision": pa.types.is_string,
    "scores": pa.types.is_map,
    "package": pa.types.is_string,
    "predicted_at": pa.types.is_timestamp,
    "row_id": pa.types.is_string,
}


class ReleaseFile(NamedTuple):
    """A file of predictions, and the one with their columns: None where the release kept none."""

    release: str
    # Its name in messages.
    label: str
    path: Path
    inputs: Path | None
    inputs_label: str


class Joinable(NamedTuple):
    """What a label is joined to, row by row."""

    # uint64 (row_keys.py).
    keys: Any
    # Microseconds since 1970.
    times: Any
    # Numbers of packages.
    packages: Any
    # (rows, scores of a prediction): NaN where there is none.
    scores: Any


def release_files(predictions: Path, inputs: Path | None) -> list[ReleaseFile]:
    """The files under `predictions`, by release and name, each with the file of the same name under `inputs`.

    MonitorError if one is in no folder of a release, or if a release kept columns but lacks a file of them.
    """
    columns = {} if inputs is None else {(release, path.name): path for release, path in _by_release(inputs)}
    kept = {release for release, _ in columns}
    found = []
    for release, path in _by_release(predictions):
        label = f"{predictions.name}/release={release}/{path.name}"
        beside = f"inputs/release={release}/{path.name}"
        if release in kept and (release, path.name) not in columns:
            raise MonitorError(f"{beside} is missing; the columns of {label} are expected there")
        found.append(ReleaseFile(release, label, path, columns.get((release, path.name)), beside))
    return sorted(found, key=lambda file: (file.release, file.label))


def _by_release(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every Parquet file with the release whose folder it is in, at any depth: a manifest's names may be long."""
    for path in sorted(folder.rglob("*.parquet")):
        inner = path.relative_to(folder)
        release = next((part for part in inner.parts[:-1] if part.startswith("release=")), None)
        if release is None:
            raise MonitorError(
                f"{folder.name}/{inner.as_posix()}: expected in a folder release=ID, which names its release"
            )
        yield release.removeprefix("release="), path


class PackageList:
    """The packages by number, with their references."""

    def __init__(self, references: Mapping[str, PackageReference | None]) -> None:
        self.names = sorted(references)
        self.references = [references[name] for name in self.names]
        # Whether predictions may have a score for each class.
        self.has_classes = any(found is not None and found.problem == "multiclass" for found in self.references)
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def number(self, name: str | None, where: str) -> int:
        """The package's number; MonitorError if the settings do not name it."""
        if name is None or name not in self._numbers:
            raise MonitorError(
                f"{where}: got the package {quote(name or '')}, expected one of {', '.join(map(quote, self.names))} "
                "(monitor.json: packages)"
            )
        return self._numbers[name]


class ReleaseReader:
    """Reads files of releases; `seconds` is the length of a window."""

    def __init__(self, packages: PackageList, seconds: int) -> None:
        self._packages = packages
        self._seconds = seconds

    def joinable(self, file: ReleaseFile) -> Joinable:
        """The rows that labels are joined to."""
        _, _, parts = self._predictions(file, joins=True, counts=None)
        return joined(parts)

    def read(self, file: ReleaseFile, *, joins: bool) -> tuple[dict[Window, WindowCounts], Joinable | None]:
        """The counts of the file by package and window and, if `joins`, its rows."""
        counts: dict[Window, WindowCounts] = {}
        windows, codes, parts = self._predictions(file, joins=joins, counts=counts)
        if file.inputs is not None:
            self._columns(file, file.inputs, windows, codes, counts)
        return counts, joined(parts) if joins else None

    def _predictions(
        self, file: ReleaseFile, *, joins: bool, counts: dict[Window, WindowCounts] | None
    ) -> tuple[list[Window], list[tuple[Any, int]], list[Joinable]]:
        """The windows of the file, the number of each row's among them, and the rows to join."""
        names = ["package", "predicted_at", "score", "decision", *(["row_id"] if joins else [])]
        windows: dict[Window, int] = {}
        codes: list[tuple[Any, int]] = []
        parts: list[Joinable] = []
        with _reading(file.label):
            schema = _schema(file.path)
            names += ["scores"] if self._packages.has_classes and "scores" in schema.names else []
            for name in names:
                _check_type(file.label, schema, name)
            for batch in _batches(file.path, names, ["package", "decision"]):
                by_row = self._windows(batch, windows, file.label)
                codes.append((by_row, batch.num_rows))
                for code in _distinct(by_row):
                    window = next(key for key, at in windows.items() if at == code)
                    rows = None if isinstance(by_row, int) else np.flatnonzero(by_row == code)
                    self._add(batch, rows, window, file, counts, parts, joins=joins)
        return list(windows), codes, parts

    def _windows(self, batch: pa.RecordBatch, windows: dict[Window, int], label: str) -> Any:
        """The number of each row's window among `windows`, which grows; one number where all have the same."""
        package, time = batch.column("package"), batch.column("predicted_at")
        for name, column in (("package", package), ("predicted_at", time)):
            if column.null_count:
                raise MonitorError(
                    f"{label}: column {quote(name)} is empty in {column.null_count:,} rows; a value in each is expected"
                )
        texts = package.dictionary.to_pylist()
        used = np.bincount(numpy_of(package.indices), minlength=len(texts))
        numbers = np.array(
            [self._packages.number(text, label) if count else -1 for text, count in zip(texts, used, strict=True)]
        )
        at = window_of(numpy_of(time.cast(pa.timestamp("us")).cast(pa.int64())), self._seconds)
        least, most = int(at.min()), int(at.max())
        if least == most and np.count_nonzero(used) == 1:
            window = (int(numbers[numbers >= 0][0]), least)
            return windows.setdefault(window, len(windows))
        of_row = numbers[numpy_of(package.indices)]
        span = most - least + 1
        keys, inverse = np.unique(of_row * span + (at - least), return_inverse=True)
        found = [(int(key // span), int(key % span + least)) for key in keys]
        return np.array([windows.setdefault(window, len(windows)) for window in found], np.int32)[inverse]

    def _add(
        self,
        batch: pa.RecordBatch,
        rows: Any,
        window: Window,
        file: ReleaseFile,
        counts: dict[Window, WindowCounts] | None,
        parts: list[Joinable],
        *,
        joins: bool,
    ) -> None:
        """Adds the rows of a batch that are in the window; None: all."""
        reference = self._packages.references[window[0]]
        part = batch if rows is None else batch.take(number_array(rows))
        scores, decisions = _scores(part, reference, file.label)
        if counts is not None:
            if window not in counts:
                counts[window] = WindowCounts(reference)
            counts[window].add(part.num_rows, scores, decisions)
        if joins:
            ids = part.column("row_id")
            if ids.null_count:
                raise MonitorError(
                    f'{file.label}: column "row_id" is empty in {ids.null_count:,} rows; a value in each is expected'
                )
            times = numpy_of(part.column("predicted_at").cast(pa.timestamp("us")).cast(pa.int64()))
            packages = np.full(part.num_rows, window[0], np.int32)
            parts.append(Joinable(row_keys(ids.to_pylist()), times, packages, scores))

    def _columns(
        self,
        file: ReleaseFile,
        path: Path,
        windows: Sequence[Window],
        codes: Sequence[tuple[Any, int]],
        counts: Mapping[Window, WindowCounts],
    ) -> None:
        """Counts the columns that the predictions were made from, whose rows are those of the predictions."""
        wanted = {column.name: type(column) for window in windows for column in counts[window].columns}
        with _reading(file.inputs_label):
            found_rows = pq.read_metadata(path).num_rows
            rows = sum(length for _, length in codes)
            if found_rows != rows:
                raise MonitorError(
                    f"{file.inputs_label}: got {found_rows:,} rows, expected one for each of the {rows:,} rows of "
                    f"{file.label}"
                )
            schema = _schema(path)
            names = [name for name in wanted if name in schema.names]
            for name in names:
                is_number = wanted[name] is NumberCounts
                found = schema.field(name).type
                if not (pa.types.is_float64(found) if is_number else pa.types.is_string(found)):
                    raise MonitorError(
                        f"{file.inputs_label}: column {quote(name)} has the type {found}, expected "
                        f"{'double' if is_number else 'string'}, as the package's reference has it"
                    )
            if not names:
                return
            of_rows = _Slices(codes)
            for batch in _batches(path, names, [name for name in names if wanted[name] is not NumberCounts]):
                by_row = of_rows.take(batch.num_rows)
                for code in _distinct(by_row):
                    part = (
                        batch if isinstance(by_row, int) else batch.take(number_array(np.flatnonzero(by_row == code)))
                    )
                    for column in counts[windows[code]].columns:
                        if column.name in names:
                            column.add(part.column(column.name))


class _Slices:
    """Hands out the windows of rows in batches of another size than they were read in."""

    def __init__(self, codes: Sequence[tuple[Any, int]]) -> None:
        self._alike = None
        if all(isinstance(code, int) for code, _ in codes) and len({code for code, _ in codes}) == 1:
            self._alike = codes[0][0]
        else:
            self._codes = np.concatenate([np.full(rows, code, np.int32) for code, rows in codes])
        self._at = 0

    def take(self, rows: int) -> Any:
        if self._alike is not None:
            return self._alike
        found = self._codes[self._at : self._at + rows]
        self._at += rows
        return found


def _scores(part: pa.RecordBatch, reference: PackageReference | None, label: str) -> tuple[Any, Any]:
    """The scores, (rows, scores of a prediction), NaN where there is none; the decisions as numbers of labels."""
    rows = part.num_rows
    if reference is None:
        return np.full((rows, 1), np.nan), None
    score = filled(part.column("score"), np.nan)[:, None]
    if reference.problem == "regression":
        return score, None
    decisions = _decisions(part.column("decision"), reference.labels, label)
    if reference.decides:
        return decisions[:, None].astype(np.float64), decisions
    if reference.problem == "binary":
        return score, decisions
    if "scores" not in part.schema.names:
        raise MonitorError(f'{label}: column "scores" is missing; the probability of each class is expected there')
    return _by_class(part.column("scores"), reference.labels), decisions


def _decisions(column: pa.DictionaryArray, labels: Sequence[str], label: str) -> Any:
    known = {text: code for code, text in enumerate(labels)}
    texts = column.dictionary.to_pylist()
    codes = np.array([known.get(text, -1) for text in texts], np.int64)
    found = codes[numpy_of(column.indices)] if not column.null_count else None
    if found is None or (found < 0).any():
        raise MonitorError(
            f'{label}: column "decision" holds another class than the package has; one of '
            f"{', '.join(map(quote, labels[:5]))} is expected in each row"
        )
    return found


def _by_class(column: pa.MapArray, labels: Sequence[str]) -> Any:
    found = np.full((len(column), len(labels)), np.nan)
    if column.null_count:
        valid = np.flatnonzero(numpy_of(column.is_valid()))
        column = column.drop_null()
    else:
        valid = np.arange(len(column))
    # Keys and items hold only what the rows of a slice have.
    offsets = numpy_of(column.offsets)
    keys, items = column.keys, column.items
    first, last = int(offsets[0]), int(offsets[-1])
    codes = filled(pc.index_in(keys[first:last], value_set=text_array(labels)), -1)
    rows = np.repeat(valid, np.diff(offsets))
    values = filled(items[first:last], np.nan)
    known = codes >= 0
    found[rows[known], codes[known]] = values[known]
    return found


def _distinct(by_row: Any) -> list[int]:
    return [by_row] if isinstance(by_row, int) else [int(code) for code in np.unique(by_row)]


def joined(parts: Sequence[Joinable]) -> Joinable:
    """The rows of all parts."""
    if not parts:
        return Joinable(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros((0, 1)))
    width = max(part.scores.shape[1] for part in parts)
    wide = [np.pad(part.scores, ((0, 0), (0, width - part.scores.shape[1])), constant_values=np.nan) for part in parts]
    return Joinable(
        np.concatenate([part.keys for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.packages for part in parts]),
        np.concatenate(wide),
    )


@contextmanager
def _reading(label: str) -> Iterator[None]:
    """Says which file it is that cannot be read."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise MonitorError(
            f"{label}: a Parquet file as a release writes it is expected; {str(error).splitlines()[0]}"
        ) from None


def _schema(path: Path) -> Any:
    return pq.read_schema(path)


def _batches(path: Path, names: Sequence[str], texts: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The columns of the file in batches; those of `texts` with each text once."""
    # Other files are read at the same time, so a file is read by one thread.
    with pq.ParquetFile(path, read_dictionary=list(texts)) as source:
        for batch in source.iter_batches(BATCH, columns=list(names), use_threads=False):
            if batch.num_rows:
                yield batch


def _check_type(label: str, schema: Any, name: str) -> None:
    if name not in schema.names:
        raise MonitorError(f"{label}: column {quote(name)} is missing, which each release writes")
    found = schema.field(name).type
    if not _TYPES[name](found):
        raise MonitorError(f"{label}: column {quote(name)} has another type than a release writes: {found}")
