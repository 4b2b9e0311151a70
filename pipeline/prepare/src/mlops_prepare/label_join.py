"""Joins labels to predictions: which prediction each label counts for, and why it counts for none."""

from __future__ import annotations

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
    low = np.searchsorted(rows.keys, labels.keys, side="left")
    high = np.searchsorted(rows.keys, labels.keys, side="right")
    known = np.where(labels.known == NEVER, labels.seen, labels.known)
    future = known > at
    named = labels.named != NO_TIME

    limit = np.where(named, labels.named, known)
    place = _of_package(rows, low, _last(rows.times, low, high, limit), labels.packages)
    exists = np.where(
        named,
        _holds(rows, low, place, labels.named),
        _of_package(rows, low, high - 1, labels.packages) >= low,
    )
    usable = np.where(named, exists & (labels.named <= known), place >= low)

    # What a label counted for stays where its window is closed.
    before = labels.matched != NO_TIME
    again = _of_package(rows, low, _last(rows.times, low, high, labels.matched), labels.matched_packages)
    closed = before & ~_holds(rows, low, again, labels.matched)

    codes = np.full(len(labels.keys), np.nan)
    found = usable & ~closed & ~future & ~labels.conflict
    for number in range(len(packages.names)):
        own = np.flatnonzero(found)
        own = own[rows.packages[place[own]] == number]
        codes[own] = vocabulary.codes(number, labels.values[own])
    has_class = ~np.isnan(codes)
    clash = _clashes(place, codes, found & has_class)
    conflict = labels.conflict | clash
    counted = found & has_class & ~clash

    of_rows = np.full(len(rows.keys), np.nan)
    of_rows[place[counted]] = codes[counted]
    rest = ~conflict & ~future
    matched = rest & (counted | closed)
    unusable = found & ~has_class & ~conflict
    here = place[counted]
    packages_of, times_of = labels.matched_packages.copy(), labels.matched.copy()
    packages_of[counted], times_of[counted] = rows.packages[here], rows.times[here]
    lost = ~counted & ~closed
    packages_of[lost], times_of[lost] = NONE, NO_TIME
    counts = {
        "conflicts": _ids(labels, conflict),
        "unknown": _ids(labels, rest & ~closed & ~exists),
        "early": _ids(labels, rest & ~closed & exists & ~usable),
        "future": _ids(labels, future & ~conflict),
        "bad": _ids(labels, unusable),
        "matched": _ids(labels, matched),
    }
    # Two labels of one prediction clash only as long as they are of it: the next look may know a later prediction.
    kept = labels._replace(matched_packages=packages_of, matched=times_of)
    return Join(kept, rows, of_rows, counts)


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


def _ids(labels: Labels, which: Any) -> int:
    # Labels are in the order of their keys.
    keys = labels.keys[which]
    return int(np.count_nonzero(np.r_[True, keys[1:] != keys[:-1]])) if len(keys) else 0


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
        with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
            for start, end in zip(starts, [*starts[1:], len(own)], strict=True):
                part, labels = scores[start:end], codes[start:end]
                sound = np.isfinite(part).all(axis=1)
                kept = sound & ~np.isnan(labels)
                rows = int(kept.sum())
                columns = [*part[kept].T, labels[kept]]
                writer.write_table(pa.Table.from_arrays([number_array(column) for column in columns], schema=schema))
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
