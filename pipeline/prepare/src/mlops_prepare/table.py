"""The user's data as one table of text, for every file format."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from .problems import SHOWN_ITEMS, Problems, enumerate_some, quote

# Rows per chunk: enough to spread the cost of a chunk, few enough to stay in the processor's cache.
CHUNK_ROWS = 2_048

Type = Literal["number", "category", "boolean"]


class DataFile(NamedTuple):
    """A data file: its path, its name in messages, and its path in the folder of all data files."""

    path: Path
    label: str
    inner: PurePosixPath


class Chunk(NamedTuple):
    """Consecutive rows of one file: `columns[j][i]` is the text of row i in the table's column j, "" where missing."""

    file: str
    positions: Sequence[int]
    columns: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Table:
    """`chunks()` reads all rows, file by file; it can be called again."""

    names: Sequence[str]
    # The unit of a position: lines, the header being 1 (CSV), or rows from 1 (Parquet).
    unit: Literal["line", "row"]
    # Types that the files declare (Parquet); otherwise the text decides.
    declared: Mapping[str, Type] | None
    # Columns of other types, such as lists, with a description; an error only if they are used.
    unusable: Mapping[str, str]
    chunks: Callable[[], Iterator[Chunk]]
    # Columns in which pandas keeps its index: no features, but the configuration may name them.
    index: Sequence[str] = ()
    # Labels of the files that hold the holdout (data.split.by: file).
    held_files: frozenset[str] = frozenset()


class Places:
    """The positions of the table's rows in its files; rows are numbered from 0 in order of reading."""

    def __init__(self, unit: Literal["line", "row"]) -> None:
        self._unit = unit
        self._files: list[str] = []
        self._starts: list[int] = []
        self._positions = array("Q")

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, chunk: Chunk) -> None:
        """Appends the rows of a chunk."""
        if not self._files or self._files[-1] != chunk.file:
            self._files.append(chunk.file)
            self._starts.append(len(self._positions))
        self._positions.extend(chunk.positions)

    def describe(self, rows: Iterable[int], total: int) -> str:
        """`a.csv lines 3, 9 and 5 more`: the first few of `rows`, of which there are `total`."""
        by_file: dict[str, list[str]] = {}
        for count, row in enumerate(rows):
            if count == SHOWN_ITEMS:
                break
            file = self._files[bisect_right(self._starts, row) - 1]
            by_file.setdefault(file, []).append(str(self._positions[row]))
        parts = [
            f"{file} {self._unit if len(at) == 1 else self._unit + 's'} {', '.join(at)}" for file, at in by_file.items()
        ]
        more = total - sum(map(len, by_file.values()))
        return ", ".join(parts) + (f" and {more:,} more" if more > 0 else "")


def find_files(folder: Path, source: str) -> list[DataFile]:
    """Every file under `folder`, by name, without hidden files and markers (_SUCCESS); labels start with `source`."""
    paths = sorted(
        (path for path in folder.rglob("*") if path.is_file() and not _is_marker(path.relative_to(folder))),
        key=lambda path: path.relative_to(folder).as_posix(),
    )
    files = [(path, PurePosixPath(path.relative_to(folder).as_posix())) for path in paths]
    if len(files) == 1 and Path(source).name == paths[0].name:
        return [DataFile(path, source, inner) for path, inner in files]
    return [DataFile(path, f"{source.rstrip('/')}/{inner}", inner) for path, inner in files]


def check_names(
    file: DataFile, names: Sequence[str], first: tuple[DataFile, Sequence[str]] | None, problems: Problems
) -> bool:
    """Whether all columns have unique names, the same as in the first file; adds mistakes to `problems`."""
    found = len(set(names)) == len(names) and all(names)
    for position, name in enumerate(names, start=1):
        if not name:
            problems.add(f"{file.label}: column {position} has no name")
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        at = [str(position) for position, other in enumerate(names, start=1) if other == name]
        problems.add(f"{file.label}: column name {quote(name)} stands {len(at)} times, as columns {enumerate_some(at)}")
    if found and first is not None and set(names) != set(first[1]):
        missing = [quote(name) for name in first[1] if name not in set(names)]
        extra = [quote(name) for name in names if name not in set(first[1])]
        difference = [f"lacks {enumerate_some(missing)}"] if missing else []
        difference += [f"adds {enumerate_some(extra)}"] if extra else []
        problems.add(f"{file.label}: its columns differ from those of {first[0].label}: it {' and '.join(difference)}")
        return False
    return found


def _is_marker(path: Path) -> bool:
    # `_day=1` is a folder of a key.
    return any(part.startswith(".") or (part.startswith("_") and "=" not in part) for part in path.parts)
