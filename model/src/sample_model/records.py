"""One record a line: CSV and JSON Lines, read as fields of text and written back.

Read per line, as batch transform splits a file, so that a stray quote spoils its own record only.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence

from sample_model.features import quote

CSV = "text/csv"
JSON_LINES = "application/jsonlines"
CONTENT_TYPES = (CSV, JSON_LINES)

Fields = list[str]
Value = float | str | None


class RecordError(ValueError):
    """What is wrong with one record."""


def split_lines(text: str) -> list[str]:
    """The lines of the text, ended by LF or CRLF; the last may lack its end."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def parse_csv_line(line: str) -> Fields:
    """The fields of one line of CSV.

    Raises:
        RecordError: its quotes do not match.
    """
    if '"' not in line:
        return line.split(",")
    try:
        (fields,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as error:
        raise RecordError(f"found {quote(line)}, expected a line of CSV ({error})") from error
    return fields


def parse_json_object(line: str) -> dict[str, str]:
    """One line of JSON Lines as text by name, as CSV would write it; null is the empty text.

    Raises:
        RecordError: it is no flat JSON object.
    """
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"found {quote(line)}, expected a JSON object") from error
    if not isinstance(record, dict):
        raise RecordError(f"found {quote(line)}, expected a JSON object")
    return {name: _text(name, value) for name, value in record.items()}


def parse_json_line(line: str, names: Sequence[str]) -> Fields:
    """The named values of one line of JSON Lines; other keys are passed over.

    Raises:
        RecordError: it is no flat JSON object, or lacks a name.
    """
    record = parse_json_object(line)
    missing = [name for name in names if name not in record]
    if missing:
        raise RecordError(f"found no {quote(', '.join(missing))}, expected every feature (null where missing)")
    return [record[name] for name in names]


def write_csv(records: Sequence[Sequence[Value]]) -> str:
    """The records as CSV without a header; numbers in the shortest text that reads back the same."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(records)
    return text.getvalue()


def write_json_lines(records: Sequence[Sequence[Value]]) -> str:
    """The records as one JSON array a line, the same values in the same order as in CSV."""
    return "".join(json.dumps(record, allow_nan=False) + "\n" for record in records)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "" if isinstance(value, float) and math.isnan(value) else repr(value)
    raise RecordError(
        f"field {quote(name)}: found {quote(json.dumps(value))}, expected a number, a text, a boolean or null"
    )
