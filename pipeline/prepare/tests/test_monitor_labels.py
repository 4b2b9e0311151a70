"""Labels joined to predictions: which one each counts for, over several looks."""

from __future__ import annotations

import gzip
import io
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_prepare import label_join, prediction_files
from mlops_prepare import truth as truth_reader
from monitor_bench import REFERENCE, MonitorBench, predicted

NO_COUNTS = dict.fromkeys(("rows", "conflicts", "unknown", "early", "future", "bad", "matched"), 0)


@pytest.fixture
def bench(tmp_path: Path) -> MonitorBench:
    return MonitorBench(tmp_path / "ml")


def labels_of(bench: MonitorBench) -> dict[str, list[tuple[Any, ...]]]:
    """The labelled rows by day, as (score, label)."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for window in bench.labelled():
        if window["values"]:
            found.setdefault(window["start"][:10], []).extend(window["values"])
    return found


@pytest.mark.parametrize(
    ("truth", "counts", "found"),
    [
        # The last prediction before the label was known.
        ("id,y,known_at\na,Yes,2026-03-02T12:00:00Z\n", {"matched": 1}, {"2026-03-02": [(0.2, 1.0)]}),
        # A prediction of the same moment counts.
        ("id,y,known_at\na,Yes,2026-03-02T00:00:00Z\n", {"matched": 1}, {"2026-03-02": [(0.2, 1.0)]}),
        ("id,y,known_at\na,Yes,2026-03-01T23:59:59Z\n", {"matched": 1}, {"2026-03-01": [(0.1, 1.0)]}),
        # Without a time it was known when the look saw it.
        ("id,y\na,Yes\n", {"matched": 1}, {"2026-03-04": [(0.4, 1.0)]}),
        # The package and the time that the truth names.
        ("id,y,package\na,Yes,p1\n", {"matched": 1}, {"2026-03-03": [(0.3, 1.0)]}),
        ("id,y,predicted_at\na,Yes,2026-03-01T00:00:00Z\n", {"matched": 1}, {"2026-03-01": [(0.1, 1.0)]}),
        ("id,y,predicted_at,package\na,Yes,2026-03-04,p1\n", {"unknown": 1}, {}),
        ("id,y,predicted_at\na,Yes,2026-03-01T00:00:01Z\n", {"unknown": 1}, {}),
        ("id,y,package\na,Yes,p9\n", {"unknown": 1}, {}),
        # Known before its prediction.
        ("id,y,known_at\na,Yes,2026-02-28\n", {"early": 1}, {}),
        ("id,y,known_at,predicted_at\na,Yes,2026-03-01,2026-03-02\n", {"early": 1}, {}),
        ("id,y,known_at\na,Yes,2026-04-28\n", {"future": 1}, {}),
        # One label for each prediction that is named, of one row id.
        (
            "id,y,predicted_at\na,Yes,2026-03-01\na,No,2026-03-02\n",
            {"matched": 1},
            {"2026-03-01": [(0.1, 1.0)], "2026-03-02": [(0.2, 0.0)]},
        ),
        # Two ways to name the same prediction: the label counts once, or for none where they differ.
        ("id,y,predicted_at\na,Yes,2026-03-04\na,Yes,\n", {"matched": 1}, {"2026-03-04": [(0.4, 1.0)]}),
        ("id,y,predicted_at\na,Yes,2026-03-04\na,No,\n", {"conflicts": 1}, {}),
        ("id,y\na,Yes\na,Yes\na,No\n", {"conflicts": 1}, {}),
        # No label, and none of the model's.
        ("id,y\na,\na,NA\na,yes\n,Yes\n", {"bad": 4}, {}),
        ("id,y,known_at\na,Yes,soon\na,Yes,1770000000\n", {"bad": 2}, {}),
        ("id,y,predicted_at\na,Yes,2026-02-30\n", {"bad": 1}, {}),
        # Other names, in another order, with more columns.
        ("note,label,row_id\nx,Yes,a\n", {"matched": 1}, {"2026-03-04": [(0.4, 1.0)]}),
    ],
)
def test_which_prediction_a_label_counts_for(
    tmp_path: Path, truth: str, counts: dict[str, int], found: dict[str, Any]
) -> None:
    bench = MonitorBench(tmp_path / "ml", {"p1": REFERENCE, "p2": REFERENCE})
    for day in (1, 2, 3, 4):
        bench.release(f"r{day}", [predicted("a", day / 10, f"2026-03-0{day}T00:00", "p2" if day == 4 else "p1")])
    bench.truth(truth)
    rows = truth.count("\n") - 1
    assert bench.run()["truth"] == {**NO_COUNTS, "rows": rows, **counts}
    assert labels_of(bench) == found


@pytest.mark.parametrize(
    ("labels", "texts", "codes"),
    [
        (["0", "1"], ["1", "1.0", "0", "true"], [1, 1, 0, None]),
        (["0.0", "1.0"], ["1", "1e0", "00"], [1, 1, None]),
        (["False", "True"], ["TRUE", "false", "1", "True"], [1, 0, None, 1]),
        (["No", "Yes"], ["Yes", " Yes", "YES", "1", "No"], [1, 1, None, None, 0]),
        # A word for a missing value is a class where the model has it.
        (["NA", "EU"], ["NA", "n/a", "EU"], [0, None, 1]),
        # Two classes that look alike are told apart by their text alone.
        (["1", "1.0"], ["1", "1.0", "1.00"], [0, 1, None]),
    ],
)
def test_labels_are_the_classes_of_the_model(
    tmp_path: Path, labels: list[str], texts: list[str], codes: list[float | None]
) -> None:
    bench = MonitorBench(tmp_path / "ml", {"p1": {**REFERENCE, "labels": labels, "columns": []}})
    rows = [predicted(f"r{at}", at / 100, "2026-03-01T00:00", decision=labels[0]) for at in range(len(texts))]
    bench.release("r1", rows)
    bench.truth("id,y\n" + "".join(f"r{at},{text}\n" for at, text in enumerate(texts)))
    summary = bench.run()
    found = dict(labels_of(bench).get("2026-03-01", []))
    assert [found.get(at / 100) for at in range(len(texts))] == codes
    assert (summary["truth"]["bad"], summary["truth"]["matched"]) == (codes.count(None), len(found))


def test_two_packages_code_the_same_label_each_in_their_way(tmp_path: Path) -> None:
    other = {**REFERENCE, "labels": ["1", "0"], "columns": []}
    bench = MonitorBench(tmp_path / "ml", {"p1": {**other, "labels": ["0.0", "1.0"]}, "p2": other})
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00", decision="0.0")])
    bench.release("r2", [predicted("a", 0.2, "2026-03-02T00:00", "p2", decision="0")])
    bench.truth("id,y,package\na,1,p1\na,1,p2\n")
    bench.run()
    assert labels_of(bench) == {"2026-03-01": [(0.1, 1.0)], "2026-03-02": [(0.2, 0.0)]}


def test_files_as_they_come(bench: MonitorBench) -> None:
    bench.release("r1", [predicted(str(at), at / 10, "2026-03-01T00:00") for at in range(8)])
    bench.truth(b"\xef\xbb\xbfid;y\n0;Yes\n", "2026/a.csv")
    bench.truth(gzip.compress(b"label\trow_id\nNo\t1\n"), "2026/b.csv.gz")
    buffer = io.BytesIO()
    known = pa.array([datetime(2026, 3, 3), None], pa.timestamp("us"))
    pq.write_table(pa.table({"id": [2, 3], "y": ["Yes", "No"], "known_at": known}), buffer)
    bench.truth(buffer.getvalue(), "2026/c.parquet")
    bench.truth(gzip.compress(buffer.getvalue().replace(b"PAR1", b"PAR1")), "2026/d.parquet.gz")
    bench.truth("id,y\n", "2026/e.csv")
    bench.truth("id,y\n4,Yes\n", "2026/_ignored.csv")
    bench.settings["truth"]["source"] = "s3://bucket/truth"
    summary = bench.run()
    assert summary["truth"] == {**NO_COUNTS, "rows": 6, "matched": 4}
    assert sorted(labels_of(bench)["2026-03-01"]) == [(0.0, 1.0), (0.1, 0.0), (0.2, 1.0), (0.3, 0.0)]


def test_no_truth_yet(bench: MonitorBench) -> None:
    bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")])
    (bench.input / "truth").mkdir()
    bench.truth("x", "other.csv")
    (bench.input / "truth" / "other.csv").unlink()
    summary = bench.run()
    assert summary["truth"] == NO_COUNTS
    assert summary["notes"][-1] == "other.csv: no file yet, so no label is known."
    assert [(window["rows"], window["coverage"]) for window in bench.labelled()] == [(0, [{"rows": 1, "labelled": 0}])]


def test_coverage_is_told_by_tenth_of_the_scores(bench: MonitorBench) -> None:
    # Half of the scores are equal, so they are in one part; one is none.
    scores = [*([0.5] * 10), *(0.6 + at / 100 for at in range(10)), None]
    bench.release("r1", [predicted(str(at), score, "2026-03-01T00:00") for at, score in enumerate(scores)])
    bench.truth("id,y\n" + "".join(f"{at},No\n" for at in (0, 1, 12, 20)))
    bench.run()
    [window] = bench.labelled()
    assert [part["rows"] for part in window["coverage"]] == [10, 2, 2, 2, 2, 2]
    assert [part["labelled"] for part in window["coverage"]] == [2, 0, 1, 0, 0, 0]
    # A prediction without a score has no label to learn from.
    assert window["rows"] == 3


class Looks:
    """Several looks one after the other, each in a folder of its own."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._benches: list[MonitorBench] = []

    def look(self, at: str) -> MonitorBench:
        bench = MonitorBench(self._base / str(len(self._benches)))
        if self._benches:
            bench.after(self._benches[-1])
        bench.settings["at"] = at
        self._benches.append(bench)
        return bench


def test_a_label_is_known_since_the_first_look_that_saw_it(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    first = looks.look("2026-03-05T00:00:00Z")
    first.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")])
    first.truth("id,y\na,Yes\n")
    assert first.run()["truth"]["matched"] == 1
    second = looks.look("2026-03-10T00:00:00Z")
    second.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")], folder="open")
    second.release("r2", [predicted("a", 0.2, "2026-03-06T00:00")])
    second.truth("id,y\na,Yes\n")
    summary = second.run()
    # The second prediction was made when the label was known; the label has its one row still.
    assert summary["truth"] == {**NO_COUNTS, "rows": 1, "matched": 1}
    assert labels_of(second) == {"2026-03-01": [(0.1, 1.0)]}
    assert [window["start"] for window in summary["windows"]] == ["2026-03-06T00:00:00.000Z"]


def test_what_a_label_counted_for_in_a_closed_window_stays(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    first = looks.look("2026-03-05T00:00:00Z")
    first.release("r1", [predicted("a", 0.1, "2026-03-01T00:00"), predicted("b", 0.2, "2026-03-01T00:00")])
    first.truth("id,y,known_at\na,Yes,2026-03-04\n")
    first.run()
    # The window is closed now; a prediction that was read late would have fitted as well.
    second = looks.look("2026-03-10T00:00:00Z")
    second.release("r2", [predicted("a", 0.3, "2026-03-03T00:00")])
    second.truth("id,y,known_at\na,Yes,2026-03-04\nb,No,2026-03-04\n")
    assert second.run()["truth"] == {**NO_COUNTS, "rows": 2, "matched": 1, "unknown": 1}
    assert labels_of(second) == {}


def test_a_conflict_stays_one(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    first = looks.look("2026-03-05T00:00:00Z")
    first.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")])
    first.truth("id,y\na,Yes\n")
    first.run()
    for text, at in (("id,y\na,No\n", "2026-03-06"), ("id,y\na,Yes\n", "2026-03-07"), ("id,y\n", "2026-03-08")):
        later = looks.look(f"{at}T00:00:00Z")
        later.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")], folder="open")
        later.truth(text)
        truth = later.run()["truth"]
        assert (truth["conflicts"], truth["matched"], labels_of(later)) == (1, 0, {})


def test_a_label_of_the_future_counts_when_its_time_has_come(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    for at, key in (("2026-03-05", "future"), ("2026-03-20", "matched")):
        bench = looks.look(f"{at}T00:00:00Z")
        bench.release("r1", [predicted("a", 0.1, "2026-03-01T00:00")], folder="open")
        bench.truth("id,y,known_at\na,Yes,2026-03-10\n")
        assert bench.run()["truth"] == {**NO_COUNTS, "rows": 1, key: 1}


def test_a_label_that_is_gone_from_the_files_is_still_known(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    first = looks.look("2026-03-05T00:00:00Z")
    first.truth("id,y\na,Yes\n")
    assert first.run()["truth"]["unknown"] == 1
    second = looks.look("2026-03-10T00:00:00Z")
    second.release("r1", [predicted("a", 0.1, "2026-03-01T00:00"), predicted("a", 0.2, "2026-03-07T00:00")])
    second.truth("id,y\n")
    assert second.run()["truth"] == {**NO_COUNTS, "matched": 1}
    assert labels_of(second) == {"2026-03-01": [(0.1, 1.0)]}


@pytest.mark.parametrize("seed", range(16))
def test_looks_one_after_the_other_find_what_one_look_finds(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:
        # Memory is bounded in the same way as with millions of rows.
        monkeypatch.setattr(label_join, "PART", 3)
        monkeypatch.setattr(label_join, "GROUP", 4)
        monkeypatch.setattr(truth_reader, "MOST_WAITING", 5)
        monkeypatch.setattr(prediction_files, "BATCH", 4)
    numbers = random.Random(seed)
    start = datetime(2026, 3, 1)

    def time(hours: int) -> str:
        return (start + timedelta(hours=hours)).isoformat()

    releases = []
    for number in range(numbers.randrange(2, 7)):
        hours = numbers.randrange(0, 240)
        varied = numbers.random() < 0.5
        rows = [
            predicted(
                f"r{row}",
                # Sums of eighths are exact in any order.
                None if numbers.random() < 0.1 else numbers.randrange(9) / 8,
                time(hours + (numbers.randrange(72) if varied else 0)),
                numbers.choice(["p1", "p2"]) if varied else "p1",
            )
            for row in numbers.sample(range(40), numbers.randrange(1, 30))
        ]
        inputs = [
            {"age": numbers.choice([None, 25.0, 35.0, 45.0]), "city": numbers.choice([None, "Oslo", "Rome", "X", "Y"])}
            for _ in rows
        ]
        releases.append((f"release-{number}", rows, inputs))
    truth = [
        (
            f"r{numbers.randrange(45)},{numbers.choice(['Yes', 'No', 'No', '?'])},{time(numbers.randrange(400))},"
            f"{numbers.choice(['', '', 'p1'])},{numbers.choice(['', '', time(numbers.randrange(240))])}\n"
        )
        for _ in range(60)
    ]
    header = "id,y,known_at,package,predicted_at\n"
    packages = {"p1": REFERENCE, "p2": REFERENCE}
    at = "2026-04-01T00:00:00Z"

    def look(name: str, new: list[Any], opened: list[Any], lines: list[str], before: MonitorBench | None) -> Any:
        bench = MonitorBench(tmp_path / name, packages)
        for release, rows, inputs in new:
            bench.release(release, rows, inputs=inputs)
        for release, rows, _ in opened:
            bench.release(release, rows, folder="open")
        if before is not None:
            bench.after(before)
        bench.truth(header + "".join(lines))
        return bench, bench.run(at=at)

    once, expected = look("once", releases, [], truth, None)
    cut, torn = numbers.randrange(len(releases) + 1), numbers.randrange(len(truth) + 1)
    first, some = look("first", releases[:cut], [], truth[:torn], None)
    second, rest = look("second", releases[cut:], releases[:cut], truth[torn:], first)
    merged: dict[tuple[str, str], Any] = {}
    for window in [*some["windows"], *rest["windows"]]:
        key = (window["package"], window["start"])
        merged[key] = window if key not in merged else added(merged[key], window)
    assert [merged[key] for key in sorted(merged)] == expected["windows"]
    assert second.labelled() == once.labelled()
    told = {**rest["truth"], "rows": 60}
    # The file's bad rows are counted by the look that reads them.
    told["bad"] += some["truth"]["bad"]
    assert told == expected["truth"]
    again, _ = look("again", [], releases, truth, second)
    assert again.labelled() == once.labelled()
    assert (again.output / "truth/part-00000.parquet").read_bytes() == (
        second.output / "truth/part-00000.parquet"
    ).read_bytes()


def added(one: Any, other: Any) -> Any:
    """Two values field by field, as the history adds the windows of two looks."""
    if isinstance(one, dict):
        return {
            key: added(value, other[key]) if key != "examples" else examples(value, other[key])
            for key, value in one.items()
        }
    if isinstance(one, list):
        return [added(*pair) for pair in zip(one, other, strict=True)]
    if isinstance(one, bool):
        return one and other
    return one + other if not isinstance(one, str) else one


def examples(one: list[str], other: list[str]) -> list[str]:
    return sorted({*one, *other})[:5]
