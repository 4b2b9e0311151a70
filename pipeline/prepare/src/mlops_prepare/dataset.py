"""The rows and columns of the job's output; each row has an id, a label and a side."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress, islice
from typing import NamedTuple

from .column import Column, is_missing
from .column_scan import ColumnScan
from .column_warnings import column_warnings
from .config import Config
from .problems import SHOWN_ITEMS, Finding, Problems, enumerate_some, nearest, quote, quote_cell
from .split import HOLDOUT, TRAIN, Split, content_id, flags, split_of
from .table import Chunk, Places, Table


class Block(NamedTuple):
    """Consecutive rows, column by column, cleaned."""

    slices: Sequence[Sequence[str]]
    features: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Dataset:
    """The job's output. All sequences of rows have the order of `blocks()`."""

    # Each row's number in the data, which `Places` turns into a line.
    rows: Sequence[int]
    row_ids: Sequence[str]
    # TRAIN, HOLDOUT or LEFT_OUT.
    sides: bytes
    labels: Sequence[str]
    slices: Sequence[Column]
    features: Sequence[Column]
    blocks: Callable[[], Iterator[Block]]
    # The column of groups and the group of each row, if the split is by group.
    group_column: str | None = None
    groups: Sequence[str] | None = None

    @cached_property
    def held_out(self) -> bytes:
        """1 for each row of the holdout, else 0."""
        return flags(self.sides, HOLDOUT)

    @cached_property
    def trained(self) -> bytes:
        """1 for each training row, else 0."""
        return flags(self.sides, TRAIN)


@dataclass
class Rows:
    """The results of one pass over the table: each row's id, side and label, and each column's type."""

    places: Places
    row_ids: list[str] = field(default_factory=list)
    # TRAIN, HOLDOUT or LEFT_OUT.
    sides: bytes = b""
    # The group of each row, if the split is by group.
    groups: Sequence[str] | None = None
    # The manifest's entry for the split.
    split: Mapping[str, object] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=dict)


def feature_names(config: Config, names: Iterable[str]) -> list[str]:
    """The names of the features, in the order of `names`."""
    kept_out = {config.target, config.row_id, config.split.column, *config.exclude, *config.features_exclude}
    return [name for name in names if name not in kept_out]


def check_columns(config: Config, names: Sequence[str], derived: Sequence[str] | None, problems: Problems) -> None:
    """Adds a problem for each column that the configuration names and the data does not have.

    `derived`: the columns that a script returned; a slice or a feature kept out may be one of them. None if these are
    not checked yet.
    """
    wanted = [("data.target", config.target)]
    wanted += [("data.row_id", config.row_id)] if config.row_id is not None else []
    wanted += [("data.split.column", config.split.column)] if config.split.column is not None else []
    wanted += [("data.exclude", name) for name in config.exclude]
    wanted += [("data.columns", name) for name in config.columns]
    missing = [(key, name) for key, name in wanted if name not in names]
    if derived is not None:
        everywhere = [*names, *derived]
        late = [("data.features_exclude", name) for name in config.features_exclude]
        late += [("data.slices", name) for name in config.slices]
        late += [("data.sensitive", name) for name in config.sensitive]
        missing += [(key, name) for key, name in late if name not in everywhere]
    for key, name in missing:
        problems.add(f"{config.source}: {key} names the column {quote(name)}, which is not there{nearest(name, names)}")


def id_columns(config: Config, table: Table) -> list[str] | None:
    """The columns whose content identifies a row, sorted by name; None if a column of ids does."""
    kept_out = {config.target, *table.index}
    return None if config.row_id is not None else sorted(name for name in table.names if name not in kept_out)


def read_rows(
    config: Config,
    table: Table,
    written: Sequence[str],
    problems: Problems,
    warnings: list[str],
    *,
    scripted: bool,
    split: Split | None = None,
    content: Sequence[str] | None = None,
) -> Rows:
    """Reads the table once, checks its row ids and the columns `written` to the job's files, and finds every type.

    `scripted`: a script may still change the columns, so there are no warnings about them. `split` decides the sides
    (default: the configuration's), `content` names the columns that identify a row without an id (default: all but the
    target).
    """
    names = table.names
    rows = Rows(Places(table.unit))
    scanner = Scanner(config, table, written, scripted=scripted)
    read_ids = id_reader(config, names, id_columns(config, table) if content is None else content)
    split = split_of(config, names, table.held_files) if split is None else split
    target_at = names.index(config.target) if config.target in names else None
    shared: dict[str, str] = {}

    for chunk in table.chunks():
        start = len(rows.places)
        rows.places.add(chunk)
        keys, row_ids = read_ids(chunk.columns)
        rows.row_ids.extend(row_ids)
        split.add(start, chunk, keys)
        if target_at is not None:
            labels = chunk.columns[target_at]
            # Share one text per class to save memory.
            rows.labels.extend(labels if config.problem == "regression" else map(shared.setdefault, labels, labels))
        scanner.add(start, chunk.columns)

    rows.columns = scanner.columns()
    found = len(problems)
    rows.sides, rows.groups, rows.split = split.sides(rows.places, problems, warnings), split.groups, split.facts()
    # A row id that stands in training and in the file of the holdout is reported by the split.
    if config.row_id in names and (config.split.by != "file" or len(problems) == found):
        check_row_ids(config, rows, problems)
    scanner.report(rows.places, problems)
    for name in dict.fromkeys((*written, config.target, config.split.column or config.target)):
        if name in table.unusable:
            problems.add(f"{table.unusable[name]}; a number, text, a date or a boolean is expected, or data.exclude")
    if len(rows.places):
        warnings += scanner.warnings(feature_names(config, names), rows.places)
    return rows


class Scanner:
    """Finds, chunk by chunk, the types of the columns, and values that cannot be written."""

    def __init__(self, config: Config, table: Table, written: Sequence[str], *, scripted: bool) -> None:
        self._config = config
        self._declared = table.declared or {}
        self._scans = {
            name: ColumnScan(
                name,
                config.source_csv.decimal,
                is_text=config.columns.get(name) != "number" and self._declared.get(name, "number") != "number",
            )
            for name in table.names
        }
        for name, type_ in config.columns.items():
            if type_ == "number" and name in self._scans:
                self._scans[name].bad = Finding()
        self._scanned = list(enumerate(self._scans.values()))
        self._scripted = scripted
        # The names of groups are text, also where they look like numbers, unless the column is a slice too.
        names = {config.row_id, config.split.column}.difference(config.slices)
        self._written = {name for name in written if name not in names}
        line_by_line = written if config.content_type == "text/csv" else []
        self._lines = [(at, name) for at, name in enumerate(table.names) if name in line_by_line]
        self._breaks: dict[str, Finding] = {}

    def add(self, start: int, columns: Sequence[Sequence[str]]) -> None:
        """Scans a chunk whose first row has the number `start`."""
        for at, scan in self._scanned:
            scan.add(start, columns[at])
        self._scanned = [(at, scan) for at, scan in self._scanned if not scan.is_done]
        for at, name in self._lines:
            if may_break(columns[at]):
                values = enumerate(columns[at], start)
                self._breaks.setdefault(name, Finding()).add(row for row, value in values if has_break(value))

    def columns(self) -> dict[str, Column]:
        """The columns after all rows; the type that mlops.yaml, else the files declare has priority."""
        columns = {name: scan.column() for name, scan in self._scans.items()}
        for name, type_ in self._declared.items():
            columns[name] = replace(columns[name], type=type_) if type_ == "number" else Column(name, type_)
        for name, wanted in self._config.columns.items():
            if name in columns:
                columns[name] = Column(name, "category") if wanted == "text" else self._scans[name].number()
        return columns

    def report(self, places: Places, problems: Problems) -> None:
        """Adds the values that cannot be written to `problems`."""
        columns = self.columns()
        for name, finding in self._breaks.items():
            problems.add(line_break(places.describe(finding.first, finding.count), name))
        for name, scan in self._scans.items():
            if scan.bad is not None and scan.bad.count:
                where = places.describe(scan.bad.first, scan.bad.count)
                texts = (quote_cell(text, name, self._config.sensitive) for text in scan.bad_texts)
                examples = enumerate_some(dict.fromkeys(texts))
                problems.add(
                    f"{where}: column {quote(name)} holds {examples}; a finite number or nothing is expected, as "
                    "data.columns says"
                )
            elif scan.infinite.count and name in self._written and columns[name].type == "number":
                where = places.describe(scan.infinite.first, scan.infinite.count)
                problems.add(
                    f"{where}: column {quote(name)} is infinite; a finite number or an empty field is expected"
                )

    def warnings(self, features: Sequence[str], places: Places) -> list[str]:
        """Sentences about the features for readers of the report."""
        declared = [name for name, type_ in self._declared.items() if type_ == "category"]
        return column_warnings(
            [] if self._scripted else [self._scans[name] for name in features],
            self._config.columns,
            declared,
            self._config.source_csv.decimal,
            self._config.sensitive,
            lambda row: places.describe([row], 1),
        )


def id_reader(
    config: Config, names: Sequence[str], content: Sequence[str] | None
) -> Callable[[Sequence[Sequence[str]]], tuple[Sequence[str], Sequence[str]]]:
    """Returns a function that reads, for a chunk, the keys that identify the rows, and the row ids."""
    if config.row_id is not None:
        at = names.index(config.row_id) if config.row_id in names else None
        return lambda columns: ([], []) if at is None else (columns[at], columns[at])
    # Sorted by name, so that the order of columns in a file does not change an id.
    content_at = [names.index(name) for name in content or []]
    occurrences: Counter[str] = Counter()

    def read(columns: Sequence[Sequence[str]]) -> tuple[Sequence[str], Sequence[str]]:
        # Only the content decides the side, so that equal rows are on the same side.
        keys = [content_id(fields) for fields in zip(*(columns[at] for at in content_at), strict=True)]
        row_ids = []
        for key in keys:
            occurrences[key] += 1
            row_ids.append(f"{key}-{occurrences[key]}")
        return keys, row_ids

    return read


def plain_dataset(config: Config, table: Table, rows: Rows) -> Dataset:
    """The table's rows as they are, without a script."""
    slices = [rows.columns[name] for name in config.slices if name in rows.columns]
    features = [rows.columns[name] for name in feature_names(config, table.names)]
    at = {name: position for position, name in enumerate(table.names)}

    def blocks() -> Iterator[Block]:
        for chunk in table.chunks():
            yield Block(
                slices=[column.clean(chunk.columns[at[column.name]]) for column in slices],
                features=[column.clean(chunk.columns[at[column.name]]) for column in features],
            )

    return Dataset(
        rows=range(len(rows.places)),
        row_ids=rows.row_ids,
        sides=rows.sides,
        labels=rows.labels,
        slices=slices,
        features=features,
        blocks=blocks,
        group_column=None if rows.groups is None else config.split.column,
        groups=rows.groups,
    )


def lacks_label(config: Config, label: str) -> bool:
    """Whether a row has no label: a word for a missing value is none, unless mlops.yaml says that it is a class."""
    if not label:
        return True
    return is_missing(label) and label != config.positive and config.columns.get(config.target) != "text"


def with_labels(config: Config, table: Table, warnings: list[str]) -> Table:
    """The table without the rows that have no label, where data.drop_missing_target asks for it.

    Once all chunks have been read, `warnings` holds how many were left out.
    """
    if not config.drop_missing_target or config.target not in table.names:
        return table
    at = table.names.index(config.target)
    told = False

    def chunks() -> Iterator[Chunk]:
        nonlocal told
        dropped = total = 0
        for chunk in table.chunks():
            missing = {label for label in set(chunk.columns[at]) if lacks_label(config, label)}
            total += len(chunk.positions)
            if not missing:
                yield chunk
                continue
            keep = [label not in missing for label in chunk.columns[at]]
            left = Chunk(chunk.file, list(compress(chunk.positions, keep)), [kept(c, keep) for c in chunk.columns])
            dropped += len(chunk.positions) - len(left.positions)
            if left.positions:
                yield left
        if dropped and not told:
            told = True
            warnings.append(
                f"{dropped:,} of {total:,} rows {'has' if dropped == 1 else 'have'} no value in the target "
                f"{quote(config.target)} and {'is' if dropped == 1 else 'are'} left out (data.drop_missing_target)."
            )

    return replace(table, chunks=chunks)


def kept(values: Sequence[str], keep: Sequence[bool]) -> Sequence[str]:
    """The values that `keep` marks."""
    filtered = getattr(values, "filter", None)
    return filtered(keep) if filtered else list(compress(values, keep))


def may_break(values: Sequence[str]) -> bool:
    """Whether one of the texts contains a line break."""
    content = getattr(values, "content", None)
    if content is None:
        return has_break("".join(values))
    found = content()
    return b"\n" in found or b"\r" in found


def has_break(text: str) -> bool:
    """Whether the text contains a line break."""
    return "\n" in text or "\r" in text


def line_break(where: str, name: str) -> str:
    """The message about a line break in the column `name`."""
    return (
        f"{where}: column {quote(name)} holds a line break, and CSV goes to the model line by line; "
        "use JSON Lines: set model.content_type: application/jsonlines"
    )


def check_row_ids(config: Config, rows: Rows, problems: Problems, advice: str | None = None) -> None:
    """Adds row ids that are empty or stand twice to `problems`; `advice` ends the message of the latter."""
    if advice is None:
        advice = (
            "if it names a person or thing with several rows, write data.split: { by: group, column: "
            f"{config.row_id} }} and leave data.row_id out"
        )
    ids, places = rows.row_ids, rows.places
    empty = ids.count("")
    if empty:
        where = places.describe((row for row, row_id in enumerate(ids) if not row_id), empty)
        problems.add(f"{where}: column {quote(config.row_id or '')} (data.row_id) is empty; every row needs an id")
    distinct = len(set(ids))
    if distinct == len(ids):
        return
    repeated = {row_id for row_id, count in Counter(ids).items() if count > 1 and row_id}
    if not repeated:
        return
    shown: dict[str, array[int]] = {}
    for row, row_id in enumerate(ids):
        if row_id in repeated and (row_id in shown or len(shown) < SHOWN_ITEMS):
            shown.setdefault(row_id, array("Q")).append(row)
    examples = [
        f"{quote_cell(row_id, config.row_id or '', config.sensitive)} on "
        + places.describe(islice(at, SHOWN_ITEMS), len(at))
        for row_id, at in shown.items()
    ]
    problems.add(
        f"{config.source}: column {quote(config.row_id or '')} (data.row_id) must be unique, "
        f"{len(repeated):,} id{'s stand' if len(repeated) > 1 else ' stands'} more than once: "
        + enumerate_some(examples, len(repeated))
        + f"; {advice}"
    )
