"""Decides each row's side (data.split): training rows, holdout, or neither."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from .column import is_missing
from .moment import Kind, boundary_of, moment, unit_of, written
from .problems import SHOWN_ITEMS, Finding, Problems, enumerate_some, quote, quote_cell
from .table import Chunk, Places

if TYPE_CHECKING:
    from .config import Config

TRAIN, HOLDOUT, LEFT_OUT = range(3)


def flags(sides: bytes, side: int) -> bytes:
    """1 for each row on the side, else 0."""
    return sides.translate(bytes(value == side for value in range(256)))


def in_holdout(salt: str, key: str, share: float) -> bool:
    """Whether the first 8 bytes of sha256(salt:key), big-endian, divided by 2^64, are below `share`."""
    return sha256(f"{salt}:{key}".encode()).digest() < _limit(share)


def holdout_of(salt: str, keys: Iterable[str], share: float) -> list[bool]:
    """`in_holdout` for many rows."""
    limit = _limit(share)
    return [sha256(f"{salt}:{key}".encode()).digest() < limit for key in keys]


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


class Split(ABC):
    """Takes the rows chunk by chunk, then says on which side each is."""

    # The group of each row, where the split is by group.
    groups: Sequence[str] | None = None

    @abstractmethod
    def add(self, start: int, chunk: Chunk, keys: Sequence[str]) -> None:
        """Adds a chunk whose first row has the number `start`; `keys` identify its rows by id or content."""

    @abstractmethod
    def sides(self, places: Places, problems: Problems, warnings: list[str]) -> bytes:
        """TRAIN, HOLDOUT or LEFT_OUT for each row; what is wrong is added to `problems`."""

    def facts(self) -> Mapping[str, object]:
        """The manifest's entry for the split."""
        return {}


def split_of(config: Config, names: Sequence[str], held_files: frozenset[str]) -> Split:
    """The split that the configuration asks for; `held_files` are the labels of the files of the holdout."""
    column = config.split.column
    if config.split.by == "file":
        return _ByFile(config, held_files)
    if column is None or column not in names:  # check_columns reports a column that is not there
        return _ByHash(config)
    return (_ByGroup if config.split.by == "group" else _ByTime)(config, names.index(column), column)


class _ByHash(Split):
    """A row's side follows from a hash of its id, so no row changes side when the data grows."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sides = bytearray()

    def add(self, _start: int, _chunk: Chunk, keys: Sequence[str]) -> None:
        self._sides.extend(holdout_of(self._config.salt, keys, self._config.holdout))

    def sides(self, places: Places, _problems: Problems, warnings: list[str]) -> bytes:
        if self._config.row_id is None and len(places):
            warnings.append(
                "data.row_id is not set: a hash of a row's columns decides whether it is held out, so a column that is "
                "added to the data, or changed, moves rows between training and holdout."
            )
        return bytes(self._sides)

    def facts(self) -> Mapping[str, object]:
        return {"by": "hash"}


class _ByColumn(Split):
    """A split that the column number `at` decides."""

    def __init__(self, config: Config, at: int, column: str) -> None:
        self._config = config
        self._at = at
        self._column = column
        # The column in messages.
        self._name = f"column {quote(column)} (data.split.column)"

    def _cell(self, text: str) -> str:
        return quote_cell(text, self._column, self._config.sensitive)


class _ByGroup(_ByColumn):
    """A group's side follows from a hash of its text, so no group changes side when the data grows."""

    def __init__(self, config: Config, at: int, column: str) -> None:
        super().__init__(config, at, column)
        self._side_of: dict[str, int] = {}
        self._shared: dict[str, str] = {}
        self._empty = Finding()
        self.groups: list[str] = []

    def add(self, start: int, chunk: Chunk, _keys: Sequence[str]) -> None:
        values = chunk.columns[self._at]
        for value in dict.fromkeys(values):
            if value not in self._side_of:
                self._side_of[value] = int(in_holdout(self._config.salt, value, self._config.holdout))
        # Share one text per group to save memory.
        self.groups.extend(map(self._shared.setdefault, values, values))
        self._empty.add(row for row, value in enumerate(values, start) if not value)

    def sides(self, places: Places, problems: Problems, warnings: list[str]) -> bytes:
        if self._empty.count:
            problems.add(
                f"{places.describe(self._empty.first, self._empty.count)}: {self._name} is empty; every row needs a "
                "group: fill it in, or leave such rows out"
            )
        for marker in filter(is_missing, filter(None, self._side_of)):
            count = self.groups.count(marker)
            warnings.append(f"{count:,} rows have the group {self._cell(marker)}: they count as one group.")
        found = set(self._side_of.values())
        if len(places) and len(found) == 1 and not self._empty.count:
            side = "the holdout" if HOLDOUT in found else "training"
            problems.add(
                f"{self._config.source}: {self._name} has {len(self._side_of):,} groups, which all fall to {side}; "
                f"more groups or another data.holdout (now {self._config.holdout}) are needed"
            )
        return bytes(map(self._side_of.__getitem__, self.groups))

    def facts(self) -> Mapping[str, object]:
        return {"by": "group", "column": self._column}


class _ByTime(_ByColumn):
    """The newest rows are held out: those at or after the latest time with at least `holdout` of all rows."""

    def __init__(self, config: Config, at: int, column: str) -> None:
        super().__init__(config, at, column)
        self._times = array("d")
        self._found: dict[Kind, Finding] = {"date": Finding(), "number": Finding(), "": Finding()}
        self._example: dict[Kind, str] = {}
        self._facts: dict[str, object] = {}

    def add(self, start: int, chunk: Chunk, _keys: Sequence[str]) -> None:
        values = chunk.columns[self._at]
        known = {value: moment(value) for value in set(values)}
        kinds: dict[Kind, list[int]] = {}
        for row, value in enumerate(values, start):
            time, kind = known[value]
            self._times.append(time)
            kinds.setdefault(kind, []).append(row)
            self._example.setdefault(kind, value)
        for kind, rows in kinds.items():
            self._found[kind].add(rows)

    def sides(self, places: Places, problems: Problems, _warnings: list[str]) -> bytes:
        kind: Kind = "date" if self._found["date"].count >= self._found["number"].count else "number"
        wanted = "dates such as 2024-03-01 or 2024-03-01T12:00:00Z" if kind == "date" else "numbers"
        wrong = [other for other, finding in self._found.items() if other != kind and finding.count]
        for other in wrong:
            finding = self._found[other]
            held = f"holds {self._cell(self._example[other])}" if self._example[other] else "is empty"
            problems.add(
                f"{places.describe(finding.first, finding.count)}: {self._name} {held}; every row needs "
                f"a time, here {wanted}"
            )
        if wrong or not self._times:
            return bytes(len(self._times))
        return self._divide(kind, problems)

    def _divide(self, kind: Kind, problems: Problems) -> bytes:
        config = self._config
        boundary = boundary_of(self._times, config.holdout)
        per_second = 1e6 if kind == "date" else unit_of(self._times)
        if config.split.embargo and per_second is None:
            problems.add(
                f"{config.source}: {self._name} holds numbers such as "
                f"{self._cell(self._example[kind])}, which are no Unix times; data.split.embargo needs dates or Unix "
                "times: leave it out, or write dates"
            )
            return bytes(len(self._times))
        gap = boundary - config.split.embargo * (per_second or 0)
        sides = bytes(
            HOLDOUT if time >= boundary else LEFT_OUT if config.split.embargo and time >= gap else TRAIN
            for time in self._times
        )
        if TRAIN not in sides:
            hidden = self._column in config.sensitive
            begins = "a time that data.sensitive hides" if hidden else written(boundary, kind)
            problems.add(
                f"{config.source}: no row falls to training: the holdout begins at {begins}, and "
                f"{sides.count(LEFT_OUT):,} rows before it are within data.split.embargo; a smaller data.holdout "
                f"(now {config.holdout}) or embargo is needed"
            )
        self._facts = {
            "boundary": written(boundary, kind),
            "embargo": config.split.embargo,
            "embargoed": sides.count(LEFT_OUT),
        }
        return sides

    def facts(self) -> Mapping[str, object]:
        return {"by": "time", "column": self._column, **self._facts}


class _ByFile(Split):
    """The rows of data.split.source are the holdout. None of them may be in data.source too."""

    def __init__(self, config: Config, held_files: frozenset[str]) -> None:
        self._config = config
        self._held_files = held_files
        self._sides = bytearray()
        self._keys: list[str] = []

    def add(self, _start: int, chunk: Chunk, keys: Sequence[str]) -> None:
        side = HOLDOUT if chunk.file in self._held_files else TRAIN
        self._sides.extend([side] * len(chunk.positions))
        self._keys.extend(keys)

    def sides(self, places: Places, problems: Problems, _warnings: list[str]) -> bytes:
        of_train = {key for key, side in zip(self._keys, self._sides, strict=False) if side == TRAIN}
        both = {key for key, side in zip(self._keys, self._sides, strict=False) if side == HOLDOUT and key in of_train}
        if both:
            rows: dict[str, list[int]] = {}
            for row, key in enumerate(self._keys):
                if key in both and (key in rows or len(rows) < SHOWN_ITEMS):
                    rows.setdefault(key, []).append(row)
            row_id = self._config.row_id
            examples = [
                (f"{quote_cell(key, row_id, self._config.sensitive)} on " if row_id else "")
                + places.describe(at, len(at))
                for key, at in rows.items()
            ]
            what = "row ids" if row_id else "rows (equal in every column but the target)"
            problems.add(
                f"{len(both):,} {what} are both in {self._config.source} (data.source) and in "
                f"{self._config.split.source} (data.split.source); a row of the holdout must not be in training: "
                + enumerate_some(examples, len(both))
            )
        return bytes(self._sides)

    def facts(self) -> Mapping[str, object]:
        return {"by": "file", "source": self._config.split.source}


def groups_of(groups: Sequence[str] | None, rows: Iterable[int]) -> list[str] | None:
    """The groups of the rows with these numbers; None if there are no groups."""
    return None if groups is None else [groups[row] for row in rows]
