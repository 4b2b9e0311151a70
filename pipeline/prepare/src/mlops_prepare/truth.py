"""Labels as they come to be known: reads monitoring.truth, and keeps what each look has seen of it.

A label is told apart by its row id, and by the package and the time of the prediction where the truth names them.
Memory holds some 60 bytes of each, and a few times as much while they are sorted; files are read in chunks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .arrow_arrays import filled, flag_array, number_array, numpy_of, text_array
from .column import is_missing, number
from .config import Problem
from .dialect import Decimal, Dialect
from .errors import DataContractError, MonitorError
from .moment import moment
from .other_format import is_gzip
from .package_reference import PackageReference
from .part_files import PartFiles
from .partition import with_keys
from .problems import Problems, enumerate_some, quote
from .row_keys import row_keys
from .table import DataFile, Table, find_files

# No time and no package.
NO_TIME = np.iinfo(np.int64).min
NEVER = np.iinfo(np.int64).max
NONE = -1
# Labels that wait until those that are the same are put together.
MOST_WAITING = 1 << 20

# Names that a file of labels may have for its columns, whatever mlops.yaml calls them.
_OWN_NAMES = ("row_id", "label", "package", "predicted_at", "known_at")

_STATE = pa.schema(
    [
        ("key", pa.uint64()),
        ("package", pa.string()),
        ("predicted_at", pa.timestamp("us")),
        ("label", pa.string()),
        ("value", pa.float64()),
        ("known_at", pa.timestamp("us")),
        ("seen", pa.timestamp("us")),
        ("conflict", pa.bool_()),
        ("matched_package", pa.string()),
        ("matched_at", pa.timestamp("us")),
    ]
)


@dataclass(frozen=True)
class TruthSettings:
    """Where labels are, and how to read them."""

    # The name of the files in messages: monitoring.truth.
    source: str
    # data.row_id and data.target; a file may call them row_id and label.
    row_id: str | None
    target: str
    csv: Dialect


class Labels(NamedTuple):
    """Labels as arrays of the same length; of a class, `values` is its number in the vocabulary."""

    keys: Any
    packages: Any
    # The prediction's time that the truth names; NO_TIME: none. Microseconds since 1970, as all times.
    named: Any
    values: Any
    # When the label was known, as the truth says; NEVER: it does not.
    known: Any
    # When a look first saw it.
    seen: Any
    conflict: Any
    # The prediction that the label counted for so far; NONE, NO_TIME: none.
    matched_packages: Any
    matched: Any


class Names:
    """Packages by number: those of the settings, then others that the truth names."""

    def __init__(self, names: Sequence[str]) -> None:
        self.all = list(names)
        self._numbers = {name: at for at, name in enumerate(names)}

    def number(self, name: str) -> int:
        """The number of a package."""
        if name not in self._numbers:
            self._numbers[name] = len(self.all)
            self.all.append(name)
        return self._numbers[name]


class Vocabulary:
    """The classes of all packages by number.

    1 and 1.0 are one class, and so are True and true, unless a package has both.
    """

    def __init__(self, problem: Problem, references: Sequence[PackageReference | None], decimal: Decimal) -> None:
        self._decimal = decimal
        self.is_value = problem == "regression"
        # The labels of a package of another kind of problem are others.
        own_kind = [
            None if reference is None or (reference.problem == "regression") != self.is_value else reference
            for reference in references
        ]
        found = [reference for reference in own_kind if reference is not None]
        self.texts: list[str] = []
        self._exact: dict[str, int] = {}
        self._alike: dict[str, int | None] = {}
        for reference in found:
            own: set[int] = set()
            for label in reference.labels:
                number_ = self._exact.get(label, self._alike.get(self._plain(label)))
                if number_ is None or number_ in own:
                    number_ = len(self.texts)
                    self.texts.append(label)
                own.add(number_)
                self._exact.setdefault(label, number_)
                # Two classes that look alike are told apart by their exact text alone.
                plain = self._plain(label)
                self._alike[plain] = number_ if self._alike.get(plain, number_) == number_ else None
        self._codes = [None if reference is None else self._codes_of(reference) for reference in own_kind]

    def _codes_of(self, reference: PackageReference) -> Any:
        codes = np.full(len(self.texts) + 1, np.nan)
        own = {self._exact[label]: code for code, label in enumerate(reference.labels)}
        for number_, code in own.items():
            codes[number_] = code
        return codes

    def _plain(self, text: str) -> str:
        value = number(text, self._decimal)
        if value is not None:
            return repr(float(value))
        stripped = text.strip()
        return stripped.lower() if stripped.lower() in ("true", "false") else stripped

    def value(self, text: str) -> float | None:
        """The number of the class that the label names, or the value that it is; None if it is neither."""
        if self.is_value:
            found = number(text, self._decimal)
            return None if found is None else float(found)
        at = self._exact.get(text)
        if at is None and not is_missing(text):
            at = self._alike.get(self._plain(text))
        return None if at is None else float(at)

    def codes(self, package: int, values: Any) -> Any:
        """The labels as numbers of the package's classes, or values; NaN where the package has no such class."""
        codes = self._codes[package]
        if codes is None:
            return np.full(len(values), np.nan)
        if self.is_value:
            return values
        return codes[np.where(np.isnan(values), len(self.texts), values).astype(np.int64)]


class _Unquoted(Problems):
    """Problems of a file of labels, which quote nothing but names that are expected: everybody may see them.

    A file whose columns are swapped has row ids where labels are expected; without a header they are its names.
    """

    def __init__(self, expected: Sequence[str]) -> None:
        super().__init__()
        self._expected = {quote(name) for name in expected}

    def add(self, text: str) -> None:
        """Adds one problem, without what it quotes of the file."""
        super().add(
            re.sub(r'"(?:[^"\\]|\\.)*"', lambda found: found[0] if found[0] in self._expected else "(not shown)", text)
        )


class _Wrong:
    """Rows of one file without a usable value in one column."""

    def __init__(self, first: int) -> None:
        self.count = 0
        self.first = first


class Truth:
    """What all looks have seen, this one included."""

    def __init__(self, names: Names, vocabulary: Vocabulary, at: int, sensitive: Sequence[str]) -> None:
        self.rows = 0
        self.bad = 0
        self.notes: list[str] = []
        self._names = names
        self._vocabulary = vocabulary
        self._at = at
        self._sensitive = sensitive
        self._parts: list[Labels] = []
        # Labels in `_parts` that may be there twice.
        self._waiting = 0
        # By file and unit of its rows, column, and what is expected there.
        self._wrong: dict[tuple[str, str, str, str], _Wrong] = {}

    def read_earlier(self, folder: Path) -> None:
        """Adds what an earlier look kept."""
        for path in sorted(folder.rglob("*.parquet")):
            label = f"earlier/{path.relative_to(folder).as_posix()}"
            try:
                with pq.ParquetFile(path) as file:
                    if file.schema_arrow.names != _STATE.names:
                        raise MonitorError(f"{label}: got other columns than a look writes ({', '.join(_STATE.names)})")
                    for batch in file.iter_batches():
                        self._parts.append(self._earlier(batch))
            except (pa.ArrowException, OSError) as error:
                raise MonitorError(
                    f"{label}: a Parquet file that an earlier look wrote is expected; {str(error).splitlines()[0]}"
                ) from None

    def _earlier(self, batch: pa.RecordBatch) -> Labels:
        def time(name: str, missing: int) -> Any:
            return filled(batch.column(name).cast(pa.int64()), missing)

        def package(name: str) -> Any:
            found = batch.column(name).dictionary_encode()
            numbers = np.array([self._names.number(text) for text in found.dictionary.to_pylist()] + [NONE])
            return numbers[filled(found.indices, len(numbers) - 1)].astype(np.int32)

        labels = batch.column("label").dictionary_encode()
        texts = labels.dictionary.to_pylist()
        values = [self._vocabulary.value(text) for text in texts]
        numbers = np.array([np.nan if value is None else value for value in values] + [np.nan])
        found = filled(batch.column("value"), np.nan)
        if not self._vocabulary.is_value:
            found = numbers[filled(labels.indices, len(numbers) - 1)]
        return Labels(
            numpy_of(batch.column("key")),
            package("package"),
            time("predicted_at", NO_TIME),
            found,
            time("known_at", NEVER),
            time("seen", NEVER),
            numpy_of(batch.column("conflict")),
            package("matched_package"),
            time("matched_at", NO_TIME),
        )

    def read(self, folder: Path, settings: TruthSettings) -> None:
        """Adds the labels in the files; DataContractError if one cannot be read or lacks a column."""
        files = find_files(folder, settings.source)
        if not files:
            self.notes.append(f"{settings.source}: no file yet, so no label is known.")
        for file in files:
            known = [settings.row_id or "", settings.target, *_OWN_NAMES]
            problems = _Unquoted(known)
            table = with_keys(_table(file, settings, problems), [file], problems, self._sensitive)
            problems.check()
            self._read_table(table, file, settings)
            problems.check()
        if self.bad:
            self.notes.append(
                f"{settings.source}: {self.bad:,} of {self.rows:,} rows have no usable label and do not count: "
                + enumerate_some(
                    f"{file} column {quote(name)} is not {expected} in {found.count:,} "
                    f"row{'' if found.count == 1 else 's'} (first: {unit} {found.first})"
                    for (file, unit, name, expected), found in self._wrong.items()
                )
            )

    def _read_table(self, table: Table, file: DataFile, settings: TruthSettings) -> None:
        names = list(table.names)
        id_at = _place(file, names, [settings.row_id, "row_id"], "data.row_id")
        label_at = _place(file, names, [settings.target, "label"], "data.target")
        optional = [names.index(name) if name in names else None for name in _OWN_NAMES[2:]]
        for chunk in table.chunks():
            columns = [chunk.columns[id_at], chunk.columns[label_at]]
            columns += [[""] * len(chunk.positions) if at is None else chunk.columns[at] for at in optional]
            self._parts.append(
                self._labels(columns, [names[id_at], names[label_at]], (chunk.file, table.unit), chunk.positions)
            )
            self._waiting += len(chunk.positions)
            # As many new ones as there are already: so each is sorted few times.
            if self._waiting > max(MOST_WAITING, len(self._parts[0].keys)):
                self._parts, self._waiting = [self._gather()], 0
        for at in (id_at, label_at):
            if names[at] in table.unusable:
                raise DataContractError(f"{table.unusable[names[at]]}; text or a number is expected")

    def _labels(
        self, columns: Sequence[Sequence[str]], names: Sequence[str], place: tuple[str, str], positions: Sequence[int]
    ) -> Labels:
        """The usable labels of a chunk: row ids, labels, packages, predicted_at, known_at."""
        self.rows += len(positions)
        ids: list[str] = []
        rows: list[tuple[int, int, float, int]] = []
        values = {text: self._vocabulary.value(text) for text in set(columns[1])}
        times = {text: _time(text) for text in {*columns[3], *columns[4]}}
        packages = {text: self._names.number(text) if text else NONE for text in set(columns[2])}
        for at, (row_id, label, package, named, known) in enumerate(zip(*columns, strict=True)):
            value, named_at, known_at = values[label], times[named], times[known]
            if not row_id or value is None or named_at is None or known_at is None:
                self.bad += 1
                key = (*place, *self._expected(row_id, names, value, named_at))
                wrong = self._wrong.setdefault(key, _Wrong(positions[at]))
                wrong.count += 1
                continue
            ids.append(row_id)
            rows.append((packages[package], named_at if named else NO_TIME, value, known_at if known else NEVER))
        count = len(ids)
        package_numbers, named_times, found, known_times = zip(*rows, strict=True) if rows else ((), (), (), ())
        return Labels(
            row_keys(ids),
            np.array(package_numbers, np.int32),
            np.array(named_times, np.int64),
            np.array(found, np.float64),
            np.array(known_times, np.int64),
            np.full(count, self._at, np.int64),
            np.zeros(count, bool),
            np.full(count, NONE, np.int32),
            np.full(count, NO_TIME, np.int64),
        )

    def _expected(self, row_id: str, names: Sequence[str], value: float | None, named: int | None) -> tuple[str, str]:
        """The first column of a row that is not usable, and what is expected there."""
        if not row_id:
            return names[0], "a row id"
        if value is None:
            return names[1], "a finite number" if self._vocabulary.is_value else "a class of the model"
        return "predicted_at" if named is None else "known_at", "a time such as 2026-03-01T12:00:00Z"

    def _gather(self) -> Labels:
        """All labels so far, each once."""
        if not self._parts:
            self._parts = [self._labels([[]] * 5, ["", ""], ("", ""), [])]
        return _distinct(Labels(*(np.concatenate(columns) for columns in zip(*self._parts, strict=True))))

    def labels(self) -> Labels:
        """All labels that were ever seen, each once, by key."""
        self._parts = [self._gather()]
        return self._parts[0]

    def write(self, labels: Labels, folder: Path) -> None:
        """Writes what the next look is to read as `earlier`."""
        with PartFiles(folder, _STATE) as files:
            for start in range(0, len(labels.keys), 100_000):
                files.write(self._table(Labels(*(column[start : start + 100_000] for column in labels))))
            if not len(labels.keys):
                files.write_empty()
            files.close()
            files.finish()

    def _table(self, part: Labels) -> pa.Table:
        names = text_array(self._names.all)
        texts = text_array(self._vocabulary.texts)
        is_value = np.full(len(part.keys), self._vocabulary.is_value)
        known = ~np.isnan(part.values)
        columns = [
            number_array(part.keys),
            names.take(_nullable(part.packages, part.packages != NONE)),
            _times(part.named, NO_TIME),
            texts.take(_nullable(np.where(is_value | ~known, 0, part.values).astype(np.int32), ~is_value & known)),
            _nullable(part.values, is_value),
            _times(part.known, NEVER),
            _times(part.seen, NEVER),
            flag_array(part.conflict),
            names.take(_nullable(part.matched_packages, part.matched_packages != NONE)),
            _times(part.matched, NO_TIME),
        ]
        return pa.Table.from_arrays(columns, schema=_STATE)


def _distinct(labels: Labels) -> Labels:
    """Each label once: the same with another value is a conflict, and stays one."""
    order = np.lexsort((labels.named, labels.packages, labels.keys))
    sorted_ = Labels(*(column[order] for column in labels))
    keys, packages, named = sorted_.keys, sorted_.packages, sorted_.named
    if not len(keys):
        return sorted_
    new = np.r_[True, (keys[1:] != keys[:-1]) | (packages[1:] != packages[:-1]) | (named[1:] != named[:-1])]
    first = np.flatnonzero(new)
    if len(first) == len(keys):
        return sorted_
    # A class that no package has any more compares with nothing.
    values = np.where(np.isnan(sorted_.values), -np.inf, sorted_.values)
    least, most = np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)
    matched = np.maximum.reduceat(sorted_.matched, first)
    return Labels(
        keys[first],
        packages[first],
        named[first],
        np.where(np.isinf(most), np.nan, most),
        np.minimum.reduceat(sorted_.known, first),
        np.minimum.reduceat(sorted_.seen, first),
        np.logical_or.reduceat(sorted_.conflict, first) | ((least != most) & ~np.isinf(least)),
        np.maximum.reduceat(sorted_.matched_packages, first),
        matched,
    )


def _time(text: str) -> int | None:
    """Microseconds since 1970; 0 for no text, None if it is no time."""
    if not text:
        return 0
    time, kind = moment(text)
    return int(time) if kind == "date" else None


def _place(file: DataFile, names: Sequence[str], wanted: Sequence[str | None], key: str) -> int:
    found = next((name for name in wanted if name is not None and name in names), None)
    if found is None:
        expected = " or ".join(quote(name) for name in dict.fromkeys(wanted) if name is not None)
        raise DataContractError(
            # Names are not quoted: without a header they are the cells of the first row.
            f"{file.label}: column {expected} ({key}) is missing; got {len(names)} other "
            f"column{'' if len(names) == 1 else 's'}"
        )
    return list(names).index(found)


def _table(file: DataFile, settings: TruthSettings, problems: Problems) -> Table:
    """The file's table; its first bytes tell its format."""
    if _is_parquet(file):
        from .parquet_table import read_parquet  # noqa: PLC0415

        return read_parquet([file], problems)
    from .csv_table import read_csv  # noqa: PLC0415

    warnings: list[str] = []
    return read_csv([file], settings.csv, problems, warnings)


def _is_parquet(file: DataFile) -> bool:
    import gzip  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    with file.path.open("rb") as stream:
        head = stream.read(4)
    if is_gzip(head):
        try:
            with gzip.open(file.path) as unpacked:
                head = unpacked.read(4)
        except (OSError, EOFError, zlib.error):
            return False
    return head == b"PAR1"


def _nullable(values: Any, valid: Any) -> pa.Array:
    array = number_array(values)
    bits = flag_array(valid).buffers()[1]
    return pa.Array.from_buffers(array.type, len(array), [bits, array.buffers()[1]])


def _times(values: Any, missing: int) -> pa.Array:
    return _nullable(values, values != missing).cast(pa.timestamp("us"))
