"""Collects the problems of the data, so that one run reports all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from .errors import DataContractError

SHOWN_PROBLEMS = 50
SHOWN_ITEMS = 5


class Problems:
    """Problems of the data, in the order found."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        """Adds one problem: what was found, what was expected and where."""
        self._texts.append(text)

    def add_rows(self, count: int, text: str) -> None:
        """Adds rows that cannot be read and are not in the table: how many, and which."""
        del count
        self.add(text)

    def __len__(self) -> int:
        return len(self._texts)

    def check(self) -> None:
        """Raises DataContractError if there are problems, one per line (at most SHOWN_PROBLEMS)."""
        if not self._texts:
            return
        lines = self._texts[:SHOWN_PROBLEMS]
        if len(self._texts) > len(lines):
            lines = [*lines, f"and {len(self._texts) - len(lines)} more"]
        raise DataContractError("\n".join(lines))


class Finding:
    """The number of rows with a problem, and the first few of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[int] = []

    def add(self, rows: Iterable[int]) -> None:
        """Adds the numbers of more rows."""
        for row in rows:
            self.count += 1
            if len(self.first) < SHOWN_ITEMS:
                self.first.append(row)


def quote(text: str) -> str:
    """A value from the data for a message: in double quotes, escaped and cut to 60 characters."""
    return json.dumps(text if len(text) <= 60 else text[:59] + "…", ensure_ascii=False)


def quote_cell(text: str, column: str, sensitive: Sequence[str]) -> str:
    """A cell of a column for a message, which ends in logs and comments: one of a sensitive column is not quoted."""
    return "a value that data.sensitive hides" if column in sensitive else quote(text)


def enumerate_some(items: Iterable[str], total: int | None = None) -> str:
    """`a, b and 7 more`: the first few of `items`, and how many more `total` (default: the items) has."""
    known = list(items)
    shown = known[:SHOWN_ITEMS]
    more = (len(known) if total is None else total) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def nearest(name: str, names: Sequence[str]) -> str:
    """`; the nearest is "Age"`, or the first few of `names` if none is near, to end a message about `name`."""
    import difflib  # noqa: PLC0415  (needed only for a message)

    folded: dict[str, str] = {}
    for known in names:
        folded.setdefault(known.strip().casefold(), known)
    close = difflib.get_close_matches(name.strip().casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"; the nearest is {quote(folded[close[0]])}"
    return f"; there are {enumerate_some(quote(known) for known in names)}"
