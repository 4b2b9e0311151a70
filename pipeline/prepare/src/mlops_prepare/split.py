"""Decides which rows are held out, by each row's id, so that no row changes side when the data grows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256


def in_holdout(salt: str, row_id: str, share: float) -> bool:
    """Whether the first 8 bytes of sha256(salt:row_id), big-endian, divided by 2^64, are below `share`."""
    digest = sha256(f"{salt}:{row_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


def content_id(fields: Sequence[str]) -> str:
    """The id of a row without one: sha256, in hex, of its fields as a JSON list."""
    return sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
