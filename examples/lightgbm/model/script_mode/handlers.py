"""model_fn, input_fn, predict_fn and output_fn of a script, with defaults for those that it lacks.

The defaults are those of SageMaker's toolkits, but for what would give wrong answers here: a classifier answers its
probabilities, a model that was trained with named columns gets a data frame, and numbers are not rounded to 32 bits.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from script_mode.columns import FLAG, NUMBER, TEXT, Column, load_columns

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
FLAGS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}


class UnsupportedTypeError(Exception):
    """A content type that nothing here reads or writes."""


class Handlers:
    """A loaded model, and how the script's functions turn a request into an answer."""

    def __init__(self, script: ModuleType, model_dir: Path) -> None:
        load = getattr(script, "model_fn", None)
        if load is None:
            raise AttributeError(f"{script.__name__}.py has no model_fn(model_dir), which loads what training saved")
        self._script = script
        self._columns = load_columns(model_dir)
        self._model = call(load, str(model_dir))

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """The answer to a request's body, and its content type."""
        given: bytes | str = body.decode("utf-8") if content_type in (CSV, JSON, JSON_LINES) else body
        whole = self._function("transform_fn")
        if whole is not None:
            return as_bytes(call(whole, self._model, given, content_type, accept), accept)
        read, predict, write = (self._function(name) for name in ("input_fn", "predict_fn", "output_fn"))
        model, columns = self._model, self._columns
        data = call(read, given, content_type) if read else read_records(given, content_type, model, columns)
        prediction = call(predict, data, model) if predict else predicted(data, model)
        return as_bytes(call(write, prediction, accept) if write else written(prediction, accept), accept)

    def _function(self, name: str) -> Callable[..., Any] | None:
        return getattr(self._script, name, None)


def call(function: Callable[..., Any], *given: Any) -> Any:
    """Calls a function of the script; the newer toolkits hand it a context too, if it takes one."""
    return function(*given, None) if len(signature(function).parameters) == len(given) + 1 else function(*given)


def as_bytes(result: Any, accept: str) -> tuple[bytes, str]:
    """An answer of output_fn: text, bytes, either with its content type, or a response of Flask or Werkzeug."""
    body, content_type = result if isinstance(result, tuple) else (result, accept)
    if hasattr(body, "get_data"):
        body, content_type = body.get_data(), body.mimetype or content_type
    return (body.encode("utf-8") if isinstance(body, str) else bytes(body)), content_type


def read_records(body: bytes | str, content_type: str, model: Any, columns: list[Column] | None) -> Any:
    """The records: a data frame for a model with named features or text, else an array of numbers."""
    names = feature_names(model)
    if content_type in (JSON, JSON_LINES):
        text = str(body)
        rows = json.loads(text) if content_type == JSON else [json.loads(line) for line in text.splitlines()]
        return frame_of(rows, names) if rows and isinstance(rows[0], dict) else array_of(rows)
    if content_type != CSV:
        raise UnsupportedTypeError(f"found the content type {content_type}, expected {CSV}, {JSON_LINES} or {JSON}")
    rows = [row or [""] for row in csv.reader(io.StringIO(str(body)))]
    if names is None and not any(column.kind == TEXT for column in columns or []):
        return array_of(rows)
    if columns is None:
        columns = [Column(name, "") for name in names or []]
    wide = next((row for row in rows if len(row) != len(columns)), None)
    if wide is not None:
        raise ValueError(f"found a record of {len(wide)} fields, expected {len(columns)}: {[c.name for c in columns]}")
    frame = typed_frame(str(body), columns)
    if type(model).__module__.startswith("lightgbm"):
        # LightGBM knows the categories of its training by itself.
        categories = [column.name for column in columns if column.kind == TEXT]
        frame = frame.astype(dict.fromkeys(categories, "category"))
    return known_columns(frame, names)


def typed_frame(body: str, columns: list[Column]) -> Any:
    """The lines of CSV as a data frame whose columns have the types of the training."""
    import pandas as pd

    names = [column.name for column in columns]
    as_text = {column.name: str for column in columns if column.kind in (NUMBER, TEXT, FLAG)}
    frame = pd.read_csv(io.StringIO(body), header=None, names=names, dtype=as_text, skip_blank_lines=False)
    for name, kind in columns:
        if kind == NUMBER:
            # Text that training never saw among numbers is a missing number.
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
        elif kind == FLAG:
            frame[name] = frame[name].map(FLAGS)
    return frame


def frame_of(records: list[dict[str, Any]], names: list[str] | None) -> Any:
    """Records by name as a data frame."""
    import pandas as pd

    return known_columns(pd.DataFrame(records), names)


def known_columns(frame: Any, names: list[str] | None) -> Any:
    """The columns that the model knows, in its order; the whole frame if one of them is not there."""
    return frame[names] if names is not None and set(names) <= set(frame.columns) else frame


def array_of(rows: list[Any]) -> Any:
    """Rows of numbers as an array; an empty field is a missing number."""
    import numpy as np

    return np.array([[np.nan if field in ("", None) else float(field) for field in row] for row in rows])


def feature_names(model: Any) -> list[str] | None:
    """The names of the columns that the model was trained with; None if it was trained with an array."""
    for name in ("feature_names_in_", "feature_names", "feature_name"):
        found = getattr(model, name, None)
        found = found() if callable(found) else found
        if found is not None and not str(next(iter(found), "")).startswith("Column_"):
            return [str(name) for name in found]
    return None


def predicted(data: Any, model: Any) -> Any:
    """Probabilities of a classifier (of class 1 if there are two), else what predict says."""
    if type(model).__module__.startswith("xgboost") and type(model).__name__ == "Booster":
        import xgboost

        return model.predict(xgboost.DMatrix(data))
    if not hasattr(model, "predict_proba"):
        return model.predict(data)
    probabilities = model.predict_proba(data)
    return probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities


def written(prediction: Any, accept: str) -> str:
    """One line for each record: a value, or several with commas between them."""
    values = prediction.to_numpy() if hasattr(prediction, "to_numpy") else prediction
    rows = values.tolist() if hasattr(values, "tolist") else list(values)
    if accept == JSON:
        return json.dumps(rows)
    if accept == JSON_LINES:
        return "".join(json.dumps(row) + "\n" for row in rows)
    if accept != CSV:
        raise UnsupportedTypeError(f"found Accept: {accept}, expected {CSV}, {JSON_LINES} or {JSON}")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row if isinstance(row, list) else [row] for row in rows)
    return text.getvalue()
