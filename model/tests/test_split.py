from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import MODEL

DATA = MODEL / "data"


def read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """The table before the split, put together again from its parts, as IBM wrote it: byte-order mark and CRLF."""
    labelled = read("attrition.csv")
    truth = {row["EmployeeNumber"]: row for row in read("scoring-truth.csv")}
    rows = labelled + [row | truth[row["EmployeeNumber"]] for row in read("scoring.csv")]
    path = tmp_path / "full.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(labelled[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: int(row["EmployeeNumber"])))
    return path


def run(script: Path, full: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, script, full], capture_output=True, text=True, check=False)


def test_splits_the_full_table_into_the_committed_files(full: Path, tmp_path: Path) -> None:
    shutil.copy(DATA / "split.py", tmp_path)
    assert run(tmp_path / "split.py", full).returncode == 0
    for name, rows in (("attrition.csv", 1270), ("scoring.csv", 200), ("scoring-truth.csv", 200)):
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()
        assert len(read(name)) == rows
    assert "Attrition" not in read("scoring.csv")[0]


def test_refuses_another_table(full: Path, tmp_path: Path) -> None:
    shutil.copy(DATA / "split.py", tmp_path)
    full.write_text(full.read_text().replace("Travel_Rarely", "Travel_Often", 1))
    done = run(tmp_path / "split.py", full)
    assert done.returncode == 1
    assert "expected d11789e1" in done.stderr
    assert not (tmp_path / "attrition.csv").exists()
