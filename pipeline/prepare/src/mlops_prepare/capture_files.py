"""Reads what the prediction service kept of its requests: JSON Lines of pipeline/serve/capture.ts, CaptureEntry."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .arrow_arrays import number_array, text_array
from .errors import MonitorError
from .moment import moment
from .other_format import is_gzip
from .package_reference import CategoryBins, NumberBins, PackageReference
from .prediction_files import Joinable, PackageList, Window
from .problems import quote
from .row_keys import captured_key
from .window_counts import CategoryCounts, NumberCounts, WindowCounts, window_of

# Entries that are in memory at a time.
ENTRIES = 10_000


class _Entry(NamedTuple):
    key: int | None
    time: int
    package: int
    decision: int
    scores: Sequence[float]
    features: Mapping[str, Any]


class CaptureReader:
    """Reads files of captures; `seconds` is the length of a window."""

    def __init__(self, packages: PackageList, seconds: int) -> None:
        self._packages = packages
        self._seconds = seconds
        # Sentences about lines that are left out.
        self.notes: list[str] = []

    def joinable(self, path: Path, label: str) -> list[Joinable]:
        """The rows that labels are joined to."""
        return [part for entries in self._entries(path, label) for part in _joinable(entries)]

    def read(self, path: Path, label: str, *, joins: bool) -> tuple[dict[Window, WindowCounts], list[Joinable]]:
        """The counts of the file by package and window and, if `joins`, its rows."""
        counts: dict[Window, WindowCounts] = {}
        parts: list[Joinable] = []
        for entries in self._entries(path, label):
            by_window: dict[Window, list[_Entry]] = {}
            for entry in entries:
                by_window.setdefault((entry.package, window_of(entry.time, self._seconds)), []).append(entry)
            for window, found in by_window.items():
                reference = self._packages.references[window[0]]
                if window not in counts:
                    counts[window] = WindowCounts(reference)
                _count(counts[window], reference, found, label)
            if joins:
                parts += _joinable(entries)
        return counts, parts

    def _entries(self, path: Path, label: str) -> Iterator[list[_Entry]]:
        entries: list[_Entry] = []
        for number, line in enumerate(_lines(path, label), start=1):
            if line.isspace():
                continue
            # A service that was killed while it wrote leaves half a line.
            if not line.endswith(b"\n") and not _is_json(line):
                self.notes.append(f"{label} line {number} ends before its end and is left out.")
                continue
            entries.append(self._entry(line, f"{label} line {number}"))
            if len(entries) == ENTRIES:
                yield entries
                entries = []
        if entries:
            yield entries

    def _entry(self, line: bytes, where: str) -> _Entry:
        try:
            found = json.loads(line)
        except ValueError as error:
            raise MonitorError(f"{where}: a JSON object is expected; {error}") from None
        if not isinstance(found, dict) or not isinstance(found.get("features"), dict):
            raise MonitorError(f"{where}: an object with at, package, features, score and decision is expected")
        time, kind = moment(found["at"]) if isinstance(found.get("at"), str) else (math.nan, "")
        if kind != "date":
            raise MonitorError(f"{where}: at must be a time such as 2026-03-01T12:00:00.000Z")
        package = self._packages.number(found.get("package"), where)
        reference = self._packages.references[package]
        row_id = found.get("row_id")
        return _Entry(
            captured_key(row_id) if isinstance(row_id, str) else None,
            int(time),
            package,
            _decision(found, reference, where),
            _scores(found, reference),
            found["features"],
        )


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _lines(path: Path, label: str) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            packed = is_gzip(stream.read(2))
        with gzip.open(path) if packed else path.open("rb") as stream:
            yield from stream
    except (OSError, EOFError) as error:
        raise MonitorError(f"{label}: JSON Lines of the prediction service are expected; {error}") from None


def _decision(found: Mapping[str, Any], reference: PackageReference | None, where: str) -> int:
    if reference is None or reference.problem == "regression":
        return 0
    decision = found.get("decision")
    if not isinstance(decision, str) or decision not in reference.labels:
        raise MonitorError(f"{where}: decision must be one of {', '.join(map(quote, reference.labels[:5]))}")
    return list(reference.labels).index(decision)


def _scores(found: Mapping[str, Any], reference: PackageReference | None) -> Sequence[float]:
    """The scores of the prediction; NaN where there is none."""
    if reference is None:
        return (math.nan,)
    if reference.decides:
        return [float(_decision(found, reference, ""))]
    if reference.problem == "multiclass":
        scores = found.get("scores")
        by_class = scores if isinstance(scores, dict) else {}
        return [_number(by_class.get(label)) for label in reference.labels]
    return [_number(found.get("score"))]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def _joinable(entries: Iterable[_Entry]) -> list[Joinable]:
    """The entries with a row id, by package."""
    by_package: dict[int, list[_Entry]] = {}
    for entry in entries:
        if entry.key is not None:
            by_package.setdefault(entry.package, []).append(entry)
    return [
        Joinable(
            np.array([entry.key for entry in found], np.uint64),
            np.array([entry.time for entry in found], np.int64),
            np.full(len(found), package, np.int32),
            np.array([entry.scores for entry in found], np.float64),
        )
        for package, found in by_package.items()
    ]


def _count(counts: WindowCounts, reference: PackageReference | None, entries: Sequence[_Entry], label: str) -> None:
    scores = np.array([entry.scores for entry in entries], np.float64)
    counts.add(len(entries), scores, np.array([entry.decision for entry in entries], np.int64))
    for bins, column in zip(reference.columns if reference else (), counts.columns, strict=True):
        cells = [entry.features[bins.name] for entry in entries if bins.name in entry.features]
        # The service keeps features but no slices, and none of data.sensitive.
        if not cells:
            continue
        if isinstance(bins, NumberBins):
            assert isinstance(column, NumberCounts)
            wrong = next((cell for cell in cells if cell is not None and math.isnan(_number(cell))), None)
            if wrong is not None:
                raise MonitorError(f"{label}: the feature {quote(bins.name)} must be a number or null")
            column.add(number_array(np.array([_number(cell) for cell in cells])))
        else:
            assert isinstance(column, CategoryCounts)
            _count_texts(column, bins, cells, label)


def _count_texts(column: CategoryCounts, bins: CategoryBins, cells: Sequence[Any], label: str) -> None:
    texts: Counter[str] = Counter()
    others = 0
    for cell in cells:
        if isinstance(cell, dict):
            others += 1
        elif cell is None or isinstance(cell, (str, bool)):
            texts["" if cell is None else cell if isinstance(cell, str) else str(cell).lower()] += 1
        else:
            raise MonitorError(f"{label}: the feature {quote(bins.name)} must be text, a boolean or null")
    # Where training saw too many categories to list, the service marks every one as another: nothing can be told.
    if others and not column.is_listed:
        return
    column.add_counted(text_array(texts), np.array(list(texts.values()), np.int64))
    if others:
        column.add_unseen(others)
