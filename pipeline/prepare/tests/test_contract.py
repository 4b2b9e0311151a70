"""The data contract: each breach is named with file, line or column, and all of them at once."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from workbench import Workbench, people, table

GOOD = table(people())


def edited(number: int, line: str, text: str = GOOD) -> str:
    """`text` with another line at `number`, counted from the header's 1."""
    lines = text.splitlines()
    lines[number - 1] = line
    return "\n".join(lines) + "\n"


def test_every_problem_is_reported_at_once(bench: Workbench) -> None:
    data = edited(3, "p1,21,Oslo")
    data = edited(5, "p0,x,Oslo,", data)
    bench.put(data)
    message = bench.fail(slices=["City"], exclude=["aeg", "zzzzzz"], features_exclude=["sity"])
    assert message.splitlines() == [
        'DataContractError: data/people.csv: data.exclude names the column "aeg", which is not there; '
        'the nearest is "age"',
        'data/people.csv: data.exclude names the column "zzzzzz", which is not there; '
        'there are "id", "age", "city", "y"',
        'data/people.csv: data.features_exclude names the column "sity", which is not there; the nearest is "city"',
        'data/people.csv: data.slices names the column "City", which is not there; the nearest is "city"',
        "data/people.csv: the header has 4 fields, line 3 has 3",
        'data/people.csv: column "id" (data.row_id) must be unique, 1 id stands more than once: '
        '"p0" on data/people.csv lines 2, 5; if it names a person or thing with several rows, write '
        "data.split: { by: group, column: id } and leave data.row_id out",
        'data/people.csv line 5: column "y" (data.target) is empty; every row needs a value. '
        "data.drop_missing_target: true leaves such rows out and counts them",
    ]
    assert message in bench.stderr


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "data/people.csv: the file is empty; a header and rows are expected"),
        ("id,age,city,y\n", "data/people.csv: no rows; a row under the header is the least"),
        ("\nid,age\n", "data/people.csv: line 1 is blank; the header is expected there"),
        (GOOD.replace(",", " "), 'data/people.csv: line 1: the header "id age city y" is one column'),
        ('{"id": 1}\n{"id": 2}\n', 'it is JSON Lines, CSV is expected; pandas converts it: pd.read_json("FILE.jsonl"'),
        ('[{"id": 1}]', "it is JSON, CSV is expected"),
        ("PK\3\4\x14[Content_Types].xml", "it is an Excel file (.xlsx), CSV is expected; pandas converts it"),
        ("PK\3\4\x14data.csv", "it is a zip archive, CSV is expected; convert it: unzip FILE"),
        ("PAR1", "it is a Parquet file; set data.format: parquet"),
        (edited(4, "p2,22,Rome,No,1"), "the header has 4 fields, line 4 has 5"),
        (edited(4, 'p2,22,"Rome,No'), "data/people.csv: line 4: a quoted field that starts here never ends"),
        (edited(4, 'p2,22,"Ro"me,No'), "data/people.csv: line 4: text follows a closing quote"),
        (edited(1, "id,age,age,y"), 'data/people.csv: column name "age" stands 2 times, as columns 2, 3'),
        (edited(1, "id,,city,y"), "data/people.csv: column 2 has no name"),
        (edited(1, "id,age,city,Y"), 'data.target names the column "y", which is not there; the nearest is "Y"'),
        (edited(1, "Id,age,city,y"), 'data.row_id names the column "id", which is not there; the nearest is "Id"'),
        (edited(4, "p1,22,Rome,No"), '1 id stands more than once: "p1" on data/people.csv lines 3, 4'),
        (edited(4, ",22,Rome,No"), 'data/people.csv line 4: column "id" (data.row_id) is empty'),
        (edited(4, "p2,22,Rome,"), 'data/people.csv line 4: column "y" (data.target) is empty'),
        (edited(4, "p2,22,Rome,no"), '3 classes, "No" (39), "Yes" (20), "no" (1); problem: binary expects exactly two'),
        (GOOD.replace("Yes", "No"), '1 class, "No" (60); problem: binary expects exactly two classes'),
        (GOOD.replace("Yes", "yes"), 'never holds "Yes" (data.positive); the nearest is "yes"'),
        (edited(4, "p2,inf,Rome,No"), 'data/people.csv line 4: column "age" is infinite'),
        (edited(4, "p2,1e999,Rome,No"), 'data/people.csv line 4: column "age" is infinite'),
        (edited(4, 'p2,22,"Ro\nme",No'), 'data/people.csv line 4: column "city" holds a line break'),
    ],
)
def test_what_is_wrong_is_named_with_its_place(bench: Workbench, data: str, message: str) -> None:
    bench.put(data)
    found = bench.fail()
    assert found.startswith("DataContractError: ")
    assert message in found


def test_a_line_break_in_csv_names_json_lines_which_takes_it(bench: Workbench) -> None:
    data = edited(4, 'p2,22,"Ro\nme",No') + 'p99,1,"a\rb",No\n'
    bench.put(data)
    message = bench.fail()
    # The break makes two lines of line 4, so the last row stands one further down.
    assert "data/people.csv lines 4, 63" in message
    assert "set model.content_type: application/jsonlines" in message
    bench.run(content_type="application/jsonlines", holdout=0.5)
    cities = {record["city"] for record in bench.jsonl("train")}
    cities |= {record["features"]["city"] for record in bench.jsonl("holdout")}
    assert {"Ro\nme", "a\rb"} < cities


def test_a_line_break_matters_only_where_it_is_written(bench: Workbench) -> None:
    bench.put(edited(4, 'p2,22,"Ro\nme",No'))
    bench.run(exclude=["city"])
    assert "Ro" not in bench.text("train/train.csv")


def test_lines_after_quoted_line_breaks_and_blank_lines_are_those_of_the_file(bench: Workbench) -> None:
    lines = edited(4, 'p2,22,"Ro\n\nme",No').splitlines()
    lines.insert(8, "")
    lines[10] = "p7,1"
    bench.put("\n".join(lines) + "\n")
    assert "line 11 has 2" in bench.fail(content_type="application/jsonlines")


def test_bytes_that_are_not_utf8_are_named(bench: Workbench) -> None:
    bench.put(edited(4, "p2,22,Gen\xe8ve,No").encode("latin-1"))
    message = "data/people.csv: line 4: byte 0xe8 at offset 52 is not UTF-8; data.csv: { encoding: latin-1 }"
    assert message in bench.fail()


def test_a_packed_file_that_is_cut_off_or_damaged(bench: Workbench) -> None:
    packed = gzip.compress(GOOD.encode())
    bench.put(packed[:60])
    assert "data/people.csv: the gzip file is cut off" in bench.fail()
    bench.put(packed[:40] + bytes([packed[40] ^ 255]) + packed[41:])
    assert "data/people.csv: the gzip file is damaged" in bench.fail()


def test_no_file_at_all(bench: Workbench) -> None:
    assert bench.fail() == (
        "DataContractError: data/people.csv: no file there; data.source names a file or a folder with at least one"
    )


def test_files_of_a_folder_are_named(bench: Workbench) -> None:
    bench.put(table(people(30)), "a.csv")
    bench.put(table([{**row, "extra": 1} for row in people(30, 30)]), "b.csv")
    bench.put(table([{**row, "y": ""} if row["id"] == "p61" else row for row in people(30, 60)]), "c/d.csv")
    message = bench.fail(source="data/all/")
    assert 'data/all/b.csv: its columns differ from those of data/all/a.csv: it adds "extra"' in message
    assert 'data/all/c/d.csv line 3: column "y" (data.target) is empty' in message


def test_long_lists_are_cut_and_counted(bench: Workbench) -> None:
    rows = people(1000)
    bench.put(table([{**row, "y": ""} if n >= 500 else row for n, row in enumerate(rows)]))
    assert "data/people.csv lines 502, 503, 504, 505, 506 and 495 more: column" in bench.fail()


def test_a_long_message_keeps_whole_lines_and_says_what_is_left_out(bench: Workbench) -> None:
    bench.put(GOOD)
    names = [f"{'é' * 30}{n}" for n in range(80)]
    message = bench.fail(exclude=names)
    *shown, last = message.splitlines()
    assert all(line.endswith('there are "id", "age", "city", "y"') for line in shown)
    assert last == f"and {51 - len(shown)} more lines in the log"
    assert bench.stderr.count("data.exclude names the column") == 50
    assert bench.stderr.rstrip().endswith("and 30 more")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", "two", "3"], 'data/people.csv lines 3, 6, 9, 12, 15 and 15 more: column "y" (data.target) holds "two"'),
        (["1", "nan", "3"], 'holds "nan"; every row needs a value. data.drop_missing_target: true'),
        (["1", "-inf", "3"], 'holds "-inf"; problem: regression expects a finite number'),
        (["1", "1e999", "3"], 'holds "1e999"'),
        (["1", "", "3"], 'column "y" (data.target) is empty'),
        (["5", "5", "5"], 'column "y" (data.target) is "5" in every row; there is nothing to predict'),
    ],
)
def test_a_regression_target_is_a_finite_number(bench: Workbench, values: list[str], found: str) -> None:
    bench.put(table(people(y=lambda n: values[n % 3])))
    assert found in bench.fail(problem="regression")


def test_both_sides_need_both_classes(bench: Workbench) -> None:
    bench.put(table(people(y=lambda n: "Yes" if n == 0 else "No")))
    message = bench.fail()
    assert 'has y = "Yes"; more rows or another data.holdout (now 0.3) are needed' in message


def test_both_sides_need_rows(bench: Workbench) -> None:
    bench.put(table(people(3)))
    assert "no row falls to the holdout: 3 rows are too few for data.holdout 0.001" in bench.fail(holdout=0.001)
    assert "no row falls to the training rows" in bench.fail(holdout=0.999)


def test_a_class_that_only_the_holdout_lacks_is_a_warning(bench: Workbench) -> None:
    bench.put(table(people(y=lambda n: "rare" if n in {1, 2, 3} else ["a", "b"][n % 2])))
    shares = [share / 100 for share in range(5, 60, 5)]
    results = {share: bench.start(problem="multiclass", holdout=share) for share in shares}
    assert results[0.05] == 0 or results[0.1] == 0
    manifest = bench.run(problem="multiclass", holdout=min(share for share, code in results.items() if code == 0))
    assert any('of the holdout has y = "rare"' in warning for warning in manifest["warnings"])


def test_a_multiclass_target_of_one_class(bench: Workbench) -> None:
    bench.put(table(people(y=lambda _: "a")))
    assert '1 class, "a" (60); two classes or more are expected' in bench.fail(problem="multiclass")


def test_nothing_left_to_train_on(bench: Workbench) -> None:
    bench.put(GOOD)
    assert "no column is left to train on" in bench.fail(exclude=["age"], features_exclude=["city"])


def test_a_later_failure_leaves_no_earlier_manifest(bench: Workbench) -> None:
    bench.put(GOOD)
    bench.run()
    bench.put("")
    bench.fail()
    assert not [path for path in bench.output.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"problem": "ranking"}, 'problem must be one of binary, multiclass, regression, found "ranking"'),
        ({"holdout": 1}, "holdout must be a number above 0 and below 1, found 1"),
        ({"holdout": True}, "holdout must be a number above 0 and below 1, found true"),
        ({"slices": "city"}, 'slices must be a list of column names, found "city"'),
        ({"positive": 1}, "positive must be text, found 1"),
        ({"csv": None}, "csv must be an object"),
        ({"csv": {"header": 1, "target": "first"}}, "header must be true or false, found 1"),
        ({"target": None}, "target must be text, found null"),
        ({"row_id": "y"}, 'data.row_id and data.target are both "y"'),
        ({"exclude": ["y"]}, 'data.exclude holds the target, "y"'),
        ({"slices": ["id"]}, 'data.slices holds the row id, "id"'),
    ],
)
def test_configuration_errors(bench: Workbench, config: dict[str, Any], message: str) -> None:
    bench.put(GOOD)
    found = bench.fail(**config)
    assert found.startswith("ConfigError: ")
    assert message in found


def test_a_configuration_that_is_no_json(bench: Workbench) -> None:
    assert bench.fail(raw="{").startswith("ConfigError: ")
    assert "must hold an object, found []" in bench.fail(raw="[]")


def test_what_nobody_foresaw_is_reported_too(bench: Workbench) -> None:
    bench.put(GOOD)
    bench.output.write_text("a file where the folder should be")
    assert "Error: " in bench.fail()
    assert "Traceback" in bench.stderr


def test_classes_that_differ_in_spaces_alone_are_a_warning(bench: Workbench) -> None:
    bench.put(table(people(90, y=lambda n: ["a", "a ", "b"][n % 3])))
    said = 'data/people.csv: column y: the classes "a" and "a " differ in spaces alone: remove them from the data'
    assert said in bench.run(problem="multiclass", positive=None)["warnings"]
