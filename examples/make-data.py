"""Write data.csv of each example from the data sets that scikit-learn bundles (1.7 or later; no download).

python examples/make-data.py

Rows keep the order in which scikit-learn holds them; `sample` counts them from 1 and is the row id.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

EXAMPLES = Path(__file__).resolve().parent


def write(example: str, bunch: Any, target: str, labels: list[str] | None = None) -> None:
    """Write a data set as CSV: the row id, the target (numbers, or `labels` by class), the features."""
    features = [str(name).replace(" ", "_") for name in bunch.feature_names]
    with (EXAMPLES / example / "data.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["sample", target, *features])
        for sample, (record, value) in enumerate(zip(bunch.data, bunch.target, strict=True), start=1):
            shown = labels[int(value)] if labels else f"{value:g}"
            rows.writerow([sample, shown, *(f"{number:.10g}" for number in record)])


if __name__ == "__main__":
    write("breast-cancer", load_breast_cancer(), "diagnosis", ["malignant", "benign"])
    write("wine", load_wine(), "cultivar", ["first", "second", "third"])
    write("diabetes", load_diabetes(scaled=False), "progression")
