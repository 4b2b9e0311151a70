"""A job's folder, laid out as /opt/ml, in which the tests run the program."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

from mlops_prepare.main import main

SOURCE = Path(__file__).parents[1] / "src"
ENTRY = "import sys; from mlops_prepare.main import main; sys.exit(main())"

CONFIG: dict[str, Any] = {
    "problem": "binary",
    "format": "csv",
    "target": "y",
    "positive": "Yes",
    "row_id": "id",
    "exclude": [],
    "features_exclude": [],
    "slices": [],
    "holdout": 0.3,
    "salt": "s",
    "content_type": "text/csv",
    "csv": {"header": True, "target": "first"},
    "source": "data/people.csv",
}


class Workbench:
    """One job: put files in, run it, read what came out."""

    defaults = CONFIG

    def __init__(self, base: Path, *, as_process: bool = False) -> None:
        self.base = base
        self.as_process = as_process
        self.input = base / "processing" / "input"
        self.output = base / "processing" / "output"
        self.stderr = ""
        self.stdout = ""
        (self.input / "data").mkdir(parents=True)
        (self.input / "config").mkdir()

    def put(self, data: str | bytes, name: str = "people.csv") -> Path:
        path = self.input / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def script(self, text: str, folder: str = "script") -> None:
        (self.input / folder).mkdir(exist_ok=True)
        (self.input / folder / "prepare.py").write_text(text)

    def start(self, *, raw: str | None = None, **config: Any) -> int:
        text = json.dumps({**CONFIG, **config}) if raw is None else raw
        (self.input / "config" / "prepare.json").write_text(text)
        return self._process() if self.as_process else self._call()

    def _process(self) -> int:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "SAGEMAKER_BASE_DIR": str(self.base)}
        done = subprocess.run(
            [sys.executable, "-c", ENTRY], env=environment, capture_output=True, text=True, check=False
        )
        self.stdout, self.stderr = done.stdout, done.stderr
        return done.returncode

    def _call(self) -> int:
        """The same without a process: half a second of imports less."""
        out, err = io.StringIO(), io.StringIO()
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            mock.patch.dict(os.environ, SAGEMAKER_BASE_DIR=str(self.base)),
            mock.patch("gc.disable"),
        ):
            code = main()
        self.stdout, self.stderr = out.getvalue(), err.getvalue()
        return code

    def run(self, **config: Any) -> dict[str, Any]:
        """The manifest of a job that has to succeed."""
        assert self.start(**config) == 0, self.stderr
        manifest: dict[str, Any] = json.loads((self.output / "manifest" / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    def fail(self, *, raw: str | None = None, **config: Any) -> str:
        """The message of a job that has to fail; it leaves no manifest behind."""
        assert self.start(raw=raw, **config) == 1, self.stdout
        assert not (self.output / "manifest" / "manifest.json").exists()
        message = (self.base / "output" / "message").read_bytes()
        assert len(message) <= 1024
        return message.decode()

    def text(self, path: str) -> str:
        return (self.output / path).read_bytes().decode()

    def train(self) -> list[dict[str, str]]:
        return list(csv.DictReader(self.text("train/train.csv").splitlines()))

    def holdout(self) -> list[list[str]]:
        return list(csv.reader(self.text("holdout/holdout.csv").splitlines()))

    def jsonl(self, side: str) -> list[Any]:
        return [json.loads(line) for line in self.text(f"{side}/{side}.jsonl").splitlines()]


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows as CSV."""
    names = list(rows[0])
    lines = [names, *([str(row[name]) for name in names] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def people(count: int = 60, start: int = 0, **extra: Any) -> list[dict[str, Any]]:
    """Rows id, age, city, y; every third is a Yes; `extra` holds functions of the row's number."""
    return [
        {
            "id": f"p{n}",
            "age": 20 + n % 40,
            "city": ["Oslo", "Bern", "Rome"][n % 3 - 1],
            "y": "Yes" if n % 3 == 0 else "No",
            **{name: make(n) for name, make in extra.items()},
        }
        for n in range(start, start + count)
    ]
