"""A chunk's column as an Arrow array, for what Arrow does faster than a loop."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, overload

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from .arrow_arrays import flag_array, text_array, text_scalar

# Bytes of text that JSON in ASCII escapes.
_ESCAPED = re.compile(rb"[^ !#-\[\]-~]").search

# Arrow's writer is fastest with so many rows at a time: they stay in the processor's cache.
_WRITTEN_ROWS = 4096

# Characters for which a field of CSV stands in quotes.
_QUOTED = (b'"', b",", b"\n", b"\r")


class Texts(Sequence[str]):
    """Texts without nulls; a list is made of them only where one is needed."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self._list: list[str] | None = None

    def list(self) -> list[str]:
        """The texts as a list."""
        if self._list is None:
            self._list = self.array.to_pylist()
        return self._list

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[str]:
        return iter(self.list())

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        return self.list()[at]

    def filter(self, keep: Iterable[bool]) -> Texts:
        """The texts that `keep` marks."""
        return Texts(self.array.filter(flag_array(list(keep))))

    def content(self) -> bytes:
        """The texts one after the other, in UTF-8."""
        return _bytes(self.array)


def as_array(values: Sequence[str]) -> Any:
    """The values as an Arrow array of text."""
    return values.array if isinstance(values, Texts) else text_array(values)


def cleaned(texts: Texts, clean: Callable[[str], str], clean_already: str) -> Texts:
    """The texts after `clean`, which leaves those alone that match `clean_already`."""
    odd = pc.invert(pc.match_substring_regex(texts.array, clean_already))
    values = texts.array.filter(odd).dictionary_encode()
    if not len(values):
        return texts
    table = text_array(clean(value) for value in values.dictionary.to_pylist())
    return Texts(pc.replace_with_mask(texts.array, odd, table.take(values.indices)))


def csv_lines(columns: Sequence[Sequence[str]], keep: Sequence[int]) -> bytes:
    """The rows that `keep` marks as lines of CSV: fields in quotes only where they have to be, as csv.writer does."""
    arrays = [as_array(values) for values in columns]
    if not all(keep):
        mask = flag_array(keep)
        arrays = [array.filter(mask) for array in arrays]
    plain, arrays = arrays, [_quoted(array) for array in arrays]
    if len(arrays) > 1 and all(array is before for array, before in zip(arrays, plain, strict=True)):
        return _unquoted_lines(arrays)
    if len(arrays) == 1:
        # An empty line would be no row.
        arrays = [pc.if_else(pc.equal(arrays[0], text_scalar("")), text_scalar('""'), arrays[0])]
    comma, end, nothing = (text_scalar(text).cast(pa.large_string()) for text in (",", "\n", ""))
    arrays = [array.cast(pa.large_string()) for array in arrays]
    arrays[-1] = pc.binary_join_element_wise(arrays[-1], end, nothing)
    lines = pc.binary_join_element_wise(*arrays, comma)
    return _bytes(lines)


def _unquoted_lines(arrays: Sequence[Any]) -> bytes:
    """Lines of CSV whose fields need no quotes.

    Arrow's writer takes half the time of joining texts, but it either quotes every text or refuses those that need it.
    """
    sink = pa.BufferOutputStream()
    options = arrow_csv.WriteOptions(include_header=False, batch_size=_WRITTEN_ROWS, quoting_style="none")
    arrow_csv.write_csv(pa.table(arrays, names=[str(at) for at in range(len(arrays))]), sink, options)
    lines: bytes = sink.getvalue().to_pybytes()
    return lines


def json_lines(template: str, columns: Sequence[Sequence[str]], keep: Sequence[int]) -> bytes:
    """The rows that `keep` marks, each written into the template, whose `%s` stand for the columns, which are JSON."""
    arrays = [as_array(values) for values in columns]
    if not all(keep):
        mask = flag_array(keep)
        arrays = [array.filter(mask) for array in arrays]
    texts = template.replace("%%", "\0").split("%s")
    between = [text_scalar(text.replace("\0", "%")).cast(pa.large_string()) for text in texts]
    wide = [array.cast(pa.large_string()) for array in arrays]
    pieces = [between[0], *(piece for pair in zip(wide, between[1:], strict=True) for piece in pair)]
    return _bytes(pc.binary_join_element_wise(*pieces, text_scalar("").cast(pa.large_string())))


def json_fields(values: Any, type_: str | None) -> Texts:
    """Cleaned fields of a type as JSON, a missing value being null; without a type texts, also where they are empty."""
    array = values.array
    missing = pc.equal(array, text_scalar(""))
    if type_ == "boolean":
        array = pc.ascii_lower(array)
    elif type_ != "number":
        if _ESCAPED(_bytes(array)):
            encoded = array.dictionary_encode()
            written = text_array(json.dumps(text)[1:-1] for text in encoded.dictionary.to_pylist())
            array = written.take(encoded.indices)
        quote, nothing = text_scalar('"'), text_scalar("")
        array = pc.binary_join_element_wise(quote, array, quote, nothing)
    return Texts(array if type_ is None else pc.if_else(missing, text_scalar("null"), array))


def _quoted(array: Any) -> Any:
    content = _bytes(array)
    if not any(character in content for character in _QUOTED):
        return array
    special = pc.match_substring_regex(array, '[",\n\r]')
    doubled = pc.replace_substring(array, '"', '""')
    quote, nothing = (text_scalar(text).cast(array.type) for text in ('"', ""))
    return pc.if_else(special, pc.binary_join_element_wise(quote, doubled, quote, nothing), array)


def _bytes(array: Any) -> bytes:
    """The texts one after the other."""
    _, offsets, data = array.buffers()
    if data is None or not len(array):
        return b""
    width = 8 if pa.types.is_large_string(array.type) else 4
    places = memoryview(offsets).cast("q" if width == 8 else "i")
    content: bytes = data.slice(
        places[array.offset], places[array.offset + len(array)] - places[array.offset]
    ).to_pybytes()
    return content
