"""Joins labels to predictions: which prediction each label counts for, and why it counts for none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .arrow_arrays import number_array
from .prediction_files import Joinable, PackageList
from .truth import NEVER, NO_TIME, NONE, Labels, Vocabulary
from .window_counts import window_of, window_times

# Parts of the scores of a window in which the share of labels is told.
TENTHS = 10
# What becomes of a label.
OUTCOMES = ("conflicts", "unknown", "early", "future", "bad", "matched")
# Labels that are joined at a time.
PART = 1 << 18
# Rows that stand together in the file of labelled rows, at least.
GROUP = 20_000


class Join(NamedTuple):
    """The outcome of a join."""

    # Labels with what they counted for.
    labels: Labels
    # Predictions in the order of the window, the time and the row id, and the label of each: NaN: none.
    rows: Joinable
    codes: Any
    # Distinct row ids by what became of them.
    counts: dict[str, int]


def join(labels: Labels, rows: Joinable, at: int, vocabulary: Vocabulary, packages: PackageList) -> Join:
    """Joins labels to the predictions whose labels are still open; `at` is the time of the look.

    A label counts for the last prediction of its row id that was made before it was known, or for the one that it
    names; what it counted for in windows that are closed stays.
    """
    order = np.lexsort((rows.packages, rows.times, rows.keys))
    rows = Joinable(*(column[order] for column in rows))
    codes = np.full(len(rows.keys), np.nan)
    packages_of, times_of = labels.matched_packages.copy(), labels.matched.copy()
    counts = Counter(dict.fromkeys(OUTCOMES, 0))
    for part in _slices(labels.keys):
        done = _PartJoin(Labels(*(column[part] for column in labels)), rows, at)
        done.code(vocabulary, packages)
        codes[done.place[done.counted]] = done.codes[done.counted]
        packages_of[part], times_of[part] = done.matches()
        counts.update(done.counts())
    # Two labels of one prediction clash only as long as they are of it: the next look may know a later prediction.
    return Join(labels._replace(matched_packages=packages_of, matched=times_of), rows, codes, dict(counts))


def _slices(keys: Any) -> Iterator[slice]:
    """Parts of the labels, so that memory does not grow with them; all labels of a key are in one part."""
    start = 0
    while start < len(keys):
        end = int(np.searchsorted(keys, keys[min(start + PART, len(keys)) - 1], side="right"))
        yield slice(start, end)
        start = end


class _PartJoin:
    """The join of some labels, as arrays by label."""

    def __init__(self, labels: Labels, rows: Joinable, at: int) -> None:
        self._labels = labels
        self._rows = rows
        low = np.searchsorted(rows.keys, labels.keys, side="left")
        high = np.searchsorted(rows.keys, labels.keys, side="right")
        known = np.where(labels.known == NEVER, labels.seen, labels.known)
        self._future = known > at
        named = labels.named != NO_TIME
        limit = np.where(named, labels.named, known)
        self.place = _of_package(rows, low, _last(rows.times, low, high, limit), labels.packages)
        self._exists = np.where(
            named,
            _holds(rows, low, self.place, labels.named),
            _of_package(rows, low, high - 1, labels.packages) >= low,
        )
        self._usable = np.where(named, self._exists & (labels.named <= known), self.place >= low)
        # What a label counted for stays where its window is closed.
        again = _of_package(rows, low, _last(rows.times, low, high, labels.matched), labels.matched_packages)
        self._closed = (labels.matched != NO_TIME) & ~_holds(rows, low, again, labels.matched)

    def code(self, vocabulary: Vocabulary, packages: PackageList) -> None:
        """Finds the label's code in the package of its prediction, and which labels count."""
        labels, place = self._labels, self.place
        self.codes = np.full(len(labels.keys), np.nan)
        found = self._usable & ~self._closed & ~self._future & ~labels.conflict
        for number in range(len(packages.names)):
            own = np.flatnonzero(found)
            own = own[self._rows.packages[place[own]] == number]
            self.codes[own] = vocabulary.codes(number, labels.values[own])
        has_class = ~np.isnan(self.codes)
        clash = _clashes(place, self.codes, found & has_class)
        self._conflict = labels.conflict | clash
        self._unusable = found & ~has_class
        self.counted = found & has_class & ~clash

    def matches(self) -> tuple[Any, Any]:
        """The package and the time of the prediction that each label counts for."""
        packages, times = self._labels.matched_packages.copy(), self._labels.matched.copy()
        here = self.place[self.counted]
        packages[self.counted], times[self.counted] = self._rows.packages[here], self._rows.times[here]
        lost = ~self.counted & ~self._closed
        packages[lost], times[lost] = NONE, NO_TIME
        return packages, times

    def counts(self) -> dict[str, int]:
        """Distinct row ids by what became of them."""
        open_ = ~self._conflict & ~self._future & ~self._closed
        return {
            "conflicts": self._ids(self._conflict),
            "unknown": self._ids(open_ & ~self._exists),
            "early": self._ids(open_ & self._exists & ~self._usable),
            "future": self._ids(self._future & ~self._conflict),
            "bad": self._ids(self._unusable),
            "matched": self._ids(self.counted | (self._closed & ~self._conflict & ~self._future)),
        }

    def _ids(self, which: Any) -> int:
        # Labels are in the order of their keys.
        keys = self._labels.keys[which]
        return int(np.count_nonzero(np.r_[True, keys[1:] != keys[:-1]])) if len(keys) else 0


def _last(times: Any, low: Any, high: Any, limit: Any) -> Any:
    """The last place from `low` to `high` whose time is not after the limit; low - 1: none. Times ascend in each."""
    first, end = low.copy(), high.copy()
    while (open_ := first < end).any():
        middle = (first + end) // 2
        fits = open_ & (times[np.minimum(middle, len(times) - 1)] <= limit)
        first = np.where(fits, middle + 1, first)
        end = np.where(open_ & ~fits, middle, end)
    return first - 1


def _of_package(rows: Joinable, low: Any, place: Any, packages: Any) -> Any:
    """The place, or the last one before it that is of the package, if one is named; below `low`: none."""
    place = place.copy()
    while True:
        wrong = (packages != NONE) & (place >= low)
        wrong[wrong] = rows.packages[place[wrong]] != packages[wrong]
        if not wrong.any():
            return place
        place[wrong] -= 1


def _holds(rows: Joinable, low: Any, place: Any, times: Any) -> Any:
    """Whether the place is one, and has that time."""
    found = place >= low
    found[found] = rows.times[place[found]] == times[found]
    return found


def _clashes(place: Any, codes: Any, found: Any) -> Any:
    """The labels that differ from another one of the same prediction."""
    clash = np.zeros(len(place), bool)
    at = np.flatnonzero(found)
    if not len(at):
        return clash
    at = at[np.argsort(place[at], kind="stable")]
    first = np.flatnonzero(np.r_[True, place[at][1:] != place[at][:-1]])
    differs = np.minimum.reduceat(codes[at], first) != np.maximum.reduceat(codes[at], first)
    clash[at] = np.repeat(differs, np.diff(np.r_[first, len(at)]))
    return clash


def write_labelled(joined: Join, folder: Path, packages: PackageList, seconds: int) -> list[dict[str, object]]:
    """Writes the labelled rows, a file for each package, and returns LabelledWindow of each window with predictions.

    The rows of a window are in the order of the prediction's time, then of the hash of its row id, which no look
    changes.
    """
    folder.mkdir(parents=True)
    found: list[dict[str, object]] = []
    for number, name in enumerate(packages.names):
        reference = packages.references[number]
        own = np.flatnonzero(joined.rows.packages == number)
        if reference is None or not len(own):
            continue
        own = own[np.lexsort((joined.rows.keys[own], joined.rows.times[own]))]
        windows = window_of(joined.rows.times[own], seconds)
        scores = joined.rows.scores[own][:, : reference.width]
        codes = joined.codes[own]
        names = ["score"] if reference.width == 1 else [f"score_{at}" for at in range(reference.width)]
        schema = pa.schema([(column, pa.float64()) for column in [*names, "label"]])
        path = folder / f"package-{number}.parquet"
        starts = np.flatnonzero(np.r_[True, windows[1:] != windows[:-1]])
        written = 0
        waiting: list[Any] = []
        with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
            for start, end in zip(starts, [*starts[1:], len(own)], strict=True):
                part, labels = scores[start:end], codes[start:end]
                sound = np.isfinite(part).all(axis=1)
                kept = sound & ~np.isnan(labels)
                rows = int(kept.sum())
                waiting.append(np.column_stack([part[kept], labels[kept]]))
                # A group of rows for each of many short windows would make the file's index longer than its rows.
                if sum(map(len, waiting)) >= GROUP or end == len(own):
                    _write_group(writer, waiting, schema)
                    waiting = []
                window_start, window_end = window_times(int(windows[start]), seconds)
                found.append(
                    {
                        "package": name,
                        "start": window_start,
                        "end": window_end,
                        "uri": f"labelled/{path.name}",
                        "first": written,
                        "rows": rows,
                        "coverage": _coverage(part[sound].max(axis=1), kept[sound]),
                    }
                )
                written += rows
    return found


def _write_group(writer: Any, parts: Sequence[Any], schema: Any) -> None:
    columns = np.concatenate(parts).T
    if columns.shape[1]:
        writer.write_table(pa.Table.from_arrays([number_array(column) for column in columns], schema=schema))


def _coverage(scores: Any, labelled: Any) -> list[dict[str, int]]:
    """Rows, and those with a label, by tenth of the scores; equal scores are in one part, so there may be fewer."""
    if not len(scores):
        return []
    edges = np.unique(np.quantile(scores, np.arange(1, TENTHS) / TENTHS, method="higher"))
    at = np.searchsorted(edges, scores, side="right")
    rows = np.bincount(at, minlength=len(edges) + 1)
    with_label = np.bincount(at[labelled], minlength=len(edges) + 1)
    return [
        {"rows": int(count), "labelled": int(known)} for count, known in zip(rows, with_label, strict=True) if count
    ]
