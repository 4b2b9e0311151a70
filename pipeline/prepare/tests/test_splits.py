"""data.split by group, by time and by file: the sides, what is left out, and what is refused."""

from __future__ import annotations

import csv
import json
import re
from hashlib import sha256
from typing import Any

import pytest

from mlops_prepare.moment import moment
from mlops_prepare.split import in_holdout
from workbench import Workbench, people, table

GROUP = {"by": "group", "column": "team"}
TIME = {"by": "time", "column": "day"}
FILE = {"by": "file", "source": "data/kept.csv"}


def visits(persons: int = 60) -> list[dict[str, Any]]:
    """Three rows each; `tag` is the person, as a feature, so that both files tell whose rows they hold."""
    return people(3 * persons, team=lambda n: f"t{n // 3}", tag=lambda n: f"t{n // 3}")


def dated(days: int = 50) -> list[dict[str, Any]]:
    """Two rows a day from 1 March 2024; `tag` is the day, as a feature."""
    day = lambda n: f"2024-{3 + n // 62:02}-{1 + n // 2 % 31:02}"  # noqa: E731
    return people(2 * days, day=day, tag=day)


def keep(bench: Workbench, data: str, name: str = "kept.csv") -> None:
    (bench.input / "holdout").mkdir(exist_ok=True)
    (bench.input / "holdout" / name).write_text(data)


def tags(bench: Workbench) -> tuple[list[str], list[str]]:
    """The tags of the training rows and of the holdout, whose tag is the last feature."""
    return [row["tag"] for row in bench.train()], [row[-1] for row in bench.holdout()]


@pytest.mark.parametrize("row_id", ["id", None])
def test_a_group_is_on_one_side_for_ever(bench: Workbench, row_id: str | None) -> None:
    bench.put(table(visits(60)))
    settings = {"split": GROUP, "row_id": row_id, "exclude": [] if row_id else ["id"]}
    manifest = bench.run(**settings)
    train, held = (set(side) for side in tags(bench))
    assert train.isdisjoint(held)
    assert train | held == {f"t{n}" for n in range(60)}
    assert held == {f"t{n}" for n in range(60) if in_holdout("s", f"t{n}", 0.3)}
    assert manifest["split"] == {**GROUP, "groups": {"train": len(train), "holdout": len(held)}}
    bench.put(table([*reversed(visits(90)), *people(9, 500, team=lambda n: "t0", tag=lambda n: "t0")]))
    bench.run(**settings)
    assert train < set(tags(bench)[0])
    assert held < set(tags(bench)[1])


def test_the_group_is_no_feature_and_goes_with_the_holdout(bench: Workbench) -> None:
    bench.put(table(visits()))
    manifest = bench.run(split=GROUP, slices=["city"])
    assert [feature["name"] for feature in manifest["features"]] == ["age", "city", "tag"]
    assert (manifest["group"], manifest["slices"]) == ("team", ["city"])
    # row id, label, group, slice, features
    assert all(row[2] == row[-1] for row in bench.holdout())
    bench.run(split=GROUP, slices=["city"], content_type="application/jsonlines")
    assert all(row["slices"]["team"] == row["features"]["tag"] for row in bench.jsonl("holdout"))


def test_each_training_row_has_the_hash_of_its_group_beside_the_manifest(bench: Workbench) -> None:
    bench.put(table(visits()))
    # A script that turns the rows around and hides the group.
    bench.script("def transform(frame):\n    return frame[frame.age > 30].drop(columns='team')\n")
    manifest = bench.run(split=GROUP)
    hashes = bench.text("manifest/groups.txt").split()
    assert hashes == [sha256(f"s:{row['tag']}".encode()).hexdigest()[:16] for row in bench.train()]
    assert manifest["files"]["groups"]["rows"] == len(hashes) == manifest["files"]["train"]["rows"]
    assert all(row[2] == row[-1] for row in bench.holdout())
    bench.run()
    assert not (bench.output / "manifest" / "groups.txt").exists()


def test_a_row_without_a_group_is_refused(bench: Workbench) -> None:
    rows = visits()
    rows[4]["team"] = rows[9]["team"] = ""
    bench.put(table(rows))
    message = bench.fail(split=GROUP)
    assert 'data/people.csv lines 6, 11: column "team" (data.split.column) is empty' in message
    rows[4]["team"] = rows[9]["team"] = "NA"
    bench.put(table(rows))
    assert '2 rows have the group "NA": they count as one group.' in bench.run(split=GROUP)["warnings"]


def test_groups_that_all_fall_to_one_side_are_refused(bench: Workbench) -> None:
    bench.put(table(people(team=lambda n: "only")))
    assert "has 1 groups, which all fall to training; more groups" in bench.fail(split=GROUP)


def test_a_column_of_the_split_that_is_not_there_is_named(bench: Workbench) -> None:
    bench.put(table(visits()))
    message = bench.fail(split={"by": "group", "column": "Teams"})
    assert 'data.split.column names the column "Teams", which is not there; the nearest is "team"' in message


def test_the_newest_rows_are_held_out_and_ties_stand_on_one_side(bench: Workbench) -> None:
    rows = dated(50)
    bench.put(table([*rows[40:], *rows[:40]]))
    manifest = bench.run(split=TIME, holdout=0.25)
    train, held = tags(bench)
    # A quarter of 100 rows is within the 13th newest day, which goes to the holdout as a whole.
    assert (len(held), len(train)) == (26, 74)
    assert max(train) < min(held)
    assert manifest["split"] == {**TIME, "boundary": min(held), "embargo": 0, "embargoed": 0}
    assert "day" not in [feature["name"] for feature in manifest["features"]]


def test_newer_data_move_the_boundary(bench: Workbench) -> None:
    bench.put(table(dated(50)))
    first = bench.run(split=TIME)["split"]["boundary"]
    bench.put(table(dated(60)))
    second = bench.run(split=TIME)["split"]["boundary"]
    assert (first, second) == ("2024-04-05", "2024-04-12")


@pytest.mark.parametrize("script", [None, "def transform(frame):\n    return frame\n"])
def test_rows_within_the_embargo_are_on_no_side(bench: Workbench, script: str | None) -> None:
    bench.put(table(dated(50)))
    if script is not None:
        bench.script(script)
    manifest = bench.run(split={**TIME, "embargo": 7 * 86_400}, holdout=0.26)
    train, held = tags(bench)
    assert min(held) == "2024-04-07"
    assert max(train) == "2024-03-30"
    assert manifest["split"]["embargoed"] == 14
    files = manifest["files"]
    assert (files["train"]["rows"], files["holdout"]["rows"]) == (60, 26)


@pytest.mark.parametrize(
    ("texts", "boundary"),
    [
        (lambda n: f"2024-03-01T{n % 24:02}:{n // 24:02}:00Z", "2024-03-01T19:00:00Z"),
        (lambda n: f"2024-03-01 {n % 24:02}:{n // 24:02}:00.5", "2024-03-01T19:00:00.500000Z"),
        (lambda n: f"2024-03-01 {n % 24:02}:{n // 24:02}:00+02:00", "2024-03-01T17:00:00Z"),
        (lambda n: str(1980 + n), "2020"),
        (lambda n: f"{n}.25", "40.25"),
        (lambda n: f"{1960 + n}-05", "2000-05-01"),
        (lambda n: str(1_700_000_000 + 86_400 * n), "1703456000"),
    ],
)
def test_dates_timestamps_and_numbers(bench: Workbench, texts: Any, boundary: str) -> None:
    bench.put(table(people(50, day=texts, tag=lambda n: n)))
    manifest = bench.run(split=TIME, holdout=0.2)
    assert manifest["split"]["boundary"] == boundary
    assert manifest["files"]["holdout"]["rows"] == 10
    train, held = tags(bench)
    order = sorted(range(50), key=lambda n: moment(texts(n))[0])
    assert [set(map(str, order[:40])), set(map(str, order[40:]))] == [set(train), set(held)]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["03/01/2024"], 'line 4: column "day" (data.split.column) holds "03/01/2024"; every row needs a time'),
        ([""], 'line 4: column "day" (data.split.column) is empty; every row needs a time'),
        (["2024-02-30", "soon"], 'lines 4, 5: column "day" (data.split.column) holds "2024-02-30"'),
        (["19790101"], 'line 4: column "day" (data.split.column) holds "19790101"; every row needs a time, here dates'),
    ],
)
def test_a_time_that_is_none_is_refused_with_its_row(bench: Workbench, texts: list[str], found: str) -> None:
    rows = dated()
    for row, text in zip(rows[2:], texts, strict=False):
        row["day"] = text
    bench.put(table(rows))
    assert found in bench.fail(split=TIME)


def test_an_embargo_needs_times_of_a_known_unit(bench: Workbench) -> None:
    bench.put(table(people(50, day=lambda n: 1980 + n)))
    message = bench.fail(split={**TIME, "embargo": 60})
    assert 'holds numbers such as "1980", which are no Unix times; data.split.embargo needs dates' in message
    bench.put(table(people(50, day=lambda n: 1_700_000_000_000 + 1000 * n)))
    assert bench.run(split={**TIME, "embargo": 3}, holdout=0.2)["split"]["embargoed"] == 3


def test_no_row_before_the_boundary_is_refused(bench: Workbench) -> None:
    bench.put(table(people(50, day=lambda n: "2024-03-01")))
    assert "no row falls to training: the holdout begins at 2024-03-01" in bench.fail(split=TIME)


def test_the_users_own_holdout_is_the_holdout(bench: Workbench) -> None:
    bench.put(table(people(60)))
    # Other order of columns, and row ids of its own.
    kept = people(30, 100)
    keep(bench, table([{name: row[name] for name in ("y", "id", "city", "age")} for row in kept]))
    manifest = bench.run(split=FILE)
    assert {row[0] for row in bench.holdout()} == {row["id"] for row in kept}
    assert manifest["files"]["train"]["rows"] == 60
    assert manifest["split"] == FILE
    assert manifest["holdout_share"] is None


@pytest.mark.parametrize("row_id", ["id", None])
def test_a_row_in_both_files_is_refused(bench: Workbench, row_id: str | None) -> None:
    bench.put(table(people(60)))
    kept = people(30, 100)
    keep(bench, table([*kept, *people(2, 10)]))
    message = bench.fail(split=FILE, row_id=row_id)
    assert "are both in data/people.csv (data.source) and in data/kept.csv (data.split.source)" in message
    assert "data/people.csv line 12, data/kept.csv line 32" in message
    assert "must be unique" not in message
    if row_id is None:
        # The target is no part of what a row is.
        keep(bench, table([*kept, {**people(1, 10)[0], "y": "Yes"}]))
        assert "1 rows (equal in every column but the target) are both in" in bench.fail(split=FILE, row_id=None)


def test_a_holdout_that_is_absent_or_has_other_columns_is_refused(bench: Workbench) -> None:
    bench.put(table(people()))
    assert "data/kept.csv: no file there; data.split.source names" in bench.fail(split=FILE)
    keep(bench, "id,age,y\n1,2,Yes\n")
    assert 'data/kept.csv: its columns differ from those of data/people.csv: it lacks "city"' in bench.fail(split=FILE)


def test_a_file_of_the_data_cannot_be_the_holdout_too(bench: Workbench) -> None:
    bench.put(table(people()), "a.csv")
    bench.put(table(people(30, 100)), "b.csv")
    keep(bench, table(people(30, 100)), "b.csv")
    message = bench.fail(source="data", split={"by": "file", "source": "data/b.csv"})
    assert "data/b.csv: it is in data.source and in data.split.source; expected in one of them" in message


def marks(bench: Workbench) -> set[str]:
    content = (bench.output / "trained" / "rows.bin").read_bytes()
    return {content[at : at + 8].hex() for at in range(0, len(content), 8)}


def test_the_list_of_training_rows_holds_a_mark_of_each(bench: Workbench) -> None:
    bench.put(table(people(80, tag=lambda n: f"p{n}")))
    bench.script("def transform(frame):\n    return frame[frame.age > 25]\n")
    manifest = bench.run()
    assert marks(bench) == {sha256(row["tag"].encode()).hexdigest()[:16] for row in bench.train()}
    assert manifest["files"]["trained"]["rows"] == manifest["files"]["train"]["rows"]
    assert manifest["id_columns"] is None


def test_without_an_id_the_list_marks_the_content(bench: Workbench) -> None:
    rows = people(80)
    bench.put(table([*rows, *rows]))
    manifest = bench.run(row_id=None)
    assert manifest["id_columns"] == ["age", "city", "id"]
    contents = {
        sha256(json.dumps([row["age"], row["city"], row["id"]], separators=(",", ":")).encode()).hexdigest()
        for row in bench.train()
    }
    assert marks(bench) == {sha256(content.encode()).hexdigest()[:16] for content in contents}
    assert len(marks(bench)) == manifest["files"]["trained"]["rows"] / 2
    warnings = manifest["warnings"]
    assert [text for text in warnings if text.startswith("data.row_id is not set")]
    assert "data.row_id is not set" not in str(bench.run(row_id=None, split={"by": "group", "column": "age"}))


def test_a_view_knows_its_rows_by_their_own_columns(tmp_path: Any) -> None:
    """The champion had no row id and one column less; its holdout is not today's."""
    champion, today = Workbench(tmp_path / "champion"), Workbench(tmp_path / "today")
    rows = people(200)
    champion.put(table(rows))
    settings = {"row_id": None, "exclude": ["id"]}
    theirs = champion.run(**settings)
    grown = [{**row, "height": n} for n, row in enumerate(rows)]
    today.put(table(grown))
    for folder, path in {
        "view": champion.input / "config" / "prepare.json",
        "view-manifest": champion.output / "manifest" / "manifest.json",
        "view-trained": champion.output / "trained" / "rows.bin",
    }.items():
        (today.input / folder).mkdir()
        (today.input / folder / path.name).write_bytes(path.read_bytes())
    facts = today.run(split={"by": "group", "column": "age"}, **settings)["view"]
    compared = {tuple(row[-2:]) for row in today.holdout()}
    assert facts["trained_by"] == "list"
    assert facts["trained_on"] > 0
    assert facts["rows"] + facts["trained_on"] == facts["holdout_rows"]
    assert facts["rows"] == len(today.holdout()) > 0
    seen = {tuple(row[-2:]) for row in csv.reader(champion.text("holdout/holdout.csv").splitlines())}
    assert compared <= seen
    assert [feature["name"] for feature in theirs["features"]] == ["age", "city"]
    # Without a column that the list was made from, nothing tells the rows: the report says so.
    today.put(table([{name: value for name, value in row.items() if name != "id"} for row in grown]))
    facts = today.run(split={"by": "group", "column": "age"}, row_id=None)["view"]
    assert (facts["trained_by"], facts["trained_on"]) == ("unknown", 0)


def test_messages_quote_no_cell_of_a_sensitive_column(bench: Workbench) -> None:
    rows = dated(20)
    rows[3]["day"] = "zzlate"
    bench.put(table(rows))
    assert 'holds "zzlate"' in bench.fail(split=TIME)
    told = bench.fail(split=TIME, sensitive=["day"])
    assert "zzlate" not in told
    assert 'column "day" (data.split.column) holds a value that data.sensitive hides' in told
    rows = people(20)
    rows[7]["id"] = rows[2]["id"]
    bench.put(table(rows))
    assert f'"{rows[2]["id"]}" on ' in bench.fail()
    assert "a value that data.sensitive hides on " in bench.fail(sensitive=["id"])


def test_messages_about_features_quote_no_cell_of_a_sensitive_column(bench: Workbench) -> None:
    rows = people(
        40,
        size=lambda n: "zzbig" if n == 7 else n,
        born=lambda n: f"19{10 + n}-01-02",
        paid=lambda n: f"{n}.5 EUR",
    )
    bench.put(table(rows))
    hidden = ["size", "born", "paid"]
    cells = ('no number: "zzbig" (data/people.csv line 9)', 'such as "1910-01-02"', 'such as "0.5 EUR"')
    quoting, told = bench.run()["warnings"], bench.run(sensitive=hidden)["warnings"]
    assert all(sum(cell in text for text in quoting) == 1 for cell in cells)
    quoted = '"zzbig"|"1910-01-02"|"0.5 EUR"'
    assert told == [re.sub(quoted, "a value that data.sensitive hides", text) for text in quoting]
    assert 'column "size" holds "zzbig"; a finite number' in bench.fail(columns={"size": "number"})
    message = bench.fail(columns={"size": "number"}, sensitive=hidden)
    assert 'column "size" holds a value that data.sensitive hides; a finite number' in message
    assert "zzbig" not in message


def test_a_sensitive_cell_that_is_not_as_in_the_name_of_the_folder_is_not_quoted(bench: Workbench) -> None:
    bench.put(table(people()), "city=Oslo/people.csv")
    assert 'column "city" is "Rome", but "Oslo" in the folder\'s name' in bench.fail(source="data/people")
    told = bench.fail(source="data/people", sensitive=["city"])
    assert 'column "city" is a value that data.sensitive hides, but "Oslo" in the folder\'s name' in told
    assert "Rome" not in told


def test_a_sensitive_column_that_is_not_there_is_named(bench: Workbench) -> None:
    bench.put(table(people()))
    message = bench.fail(sensitive=["citi"])
    assert 'data.sensitive names the column "citi", which is not there; the nearest is "city"' in message
    bench.script("def transform(frame):\n    return frame.assign(faith='x')\n")
    bench.run(sensitive=["faith"])
    assert "data.sensitive" in bench.fail(sensitive=["fayth"])


def test_a_group_may_be_called_inf(bench: Workbench) -> None:
    bench.put(table(people(100, team=lambda n: "inf" if n % 10 == 0 else str(n % 10))))
    bench.run(split=GROUP)
    assert 'column "team" is infinite' in bench.fail(split=GROUP, slices=["team"])
