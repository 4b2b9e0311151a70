"""How the CSV files of the data are written: `data.csv` of mlops.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Delimiter = Literal["auto", ",", ";", "\t", "|"]
Encoding = Literal["utf-8", "latin-1", "windows-1252", "utf-16"]
Decimal = Literal[".", ","]

# The delimiters that a header may tell. The first of two that are as frequent wins.
_DELIMITERS = ("\t", ";", "|", ",")


@dataclass(frozen=True)
class Dialect:
    """A delimiter, or auto: told by the header; the encoding; the decimal mark."""

    delimiter: Delimiter = "auto"
    encoding: Encoding = "utf-8"
    decimal: Decimal = "."


def delimiter_of(text: str) -> str:
    """The delimiter that stands most often in the header of `text`, outside quotes; a comma if there is none."""
    header = re.match(r'(?:"(?:[^"]|"")*"|[^"\n])*', text)
    outside = re.sub(r'"(?:[^"]|"")*"?', "", header.group() if header else "")
    counts = {delimiter: outside.count(delimiter) for delimiter in _DELIMITERS}
    most = max(counts.values())
    return next(delimiter for delimiter in _DELIMITERS if counts[delimiter] == most) if most else ","
