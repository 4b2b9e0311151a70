"""Parquet files: the same job, with the types that the files declare."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workbench import Workbench, people, table


def put(bench: Workbench, columns: dict[str, Any], name: str = "people.parquet") -> None:
    path = bench.input / "data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, row_group_size=13)


def columns_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def run(bench: Workbench, **config: Any) -> dict[str, Any]:
    return bench.run(format="parquet", source="data/people.parquet", **config)


def test_the_same_data_as_csv_and_parquet_give_the_same_files(bench: Workbench) -> None:
    rows = people(200, x=lambda n: n / 7, word=lambda n: f"w{n}")
    bench.put(table(rows))
    as_csv = bench.run(slices=["city"])
    (bench.input / "data" / "people.csv").unlink()
    put(bench, columns_of(rows))
    as_parquet = run(bench, slices=["city"])
    assert as_parquet["files"] == as_csv["files"]
    assert as_parquet["features"] == as_csv["features"]


@pytest.mark.parametrize("scripted", [False, True])
def test_types_are_the_files_own(bench: Workbench, scripted: bool) -> None:
    rows = people(60)
    count = len(rows)
    columns = columns_of(rows) | {
        "whole": pa.array([None if n % 4 == 0 else n for n in range(count)], pa.int32()),
        "real": [float("nan") if n % 4 == 0 else n / 3 for n in range(count)],
        "digits": [f"{n}" for n in range(count)],
        "flag": [None if n % 5 == 0 else n % 2 == 0 for n in range(count)],
        "day": [datetime.date(2026, 1, 1) + datetime.timedelta(days=n) for n in range(count)],
        "money": [Decimal(n).scaleb(-2) for n in range(count)],
        "level": pa.array([["low", "high"][n % 2] for n in range(count)]).dictionary_encode(),
        "none": pa.nulls(count),
    }
    put(bench, columns)
    if scripted:
        bench.script("def transform(frame):\n    return frame\n")
    manifest = run(bench, exclude=["age", "city"])
    assert {feature["name"]: feature["type"] for feature in manifest["features"]} == {
        "whole": "number",
        "real": "number",
        "digits": "category",
        "flag": "boolean",
        "day": "category",
        "money": "number",
        "level": "category",
        "none": "number",
    }
    assert bench.holdout()
    for row_id, _, whole, real, digits, flag, day, money, level, none in bench.holdout():
        n = int(row_id[1:])
        assert whole == ("" if n % 4 == 0 else str(n))
        assert real == ("" if n % 4 == 0 else repr(n / 3))
        assert flag == ("" if n % 5 == 0 else ["true", "false"][n % 2])
        assert (digits, level, none) == (str(n), ["low", "high"][n % 2], "")
        assert day == str(datetime.date(2026, 1, 1) + datetime.timedelta(days=n))
        assert float(money) == n / 100


def test_numeric_ids_and_labels_are_their_text(bench: Workbench) -> None:
    rows = people(80)
    put(bench, columns_of(rows) | {"id": list(range(80)), "y": [n % 2 for n in range(80)]})
    assert run(bench, positive="1")["labels"] == ["0", "1"]
    for row_id, label, *_ in bench.holdout():
        assert label == str(int(row_id) % 2)


def test_problems_name_rows(bench: Workbench) -> None:
    rows = people(60)
    put(bench, columns_of(rows) | {"y": [None if n == 20 else row["y"] for n, row in enumerate(rows)]})
    assert 'data/people.parquet row 21: column "y" (data.target) is empty' in bench.fail(
        format="parquet", source="data/people.parquet"
    )


def test_a_type_that_is_no_field_is_a_problem_where_it_is_used(bench: Workbench) -> None:
    put(bench, columns_of(people(60)) | {"list": [[n, 1] for n in range(60)]})
    message = bench.fail(format="parquet", source="data/people.parquet")
    assert 'column "list" has the type list<' in message
    assert [feature["name"] for feature in run(bench, exclude=["list"])["features"]] == ["age", "city"]


def test_files_that_disagree_or_are_none(bench: Workbench) -> None:
    put(bench, columns_of(people(30)), "a.parquet")
    put(bench, columns_of(people(30, 30)) | {"age": ["x"] * 30}, "b.parquet")
    bench.put("id,age\n", "c.parquet")
    message = bench.fail(format="parquet", source="data/all")
    assert 'data/all/b.parquet: column "age" is a category here and a number in another file' in message
    assert 'data/all/c.parquet: it starts with "id,age"; Parquet, which starts with "PAR1", is expected' in message
