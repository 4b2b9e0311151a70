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
    scorer = LinearScorer(artifact.pipeline, artifact.problem)
    contributions = scorer.contributions(matrix)[0]
    margin = artifact.pipeline.decision_function(matrix)
    np.testing.assert_allclose(contributions.sum(axis=1) + scorer.intercepts, margin, rtol=1e-9)
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
    np.testing.assert_allclose(np.array([answer[:3] for answer in answers[:-1]], dtype=float), expected, rtol=1e-9)
    assert answers[-1] == ["error: found 1 fields, expected 13", *[None] * 8]
    # The factors are those of the likeliest class, in log-odds against the classes' mean.
    matrix, _ = to_matrix(rows, artifact.features)
    contributions = LinearScorer(artifact.pipeline, artifact.problem).contributions(matrix)
    for row, answer in enumerate(answers[:-1]):
        told = contributions[expected[row].argmax(), row] - contributions[:, row].mean(axis=0)
        largest = int(np.abs(told).argmax())
        assert answer[3] == data.feature_names[largest]
        assert answer[4] == pytest.approx(told[largest])
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


def coefficients(base: Path) -> dict[str, float]:
    report = json.loads((base / "output" / "data" / "report.json").read_text())
    return {feature["name"]: feature["value"] for feature in report["explanation"]["features"]}


def test_columns_that_do_not_vary_have_no_coefficient(tmp_path: Path) -> None:
    rows = [[i % 2, "", 7, "always", i // 2, "" if i % 5 else "3.5"] for i in range(600)]
    write_channel(tmp_path, [["y", "empty", "constant", "text", "number", "mostly missing"], *rows])
    train(tmp_path)
    assert set(coefficients(tmp_path)) == {"number", "mostly missing missing"}
    answers = Predictor(load_artifact(tmp_path / "model")).predict(
        [["", "7", "always", "3", ""], ["1", "8", "never", "4", "4"]]
    )
    assert all(isinstance(answer[0], float) for answer in answers)


def test_nothing_that_varies_gives_the_average(tmp_path: Path) -> None:
    rows = [[int(i % 4 == 0), 7, f"id {i}"] for i in range(400)]
    write_channel(tmp_path, [["y", "constant", "name"], *rows])
    train(tmp_path)
    assert coefficients(tmp_path) == {}
    ((probability, *_),) = Predictor(load_artifact(tmp_path / "model")).predict([["8", "id 1"]])
    assert probability == pytest.approx(0.25, abs=1e-4)


def test_two_levels_have_one_coefficient_that_of_the_rarer(tmp_path: Path) -> None:
    rows = [[int(i % 3 == 0) ^ int(i % 10 == 0), "Yes" if i % 3 == 0 else "No", "NNS"[i % 3]] for i in range(300)]
    write_channel(tmp_path, [["y", "overtime", "side"], *rows])
    train(tmp_path)
    found = coefficients(tmp_path)
    assert set(found) == {"overtime=Yes", "side=S"}
    assert found["overtime=Yes"] > 1
    predictor = Predictor(load_artifact(tmp_path / "model"))
    high, low, unknown = (row[0] for row in predictor.predict([["Yes", "N"], ["No", "N"], ["Never seen", "N"]]))
    assert isinstance(low, float)
    assert isinstance(unknown, float)
    assert isinstance(high, float)
    assert low < unknown < high


def test_rare_categories_share_a_coefficient_and_an_id_has_none_of_its_own(tmp_path: Path) -> None:
    shops = [f"shop {i % 40}" if i % 10 else f"kiosk {i}" for i in range(2000)]
    rows = [[int(shop.startswith("kiosk") or i % 7 == 0), shop, f"id {i}"] for i, shop in enumerate(shops)]
    write_channel(tmp_path, [["y", "shop", "id"], *rows])
    train(tmp_path)
    found = coefficients(tmp_path)
    assert set(found) == {f"shop=shop {i}" for i in range(40) if i % 10} | {"shop=(rare)"}
    assert found["shop=(rare)"] > 2
    ((probability, *_),) = Predictor(load_artifact(tmp_path / "model")).predict([["a kiosk never seen", "id 1"]])
    assert isinstance(probability, float)
    assert probability > 0.9


def test_thousands_of_categories_do_not_hide_a_number(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    city = random.integers(0, 5000, 20_000)
    # Half of the rows are in the first city.
    city[:10_000] = 0
    x = random.normal(size=20_000)
    labels = (random.random(20_000) < 1 / (1 + np.exp(-x - (city == 0)))).astype(int)
    rows = [[label, f"city {c}", repr(value)] for label, c, value in zip(labels, city, x.tolist(), strict=True)]
    write_channel(tmp_path, [["y", "city", "x"], *rows])
    train(tmp_path)
    found = coefficients(tmp_path)
    assert set(found) == {"x", "city=(rare)"}
    assert found["x"] == pytest.approx(1, abs=0.1)
    assert found["city=(rare)"] == pytest.approx(-1, abs=0.1)


def test_a_class_of_one_row_does_not_stop_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_channel(tmp_path, [["y", "x"], *([i % 2, i % 2 + i / 100] for i in range(60)), [2, 9.5]])
    set_hyperparameters(tmp_path, problem="multiclass")
    train(tmp_path)
    assert metrics(capsys.readouterr().out)["cv_accuracy"] > 0.9
    alone = tmp_path / "alone"
    write_channel(alone, [["y", "x"], *([int(i == 0), i / 100] for i in range(60))])
    train(alone)
    printed = capsys.readouterr()
    assert (printed.out, "No metric was cross-validated" in printed.err) == ("", True)


def test_two_classes_of_a_multiclass_problem(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=300)
    labels = (x + random.normal(size=300) > 0).astype(int)
    write_channel(tmp_path, [["y", "x"], *([label, repr(v)] for label, v in zip(labels, x.tolist(), strict=True))])
    set_hyperparameters(tmp_path, problem="multiclass")
    train(tmp_path)
    artifact = load_artifact(tmp_path / "model")
    rows = [["-1.5"], ["0.1"], ["2"]]
    expected = artifact.pipeline.predict_proba(to_matrix(rows, artifact.features)[0])
    answers = Predictor(artifact).predict(rows)
    np.testing.assert_allclose(np.array([answer[:2] for answer in answers], dtype=float), expected, rtol=1e-9)


def test_large_numbers_and_heavy_tails_are_scaled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=500)
    rows = [
        [repr(float(v + n)), repr(float(v * 1e300)), repr(float(1e9 + v))]
        for v, n in zip(x, random.normal(size=500), strict=True)
    ]
    write_channel(tmp_path, [["y", "huge", "shifted"], *rows])
    set_hyperparameters(tmp_path, problem="regression")
    train(tmp_path)
    assert metrics(capsys.readouterr().out)["cv_r2"] > 0.4
