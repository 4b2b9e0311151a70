"""Records in, one row of answers each: the numbers, the largest contributions, or what is wrong with the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from sample_model.artifact import Artifact
from sample_model.estimator import LinearScorer
from sample_model.features import Matrix, one_line, to_matrix
from sample_model.plain_text import plain_matrix
from sample_model.records import Fields, RecordError, Value, write_csv

FACTORS = 3


class Predictor:
    """Scores records of text with a trained model.

    A row of answers is `probability, factor_1, contribution_1, ..., factor_3, contribution_3` (binary), the same with
    the predicted value in front (regression), or with one probability per class (multiclass). A factor is a feature's
    name, the largest contribution in size first; contributions are changes from an average record: in log-odds
    (binary), in log-odds of the likeliest class against the classes' mean (multiclass), in the target's unit
    (regression). A bad record's row has `error: ...` in front and nothing after, at the same width.
    """

    def __init__(self, artifact: Artifact) -> None:
        self.names = [feature.name for feature in artifact.features]
        self._shown_names = np.array([one_line(name) for name in self.names], dtype=object)
        self._csv_names = np.array([write_csv([["", name]])[1:-1] for name in self._shown_names], dtype=object)
        self._features = artifact.features
        self._problem = artifact.problem
        self._scorer = LinearScorer(artifact.pipeline, artifact.problem)
        outputs = len(self._scorer.intercepts)
        self._width = outputs + 2 * FACTORS
        # The number of records whose contributions fit in 8 MB.
        self._records = max(1, 1_000_000 // (outputs * len(self.names)))

    def predict(self, records: Sequence[Fields | RecordError]) -> list[list[Value]]:
        """One row of answers per record, in order; an error stands for a record that could not be parsed."""
        starts = range(0, len(records), self._records)
        return [row for start in starts for row in self._predict(records[start : start + self._records])]

    def predict_plain(self, text: str) -> str | None:
        """What `predict` answers to lines of CSV, as `write_csv` writes it, in a third of the time.

        None where a line is not plain (`plain_matrix`), or cannot be scored.
        """
        matrix = plain_matrix(text, self._features)
        if matrix is None:
            return None
        lines: list[str] = []
        for start in range(0, len(matrix), self._records):
            with np.errstate(over="ignore", invalid="ignore"):
                values, contributions = self._score(matrix[start : start + self._records])
            if not np.isfinite(values).all() or not np.isfinite(contributions).all():
                return None
            largest = _largest(np.abs(contributions), FACTORS)
            columns: list[Iterable[str]] = [map(repr, column) for column in values.T.tolist()]
            for place in largest.T:
                columns.append(self._csv_names[place].tolist())
                columns.append(_texts(contributions[np.arange(len(place)), place]))
            columns += [[""] * len(values)] * (self._width - len(columns))
            lines += map(",".join, zip(*columns, strict=True))
        return "\n".join([*lines, ""])

    def _predict(self, records: Sequence[Fields | RecordError]) -> list[list[Value]]:
        answers: list[list[Value]] = [[] for _ in records]
        errors: dict[int, str] = {}
        readable: list[int] = []
        rows: list[Fields] = []
        for number, record in enumerate(records):
            if isinstance(record, RecordError):
                errors[number] = str(record)
            elif len(record) != len(self.names):
                errors[number] = f"found {len(record)} fields, expected {len(self.names)}"
            else:
                readable.append(number)
                rows.append(record)
        if rows:
            matrix, bad_cells = to_matrix(rows, self._features)
            errors |= {readable[row]: message for row, message in bad_cells.items()}
            # Numbers too large to scale give infinities, which are answered as errors below.
            with np.errstate(over="ignore", invalid="ignore"):
                values, contributions = self._score(matrix)
            finite = np.all(np.isfinite(np.hstack([values, contributions])), axis=1)
            largest = _largest(np.abs(contributions), FACTORS)
            for row in np.flatnonzero(~finite):
                errors.setdefault(readable[row], "found numbers too large to score")
            # `factor, contribution` for each of the largest.
            told = np.empty((len(rows), 2 * largest.shape[1]), dtype=object)
            told[:, ::2] = self._shown_names[largest]
            told[:, 1::2] = np.take_along_axis(contributions, largest, axis=1)
            for number, value, factors in zip(readable, values.tolist(), told.tolist(), strict=True):
                answers[number] = value + factors
        for number, message in errors.items():
            answers[number] = [f"error: {one_line(message)}"]
        return [answer + [None] * (self._width - len(answer)) for answer in answers]

    def _score(self, matrix: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The answer's numbers, (records, outputs), and the contributions that are told, (records, features)."""
        contributions = self._scorer.contributions(matrix)
        scores = self._scorer.scores(contributions)
        if self._problem == "multiclass":
            likeliest = contributions[scores.argmax(axis=1), np.arange(len(matrix))]
            return softmax(scores, axis=1), likeliest - contributions.mean(axis=0)
        return expit(scores) if self._problem == "binary" else scores, contributions[0]


def _largest(sizes: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """The columns of the largest sizes of each row, the largest first, of equal ones the first; overwrites `sizes`."""
    found = np.empty((len(sizes), min(count, sizes.shape[1])), dtype=np.intp)
    rows = np.arange(len(sizes))
    # Sorting whole rows for three of their columns takes longer than the model.
    for place in range(found.shape[1]):
        found[:, place] = sizes.argmax(axis=1)
        sizes[rows, found[:, place]] = -1
    return found


def _texts(numbers: NDArray[np.float64]) -> list[str]:
    """The numbers in the shortest text that reads back the same; each is written once, since levels share theirs."""
    distinct, places = np.unique(np.ascontiguousarray(numbers).view(np.int64), return_inverse=True)
    written = np.array([repr(number) for number in distinct.view(np.float64).tolist()], dtype=object)
    found: list[str] = written[places].tolist()
    return found
