"""A view: the holdout's rows in another model's preparation, so that that model can score them too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import NamedTuple, TypedDict

from .column import Column
from .config import Config
from .dataset import Block, Dataset, Rows
from .errors import DataContractError
from .layout import FileFacts, write_holdout
from .problems import enumerate_some, quote
from .target import Target


class ViewFacts(TypedDict):
    """How many of the holdout's rows the view has, and why it does not have the others."""

    rows: int
    holdout_rows: int
    trained_on: int
    dropped: int
    other_label: int


class OtherModel(NamedTuple):
    """The preparation of the other model, applied to the same data."""

    config: Config
    # The names of its features, in the order of training.
    features: Sequence[str]
    rows: Rows
    data: Dataset


def other_features(manifest: Path) -> list[str]:
    """The features in the manifest of a model's own prepare job."""
    document = json.loads(manifest.read_text(encoding="utf-8"))
    return [feature["name"] for feature in document["features"]]


def write_view(own: Dataset, target: Target, other: OtherModel, folder: Path) -> tuple[FileFacts, ViewFacts, Dataset]:
    """Writes the holdout's rows that the other model was not trained on and that have the same label in both.

    Row id, label and slices are those of this holdout, the features those of the other model. Raises
    DataContractError if a feature that it was trained on no longer exists.
    """
    features = _features(other)
    held_out = [at for at, held in enumerate(own.held_out) if held]
    by_number = {own.rows[at]: at for at in held_out}
    kept = bytearray(len(other.data.rows))
    matched: list[int] = []
    other_label = 0
    for position, number in enumerate(other.data.rows):
        at = by_number.get(number)
        if at is None or not other.data.held_out[position]:
            continue
        if own.labels[at] != other.data.labels[position]:
            other_label += 1
            continue
        kept[position] = 1
        matched.append(at)

    trained_on = sum(1 for number in by_number if not other.rows.held_out[number])
    facts: ViewFacts = {
        "rows": len(matched),
        "holdout_rows": len(held_out),
        "trained_on": trained_on,
        "dropped": len(held_out) - len(matched) - trained_on - other_label,
        "other_label": other_label,
    }
    slices = _slices_of(own, set(matched))
    positions = [[column.name for column in other.data.features].index(column.name) for column in features]

    def blocks() -> Iterator[Block]:
        start = done = 0
        for block in other.data.blocks():
            end = start + len(block.features[0])
            columns = [list(compress(block.features[at], kept[start:end])) for at in positions]
            rows = matched[done : done + len(columns[0])]
            yield Block(
                slices=[[slices[at][column] for at in rows] for column in range(len(own.slices))],
                features=columns,
            )
            start, done = end, done + len(rows)

    view = Dataset(
        rows=[own.rows[at] for at in matched],
        row_ids=[own.row_ids[at] for at in matched],
        held_out=bytes([1]) * len(matched),
        labels=[own.labels[at] for at in matched],
        slices=own.slices,
        features=features,
        blocks=blocks,
    )
    return write_holdout(other.config, view, target, folder), facts, view


def without_slices(config: Config) -> Config:
    """The other model's configuration without slices, because the view has this holdout's."""
    return replace(config, slices=())


def _features(other: OtherModel) -> list[Column]:
    columns = {column.name: column for column in other.data.features}
    gone = [quote(name) for name in other.features if name not in columns]
    if gone:
        raise DataContractError(
            f"{other.config.source}: the data lack {enumerate_some(gone)}, which the model compared with was trained on"
        )
    return [columns[name] for name in other.features]


def _slices_of(own: Dataset, wanted: set[int]) -> dict[int, tuple[str, ...]]:
    if not own.slices:
        return dict.fromkeys(wanted, ())
    texts: dict[int, tuple[str, ...]] = {}
    at = 0
    for block in own.blocks():
        for values in zip(*block.slices, strict=True):
            if at in wanted:
                texts[at] = values
            at += 1
    return texts
