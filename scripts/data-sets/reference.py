"""What plain scikit-learn reaches on the rows of a run.

    python reference.py PREPARED

PREPARED is what the run's Prepare wrote: training rows, holdout and manifest. Two models are fitted on the training rows
with scikit-learn's own settings and scored on the holdout: a linear one (scaled numbers, one-hot categories) and
histogram gradient boosting. Prints JSON: {"metric", "linear", "boosting"}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

METRICS = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}


def main(prepared: Path) -> None:
    manifest = json.loads((prepared / "manifest/manifest.json").read_text())
    problem = manifest["problem"]
    names = [feature["name"] for feature in manifest["features"]]
    texts = [feature["name"] for feature in manifest["features"] if feature["type"] != "number"]
    numbers = [name for name in names if name not in texts]
    group = [] if manifest["group"] is None else ["the group"]
    kept = ["row_id", "label", *group, *(f"slice {name}" for name in manifest["slices"])]
    train = table(prepared / manifest["files"]["train"]["path"], [], manifest, texts)
    holdout = table(prepared / manifest["files"]["holdout"]["path"], [*kept, *names], manifest, texts)
    inputs, truth = train[names], train[manifest["target"]]

    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10)
    linear = make_column_transformer(
        (make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler()), numbers), (one_hot, texts)
    )
    ordinal = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2, max_categories=250
    )
    boosting = make_column_transformer(("passthrough", numbers), (ordinal, texts))
    if problem == "regression":
        models = [make_pipeline(linear, Ridge()), make_pipeline(boosting, HistGradientBoostingRegressor())]
    else:
        models = [
            make_pipeline(linear, LogisticRegression(max_iter=2000)),
            make_pipeline(boosting, HistGradientBoostingClassifier()),
        ]
    scores = [score(problem, model.fit(inputs, truth), holdout[names], holdout["label"]) for model in models]
    print(json.dumps({"metric": METRICS[problem], "linear": scores[0], "boosting": scores[1]}))


def table(path: Path, names: list[str], manifest: dict, texts: list[str]) -> pd.DataFrame:
    """The rows of a file, numbers as numbers and all else as text."""
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        if names:
            rows = [{"row_id": row["row_id"], "label": row["label"], **row["features"]} for row in rows]
        return pd.DataFrame(rows)
    types = {name: str for name in texts}
    if names:
        return pd.read_csv(path, header=None, names=names, dtype=types)
    first = [feature["name"] for feature in manifest["features"]]
    if manifest["csv"]["target"] == "first":
        first = [manifest["target"], *first]
    else:
        first = [*first, manifest["target"]]
    header = 0 if manifest["csv"]["header"] else None
    return pd.read_csv(path, header=header, names=first, dtype=types)


def score(problem: str, model: object, inputs: pd.DataFrame, truth: pd.Series) -> float:
    if problem == "regression":
        return float(root_mean_squared_error(truth, model.predict(inputs)))
    probabilities = model.predict_proba(inputs)
    if problem == "binary":
        return float(roc_auc_score(truth, probabilities[:, 1]))
    return float(log_loss(truth, np.clip(probabilities, 1e-15, 1), labels=model.classes_))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
