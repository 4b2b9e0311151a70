"""Asks a prediction service: python predict.py URL RECORDS.json

URL is that of `mlops serve`, or of the HTTP API on AWS. It needs nothing but the standard library.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

Value = float | str | bool | None


class Contribution(TypedDict):
    """What moved a score, in the model's own unit."""

    name: str
    value: float


class Prediction(TypedDict):
    """score: None for a model that answers labels alone; decision: None for regression."""

    id: NotRequired[str]
    score: float | None
    decision: str | None
    scores: NotRequired[dict[str, float]]
    contributions: list[Contribution]
    unseen: NotRequired[list[str]]
    package: str


class PredictionError(Exception):
    """The service refused the records, or did not answer."""

    def __init__(self, status: int, problems: Sequence[Mapping[str, Any]]) -> None:
        lines = [f"record {problem['record']}, {problem['column']}: {problem['message']}" for problem in problems]
        super().__init__(f"status {status}: " + "\n".join(lines))
        self.problems = problems


def predict(url: str, records: Sequence[Mapping[str, Value]], attempts: int = 3) -> list[Prediction]:
    """One prediction for each record, in their order. Waits while nothing is released, `attempts` times at most."""
    body = json.dumps({"records": records}, allow_nan=False).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url.rstrip('/')}/predict", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            predictions: list[Prediction] = json.load(response)["predictions"]
    except urllib.error.HTTPError as error:
        if error.code == 503 and attempts > 1:
            time.sleep(float(error.headers.get("Retry-After", 1)))
            return predict(url, records, attempts - 1)
        raise PredictionError(error.code, json.load(error)["errors"]) from error
    if len(predictions) != len(records):
        raise PredictionError(200, [])
    return predictions


if __name__ == "__main__":
    for prediction in predict(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))):
        print(json.dumps(prediction))
