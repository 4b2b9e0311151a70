"""The dataset that the user's prepare script makes from the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, compress
from pathlib import Path

import numpy as np
import pandas as pd

from .column import Column
from .config import Config
from .dataset import Block, Dataset, Rows, feature_names, has_break, line_break
from .errors import PrepareScriptError
from .frame import FrameBuilder, infinite, series_column, series_texts
from .problems import Finding, Problems, enumerate_some, quote
from .script import load_transform, run_transform
from .split import HOLDOUT, TRAIN, flags, groups_of
from .table import CHUNK_ROWS, Table

SIDES = ("training rows", "holdout")


def scripted_dataset(
    config: Config, table: Table, rows: Rows, script: Path, problems: Problems, warnings: list[str]
) -> tuple[Dataset, Sequence[str]]:
    """Runs the script separately on each side, so that no value it computes carries the holdout into training.

    The script sees every column but the row id, which is the frame's index; the target of a classification is text. A
    slice column that it does not return is taken from the data. Returns the rows it kept, training rows first, and the
    names of the columns it returned. Raises PrepareScriptError if it fails or its result is invalid; problems in a
    column are added to `problems`.
    """
    transform = load_transform(script)
    frames = _frames(config, table, rows)
    results = []
    for side, frame in zip(SIDES, frames, strict=True):
        result = run_transform(transform, script, side, frame, config.target)
        if len(result) < len(frame):
            warnings.append(f"prepare.py dropped {len(frame) - len(result):,} of {len(frame):,} rows of the {side}.")
        results.append(result)
    names = list(results[0].columns)
    _check_same_columns(results)

    made = {name: _common_column([result[name] for result in results]) for name in names}
    taken = [name for name in config.slices if name not in made and name in frames[0].columns]
    sides = [
        pd.concat([result, frame.loc[result.index, taken]], axis="columns")
        for frame, result in zip(frames, results, strict=True)
    ]
    row_numbers: list[int] = []
    for held, frame in zip((TRAIN, HOLDOUT), frames, strict=True):
        numbers = np.flatnonzero(np.frombuffer(rows.sides, np.uint8) == held)
        row_numbers += numbers[frame.index.get_indexer(sides[held].index)].tolist()

    slices = [made.get(name) or rows.columns[name] for name in config.slices if name in made or name in taken]
    features = [made[name] for name in feature_names(config, names)]
    for column in dict.fromkeys([*slices, *features]):
        _check_column(config, column, [side[column.name] for side in sides], row_numbers, rows, problems)

    def blocks() -> Iterator[Block]:
        for side in sides:
            for start in range(0, len(side), CHUNK_ROWS):
                part = side.iloc[start : start + CHUNK_ROWS]
                yield Block(
                    slices=[series_texts(part[column.name]) for column in slices],
                    features=[series_texts(part[column.name]) for column in features],
                )

    dataset = Dataset(
        rows=row_numbers,
        row_ids=[row_id for side in sides for row_id in side.index],
        sides=bytes([TRAIN]) * len(sides[0]) + bytes([HOLDOUT]) * len(sides[1]),
        labels=[label for side in sides for label in series_texts(side[config.target])],
        slices=slices,
        features=features,
        blocks=blocks,
        group_column=None if rows.groups is None else config.split.column,
        groups=groups_of(rows.groups, row_numbers),
    )
    return dataset, names


def _frames(config: Config, table: Table, rows: Rows) -> list[pd.DataFrame]:
    columns = [rows.columns[name] for name in table.names if name != config.row_id]
    if config.problem != "regression":
        columns = [Column(config.target, "category") if column.name == config.target else column for column in columns]
    kept = [flags(rows.sides, side) for side in (TRAIN, HOLDOUT)]
    builders = [FrameBuilder(columns, sum(flag)) for flag in kept]
    at = [table.names.index(column.name) for column in columns]
    start = 0
    for chunk in table.chunks():
        end = start + len(chunk.positions)
        fields = [column.clean(chunk.columns[position]) for column, position in zip(columns, at, strict=True)]
        for builder, flag in zip(builders, kept, strict=True):
            builder.add(fields, flag[start:end])
        start = end
    index_name = config.row_id or "row_id"
    return [
        builder.build(list(compress(rows.row_ids, flag)), index_name)
        for builder, flag in zip(builders, kept, strict=True)
    ]


def _check_same_columns(results: Sequence[pd.DataFrame]) -> None:
    found = []
    for at, side in enumerate(SIDES):
        extra = sorted(set(results[at].columns) - set(results[1 - at].columns))
        if extra:
            found.append(f"{enumerate_some(map(quote, extra))} only on the {side}")
    if found:
        raise PrepareScriptError(
            f"prepare.py: transform returned {' and '.join(found)}; both sides must have the same columns, "
            "whatever values occur in them"
        )


def _common_column(sides: Sequence[pd.Series]) -> Column:
    columns = [series_column(side) for side in sides]
    if columns[0] == columns[1]:
        return columns[0]
    known = [column for column, side in zip(columns, sides, strict=True) if side.notna().any()]
    if len(known) == 2:
        types = " and ".join(f"a {column.type} on the {side}" for column, side in zip(columns, SIDES, strict=True))
        raise PrepareScriptError(f"prepare.py: transform returned the column {quote(columns[0].name)} as {types}")
    return (known or columns)[0]


def _check_column(
    config: Config,
    column: Column,
    sides: Sequence[pd.Series],
    row_numbers: Sequence[int],
    rows: Rows,
    problems: Problems,
) -> None:
    finding = Finding()
    if column.type == "number":
        finding.add(compress(row_numbers, chain.from_iterable(map(infinite, sides))))
    elif config.content_type == "text/csv":
        texts = chain.from_iterable(map(series_texts, sides))
        finding.add(compress(row_numbers, map(has_break, texts)))
    if not finding.count:
        return
    where = rows.places.describe(finding.first, finding.count)
    if column.type == "number":
        problems.add(f"{where}: column {quote(column.name)} is infinite after prepare.py; a finite number is expected")
    else:
        problems.add(line_break(where, column.name))
