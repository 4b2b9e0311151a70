"""What a release's predictions say as a whole, and what changed since the release before: for its page.

The types of both documents are in pipeline/steps/release/delivery.ts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .arrow_arrays import filled, flag_array, number_array, numpy_of, text_array
from .package_manifest import PackageManifest
from .predictions import Batch
from .release import DeliverSettings

BINS = 20
# The most rows of the private summary, values of a slice and factors that are told.
MOST_ROWS = 100
MOST_VALUES = 100
MOST_FACTORS = 30

Document = dict[str, Any]


class DeliverySummary:
    """Takes the predictions batch by batch.

    Memory: a few numbers per slice, class and factor. With a release before, 4 bytes per row and slice, and about 80
    bytes per row of either release while their ids are joined.
    """

    def __init__(self, settings: DeliverSettings, manifest: PackageManifest, previous: Sequence[Path]) -> None:
        self._settings = settings
        self._manifest = manifest
        # Sentences about what could not be compared.
        self.notes: list[str] = []
        try:
            self._previous = _Previous.read(previous, manifest)
        except (pa.ArrowInvalid, OSError) as error:
            self._previous = None
            self.notes.append(f"The predictions of the release before cannot be read, so nothing is compared: {error}")
        self._names = [name for name in manifest.slices if name not in settings.sensitive]
        self._groups = [_Groups() for _ in self._names]
        self._decisions: list[Any] = []
        self._counts = np.zeros(len(manifest.labels), np.int64)
        self._bins = np.zeros(BINS, np.int64)
        self._sum = 0.0
        self._scored = False
        self._rows = 0
        self._factors: dict[str, list[float]] = {}
        self._hidden_factors = 0
        self._top: list[tuple[float, int, Document]] = []

    def add(self, batch: Batch, slices: Mapping[str, pa.Array]) -> None:
        """Adds predictions, with the cells of their slices as text."""
        count = batch.table.num_rows
        scores, decisions = batch.scores, batch.decisions
        positive = None
        if decisions is not None:
            self._counts += np.bincount(decisions, minlength=len(self._counts))
            if self._manifest.problem == "binary":
                positive = decisions
        if scores is not None:
            self._scored = True
            self._sum += float(scores.sum())
            if self._manifest.problem != "regression":
                self._bins += _unit_bins(scores)
        for name, groups in zip(self._names, self._groups, strict=True):
            groups.add(slices[name], scores, positive, keep=self._previous is not None)
        if self._previous is not None and decisions is not None:
            self._decisions.append(decisions.astype(np.int32))
        self._add_factors(batch)
        self._add_top(batch)
        self._rows += count

    def _add_factors(self, batch: Batch) -> None:
        factors = batch.factors
        if factors is None:
            return
        self._hidden_factors += factors.hidden
        size = len(factors.names)
        rows = np.bincount(factors.codes, minlength=size)
        absolute = np.bincount(factors.codes, np.abs(factors.values), minlength=size)
        signed = np.bincount(factors.codes, factors.values, minlength=size)
        for code in np.flatnonzero(rows).tolist():
            total = self._factors.setdefault(factors.names[code], [0.0, 0.0, 0.0])
            total[0] += float(rows[code])
            total[1] += float(absolute[code])
            total[2] += float(signed[code])

    def _add_top(self, batch: Batch) -> None:
        count = batch.table.num_rows
        keys = batch.scores if batch.scores is not None else (batch.decisions == 1).astype(float)
        if self._manifest.problem == "multiclass" and batch.scores is None:
            keys = np.zeros(count)
        candidates = np.arange(count)
        if count > MOST_ROWS:
            least = np.partition(keys, count - MOST_ROWS)[count - MOST_ROWS]
            if len(self._top) == MOST_ROWS:
                least = max(least, self._top[-1][0])
            candidates = np.flatnonzero(keys >= least)
        chosen = candidates[np.argsort(-keys[candidates], kind="stable")][:MOST_ROWS]
        if not len(chosen):
            return
        hidden = self._manifest.row_id is not None and self._manifest.row_id in self._settings.sensitive
        for at, row in zip(chosen.tolist(), batch.table.take(number_array(chosen)).to_pylist(), strict=True):
            told = {
                "row_id": f"row {self._rows + at + 1}" if hidden else row["row_id"],
                "score": row["score"],
                "decision": row["decision"],
                "previous_decision": None,
                "contributions": [{"name": name, "value": value} for name, value in row["contributions"] or []],
            }
            self._top.append((float(keys[at]), self._rows + at, told))
        self._top = sorted(self._top, key=lambda one: (-one[0], one[1]))[:MOST_ROWS]

    def documents(self, parts: Sequence[Path]) -> tuple[Document, Document]:
        """The summary and the private summary; `parts` are the Parquet files of the same predictions."""
        manifest, previous = self._manifest, self._previous
        kept_back: list[str] = []
        joined = None
        if previous is not None and previous.comparable:
            decisions = np.concatenate(self._decisions) if self._decisions else None
            joined = _Joined(parts, previous, decisions)
            for _, row, told in self._top:
                code = int(joined.before[row])
                told["previous_decision"] = previous.labels[code] if code >= 0 else None
        summary = {
            "version": 1,
            "problem": manifest.problem,
            "rows": self._rows,
            "threshold": self._settings.threshold if manifest.problem == "binary" and self._scored else None,
            "labels": list(manifest.labels),
            "positive": manifest.positive,
            "score": self._score(parts),
            "decisions": self._decided(),
            "flips": None if joined is None else joined.flips(manifest.labels),
            "slices": self._sliced(joined, kept_back),
            "factors": self._moved(kept_back),
        }
        if manifest.row_id is not None and manifest.row_id in self._settings.sensitive:
            kept_back.append("Row ids are not shown, since data.sensitive names them.")
        return {**summary, "kept_back": kept_back}, {"version": 1, "rows": [told for _, _, told in self._top]}

    def _score(self, parts: Sequence[Path]) -> Document | None:
        if not self._scored:
            return None
        previous = self._previous if self._previous is not None and self._previous.scored else None
        edges = np.linspace(0, 1, BINS + 1)
        counts, before = self._bins, None if previous is None else np.zeros(BINS, np.int64)
        if self._manifest.problem == "regression":
            edges = _edges([*parts, *(previous.parts if previous is not None else [])])
            counts = _histogram(parts, edges)
        total, seen = 0.0, 0
        if previous is not None:
            for scores in _scores(previous.parts):
                total, seen = total + float(scores.sum()), seen + len(scores)
                if self._manifest.problem != "regression":
                    before += _unit_bins(np.clip(scores, 0, 1))
            if self._manifest.problem == "regression":
                before = _histogram(previous.parts, edges)
        return {
            "edges": [round(edge, 10) for edge in edges.tolist()] if counts is self._bins else edges.tolist(),
            "counts": counts.tolist(),
            "previous_counts": None if before is None else before.tolist(),
            "mean": self._sum / self._rows,
            "previous_mean": total / seen if seen else None,
        }

    def _decided(self) -> list[Document]:
        labels = list(self._manifest.labels)
        before = None
        if self._previous is not None and self._previous.comparable and labels:
            before = self._previous.counts
        names = [*labels, *(label for label in before or {} if label not in labels)]
        found = dict(zip(labels, self._counts.tolist(), strict=True))
        told: list[Document] = [
            {
                "label": label,
                "rows": found.get(label, 0),
                "previous_rows": None if before is None else before.get(label, 0),
            }
            for label in names
        ]
        return sorted(told, key=lambda one: -one["rows"])

    def _sliced(self, joined: _Joined | None, kept_back: list[str]) -> list[Document]:
        told = []
        small = beyond = 0
        binary = self._manifest.problem == "binary"
        least = self._settings.min_group
        for name, groups in zip(self._names, self._groups, strict=True):
            compared = None if joined is None else joined.by_group(groups, self._manifest.labels)
            shown = [code for code in np.argsort(-groups.rows, kind="stable").tolist() if groups.rows[code] >= least]
            small += len(groups.values) - len(shown)
            beyond += max(0, len(shown) - MOST_VALUES)
            for code in shown[:MOST_VALUES]:
                rows = int(groups.rows[code])
                enough = compared is not None and compared.rows[code] >= least
                told.append(
                    {
                        "column": name,
                        "value": groups.values[code],
                        "rows": rows,
                        "mean_score": float(groups.sums[code] / rows) if self._scored else None,
                        "share": float(groups.positives[code] / rows) if binary else None,
                        "previous_share": float(compared.positives[code] / compared.rows[code])
                        if binary and enough and compared is not None
                        else None,
                        "flipped": int(compared.flipped[code]) if enough and compared is not None else None,
                    }
                )
        hidden = len(self._manifest.slices) - len(self._names)
        if hidden:
            kept_back.append(
                f"{_count(hidden, 'column')} of groups not shown, since data.sensitive names {_it(hidden)}."
            )
        if small:
            kept_back.append(f"{_count(small, 'group')} of fewer than {least} rows not shown (report.min_group).")
        if beyond:
            kept_back.append(f"{_count(beyond, 'group')} not shown: of each column the {MOST_VALUES} largest are.")
        return told

    def _moved(self, kept_back: list[str]) -> list[Document]:
        """The factors, by their mean over all rows: a row that does not name a factor counts as 0."""
        least = self._settings.min_group
        enough = {name: total for name, total in self._factors.items() if total[0] >= least}
        few = len(self._factors) - len(enough)
        if few:
            kept_back.append(f"{_count(few, 'factor')} named on fewer than {least} rows not shown (report.min_group).")
        if self._hidden_factors:
            kept_back.append(
                f"{_count(self._hidden_factors, 'contribution')} not shown, since data.sensitive names the column."
            )
        ordered = sorted(enough.items(), key=lambda one: (-one[1][1], one[0]))[:MOST_FACTORS]
        return [
            {
                "name": name,
                "rows": int(rows),
                "mean_absolute": absolute / self._rows,
                "mean": signed / self._rows,
            }
            for name, (rows, absolute, signed) in ordered
        ]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _it(number: int) -> str:
    return "it" if number == 1 else "them"


class _Groups:
    """The rows of a slice by its values, which are numbered as they come."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._codes: dict[str, int] = {}
        self.rows = np.zeros(0, np.int64)
        self.sums = np.zeros(0)
        self.positives = np.zeros(0, np.int64)
        # The number of each row's value, if it is needed later.
        self.of_rows: list[Any] = []

    def add(self, cells: pa.Array, scores: Any, positive: Any, *, keep: bool) -> None:
        encoded = cells.dictionary_encode()
        numbers = []
        for value in encoded.dictionary.to_pylist():
            number = self._codes.setdefault(value, len(self.values))
            if number == len(self.values):
                self.values.append(value)
            numbers.append(number)
        codes = np.array(numbers, np.int32)[numpy_of(encoded.indices)]
        size = len(self.values)
        self.rows = _grown(self.rows, size) + np.bincount(codes, minlength=size)
        if scores is not None:
            self.sums = _grown(self.sums, size) + np.bincount(codes, scores, minlength=size)
        if positive is not None:
            found = np.bincount(codes, positive, minlength=size).astype(np.int64)
            self.positives = _grown(self.positives, size) + found
        if keep:
            self.of_rows.append(codes)


def _grown(array: Any, size: int) -> Any:
    return np.concatenate([array, np.zeros(size - len(array), array.dtype)])


class _Previous:
    """The predictions of the release before, as far as they can be compared."""

    def __init__(
        self, parts: Sequence[Path], labels: Sequence[str], counts: Mapping[str, int], *, scored: bool
    ) -> None:
        self.parts = parts
        # All classes that it decided for.
        self.labels = labels
        self.counts = counts
        self.comparable = bool(labels)
        self.scored = scored

    @classmethod
    def read(cls, parts: Sequence[Path], manifest: PackageManifest) -> _Previous | None:
        """None if there is none, its columns are others, or it answers another problem."""
        columns = {"row_id": pa.string(), "decision": pa.string(), "score": pa.float64()}
        counts: Counter[str] = Counter()
        rows = undecided = unscored = 0
        for part in parts:
            schema = pq.read_schema(part)
            if any(name not in schema.names or schema.field(name).type != type_ for name, type_ in columns.items()):
                return None
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(columns=["decision", "score"]):
                    decisions = batch.column("decision")
                    rows += len(decisions)
                    undecided += decisions.null_count
                    unscored += batch.column("score").null_count
                    found = pc.value_counts(decisions.drop_null())
                    texts, numbers = found.field("values").to_pylist(), found.field("counts").to_pylist()
                    counts.update(dict(zip(texts, numbers, strict=True)))
        if not rows:
            return None
        if manifest.problem == "regression":
            same = not counts and not unscored
        elif manifest.problem == "binary":
            same = not undecided and set(counts) <= set(manifest.labels)
        else:
            same = not undecided and bool(set(counts) & set(manifest.labels))
        return cls(parts, sorted(counts), counts, scored=not unscored) if same else None


class _Compared:
    """Rows of each group that the release before predicted too."""

    def __init__(self, rows: Any, positives: Any, flipped: Any) -> None:
        self.rows = rows
        self.positives = positives
        self.flipped = flipped


class _Joined:
    """The decisions of both releases for the rows that both have."""

    def __init__(self, parts: Sequence[Path], previous: _Previous, decisions: Any) -> None:
        self._labels = list(previous.labels)
        ids, decided = [], []
        for part in previous.parts:
            table = _columns(part, ["row_id", "decision"])
            ids.append(table.column("row_id"))
            decided.append(pc.index_in(table.column("decision"), text_array(self._labels)))
        theirs = np.concatenate([numpy_of(chunk) for column in decided for chunk in column.chunks])
        now = pa.chunked_array([chunk for part in parts for chunk in _ids(part)])
        at = _places(now, pa.chunked_array([chunk for column in ids for chunk in column.chunks]))
        # The number in `labels` of the decision before; -1 where there was none.
        self.before = np.where(at < 0, -1, theirs[at])
        self._now = decisions

    def flips(self, labels: Sequence[str]) -> Document | None:
        """How many rows both releases have, and the decisions that changed, the commonest first."""
        both = self.before >= 0
        pairs = self.before[both].astype(np.int64) * len(labels) + self._now[both]
        numbers, counts = np.unique(pairs, return_counts=True)
        changes = [
            {"from": self._labels[pair // len(labels)], "to": labels[pair % len(labels)], "rows": rows}
            for pair, rows in zip(numbers.tolist(), counts.tolist(), strict=True)
        ]
        changed = [change for change in changes if change["from"] != change["to"]]
        return {"compared": int(both.sum()), "changes": sorted(changed, key=lambda change: -change["rows"])}

    def by_group(self, groups: _Groups, labels: Sequence[str]) -> _Compared:
        """The same for each group."""
        codes = np.concatenate(groups.of_rows)
        both = self.before >= 0
        # The number of each earlier class among today's; -1 if it is gone.
        today = np.array([labels.index(label) if label in labels else -1 for label in self._labels])
        before = today[self.before[both]]
        size = len(groups.values)
        return _Compared(
            np.bincount(codes[both], minlength=size),
            np.bincount(codes[both], before == 1, minlength=size),
            np.bincount(codes[both], before != self._now[both], minlength=size),
        )


def _places(ids: pa.ChunkedArray, among: pa.ChunkedArray) -> Any:
    """The place of each id among others; -1 where it is none of them. No id stands twice on either side."""
    # Most releases begin with the rows of the one before, in its order: only what follows has to be searched.
    both = min(len(ids), len(among))
    differ = pc.not_equal(ids.slice(0, both), among.slice(0, both))
    alike = pc.index(differ, flag_array([True])[0]).as_py()
    alike = both if alike < 0 else alike
    places = np.arange(len(ids), dtype=np.int32)
    if alike < len(ids):
        found = pc.index_in(ids.slice(alike), value_set=among.slice(alike)).combine_chunks()
        places[alike:] = filled(found, -1 - alike) + alike
    return places


def _columns(part: Path, names: Sequence[str]) -> pa.Table:
    # read_table would import Arrow's datasets, and with them pandas.
    with pq.ParquetFile(part) as file:
        return file.read(columns=names)


def _ids(part: Path) -> Iterator[pa.Array]:
    yield from _columns(part, ["row_id"]).column("row_id").chunks


def _scores(parts: Sequence[Path]) -> Iterator[Any]:
    for part in parts:
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(columns=["score"]):
                yield numpy_of(batch.column("score"))


def _unit_bins(scores: Any) -> Any:
    return np.bincount(np.minimum((scores * BINS).astype(np.int64), BINS - 1), minlength=BINS)


def _edges(parts: Sequence[Path]) -> Any:
    least, most = np.inf, -np.inf
    for scores in _scores(parts):
        least, most = min(least, float(scores.min())), max(most, float(scores.max()))
    # One value alone is in the middle of the bins.
    return np.linspace(least, most, BINS + 1) if least < most else np.linspace(least - 0.5, most + 0.5, BINS + 1)


def _histogram(parts: Sequence[Path], edges: Any) -> Any:
    return sum(np.histogram(scores, edges)[0] for scores in _scores(parts))
