"""The columns that are kept beside predictions for monitoring, and those of training that they are compared with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from .column import Column


class InputColumn(NamedTuple):
    """A column of the Parquet files `inputs/`."""

    # Its name in those files.
    name: str
    # The column of the data, and its place among the features or the slices.
    source: str
    of: Literal["feature", "slice"]
    at: int
    is_number: bool


def input_columns(features: Sequence[Column], slices: Sequence[str], sensitive: Collection[str]) -> list[InputColumn]:
    """Features, then slices that are none, as text; without those of data.sensitive. `row_id` stands before them."""
    names = {"row_id"}
    known = {column.name for column in features}
    every: list[InputColumn] = [
        InputColumn(column.name, column.name, "feature", at, column.type == "number")
        for at, column in enumerate(features)
    ]
    every += [InputColumn(name, name, "slice", at, False) for at, name in enumerate(slices) if name not in known]
    found = []
    for column in every:
        if column.source in sensitive:
            continue
        name = column.name
        # Athena's names do not differ in case.
        while name.lower() in names:
            name += "_"
        names.add(name.lower())
        found.append(column._replace(name=name))
    return found
