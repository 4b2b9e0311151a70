"""Numbers as data and hyperparameters write them."""

from __future__ import annotations

import math
import re

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch


def parse_number(text: str) -> float | None:
    """The number that the text writes, NaN where it is empty or says NaN, None where it is no finite number."""
    if not text or text.lower() == "nan":
        return math.nan
    if not _NUMBER(text):
        return None
    number = float(text)
    return None if math.isinf(number) else number
