"""CSV files as a table: UTF-8 with or without a byte-order mark, commas, a header, LF or CRLF."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence

from .problems import SHOWN_ITEMS, Problems, enumerate_some, quote
from .table import CHUNK_ROWS, Chunk, DataFile, Table, check_names

# The parser's messages, and the explanation for the author of the file.
_REASONS = {
    "unexpected end of data": "a quoted field that starts here never ends",
    "',' expected after '\"'": "text follows a closing quote; a quote inside a field is written twice",
    "line contains NUL": "it holds a NUL character; UTF-8 text is expected",
}


def read_csv(files: Sequence[DataFile], problems: Problems) -> Table:
    """The table in CSV `files`; malformed rows are added to `problems` and left out."""
    csv.field_size_limit(sys.maxsize)
    usable: list[tuple[DataFile, list[str]]] = []
    for file in files:
        names = _read_header(file, problems)
        if names is not None and check_names(file, names, usable[0] if usable else None, problems):
            usable.append((file, names))
    first = usable[0][1] if usable else []

    def chunks() -> Iterator[Chunk]:
        for file, names in usable:
            order = None if names == first else [names.index(name) for name in first]
            for lines, rows in _read_rows(file, len(names), problems):
                columns = list(zip(*rows, strict=True))
                yield Chunk(file.label, lines, columns if order is None else [columns[at] for at in order])

    return Table(names=first, unit="line", declared=None, unusable={}, chunks=chunks)


def _read_header(file: DataFile, problems: Problems) -> list[str] | None:
    if file.path.stat().st_size == 0:
        problems.add(f"{file.label}: the file is empty; a header and rows are expected")
        return None
    with file.path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            names = next(csv.reader(stream, strict=True), [])
        except (csv.Error, UnicodeDecodeError) as error:
            problems.add(_malformed(file, 1, error))
            return None
    if not names:
        problems.add(f"{file.label}: line 1 is blank; the header is expected there")
        return None
    for delimiter, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and delimiter in names[0]:
            problems.add(
                f"{file.label}: line 1: the header {quote(names[0])} is split by {called}; commas are expected"
            )
            return None
    return names


def _read_rows(file: DataFile, width: int, problems: Problems) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Yields (line numbers, rows), at most CHUNK_ROWS; a row of another width is a problem, a blank line is not."""
    ragged: list[str] = []
    ragged_count = 0
    with file.path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        lines: list[int] = []
        rows: list[list[str]] = []
        line = 1
        try:
            next(reader)
            line = reader.line_num + 1
            for row in reader:
                if len(row) == width:
                    rows.append(row)
                    lines.append(line)
                    if len(rows) == CHUNK_ROWS:
                        yield lines, rows
                        lines, rows = [], []
                elif row:
                    ragged_count += 1
                    if len(ragged) < SHOWN_ITEMS:
                        ragged.append(f"line {line} has {len(row)}")
                line = reader.line_num + 1
        except (csv.Error, UnicodeDecodeError) as error:
            # The rows after a broken one cannot be trusted, so the rest of the file is skipped.
            problems.add(_malformed(file, line, error))
        if rows:
            yield lines, rows
    if ragged_count:
        problems.add(f"{file.label}: the header has {width} fields, {enumerate_some(ragged, ragged_count)}")


def _malformed(file: DataFile, line: int, error: Exception) -> str:
    if not isinstance(error, UnicodeDecodeError):
        return f"{file.label}: line {line}: {_REASONS.get(str(error), str(error))}"
    with file.path.open("rb") as stream:
        for number, text in enumerate(stream, start=1):
            try:
                text.decode("utf-8")
            except UnicodeDecodeError as wrong:
                return (
                    f"{file.label}: line {number}: byte 0x{text[wrong.start]:02x} is not UTF-8; save the file as UTF-8"
                )
    raise error
