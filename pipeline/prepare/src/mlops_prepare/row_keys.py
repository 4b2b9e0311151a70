"""Row ids as whole numbers of 64 bits, by which labels are joined to predictions.

They are the first 8 bytes of sha256, which is what the prediction service keeps of ids that are text
(pipeline/serve/capture.ts). Two of ten million ids share a number with a chance of 3 in a million.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import numpy as np

_HASHED = "sha256:"


def row_keys(ids: Iterable[str]) -> Any:
    """The numbers of row ids, as an array of uint64."""
    found = b"".join([sha256(text.encode()).digest()[:8] for text in ids])
    return np.frombuffer(found, ">u8").astype(np.uint64)


def captured_key(text: str) -> int | None:
    """The number of a row id as the prediction service keeps it; None if it is none."""
    if not text.startswith(_HASHED):
        return int.from_bytes(sha256(text.encode()).digest()[:8], "big")
    digits = text.removeprefix(_HASHED)
    try:
        return int(digits, 16) if len(digits) == 16 else None
    except ValueError:
        return None
