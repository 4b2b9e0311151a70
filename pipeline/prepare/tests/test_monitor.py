"""Counts of production and labelled rows, by hand."""

from __future__ import annotations

import itertools
import json
import math
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
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


def entry(row_id: str | None, score: float, at: str, **features: Any) -> dict[str, Any]:
    """What the prediction service keeps of a request."""
    decision = "Yes" if score >= 0.5 else "No"
    return {
        **{"at": at, "release": "r1", "package": "p1", "row_id": row_id, "features": features},
        **{"score": score, "decision": decision},
    }


def multiclass() -> dict[str, Any]:
    scores = [{"name": name, "edges": [0.5], "bins": [{"n": 1, "sum": 0.5, "positives": 1}] * 2} for name in "cab"]
    return {**REFERENCE, "problem": "multiclass", "labels": ["a", "b", "c"], "scores": scores, "columns": []}


def by_class(row_id: str, *scores: float, at: str = "2026-03-01T00:00") -> dict[str, Any]:
    """A prediction of classes a, b and c; their order in the file is another one."""
    pairs = dict(zip("abc", scores, strict=True))
    decision = max(pairs, key=lambda name: pairs[name])
    return predicted(row_id, max(scores), at, decision=decision, scores=sorted(pairs.items(), reverse=True))


def test_scores_of_classes(tmp_path: Path) -> None:
    bench = MonitorBench(tmp_path / "ml", {"p1": multiclass()})
    bench.release("r1", [by_class("x", 0.7, 0.2, 0.1), by_class("y", 0.1, 0.25, 0.65), by_class("z", 0.5, 0.3, 0.2)])
    bench.truth("id,y\nx,b\ny,c\nz,d\n")
    summary = bench.run(problem="multiclass")
    [window] = summary["windows"]
    assert window["decisions"] == [2, 0, 1]
    assert [(score["name"], score["counts"]) for score in window["scores"]] == [
        ("c", [2, 1]),
        ("a", [1, 2]),
        ("b", [3, 0]),
    ]
    assert window["scores"][1]["sums"] == pytest.approx([0.1, 1.2])
    assert (summary["truth"]["matched"], summary["truth"]["bad"]) == (2, 1)
    [labelled] = bench.labelled()
    assert sorted(labelled["values"]) == [(0.1, 0.25, 0.65, 2.0), (0.7, 0.2, 0.1, 1.0)]
    # By the largest of a row's scores.
    assert labelled["coverage"] == [{"rows": 1, "labelled": 0}, {"rows": 1, "labelled": 1}, {"rows": 1, "labelled": 1}]


@pytest.mark.parametrize("problem", ["binary", "multiclass"])
def test_a_model_that_answers_classes_alone_has_decisions_and_no_scores(tmp_path: Path, problem: str) -> None:
    labels = ["a", "b", "c"] if problem == "multiclass" else ["a", "b"]
    decides = {**REFERENCE, "problem": problem, "labels": labels, "scores": [], "columns": []}
    bench = MonitorBench(tmp_path / "ml", {"p1": decides})
    bench.release("r1", [predicted(name, None, "2026-03-01T00:00", decision=name) for name in labels])
    request = {**entry("1", 0, "2026-03-01T01:00:00Z"), "score": None, "decision": "b"}
    bench.capture("a.jsonl", [request])
    bench.truth("id,y\n" + "".join(f"{name},b\n" for name in [*labels, "1"]))
    summary = bench.run(problem=problem)
    [window] = summary["windows"]
    assert (window["scores"], window["decisions"]) == ([], [1, 2, 1][: len(labels)])
    [labelled] = bench.labelled()
    # The score is the number of the class that the model decided.
    assert sorted(labelled["values"]) == [(0, 1), (1, 1), (1, 1), (2, 1)][: len(labels) + 1]
    assert [part["rows"] for part in labelled["coverage"]] == [1, 2, 1][: len(labels)]


def test_scores_that_are_gone_are_bad(bench: MonitorBench) -> None:
    bench.release("r1", [predicted("a", None, "2026-03-01T00:00"), predicted("b", float("inf"), "2026-03-01T00:00")])
    [window] = bench.run()["windows"]
    assert window["scores"] == [{"name": "", "counts": [0] * 4, "sums": [0.0] * 4, "bad": 2}]


def test_files_are_found_below_the_folders_of_a_manifest(bench: MonitorBench) -> None:
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")], inputs=[{"age": 31.0, "city": "Oslo"}])
    for kind in ("predictions", "inputs"):
        made = bench.input / kind / "release=r1"
        made.rename(bench.input / "moved")
        (bench.input / kind / kind / "model=churn").mkdir(parents=True)
        (bench.input / "moved").rename(bench.input / kind / kind / "model=churn" / "release=r1")
    summary = bench.run()
    assert (summary["sources"], summary["notes"]) == (["r1"], [])
    assert [column["absent"] for column in summary["windows"][0]["columns"]] == [False, False]


def test_values(tmp_path: Path) -> None:
    value = {**REFERENCE, "problem": "regression", "labels": [], "scores": [{"name": "", "edges": [0, 10]}]}
    bench = MonitorBench(tmp_path / "ml", {"p1": {**value, "columns": []}})
    rows = [predicted(name, score, "2026-03-01T00:00", decision=None) for name, score in (("a", -1.5), ("b", 10.0))]
    bench.release("r1", rows)
    bench.truth("\ufeffid;y\na;1.234,5\nb;zwei\n")
    bench.settings["truth"]["csv"]["decimal"] = ","
    summary = bench.run(problem="regression")
    assert summary["windows"][0]["scores"] == [{"name": "", "counts": [1, 0, 1], "sums": [-1.5, 0.0, 10.0], "bad": 0}]
    assert summary["windows"][0]["decisions"] == []
    assert (summary["truth"]["matched"], summary["truth"]["bad"]) == (1, 1)
    assert summary["notes"][1:] == [
        'truth.csv: 1 of 2 rows have no usable label and do not count: truth.csv column "y" is not a finite number in '
        "1 row (first: line 3)"
    ]
    assert bench.labelled()[0]["values"] == [(-1.5, 1234.5)]


def test_requests_of_the_prediction_service(bench: MonitorBench) -> None:
    hashed = f"sha256:{sha256(b'anna').hexdigest()[:16]}"
    bench.capture(
        "2026/03/01/a.jsonl",
        [
            entry("7", 0.9, "2026-03-01T01:00:00.000Z", age=35, city="Oslo"),
            entry(hashed, 0.1, "2026-03-01T02:00:00.000Z", age=None, city={"other": True}),
            entry(None, 0.3, "2026-03-02T02:00:00.000Z", city="Rome"),
        ],
    )
    bench.truth("id,y\n7,Yes\nanna,No\n")
    summary = bench.run()
    assert summary["sources"] == ["2026/03/01/a.jsonl"]
    first, second = summary["windows"]
    assert first["columns"] == [
        {"name": "age", "type": "number", "absent": False, "counts": [0, 1, 0], "missing": 1},
        {
            **{"name": "city", "type": "category", "absent": False, "counts": [1, 0], "others": 0, "unseen": 1},
            **{"examples": [], "missing": 0},
        },
    ]
    assert [column["absent"] for column in second["columns"]] == [True, False]
    assert second["columns"][1]["others"] == 1
    assert summary["truth"]["matched"] == 2
    assert bench.labelled()[0]["values"] == [(0.9, 1.0), (0.1, 0.0)]


def test_the_last_line_of_a_service_that_was_killed_is_left_out(bench: MonitorBench) -> None:
    whole = json.dumps(entry("1", 0.9, "2026-03-01T01:00:00Z"))
    bench.capture("a.jsonl", [])
    (bench.input / "captures/a.jsonl").write_text(f"{whole}\n{whole[:40]}")
    summary = bench.run()
    assert summary["windows"][0]["rows"] == 1
    assert summary["notes"] == ["captures/a.jsonl line 2 ends before its end and is left out."]
    (bench.input / "captures/a.jsonl").write_text(f"{whole[:40]}\n{whole}\n")
    assert "captures/a.jsonl line 1: a JSON object is expected; " in bench.fail()


def test_where_training_saw_too_many_categories_a_marked_text_says_nothing(tmp_path: Path) -> None:
    city = {**REFERENCE["columns"][1], "known": None}
    bench = MonitorBench(tmp_path / "ml", {"p1": {**REFERENCE, "columns": [city]}})
    bench.capture("a.jsonl", [entry("1", 0.9, "2026-03-01T01:00:00Z", city={"other": True})])
    bench.release("r1", [predicted("b", 0.9, "2026-03-02T00:00")], inputs=[{"city": "Paris"}])
    first, second = bench.run()["windows"]
    assert first["columns"][0]["absent"]
    assert (second["columns"][0]["others"], second["columns"][0]["unseen"]) == (1, 0)


def test_a_package_without_a_reference_is_counted_by_rows_alone(tmp_path: Path) -> None:
    bench = MonitorBench(tmp_path / "ml", {"p1": REFERENCE, "old": None})
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00", "old")], inputs=[{"age": 3.0, "city": "Oslo"}])
    bench.truth("id,y\na,No\n")
    summary = bench.run()
    [window] = summary["windows"]
    assert (window["package"], window["rows"], window["scores"], window["columns"]) == ("old", 1, [], [])
    assert summary["notes"] == ["old: no reference, so only the number of its predictions is counted (1)."]
    # No class is known, so the label is none of the package's.
    assert (summary["truth"]["matched"], summary["truth"]["bad"], bench.labelled()) == (0, 1, [])


def test_columns_that_some_files_lack(bench: MonitorBench) -> None:
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")], inputs=[{"age": 31.0}])
    bench.release("r2", [predicted("b", 0.1, "2026-03-02T00:00")], inputs=[{"city": "Oslo", "new": "x"}])
    bench.release("r3", [predicted("c", 0.1, "2026-03-03T00:00")])
    summary = bench.run()
    absent = [[column["absent"] for column in window["columns"]] for window in summary["windows"]]
    assert absent == [[False, True], [True, False], [True, True]]
    assert summary["notes"] == [
        "Without the columns that predictions were made from, scores alone are counted: the release r3."
    ]


def test_categories_of_sensitive_columns_are_not_shown(bench: MonitorBench) -> None:
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")], inputs=[{"city": "Elsewhere"}])
    bench.truth("id,y\na,Secret\n")
    summary = bench.run(sensitive=["city", "y"])
    assert (summary["windows"][0]["columns"][1]["unseen"], summary["windows"][0]["columns"][1]["examples"]) == (1, [])
    assert summary["notes"] == [
        'truth.csv: 1 of 1 rows have no usable label and do not count: truth.csv column "y" is not a class of the '
        "model in 1 row (first: line 2)"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # The columns are swapped.
        ("y,id\nSECRET1,Yes\nSECRET2,No\n", 'column "y" is not a class of the model in 2 rows (first: line 2)'),
        ("id,y,known_at\nSECRET1,SECRET2,\n,Yes,\nx,Yes,SECRET3\n", 'column "id" is not a row id in 1 row'),
        ("id,y,known_at\nx,Yes,SECRET3\n", 'column "known_at" is not a time such as 2026-03-01T12:00:00Z in 1 row'),
    ],
)
def test_notes_quote_no_cell_of_the_labels(bench: MonitorBench, text: str, told: str) -> None:
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")])
    bench.truth(text)
    summary = bench.run()
    notes = "\n".join(summary["notes"])
    assert summary["truth"]["bad"] == text.count("\n") - 1
    assert told in notes
    assert "SECRET" not in notes


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("SECRET1,Yes\nSECRET2,No\n", "truth.csv", "is missing; got 2 other columns"),
        ("SECRET1\nSECRET2\n", "truth.csv", "the header (not shown) is one column"),
        ("SECRET1,SECRET1\n", "truth.csv", "truth.csv: "),
        (",id,y\nSECRET1,a,Yes\n", "truth.csv", "line 2 has (not shown)"),
        ("id,y\nSECRET1,Yes\n", "id=b/truth.csv", 'column "id" is (not shown)'),
    ],
)
def test_messages_quote_no_cell_of_the_labels(bench: MonitorBench, text: str, name: str, told: str) -> None:
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")])
    bench.truth(text, name)
    message = bench.fail()
    assert told in message
    assert "SECRET" not in message


def another_kept(bench: MonitorBench) -> None:
    bench.truth("id,y\n1,Yes\n")
    bench.release("r9", [predicted("a", 0.1, "2026-03-01T00:00")], folder="earlier")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def retype(path: Path) -> None:
    found = pq.ParquetFile(path).read()
    pq.write_table(found.set_column(1, "age", found.column("age").cast(pa.string())), path)


FAILURES: dict[str, tuple[Callable[[MonitorBench], object], str]] = {
    "a file in no folder of a release": (
        lambda bench: (bench.input / "predictions" / "part.parquet").write_bytes(b"x"),
        "predictions/part.parquet: expected in a folder release=ID, which names its release",
    ),
    "a file that is no Parquet": (
        lambda bench: (bench.input / "predictions/release=r1/part-00000.parquet").write_bytes(b"PAR1 but no more"),
        "predictions/release=r1/part-00000.parquet: a Parquet file as a release writes it is expected",
    ),
    "a file that is cut off": (
        lambda bench: cut(bench.input / "inputs/release=r1/part-00000.parquet"),
        "inputs/release=r1/part-00000.parquet: a Parquet file as a release writes it is expected",
    ),
    "rows without a time": (
        lambda bench: bench.release("r2", [{**predicted("a", 0.1, "2026-03-01T00:00"), "predicted_at": None}]),
        'predictions/release=r2/part-00000.parquet: column "predicted_at" is empty in 1 rows; a value in '
        "each is expected",
    ),
    "a package that no one named": (
        lambda bench: bench.release("r2", [predicted("a", 0.1, "2026-03-01T00:00", "p9")]),
        'predictions/release=r2/part-00000.parquet: got the package "p9", expected one of "p1" '
        "(monitor.json: packages)",
    ),
    "another class": (
        lambda bench: bench.release("r2", [predicted("a", 0.1, "2026-03-01T00:00", decision="Maybe")]),
        'predictions/release=r2/part-00000.parquet: column "decision" holds another class than the package has; one of '
        '"No", "Yes" is expected in each row',
    ),
    "columns of other rows": (
        lambda bench: bench.release("r1", [predicted(name, 0.1, "2026-03-01T00:00") for name in "ab"]),
        "inputs/release=r1/part-00000.parquet: got 1 rows, expected one for each of the 2 rows of "
        "predictions/release=r1/part-00000.parquet",
    ),
    "no file of columns": (
        lambda bench: shutil.copy(
            bench.input / "predictions/release=r1/part-00000.parquet",
            bench.input / "predictions/release=r1/part-00001.parquet",
        ),
        "inputs/release=r1/part-00001.parquet is missing; the columns of predictions/release=r1/part-00001.parquet are "
        "expected",
    ),
    "columns of another type": (
        lambda bench: retype(bench.input / "inputs/release=r1/part-00000.parquet"),
        'inputs/release=r1/part-00000.parquet: column "age" has the type string, expected double, as the package\'s '
        "reference has it",
    ),
    "a line that is no request": (
        lambda bench: bench.capture("a.jsonl", [{}]),
        "captures/a.jsonl line 1: an object with at, package, features, score and decision is expected",
    ),
    "a request without a time": (
        lambda bench: bench.capture("a.jsonl", [{**entry("1", 0.5, "x"), "at": "today"}]),
        "captures/a.jsonl line 1: at must be a time such as 2026-03-01T12:00:00.000Z",
    ),
    "truth without its columns": (
        lambda bench: bench.truth("number,answer\n1,Yes\n"),
        'truth.csv: column "id" or "row_id" (data.row_id) is missing; got 2 other columns',
    ),
    "truth that is torn": (
        lambda bench: bench.truth('id,y\n1,"Yes\n'),
        "truth.csv: line 2: ",
    ),
    "what no look before wrote": (
        another_kept,
        "earlier/release=r9/part-00000.parquet: got other columns than a look writes (key, package,",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_cannot_be_read_fails_the_look(bench: MonitorBench, name: str) -> None:
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")], inputs=[{"age": 30.0, "city": "Oslo"}])
    spoil, message = FAILURES[name]
    spoil(bench)
    assert message in bench.fail()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 0}, "monitor.json: window must be a number from 1 to 3.16224e+07, found 0"),
        ({"window": 1.5}, "monitor.json: window must be a whole number of seconds, found 1.5"),
        ({"at": "2026-03-01"}, "monitor.json: at must be a time in UTC such as"),
        ({"problem": "other"}, "monitor.json: problem must be one of binary, multiclass, regression"),
        (
            {"packages": {"p1": "../x.json"}},
            "monitor.json: packages: p1: got ../x.json, expected a file among the inputs",
        ),
        ({"packages": {"p1": "references/9.json"}}, "references/9.json is missing; the reference of the package p1"),
        ({"truth": {"source": "t"}}, "monitor.json: truth.csv must be an object, found nothing"),
    ],
)
def test_settings_that_are_wrong(bench: MonitorBench, settings: dict[str, Any], message: str) -> None:
    assert message in bench.fail(**settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2, 1 is expected"),
        ({"labels": ["a"]}, "1 labels of a problem binary"),
        ({"scores": [{"name": "", "edges": [0.5, 0.5]}]}, "edges are expected to be finite and to ascend"),
        ({"scores": [{"name": "x", "edges": []}]}, "scores ['x'], [''] are expected"),
        ({"columns": [{"name": "a", "type": "date"}]}, "a column of type 'date', number or category is expected"),
    ],
)
def test_references_that_are_none(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    bench = MonitorBench(tmp_path / "ml", {"p1": {**REFERENCE, **change}})
    assert message in bench.fail()
