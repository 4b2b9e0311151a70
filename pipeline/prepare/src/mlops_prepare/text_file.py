"""Reads a file as UTF-8 in blocks of whole lines, whatever its encoding, packed by gzip or not."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from .dialect import Encoding
from .other_format import is_gzip, other_format
from .table import DataFile

# Bytes of a block: enough for Arrow to be quick, few enough that memory stays small.
BLOCK = 1 << 22

# A block that ends within a quoted field grows; beyond this, a quote is never closed.
LONGEST = 1 << 24


class MalformedError(Exception):
    """The file cannot be read from `line` on: the message says why."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def text_blocks(file: DataFile, encoding: Encoding) -> Iterator[bytes]:
    """Blocks of UTF-8 that end at the end of a line outside quotes, as far as quotes tell.

    The last block ends in a line feed too. Raises MalformedError.
    """
    yield from line_blocks(_chunks(file) if encoding == "utf-8" else _transcoded(file, encoding))


def line_blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks that end at the end of a line outside quotes, as far as quotes tell; the last ends in a line feed too."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        end = rest.rfind(b"\n") + 1
        # Within quotes the end of a line is no end of a record.
        if end and (b'"' not in rest or rest.count(b'"', 0, end) % 2 == 0 or len(rest) > LONGEST):
            block, rest = rest[:end], rest[end:]
            yield block
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _chunks(file: DataFile) -> Iterator[bytes]:
    """The bytes of the file, unpacked."""
    with file.path.open("rb") as stream:
        head = stream.read(4096)
        stream.seek(0)
        if not is_gzip(head):
            _refuse(head)
            yield from raw_blocks(stream)
            return
        try:
            with gzip.open(stream) as unpacked:
                _refuse(unpacked.read(4096))
                unpacked.seek(0)
                yield from raw_blocks(unpacked)
        except EOFError:
            raise MalformedError("the gzip file is cut off", None) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise MalformedError(f"the gzip file is damaged: {error}", None) from None


def raw_blocks(stream: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    """The bytes of a stream, a block at a time."""
    while chunk := stream.read(BLOCK):
        yield chunk


def _refuse(head: bytes) -> None:
    found = other_format(head)
    if found is not None:
        raise MalformedError(found, None)


def _transcoded(file: DataFile, encoding: Encoding) -> Iterator[bytes]:
    decoder: codecs.IncrementalDecoder | None = None
    line, offset = 1, 0
    for chunk in _chunks(file):
        if decoder is None:
            decoder = codecs.getincrementaldecoder(_codec(encoding, chunk))()
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            wrong = error.object[error.start]
            raise MalformedError(
                f"byte 0x{wrong:02x} at offset {offset - len(pending) + error.start} is not {encoding}",
                line + error.object[: error.start].count(b"\n"),
            ) from None
        line += text.count("\n")
        offset += len(chunk)
        yield text.removeprefix("\ufeff").encode() if offset == len(chunk) else text.encode()
    if decoder is not None and decoder.getstate()[0]:
        raise MalformedError(f"it ends with half a character of {encoding}", line)


def _codec(encoding: Encoding, start: bytes) -> str:
    if encoding != "utf-16":
        return {"latin-1": "latin-1", "windows-1252": "cp1252"}[encoding]
    # Without a byte-order mark, the zero byte of the first character tells the order.
    is_big_endian = start[:2] == codecs.BOM_UTF16_BE or (start[0] == 0 and start[1:2] != b"\0")
    return "utf-16-be" if is_big_endian else "utf-16-le"


def decoded(block: bytes, line: int, offset: int) -> str:
    """The text of a block that starts at `line` and `offset`. Raises MalformedError where it is no text."""
    nul = block.find(b"\0")
    try:
        text = block.decode()
    except UnicodeDecodeError as error:
        if nul == -1 or error.start < nul:
            raise _not_utf8(block, error.start, line, offset) from None
    if nul == -1:
        return text
    head = block[:64]
    remedy = "; data.csv: { encoding: utf-16 } reads a file saved as UTF-16" if head.count(0) * 4 >= len(head) else ""
    raise MalformedError(f"a NUL character (offset {offset + nul}), text is expected{remedy}", _line(block, nul, line))


def _not_utf8(block: bytes, at: int, line: int, offset: int) -> MalformedError:
    start = block.rfind(b"\n", 0, at) + 1
    end = block.find(b"\n", at)
    # windows-1252 has letters and quotes where Latin-1 has control characters.
    fits = "windows-1252" if any(0x80 <= byte < 0xA0 for byte in block[start:end]) else "latin-1"
    if at == 0 and line == 1 and block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        fits = "utf-16"
    remedy = f"data.csv: {{ encoding: {fits} }} reads it as {fits}"
    return MalformedError(
        f"byte 0x{block[at]:02x} at offset {offset + at} is not UTF-8; {remedy}", _line(block, at, line)
    )


def _line(block: bytes, at: int, line: int) -> int:
    return line + block.count(b"\n", 0, at)
