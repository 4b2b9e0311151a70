"""The list of the rows that a model was trained on, by which a later run leaves them out of a comparison."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

# Bytes of a row's hash. Two of a million rows share one with a chance of 1 in 10 million.
WIDTH = 8


def mark(key: str) -> bytes:
    """The first 8 bytes of sha256 of what identifies a row: its id, or the hash of its content."""
    return sha256(key.encode()).digest()[:WIDTH]


def trained_bytes(row_ids: Iterable[str], has_id: bool) -> bytes:
    """The marks of the rows, sorted, each once, one after the other.

    Without a column of ids (`has_id`), equal rows have one mark: it leaves out the number that tells them apart.
    """
    return b"".join(sorted({mark(row_id if has_id else row_id.rsplit("-", 1)[0]) for row_id in row_ids}))


def read_trained(path: Path) -> frozenset[bytes]:
    """The marks in a file that `trained_bytes` made."""
    content = path.read_bytes()
    return frozenset(content[at : at + WIDTH] for at in range(0, len(content), WIDTH))
