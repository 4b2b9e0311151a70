"""A view: the holdout's rows in another model's preparation, so that that model can score them too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict

from .column import Column
from .config import Config, SplitRule
from .dataset import Block, Dataset, Rows
from .errors import DataContractError
from .layout import FileFacts, write_holdout
from .problems import Problems, enumerate_some, quote
from .split import HOLDOUT, LEFT_OUT, TRAIN, Split, flags, groups_of
from .table import Chunk, Places
from .target import Target
from .trained import mark, read_trained


class ViewFacts(TypedDict):
    """How many of the holdout's rows the view has, and why it does not have the others."""

    rows: int
    holdout_rows: int
    # From the other model's own list; "unlisted" if an earlier version made none, and today's data told; "unknown" if
    # the data lack a column by which the list knows its rows.
    trained_by: Literal["list", "unlisted", "unknown"]
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
    trained_by: Literal["list", "unlisted", "unknown"]


class Trained(NamedTuple):
    """What is known of the rows that the other model was trained on."""

    by: Literal["list", "unlisted", "unknown"]
    # The marks of the rows (trained.py).
    marks: frozenset[bytes]
    # The columns whose content identifies a row without an id.
    content: Sequence[str] | None


def other_features(manifest: Path) -> list[str]:
    """The features in the manifest of a model's own prepare job."""
    document = json.loads(manifest.read_text(encoding="utf-8"))
    return [feature["name"] for feature in document["features"]]


def other_trained(manifest: Path, marks: Path, names: Sequence[str]) -> Trained:
    """What the manifest and the list of a model's own prepare job tell about its training rows."""
    if not marks.is_file():
        return Trained("unlisted", frozenset(), None)
    content = json.loads(manifest.read_text(encoding="utf-8")).get("id_columns")
    if content is not None and not set(content) <= set(names):
        return Trained("unknown", frozenset(), [name for name in content if name in names])
    return Trained("list", read_trained(marks), content)


class ViewSides(Split):
    """The sides of the holdout's rows for the other model: those that it was trained on are training rows."""

    def __init__(self, own: Dataset, rows: int, trained: Trained) -> None:
        # The rows that the own script dropped are on no side.
        self._sides = bytearray([LEFT_OUT]) * rows
        for row, side in zip(own.rows, own.sides, strict=True):
            self._sides[row] = side
        self._trained = trained.marks

    def add(self, start: int, _chunk: Chunk, keys: Sequence[str]) -> None:
        """Moves the rows of a chunk that the other model was trained on."""
        if not self._trained:
            return
        for row, key in enumerate(keys, start):
            if self._sides[row] == HOLDOUT and mark(key) in self._trained:
                self._sides[row] = TRAIN

    def sides(self, _places: Places, _problems: Problems, _warnings: list[str]) -> bytes:
        """TRAIN, HOLDOUT or LEFT_OUT for each row."""
        return bytes(self._sides)


def write_view(own: Dataset, target: Target, other: OtherModel, folder: Path) -> tuple[FileFacts, ViewFacts, Dataset]:
    """Writes the holdout's rows that the other model was not trained on and that have the same label in both.

    Row id, label and slices are those of this holdout, the features those of the other model. Raises
    DataContractError if a feature that it was trained on no longer exists.
    """
    features = _features(other)
    other_held_out = flags(other.rows.sides, HOLDOUT)
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

    trained_on = sum(1 for number in by_number if not other_held_out[number])
    facts: ViewFacts = {
        "rows": len(matched),
        "holdout_rows": len(held_out),
        "trained_by": other.trained_by,
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
        sides=bytes([HOLDOUT]) * len(matched),
        labels=[own.labels[at] for at in matched],
        slices=own.slices,
        features=features,
        blocks=blocks,
        group_column=own.group_column,
        groups=groups_of(own.groups, matched),
    )
    return write_holdout(other.config, view, target, folder), facts, view


def for_view(config: Config, own: Config, names: Sequence[str]) -> Config:
    """The other model's configuration without its slices and its split, since the view has this holdout's.

    Columns that it left out may be gone from the data (`names`) by now. No message quotes what either model's
    configuration calls sensitive.
    """
    exclude = tuple(name for name in config.exclude if name in names)
    sensitive = tuple(name for name in (*own.sensitive, *config.sensitive) if name in names)
    return replace(config, slices=(), split=SplitRule(), exclude=exclude, sensitive=sensitive)


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
