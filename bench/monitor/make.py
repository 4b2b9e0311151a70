"""Writes what releases leave, one a day: predictions and the columns that they were made from, with a package's reference.

    make.py FOLDER ROWS DAYS COLUMNS

A tenth of the columns are numbers with all digits of a double, a fifth categories, the others numbers of few digits, as in
most tables.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mlops_prepare.predictions import SCHEMA

FIRST_DAY = np.datetime64("2025-01-01T06:00", "us")


def main() -> None:
    """Writes predictions/, inputs/ and monitor/ below the folder."""
    folder, rows, days, columns = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    kinds = ["full" if at % 10 == 0 else "text" if at % 5 == 1 else "short" for at in range(columns)]
    write_reference(folder / "monitor", kinds)
    for day in range(days):
        count = rows * (day + 1) // days - rows * day // days
        random = np.random.default_rng(day)
        ids = pa.array([f"e{day}-{at}" for at in range(count)])
        write(folder / "predictions", day, predictions(random, ids, day))
        table = {"row_id": ids, **{f"c{at}": column(random, kind, count) for at, kind in enumerate(kinds)}}
        write(folder / "inputs", day, pa.table(table))


def column(random: np.random.Generator, kind: str, count: int) -> pa.Array:
    """Cells of a column, of which one in fifty is missing."""
    missing = random.random(count) < 0.02
    if kind == "text":
        names = pa.array([f"category {at}" for at in range(20)])
        return names.take(pa.array(random.zipf(1.5, count).clip(max=20) - 1, mask=missing))
    values = random.normal(size=count)
    return pa.array(values if kind == "full" else values.round(2), mask=missing)


def predictions(random: np.random.Generator, ids: pa.Array, day: int) -> pa.Table:
    """Predictions of a binary model."""
    scores = random.beta(2, 5, len(ids))
    decisions = pa.array(["No", "Yes"]).take(pa.array((scores >= 0.5).astype(np.int32)))
    found = {name: pa.nulls(len(ids), SCHEMA.field(name).type) for name in SCHEMA.names}
    found |= {
        "row_id": ids,
        "score": pa.array(scores),
        "decision": decisions,
        "package": pa.repeat("bench/1", len(ids)),
        "predicted_at": pa.repeat(pa.scalar(FIRST_DAY + np.timedelta64(day, "D"), pa.timestamp("us")), len(ids)),
    }
    return pa.table(found, schema=SCHEMA)


def write(folder: Path, day: int, table: pa.Table) -> None:
    """Writes a release's file as deliver does."""
    path = folder / f"release=r{day:04}" / "part-00000.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(table, path, compression="zstd", compression_level=1, row_group_size=100_000)


def write_reference(folder: Path, kinds: list[str]) -> None:
    """Writes the settings of the job and the reference of the only package."""
    # Tenths of the normal distribution.
    edges = [-1.28, -0.84, -0.52, -0.25, 0.0, 0.25, 0.52, 0.84, 1.28]
    names = [f"category {at}" for at in range(20)]
    columns = [
        {"name": f"c{at}", "type": "category", "categories": names, "counts": [1] * 20, "others": 0, "missing": 0}
        | {"known": sorted(names)}
        if kind == "text"
        else {"name": f"c{at}", "type": "number", "edges": edges, "counts": [1] * 10, "missing": 0, "range": [-4, 4]}
        for at, kind in enumerate(kinds)
    ]
    reference = {
        "version": 1,
        "problem": "binary",
        "labels": ["No", "Yes"],
        "scores": [{"name": "", "edges": (np.arange(1, 1000) / 1000).tolist()}],
        "columns": columns,
    }
    settings = {
        "model": "bench",
        "at": "2026-12-31T00:00:00Z",
        "window": 86_400,
        "problem": "binary",
        "packages": {"bench/1": "monitor/reference.json"},
        "sensitive": [],
        "truth": None,
    }
    folder.mkdir(parents=True)
    (folder / "reference.json").write_text(json.dumps(reference))
    (folder / "monitor.json").write_text(json.dumps(settings))


main()
