"""Decides which rows are held out, by each row's id, so that no row changes side when the data grows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256


def in_holdout(salt: str, row_id: str, share: float) -> bool:
    """Whether the first 8 bytes of sha256(salt:row_id), big-endian, divided by 2^64, are below `share`."""
    return sha256(f"{salt}:{row_id}".encode()).digest() < _limit(share)


def holdout_of(salt: str, row_ids: Iterable[str], share: float) -> list[bool]:
    """`in_holdout` for many rows."""
    limit = _limit(share)
    return [sha256(f"{salt}:{row_id}".encode()).digest() < limit for row_id in row_ids]


@lru_cache
def _limit(share: float) -> bytes:
    """The bytes of the first number whose 2^64th part, a double, is not below `share`.

    Digests are compared with them whole: of two texts of bytes the longer is the larger if it begins with the other.
    """
    low, high = 0, 2**64
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle / 2**64 < share else (low, middle)
    return low.to_bytes(8, "big")


def content_id(fields: Sequence[str]) -> str:
    """The id of a row without one: sha256, in hex, of its fields as a JSON list."""
    return sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
