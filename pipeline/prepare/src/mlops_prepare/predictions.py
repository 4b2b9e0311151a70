"""Turns a batch of checked answers into columns: score, decision, scores by class, contributions, extra columns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrow_arrays import number_array, numpy_of, text_array, text_scalar
from .errors import DeliveryError
from .package_manifest import PackageManifest
from .problems import quote
from .release import DeliverSettings

SCHEMA = pa.schema(
    [
        ("row_id", pa.string()),
        ("score", pa.float64()),
        ("decision", pa.string()),
        ("scores", pa.map_(pa.string(), pa.float64())),
        ("contributions", pa.map_(pa.string(), pa.float64())),
        ("extra", pa.map_(pa.string(), pa.string())),
        ("package", pa.string()),
        # UTC without a zone, which Athena and DuckDB show alike.
        ("predicted_at", pa.timestamp("us")),
    ]
)

# How far from 1 the probabilities of all classes may add up, for models in single precision.
SUM_TOLERANCE = 1e-3

# Whole numbers as models write them: 1, 1.0, 1e+00.
_CODE = re.compile(r"\+?\d+(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE | re.ASCII).fullmatch
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII).fullmatch
_FACTOR = re.compile(r"factor_(\d+)", re.ASCII).fullmatch

# Describes the place of a row of the batch.
Where = Callable[[int], str]


@dataclass(frozen=True)
class Factors:
    """The contributions of a batch, one after the other, with the name of each by its number."""

    names: Sequence[str]
    codes: Any
    values: Any
    # How many were left out because data.sensitive names their column.
    hidden: int


@dataclass(frozen=True)
class Batch:
    """The predictions of consecutive rows."""

    table: pa.Table
    # Scores; None where the model answers classes alone.
    scores: Any
    # The class of each row as its number in the labels; None for regression.
    decisions: Any
    factors: Factors | None


class Predictions:
    """Makes the predictions of one package's answers."""

    def __init__(self, settings: DeliverSettings, manifest: PackageManifest) -> None:
        self._settings = settings
        self._manifest = manifest
        self._labels = text_array(manifest.labels)
        time = np.array([settings.predicted_at.replace(tzinfo=None)], "datetime64[us]").astype(np.int64)
        self._predicted_at = number_array(time).cast(pa.timestamp("us"))[0]
        self._answers_value = manifest.problem == "regression" or settings.output == "label"
        self.columns = ["predicted"]
        if not self._answers_value:
            binary = manifest.problem == "binary"
            self.columns = ["score"] if binary else [f"score_{label}" for label in manifest.labels]
        extra = list(settings.extra)
        pairs = [(name, f"contribution_{number.group(1)}") for name in extra if (number := _FACTOR(name))]
        first = len(self.columns)
        self._pairs = [(first + extra.index(a), first + extra.index(b)) for a, b in pairs if b in extra]
        paired = {at for pair in self._pairs for at in pair}
        self._others = [(name, at) for at, name in enumerate(extra, first) if at not in paired]

    @property
    def width(self) -> int:
        """The number of columns of an answer."""
        return len(self.columns) + len(self._settings.extra)

    def misfit(self, answer: Sequence[str]) -> str:
        """What is wrong with an answer of another number of columns."""
        expected = [*self.columns, *self._settings.extra]
        # A column that is too much may hold a cell.
        text = "" if self._settings.sensitive else f" ({','.join(answer)[:80]})"
        remedy = ""
        if len(answer) > len(expected):
            remedy = "; model.extra names columns that follow the answer"
        return f"got {len(answer)} columns{text}, expected {len(expected)}: {', '.join(expected)}{remedy}"

    def read(self, row_ids: pa.Array, answer: Sequence[pa.Array], where: Where) -> Batch:
        """The predictions of rows with these ids; DeliveryError if an answer is none."""
        count = len(row_ids)
        scores, decisions, by_class = self._decide(answer, where)
        contributions, factors = self._contributions(answer, where, count)
        decided = pa.nulls(count, pa.string()) if decisions is None else self._labels.take(number_array(decisions))
        columns = [
            row_ids,
            pa.nulls(count, pa.float64()) if scores is None else number_array(scores),
            decided,
            self._by_class(by_class, count),
            contributions,
            self._extra(answer, count),
            pa.repeat(text_scalar(self._settings.package), count),
            pa.repeat(self._predicted_at, count),
        ]
        return Batch(pa.Table.from_arrays(columns, schema=SCHEMA), scores, decisions, factors)

    def _decide(self, answer: Sequence[pa.Array], where: Where) -> tuple[Any, Any, Any]:
        """Scores, decisions and the probabilities of all classes, (rows, classes); None for what there is not."""
        problem = self._manifest.problem
        if problem == "regression":
            return _numbers(answer[0], where, "a finite number"), None, None
        if self._answers_value:
            return None, self._codes(answer[0], where), None
        expected = "a probability from 0 to 1"
        probabilities = np.stack(
            [self._probabilities(column, where, expected) for column in answer[: len(self.columns)]], axis=1
        )
        if problem == "binary":
            scores = probabilities[:, 0]
            return scores, (scores >= self._settings.threshold).astype(np.int64), None
        sums = probabilities.sum(axis=1)
        wrong = np.flatnonzero(np.abs(sums - 1) > SUM_TOLERANCE)
        if len(wrong):
            row = int(wrong[0])
            raise DeliveryError(
                f"{where(row)}: got probabilities that add up to {sums[row]:.6g}, expected 1 over all classes"
            )
        decisions = probabilities.argmax(axis=1)
        return probabilities[np.arange(len(sums)), decisions], decisions, probabilities

    def _probabilities(self, column: pa.Array, where: Where, expected: str) -> Any:
        values = _numbers(column, where, expected, self._manifest.labels)
        wrong = np.flatnonzero((values < 0) | (values > 1))
        if len(wrong):
            raise _unexpected(column, int(wrong[0]), where, expected)
        return values

    def _codes(self, column: pa.Array, where: Where) -> Any:
        """The number of the class that each row's answer names."""
        encoded = column.dictionary_encode()
        codes = [self._code(text) for text in encoded.dictionary.to_pylist()]
        found = np.array(codes, np.int64)[numpy_of(encoded.indices)] if len(column) else np.zeros(0, np.int64)
        wrong = np.flatnonzero(found < 0)
        if len(wrong):
            row = int(wrong[0])
            text, labels = column[row].as_py(), list(self._manifest.labels)
            hint = f": {quote(text)} is {labels.index(text)}, as in the training files" if text in labels else ""
            expected = f"a class as a whole number from 0 to {len(labels) - 1}{hint}"
            raise _unexpected(column, row, where, expected)
        return found

    def _code(self, text: str) -> int:
        value = float(text) if _CODE(text) else -1.0
        return int(value) if value.is_integer() and 0 <= value < len(self._manifest.labels) else -1

    def _by_class(self, probabilities: Any, count: int) -> pa.Array:
        type_ = SCHEMA.field("scores").type
        if probabilities is None:
            return pa.nulls(count, type_)
        classes = len(self._labels)
        keys = self._labels.take(number_array(np.tile(np.arange(classes), count)))
        return pa.MapArray.from_arrays(_offsets(np.full(count, classes)), keys, number_array(probabilities.ravel()))

    def _contributions(self, answer: Sequence[pa.Array], where: Where, count: int) -> tuple[pa.Array, Factors | None]:
        type_ = SCHEMA.field("contributions").type
        if not self._pairs:
            return pa.nulls(count, type_), None
        values = np.zeros((len(self._pairs), count))
        absent = np.zeros((len(self._pairs), count), bool)
        for at, (factor, contribution) in enumerate(self._pairs):
            values[at], absent[at] = self._pair(answer[factor], answer[contribution], where)
        encoded = pa.concat_arrays([answer[factor] for factor, _ in self._pairs]).dictionary_encode()
        codes = numpy_of(encoded.indices).reshape(len(self._pairs), count)
        names = encoded.dictionary.to_pylist()
        sensitive = np.array([name in self._settings.sensitive for name in names])
        hidden = sensitive[codes] & ~absent
        # A factor that an answer names twice is one: its contributions add up.
        for later in range(1, len(codes)):
            for earlier in range(later):
                same = (codes[later] == codes[earlier]) & ~absent[later] & ~absent[earlier]
                if same.any():
                    with np.errstate(over="ignore"):  # the sum is checked below
                        values[earlier] += np.where(same, values[later], 0)
                    absent[later] |= same
        kept = (~absent & ~hidden).T
        told = values.T[kept]
        if not np.isfinite(told).all():
            row = int(np.argwhere(kept & ~np.isfinite(values.T))[0][0])
            raise DeliveryError(f"{where(row)}: got contributions whose sum is infinite, expected finite numbers")
        flat = codes.T[kept]
        array = pa.MapArray.from_arrays(
            _offsets(kept.sum(axis=1)), encoded.dictionary.take(number_array(flat)), number_array(told)
        )
        return array, Factors(names, flat, told, int(hidden.sum()))

    def _pair(self, factor: pa.Array, contribution: pa.Array, where: Where) -> tuple[Any, Any]:
        """The contributions of a pair of columns, and where there is none, because both are empty."""
        unnamed, empty = pc.equal(factor, text_scalar("")), pc.equal(contribution, text_scalar(""))
        absent = numpy_of(unnamed)
        differ = np.flatnonzero(absent != numpy_of(empty))
        if len(differ):
            row = int(differ[0])
            got = "a contribution without its factor" if absent[row] else "a factor without its contribution"
            raise DeliveryError(f"{where(row)}: got {got}, expected both or neither")
        if absent.any():
            contribution = pc.if_else(empty, text_scalar("0"), contribution)
        return _numbers(contribution, where, "a contribution as a finite number"), absent

    def _extra(self, answer: Sequence[pa.Array], count: int) -> pa.Array:
        type_ = SCHEMA.field("extra").type
        if not self._others:
            return pa.nulls(count, type_)
        width = len(self._others)
        names = text_array(name for name, _ in self._others)
        order = np.arange(width * count).reshape(width, count).T.ravel()
        texts = pa.concat_arrays([answer[at] for _, at in self._others]).take(number_array(order))
        keys = names.take(number_array(np.tile(np.arange(width), count)))
        return pa.MapArray.from_arrays(_offsets(np.full(count, width)), keys, texts)


def _offsets(lengths: Any) -> pa.Array:
    return number_array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))


def _numbers(column: pa.Array, where: Where, expected: str, labels: Sequence[str] = ()) -> Any:
    """The column as finite numbers; DeliveryError names the first row that has none."""
    try:
        values = numpy_of(pc.cast(column, pa.float64()))
    except pa.ArrowInvalid:
        # Arrow does not read +1 and the like, and does not say which it cannot read.
        texts = column.to_pylist()
        values = np.array([float(text) if _NUMBER(text) else np.nan for text in texts])
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        row = int(wrong[0])
        if column[row].as_py() in labels:
            expected = f"{expected}, not a class: model.output: label says that the model answers classes"
        raise _unexpected(column, row, where, expected)
    return values


def _unexpected(column: pa.Array, row: int, where: Where, expected: str) -> DeliveryError:
    text = column[row].as_py()
    return DeliveryError(f"{where(row)}: got {json.dumps(text[:80], ensure_ascii=False)}, expected {expected}")
