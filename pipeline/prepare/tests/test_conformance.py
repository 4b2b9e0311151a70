"""The conformance set of pipeline/tables: what this program reads, and what the sample model reads of its output."""

from __future__ import annotations

import json
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from mlops_prepare.config import read_config
from mlops_prepare.dataset import read_rows
from mlops_prepare.job import read_table
from mlops_prepare.problems import Problems
from mlops_prepare.table import Table, find_files
from workbench import Workbench

ROOT = Path(__file__).parents[3]
SET = ROOT / "pipeline" / "tables" / "conformance"
SOURCES: list[dict[str, Any]] = json.loads((SET / "expected.json").read_text(encoding="utf-8"))

# The sample model is no package of this environment; its module of records needs the standard library only.
sys.path.append(str(ROOT / "fixtures" / "sample" / "model" / "src"))
records = import_module("sample_model.records")

sources = pytest.mark.parametrize("source", SOURCES, ids=[source["path"] for source in SOURCES])


def put(bench: Workbench, source: dict[str, Any]) -> dict[str, Any]:
    """Stages the source as a run does; returns its keys of the configuration."""
    path = SET / source["path"]
    staged = bench.input / "data"
    if path.is_dir():
        shutil.copytree(path, staged, dirs_exist_ok=True)
    else:
        shutil.copy(path, staged)
    return {
        "source": f"data/{source['path']}",
        "format": source["format"],
        "problem": "regression",
        "positive": None,
        "holdout": 0.5,
    }


def read(bench: Workbench, source: dict[str, Any]) -> tuple[Table, dict[str, str], dict[str, list[str]]]:
    """The table, the type of each column, and its texts by row id."""
    settings = put(bench, source)
    (bench.input / "config" / "prepare.json").write_text(json.dumps({**bench.defaults, **settings}))
    config = read_config(bench.input / "config" / "prepare.json")
    problems = Problems()
    table = read_table(config, find_files(bench.input / "data", config.source), problems)
    rows = read_rows(config, table, [], problems, [])
    problems.check()
    cells: dict[str, list[str]] = {name: [] for name in table.names}
    for chunk in table.chunks():
        for name, texts in zip(table.names, chunk.columns, strict=True):
            cells[name] += texts
    order = sorted(range(len(rows.row_ids)), key=rows.row_ids.__getitem__)
    types: dict[str, str] = {name: column.type for name, column in rows.columns.items()}
    return table, types, {name: [texts[row] for row in order] for name, texts in cells.items()}


@sources
def test_every_cell_is_as_expected(bench: Workbench, source: dict[str, Any]) -> None:
    table, types, cells = read(bench, source)
    assert set(table.names) == {column["name"] for column in source["columns"]} | set(source["unusable"])
    assert set(table.unusable) == set(source["unusable"])
    assert list(table.index) == sorted(source["index"])
    for column in source["columns"]:
        name = column["name"]
        assert (name, cells[name]) == (name, [text or "" for text in column["texts"]])
        assert (name, types[name]) == (name, column["type"])


@sources
def test_columns_of_no_text_are_refused_unless_excluded(bench: Workbench, source: dict[str, Any]) -> None:
    settings = put(bench, source)
    for name in source["unusable"]:
        message = bench.fail(**settings, exclude=[other for other in source["unusable"] if other != name])
        assert f'column "{name}" ' in message
        assert "data.exclude" in message
    manifest = bench.run(**settings, exclude=list(source["unusable"]), content_type="application/jsonlines")
    left_out = {"id", "y", *source["unusable"], *source["index"]}
    expected = {column["name"]: column["type"] for column in source["columns"] if column["name"] not in left_out}
    assert {feature["name"]: feature["type"] for feature in manifest["features"]} == expected
    said = [warning for warning in manifest["warnings"] if "pandas' stored index" in warning]
    assert len(said) == len(source["index"])


@pytest.mark.parametrize("content_type", ["text/csv", "application/jsonlines"])
@sources
def test_the_sample_model_reads_what_is_written(bench: Workbench, source: dict[str, Any], content_type: str) -> None:
    settings = put(bench, source)
    manifest = bench.run(
        **settings,
        exclude=list(source["unusable"]),
        content_type=content_type,
        csv={"header": False, "target": "first"},
    )
    expected = {column["name"]: column for column in source["columns"]}
    features = [feature["name"] for feature in manifest["features"]]
    found: dict[str, list[str]] = {}
    if content_type == "text/csv":
        for line in bench.text("holdout/holdout.csv").splitlines():
            row_id, _, *fields = records.parse_csv_line(line)
            found[row_id] = fields
    else:
        for record in map(json.loads, bench.text("holdout/holdout.jsonl").splitlines()):
            found[record["row_id"]] = records.parse_json_line(json.dumps(record["features"]), features)
        # Digits are kept in the file itself, if a reader wants them all.
        exact = bench.text("holdout/holdout.jsonl")
        for record in (json.loads(line, parse_float=str, parse_int=str) for line in exact.splitlines()):
            row = int(record["row_id"][1:]) - 1
            for name in features:
                if expected[name]["type"] != "boolean":
                    assert (name, record["features"][name]) == (name, expected[name]["texts"][row])
    assert len(found) == manifest["files"]["holdout"]["rows"]
    for row_id, fields in found.items():
        row = int(row_id[1:]) - 1
        for name, field in zip(features, fields, strict=True):
            text = expected[name]["texts"][row] or ""
            if content_type == "text/csv" or expected[name]["type"] != "number" or not text:
                assert (name, field) == (name, text)
            else:
                assert (name, float(field)) == (name, float(text))


@sources
def test_the_text_of_a_class_names_it(bench: Workbench, source: dict[str, Any]) -> None:
    settings = {**put(bench, source), "problem": "binary"}
    for column in source["columns"]:
        name = column["name"]
        classes = sorted({text for text in column["texts"] if text})
        if name in ("id", "y") or not classes:
            continue
        left_out = [other for other in source["unusable"] if other != name]
        message = bench.fail(**{**settings, "positive": classes[0]}, target=name, exclude=left_out)
        assert "never holds" not in message
