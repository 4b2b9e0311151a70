"""Counts of the predictions of one package in one window, in the bins of the package's reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrow_arrays import filled, numpy_of, text_array, text_scalar
from .package_reference import CategoryBins, NumberBins, PackageReference, ScoreBins

# Texts of categories that training never saw, and how much of each, that a summary shows.
SHOWN_EXAMPLES = 5
SHOWN_LETTERS = 60
# The start of a window is a multiple of its length after this Monday.
FIRST_WINDOW = datetime(1970, 1, 5, tzinfo=timezone.utc)
_FIRST = int(FIRST_WINDOW.timestamp()) * 1_000_000


def window_of(times: Any, seconds: int) -> Any:
    """The number of each time's window; times are microseconds since 1970."""
    return (times - _FIRST) // (seconds * 1_000_000)


def window_times(number: int, seconds: int) -> tuple[str, str]:
    """Start and end of a window as ISO 8601 in UTC."""
    start = FIRST_WINDOW + timedelta(seconds=seconds) * number
    return iso(start), iso(start + timedelta(seconds=seconds))


def iso(time: datetime) -> str:
    """The time as JavaScript writes it, in milliseconds."""
    return f"{time.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


class ScoreCounts:
    """Scores of one name."""

    def __init__(self, bins: ScoreBins) -> None:
        self._bins = bins
        self._edges = np.array(bins.edges, np.float64)
        self._counts = np.zeros(len(bins.edges) + 1, np.int64)
        self._sums = np.zeros(len(bins.edges) + 1)
        self._bad = 0

    def add(self, scores: Any) -> None:
        """Adds scores; one that is not finite is bad."""
        finite = np.isfinite(scores)
        if not finite.all():
            self._bad += int(len(scores) - finite.sum())
            scores = scores[finite]
        at = np.searchsorted(self._edges, scores, side="right")
        self._counts += np.bincount(at, minlength=len(self._counts))
        self._sums += np.bincount(at, scores, minlength=len(self._counts))

    def merge(self, other: ScoreCounts) -> None:
        """Adds another's counts."""
        self._counts += other._counts
        self._sums += other._sums
        self._bad += other._bad

    def document(self) -> dict[str, object]:
        """The entry of WindowSummary.scores."""
        return {
            "name": self._bins.name,
            "counts": self._counts.tolist(),
            "sums": self._sums.tolist(),
            "bad": self._bad,
        }


class NumberCounts:
    """A column of numbers."""

    def __init__(self, bins: NumberBins) -> None:
        self.name = bins.name
        self.absent = True
        self._edges = bins.edges
        self._counts = np.zeros(len(bins.edges) + 1, np.int64)
        self._missing = 0

    def add(self, column: pa.Array) -> None:
        """Adds cells, typed as doubles."""
        self.absent = False
        if column.null_count:
            self._missing += column.null_count
            column = column.drop_null()
        values = numpy_of(column)
        # A comparison with each of a few edges is several times as fast as a search of the bin of each value.
        below = [np.count_nonzero(values < edge) for edge in self._edges]
        missing = int(np.count_nonzero(np.isnan(values)))
        self._missing += missing
        self._counts += np.diff([0, *below, len(values) - missing])

    def merge(self, other: NumberCounts) -> None:
        """Adds another's counts."""
        self.absent &= other.absent
        self._counts += other._counts
        self._missing += other._missing

    def document(self) -> dict[str, object]:
        """The entry of WindowSummary.columns."""
        return {
            "name": self.name,
            "type": "number",
            "absent": self.absent,
            "counts": self._counts.tolist(),
            "missing": self._missing,
        }


class CategoryCounts:
    """A column of categories."""

    def __init__(self, bins: CategoryBins) -> None:
        self.name = bins.name
        self.absent = True
        # Whether every category of training is listed, so that a new one can be told.
        self.is_listed = bins.known is not None
        self._folded = bins.folded
        own = list(bins.categories)
        self._shown = len(own)
        self._set = text_array([*own, *(text for text in bins.known or () if text not in set(own))])
        self._counts = np.zeros(self._shown, np.int64)
        self._others = self._unseen = self._missing = 0
        self._examples: list[str] = []

    def add(self, column: pa.DictionaryArray) -> None:
        """Adds cells, each once in the array's dictionary."""
        self.absent = False
        self._missing += column.null_count
        indices = column.indices
        if column.null_count:
            indices = indices.drop_null()
        found = np.bincount(numpy_of(indices), minlength=len(column.dictionary))
        self.add_counted(column.dictionary, found)

    def add_counted(self, texts: pa.Array, counts: Any) -> None:
        """Adds cells of each text, "" being a missing value."""
        if not len(texts):
            return
        self.absent = False
        plain = pc.ascii_lower(texts) if self._folded else texts
        at = filled(pc.index_in(plain, value_set=self._set), -1)
        shown = (at >= 0) & (at < self._shown)
        self._counts += np.bincount(at[shown], counts[shown], minlength=self._shown).astype(np.int64)
        rest = np.flatnonzero(~shown & (counts > 0))
        if not len(rest):
            return
        empty = numpy_of(pc.equal(texts, text_scalar("")))[rest]
        self._missing += int(counts[rest][empty].sum())
        rest = rest[~empty]
        unseen = (at[rest] < 0) & self.is_listed
        self._others += int(counts[rest][~unseen].sum())
        self.add_unseen(int(counts[rest][unseen].sum()), (texts[int(place)].as_py() for place in rest[unseen]))

    def add_unseen(self, rows: int, examples: Iterable[str] = ()) -> None:
        """Adds rows of categories that training never saw."""
        self.absent = False
        self._unseen += rows
        # The first ones by text, so that the same rows in another order have the same examples.
        shown = {text if len(text) <= SHOWN_LETTERS else text[: SHOWN_LETTERS - 1] + "…" for text in examples}
        self._examples = sorted(shown.union(self._examples))[:SHOWN_EXAMPLES]

    def add_missing(self, rows: int) -> None:
        """Adds rows without a value."""
        self.absent = False
        self._missing += rows

    def merge(self, other: CategoryCounts) -> None:
        """Adds another's counts."""
        absent = self.absent and other.absent
        self._counts += other._counts
        self._others += other._others
        self._missing += other._missing
        self.add_unseen(other._unseen, other._examples)
        self.absent = absent

    def document(self) -> dict[str, object]:
        """The entry of WindowSummary.columns."""
        return {
            "name": self.name,
            "type": "category",
            "absent": self.absent,
            "counts": self._counts.tolist(),
            "others": self._others,
            "unseen": self._unseen,
            "examples": self._examples,
            "missing": self._missing,
        }


class WindowCounts:
    """Everything that is counted of a package's predictions in a window; without a reference only the rows."""

    def __init__(self, reference: PackageReference | None) -> None:
        self.rows = 0
        self.scores = [ScoreCounts(score) for score in reference.scores] if reference else []
        self._places = reference.places() if reference else []
        self.decisions = np.zeros(len(reference.labels) if reference else 0, np.int64)
        self.columns: list[NumberCounts | CategoryCounts] = [
            NumberCounts(column) if isinstance(column, NumberBins) else CategoryCounts(column)
            for column in (reference.columns if reference else ())
        ]

    def merge(self, other: WindowCounts) -> None:
        """Adds another's counts of the same package."""
        self.rows += other.rows
        self.decisions += other.decisions
        for score, more in zip(self.scores, other.scores, strict=True):
            score.merge(more)
        for column, others in zip(self.columns, other.columns, strict=True):
            column.merge(others)  # type: ignore[arg-type]

    def add(self, rows: int, scores: Any, decisions: Any) -> None:
        """Adds predictions.

        `scores`: (rows, scores of a prediction); `decisions`: numbers of labels, None for regression.
        """
        self.rows += rows
        if len(self.decisions):
            self.decisions += np.bincount(decisions, minlength=len(self.decisions))
        for counts, place in zip(self.scores, self._places, strict=True):
            counts.add(scores[:, place])

    def document(self, package: str, number: int, seconds: int, sensitive: Sequence[str]) -> dict[str, object]:
        """WindowSummary (pipeline/monitor/window.ts), without examples of the columns of data.sensitive."""
        start, end = window_times(number, seconds)
        columns = [column.document() for column in self.columns]
        for column in columns:
            # Two names that differ in case alone are told apart by underscores (input_columns.py).
            if "examples" in column and {column["name"], str(column["name"]).rstrip("_")} & set(sensitive):
                column["examples"] = []
        return {
            "package": package,
            "start": start,
            "end": end,
            "rows": self.rows,
            "scores": [score.document() for score in self.scores],
            "decisions": self.decisions.tolist(),
            "columns": columns,
        }
