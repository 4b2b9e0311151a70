"""The columns that the model was trained on, kept beside the model, so that `serve` reads records the same way.

A script reads its training files with pandas, which tells each column's type by all its values. A request has few
values, so `serve` must not guess again: "07030" would be a number in one request and text in the next.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

FILE = "script_mode.json"
NUMBER, TEXT, FLAG = "number", "text", "flag"


class Column(NamedTuple):
    """A column of a request: its name and what pandas made of it in training."""

    name: str
    kind: str


def save_columns(base: Path) -> None:
    """Writes the columns beside the model, if the job's manifest names them (manifest_channel of mlops.yaml)."""
    manifest = read_manifest(base)
    if manifest is None or manifest["content_type"] != "text/csv":
        return
    names = [feature["name"] for feature in manifest["features"]]
    kinds = trained_kinds(base, manifest, names)
    columns = [Column(name, kind)._asdict() for name, kind in zip(names, kinds, strict=True)]
    (base / "model" / FILE).write_text(json.dumps({"columns": columns}), encoding="utf-8")


def load_columns(model: Path) -> list[Column] | None:
    """The columns of a request, in their order; None if the job had no manifest."""
    file = model / FILE
    if not file.is_file():
        return None
    return [Column(**column) for column in json.loads(file.read_text(encoding="utf-8"))["columns"]]


def read_manifest(base: Path) -> dict[str, Any] | None:
    """The manifest among the channels of the job; None if it has none."""
    for file in sorted((base / "input" / "data").glob("*/manifest.json")):
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if "features" in manifest and "csv" in manifest:
            return manifest
    return None


def trained_kinds(base: Path, manifest: dict[str, Any], names: list[str]) -> list[str]:
    """The type that pandas gives each feature in training; the manifest's types where pandas is not installed."""
    told = [NUMBER if feature["type"] == "number" else TEXT for feature in manifest["features"]]
    positions = [place + (manifest["csv"]["target"] == "first") for place in range(len(names))]
    # A column of numbers is one for pandas too. Text may be numbers to it, such as codes with leading zeros.
    unsure = [place for place, kind in enumerate(told) if kind == TEXT]
    try:
        import pandas as pd
        from pandas.api.types import is_bool_dtype, is_numeric_dtype
    except ImportError:
        return told
    files = sorted((base / "input" / "data").glob("*/*.csv"))
    if not unsure or not files:
        return told
    header = 0 if manifest["csv"]["header"] else None
    use = [positions[place] for place in unsure]
    frame = pd.concat(pd.read_csv(file, header=header, usecols=use, low_memory=False) for file in files)
    for place, kind in zip(unsure, frame.dtypes, strict=True):
        told[place] = FLAG if is_bool_dtype(kind) else NUMBER if is_numeric_dtype(kind) else TEXT
    return told
