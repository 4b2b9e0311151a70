"""Finds the type of a column from its text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from .dialect import Decimal
from .table import Type

# A fast test for most numbers: JSON's notation without an exponent, within the range of a double.
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]+)?").fullmatch
_JSON_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_JSON = re.compile(_JSON_NUMBER).fullmatch
# Fields that `_clean` leaves alone, for Arrow.
_CLEAN = f"^(?:{_JSON_NUMBER})?$"
# Numbers as people write them. A leading zero makes it a code, because as a number 07030 would lose its zero.
_LOOSE = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_EXPONENT = re.compile(r"(?:0|[1-9][0-9]*)E[0-9]+").fullmatch
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE).fullmatch
# Words for a missing value, and none at all. In a column of text they are text.
_MARKERS = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "none"})

_INT64 = range(-(2**63), 2**63)

# Numbers whose thousands are grouped by dots, where the comma is the decimal mark.
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]*)?").fullmatch
# Blanks around a value: the contract of `mlops validate` strips the same.
_BLANKS = " \t\n\r\f\v\xa0"

# CODE: a whole number with an unsigned exponent. It is a number among such with a fraction, else a code, as 1E5 and
# 10E4 are two.
INTEGER, FLOAT, BOOLEAN, MARKER, UNTIDY, INFINITE, TEXT, CODE = (1 << bit for bit in range(8))
# The kinds of fields that may be read as a finite number.
NUMERIC = INTEGER | FLOAT | CODE


@dataclass(frozen=True)
class Column:
    """A column's type and how its fields become text of that type."""

    name: str
    type: Type
    # For numbers: whether all are whole numbers of 64 bits.
    integer: bool = False
    # Fields need cleaning: spaces, markers of missing values, or numbers that JSON would not read.
    untidy: bool = False
    decimal: Decimal = "."

    def clean(self, values: Sequence[str]) -> Sequence[str]:
        """The fields, with "" for a missing value and JSON's notation for numbers."""
        if not self.untidy:
            return values
        if hasattr(values, "array"):
            from .texts import Texts, cleaned  # noqa: PLC0415  (imported already where there is an array)

            assert isinstance(values, Texts)
            # Where the comma is the decimal mark, 1.234 is JSON too, and another number.
            already = _CLEAN if self.decimal == "." else "^$"
            return cleaned(values, lambda value: _clean(value, self.decimal), already)
        return [_clean(value, self.decimal) for value in values]

    def to_json(self, values: Sequence[str]) -> Sequence[str]:
        """Cleaned fields as JSON; a missing value is null."""
        if hasattr(values, "array"):
            from .texts import json_fields  # noqa: PLC0415  (imported already where there is an array)

            return json_fields(values, self.type)
        if self.type == "number":
            return [value or "null" for value in values]
        if self.type == "boolean":
            return [value.lower() or "null" for value in values]
        return [json.dumps(value) if value else "null" for value in values]


def kinds_of(values: Iterable[str], decimal: Decimal = ".") -> int:
    """The kinds of all `values`, as bits."""
    return reduce(or_, (kind_of(value, decimal) for value in values), 0)


def kind_of(value: str, decimal: Decimal) -> int:
    """The kind of a field, as bits; 0 if it is empty."""
    if not value:
        return 0
    if decimal == "." and _PLAIN(value):
        return FLOAT if "." in value or (len(value) > 18 and int(value) not in _INT64) else INTEGER
    text = value.strip(_BLANKS)
    number = _plain_number(text, decimal)
    if number is not None:
        return _kind_of_number(number) | (0 if _JSON(value) and number == value else UNTIDY)
    if value.lower() in ("true", "false"):
        return BOOLEAN
    if text.lower() in _MARKERS:
        return MARKER
    return INFINITE if _INFINITE(text) else TEXT


def _kind_of_number(number: str) -> int:
    if math.isinf(float(number)):
        return INFINITE
    if _EXPONENT(number):
        return CODE
    whole = "." not in number and "e" not in number.lower() and int(number) in _INT64
    return INTEGER if whole else FLOAT


def column_of(name: str, kinds: int, decimal: Decimal = ".") -> Column:
    """The column for these kinds: numbers or booleans if every field that is not missing is one, else text."""
    if kinds & CODE and not kinds & FLOAT:
        return Column(name, "category")
    numeric = kinds & (INTEGER | FLOAT)
    boolean = kinds & BOOLEAN
    untidy = bool(kinds & (MARKER | UNTIDY))
    if kinds & TEXT or (numeric and boolean) or (kinds and not numeric and not boolean):
        return Column(name, "category")
    if boolean:
        return Column(name, "category" if kinds & INFINITE else "boolean", untidy=untidy, decimal=decimal)
    return Column(name, "number", integer=not kinds & (FLOAT | INFINITE), untidy=untidy, decimal=decimal)


def is_missing(value: str) -> bool:
    """Whether the field stands for a missing value: empty, blank, or a word such as NA."""
    return value.strip(_BLANKS).lower() in _MARKERS


def number(value: str, decimal: Decimal = ".") -> str | None:
    """The field as a finite number in JSON's notation; None if it is not one."""
    cleaned = _clean(value, decimal)
    return cleaned if _JSON(cleaned) and math.isfinite(float(cleaned)) else None


def _plain_number(text: str, decimal: Decimal) -> str | None:
    """The number with a point and without grouping dots; None if the text is none."""
    if decimal == ".":
        return text if _LOOSE(text) else None
    if _GROUPED(text):
        return text.replace(".", "").replace(",", ".")
    if "." in text:
        return None
    plain = text.replace(",", ".", 1)
    return plain if _LOOSE(plain) else None


def _clean(value: str, decimal: Decimal) -> str:
    if decimal == "." and _JSON(value):
        return value
    text = value.strip(_BLANKS)
    if text.lower() in _MARKERS:
        return ""
    plain = _plain_number(text, decimal)
    if plain is None:
        return text
    unsigned = plain.removeprefix("+")
    return unsigned if _JSON(unsigned) else repr(float(plain))
