"""The user's script: transform(frame) -> frame."""

from __future__ import annotations

from hashlib import sha256

import pytest

from workbench import Workbench, people, table


def test_it_changes_columns_and_types_follow(bench: Workbench) -> None:
    bench.put(table(people(income=lambda n: "" if n % 5 == 0 else n, score=lambda n: n / 7)))
    text = """
import pandas as pd
def transform(frame: pd.DataFrame) -> pd.DataFrame:
    frame["double"] = frame["income"] * 2
    frame["third"] = frame["score"] / 3
    frame["old"] = frame["age"] > 40
    frame["band"] = pd.cut(frame["age"].astype(int), [0, 30, 99], labels=["young", "old"])
    return frame.drop(columns=["city", "income"])
"""
    bench.script(text)
    manifest = bench.run(slices=["band", "city"], features_exclude=["band"])
    assert manifest["features"] == [
        {"name": "age", "type": "number"},
        {"name": "score", "type": "number"},
        {"name": "double", "type": "number"},
        {"name": "third", "type": "number"},
        {"name": "old", "type": "boolean"},
    ]
    assert manifest["script_sha256"] == sha256(text.encode()).hexdigest()
    for row_id, label, band, city, age, score, double, third, old in bench.holdout():
        n = int(row_id[1:])
        assert label == ("1" if n % 3 == 0 else "0")
        assert (band, city) == ("young" if 20 + n % 40 <= 30 else "old", ["Oslo", "Bern", "Rome"][n % 3 - 1])
        assert (age, score, double) == (str(20 + n % 40), repr(n / 7), "" if n % 5 == 0 else str(2 * n))
        assert third == repr(n / 7 / 3)
        assert old == ("true" if 20 + n % 40 > 40 else "false")


def test_a_script_that_changes_nothing_changes_no_file(bench: Workbench) -> None:
    bench.put(table(people(x=lambda n: "" if n % 4 == 0 else n / 3, word=lambda n: "" if n % 6 == 0 else f"w {n}")))
    plain = bench.run(slices=["word"])
    bench.script("def transform(frame):\n    return frame\n")
    scripted = bench.run(slices=["word"])
    assert scripted["files"] == plain["files"]
    assert scripted["features"] == plain["features"]
    assert scripted["holdout_sha256"] == plain["holdout_sha256"]


def test_each_side_is_transformed_by_itself(bench: Workbench) -> None:
    bench.put(table(people(200)))
    bench.script("def transform(frame):\n    frame['mean'] = frame['age'].astype(float).mean()\n    return frame\n")
    bench.run()
    holdout_ages = [int(row[2]) for row in bench.holdout()]
    train_ages = [int(row["age"]) for row in bench.train()]
    for row in bench.holdout():
        assert float(row[-1]) == pytest.approx(sum(holdout_ages) / len(holdout_ages))
    for record in bench.train():
        assert float(record["mean"]) == pytest.approx(sum(train_ages) / len(train_ages))


def test_the_split_goes_before_the_script(bench: Workbench) -> None:
    bench.put(table(people(200)))
    bench.run()
    held = {row[0] for row in bench.holdout()}
    bench.script("def transform(frame):\n    return frame[frame['age'] < 40].assign(age=1)\n")
    manifest = bench.run()
    kept = {row["id"] for row in people(200) if row["age"] < 40}
    assert {row[0] for row in bench.holdout()} == held & kept
    assert manifest["warnings"] == [
        f"prepare.py dropped {200 - len(held) - len(kept - held)} of {200 - len(held)} rows of the training rows.",
        f"prepare.py dropped {len(held - kept)} of {len(held)} rows of the holdout.",
    ]


def test_it_sees_every_column_but_the_row_id_which_is_the_index(bench: Workbench) -> None:
    bench.put(table(people(secret=lambda n: n)))
    bench.script(
        "def transform(frame):\n"
        "    assert frame.index.name == 'id' and frame.index[0].startswith('p'), frame.index\n"
        "    assert list(frame.columns) == ['age', 'city', 'y', 'secret'], frame.columns\n"
        "    assert [str(kind) for kind in frame.dtypes] == ['Int64', 'string', 'string', 'Int64'], frame.dtypes\n"
        "    return frame\n"
    )
    manifest = bench.run(exclude=["secret"])
    assert [feature["name"] for feature in manifest["features"]] == ["age", "city"]


def test_it_may_drop_rows_without_a_target_and_break_up_lines(bench: Workbench) -> None:
    bench.put(table(people(y=lambda n: "" if n % 4 == 0 else ["Yes", "No"][n % 2], note=lambda _: '"a\nb"')))
    assert "is empty" in bench.fail()
    bench.script(
        "def transform(frame):\n"
        "    frame['note'] = frame['note'].str.replace('\\n', ' ')\n"
        "    return frame[frame['y'].notna()]\n"
    )
    manifest = bench.run()
    assert manifest["files"]["train"]["rows"] + manifest["files"]["holdout"]["rows"] == 45
    assert {row["note"] for row in bench.train()} == {"a b"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return None", "returned NoneType; a pandas DataFrame is expected"),
        ("return frame.reset_index(drop=True)", "whose index is no row id of the data"),
        ("return frame.loc[list(frame.index[:1]) * 2]", "returned 1 row ids more than once"),
        ("return frame.drop(columns='y')", 'returned no column "y", the target'),
        ("return frame.set_axis(range(3), axis=1)", "column names that are not text: 0, 1, 2"),
        ("return frame.set_axis(['y', 'y', 'a'], axis=1)", 'returned columns twice: "y"'),
        (
            "return frame.assign(**{'n' + str(len(frame)): 1})",
            "both sides must have the same columns, whatever values occur in them",
        ),
        (
            "return frame.assign(x=1 if len(frame) > 30 else 'a')",
            'the column "x" as a number on the training rows and a category on the holdout',
        ),
        ("return frame['nope']", "KeyError: 'nope'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_what_a_script_must_not_return(bench: Workbench, body: str, message: str) -> None:
    bench.put(table(people()))
    bench.script(f"def transform(frame):\n    {body}\n")
    found = bench.fail()
    assert found.startswith("PrepareScriptError: prepare.py: ")
    assert message in found


def test_a_script_that_fails_shows_its_own_lines(bench: Workbench) -> None:
    bench.put(table(people()))
    bench.script("def transform(frame):\n    return helper(frame)\n\ndef helper(frame):\n    return frame / 0 / 'x'\n")
    found = bench.fail()
    assert 'File "prepare.py", line 2, in transform' in found
    assert 'File "prepare.py", line 5, in helper' in found
    assert "mlops_prepare" not in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def transform(frame:\n", "it failed on import"),
        ("import no_such_module\n", "No module named 'no_such_module'"),
        ("transform = 1\n", "has no function transform(frame)"),
    ],
)
def test_a_script_that_cannot_be_loaded(bench: Workbench, text: str, message: str) -> None:
    bench.put(table(people()))
    bench.script(text)
    found = bench.fail()
    assert found.startswith("PrepareScriptError: ")
    assert message in found


def test_what_it_makes_is_checked_as_data_is(bench: Workbench) -> None:
    bench.put(table(people(60)))
    bench.script(
        "def transform(frame):\n"
        "    frame['x'] = 1.0 / (frame['age'].astype(float) - 22)\n"
        "    frame['z'] = frame['city'] + '\\n'\n"
        "    return frame\n"
    )
    message = bench.fail(slices=["bnad"])
    assert 'data/people.csv lines 4, 44: column "x" is infinite after prepare.py' in message
    assert 'column "z" holds a line break' in message
    assert 'data.slices names the column "bnad", which is not there' in message


def test_rows_without_an_id_pass_through_it(bench: Workbench) -> None:
    bench.put(table(people(100)))
    plain = bench.run(row_id=None, exclude=["id"])
    bench.script("def transform(frame):\n    return frame.sample(frac=1, random_state=1)\n")
    assert bench.run(row_id=None, exclude=["id"])["files"] == plain["files"]


def test_json_lines_from_a_script(bench: Workbench) -> None:
    bench.put(table(people()))
    bench.script("def transform(frame):\n    return frame.assign(x=frame['age'] / 4, old=frame['age'] > 30)\n")
    bench.run(content_type="application/jsonlines")
    record = bench.jsonl("holdout")[0]
    age = record["features"]["age"]
    assert record["features"] | {"city": ""} == {"age": age, "city": "", "x": age / 4, "old": age > 30}
