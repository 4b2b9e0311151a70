"""Items that are made on another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from mlops_prepare.ahead import read_ahead
from mlops_prepare.arrow_arrays import text_array
from mlops_prepare.plain_numbers import are_whole
from mlops_prepare.texts import Texts
from mlops_prepare.typed_cells import TypedCells


def test_items_keep_their_order_and_few_wait() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for item in range(50):
            made.append(item)
            yield item

    found = []
    for item in read_ahead(items(), most=3):
        found.append(item)
        # At most three wait, and one more is being made when this one is handed out.
        assert len(made) <= item + 1 + 3
    assert found == list(range(50))


def test_an_error_is_raised_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("third")

    ahead = read_ahead(items())
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(ahead)


def test_leaving_early_ends_the_thread() -> None:
    before = threading.active_count()

    def items() -> Iterator[int]:
        while True:
            yield 0

    ahead = read_ahead(items())
    next(ahead)
    assert threading.active_count() == before + 1
    ahead.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([], True),
        (["", ""], True),
        (["0", "7", "", "42", "1234567890"], True),
        (["9" * 18], True),
        (["9" * 19], False),
        (["7", "07"], False),
        (["00"], False),
        (["1.5"], False),
        (["-1"], False),
        (["1 "], False),
        (["1:"], False),
        (["1/"], False),
        (["NA"], False),
        (["٣"], False),
    ],
)
def test_whole_numbers_are_told_by_their_digits(texts: list[str], whole: bool) -> None:
    assert are_whole(text_array(texts)) is whole
    # A slice of an array looks at its own texts alone.
    around = text_array(["x1", *texts, "y"])
    assert are_whole(around.slice(1, len(texts))) is whole


def test_a_column_that_looks_whole_is_one_that_the_pattern_leaves_alone() -> None:
    random = np.random.default_rng(7)
    alphabet = [*"00123456789", "", "", "12", "340", "x", ".", "-", " "]
    told = 0
    for _ in range(2_000):
        texts = [
            "".join(random.choice(alphabet[: random.choice([14, 15, 18])], random.integers(0, 4))) for _ in range(3)
        ]
        values = Texts(text_array(texts))
        read, bad = TypedCells("a", "number", ".").read(values)
        by_cell, bad_by_cell = TypedCells("a", "number", ".").read(texts)
        assert (list(read), bad) == (list(by_cell), bad_by_cell)
        told += are_whole(values.array)
    assert 200 < told < 1_800
