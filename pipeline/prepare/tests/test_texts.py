"""Columns as Arrow's text, written as lines."""

from __future__ import annotations

import csv
import io
from itertools import compress

import pytest

from mlops_prepare.arrow_arrays import text_array
from mlops_prepare.texts import Texts, csv_lines

PLAIN = [["p1", "p2", "p3"], ["", " Oslo", "Zürich"], ["1", "-2.5", ""]]


@pytest.mark.parametrize("keep", [[1, 1, 1], [1, 0, 1], [0, 0, 0]])
@pytest.mark.parametrize(
    "columns",
    [
        PLAIN,
        [*PLAIN, ["a,b", "", "c"]],
        [*PLAIN, ['say "hi"', "", "c"]],
        [*PLAIN, ["one\ntwo", "", "c"]],
        [["a", "", "b"]],
    ],
    ids=["plain", "comma", "quote", "line feed", "one column"],
)
def test_lines_are_those_of_the_csv_module(columns: list[list[str]], keep: list[int]) -> None:
    expected = io.StringIO()
    csv.writer(expected, lineterminator="\n").writerows(compress(zip(*columns, strict=True), keep))
    assert csv_lines([Texts(text_array(values)) for values in columns], keep).decode() == expected.getvalue()


def test_more_rows_than_are_written_at_a_time() -> None:
    rows = 10_000
    numbers = Texts(text_array(map(str, range(rows))))
    assert csv_lines([numbers, numbers], [1] * rows).decode() == "".join(f"{row},{row}\n" for row in range(rows))
