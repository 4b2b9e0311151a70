"""Plain lines of CSV are answered as lines that are read one by one, byte for byte."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sample_model.app import _parse
from sample_model.predictor import Predictor
from sample_model.records import CSV, split_lines, write_csv
from test_problems import run

PLAIN = ["", "0", "7", "007", "123456789012345", "2.5", "-3", "+4", ".5", "1e3", "NaN"]
ODD = [
    "1234567890123456",
    "x",
    "inf",
    "1e999",
    " 5",
    "\u0663",
    "é",
    '"6"',
    '"a,b"',
    'a"b',
    "1,2",
    "1\n2",
    "1\r",
    "/",
    ":",
]


def one_by_one(predictor: Predictor, text: str) -> str:
    records = [_parse(line, CSV, predictor.names) for line in split_lines(text)]
    return write_csv(predictor.predict(records))


@pytest.mark.parametrize(
    ("problem", "features", "hyperparameters"),
    [
        ("binary", 5, {}),
        ("binary", 5, {"encoding": "onehot"}),
        ("binary", 2, {}),
        ("multiclass", 5, {}),
        ("regression", 5, {"encoding": "onehot"}),
    ],
)
def test_plain_lines(tmp_path: Path, problem: str, features: int, hyperparameters: dict[str, str]) -> None:
    random = np.random.default_rng(3)
    rows = 300
    names = ["plain", 'say "hi"', "a,b", "level", "city"][:features]
    data = np.empty((rows, features), dtype=object)
    for at in range(features):
        data[:, at] = [str(value) for value in random.integers(0, [1000, 5, 3, 9, 4][at], rows)]
    if features == 5:
        data[:, 4] = np.array(["Oslo", "Rome", "", "07030"])[data[:, 4].astype(int)]
    labels = random.integers(0, {"binary": 2, "multiclass": 3, "regression": 50}[problem], rows)
    sample = SimpleNamespace(feature_names=names, data=data)
    predictor, lines = run(tmp_path, sample, labels, problem=problem, **hyperparameters)

    text = "".join(",".join(line) + "\n" for line in lines)
    assert predictor.predict_plain(text) == one_by_one(predictor, text)
    assert predictor.predict_plain(text.removesuffix("\n")) == one_by_one(predictor, text)

    plain = odd = 0
    for _ in range(400):
        cells = [list(line) for line in lines[: random.integers(1, 8)]]
        for _ in range(random.integers(0, 4)):
            value = str(random.choice(PLAIN if random.random() < 0.6 else ODD))
            cells[random.integers(0, len(cells))][random.integers(0, features)] = value
        end = "\n" if random.random() < 0.9 else "\r\n"
        text = "".join(",".join(line) + end for line in cells)
        found = predictor.predict_plain(text)
        if found is None:
            odd += 1
        else:
            plain += 1
            assert found == one_by_one(predictor, text), text
    assert plain > 100
    assert odd > 100


@pytest.mark.parametrize(
    "text", ["1,2,3,4\n", "1\n2\n", "1,2\n\n3,4\n", "1,2,3\n4\n", "1\n2,3,4\n", "\n", "1,2\n3,4,5\n6\n"]
)
def test_lines_of_another_width_are_not_plain(tmp_path: Path, text: str) -> None:
    sample = SimpleNamespace(feature_names=["a", "b"], data=np.array([[str(n % 7), str(n % 5)] for n in range(60)]))
    predictor, _ = run(tmp_path, sample, np.arange(60) % 2)
    assert predictor.predict_plain("1,2\n3,4\n") is not None
    assert predictor.predict_plain(text) is None
