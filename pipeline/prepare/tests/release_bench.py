"""The jobs of a release one after the other: a package is prepared, rows are laid out for it, its answers delivered."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from workbench import CONFIG, Workbench, people, table

SETTINGS: dict[str, Any] = {
    "step": "deliver",
    "model": "churn",
    "release": "r1",
    "package": "churn-1",
    "predicted_at": "2026-03-01T12:00:00Z",
    "output": "probability",
    "extra": [],
    "threshold": None,
    "sensitive": [],
    "min_group": 2,
}

# Makes the answer to a row from its number and its fields.
Answer = Callable[[int, Sequence[str]], str]


class ReleaseBench:
    """A package whose training data are in data/people.csv, and the jobs of a release of it."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.config: dict[str, Any] = {}
        self.manifest: dict[str, Any] = {}
        self.messages: list[str] = []
        self.laid = Workbench(base / "lay")
        self.delivered = Workbench(base / "deliver")

    def train(
        self, rows: Sequence[Mapping[str, object]] | None = None, script: str | None = None, **config: Any
    ) -> Any:
        """Prepares the package; returns its manifest."""
        bench = Workbench(self.base / "train")
        bench.put(table(people(200) if rows is None else rows))
        if script is not None:
            bench.script(script)
            self.laid.script(script)
        self.config = config
        self.manifest = bench.run(**config)
        return self.manifest

    def edit_manifest(self, **changes: Any) -> None:
        """Makes the package's manifest another one; None leaves a key out."""
        self.manifest = {key: value for key, value in {**self.manifest, **changes}.items() if value is not None}

    def _start(self, bench: Workbench, settings: dict[str, Any], **config: Any) -> int:
        for folder, name, document in (("release", "release", settings), ("manifest", "manifest", self.manifest)):
            (bench.input / folder).mkdir(exist_ok=True)
            (bench.input / folder / f"{name}.json").write_text(json.dumps(document))
        shutil.rmtree(bench.base / "output", ignore_errors=True)
        return bench.start(**{**self.config, **config})

    def lay_out(self, most_bad_rows: float = 0, **config: Any) -> dict[str, Any]:
        """Lays out the rows that were put into `laid`; returns rows.json."""
        code = self._start(self.laid, self._lay_out(most_bad_rows), source="data/new.csv", **config)
        assert code == 0, self.laid.stderr
        facts: dict[str, Any] = json.loads(self.laid.text("rows/rows.json"))
        return facts

    def refuse(self, most_bad_rows: float = 0, **config: Any) -> str:
        """The message of the same where it has to fail; then rows.json is missing."""
        assert self._start(self.laid, self._lay_out(most_bad_rows), source="data/new.csv", **config) == 1
        assert not (self.laid.output / "rows" / "rows.json").exists()
        return (self.laid.base / "output" / "message").read_text()

    @staticmethod
    def _lay_out(most_bad_rows: float) -> dict[str, Any]:
        return {"step": "lay_out", "source": "data/new.csv", "most_bad_rows": most_bad_rows}

    def rows(self) -> list[list[str]]:
        """The rows that were laid out as CSV."""
        return list(csv.reader(self.laid.text("rows/rows.csv").splitlines()))

    def answer(self, answer: Answer | None = None, *, text: str | None = None) -> None:
        """Puts what the model answers: an answer to each row, as the transform joins it, or a text as it is."""
        inputs = self.delivered.input
        shutil.rmtree(inputs / "rows", ignore_errors=True)
        shutil.copytree(self.laid.output / "rows", inputs / "rows")
        (inputs / "scores").mkdir(exist_ok=True)
        name = Path(json.loads(self.laid.text("rows/rows.json"))["path"]).name
        if text is None:
            assert answer is not None
            lines = []
            kept = 1 + len(self.manifest["slices"])
            for number, line in enumerate(self.laid.text(f"rows/{name}").splitlines()):
                if name.endswith("jsonl"):
                    row = json.loads(line)
                    head = f'"row_id":{json.dumps(row["row_id"])},"slices":{json.dumps(row["slices"])}'
                    lines.append(f'{{{head},"SageMakerOutput":{answer(number, list(row["features"].values()))}}}\n')
                else:
                    fields = next(csv.reader([line]))
                    lines.append(",".join([*fields[:kept], answer(number, fields)]) + "\n")
            text = "".join(lines)
        (inputs / "scores" / f"{name}.out").write_text(text)

    def deliver(self, **settings: Any) -> dict[str, Any]:
        """Delivers the answers; returns the summary."""
        assert self._start(self.delivered, {**SETTINGS, **settings}) == 0, self.delivered.stderr
        summary: dict[str, Any] = json.loads(self.delivered.text("summary/summary.json"))
        return summary

    def withhold(self, **settings: Any) -> str:
        """The message of the same where it has to fail; then no file of predictions or inputs is there."""
        assert self._start(self.delivered, {**SETTINGS, **settings}) == 1, self.delivered.stdout
        left = [path.name for path in self.delivered.output.rglob("*") if path.is_file()]
        assert left == []
        return (self.delivered.base / "output" / "message").read_text()

    def predictions(self) -> list[dict[str, Any]]:
        """The predictions, as Python has them."""
        return self._table("predictions")

    def inputs(self) -> list[dict[str, Any]]:
        """The columns that they were made from."""
        return self._table("inputs")

    def private(self) -> list[dict[str, Any]]:
        """The rows of the private summary."""
        rows: list[dict[str, Any]] = json.loads(self.delivered.text("summary/private.json"))["rows"]
        return rows

    def _table(self, folder: str) -> list[dict[str, Any]]:
        files = sorted((self.delivered.output / folder).iterdir())
        assert [file.name for file in files] == [f"part-{at:05}.parquet" for at in range(len(files))]
        return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]

    def keep_as_previous(self) -> None:
        """Makes the predictions those of the release before."""
        previous = self.delivered.input / "previous"
        shutil.rmtree(previous, ignore_errors=True)
        shutil.copytree(self.delivered.output / "predictions", previous)


def new_people(count: int = 12, **extra: Any) -> list[dict[str, Any]]:
    """Rows to predict: the people without the target."""
    return [
        {name: value for name, value in row.items() if name != CONFIG["target"]}
        for row in people(count, start=1000, **extra)
    ]
