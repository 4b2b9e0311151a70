"""CSV files as a table: a header, LF or CRLF; delimiter and encoding as `data.csv` says."""

from __future__ import annotations

import csv
import io
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from .dialect import Dialect, delimiter_of
from .problems import SHOWN_ITEMS, Problems, enumerate_some, quote
from .table import CHUNK_ROWS, Chunk, DataFile, Table, check_names
from .text_file import MalformedError, decoded, text_blocks

# The parser's messages, and the explanation for the author of the file.
_REASONS = {
    "unexpected end of data": "a quoted field that starts here never ends",
    "expected after '\"'": "text follows a closing quote; a quote inside a field is written twice",
    "new-line character seen in unquoted field": "a carriage return stands alone; lines end in LF or CRLF",
}

# Below this size, importing Arrow takes longer than it saves.
ARROW_BYTES = 8_000_000

# (first line, columns of the rows) of a block
_Rows = tuple[Sequence[int], Sequence[Sequence[str]]]


def read_csv(files: Sequence[DataFile], dialect: Dialect, problems: Problems, warnings: list[str]) -> Table:
    """The table in CSV `files`; malformed rows are added to `problems` and left out."""
    csv.field_size_limit(sys.maxsize)
    usable: list[_File] = []
    for file in files:
        found = _open(file, dialect, problems)
        before = (usable[0].file, usable[0].names) if usable else None
        if found is not None and check_names(file, found.names, before, problems):
            usable.append(found)
    first = usable[0].names if usable else []
    if any(file.indexed for file in usable):
        warnings.append(
            "The first column has no name and counts the rows, as pandas' to_csv writes its index: it is left out."
        )
    arrow = sum(file.path.stat().st_size for file in files) >= ARROW_BYTES

    def chunks() -> Iterator[Chunk]:
        for file in usable:
            order = None if file.names == first else [file.names.index(name) for name in first]
            for lines, columns in _read_rows(file, arrow, problems):
                yield Chunk(file.file.label, lines, columns if order is None else [columns[at] for at in order])

    return Table(names=first, unit="line", declared=None, unusable={}, chunks=chunks)


class _File:
    """A file whose header has been read."""

    def __init__(self, file: DataFile, dialect: Dialect, delimiter: str, header: Sequence[str]) -> None:
        self.file = file
        self.dialect = dialect
        self.delimiter = delimiter
        # The first column may count the rows, without a name: it is left out.
        self.indexed = len(header) > 1 and not header[0].strip()
        self.names = list(header[1:] if self.indexed else header)
        self.width = len(header)


def _open(file: DataFile, dialect: Dialect, problems: Problems) -> _File | None:
    if file.path.stat().st_size == 0:
        problems.add(f"{file.label}: the file is empty; a header and rows are expected")
        return None
    try:
        block = next(text_blocks(file, dialect.encoding), b"").removeprefix(BOM_UTF8)
        text = decoded(block, 1, 0)
        delimiter: str = dialect.delimiter
        if delimiter == "auto":
            delimiter = delimiter_of(text)
            if delimiter == dialect.decimal:
                raise MalformedError(
                    "the header is split by commas, and the comma is also the decimal mark (data.csv.decimal); "
                    "another delimiter is expected, data.csv.delimiter names it",
                    1,
                )
        header = next(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True), [])
    except (csv.Error, MalformedError) as error:
        problems.add(_malformed(file, 1, error))
        return None
    if not header:
        problems.add(f"{file.label}: line 1 is blank; the header is expected there")
        return None
    if len(header) == 1:
        problems.add(
            f"{file.label}: line 1: the header {quote(header[0])} is one column; the target and a feature are the "
            "least. Is there another delimiter between them? auto knows commas, semicolons, tabs and bars"
        )
        return None
    broken = [quote(name) for name in header if "\n" in name or "\r" in name]
    if broken:
        problems.add(f"{file.label}: line 1: the column name {enumerate_some(broken)} holds a line break")
        return None
    return _File(file, dialect, delimiter, header)


class _Ragged:
    """The rows of another width."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def add(self, line: int, width: int) -> None:
        self.count += 1
        if len(self.first) < SHOWN_ITEMS:
            self.first.append(f"line {line} has {width}")


def _read_rows(file: _File, arrow: bool, problems: Problems) -> Iterator[_Rows]:
    """Yields (line numbers, columns) of the rows; a row of another width is a problem, a blank line is not."""
    ragged = _Ragged()
    counter = _Counter(file, problems) if file.indexed else None
    parse = _arrow_parser(file) if arrow else None
    line, offset = 1, 0
    try:
        blocks = text_blocks(file.file, file.dialect.encoding)
        for block in blocks:
            if offset == 0 and block.startswith(BOM_UTF8):
                block, offset = block[3:], 3  # noqa: PLW2901
            ends = block.count(b"\n")
            columns = parse(block, ends, line == 1) if parse else None
            if columns is not None:
                start = line + (line == 1)
                found: Iterator[_Rows] = iter([(range(start, start + len(columns[0])), columns)])
            elif is_regular(block, file.delimiter):
                found = _parsed(file, iter([block]), line, offset, ragged)
            else:
                # Quotes that end no field: where a record ends is only known by reading on.
                found = _parsed(file, chain([block], blocks), line, offset, ragged)
            for lines, read in found:
                if counter is not None:
                    counter.check(lines, read[0])
                yield lines, read[1:] if file.indexed else read
            line += ends
            offset += len(block)
    except _BrokenError as error:
        # The rows after a broken one cannot be trusted, so the rest of the file is skipped.
        problems.add(_malformed(file.file, error.line, error.cause))
    except MalformedError as error:
        problems.add(_malformed(file.file, line, error))
    if ragged.count:
        problems.add_rows(
            ragged.count,
            f"{file.file.label}: the header has {file.width} fields, {enumerate_some(ragged.first, ragged.count)}",
        )


class _BrokenError(Exception):
    def __init__(self, line: int, cause: Exception) -> None:
        super().__init__(str(cause))
        self.line = line
        self.cause = cause


def _parsed(file: _File, blocks: Iterator[bytes], line: int, offset: int, ragged: _Ragged) -> Iterator[_Rows]:
    """The rows of blocks by the csv module, at most CHUNK_ROWS at a time."""

    def text() -> Iterator[str]:
        at_line, at = line, offset
        for block in blocks:
            # Only LF ends a line here, so that a lone CR is seen.
            yield from io.StringIO(decoded(block, at_line, at), newline="\n")
            at_line += block.count(b"\n")
            at += len(block)

    reader = csv.reader(text(), delimiter=file.delimiter, strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    start = line
    is_header = line == 1
    try:
        for row in reader:
            if is_header:
                is_header = False
            elif len(row) == file.width:
                rows.append(row)
                lines.append(start)
                if len(rows) == CHUNK_ROWS:
                    yield lines, list(zip(*rows, strict=True))
                    lines, rows = [], []
            elif row:
                ragged.add(start, len(row))
            start = line + reader.line_num
    except csv.Error as error:
        if rows:
            yield lines, list(zip(*rows, strict=True))
        raise _BrokenError(start, error) from None
    if rows:
        yield lines, list(zip(*rows, strict=True))


def is_regular(block: bytes, delimiter: str) -> bool:
    """Whether every quote of the block belongs to a field that is quoted as a whole."""
    if b'"' not in block:
        return True
    edge = re.escape(delimiter.encode())
    # A pattern that begins with a quote is searched for much faster than one that begins with what stands before it.
    quoted = rb'"(?<=[\n' + edge + rb']")[^"]*(?:""[^"]*)*"(?=[\r\n' + edge + rb"])"
    return b'"' not in re.sub(quoted, b"", b"\n" + block)


def has_lone_return(block: bytes) -> bool:
    """Whether a carriage return stands without a line feed after it."""
    # Searching is much faster than counting, and few files have one at all.
    return b"\r" in block and block.count(b"\r") != block.count(b"\r\n")


def _arrow_parser(file: _File) -> Callable[[bytes, int, bool], Sequence[Sequence[str]] | None]:
    """Returns a function that parses a block with so many line feeds by Arrow.

    It returns None where only the csv module knows the rows' lines.
    """
    import pyarrow as pa  # noqa: PLC0415  (importing it takes longer than a small file)
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    from .texts import Texts  # noqa: PLC0415

    names = [str(at) for at in range(file.width)]
    parse_options = arrow_csv.ParseOptions(delimiter=file.delimiter)
    convert_options = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, quoted_strings_can_be_null=False
    )

    def parse(block: bytes, ends: int, has_header: bool) -> Sequence[Sequence[str]] | None:
        if b"\0" in block or has_lone_return(block) or not is_regular(block, file.delimiter):
            return None
        read_options = arrow_csv.ReadOptions(
            column_names=names, block_size=len(block) + 1, skip_rows=1 if has_header else 0
        )
        try:
            found = arrow_csv.read_csv(pa.BufferReader(block), read_options, parse_options, convert_options)
        except pa.ArrowInvalid:
            return None
        # Blank lines, and line breaks in fields: the rows are not on lines of their own.
        if not found.num_rows or found.num_rows != ends - has_header:
            return None
        return [Texts(column.combine_chunks()) for column in found.columns]

    return parse


class _Counter:
    """Checks that the first column, which has no name, counts the rows of its file."""

    def __init__(self, file: _File, problems: Problems) -> None:
        self._file = file
        self._problems = problems
        self._next: int | None = None
        self._wrong = False

    def check(self, lines: Sequence[int], values: Sequence[str]) -> None:
        if self._wrong or not len(values):
            return
        if self._next is None and re.fullmatch("0|[1-9][0-9]{0,14}", values[0]):
            self._next = int(values[0])
        start = self._next or 0
        for line, value, number in zip(lines, values, range(start, start + len(values)), strict=True):
            if value != str(number):
                self._wrong = True
                self._problems.add(
                    f"{self._file.file.label}: column 1 has no name and does not count the rows (line {line} has "
                    f"{quote(value)}). Name it in the header, or write the file without it "
                    "(pandas: to_csv(..., index=False))"
                )
                return
        self._next = start + len(values)


def _malformed(file: DataFile, line: int, error: Exception) -> str:
    if isinstance(error, MalformedError):
        place = f"line {error.line}: " if error.line is not None else ""
        return f"{file.label}: {place}{error}"
    text = next((reason for key, reason in _REASONS.items() if key in str(error)), str(error))
    return f"{file.label}: line {line}: {text}"
