"""The job of the monitor machine in a folder of its own: releases, captures and truth go in, counts come out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlops_prepare.predictions import SCHEMA
from workbench import Workbench

# Ten bins of a score from 0 to 1, a column of numbers in three bins, one of two categories and a rarer one.
REFERENCE: dict[str, Any] = {
    "version": 1,
    "problem": "binary",
    "labels": ["No", "Yes"],
    "threshold": 0.5,
    "rows": 100,
    "scores": [{"name": "", "edges": [0.25, 0.5, 0.75], "bins": [{"n": 25, "sum": 12.0, "positives": 5}] * 4}],
    "metrics": {},
    "losses": {},
    "columns": [
        {"name": "age", "type": "number", "edges": [30, 40], "counts": [3, 3, 4], "missing": 0, "range": [20, 60]},
        {
            "name": "city",
            "type": "category",
            "categories": ["Oslo", "Bern"],
            "counts": [5, 4],
            "others": 1,
            "missing": 0,
            "known": ["Bern", "Oslo", "Rome"],
        },
    ],
}
DAY = 86_400
TRUTH: dict[str, Any] = {
    "source": "truth.csv",
    "row_id": "id",
    "target": "y",
    "csv": {"delimiter": "auto", "encoding": "utf-8", "decimal": "."},
}

Row = Mapping[str, Any]


class MonitorBench:
    """One look: put files in, run it, read what came out."""

    def __init__(self, base: Path, references: Mapping[str, Any] | None = None) -> None:
        self.bench = Workbench(base)
        self.input = self.bench.input
        self.output = self.bench.output
        self.references = {"p1": REFERENCE} if references is None else references
        self.settings: dict[str, Any] = {
            "model": "churn",
            "at": "2026-03-31T00:00:00Z",
            "window": DAY,
            "problem": "binary",
            "sensitive": [],
            "truth": None,
        }

    def release(
        self, name: str, rows: Sequence[Row], folder: str = "predictions", inputs: Sequence[Row] | None = None
    ) -> None:
        """Puts a release's predictions, and the columns that they were made from."""
        path = self.input / folder / f"release={name}" / "part-00000.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        full = [{**dict.fromkeys(SCHEMA.names), **row} for row in rows]
        pq.write_table(pa.Table.from_pylist(full, schema=SCHEMA), path)
        if inputs is not None:
            beside = self.input / "inputs" / f"release={name}" / path.name
            beside.parent.mkdir(parents=True, exist_ok=True)
            fields = [("row_id", pa.string())]
            fields += [(name, pa.float64() if name == "age" else pa.string()) for name in inputs[0] if name != "row_id"]
            table = [{"row_id": row["row_id"], **cells} for row, cells in zip(rows, inputs, strict=True)]
            pq.write_table(pa.Table.from_pylist(table, schema=pa.schema(fields)), beside)

    def capture(self, name: str, entries: Sequence[Row], folder: str = "captures") -> None:
        """Puts what the prediction service kept."""
        path = self.input / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))

    def truth(self, text: str | bytes, name: str = "truth.csv") -> None:
        """Puts a file of labels."""
        path = self.input / "truth" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        if self.settings["truth"] is None:
            self.settings["truth"] = {**deepcopy(TRUTH), "source": name}

    def after(self, earlier: MonitorBench) -> None:
        """Gives what an earlier look kept of the truth."""
        shutil.copytree(earlier.output / "truth", self.input / "earlier")

    def _start(self) -> int:
        packages: dict[str, str | None] = {}
        for at, (package, reference) in enumerate(self.references.items()):
            packages[package] = None if reference is None else f"references/{at}.json"
            if reference is not None:
                (self.input / "references").mkdir(exist_ok=True)
                (self.input / "references" / f"{at}.json").write_text(json.dumps(reference))
        (self.input / "monitor").mkdir(exist_ok=True)
        document = {"packages": packages, **self.settings}
        (self.input / "monitor" / "monitor.json").write_text(json.dumps(document))
        return self.bench.start()

    def run(self, **settings: Any) -> dict[str, Any]:
        """Runs a look that has to succeed; returns the summary."""
        self.settings.update(settings)
        assert self._start() == 0, self.bench.stderr
        summary: dict[str, Any] = json.loads(self.bench.text("summary/summary.json"))
        return summary

    def fail(self, **settings: Any) -> str:
        """The message of one that has to fail; then there is no summary."""
        self.settings.update(settings)
        assert self._start() == 1, self.bench.stdout
        assert not (self.output / "summary" / "summary.json").exists()
        return (self.bench.base / "output" / "message").read_text()

    def labelled(self) -> list[dict[str, Any]]:
        """LabelledWindow of each window, with `values`: its rows of scores and label."""
        document = json.loads(self.bench.text("labelled/windows.json"))
        found = []
        for window in document["windows"]:
            table = pq.ParquetFile(self.output / window["uri"]).read().slice(window["first"], window["rows"])
            found.append({**window, "values": [tuple(row.values()) for row in table.to_pylist()]})
        return found


def predicted(row_id: str, score: float | None, at: str, package: str = "p1", **more: Any) -> dict[str, Any]:
    """A prediction of a binary model at a time such as 2026-03-01T12:00."""
    decision = "No" if score is None or score < 0.5 else "Yes"
    return {
        "row_id": row_id,
        "score": score,
        "decision": decision,
        "package": package,
        "predicted_at": datetime.fromisoformat(at),
        **more,
    }
