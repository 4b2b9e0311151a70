"""What training leaves for monitoring: bins and categories of its rows."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlops_prepare import reference
from mlops_prepare.arrow_arrays import text_array
from mlops_prepare.column import Column
from mlops_prepare.deliver import InputColumns
from mlops_prepare.package_manifest import read_manifest
from mlops_prepare.reference import ReferenceColumns
from mlops_prepare.texts import Texts
from workbench import Workbench, people, table

AGE, CITY, FLAG = Column("age", "number"), Column("city", "category"), Column("flag", "boolean")


def collected(column: Column, values: Sequence[str], *, arrow: bool = False, chunk: int = 2_048) -> dict[str, Any]:
    """The entry of a column with these cells, which are added in chunks."""
    columns = ReferenceColumns([column], [], ())
    for start in range(0, len(values), chunk):
        part = list(values[start : start + chunk])
        fields = Texts(text_array(part)) if arrow else part
        columns.add([], [fields], bytes([1] * len(part)))
    [entry] = columns.found({})
    return entry


def in_bins(values: Sequence[float], edges: Sequence[float]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[sum(value >= edge for edge in edges)] += 1
    return counts


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path / "ml")


def test_a_value_of_few_is_a_bin_of_its_own() -> None:
    entry = collected(AGE, ["3", "1", "", "1", "2", "3", "3", "", "1"])
    assert entry == {
        **{"name": "age", "type": "number", "edges": [1.5, 2.5], "counts": [3, 1, 3]},
        **{"missing": 2, "range": [1.0, 3.0]},
    }


def test_ten_bins_of_equal_count() -> None:
    entry = collected(AGE, [str(value) for value in range(100)])
    assert entry["edges"] == [9.5, 19.5, 29.5, 39.5, 49.5, 59.5, 69.5, 79.5, 89.5]
    assert entry["counts"] == [10] * 10


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["", ""], {"edges": [], "counts": [0], "missing": 2, "range": None}),
        (["7", "7", ""], {"edges": [], "counts": [2], "missing": 1, "range": [7.0, 7.0]}),
        # Nine in ten rows have one value: it takes one bin, and the others share what is left.
        (["0"] * 90 + ["1"] * 5 + ["2"] * 5, {"edges": [0.5], "counts": [90, 10], "missing": 0, "range": [0.0, 2.0]}),
        (["1e308", "-1e308"], {"edges": [0.0], "counts": [1, 1], "missing": 0, "range": [-1e308, 1e308]}),
    ],
)
def test_columns_with_few_values(cells: list[str], found: dict[str, Any]) -> None:
    assert collected(AGE, cells) == {"name": "age", "type": "number", **found}


ORDERS = {
    "at random": lambda values: values,
    "ascending": sorted,
    "descending": lambda values: sorted(values, reverse=True),
    "two halves": lambda values: [*sorted(values)[::2], *sorted(values)[1::2]],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("arrow", [False, True])
def test_many_values_are_counted_exactly_in_bounded_memory(
    order: str, arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "WAITING", 2_000)
    monkeypatch.setattr(reference, "MOST_RANGES", 4_000)
    monkeypatch.setattr(reference, "KEPT_RANGES", 500)
    seen = []
    add = reference.Ranges.add

    def counted(ranges: Any, values: Any) -> None:
        add(ranges, values)
        seen.append(len(ranges.found()[0]))

    monkeypatch.setattr(reference.Ranges, "add", counted)
    numbers = random.Random(5)
    values = [0.0 if numbers.random() < 0.25 else numbers.lognormvariate(0, 2) for _ in range(60_000)]
    values = ORDERS[order](values)  # type: ignore[operator]
    entry = collected(AGE, [repr(value) for value in values], arrow=arrow)
    assert entry["counts"] == in_bins(values, entry["edges"])
    assert entry["range"] == [min(values), max(values)]
    # A quarter of the rows is zero; the others share bins of a tenth.
    assert entry["counts"][0] == values.count(0.0)
    assert len(entry["counts"]) >= 8
    assert all(abs(count / 60_000 - 0.1) < 0.06 for count in entry["counts"][1:])
    assert max(seen) <= 4_000 + 2_048
    assert collected(AGE, [repr(value) for value in values], arrow=arrow) == entry


@pytest.mark.parametrize("arrow", [False, True])
def test_categories(arrow: bool) -> None:
    texts = [f"c{at:03}" for at in range(60) for _ in range(60 - at)] + ["", "", "c000"]
    entry = collected(CITY, texts, arrow=arrow)
    assert entry["categories"] == [f"c{at:03}" for at in range(50)]
    assert entry["counts"] == [61, *range(59, 10, -1)]
    assert (entry["others"], entry["missing"], entry["known"]) == (sum(range(1, 11)), 2, None)


def test_of_very_many_texts_those_that_are_counted_are_counted_exactly() -> None:
    numbers = random.Random(1)
    texts = [f"name {numbers.randrange(30_000)}" if numbers.random() < 0.8 else "often" for _ in range(40_000)]
    entry = collected(CITY, texts)
    counts = Counter(texts)
    assert entry["categories"][0] == "often"
    assert entry["counts"] == [counts[text] for text in entry["categories"]]
    assert entry["others"] + sum(entry["counts"]) == 40_000


@pytest.mark.parametrize("arrow", [False, True])
def test_booleans_are_true_and_false_however_they_are_written(arrow: bool) -> None:
    entry = collected(FLAG, ["True", "FALSE", "", "true"], arrow=arrow)
    assert entry == {
        **{"name": "flag", "type": "category", "categories": ["true", "false"], "counts": [2, 1]},
        **{"others": 0, "missing": 1, "known": ["false", "true"]},
    }


def test_the_columns_are_those_that_a_release_keeps(bench: Workbench) -> None:
    bench.put(table(people(90, City=lambda n: "AB"[n % 2], secret=lambda n: n, area=lambda n: n % 3)))
    manifest = bench.run(sensitive=["secret"], slices=["area", "city"], features_exclude=["area"])
    entries = json.loads(bench.text("reference/columns.json"))
    kept = InputColumns(read_manifest(bench.output / "manifest" / "manifest.json"), ["secret"])
    assert [entry["name"] for entry in entries] == kept.schema.names[1:] == ["age", "city", "City_", "area"]
    # Only training rows are counted, as the manifest says.
    rows = manifest["files"]["train"]["rows"]
    assert rows < 90
    assert manifest["files"]["reference"]["rows"] == rows
    assert [sum(entry["counts"]) + entry["missing"] for entry in entries] == [rows] * 4
    assert [entry["type"] for entry in entries] == ["number", "category", "category", "category"]
    ages = [float(row["age"]) for row in bench.train()]
    assert entries[0]["counts"] == in_bins(ages, entries[0]["edges"])
    assert entries[1]["known"] == ["Bern", "Oslo", "Rome"]
    assert "secret" not in bench.text("reference/columns.json")


def test_a_script_decides_what_the_columns_are(bench: Workbench) -> None:
    bench.put(table(people(60)))
    bench.script("def transform(frame):\n    return frame.assign(decade=frame.age // 10 * 10).drop(columns='age')\n")
    bench.run()
    city, decade = json.loads(bench.text("reference/columns.json"))
    assert (city["name"], decade["name"], decade["edges"]) == ("city", "decade", [25.0, 35.0, 45.0])
    assert decade["counts"] == [count for _, count in sorted(Counter(row["decade"] for row in bench.train()).items())]


def test_edges_are_between_values_also_of_single_precision() -> None:
    values = [0.1, 0.3, 0.7]
    edges = collected(AGE, [repr(value) for value in values])["edges"]
    assert in_bins([float(np.float32(value)) for value in values], edges) == [1, 1, 1]
