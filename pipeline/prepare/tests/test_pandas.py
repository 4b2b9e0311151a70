"""How the sample model's README reads the job's files with pandas, run as it is written there."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from workbench import Workbench, people, table

SAMPLE = Path(__file__).parents[3] / "model"
SCRIPT = 'def transform(frame):\n    return frame.assign(half=frame["age"] / 2, old=frame["age"] > 40)\n'


def blocks() -> list[str]:
    if not (SAMPLE / "src" / "sample_model").is_dir():
        pytest.skip("model/ is the user's own, and so is its README")
    return re.findall(r"^```python\n(.*?)^```$", (SAMPLE / "README.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("scripted", [False, True])
def test_types_and_values_are_those_that_were_settled(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, scripted: bool
) -> None:
    train_code, serve_code = blocks()
    rows = people(
        90,
        zip=lambda n: ["07030", "7030", "1E5"][n % 3],
        country=lambda n: ["NA", "NO", ""][n % 3],
        paid=lambda n: ["true", "False", ""][n % 3],
        dose=lambda n: "" if n % 4 == 0 else n / 8,
    )
    bench.put(table(rows))
    if scripted:
        bench.script(SCRIPT)
    bench.run()
    data = bench.base / "input" / "data"
    data.mkdir(parents=True)
    for channel in ("train", "manifest"):
        (data / channel).symlink_to(bench.output / channel)
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(bench.base))

    scope: dict[str, Any] = {}
    exec(train_code, scope)
    frame: pd.DataFrame = scope["frame"]
    names = ["y", "age", "city", "zip", "country", "paid", "dose", *(["half", "old"] if scripted else [])]
    assert list(frame.columns) == names
    assert [str(frame[name].dtype) for name in ("age", "dose", "paid")] == ["float64", "float64", "boolean"]
    assert set(frame["zip"]) == {"07030", "7030", "1E5"}
    assert set(frame["country"].dropna()) == {"NA", "NO"}
    assert frame["country"].isna().sum() == frame["paid"].isna().sum() > 0
    assert set(frame["y"]) == {0, 1}
    written = {row["id"]: row for row in rows}
    held_out = bench.holdout()
    scope["body"] = io.StringIO("".join(",".join(row[2:]) + "\n" for row in held_out))
    exec(serve_code, scope)
    served: pd.DataFrame = scope["frame"]
    assert list(served.columns) == names[1:]
    assert list(served["zip"]) == [written[row[0]]["zip"] for row in held_out]
    assert dict(served.dtypes) == dict(frame.drop(columns="y").dtypes)
