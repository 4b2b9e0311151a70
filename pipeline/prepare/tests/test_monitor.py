"""Counts of production and labelled rows, by hand."""

from __future__ import annotations

import itertools
import json
import math
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from monitor_bench import REFERENCE, MonitorBench, predicted
from release_bench import ReleaseBench, new_people
from workbench import people, table


@pytest.fixture
def bench(tmp_path: Path) -> MonitorBench:
    return MonitorBench(tmp_path / "ml")


def test_counts_by_window_and_package(bench: MonitorBench) -> None:
    rows = [
        predicted("a", 0.1, "2026-03-01T00:00"),
        predicted("b", 0.25, "2026-03-01T23:59:59.999999"),
        predicted("c", 0.75, "2026-03-02T00:00"),
        predicted("d", None, "2026-03-01T12:00"),
    ]
    inputs: list[dict[str, Any]] = [
        {"age": 29.5, "city": "Oslo"},
        {"age": 30.0, "city": "Rome"},
        {"age": None, "city": None},
        {"age": float("nan"), "city": "Paris"},
    ]
    bench.release("r1", rows, inputs=inputs)
    summary = bench.run()
    assert summary["sources"] == ["r1"]
    first, second = summary["windows"]
    assert first == {
        "package": "p1",
        "start": "2026-03-01T00:00:00.000Z",
        "end": "2026-03-02T00:00:00.000Z",
        "rows": 3,
        "scores": [{"name": "", "counts": [1, 1, 0, 0], "sums": [0.1, 0.25, 0, 0], "bad": 1}],
        "decisions": [3, 0],
        "columns": [
            {"name": "age", "type": "number", "absent": False, "counts": [1, 1, 0], "missing": 1},
            {
                "name": "city",
                "type": "category",
                "absent": False,
                "counts": [1, 0],
                "others": 1,
                "unseen": 1,
                "examples": ["Paris"],
                "missing": 0,
            },
        ],
    }
    assert (second["rows"], second["decisions"], second["scores"][0]["counts"]) == (1, [0, 1], [0, 0, 0, 1])
    assert [column["missing"] for column in second["columns"]] == [1, 1]


def test_a_label_counts_once(bench: MonitorBench) -> None:
    bench.release(
        "r1",
        [
            predicted("a", 0.1, "2026-03-01T00:00"),
            predicted("b", 0.9, "2026-03-01T00:00"),
            predicted("a", 0.2, "2026-03-02T00:00"),
            predicted("c", 0.3, "2026-03-05T00:00"),
            predicted("e", 0.4, "2026-03-05T00:00"),
        ],
    )
    bench.truth(
        "id;y;known_at\na;Yes;2026-03-01T12:00:00Z\na;Yes;2026-03-01T12:00:00Z\nb;No;\nb;Yes;\n"
        "c;No;2026-03-04\ne;No;2027-01-01\nx;No;\nf;maybe;\n;No;\n"
    )
    summary = bench.run()
    assert summary["truth"] == {
        "rows": 9,
        "conflicts": 1,
        "unknown": 1,
        "early": 1,
        "future": 1,
        "bad": 2,
        "matched": 1,
    }
    assert [(window["start"][:10], window["values"], window["coverage"]) for window in bench.labelled()] == [
        ("2026-03-01", [(0.1, 1.0)], [{"rows": 1, "labelled": 1}, {"rows": 1, "labelled": 0}]),
        ("2026-03-02", [], [{"rows": 1, "labelled": 0}]),
        ("2026-03-05", [], [{"rows": 1, "labelled": 0}, {"rows": 1, "labelled": 0}]),
    ]


def test_what_a_release_delivers_is_compared_with_its_training(tmp_path: Path) -> None:
    release = ReleaseBench(tmp_path)
    release.train(people(300, member=lambda n: n % 4 == 0), slices=["city"], features_exclude=["city"])
    columns = json.loads((tmp_path / "train/processing/output/reference/columns.json").read_text())
    assert [column["name"] for column in columns] == ["age", "member", "city"]
    release.laid.put(table(new_people(50, member=lambda n: "TRUE" if n % 5 == 0 else "")), "new.csv")
    release.lay_out()
    release.answer(lambda number, _: repr(number / 50))
    release.deliver()
    reference = {**REFERENCE, "columns": columns}
    bench = MonitorBench(tmp_path / "monitor", {"churn-1": reference})
    shutil.copytree(release.delivered.output / "predictions", bench.input / "predictions" / "release=r1")
    shutil.copytree(release.delivered.output / "inputs", bench.input / "inputs" / "release=r1")
    bench.truth("id,y\n" + "".join(f"p{1000 + n},{'Yes' if n % 2 else 'No'}\n" for n in range(0, 50, 5)))
    summary = bench.run()
    [window] = summary["windows"]
    assert (window["rows"], sum(window["scores"][0]["counts"]), window["decisions"]) == (50, 50, [25, 25])
    age, member, city = window["columns"]
    ages = [20 + n % 40 for n in range(1000, 1050)]
    edges = [-math.inf, *columns[0]["edges"], math.inf]
    assert age["counts"] == [sum(low <= value < high for value in ages) for low, high in itertools.pairwise(edges)]
    assert (columns[1]["categories"], columns[1]["known"]) == (["false", "true"], ["false", "true"])
    assert (member["counts"], member["missing"], member["unseen"]) == ([0, 10], 40, 0)
    assert sum(city["counts"]) == 50
    assert summary["truth"]["matched"] == 10
    [labelled] = bench.labelled()
    # All predictions of a release have one time, so their order is that of the hash of their row ids.
    order = sorted(range(0, 50, 5), key=lambda n: sha256(f"p{1000 + n}".encode()).digest())
    assert labelled["values"] == [(n / 50, float(n % 2)) for n in order]
    assert labelled["coverage"] == [{"rows": 5, "labelled": 1}] * 10
