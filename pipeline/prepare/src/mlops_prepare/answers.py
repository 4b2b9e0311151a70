"""Reads what the model answered, in the layout in which the batch transform job joins it to the rows.

`pipeline/steps/train/score-file.ts` reads the answers for the holdout by the same rules; `tests/answer-cases.json`
holds both to them.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from .arrow_arrays import number_array, numpy_of, text_array
from .csv_table import has_lone_return, is_regular
from .errors import DeliveryError
from .text_file import line_blocks, raw_blocks

_ONE_LIST = re.compile(r"\s*\[.*\]\s*", re.DOTALL).fullmatch
_BRACKETS = re.compile(r"^\s*\[\s*|\s*\]\s*$")
_LIST = r"(?s)^\s*\[.*\]\s*$"

# The row id and the columns of an answer, each an Arrow array of text, and the first line of the batch.
Answers = tuple[pa.Array, list[pa.Array], int]

# Makes the message for an answer with another number of columns.
Misfit = Callable[[Sequence[str]], str]


def read_answers(path: Path, *, is_csv: bool, slices: int, width: int, misfit: Misfit) -> Iterator[Answers]:
    """Batches of answers of `width` columns, as text without brackets and blanks around it; blank lines are none.

    CSV lines are `row_id,slice_1..s,answer...`; JSON Lines `{row_id, slices, SageMakerOutput}`. Raises DeliveryError.
    """
    line = 1
    with path.open("rb") as stream:
        for block in line_blocks(raw_blocks(stream)):
            ends = block.count(b"\n")
            found = _csv_block(block, ends, slices, width) if is_csv else None
            if found is None:
                found = _lines(block, line, _csv_answer(slices) if is_csv else _json_answer, width, misfit)
            if len(found[0]):
                yield *found, line
            line += ends


def count_lines(path: Path) -> int:
    """The lines of a file that are not blank."""
    with path.open("rb") as stream:
        return sum(1 for line in stream if line.strip())


def _csv_block(block: bytes, ends: int, slices: int, width: int) -> tuple[pa.Array, list[pa.Array]] | None:
    """The answers of a block with so many line feeds by Arrow; None where reading line by line tells what is wrong."""
    columns = _csv_columns(block, ends)
    if columns is None or len(columns) - 1 - slices not in (1, width):
        return None
    answer = columns[1 + slices :]
    if b"[" in block or b"]" in block:
        answer = _without_brackets(answer, width)
    return None if len(answer) != width else (columns[0], [pc.utf8_trim_whitespace(column) for column in answer])


def _csv_columns(block: bytes, ends: int) -> list[pa.Array] | None:
    """The fields of a block, column by column; None unless every line is a row and all rows are as wide."""
    if b"\0" in block or has_lone_return(block) or not is_regular(block, ","):
        return None
    first = next(csv.reader([block[: block.find(b"\n")].decode(errors="replace")]), [])
    names = [str(at) for at in range(len(first))]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(block),
            # The rows are parsed at the same time, and Arrow may have a single thread for both.
            arrow_csv.ReadOptions(column_names=names, block_size=len(block) + 1, use_threads=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != ends:
        return None
    return [column.combine_chunks() for column in table.columns]


def _without_brackets(answer: Sequence[pa.Array], width: int) -> list[pa.Array]:
    """`bare` for columns; none where the rows differ in their form."""
    columns = list(answer)
    if len(columns) == 1:
        listed = pc.match_substring_regex(columns[0], _LIST)
        if pc.all(listed).as_py():
            values = pc.split_pattern(columns[0], ",")
            if not (numpy_of(pc.list_value_length(values)) == width).all():
                return []
            flat = pc.list_flatten(values)
            columns = [flat.take(number_array(np.arange(at, len(flat), width))) for at in range(width)]
        elif pc.any(listed).as_py():
            return []
    return [pc.replace_substring_regex(column, r"^\s*\[\s*|\s*\]\s*$", "") for column in columns]


def _lines(
    block: bytes, line: int, read: Callable[[str], tuple[str, list[str]]], width: int, misfit: Misfit
) -> tuple[pa.Array, list[pa.Array]]:
    """The answers of a block, line by line."""
    ids: list[str] = []
    rows: list[list[str]] = []
    for number, raw in enumerate(block[:-1].split(b"\n"), line):
        try:
            text = raw.removesuffix(b"\r").decode()
            if not text.strip():
                continue
            row_id, answer = read(text)
        except UnicodeDecodeError as error:
            raise DeliveryError(
                f"line {number} of the model's answers: got the byte 0x{raw[error.start]:02x}, expected UTF-8"
            ) from None
        except _UnreadableError as error:
            raise DeliveryError(f"line {number} of the model's answers: {error}") from None
        if len(answer) != width:
            raise DeliveryError(f"line {number} of the model's answers: {misfit(answer)}")
        ids.append(row_id)
        rows.append(answer)
    columns = list(zip(*rows, strict=True)) or [()] * width
    return text_array(ids), [text_array(column) for column in columns]


class _UnreadableError(Exception):
    """A line that cannot be read; the text says why."""


def _csv_answer(slices: int) -> Callable[[str], tuple[str, list[str]]]:
    def read(line: str) -> tuple[str, list[str]]:
        if "\r" in line:
            raise _UnreadableError("got a line end within an answer, expected one line for each row")
        if not is_regular(line.encode() + b"\n", ","):
            # A quote that is open at the end of an answer would take the next row in.
            raise _UnreadableError("got a quote that does not enclose a field, expected CSV, one line for each row")
        row_id, *fields = next(csv.reader([line], strict=True))
        return row_id, bare(fields[slices:])

    return read


def bare(fields: Sequence[str]) -> list[str]:
    """The fields without the brackets of a list such as `[0.1, 0.9]`, which is several fields, or one in quotes."""
    is_one_list = len(fields) == 1 and _ONE_LIST(fields[0])
    values = fields[0].split(",") if is_one_list else fields
    return [_BRACKETS.sub("", value).strip() for value in values]


def _json_answer(line: str) -> tuple[str, list[str]]:
    try:
        row = _decode(line)
    except ValueError as error:
        raise _UnreadableError(f"expected JSON; {error}") from None
    if not isinstance(row, dict) or "row_id" not in row:
        raise _UnreadableError("expected an object with row_id, slices and SageMakerOutput")
    answer = row.get("SageMakerOutput", [])
    if not isinstance(answer, list) or any(isinstance(value, (list, dict)) for value in answer):
        answer = _flat(answer)
    return _text(row["row_id"]), list(map(_text, answer))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


# Numbers stay the text that the model wrote.
_decode = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse_constant).decode


def _flat(answer: Any) -> list[Any]:
    """The values of a number, or of nested lists and objects."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    return [value for item in answer for value in _flat(item)] if isinstance(answer, list) else [answer]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
