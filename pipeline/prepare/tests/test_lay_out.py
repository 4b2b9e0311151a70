"""Rows to predict, laid out for a package."""

from __future__ import annotations

import gzip
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_prepare import csv_table, lay_out
from release_bench import ReleaseBench, new_people
from workbench import people, table

JSON_LINES: dict[str, Any] = {"content_type": "application/jsonlines"}


@pytest.fixture
def bench(tmp_path: Path) -> ReleaseBench:
    return ReleaseBench(tmp_path)


@pytest.fixture(params=["csv module", "Arrow"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small files as they are read, and as large ones are."""
    if request.param == "Arrow":
        monkeypatch.setattr(csv_table, "ARROW_BYTES", 0)
    return str(request.param)


# Cells that training cleans, and cells that it writes as they are.
AGES = ["1", " 2", "3.50", "NA", "", "1e3", "+4", "-0.5", "1E5", ".5", "6.", "-7", "null", "8.25e-3"]
CITIES = ["Oslo", " Oslo", "NA", "", 'say "hi"', "a,b", "Zürich", "07030", "1E5", "true"]
MEMBERS = ["true", "False", "", "NA", "TRUE"]


@pytest.mark.parametrize("content_type", ["text/csv", "application/jsonlines"])
@pytest.mark.usefixtures("reader")
def test_every_cell_is_written_as_training_writes_it(bench: ReleaseBench, content_type: str) -> None:
    rows = people(
        280,
        age=lambda n: AGES[n % len(AGES)],
        city=lambda n: '"' + CITIES[n % len(CITIES)].replace('"', '""') + '"',
        member=lambda n: MEMBERS[n % len(MEMBERS)],
        level=lambda n: [" 1", "NA", "2"][n % 3],
    )
    bench.train(rows, slices=["level", "city"], features_exclude=["level"], content_type=content_type)
    bench.laid.put(table(rows), "new.csv")
    bench.lay_out()
    held_out = (bench.base / "train/processing/output/holdout").iterdir()
    text = next(held_out).read_text()
    if content_type == "text/csv":
        expected = {line.split(",", 1)[0]: line.split(",", 2)[2] for line in text.splitlines()}
        found = {line.split(",", 1)[0]: line.split(",", 1)[1] for line in bench.laid.text("rows/rows.csv").splitlines()}
    else:
        expected = {json.loads(line)["row_id"]: line.split(',"slices"')[1] for line in text.splitlines()}
        lines = bench.laid.text("rows/rows.jsonl").splitlines()
        found = {json.loads(line)["row_id"]: line.split(',"slices"')[1] for line in lines}
    assert len(found) == 280
    assert len(expected) > 60
    assert {row_id: found[row_id] for row_id in expected} == expected


@pytest.mark.usefixtures("reader")
def test_columns_are_in_the_order_and_types_of_training(bench: ReleaseBench) -> None:
    bench.train(people(200, zip=lambda n: ["07030", "10115"][n % 2]), slices=["city"])
    bench.laid.put("zip,more,city,id,age\n10115,x,Oslo,a,7\n02139,y,Bern,b,8.5\n", "new.csv")
    facts = bench.lay_out()
    assert bench.rows() == [["a", "Oslo", "7", "Oslo", "10115"], ["b", "Bern", "8.5", "Bern", "02139"]]
    assert facts == {
        "version": 1,
        "path": "rows/rows.csv",
        "content_type": "text/csv",
        "rows": 2,
        "slices": ["city"],
        "features": [
            {"name": "age", "type": "number"},
            {"name": "city", "type": "category"},
            {"name": "zip", "type": "category"},
        ],
        "sha256": sha256((bench.laid.output / "rows/rows.csv").read_bytes()).hexdigest(),
        "unseen": [{"column": "zip", "rows": 1, "examples": ['"02139"']}],
        "rejected": {"rows": 0, "examples": []},
        "warnings": ['data/new.csv: the column "more" is new since training and not used.'],
    }


def test_json_lines(bench: ReleaseBench) -> None:
    bench.train(people(200, member=lambda n: ["true", "false"][n % 2]), slices=["city"], **JSON_LINES)
    bench.laid.put('id,age,city,member\na,7,"x\ny",True\nb,,,\n', "new.csv")
    facts = bench.lay_out()
    assert facts["path"] == "rows/rows.jsonl"
    assert bench.laid.text("rows/rows.jsonl") == (
        '{"row_id":"a","slices":{"city":"x\\ny"},"features":{"age":7,"city":"x\\ny","member":true}}\n'
        '{"row_id":"b","slices":{"city":""},"features":{"age":null,"city":null,"member":null}}\n'
    )


def test_the_target_is_never_written(bench: ReleaseBench) -> None:
    bench.train()
    bench.laid.put("id,y,age,city\na,secret,7,Oslo\n", "new.csv")
    assert bench.lay_out()["warnings"] == []
    assert bench.rows() == [["a", "7", "Oslo"]]


def test_all_missing_columns_are_named_at_once(bench: ReleaseBench) -> None:
    bench.train(people(200, income=lambda n: n))
    bench.laid.put("Age,city\n7,Oslo\n", "new.csv")
    row_id, features = bench.refuse().splitlines()
    assert row_id.startswith(
        'DataContractError: data/new.csv: the column "id" is missing, which data.row_id names: predictions are told '
        "apart by it"
    )
    assert features.startswith('data/new.csv: 2 columns "age", "income" are missing, which the model was trained on')
    bench.laid.put("id,Age,city,income\na,7,Oslo,1\n", "new.csv")
    assert bench.refuse().endswith('the column "age" is missing, which the model was trained on; the nearest is "Age"')


def test_a_slice_that_is_missing_is_empty(bench: ReleaseBench) -> None:
    bench.train(slices=["city"], features_exclude=["city"])
    bench.laid.put("id,age\na,7\n", "new.csv")
    assert "are empty" not in bench.lay_out()["warnings"][0]
    assert bench.lay_out()["warnings"] == [
        'data/new.csv: the column "city" is missing, so it is empty where results are told by group.'
    ]
    assert bench.rows() == [["a", "", "7"]]


BAD = "id,age,city\na,7,Oslo\nb,old,Bern\nc,inf,Rome\nd,8\ne,07,Rome\nf,9,Rome\n"


@pytest.mark.usefixtures("reader")
def test_rows_that_cannot_be_read_are_left_out_up_to_the_limit(bench: ReleaseBench) -> None:
    bench.train()
    bench.laid.put(BAD, "new.csv")
    facts = bench.lay_out(4 / 6)
    assert [row[0] for row in bench.rows()] == ["a", "f"]
    assert facts["rows"] == 2
    assert facts["rejected"] == {
        "rows": 4,
        "examples": [
            'data/new.csv line 3 (row id "b"): column "age" holds "old"; a finite number or nothing is expected',
            'data/new.csv line 4 (row id "c"): column "age" holds "inf"; a finite number or nothing is expected',
            'data/new.csv line 6 (row id "e"): column "age" holds "07"; a finite number or nothing is expected',
            "data/new.csv: the header has 3 fields, line 5 has 2",
        ],
    }
    assert facts["warnings"][0].startswith("4 of 6 rows cannot be read and get no prediction: data/new.csv line 3")
    message = bench.refuse(0.5)
    assert message.startswith(
        "DataContractError: data/new.csv: 4 of 6 rows cannot be read; inference.batch.max_bad_rows is 0.5, by which 3 "
        'of them may be left out\ndata/new.csv line 3 (row id "b"): column "age" holds "old"'
    )


def test_one_bad_row_of_many_is_found(bench: ReleaseBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "ARROW_BYTES", 0)
    bench.train()
    count = 100_000
    lines = [f"r{n},{n % 90},Oslo\n" for n in range(count)]
    lines[77_000] = "r77000,abc,Oslo\n"
    bench.laid.put("id,age,city\n" + "".join(lines), "new.csv")
    assert "data/new.csv line 77002" in bench.refuse(0)
    facts = bench.lay_out(0.001)
    assert (facts["rows"], facts["rejected"]["rows"]) == (count - 1, 1)


def test_nothing_sensitive_is_quoted(bench: ReleaseBench) -> None:
    bench.train(sensitive=["age", "id"])
    bench.laid.put(BAD, "new.csv")
    message = bench.refuse()
    assert 'line 3: column "age" holds a value that data.sensitive hides; a finite' in message
    assert '"old"' not in message
    bench.laid.put("id,age,city\nsecret,1,Oslo\nsecret,2,Oslo\n", "new.csv")
    message = bench.refuse()
    assert "a value that data.sensitive hides on data/new.csv lines 2, 3" in message
    assert "secret" not in message


def test_a_line_break_goes_to_no_model_that_reads_csv(bench: ReleaseBench) -> None:
    bench.train()
    bench.laid.put('id,age,city\na,7,"two\nlines"\nb,8,Oslo\n', "new.csv")
    facts = bench.lay_out(0.5)
    assert [row[0] for row in bench.rows()] == ["b"]
    assert 'line 2 (row id "a"): column "city" holds a line break' in facts["rejected"]["examples"][0]


@pytest.mark.usefixtures("reader")
def test_row_ids_are_filled_and_unique(bench: ReleaseBench) -> None:
    bench.train()
    bench.laid.put("id,age,city\na,7,Oslo\n,8,Oslo\na,9,Oslo\n", "new.csv")
    message = bench.refuse(1)
    assert 'data/new.csv line 3: column "id" (data.row_id) is empty' in message
    assert 'must be unique, 1 id stands more than once: "a" on data/new.csv lines 2, 4' in message


def test_row_ids_are_unique_in_large_data_too(bench: ReleaseBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lay_out, "FEW_ROWS", 0)
    bench.train()
    bench.laid.put(table(new_people(5000)), "new.csv")
    assert bench.lay_out()["rows"] == 5000
    bench.laid.put(table([*new_people(5000), *new_people(1)]), "new.csv")
    assert '"p1000" on data/new.csv lines 2, 5002' in bench.refuse()


def test_ids_by_content_are_those_of_training(bench: ReleaseBench) -> None:
    rows = [{name: value for name, value in row.items() if name != "id"} for row in people(200)]
    bench.train(rows, row_id=None)
    holdout = [line.split(",")[0] for line in (bench.base / "train/processing/output/holdout/holdout.csv").open()]
    bench.laid.put(table([{"new": 1, **row} for row in rows]), "new.csv")
    bench.lay_out()
    ids = [row[0] for row in bench.rows()]
    assert set(holdout) <= set(ids)
    assert len(set(ids)) == 200


def test_ids_by_content_without_a_column_of_training_say_so(bench: ReleaseBench) -> None:
    rows = [{name: value for name, value in row.items() if name != "id"} for row in people(200, note=lambda n: n)]
    bench.train(rows, row_id=None, exclude=["note"])
    bench.laid.put("age,city\n7,Oslo\n7,Oslo\n", "new.csv")
    warnings = bench.lay_out()["warnings"]
    assert len({row[0] for row in bench.rows()}) == 2
    assert warnings[0].startswith("data/new.csv: row ids are made from the content of all columns, since the rows lack")


@pytest.mark.parametrize("data", ["id,age,city\n", ""])
def test_no_rows(bench: ReleaseBench, data: str) -> None:
    bench.train()
    bench.laid.put(data, "new.csv")
    assert bench.refuse(1).startswith("DataContractError: data/new.csv: ")


def test_rows_that_are_all_bad_are_none(bench: ReleaseBench) -> None:
    bench.train()
    bench.laid.put("id,age,city\na,x,Oslo\n", "new.csv")
    assert bench.refuse(1).endswith("data/new.csv: no rows; a row under the header is the least")


def test_packages_of_earlier_versions(bench: ReleaseBench) -> None:
    bench.train(slices=["city"])
    bench.edit_manifest(columns=None, categories=None, id_columns=None)
    bench.laid.put("id,age,city\na,7,Atlantis\n", "new.csv")
    assert bench.lay_out()["unseen"] == []


def test_categories_of_sensitive_columns_and_of_many_texts_are_not_kept(bench: ReleaseBench) -> None:
    manifest = bench.train(people(400, name=lambda n: f"n{n}", other=lambda n: f"o{n % 3}"), sensitive=["city"])
    assert manifest["categories"] == {"other": ["o0", "o1", "o2"]}


def test_unseen_categories_are_counted_but_sensitive_ones_never_known(bench: ReleaseBench) -> None:
    bench.train(sensitive=["city"])
    bench.laid.put("id,age,city\na,7,Atlantis\n", "new.csv")
    assert bench.lay_out()["unseen"] == []


@pytest.mark.parametrize("rows", [10, 200_000])
def test_a_column_without_one_known_category_is_refused(bench: ReleaseBench, rows: int) -> None:
    bench.train(people(200, kind=lambda n: f"k{n % 3}"))
    lines = [f"a{n},7,{n % 2},k{n % 3}" for n in range(rows)]
    bench.laid.put("\n".join(["id,age,city,kind", *lines]) + "\n", "new.csv")
    message = bench.refuse()
    assert message.startswith(
        f'DataContractError: data/new.csv: column "city": found {rows:,} cells, such as "0", "1", of which none is one '
        "of the "
    )
    assert '"Oslo"' in message
    assert '"kind"' not in message
    hidden = bench.refuse(sensitive=["city"])
    assert f'column "city": found {rows:,} cells, of which none is one of the ' in hidden
    assert "Oslo" not in hidden
    # One known cell shows that the column is the same as ever.
    bench.laid.put("\n".join(["id,age,city,kind", *lines, "b,7,Oslo,k1"]) + "\n", "new.csv")
    assert bench.lay_out()["unseen"] == [{"column": "city", "rows": rows, "examples": ['"0"', '"1"']}]


def test_a_few_rows_may_all_be_new(bench: ReleaseBench) -> None:
    bench.train()
    bench.laid.put("id,age,city\n" + "".join(f"a{n},7,Atlantis\n" for n in range(9)) + "b,7,\n", "new.csv")
    assert bench.lay_out()["unseen"] == [{"column": "city", "rows": 9, "examples": ['"Atlantis"']}]


def test_parquet_gzip_and_folders_with_keys(bench: ReleaseBench) -> None:
    bench.train(people(200, member=lambda n: ["true", "false"][n % 2]))
    for at, city in enumerate(["Oslo", "Bern"]):
        folder = bench.laid.input / "data" / f"city={city}"
        folder.mkdir()
        columns = {"member": [True, None], "id": [f"a{at}", f"b{at}"], "age": [1.5, None]}
        pq.write_table(pa.table(columns), folder / "part.parquet")
    facts = bench.lay_out(format="parquet", source_csv={"decimal": ","})
    assert bench.rows() == [
        ["a0" if city == "Oslo" else "a1", "1.5", city, "true"] if filled else [f"b{city == 'Bern':d}", "", city, ""]
        for city in ("Bern", "Oslo")
        for filled in (True, False)
    ]
    assert facts["rows"] == 4


def test_a_packed_file_with_a_decimal_comma(bench: ReleaseBench) -> None:
    bench.train(people(200, age=lambda n: f'"{n % 40},5"'), source_csv={"decimal": ",", "delimiter": ","})
    data = gzip.compress(b'id,age,city\na,"1.234,5",Oslo\nb,"7",Oslo\n')
    bench.laid.put(data, "new.csv")
    bench.lay_out()
    assert bench.rows() == [["a", "1234.5", "Oslo"], ["b", "7", "Oslo"]]


HALF = "def transform(frame):\n    return frame.assign(half=frame['age'] / 2, old=frame['age'] > 30)\n"


def test_with_a_script(bench: ReleaseBench) -> None:
    bench.train(script=HALF, slices=["city"])
    bench.laid.put("id,age,city\na,7,Oslo\nb,x,Oslo\nc,,Bern\n", "new.csv")
    facts = bench.lay_out(0.5)
    assert [feature["name"] for feature in facts["features"]] == ["age", "city", "half", "old"]
    assert bench.rows() == [["a", "Oslo", "7", "Oslo", "3.5", "false"], ["c", "Bern", "", "Bern", "", ""]]
    assert facts["rejected"]["rows"] == 1


def test_a_script_sees_the_types_of_training(bench: ReleaseBench) -> None:
    script = (
        "def transform(frame):\n"
        "    assert str(frame['zip'].dtype) == 'string', frame['zip'].dtype\n"
        "    assert str(frame['pay'].dtype) == 'Float64', frame['pay'].dtype\n"
        "    return frame.assign(area=frame['zip'].str[:2])\n"
    )
    bench.train(people(200, zip=lambda n: ["07030", "10115"][n % 2], pay=lambda n: n / 4), script=script)
    bench.laid.put("id,age,city,zip,pay\na,7,Oslo,10115,3\n", "new.csv")
    bench.lay_out()
    assert bench.rows() == [["a", "7", "Oslo", "10115", "3.0", "10"]]


def test_a_script_that_needs_the_target_says_so(bench: ReleaseBench) -> None:
    script = "def transform(frame):\n    return frame.assign(known=frame['y'] == 'Yes')\n"
    bench.train(script=script)
    bench.laid.put("id,age,city\na,7,Oslo\n", "new.csv")
    message = bench.refuse()
    assert message.startswith(
        'PrepareScriptError: prepare.py: transform uses the target "y", which rows to predict do not have; use it only '
        'where it is there: if "y" in frame.columns\n'
    )
    bench.laid.put("id,age,city,y\na,7,Oslo,Yes\n", "new.csv")
    assert 'uses the target "y"' in bench.refuse()


def test_a_script_that_needs_a_column_of_training_says_so(bench: ReleaseBench) -> None:
    bench.train(script=HALF)
    bench.laid.put("id,city\na,Oslo\n", "new.csv")
    assert 'transform uses the column "age", which training had and data/new.csv lacks' in bench.refuse()


def test_a_script_that_returns_no_feature_of_training(bench: ReleaseBench) -> None:
    script = "def transform(frame):\n    return frame if len(frame) > 2 else frame.drop(columns='age')\n"
    bench.train(script=script)
    bench.laid.put("id,age,city\na,7,Oslo\n", "new.csv")
    assert 'returned no column "age", which the model was trained on' in bench.refuse()


def test_rows_that_a_script_drops_or_makes_infinite(bench: ReleaseBench) -> None:
    script = "def transform(frame):\n    return frame[frame['age'] != 8].assign(rate=1.0 / (frame['age'] - 9.0))\n"
    bench.train(people(200, age=lambda n: 20 + n % 5), script=script)
    bench.laid.put("id,age,city\na,10,Oslo\nb,8,Oslo\nc,9,Oslo\n", "new.csv")
    facts = bench.lay_out(0.5)
    assert [row[0] for row in bench.rows()] == ["a"]
    assert facts["warnings"][0] == "prepare.py dropped 1 of 3 rows to predict: they get no prediction."
    assert 'data/new.csv line 4 after prepare.py (row id "c"): column "rate" holds "inf"' in facts["warnings"][1]


def test_row_ids_that_stand_twice_are_found_before_the_script_runs(bench: ReleaseBench) -> None:
    bench.train(script=HALF)
    bench.laid.put("id,age,city\na,7,Oslo\na,8,Oslo\n", "new.csv")
    assert '"a" on data/new.csv lines 2, 3' in bench.refuse()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"step": "lay"}, 'release.json: step must be one of lay_out, deliver, found "lay"'),
        ({"step": "lay_out"}, "release.json: source must be text, found nothing"),
        (
            {"step": "lay_out", "source": "a", "most_bad_rows": 2},
            "release.json: most_bad_rows must be a number from 0 to 1",
        ),
    ],
)
def test_wrong_settings(bench: ReleaseBench, settings: dict[str, Any], message: str) -> None:
    bench.train()
    (bench.laid.input / "release").mkdir()
    (bench.laid.input / "release" / "release.json").write_text(json.dumps(settings))
    assert message in bench.laid.fail()
