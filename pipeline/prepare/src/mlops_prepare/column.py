"""Finds the type of a column from its text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .table import Type

# A fast test for most numbers: JSON's notation without an exponent, within the range of a double.
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]+)?").fullmatch
_JSON = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch
# Numbers as people write them. A leading zero makes it a code, because as a number 07030 would lose its zero.
_LOOSE = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE).fullmatch
# Words for a missing number. In a column of text they are text.
_MARKERS = frozenset({"na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "none"})

_INT64 = range(-(2**63), 2**63)

INTEGER, FLOAT, BOOLEAN, MARKER, UNTIDY, INFINITE, TEXT = (1 << bit for bit in range(7))


@dataclass(frozen=True)
class Column:
    """A column's type and how its fields become text of that type."""

    name: str
    type: Type
    # For numbers: whether all are whole numbers of 64 bits.
    integer: bool = False
    # Fields need cleaning: spaces, markers of missing values, or numbers that JSON would not read.
    untidy: bool = False

    def clean(self, values: Sequence[str]) -> Sequence[str]:
        """The fields, with "" for a missing value and JSON's notation for numbers."""
        return [_clean(value) for value in values] if self.untidy else values

    def to_json(self, values: Iterable[str]) -> list[str]:
        """Cleaned fields as JSON; a missing value is null."""
        if self.type == "number":
            return [value or "null" for value in values]
        if self.type == "boolean":
            return [value.lower() or "null" for value in values]
        return [json.dumps(value) if value else "null" for value in values]


def scan(values: Iterable[str]) -> int:
    """The kinds of the distinct `values`, as bits."""
    kinds = 0
    for value in values:
        if _PLAIN(value):
            if not kinds & FLOAT:
                kinds |= FLOAT if "." in value or (len(value) > 18 and int(value) not in _INT64) else INTEGER
        elif value:
            kinds |= _kind(value)
            if kinds & TEXT:
                return kinds
    return kinds


def column_of(name: str, kinds: int) -> Column:
    """The column for these kinds: numbers or booleans if every field that is not missing is one, else text."""
    numeric = kinds & (INTEGER | FLOAT)
    boolean = kinds & BOOLEAN
    untidy = bool(kinds & (MARKER | UNTIDY))
    if kinds & TEXT or (numeric and boolean) or (kinds and not numeric and not boolean):
        return Column(name, "category")
    if boolean:
        return Column(name, "category" if kinds & INFINITE else "boolean", untidy=untidy)
    return Column(name, "number", integer=not kinds & (FLOAT | INFINITE), untidy=untidy)


def is_marker(value: str) -> bool:
    """Whether the text stands for a missing value, such as NA or null."""
    return value.strip().lower() in _MARKERS


def is_infinite(value: str) -> bool:
    """Whether the field is an infinite number, such as `inf` or `1e999`."""
    return _kind(value) == INFINITE


def number(value: str) -> str | None:
    """The field as a finite number in JSON's notation; None if it is not one."""
    cleaned = _clean(value)
    return cleaned if _JSON(cleaned) and math.isfinite(float(cleaned)) else None


def _kind(value: str) -> int:
    text = value.strip()
    if _LOOSE(text):
        if math.isinf(float(text)):
            return INFINITE
        whole = "." not in text and "e" not in text.lower() and int(text) in _INT64
        return (INTEGER if whole else FLOAT) | (0 if _JSON(value) else UNTIDY)
    if value.lower() in ("true", "false"):
        return BOOLEAN
    if not text or text.lower() in _MARKERS:
        return MARKER
    return INFINITE if _INFINITE(text) else TEXT


def _clean(value: str) -> str:
    if _JSON(value):
        return value
    text = value.strip()
    if text.lower() in _MARKERS:
        return ""
    if not _LOOSE(text):
        return text
    unsigned = text.removeprefix("+")
    return unsigned if _JSON(unsigned) else repr(float(text))
