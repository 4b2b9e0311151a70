"""The holdout is sealed: whose rows it holds, and that this never changes."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from mlops_prepare.split import _limit, holdout_of, in_holdout
from workbench import Workbench, people, table


def ids(bench: Workbench) -> set[str]:
    return {row[0] for row in bench.holdout()}


def tagged(count: int, start: int = 0) -> list[dict[str, object]]:
    """People whose feature `tag` is their id, so that both files tell whose rows they hold."""
    return people(count, start, tag=lambda n: f"p{n}")


def test_no_row_is_on_both_sides_and_none_is_lost(bench: Workbench) -> None:
    bench.put(table(tagged(500)))
    bench.run()
    train = {row["tag"] for row in bench.train()}
    assert ids(bench).isdisjoint(train)
    assert ids(bench) | train == {f"p{n}" for n in range(500)}
    assert {row[-1] for row in bench.holdout()} == ids(bench)


def test_rows_keep_their_side_as_the_data_grows(bench: Workbench) -> None:
    bench.put(table(tagged(300)))
    bench.run()
    held, trained = ids(bench), {row["tag"] for row in bench.train()}
    bench.put(table([*tagged(400, start=300), *reversed(tagged(300))]))
    bench.run()
    assert held < ids(bench)
    assert trained < {row["tag"] for row in bench.train()}


def test_a_larger_share_only_adds_to_the_holdout(bench: Workbench) -> None:
    bench.put(table(people(400)))
    bench.run(holdout=0.2)
    held = ids(bench)
    bench.run(holdout=0.4)
    assert held < ids(bench)


def test_the_rule_is_the_hash_of_salt_and_id(bench: Workbench) -> None:
    bench.put(table(people(200)))
    bench.run(salt="project", holdout=0.25)
    for n in range(200):
        digest = sha256(f"project:p{n}".encode()).hexdigest()
        assert (f"p{n}" in ids(bench)) == (int(digest[:16], 16) / 2**64 < 0.25)


def test_the_share_is_kept() -> None:
    assert abs(sum(holdout_of("s", map(str, range(100_000)), 0.2)) / 100_000 - 0.2) < 0.005


def test_the_limit_of_a_share_is_that_of_the_division() -> None:
    for share in (0.2, 1 / 3, 0.5, 1e-17, 1 - 2**-53):
        limit = int.from_bytes(_limit(share), "big")
        assert (limit - 1) / 2**64 < share <= limit / 2**64


def test_another_salt_is_another_holdout(bench: Workbench) -> None:
    bench.put(table(people(200)))
    bench.run(salt="a")
    first = ids(bench)
    bench.run(salt="b")
    assert ids(bench) != first


def test_ids_are_text_as_written(bench: Workbench) -> None:
    odd = ["7", "07", " 7", "7 ", "7.0", "__proto__", "constructor", "NA", "null", "1e3", "1000", "ÿ"]
    rows = [{**row, "id": row_id} for row, row_id in zip(people(len(odd)), odd, strict=True)]
    bench.put(table([*rows, *people(60)]))
    manifest = bench.run(holdout=0.5)
    assert manifest["files"]["train"]["rows"] + manifest["files"]["holdout"]["rows"] == len(odd) + 60
    assert {row_id for row_id in odd if in_holdout("s", row_id, 0.5)} == ids(bench) & set(odd)


def test_rows_without_an_id_get_one_from_their_content(bench: Workbench) -> None:
    rows = people(120)
    bench.put(table(rows))
    manifest = bench.run(row_id=None, exclude=["id"])
    assert manifest["row_id"] is None
    first = ids(bench)
    assert len(first) == manifest["files"]["holdout"]["rows"]
    # Neither the order of rows and columns nor the target matters.
    moved = [{name: row[name] for name in ("y", "city", "id", "age")} for row in reversed(rows)]
    bench.put(table(moved))
    bench.run(row_id=None, exclude=["id"])
    assert ids(bench) == first
    bench.put(table([{**row, "y": "No" if row["y"] == "Yes" else "Yes"} for row in rows]))
    bench.run(row_id=None, exclude=["id"])
    assert ids(bench) == first


def test_equal_rows_without_an_id_stand_on_one_side_with_ids_of_their_own(bench: Workbench) -> None:
    rows = [row for row in people(40) for _ in range(3)]
    bench.put(table(rows))
    bench.run(row_id=None, features_exclude=["city"])
    held = [row[0] for row in bench.holdout()]
    assert len(set(held)) == len(held)
    stems = [row_id.rsplit("-", 1) for row_id in held]
    assert {stem: sorted(n for s, n in stems if s == stem) for stem, _ in stems} == {
        stem: ["1", "2", "3"] for stem, _ in stems
    }


def test_files_of_a_folder_are_one_table_whatever_their_columns_order(bench: Workbench, tmp_path: Path) -> None:
    rows = people(120)
    bench.put(table(rows))
    whole = bench.run()
    (bench.input / "data" / "people.csv").unlink()
    bench.put(table(rows[:50]), "b/part-1.csv")
    bench.put(table([{name: row[name] for name in ("y", "city", "age", "id")} for row in rows[50:]]), "a/part-2.csv")
    bench.put("", "_SUCCESS")
    bench.put("junk", ".part-1.csv.crc")
    parts = bench.run(source="data/people")
    assert parts["holdout_sha256"] == whole["holdout_sha256"]
    assert parts["features"] == [{"name": "city", "type": "category"}, {"name": "age", "type": "number"}]
