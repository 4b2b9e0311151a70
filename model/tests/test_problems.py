"""Every problem type on scikit-learn's own data, through the files that the programs exchange."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from conftest import write_channel
from sample_model.artifact import load_artifact
from sample_model.estimator import LinearScorer
from sample_model.features import to_matrix
from sample_model.predictor import Predictor
from sample_model.train import train
from test_train import metrics, set_hyperparameters


def run(base: Path, data: Any, labels: Any, **hyperparameters: str) -> tuple[Predictor, list[list[str]]]:
    names = [str(name) for name in data.feature_names]
    rows = [[str(value) for value in row] for row in data.data.tolist()]
    write_channel(
        base, [["target", *names], *([label, *row] for label, row in zip(labels.tolist(), rows, strict=True))]
    )
    set_hyperparameters(base, **hyperparameters)
    train(base)
    return Predictor(load_artifact(base / "model")), rows


def test_binary_and_its_contributions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = load_breast_cancer()
    predictor, rows = run(tmp_path, data, data.target)
    assert metrics(capsys.readouterr().out)["cv_roc_auc"] > 0.98
    artifact = load_artifact(tmp_path / "model")
    expected = artifact.pipeline.predict_proba(to_matrix(rows, artifact.features)[0])[:, 1]
    answers = predictor.predict(rows)
    np.testing.assert_allclose(np.array([answer[0] for answer in answers], dtype=float), expected, rtol=1e-9)
    # With the intercept, contributions add up to the log-odds; over the training rows each averages to nothing.
    matrix, _ = to_matrix(rows, artifact.features)
    contributions = LinearScorer(artifact.pipeline, artifact.features).contributions(matrix)[0]
    margin = artifact.pipeline.decision_function(matrix)
    np.testing.assert_allclose(contributions.sum(axis=1) + artifact.pipeline[-1].intercept_, margin, rtol=1e-9)
    np.testing.assert_allclose(contributions.mean(axis=0), 0, atol=1e-9)
    largest = np.abs(contributions).argmax(axis=1)
    for row, answer in enumerate(answers):
        assert answer[1] == data.feature_names[largest[row]]
        assert answer[2] == contributions[row, largest[row]]


def test_multiclass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = load_wine()
    predictor, rows = run(tmp_path, data, data.target, problem="multiclass")
    found = metrics(capsys.readouterr().out)
    assert found["cv_accuracy"] > 0.95
    assert found["cv_log_loss"] < 0.2
    artifact = load_artifact(tmp_path / "model")
    expected = artifact.pipeline.predict_proba(to_matrix(rows, artifact.features)[0])
    answers = predictor.predict([*rows, ["x"]])
    np.testing.assert_allclose(np.array(answers[:-1], dtype=float), expected, rtol=1e-9)
    assert answers[-1] == ["error: found 1 fields, expected 13", None, None]
    report = json.loads((tmp_path / "output" / "data" / "report.json").read_text())
    assert "threshold" not in report
    coefficients = report["explanation"]["features"]
    assert {coefficient["class"] for coefficient in coefficients} == {0, 1, 2}
    assert len({coefficient["name"] for coefficient in coefficients}) == len(coefficients) / 3


def test_regression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = load_diabetes()
    predictor, rows = run(tmp_path, data, data.target, problem="regression")
    found = metrics(capsys.readouterr().out)
    assert found["cv_r2"] > 0.4
    assert 50 < found["cv_rmse"] < 60
    artifact = load_artifact(tmp_path / "model")
    expected = artifact.pipeline.predict(to_matrix(rows, artifact.features)[0])
    answers = predictor.predict(rows)
    np.testing.assert_allclose(np.array([answer[0] for answer in answers], dtype=float), expected, rtol=1e-9)
    assert {len(answer) for answer in answers} == {7}
    report = json.loads((tmp_path / "output" / "data" / "report.json").read_text())
    assert report["explanation"]["unit"] == "change in the predicted value per standard deviation or category"


@pytest.mark.parametrize(
    ("load", "hyperparameters", "metric", "low", "high"),
    [
        (load_breast_cancer, {}, "cv_roc_auc", 0.4, 0.6),
        (load_wine, {"problem": "multiclass"}, "cv_accuracy", 0.2, 0.5),
        (load_diabetes, {"problem": "regression"}, "cv_r2", -0.3, 0.05),
    ],
)
def test_finds_nothing_in_permuted_labels(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    load: Callable[[], Any],
    hyperparameters: dict[str, str],
    metric: str,
    low: float,
    high: float,
) -> None:
    data = load()
    run(tmp_path, data, np.random.default_rng(0).permutation(data.target), **hyperparameters)
    assert low < metrics(capsys.readouterr().out)[metric] < high


def test_few_features_leave_the_further_columns_empty(tmp_path: Path) -> None:
    write_channel(tmp_path, [["y", "a", "line\nbreak"], *([i % 2, i % 7, "uv"[i % 3 == 0]] for i in range(60))])
    train(tmp_path)
    (answer,) = Predictor(load_artifact(tmp_path / "model")).predict([["3", "u"]])
    assert len(answer) == 7
    assert set(answer[1:5:2]) == {"a", "line break"}
    assert answer[5:] == [None, None]


def test_numbers_too_large_to_score_are_marked(tmp_path: Path) -> None:
    write_channel(tmp_path, [["y", "a"], *([i % 2, i / 1000] for i in range(60))])
    train(tmp_path)
    good, bad = Predictor(load_artifact(tmp_path / "model")).predict([["0.01"], ["1.7e308"]])
    assert isinstance(good[0], float)
    assert bad[0] == "error: found numbers too large to score"


def test_columns_that_are_empty_constant_or_of_many_categories(tmp_path: Path) -> None:
    rows = [[i % 2, "", 7, f"c{i % 150}", "" if i % 5 else "3.5"] for i in range(600)]
    write_channel(tmp_path, [["y", "empty", "constant", "many", "mostly missing"], *rows])
    train(tmp_path)
    predictor = Predictor(load_artifact(tmp_path / "model"))
    answers = predictor.predict([["", "7", "c1", ""], ["1", "8", "never seen", "4"]])
    assert all(isinstance(answer[0], float) for answer in answers)
    report = json.loads((tmp_path / "output" / "data" / "report.json").read_text())
    names = {feature["name"] for feature in report["explanation"]["features"]}
    assert "many=(rare)" in names
    assert len([name for name in names if name.startswith("many=")]) == 100
    assert {"mostly missing=3.5", "mostly missing=(missing)"} & names or "mostly missing missing" in names
