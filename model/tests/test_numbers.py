from __future__ import annotations

import math

import pytest

from sample_model.numbers import parse_number, parse_numbers

TEXTS = ["", "1", "-2.50", "+4.5", ".5", "6.", "7e2", "nan", "NaN", "inf", "1e999", "1_0", " 3", "forty", "1\n2"]
TEXTS += ["9" * 400]


def same(found: list[float | None], expected: list[float | None]) -> bool:
    return len(found) == len(expected) and all(
        a == b or (a is not None and b is not None and math.isnan(a) and math.isnan(b))
        for a, b in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("odd", TEXTS)
@pytest.mark.parametrize("often", [1, 40])
def test_a_column_is_read_as_its_cells_are(odd: str, often: int) -> None:
    plain = [str(number / 4) for number in range(-50, 50)]
    for column in (plain * often + [odd], [odd] + plain * often, [odd], [odd] * 9):
        numbers, bad = parse_numbers(column)
        expected = [parse_number(text) for text in column]
        assert bad == [position for position, number in enumerate(expected) if number is None]
        assert same([None if position in bad else number for position, number in enumerate(numbers)], expected)


def test_an_empty_column() -> None:
    assert parse_numbers([]) == ([], [])
