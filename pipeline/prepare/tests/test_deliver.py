"""The model's answers, checked and delivered as predictions."""

from __future__ import annotations

import errno
import json
import math
import resource
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_prepare import delivery_summary, part_files, text_file
from mlops_prepare.answers import read_answers
from mlops_prepare.errors import DeliveryError
from mlops_prepare.package_manifest import PackageManifest
from mlops_prepare.predictions import Predictions
from mlops_prepare.release import DeliverSettings
from release_bench import SETTINGS, ReleaseBench, new_people
from workbench import ENTRY, SOURCE, people, table

CASES = json.loads((Path(__file__).parent / "answer-cases.json").read_text())["cases"]
LABELS = {"binary": ["no", "yes"], "multiclass": ["a", "b", "c"], "regression": []}
FACTORS = ["factor_1", "contribution_1", "factor_2", "contribution_2"]


@pytest.fixture
def bench(tmp_path: Path) -> ReleaseBench:
    return ReleaseBench(tmp_path)


def released(bench: ReleaseBench, count: int = 12, rows: Any = None, **config: Any) -> ReleaseBench:
    """A package, and rows laid out for it."""
    bench.train(rows, **config)
    columns = [name for name in (rows or people(1))[0] if name != "y"]
    new = [{name: row.get(name, "x") for name in columns} for row in new_people(count)]
    bench.laid.put(table(new), "new.csv")
    bench.lay_out()
    return bench


def score(number: int, _fields: Sequence[str] = ()) -> str:
    return repr((number * 37 % 100) / 100)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_answers_are_read_as_the_gate_reads_them(case: dict[str, Any], tmp_path: Path) -> None:
    labels = LABELS[case["problem"]]
    is_csv = not case.get("json")
    path = tmp_path / "rows.out"
    if is_csv:
        lines = [f"r{at},north,{answer}" for at, answer in enumerate(case["answers"])]
    else:
        head = '"row_id":"r%d","slices":{"area":"north"}'
        lines = [
            f"{{{head % at},{chr(34)}SageMakerOutput{chr(34)}:{answer}}}" for at, answer in enumerate(case["answers"])
        ]
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    manifest = PackageManifest(case["problem"], "y", None, labels, "id", None, "text/csv", [], ["area"])
    settings = DeliverSettings(
        "m", "r", "p", datetime(2026, 1, 1), case.get("output", "probability"), case.get("extra", []), 0.5, [], 1
    )
    predictions = Predictions(settings, manifest)

    def read() -> list[Any]:
        found: list[Any] = []
        batches = read_answers(path, is_csv=is_csv, slices=1, width=predictions.width, misfit=predictions.misfit)
        for ids, columns, _ in batches:
            assert ids.to_pylist() == [f"r{at}" for at in range(len(case["answers"]))]
            batch = predictions.read(ids, columns, lambda row: f"row {row}")
            if case.get("output") == "label":
                found += batch.decisions.tolist()
            elif case["problem"] == "multiclass":
                found += [[value for _, value in row] for row in batch.table.column("scores").to_pylist()]
            else:
                found += [[value] for value in batch.scores.tolist()]
        return found

    if case.get("refused"):
        with pytest.raises(DeliveryError):
            read()
    else:
        assert read() == case["read"]


def test_binary(bench: ReleaseBench) -> None:
    released(bench, slices=["city"])
    bench.answer(score)
    summary = bench.deliver(threshold=0.4)
    rows = bench.predictions()
    assert [row["row_id"] for row in rows] == [f"p{1000 + n}" for n in range(12)]
    assert [row["score"] for row in rows] == [float(score(n)) for n in range(12)]
    assert [row["decision"] for row in rows] == ["Yes" if float(score(n)) >= 0.4 else "No" for n in range(12)]
    assert {(row["scores"], row["contributions"], row["extra"], row["package"]) for row in rows} == {
        (None, None, None, "churn-1")
    }
    assert {row["predicted_at"] for row in rows} == {datetime(2026, 3, 1, 12)}
    assert summary["score"]["mean"] == pytest.approx(sum(float(score(n)) for n in range(12)) / 12)
    assert sum(summary["score"]["counts"]) == 12
    assert summary["score"]["edges"] == [at / 20 for at in range(21)]
    assert (summary["threshold"], summary["positive"], summary["labels"]) == (0.4, "Yes", ["No", "Yes"])
    assert (summary["flips"], summary["score"]["previous_counts"]) == (None, None)


def test_the_columns_are_those_that_athena_reads(bench: ReleaseBench) -> None:
    released(bench)
    bench.answer(score)
    bench.deliver()
    with pq.ParquetFile(bench.delivered.output / "predictions/part-00000.parquet") as file:
        assert [(field.name, field.type) for field in file.schema_arrow] == [
            ("row_id", pa.string()),
            ("score", pa.float64()),
            ("decision", pa.string()),
            ("scores", pa.map_(pa.string(), pa.float64())),
            ("contributions", pa.map_(pa.string(), pa.float64())),
            ("extra", pa.map_(pa.string(), pa.string())),
            ("package", pa.string()),
            ("predicted_at", pa.timestamp("us")),
        ]
        assert file.schema.column(0).physical_type == "BYTE_ARRAY"
        # INT96 would be read in the zone of the reader.
        time = file.schema.column(len(file.schema.names) - 1)
        assert (time.path, time.physical_type) == ("predicted_at", "INT64")


def test_the_default_threshold_is_a_half(bench: ReleaseBench) -> None:
    released(bench, 2)
    bench.answer(lambda n, _: ["0.5", "0.49999"][n])
    assert bench.deliver()["threshold"] == 0.5
    assert [row["decision"] for row in bench.predictions()] == ["Yes", "No"]


def test_multiclass(bench: ReleaseBench) -> None:
    released(bench, 3, people(200, y=lambda n: "abc"[n % 3]), problem="multiclass", positive=None)
    answers = ["0.2,0.3,0.5", '"[0.6, 0.1, 0.3004]"', "[0.1,0.8,0.1]"]
    bench.answer(lambda n, _: answers[n])
    summary = bench.deliver()
    rows = bench.predictions()
    assert [(row["decision"], row["score"]) for row in rows] == [("c", 0.5), ("a", 0.6), ("b", 0.8)]
    assert dict(rows[1]["scores"]) == {"a": 0.6, "b": 0.1, "c": 0.3004}
    assert [one["label"] for one in summary["decisions"]] == ["a", "b", "c"]
    assert summary["threshold"] is None


def test_labels_alone(bench: ReleaseBench) -> None:
    released(bench, 3)
    bench.answer(lambda n, _: str(n % 2))
    summary = bench.deliver(output="label")
    assert [(row["decision"], row["score"]) for row in bench.predictions()] == [
        ("No", None),
        ("Yes", None),
        ("No", None),
    ]
    assert summary["score"] is None
    assert summary["threshold"] is None
    assert bench.private()[0]["decision"] == "Yes"


def test_regression(bench: ReleaseBench) -> None:
    released(bench, 4, people(200, y=lambda n: n), problem="regression", positive=None)
    bench.answer(lambda n, _: ["1", "-3", "2.5", "1"][n])
    bench.deliver(output="value")
    assert [(row["decision"], row["score"]) for row in bench.predictions()] == [
        (None, 1.0),
        (None, -3.0),
        (None, 2.5),
        (None, 1.0),
    ]
    bench.keep_as_previous()
    bench.answer(lambda n, _: ["1", "7", "2.5", "1"][n])
    summary = bench.deliver(output="value")
    assert (summary["flips"], summary["decisions"]) == (None, [])
    edges = summary["score"]["edges"]
    assert (edges[0], edges[-1], len(edges)) == (-3, 7, 21)
    assert (sum(summary["score"]["counts"]), sum(summary["score"]["previous_counts"])) == (4, 4)
    assert summary["score"]["previous_counts"][0] == 1
    assert (summary["score"]["mean"], summary["score"]["previous_mean"]) == (2.875, 0.375)


def test_one_value_alone_has_a_histogram(bench: ReleaseBench) -> None:
    released(bench, 4, people(200, y=lambda n: n), problem="regression", positive=None)
    bench.answer(lambda _n, _: "7")
    assert sum(bench.deliver(output="value")["score"]["counts"]) == 4


def test_contributions_and_other_columns(bench: ReleaseBench) -> None:
    released(bench, 4)
    answers = ["0.1,age,0.5,city,-0.25,x", "0.2,age,1,age,2,", "0.3,,,city,1,y z", "0.4,,,,,"]
    bench.answer(lambda n, _: answers[n])
    summary = bench.deliver(extra=[*FACTORS, "note"])
    rows = bench.predictions()
    assert [dict(row["contributions"]) for row in rows] == [
        {"age": 0.5, "city": -0.25},
        {"age": 3.0},
        {"city": 1.0},
        {},
    ]
    assert [dict(row["extra"]) for row in rows] == [{"note": "x"}, {"note": ""}, {"note": "y z"}, {"note": ""}]
    assert summary["factors"] == [
        {"name": "age", "rows": 2, "mean_absolute": 3.5 / 4, "mean": 3.5 / 4},
        {"name": "city", "rows": 2, "mean_absolute": 1.25 / 4, "mean": 0.75 / 4},
    ]
    assert [row["row_id"] for row in bench.private()] == ["p1003", "p1002", "p1001", "p1000"]
    assert bench.private()[3]["contributions"] == [{"name": "age", "value": 0.5}, {"name": "city", "value": -0.25}]


def test_a_factor_without_its_partner_is_another_column(bench: ReleaseBench) -> None:
    released(bench, 2)
    bench.answer(lambda _n, _: "0.1,age")
    bench.deliver(extra=["factor_1"])
    assert [(row["contributions"], dict(row["extra"])) for row in bench.predictions()] == [
        (None, {"factor_1": "age"})
    ] * 2


@pytest.mark.parametrize("content_type", ["text/csv", "application/jsonlines"])
def test_inputs_have_the_types_of_training(bench: ReleaseBench, content_type: str) -> None:
    rows = people(
        200, zip=lambda n: ["07030", "10115"][n % 2], member=lambda n: ["true", "false"][n % 2], tax=lambda n: n
    )
    bench.train(rows, slices=["city", "zip"], features_exclude=["city"], content_type=content_type, sensitive=["tax"])
    bench.laid.put("id,age,city,zip,member,tax\na,7,Oslo,07030,true,5\nb,,,,,\n", "new.csv")
    bench.lay_out()
    bench.answer(score)
    bench.deliver(sensitive=["tax"])
    assert bench.inputs() == [
        {"row_id": "a", "age": 7.0, "zip": "07030", "member": "true", "city": "Oslo"},
        {"row_id": "b", "age": None, "zip": None, "member": None, "city": None},
    ]
    assert [row["score"] for row in bench.predictions()] == [0.0, 0.37]


def test_names_of_inputs_differ_in_more_than_case(bench: ReleaseBench) -> None:
    released(bench, 2, people(200, ROW_ID=lambda n: f"x{n % 7}", Age=lambda n: f"x{n % 5}"))
    bench.answer(score)
    bench.deliver()
    assert list(bench.inputs()[0]) == ["row_id", "age", "city", "ROW_ID_", "Age_"]


WRONG = [
    ("shorter", lambda lines: lines[:-1], "the model gave 11 answers to 12 rows, expected one answer for each row"),
    ("longer", lambda lines: [*lines, lines[-1]], "the model gave 13 answers to 12 rows"),
    ("empty", lambda _: [], "the model gave 0 answers to 12 rows"),
    (
        "without a row in between",
        lambda lines: [*lines[:4], *lines[5:]],
        'line 5 of the model\'s answers: got the row id "p1005", expected "p1004"; '
        "the model gave 11 answers to 12 rows",
    ),
    (
        "reordered",
        lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
        'line 5 of the model\'s answers: got the row id "p1005", expected "p1004"; '
        "the model gave 12 answers to 12 rows",
    ),
    (
        "repeated",
        lambda lines: [*lines[:4], lines[3], *lines[5:]],
        'line 5 of the model\'s answers: got the row id "p1003", expected "p1004"',
    ),
]


@pytest.mark.parametrize(("name", "change", "message"), WRONG, ids=[name for name, *_ in WRONG])
def test_answers_to_other_rows(bench: ReleaseBench, name: str, change: Any, message: str) -> None:
    released(bench)
    lines = [f"p{1000 + n},{score(n)}\n" for n in range(12)]
    bench.answer(text="".join(change(lines)))
    found = bench.withhold()
    assert found.startswith("DeliveryError: ")
    assert message in found
    assert name


@pytest.mark.parametrize(
    ("answer", "settings", "message"),
    [
        ("nan", {}, 'line 2 of the model\'s answers (row id "p1001"): got "nan", expected a probability from 0 to 1'),
        ("NaN", {}, 'got "NaN", expected a probability'),
        ("inf", {}, 'got "inf", expected a probability'),
        ("-Infinity", {}, 'got "-Infinity", expected a probability'),
        ("1e999", {}, 'got "1e999", expected a probability'),
        ("", {}, 'got "", expected a probability'),
        ("1.0001", {}, 'got "1.0001", expected a probability from 0 to 1'),
        ("-0.1", {}, 'got "-0.1", expected a probability from 0 to 1'),
        ("Yes", {}, 'got "Yes", expected a probability from 0 to 1, not a class: model.output: label'),
        ("0.1,0.9", {}, "line 2 of the model's answers: got 2 columns (0.1,0.9), expected 1: score"),
        ("0.1,age", {"extra": ["factor_1", "contribution_1"]}, "got 2 columns (0.1,age), expected 3: score, factor_1"),
        (
            "0.1,age,nan",
            {"extra": ["factor_1", "contribution_1"]},
            'got "nan", expected a contribution as a finite number',
        ),
        ("0.1,age,", {"extra": ["factor_1", "contribution_1"]}, "got a factor without its contribution"),
        ("0.1,,0.5", {"extra": ["factor_1", "contribution_1"]}, "got a contribution without its factor"),
        ("0.1,a,1e308,a,1e308", {"extra": FACTORS}, "got contributions whose sum is infinite"),
        ("7", {"output": "label"}, 'got "7", expected a class as a whole number from 0 to 1'),
        ("Yes", {"output": "label"}, 'from 0 to 1: "Yes" is 1, as in the training files'),
    ],
)
def test_an_answer_that_is_none(bench: ReleaseBench, answer: str, settings: dict[str, Any], message: str) -> None:
    released(bench, 3)
    good = {0: "1" if settings.get("output") else "0.5"}
    extra = ",age,1" * (len(settings.get("extra", [])) // 2)
    bench.answer(lambda n, _: answer if n == 1 else good[0] + extra)
    found = bench.withhold(**settings)
    assert found.startswith("DeliveryError: line 2 of the model's answers")
    assert message in found


def test_probabilities_of_all_classes_add_up(bench: ReleaseBench) -> None:
    released(bench, 2, people(200, y=lambda n: "abc"[n % 3]), problem="multiclass", positive=None)
    bench.answer(lambda n, _: ["0.2,0.3,0.5", "0.2,0.3,0.6"][n])
    assert "got probabilities that add up to 1.1, expected 1 over all classes" in bench.withhold()


def test_a_sensitive_row_id_and_surplus_columns_are_not_quoted(bench: ReleaseBench) -> None:
    released(bench, 3)
    bench.answer(lambda n, _: ["0.1", "nan", "0.2"][n])
    assert bench.withhold(sensitive=["id"]).startswith("DeliveryError: line 2 of the model's answers: got")
    bench.answer(text="p1000,0.1\np1002,0.2\np1001,0.3\n")
    assert "got another row id than expected" in bench.withhold(sensitive=["id"])
    bench.answer(lambda _n, _: "0.1,secret")
    assert "secret" not in bench.withhold(sensitive=["age"])


def test_answers_of_another_file_or_to_changed_rows(bench: ReleaseBench) -> None:
    released(bench)
    bench.answer(score)
    rows = bench.delivered.input / "rows" / "rows.csv"
    rows.write_text(rows.read_text().replace("Oslo", "Bern"))
    assert "got 12 rows with another sha256 than rows.json says" in bench.withhold()
    scores = bench.delivered.input / "scores" / "rows.csv.out"
    scores.rename(scores.with_name("other.out"))
    assert 'scores: got "other.out", expected "rows.csv.out"' in bench.withhold()


def test_changes_since_the_release_before(bench: ReleaseBench) -> None:
    released(bench, 40, slices=["city"])
    bench.answer(lambda n, _: "0.9" if n < 20 else "0.1")
    bench.deliver()
    bench.keep_as_previous()
    new = new_people(50)[10:]
    bench.laid.put(table(new[::-1]), "new.csv")
    bench.lay_out()
    # Of the rows of both releases, p1010 to p1039, the first five are decided otherwise.
    bench.answer(lambda _n, fields: "0.9" if 15 <= int(fields[0][1:]) - 1000 < 20 else "0.1")
    summary = bench.deliver(min_group=3)
    assert summary["flips"] == {"compared": 30, "changes": [{"from": "Yes", "to": "No", "rows": 5}]}
    assert summary["decisions"] == [
        {"label": "No", "rows": 35, "previous_rows": 20},
        {"label": "Yes", "rows": 5, "previous_rows": 20},
    ]
    assert summary["score"]["previous_counts"][18] == 20
    assert summary["score"]["previous_mean"] == pytest.approx(0.5)
    by_city = {one["value"]: one for one in summary["slices"]}
    assert sum(one["flipped"] for one in by_city.values()) == 5
    oslo = [n for n in range(10, 50) if new_people(50)[n]["city"] == "Oslo"]
    both = [n for n in oslo if n < 40]
    assert by_city["Oslo"] == {
        "column": "city",
        "value": "Oslo",
        "rows": len(oslo),
        "mean_score": pytest.approx(sum(0.9 if 15 <= n < 20 else 0.1 for n in oslo) / len(oslo)),
        "share": sum(15 <= n < 20 for n in oslo) / len(oslo),
        "previous_share": sum(n < 20 for n in both) / len(both),
        "flipped": sum(n < 15 for n in both),
    }
    told = {row["row_id"]: row for row in bench.private()}
    assert (told["p1012"]["previous_decision"], told["p1012"]["decision"]) == ("Yes", "No")
    assert told["p1045"]["previous_decision"] is None


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (range(12), range(12)),
        (range(12), range(20)),
        (range(20), range(12)),
        (range(12), [*range(9), *range(11, 15), 9]),
        (range(12), range(11, -1, -1)),
        (range(12), range(20, 30)),
    ],
    ids=["the same", "more", "fewer", "others at the end", "another order", "others"],
)
def test_rows_are_found_wherever_the_release_before_had_them(
    bench: ReleaseBench, before: Sequence[int], now: Sequence[int]
) -> None:
    def deliver(rows: Sequence[int], least: int) -> Any:
        """The summary of a release of these rows, which says Yes from the row `least` on."""
        bench.laid.put(table([new_people(30)[row] for row in rows]), "new.csv")
        bench.lay_out()
        bench.answer(lambda _, fields: "0.9" if int(fields[0][1:]) >= 1000 + least else "0.1")
        return bench.deliver()

    bench.train()
    deliver(before, 5)
    bench.keep_as_previous()
    flips = deliver(now, 8)["flips"]
    both = set(before) & set(now)
    changed = len(both & {5, 6, 7})
    assert flips == {
        "compared": len(both),
        "changes": [{"from": "Yes", "to": "No", "rows": changed}] if changed else [],
    }
    told = {row["row_id"]: row["previous_decision"] for row in bench.private()}
    assert told == {f"p{1000 + row}": (["No", "Yes"][row >= 5] if row in both else None) for row in now}


@pytest.mark.parametrize(
    "columns",
    [
        {"row_id": ["p1000"], "score": [0.5]},
        {"row_id": [1], "decision": ["Yes"], "score": [0.5]},
        {"row_id": ["p1000"], "decision": ["Maybe"], "score": [0.5]},
        {"row_id": ["p1000"], "decision": pa.array([None], pa.string()), "score": [0.5]},
        {
            "row_id": pa.array([], pa.string()),
            "decision": pa.array([], pa.string()),
            "score": pa.array([], pa.float64()),
        },
    ],
    ids=["a column less", "another type", "other classes", "values", "no rows"],
)
def test_a_release_before_that_cannot_be_compared(bench: ReleaseBench, columns: dict[str, Any]) -> None:
    released(bench)
    bench.answer(score)
    (bench.delivered.input / "previous").mkdir()
    pq.write_table(pa.table(columns), bench.delivered.input / "previous" / "part-00000.parquet")
    summary = bench.deliver()
    assert (summary["flips"], summary["score"]["previous_counts"]) == (None, None)
    assert {one["previous_rows"] for one in summary["decisions"]} == {None}


def test_a_release_before_that_cannot_be_read_is_told(bench: ReleaseBench) -> None:
    released(bench)
    bench.answer(score)
    (bench.delivered.input / "previous").mkdir()
    (bench.delivered.input / "previous" / "part-00000.parquet").write_bytes(b"PAR1 and no more")
    assert bench.deliver()["flips"] is None
    assert "The predictions of the release before cannot be read, so nothing is compared: " in bench.delivered.stdout


@pytest.mark.parametrize("content_type", ["text/csv", "application/jsonlines"])
def test_numbers_of_every_size_are_delivered(bench: ReleaseBench, content_type: str) -> None:
    ages = ["1e-400", "-0", "1E5", "123456789012345678901234567890", "1.7976931348623157e308", "4.9e-324", ""]
    bench.train(people(200, age=lambda n: n / 8), content_type=content_type)
    lines = [f"r{at},{age},Oslo\n" for at, age in enumerate(ages)]
    bench.laid.put("id,age,city\n" + "".join(lines), "new.csv")
    bench.lay_out()
    bench.answer(score)
    bench.deliver()
    assert [row["age"] for row in bench.inputs()] == [float(age) if age else None for age in ages]


def test_the_release_before_may_have_answered_classes_alone(bench: ReleaseBench) -> None:
    released(bench)
    bench.answer(lambda n, _: str(n % 2))
    bench.deliver(output="label")
    bench.keep_as_previous()
    bench.answer(score)
    summary = bench.deliver()
    assert summary["flips"]["compared"] == 12
    assert (summary["score"]["previous_counts"], summary["score"]["previous_mean"]) == (None, None)


def test_the_summary_keeps_back_what_is_private(bench: ReleaseBench) -> None:
    rows = people(200, tax=lambda n: f"t{n % 2}")
    bench.train(rows, slices=["city", "tax"])
    bench.laid.put(table(new_people(31, tax=lambda n: f"t{n % 2}")), "new.csv")
    bench.lay_out()
    bench.answer(lambda n, _: f"{score(n)},tax,0.5,{'age' if n < 3 else 'city'},0.25")
    summary = bench.deliver(extra=FACTORS, sensitive=["tax", "id"], min_group=11)
    assert [(one["column"], one["value"], one["rows"]) for one in summary["slices"]] == [("city", "Oslo", 11)]
    assert [one["name"] for one in summary["factors"]] == ["city"]
    assert summary["kept_back"] == [
        "1 column of groups not shown, since data.sensitive names it.",
        "2 groups of fewer than 11 rows not shown (report.min_group).",
        "1 factor named on fewer than 11 rows not shown (report.min_group).",
        "31 contributions not shown, since data.sensitive names the column.",
        "Row ids are not shown, since data.sensitive names them.",
    ]
    assert "tax" not in json.dumps(summary)
    assert "p10" not in json.dumps(summary)
    private = json.dumps(bench.private())
    assert "p10" not in private
    assert "tax" not in private
    assert bench.private()[0]["row_id"].startswith("row ")
    assert {name for row in bench.predictions() for name, _ in row["contributions"]} == {"age", "city"}


def test_the_private_summary_has_the_highest_scores(bench: ReleaseBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "BLOCK", 4000)
    released(bench, 1000)
    bench.answer(lambda n, _: repr((n * 7919 % 1000) / 1000))
    bench.deliver()
    assert [row["score"] for row in bench.private()] == [(999 - at) / 1000 for at in range(100)]


def test_many_rows_are_in_parts_and_groups(bench: ReleaseBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_files, "GROUP_ROWS", 100)
    monkeypatch.setattr(part_files, "PART_ROWS", 400)
    monkeypatch.setattr(text_file, "BLOCK", 1000)
    released(bench, 1050)
    bench.answer(score)
    bench.deliver()
    assert [row["row_id"] for row in bench.predictions()] == [f"p{1000 + n}" for n in range(1050)]
    assert [row["row_id"] for row in bench.inputs()] == [f"p{1000 + n}" for n in range(1050)]
    files = sorted((bench.delivered.output / "predictions").iterdir())
    groups = [pq.ParquetFile(file).metadata for file in files]
    assert [(one.num_rows, one.num_row_groups) for one in groups] == [(400, 4), (400, 4), (250, 3)]


def test_a_full_disk_leaves_nothing_that_looks_whole(bench: ReleaseBench) -> None:
    released(bench, 5000)
    bench.answer(lambda n, _: repr(abs(math.sin(n))))
    bench.deliver()
    sizes = [file.stat().st_size for file in bench.delivered.output.rglob("*.parquet")]
    assert max(sizes) > 20_000

    def limit() -> None:
        # Python ignores the signal, so that writing more ends in an error, as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    environment = {
        "PYTHONPATH": str(SOURCE),
        "SAGEMAKER_BASE_DIR": str(bench.delivered.base),
        # Half a file of bytecode would break every later start.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", ENTRY], env=environment, preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"[Errno {errno.EFBIG}]" in (bench.delivered.base / "output" / "message").read_text()
    assert [path.name for path in bench.delivered.output.rglob("*") if path.is_file()] == []


def test_a_failure_between_the_files_leaves_none(bench: ReleaseBench, monkeypatch: pytest.MonkeyPatch) -> None:
    released(bench)
    bench.answer(score)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(delivery_summary.DeliverySummary, "documents", fail)
    assert "No space left on device" in bench.withhold()


def test_delivering_imports_no_pandas(bench: ReleaseBench) -> None:
    released(bench, slices=["city"])
    bench.answer(lambda n, _: f"{score(n)},age,0.5,,")
    bench.deliver(extra=FACTORS)
    bench.keep_as_previous()
    program = (
        "import sys; from mlops_prepare.main import main; code = main(); sys.exit(code or 'pandas' in sys.modules)"
    )
    environment = {"PYTHONPATH": str(SOURCE), "SAGEMAKER_BASE_DIR": str(bench.delivered.base)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"predicted_at": "2026-03-01"}, "release.json: predicted_at must be a time in UTC such as"),
        ({"predicted_at": "now"}, "release.json: predicted_at must be a time such as"),
        ({"output": "answer"}, "release.json: output must be one of probability, label, value"),
        ({"threshold": math.nan}, "release.json: threshold must be a number from 0 to 1, found NaN"),
        ({"package": ""}, "release.json: package must be text"),
        ({"extra": "a"}, "release.json: extra must be a list of texts"),
    ],
)
def test_wrong_settings(bench: ReleaseBench, changes: dict[str, Any], message: str) -> None:
    released(bench)
    bench.answer(score)
    assert message in bench.withhold(**changes)
    assert SETTINGS["step"] == "deliver"
