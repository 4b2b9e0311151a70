"""`train`: SageMaker's training program. Reads the channel `train`, writes `model/` and `output/data/report.json`."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from sample_model.container import InputError, base_dir, read_hyperparameters, report_failure, settle


def main() -> None:
    """Trains under SAGEMAKER_BASE_DIR; exits 1 with the reason in the failure file where it cannot."""
    settle()
    base = base_dir()
    try:
        train(base)
    except InputError as error:
        _fail(base, str(error))
    except Exception as error:  # whatever it is, the job's reader wants it in FailureReason
        traceback.print_exc()
        _fail(base, f"{type(error).__name__}: {error}")


def train(base: Path) -> None:
    """Cross-validates, fits on all rows, prints the metrics and writes model and report.

    Raises:
        InputError: hyperparameters or data are not what they should be.
    """
    import numpy as np

    from sample_model.artifact import Artifact, save_artifact
    from sample_model.dataset import read_dataset
    from sample_model.estimator import LinearScorer, build_pipeline
    from sample_model.features import describe_features, training_matrix
    from sample_model.folds import read_groups
    from sample_model.hyperparameters import parse_hyperparameters
    from sample_model.manifest import read_manifest
    from sample_model.problem import resolve_problem
    from sample_model.validation import cross_validate

    hyperparameters, warnings = parse_hyperparameters(read_hyperparameters(base))
    manifest = read_manifest(base)
    dataset = read_dataset(base / "input" / "data" / "train", manifest)
    problem = resolve_problem(hyperparameters.problem, dataset.labels, manifest)
    features = describe_features(dataset.columns, manifest.types if manifest else None, hyperparameters.encoding)
    matrix = training_matrix(list(dataset.columns.values()), features)
    labels = np.array(dataset.labels)
    pipeline = build_pipeline(features, problem, hyperparameters.C)

    metrics, threshold = cross_validate(pipeline, matrix, labels, problem, read_groups(base, len(labels)))
    if not metrics:
        warnings.append("No metric was cross-validated: one row or group of a class cannot be in training and in test.")
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for name, value in metrics.items():
        # Never with an exponent, which the metric's pattern in mlops.yaml would not match.
        print(f"{name}={np.format_float_positional(value, precision=6, fractional=False)};", flush=True)

    pipeline.fit(matrix, labels)
    save_artifact(Artifact(problem, features, pipeline), base / "model")
    of = "the predicted value" if problem == "regression" else "log-odds"
    report = {
        **({"warnings": warnings} if warnings else {}),
        **({} if threshold is None else {"threshold": threshold}),
        "explanation": {
            "kind": "coefficients",
            "unit": f"change in {of} per standard deviation or category",
            "features": [
                {"name": name, "value": value} | ({} if output is None else {"class": output})
                for output, name, value in LinearScorer(pipeline, problem).coefficients()
            ],
        },
    }
    output = base / "output" / "data"
    output.mkdir(parents=True, exist_ok=True)
    (output / "report.json").write_text(json.dumps(report, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _fail(base: Path, message: str) -> NoReturn:
    try:
        report_failure(base, message)
    except OSError as error:  # a folder that cannot be written must not hide the reason
        print(f"train: no failure file: {error}", file=sys.stderr)
    sys.exit(f"train: {message}")


if __name__ == "__main__":
    main()
