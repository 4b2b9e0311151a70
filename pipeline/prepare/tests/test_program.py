"""The program as the pipeline starts it: a process, not installed, with its folder in SAGEMAKER_BASE_DIR."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench import SOURCE, Workbench, people, table

SCRIPT = "import pandas as pd\n\ndef transform(frame):\n    return frame.assign(half=frame['age'] / 2)\n"


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path / "ml", as_process=True)


def test_csv_to_training_rows_holdout_and_manifest(bench: Workbench) -> None:
    bench.put(table(people(200)))
    manifest = bench.run(slices=["city"])
    assert len(bench.train()) == manifest["files"]["train"]["rows"]
    assert len(bench.holdout()) == manifest["files"]["holdout"]["rows"]
    assert len(bench.train()) + len(bench.holdout()) == 200
    assert bench.stdout == f"{len(bench.train())} training rows, {len(bench.holdout())} held out, 2 features\n"
    assert bench.stderr == ""


def test_with_a_script(bench: Workbench) -> None:
    bench.put(table(people()))
    bench.script(SCRIPT)
    assert [feature["name"] for feature in bench.run()["features"]] == ["age", "city", "half"]
    assert {float(row["half"]) * 2 - float(row["age"]) for row in bench.train()} == {0}
    assert not list(bench.input.rglob("__pycache__"))


def test_a_failure_is_told_in_the_message_and_on_standard_error(bench: Workbench) -> None:
    bench.put(table(people()).replace("Yes", "No"))
    message = bench.fail()
    assert message.startswith("DataContractError: data/people.csv: ")
    assert bench.stderr == message + "\n"
    assert bench.stdout == ""


def test_a_failure_whose_message_cannot_be_written_is_still_told(bench: Workbench) -> None:
    (bench.base / "output").write_text("a file where the folder should be")
    assert bench.start() == 1
    assert bench.stderr.startswith("DataContractError: data/people.csv: no file there")
    assert "the message could not be written" in bench.stderr


def test_the_manifest_does_not_depend_on_the_hash_seed(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put(table(people(y=lambda n: f"class {n % 7}")))
    manifests = []
    for seed in ("1", "2", "3"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        manifests.append(bench.run(problem="multiclass", positive=None, holdout=0.5))
    assert manifests[0] == manifests[1] == manifests[2]


def test_csv_without_a_script_imports_neither_pandas_nor_pyarrow(bench: Workbench) -> None:
    bench.put(table(people()))
    bench.run()
    program = (
        "import sys; from mlops_prepare.main import main; code = main(); "
        "sys.exit(code or len({'pandas', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": str(SOURCE), "SAGEMAKER_BASE_DIR": str(bench.base)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0
