"""The cases of pipeline/tables/conformance/csv-cases.json: `mlops validate` says the same about each of them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from mlops_prepare import csv_table
from workbench import Workbench

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "tables" / "conformance" / "csv-cases.json").read_text(encoding="utf-8")
)
ROWS = 60
ENCODINGS = {"latin-1": "latin-1", "bytes": "latin-1", "utf-16le": "utf-16", "utf-16be": "utf-16-be"}
SPELLINGS = {"bar": "|", "iso-8859-1": "latin-1", "cp1252": "windows-1252"}


def content(case: dict[str, Any]) -> bytes:
    odd = case.get("odd", {})

    def values(row: int) -> dict[str, str]:
        cells = {"": str(case["index"] + row)} if "index" in case else {}
        cells |= {"id": f"p{row}", "y": "No" if row % 3 else "Yes"}
        cells |= {name: texts[row % len(texts)] for name, texts in case["columns"].items()}
        cells |= {name: text.replace("{n}", str(row)) for name, text in case.get("counted", {}).items()}
        return {name: odd.get(name, {}).get(str(row), cell) for name, cell in cells.items()}

    lines = [list(values(0)), *(list(values(row).values()) for row in range(ROWS))]
    text = "".join(case.get("delimiter", ",").join(line) + "\n" for line in lines)
    encoded = text.encode(ENCODINGS.get(case.get("encoding", ""), "utf-8"))
    return gzip.compress(encoded) if case.get("gzip") else encoded


def settings(case: dict[str, Any]) -> dict[str, Any]:
    """The case's settings as mlops.yaml's loader writes them for the job."""
    data = dict(case.get("data", {}))
    data["source_csv"] = {key: SPELLINGS.get(value, value) for key, value in data.pop("csv", {}).items()}
    problem = case.get("problem", "binary")
    return {**data, "problem": problem, "positive": None if problem == "multiclass" else "Yes"}


@pytest.mark.parametrize("arrow", [False, True], ids=["csv", "arrow"])
@pytest.mark.parametrize("case", CASES, ids=[case["what"] for case in CASES])
def test_case(bench: Workbench, case: dict[str, Any], arrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "ARROW_BYTES", 0 if arrow else 10**12)
    bench.put(content(case))
    if "refused" in case:
        assert case["refused"]["prepare"] in bench.fail(**settings(case))
        return
    manifest = bench.run(holdout=0.5, **settings(case))
    assert manifest["warnings"] == case["warnings"]
    assert {feature["name"]: feature["type"] for feature in manifest["features"]} == case["types"]
    assert sum(manifest["files"][side]["rows"] for side in ("train", "holdout")) == case.get("rows", ROWS)
    names = list(case["types"])
    held = bench.holdout()
    assert held
    for row_id, _, *cells in held:
        for name, texts in case.get("cells", {}).items():
            assert cells[names.index(name)] == texts[int(row_id[1:]) % len(texts)]
    # The header of the training rows has the names again, whatever they are made of.
    assert next(csv.reader(io.StringIO(bench.text("train/train.csv"), newline=""))) == ["y", *names]
