"""Training by the pipeline's manifest: nothing of it is guessed again, by `train` or by `serve`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from conftest import write_channel
from sample_model.artifact import load_artifact
from sample_model.container import InputError
from sample_model.predictor import Predictor
from sample_model.train import train
from test_problems import coefficients
from test_train import set_hyperparameters

ODD_NAMES = ["a,b", 'say "when"', "  spaces ", "Größe 📏", "two\nlines", "2024", "-1"]
FIRST = {"header": True, "target": "first"}


def write_manifest(
    base: Path,
    types: Mapping[str, str],
    *,
    problem: str = "binary",
    labels: Sequence[str] = ("no", "yes"),
    target: str = "y",
    layout: Mapping[str, object] = FIRST,
) -> None:
    folder = base / "input" / "data" / "manifest"
    folder.mkdir(parents=True)
    document = {
        "problem": problem,
        "labels": list(labels),
        "target": target,
        "features": [{"name": name, "type": type_} for name, type_ in types.items()],
        "csv": dict(layout),
    }
    (folder / "manifest.json").write_text(json.dumps(document))


def test_codes_stay_text(tmp_path: Path) -> None:
    codes = ["07030", "7030", "1E5", "10E4", "100000"]
    rows = [[int(i % 5 in (0, 2)), codes[i % 5]] for i in range(500)]
    write_channel(tmp_path, [["y", "code"], *rows])
    write_manifest(tmp_path, {"code": "category"})
    train(tmp_path)
    found = coefficients(tmp_path)
    assert set(found) == {f"code={code}" for code in codes}
    assert found["code=07030"] > 1 > -1 > found["code=7030"]
    assert found["code=1E5"] > 1 > -1 > found["code=10E4"]
    answers = Predictor(load_artifact(tmp_path / "model")).predict([[code] for code in codes])
    assert [round(float(str(answer[0]))) for answer in answers] == [1, 0, 1, 0, 0]


def test_a_category_whose_training_rows_are_all_numbers_takes_text(tmp_path: Path) -> None:
    write_channel(tmp_path, [["y", "dose"], *([i % 2, 5 + i % 2] for i in range(100))])
    write_manifest(tmp_path, {"dose": "category"})
    train(tmp_path)
    ((probability, *_), (known, *_)) = Predictor(load_artifact(tmp_path / "model")).predict([["unknown"], ["6"]])
    assert isinstance(probability, float)
    assert isinstance(known, float)
    assert probability < known


def test_a_number_takes_missing_ones_and_refuses_text(tmp_path: Path) -> None:
    write_channel(tmp_path, [["y", "x"], *([i % 2, "" if i % 10 == 0 else i % 2 + i / 1000] for i in range(200))])
    write_manifest(tmp_path, {"x": "number"})
    train(tmp_path)
    assert set(coefficients(tmp_path)) == {"x", "x missing"}
    missing, text = Predictor(load_artifact(tmp_path / "model")).predict([[""], ["unknown"]])
    assert isinstance(missing[0], float)
    assert text[0] == 'error: field 1 (x): found "unknown", expected a number'


def test_a_boolean_is_one_however_it_is_written(tmp_path: Path) -> None:
    write_channel(tmp_path, [["y", "paid"], *([i % 2, ["false", "TRUE"][i % 2]] for i in range(100))])
    write_manifest(tmp_path, {"paid": "boolean"})
    train(tmp_path)
    assert set(coefficients(tmp_path)) == {"paid=true"}
    answers = Predictor(load_artifact(tmp_path / "model")).predict([["true"], ["True"], ["FALSE"], [""]])
    assert answers[0] == answers[1]
    assert float(str(answers[2][0])) < float(str(answers[3][0])) < float(str(answers[0][0]))


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("side", ["first", "last"])
def test_names_that_need_quotes_or_look_like_numbers(tmp_path: Path, header: bool, side: str) -> None:
    *features, target = ODD_NAMES
    rows = [[str(i % 2), *(f"v{(i + at) % 7}" for at in range(len(features)))] for i in range(140)]
    table = [[target, *features], *rows] if header else rows
    write_channel(tmp_path, table if side == "first" else [[*row[1:], row[0]] for row in table])
    layout = {"header": header, "target": side}
    write_manifest(tmp_path, dict.fromkeys(features, "category"), target=target, layout=layout)
    train(tmp_path)
    assert [feature.name for feature in load_artifact(tmp_path / "model").features] == features
    ((_, factor, *_),) = Predictor(load_artifact(tmp_path / "model")).predict([[f"v{at}" for at in range(6)]])
    assert factor in ["a,b", 'say "when"', "spaces", "Größe 📏", "two lines", "2024"]


@pytest.mark.parametrize(
    ("problem", "labels", "targets", "width"),
    [
        ("binary", ["no", "yes"], ["0", "1"], 1),
        ("multiclass", ["a", "b", "c", "d"], ["0", "1", "2", "3"], 4),
        ("regression", [], ["0", "1", "1.5", "-2e3"], 1),
    ],
)
def test_the_problem_comes_with_it(
    tmp_path: Path, problem: str, labels: list[str], targets: list[str], width: int
) -> None:
    rows = [[targets[i % len(targets)], i % len(targets) + i / 100] for i in range(80)]
    write_channel(tmp_path, [["y", "x"], *rows])
    write_manifest(tmp_path, {"x": "number"}, problem=problem, labels=labels)
    train(tmp_path)
    ((*answer,),) = Predictor(load_artifact(tmp_path / "model")).predict([["2.5"]])
    assert all(isinstance(number, float) for number in answer[:width])
    assert (answer[width], answer[width + 2 :]) == ("x", [None] * 4)
    set_hyperparameters(tmp_path, problem="multiclass" if problem == "binary" else "binary")
    with pytest.raises(InputError, match=f"expected {problem} as mlops.yaml says"):
        train(tmp_path)


def test_reads_json_lines_by_name(tmp_path: Path) -> None:
    channel = tmp_path / "input" / "data" / "train"
    channel.mkdir(parents=True)
    records = [{"zip": f"0{i % 3}", "x": None if i % 9 == 0 else i % 2, "1": i % 2} for i in range(90)]
    (channel / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    write_manifest(tmp_path, {"zip": "category", "x": "number"}, target="1")
    train(tmp_path)
    names = set(coefficients(tmp_path))
    assert {"zip=00", "zip=01", "zip=02"} <= names
    assert {name for name in names if name.startswith("x=")} == {"x=0", "x=1", "x=(missing)"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "found no manifest of the pipeline"),
        ("[]", "found no manifest of the pipeline"),
        ('{"problem": "ranking"}', "KeyError: 'features'"),
    ],
)
def test_refuses_another_manifest(tmp_path: Path, text: str, message: str) -> None:
    write_channel(tmp_path, [["y", "x"], [0, 1], [1, 2]])
    folder = tmp_path / "input" / "data" / "types"
    folder.mkdir()
    (folder / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=message):
        train(tmp_path)


def test_refuses_files_of_other_columns(tmp_path: Path) -> None:
    write_channel(tmp_path, [["y", "x"], [0, 1], [1, 2]])
    write_manifest(tmp_path, {"z": "number"})
    with pytest.raises(InputError, match=r"found features x, expected those of manifest\.json: z"):
        train(tmp_path)
