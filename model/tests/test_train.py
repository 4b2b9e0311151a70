from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from conftest import environment, run_train, write_channel
from sample_model.artifact import load_artifact
from sample_model.train import main


def metrics(printed: str) -> dict[str, float]:
    """As the pipeline reads them: by pattern from the log."""
    return {name: float(value) for name, value in re.findall(r"^(\w+)=(-?[0-9.]+);$", printed, re.MULTILINE)}


def set_hyperparameters(base: Path, **values: str) -> None:
    config = base / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "hyperparameters.json").write_text(json.dumps(values))


Train = Callable[[], subprocess.CompletedProcess[str]]


@pytest.fixture
def train_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Train:
    """`train` in this process, which spares the seconds that its libraries take to load."""

    def run() -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process keeps its own handler
        monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
        code, reason = 0, ""
        try:
            main()
        except SystemExit as ended:
            code, reason = 1, f"{ended.code}\n"
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(["train"], code, printed.out, printed.err + reason)

    return run


@pytest.fixture
def failure(tmp_path: Path, train_here: Train) -> Callable[[], str]:
    """What `train` leaves as the failure's reason."""

    def run() -> str:
        done = train_here()
        message = (tmp_path / "output" / "failure").read_text()
        assert (done.returncode, done.stderr) == (1, f"train: {message}\n")
        assert not (tmp_path / "model").exists()
        return message

    return run


def test_trains_on_the_sample_data(trained: tuple[Path, str]) -> None:
    base, printed = trained
    found = metrics(printed)
    assert 0.82 < found["cv_roc_auc"] < 0.89
    assert 0.28 < found["cv_log_loss"] < 0.33
    report = json.loads((base / "output" / "data" / "report.json").read_text())
    assert 0.1 < report["threshold"] < 0.6
    assert report["explanation"]["unit"] == "change in log-odds per standard deviation or category"
    coefficients = report["explanation"]["features"]
    sizes = [abs(coefficient["value"]) for coefficient in coefficients]
    assert sizes == sorted(sizes, reverse=True)
    values = {coefficient["name"]: coefficient["value"] for coefficient in coefficients}
    assert values["OverTime=Yes"] > 0.5
    assert values["JobSatisfaction=4"] < 0
    assert values["DistanceFromHome"] > 0
    assert not (base / "output" / "failure").exists()


def test_the_same_data_gives_the_same_model(
    trained: tuple[Path, str], attrition: list[list[str]], tmp_path: Path
) -> None:
    write_channel(tmp_path, attrition)
    assert run_train(tmp_path).stdout == trained[1]
    for name in ("model/pipeline.joblib", "model/model.json", "output/data/report.json"):
        assert (tmp_path / name).read_bytes() == (trained[0] / name).read_bytes()


def test_takes_hyperparameters_as_text_and_passes_over_others(
    trained: tuple[Path, str], attrition: list[list[str]], tmp_path: Path, train_here: Train
) -> None:
    write_channel(tmp_path, attrition)
    set_hyperparameters(
        tmp_path,
        C="1.0",
        encoding='"linear"',
        _tuning_objective_metric="cv_roc_auc",
        sagemaker_region="eu-west-1",
        c="7",
    )
    done = train_here()
    assert done.returncode == 0
    warning = "The model has no hyperparameter c, which did nothing; did you mean C?"
    assert f"warning: {warning}\n" in done.stderr
    assert json.loads((tmp_path / "output" / "data" / "report.json").read_text())["warnings"] == [warning]
    assert metrics(done.stdout)["cv_roc_auc"] < metrics(trained[1])["cv_roc_auc"] - 0.01
    assert load_artifact(tmp_path / "model").pipeline[-1].C == 1


def test_without_a_header_columns_are_numbered(
    attrition: list[list[str]], tmp_path: Path, trained: tuple[Path, str], train_here: Train
) -> None:
    write_channel(tmp_path, attrition[1:600], "a.csv")
    write_channel(tmp_path, attrition[600:], "b.csv")
    assert train_here().stdout == trained[1]
    assert load_artifact(tmp_path / "model").features[0].name == "feature_1"


def test_reads_json_lines(
    attrition: list[list[str]], tmp_path: Path, trained: tuple[Path, str], train_here: Train
) -> None:
    numbers = {i for i, value in enumerate(attrition[1]) if value.isdecimal()}
    channel = tmp_path / "input" / "data" / "train"
    channel.mkdir(parents=True)
    with (channel / "train.jsonl").open("w") as file:
        for row in attrition[1:]:
            values = [int(value) if i in numbers else value for i, value in enumerate(row)]
            file.write(json.dumps(dict(zip(attrition[0], values, strict=True))) + "\n")
    assert train_here().stdout == trained[1]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("C", "-1", 'hyperparameter C: found "-1", expected a number greater than 0'),
        ("C", "nan", 'hyperparameter C: found "nan", expected a number greater than 0'),
        ("C", " 1", 'hyperparameter C: found " 1", expected a number greater than 0'),
        ("C", "1_0", 'hyperparameter C: found "1_0", expected a number greater than 0, such as 0.3 or 1e-2'),
        ("C", "", 'hyperparameter C: found "", expected a number greater than 0'),
        ("encoding", "target", 'hyperparameter encoding: found "target", expected one of linear, onehot'),
        ("problem", "ranking", 'found "ranking", expected one of binary, multiclass, regression'),
    ],
)
def test_refuses_a_bad_hyperparameter(
    tmp_path: Path, failure: Callable[[], str], name: str, value: str, message: str
) -> None:
    set_hyperparameters(tmp_path, **{name: value})
    assert message in failure()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "found 0 rows and 0 features"),
        ([["y", "a"]], "found 0 rows and 1 features"),
        ([["y"], [0], [1]], "found 2 rows and 0 features"),
        ([["y", "a"], [0, 1], ["", 2]], 'train.csv line 3: found "" as label, expected a number'),
        ([["y", "a"], [0, 1], ["Yes", 2]], 'train.csv line 3: found "Yes" as label, expected a number'),
        ([["y", "a"], [0, 1], [1, 2, 3]], "train.csv line 3: found 3 fields, expected 2"),
        ([["y", "a", "a"], [0, 1, 2]], "train.csv: found column a more than once"),
        ([["y", "a"], [0, 1], [1, 2], [2, 3]], "found labels 0, 1, 2: set the hyperparameter problem to multiclass"),
        ([["y", "a"], [0, 1], [0, 2]], "found labels 0, expected both 0 and 1 for a binary problem"),
    ],
)
def test_refuses_bad_data(tmp_path: Path, failure: Callable[[], str], rows: list[list[object]], message: str) -> None:
    write_channel(tmp_path, rows)
    assert message in failure()


def test_a_failure_exits_1_and_leaves_its_reason(tmp_path: Path) -> None:
    done = run_train(tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    reason = (tmp_path / "output" / "failure").read_text()
    assert "found none, expected training files that all end in .csv or all in .jsonl" in reason
    assert done.stderr == f"train: {reason}\n"


def test_tells_the_reason_where_no_failure_file_can_be_written(tmp_path: Path, train_here: Train) -> None:
    (tmp_path / "output").write_text("in the way")
    done = train_here()
    assert done.returncode == 1
    assert "no failure file: " in done.stderr
    assert "found none, expected training files" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unforeseen_error_is_told_too(tmp_path: Path, train_here: Train) -> None:
    write_channel(tmp_path, [["y", "a"], *([i % 2, i] for i in range(20))])
    (tmp_path / "model").write_text("in the way")
    done = train_here()
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert (tmp_path / "output" / "failure").read_text().startswith("FileExistsError: ")


def test_sigterm_ends_training(tmp_path: Path) -> None:
    pipe = tmp_path / "input" / "data" / "train" / "train.csv"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    process = subprocess.Popen([sys.executable, "-m", "sample_model", "train"], env=environment(tmp_path))
    with pipe.open("w"):  # opens once train reads: it now waits for rows
        assert _code_after_sigterm(process) == 128 + signal.SIGTERM
    assert not (tmp_path / "model").exists()


def _code_after_sigterm(process: subprocess.Popen[bytes]) -> int:
    # A signal that comes right before the read does not interrupt it; a later one does.
    for _ in range(30):
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(1)
    return process.wait(1)
