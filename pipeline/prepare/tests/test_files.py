"""What the job writes: layouts, types, the manifest."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from workbench import Workbench, people, table


def test_csv_has_the_target_first_under_a_header_and_the_holdout_none(bench: Workbench) -> None:
    bench.put(table(people()))
    manifest = bench.run(slices=["city"], features_exclude=["city"])
    train, holdout = bench.text("train/train.csv"), bench.text("holdout/holdout.csv")
    rows = {row["id"]: row for row in people()}

    assert train.splitlines()[0] == "y,age"
    assert manifest["features"] == [{"name": "age", "type": "number"}]
    for row_id, label, city, age in bench.holdout():
        expected = rows.pop(row_id)
        assert (label, city, age) == (
            "1" if expected["y"] == "Yes" else "0",
            expected["city"],
            str(expected["age"]),
        )
    # What the holdout does not hold is in the training rows, in the order of the data.
    left = [f"{1 if row['y'] == 'Yes' else 0},{row['age']}" for row in rows.values()]
    assert train.splitlines()[1:] == left
    assert holdout.endswith("\n")
    assert "\r" not in train + holdout


@pytest.mark.parametrize(("header", "target", "first"), [(True, "last", "age,city,y"), (False, "first", None)])
def test_csv_layout_follows_the_configuration(bench: Workbench, header: bool, target: str, first: str | None) -> None:
    bench.put(table(people()))
    manifest = bench.run(csv={"header": header, "target": target})
    lines = bench.text("train/train.csv").splitlines()
    assert manifest["csv"] == {"header": header, "target": target}
    if first is not None:
        assert lines.pop(0) == first
    assert len(lines) == manifest["files"]["train"]["rows"]
    assert {line.split(",")[0 if target == "first" else -1] for line in lines} == {"0", "1"}


def test_json_lines_carry_types_and_missing_values(bench: Workbench) -> None:
    rows = people(
        note=lambda n: "" if n % 4 == 0 else '"two\nlines, 100 %"',
        member=lambda n: "" if n % 5 == 0 else ["True", "false"][n % 2],
        score=lambda n: "" if n % 7 == 0 else f"{n}.50",
    )
    bench.put(table(rows))
    manifest = bench.run(content_type="application/jsonlines", slices=["note", "city"])
    assert [feature["type"] for feature in manifest["features"]] == [
        "number",
        "category",
        "category",
        "boolean",
        "number",
    ]
    by_id = {row["id"]: row for row in rows}
    for record in bench.jsonl("holdout"):
        n = int(record["row_id"][1:])
        row = by_id[record["row_id"]]
        assert record["label"] == (1 if row["y"] == "Yes" else 0)
        assert list(record) == ["row_id", "label", "slices", "features"]
        assert record["slices"] == {"note": "" if n % 4 == 0 else "two\nlines, 100 %", "city": row["city"]}
        assert record["features"] == {
            "age": row["age"],
            "city": row["city"],
            "note": None if n % 4 == 0 else "two\nlines, 100 %",
            "member": None if n % 5 == 0 else n % 2 == 0,
            "score": None if n % 7 == 0 else n + 0.5,
        }
    assert {tuple(record) for record in bench.jsonl("train")} == {("y", "age", "city", "note", "member", "score")}


def test_manifest_describes_the_files(bench: Workbench) -> None:
    bench.put(table(people()))
    manifest = bench.run(slices=["city"], salt="pepper")
    assert bench.stdout.startswith(f"{manifest['files']['train']['rows']} training rows")
    assert {
        key: manifest[key]
        for key in ("version", "problem", "target", "positive", "positive_defaulted", "labels", "row_id", "salt")
    } == {
        "version": 1,
        "problem": "binary",
        "target": "y",
        "positive": "Yes",
        "positive_defaulted": False,
        "labels": ["No", "Yes"],
        "row_id": "id",
        "salt": "pepper",
    }
    assert manifest["holdout_share"] == 0.3
    assert manifest["script_sha256"] is None
    assert manifest["slices"] == ["city"]
    assert manifest["warnings"] == []
    for side in ("train", "holdout"):
        facts = manifest["files"][side]
        content = (bench.output / facts["path"]).read_bytes()
        assert facts["path"] == f"{side}/{side}.csv"
        assert facts["sha256"] == sha256(content).hexdigest()
        assert facts["rows"] == len(content.splitlines()) - (side == "train")
    assert manifest["files"]["train"]["positives"] + manifest["files"]["holdout"]["positives"] == 20


def test_holdout_digest_is_of_ids_and_labels_alone(bench: Workbench) -> None:
    bench.put(table(people()))
    first = bench.run()
    bench.put(table(list(reversed(people(age=lambda n: n * n)))))
    assert bench.run(slices=["city"])["holdout_sha256"] == first["holdout_sha256"]
    flipped = people()
    held = bench.holdout()[0][0]
    for row in flipped:
        if row["id"] == held:
            row["y"] = "No" if row["y"] == "Yes" else "Yes"
    bench.put(table(flipped))
    assert bench.run()["holdout_sha256"] != first["holdout_sha256"]


def test_the_same_input_gives_the_same_bytes(bench: Workbench) -> None:
    bench.put(table(people()))
    bench.script("def transform(frame):\n    return frame.sort_values('age', ascending=False)\n")
    bench.run()
    first = {path: path.read_bytes() for path in sorted(bench.output.rglob("*")) if path.is_file()}
    bench.run()
    assert {path: path.read_bytes() for path in sorted(bench.output.rglob("*")) if path.is_file()} == first
    assert len(first) == 5


def test_text_stays_as_written_and_missing_values_make_no_float(bench: Workbench) -> None:
    rows = people(
        code=lambda n: f"0{n}",
        padded=lambda n: f" x{n} ",
        country=lambda n: ["NA", "NO", "None"][n % 3],
        children=lambda n: "" if n % 4 == 0 else n % 5,
        big=lambda n: 9007199254740993 + n,
        precise=lambda n: f"0.{n + 1}00000000000000000017",
    )
    bench.put(table(rows))
    manifest = bench.run()
    types = {feature["name"]: feature["type"] for feature in manifest["features"]}
    assert types == {
        "age": "number",
        "city": "category",
        "code": "category",
        "padded": "category",
        "country": "category",
        "children": "number",
        "big": "number",
        "precise": "number",
    }
    names = list(types)
    by_id = {row["id"]: [str(row[name]) for name in names] for row in rows}
    for row_id, _, *features in bench.holdout():
        assert features == by_id[row_id]


def test_ways_to_write_a_number_or_a_missing_one(bench: Workbench) -> None:
    ways = ["+5", ".5", "5.", "1E3", " 7 ", "NA", "nan", "NULL", "n/a", "-0.25", "  "]
    bench.put(table(people(x=lambda n: ways[n % len(ways)])))
    manifest = bench.run(holdout=0.5)
    assert {"name": "x", "type": "number"} in manifest["features"]
    written = {"+5": "5", ".5": "0.5", "5.": "5.0", " 7 ": "7", "1E3": "1E3", "-0.25": "-0.25"}
    for row_id, _, _, _, x in bench.holdout():
        assert x == written.get(ways[int(row_id[1:]) % len(ways)], "")
    assert manifest["warnings"] == [
        'The column "x" is a number: text such as NA or null in it was read as missing.',
    ]


def test_an_empty_column_is_said(bench: Workbench) -> None:
    bench.put(table(people(nothing=lambda _: "")))
    assert bench.run()["warnings"] == ['The column "nothing" is empty in every row.']


def test_columns_kept_out_are_nowhere(bench: Workbench) -> None:
    bench.put(table(people(secret=lambda n: f"secret{n}", other=lambda n: f"other{n}")))
    manifest = bench.run(exclude=["secret"], features_exclude=["other"], slices=["city"])
    assert [feature["name"] for feature in manifest["features"]] == ["age", "city"]
    assert "secret" not in bench.text("train/train.csv") + bench.text("holdout/holdout.csv") + json.dumps(manifest)
    assert "other" not in bench.text("train/train.csv") + bench.text("holdout/holdout.csv")


def test_slices_may_be_missing_and_need_not_be_features(bench: Workbench) -> None:
    bench.put(table(people(group=lambda n: "" if n % 2 else "a")))
    bench.run(slices=["group"], features_exclude=["group"])
    groups = {row[0]: row[2] for row in bench.holdout()}
    assert groups == {row_id: "" if int(row_id[1:]) % 2 else "a" for row_id in groups}
    assert set(groups.values()) == {"", "a"}


@pytest.mark.parametrize(
    ("encode", "name"),
    [
        (lambda text: b"\xef\xbb\xbf" + text.encode(), "byte-order mark"),
        (lambda text: text.replace("\n", "\r\n").encode(), "CRLF"),
        (lambda text: text.rstrip("\n").encode(), "no last line end"),
        (lambda text: text.replace("\n", "\n\n").encode(), "blank lines"),
    ],
)
def test_encodings_make_no_difference(bench: Workbench, encode: object, name: str) -> None:
    assert callable(encode), name
    bench.put(table(people()))
    plain = bench.run()
    bench.put(encode(table(people())))
    assert bench.run() == plain


def test_quoted_commas_quotes_and_unicode(bench: Workbench) -> None:
    rows = people(note=lambda n: f'"a, ""b"" é{n}"')
    for row in rows:
        row["id"] = f"ÿ☃{row['id']}"
    bench.put(table(rows))
    bench.run()
    assert bench.holdout()
    for row_id, _, _, _, note in bench.holdout():
        assert note == f'a, "b" é{row_id[3:]}'


def test_multiclass_codes_follow_code_points(bench: Workbench) -> None:
    names = ["b", "a", "é", "Z"]
    bench.put(table(people(count=200, y=lambda n: names[n % 4])))
    manifest = bench.run(problem="multiclass", positive=None)
    assert manifest["labels"] == ["Z", "a", "b", "é"]
    assert manifest["positive"] is None
    assert manifest["files"]["train"]["positives"] is None
    for row_id, label, *_ in bench.holdout():
        assert manifest["labels"][int(label)] == names[int(row_id[1:]) % 4]


def test_regression_writes_the_number(bench: Workbench) -> None:
    bench.put(table(people(y=lambda n: ["1.250", "+3", "-1e-3"][n % 3])))
    manifest = bench.run(problem="regression", positive=None)
    assert manifest["labels"] == []
    for row_id, label, *_ in bench.holdout():
        assert label == ["1.250", "3", "-1e-3"][int(row_id[1:]) % 3]


@pytest.mark.parametrize("labels", [("0", "1"), ("1.0", "2.0"), ("false", "true")])
def test_binary_labels_are_compared_as_text(bench: Workbench, labels: tuple[str, str]) -> None:
    bench.put(table(people(y=lambda n: labels[n % 2])))
    manifest = bench.run(positive=labels[0])
    assert manifest["labels"] == [labels[1], labels[0]]
    for row_id, label, *_ in bench.holdout():
        assert label == ("1" if int(row_id[1:]) % 2 == 0 else "0")


def test_positive_is_the_rarer_class_where_none_is_named(bench: Workbench) -> None:
    bench.put(table(people()))
    manifest = bench.run(positive=None)
    assert (manifest["positive"], manifest["positive_defaulted"]) == ("Yes", True)
    assert manifest["warnings"] == [
        'data.positive is not set: the rarer class, "Yes" (20 of 60 rows), is the positive one.',
    ]


def test_of_two_classes_as_frequent_the_later_is_positive(bench: Workbench) -> None:
    bench.put(table(people(y=lambda n: ["b", "a"][n % 2])))
    assert bench.run(positive=None)["labels"] == ["a", "b"]
