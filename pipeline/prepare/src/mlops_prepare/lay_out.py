"""Lays rows out for a packaged model to predict: its columns in its order, with the types that its training settled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from .ahead import read_ahead
from .config import Config, read_config
from .dataset import Rows, check_row_ids, has_break, id_reader, kept, may_break
from .dialect import Decimal, Dialect
from .errors import DataContractError
from .job import read_table, source_files
from .layout import Fields, csv_text, json_members, json_strings, json_text
from .package_manifest import PackageManifest, read_manifest
from .problems import SHOWN_ITEMS, Problems, enumerate_some, nearest, quote, quote_cell
from .table import Places, Table
from .typed_cells import EXPECTED, TypedCells

if TYPE_CHECKING:
    from .release import LayOutSettings


# Below this, a set of Python's is quicker than importing Arrow.
FEW_ROWS = 100_000

# Cells without a category of training from which on this is no accident of few rows.
LEAST_UNSEEN = 10

# By the row's position in its chunk: the column, what it holds, and what is expected.
BadRows = dict[int, tuple[str, str, str]]


def lay_out(inputs: Path, outputs: Path, settings: LayOutSettings) -> list[str]:
    """Writes `rows/rows.csv` or `rows.jsonl` and, when that is whole, `rows/rows.json`; returns sentences to print.

    Raises DataContractError with every problem, ConfigError or PrepareScriptError. Memory holds the rows' ids, and with
    a script its frame.
    """
    rmtree(outputs / "rows", ignore_errors=True)
    manifest = read_manifest(inputs / "manifest" / "manifest.json")
    config = _settings(read_config(inputs / "config" / "prepare.json"), manifest, settings.source)
    script = inputs / "script" / "prepare.py"
    problems = _ReaderProblems()
    warnings: list[str] = []
    files = source_files(config.source, "data.scoring", inputs / "data", problems)
    table = read_table(config, files, problems, warnings)
    problems.check()

    scripted = script.is_file()
    _check_columns(config, manifest, table, warnings, scripted=scripted)
    rejected = Rejected(config, problems)
    # The cells that a script returns are written as Python writes numbers.
    decimal = "." if scripted else config.source_csv.decimal
    sink = RowSink(config, manifest, outputs, rejected, decimal)
    ids = RowIds(config, manifest, table, warnings)
    if scripted:
        from .scripted_rows import scripted_rows  # noqa: PLC0415  (pandas takes half a second to import)

        scripted_rows(config, manifest, table, script, ids, problems, sink, warnings)
    else:
        needed = _write_table(config, manifest, table, ids, sink, warnings)
        for name in needed:
            if name in table.unusable:
                problems.add(f"{table.unusable[name]}; a number, text, a date or a boolean is expected")
        ids.check(problems)
        problems.check()
    rejected.check(settings.most_bad_rows, sink.rows)
    if not sink.rows:
        raise DataContractError(f"{config.source}: no rows; a row under the header is the least")
    facts = sink.close()
    sink.check_categories(problems)
    problems.check()
    if rejected.rows:
        warnings.append(
            f"{rejected.rows:,} of {rejected.rows + sink.rows:,} rows cannot be read and get no prediction: "
            + rejected.examples[0]
        )
    laid = {**facts, "rejected": {"rows": rejected.rows, "examples": rejected.examples}, "warnings": warnings}
    (outputs / "rows" / "rows.json").write_text(json.dumps(laid, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return [f"{sink.rows:,} rows to predict, {len(manifest.features)} features", *warnings]


def _settings(config: Config, manifest: PackageManifest, source: str) -> Config:
    """The package's settings for rows without a target."""
    dialect = config.source_csv
    if config.format == "parquet":
        # The decimal mark of the package's CSV files is none of Parquet's.
        dialect = Dialect()
    return replace(
        config,
        source=source,
        source_csv=dialect,
        row_id=manifest.row_id,
        content_type=manifest.content_type,
        drop_missing_target=False,
    )


class _ReaderProblems(Problems):
    """Problems of the files; a row of another width is only one row that cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = 0
        self.examples: list[str] = []

    def add_rows(self, count: int, text: str) -> None:
        self.rows += count
        self.examples.append(text)


class Rejected:
    """The rows that are left out, because a cell is none that the model was trained on."""

    def __init__(self, config: Config, reader: _ReaderProblems) -> None:
        self._config = config
        self._reader = reader
        self._rows = 0
        self._examples: list[str] = []

    @property
    def rows(self) -> int:
        """How many rows are left out."""
        return self._rows + self._reader.rows

    @property
    def examples(self) -> list[str]:
        """The first of them, in words."""
        return [*self._examples, *self._reader.examples][:SHOWN_ITEMS]

    def add(self, where: str, row_id: str | None, column: str, found: str, expected: str) -> None:
        """Adds a row: its place, its id if it may be named, the column, what it holds and what it should."""
        self._rows += 1
        if len(self._examples) == SHOWN_ITEMS:
            return
        hidden = row_id is None or self._config.row_id is None or self._config.row_id in self._config.sensitive
        named = "" if hidden else f" (row id {quote(row_id or '')})"
        self._examples.append(f"{where}{named}: column {quote(column)} holds {found}; {expected} is expected")

    def check(self, most: float, rows: int) -> None:
        """Raises DataContractError if more than the share `most` of all rows is left out; `rows` are not."""
        total = rows + self.rows
        if self.rows <= most * total:
            return
        more = self.rows - len(self.examples)
        raise DataContractError(
            "\n".join(
                [
                    f"{self._config.source}: {self.rows:,} of {total:,} rows cannot be read; "
                    f"inference.batch.max_bad_rows is {most:g}, by which {int(most * total):,} of them may be left out",
                    *self.examples,
                    *([f"and {more:,} more"] if more > 0 else []),
                ]
            )
        )


class RowIds:
    """Reads row ids, and tells whether every row has one of its own; of large data they are kept as Arrow's text."""

    def __init__(self, config: Config, manifest: PackageManifest, table: Table, warnings: list[str]) -> None:
        self._config = config
        self._table = table
        content = None if config.row_id is not None else _content(config, manifest, table, warnings)
        self._read = id_reader(config, table.names, content)
        self._seen: set[str] = set()
        self._rows = 0
        self._arrays: list[Any] = []

    def read(self, columns: Sequence[Sequence[str]]) -> Sequence[str]:
        """The ids of a chunk's rows."""
        row_ids = self._read(columns)[1]
        # Ids by content are unique: a number tells equal rows apart.
        if self._config.row_id is None:
            return row_ids
        if not self._arrays and not hasattr(row_ids, "array") and self._rows < FEW_ROWS:
            self._seen.update(row_ids)
            self._rows += len(row_ids)
            return row_ids
        from .texts import as_array  # noqa: PLC0415  (pyarrow is imported for data of this size)

        self._arrays.append(as_array(row_ids))
        return row_ids

    def check(self, problems: Problems) -> None:
        """Adds ids that are empty or not unique to `problems`; then reads the table again, to name them."""
        if self._unique():
            return
        rows = Rows(Places(self._table.unit))
        at = self._table.names.index(self._config.row_id or "")
        for chunk in self._table.chunks():
            rows.places.add(chunk)
            rows.row_ids.extend(chunk.columns[at])
        check_row_ids(self._config, rows, problems, "a row that is predicted twice would have two answers")

    def _unique(self) -> bool:
        if len(self._seen) < self._rows or "" in self._seen:
            return False
        if not self._arrays:
            return True
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.compute as pc  # noqa: PLC0415

        from .arrow_arrays import text_array, text_scalar  # noqa: PLC0415

        everything = pa.chunked_array([*self._arrays, text_array(self._seen)])
        if pc.any(pc.equal(everything, text_scalar(""))).as_py():
            return False
        return bool(pc.count_distinct(everything).as_py() == len(everything))


def _content(config: Config, manifest: PackageManifest, table: Table, warnings: list[str]) -> Sequence[str]:
    """The columns whose content identifies a row: those of training, or all if the rows lack one."""
    content = manifest.id_columns
    if content is not None and set(content) <= set(table.names):
        return content
    gone = [quote(name) for name in content or [] if name not in table.names]
    why = f"the rows lack {enumerate_some(gone)}" if gone else "the package does not say from which"
    warnings.append(
        f"{config.source}: row ids are made from the content of all columns, since {why}. They differ from those of "
        "other releases; data.row_id names a column of ids."
    )
    return sorted(name for name in table.names if name not in (config.target, *table.index))


def _check_columns(
    config: Config, manifest: PackageManifest, table: Table, warnings: list[str], *, scripted: bool
) -> None:
    """Raises DataContractError for columns that are missing; adds sentences about the others to `warnings`."""
    names = table.names
    problems = Problems()
    if config.row_id is not None and config.row_id not in names:
        problems.add(
            f"{config.source}: the column {quote(config.row_id)} is missing, which data.row_id names: predictions are "
            f"told apart by it{nearest(config.row_id, names)}"
        )
    missing = [] if scripted else [column.name for column in manifest.features if column.name not in names]
    if missing:
        listed = ", ".join(quote(name) for name in missing)
        what = "the column" if len(missing) == 1 else f"{len(missing)} columns"
        problems.add(
            f"{config.source}: {what} {listed} {'is' if len(missing) == 1 else 'are'} missing, which the model was "
            f"trained on{nearest(missing[0], names) if len(missing) == 1 else _nearest_of(missing, names)}"
        )
    problems.check()
    known = {
        *(column.name for column in manifest.features),
        *manifest.slices,
        *(manifest.id_columns or ()),
        *manifest.columns,
        *config.exclude,
        *config.features_exclude,
        *table.index,
        config.row_id,
        config.target,
        config.split.column,
    }
    extra = [name for name in names if name not in known]
    if extra and not (scripted and not manifest.columns):
        warnings.append(
            f"{config.source}: the column{'s' if len(extra) > 1 else ''} {enumerate_some(map(quote, extra))} "
            f"{'are' if len(extra) > 1 else 'is'} new since training and not used."
        )


def _nearest_of(missing: Sequence[str], names: Sequence[str]) -> str:
    return f"; the columns are {enumerate_some(quote(name) for name in names)}" if missing else ""


def _write_table(
    config: Config,
    manifest: PackageManifest,
    table: Table,
    ids: RowIds,
    sink: RowSink,
    warnings: list[str],
) -> Sequence[str]:
    """Writes the table's rows; returns the names of the columns that it needs."""
    at = {name: position for position, name in enumerate(table.names)}
    absent = [name for name in manifest.slices if name not in at]
    if absent:
        warnings.append(missing_slices(config, absent))
    features = [at[column.name] for column in manifest.features]
    slices = [at.get(name) for name in manifest.slices]
    for chunk in read_ahead(table.chunks()):
        empty = [""] * len(chunk.positions)
        place = f"{chunk.file} {table.unit}"
        sink.add(
            ids.read(chunk.columns),
            [empty if position is None else chunk.columns[position] for position in slices],
            [chunk.columns[position] for position in features],
            lambda row, place=place, positions=chunk.positions: f"{place} {positions[row]}",  # type: ignore[misc]
        )
    return [*(column.name for column in manifest.features), *manifest.slices, *filter(None, [config.row_id])]


def missing_slices(config: Config, absent: Sequence[str]) -> str:
    """The warning about columns of slices that are not there."""
    one = len(absent) == 1
    return (
        f"{config.source}: the column{'' if one else 's'} {enumerate_some(map(quote, absent))} "
        f"{'is' if one else 'are'} missing, so {'it is' if one else 'they are'} empty where results are told by group."
    )


class RowSink:
    """Writes the file of rows, chunk by chunk, and leaves out rows that the model cannot take."""

    def __init__(
        self, config: Config, manifest: PackageManifest, outputs: Path, rejected: Rejected, decimal: Decimal
    ) -> None:
        self.rows = 0
        self._config = config
        self._manifest = manifest
        self._rejected = rejected
        self._is_csv = manifest.content_type == "text/csv"
        types = {column.name: column.type for column in manifest.features}
        known = {name: "number" if type_ == "integer" else type_ for name, type_ in manifest.columns.items()}
        self._features = [TypedCells(column.name, column.type, decimal) for column in manifest.features]
        # A slice is a label of its row: written as training wrote it, and no reason to leave the row out.
        self._slices = [
            TypedCells(name, known.get(name, types.get(name, "category")), decimal) for name in manifest.slices
        ]
        self._unseen = [_Unseen(column.name, manifest.categories.get(column.name)) for column in manifest.features]
        self._path = f"rows/rows.{'csv' if self._is_csv else 'jsonl'}"
        (outputs / self._path).parent.mkdir(parents=True, exist_ok=True)
        self._stream = (outputs / self._path).open("wb")
        self._hash = sha256()
        feature_members = json_members(column.name for column in manifest.features)
        slice_members = json_members(manifest.slices)
        row_id = json_members(["row_id"])
        self._template = "{" + row_id + ',"slices":{' + slice_members + '},"features":{' + feature_members + "}}\n"

    def add(self, row_ids: Sequence[str], slices: Fields, features: Fields, where: Callable[[int], str]) -> None:
        """Adds a chunk, column by column; `where` describes the place of one of its rows."""
        read, bad = self.read(self._features, features)
        carried = [cells.read(values)[0] for cells, values in zip(self._slices, slices, strict=True)]
        if self._is_csv:
            names = [self._config.row_id or "row_id", *self._manifest.slices, *(cells.name for cells in self._features)]
            for name, values in zip(names, [row_ids, *carried, *read], strict=True):
                if may_break(values):
                    expected = "text of one line (model.content_type: application/jsonlines takes others)"
                    for row, value in enumerate(values):
                        if has_break(value):
                            bad.setdefault(row, (name, "a line break", expected))
        columns = [row_ids, *carried, *read]
        if bad:
            keep = self.leave_out(bad, row_ids, where)
            columns = [kept(values, keep) for values in columns]
        if len(columns[0]):
            self._write(columns, len(columns[0]))

    def read(self, cells: Sequence[TypedCells], fields: Fields) -> tuple[list[Sequence[str]], BadRows]:
        """The fields, column by column, as the model takes them; and the rows with one that it cannot take."""
        read = []
        bad: BadRows = {}
        for column, values in zip(cells, fields, strict=True):
            cleaned, wrong = column.read(values)
            read.append(cleaned)
            for row in wrong:
                found = quote_cell(values[row], column.name, self._config.sensitive)
                bad.setdefault(row, (column.name, found, EXPECTED[column.type]))
        return read, bad

    def leave_out(self, bad: BadRows, row_ids: Sequence[str], where: Callable[[int], str]) -> list[bool]:
        """Rejects the bad rows of a chunk; returns whether each of its rows is kept."""
        for row in sorted(bad):
            self._rejected.add(where(row), row_ids[row], *bad[row])
        return [row not in bad for row in range(len(row_ids))]

    def _write(self, columns: Fields, count: int) -> None:
        first = 1 + len(self._slices)
        for unseen, values in zip(self._unseen, columns[first:], strict=True):
            unseen.add(values)
        everything = [1] * count
        if self._is_csv:
            lines = csv_text(columns, everything)
        else:
            members = [
                column.to_json(values) for column, values in zip(self._manifest.features, columns[first:], strict=True)
            ]
            lines = json_text(self._template, [*map(json_strings, columns[:first]), *members], everything)
        self._stream.write(lines)
        self._hash.update(lines)
        self.rows += count

    def check_categories(self, problems: Problems) -> None:
        """Adds columns to `problems` of which no cell is a category that training knew."""
        for unseen in self._unseen:
            text = unseen.problem(self._config)
            if text is not None:
                problems.add(text)

    def close(self) -> dict[str, object]:
        """Ends the file; returns the facts about it."""
        self._stream.close()
        return {
            "version": 1,
            "path": self._path,
            "content_type": self._manifest.content_type,
            "rows": self.rows,
            "slices": list(self._manifest.slices),
            "features": [{"name": column.name, "type": column.type} for column in self._manifest.features],
            "sha256": self._hash.hexdigest(),
            "unseen": [found for unseen in self._unseen if (found := unseen.facts(self._config.sensitive)) is not None],
        }


class _Unseen:
    """Counts the cells of a column whose category training never saw."""

    def __init__(self, name: str, known: Sequence[str] | None) -> None:
        self._name = name
        self._known = None if known is None else frozenset((*known, ""))
        self._found: Counter[str] = Counter()
        self._rows = 0
        self._recognized = False

    def add(self, values: Sequence[str]) -> None:
        """Adds the cells of a chunk."""
        if self._known is None:
            return
        array: Any = getattr(values, "array", None)
        # Few texts are distinct, and few chunks have one that is unseen.
        distinct = set(values) if array is None else set(array.unique().to_pylist())
        self._recognized = self._recognized or not (distinct - {""}).isdisjoint(self._known)
        if self._known.issuperset(distinct):
            return
        found = Counter(value for value in values if value not in self._known)
        self._rows += sum(found.values())
        for value, count in found.items():
            if value in self._found or len(self._found) < SHOWN_ITEMS:
                self._found[value] += count

    def problem(self, config: Config) -> str | None:
        """What is wrong if no cell is a category of training: the column holds something else than it did.

        A few rows may all be new, so they are only counted.
        """
        if self._known is None or self._recognized or self._rows < LEAST_UNSEEN:
            return None
        known = sorted(self._known - {""})
        hidden = self._name in config.sensitive
        found = "" if hidden else f", such as {enumerate_some(map(quote, self._found))}"
        expected = "" if hidden else f", such as {enumerate_some(map(quote, known))}"
        return (
            f"{config.source}: column {quote(self._name)}: found {self._rows:,} cells{found}, of which none is one of "
            f"the {len(known):,} categories that the model was trained on{expected}; another column or coding is "
            "suspected. If the categories are really new, train a model with them first"
        )

    def facts(self, sensitive: Sequence[str]) -> dict[str, object] | None:
        """The entry for the column; None if every cell was known."""
        if not self._rows:
            return None
        examples = [] if self._name in sensitive else [quote(value) for value in self._found]
        return {"column": self._name, "rows": self._rows, "examples": examples}
