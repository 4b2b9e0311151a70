"""Reads the windows that `npm run simulate -- monitor` writes, so that others judge the very rows that ours judged."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

# Both programs send usage data to their makers unless told not to.
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
os.environ["DO_NOT_TRACK"] = "1"

import numpy as np
import pandas as pd


@dataclass
class Windows:
    """Years of weekly windows."""

    reference: pd.DataFrame
    rows: pd.DataFrame
    """All years, one after the other: score, label, decision."""
    weekly: int
    weeks: int
    years: int

    def by_year(self, alerts: list[bool]) -> list[list[bool]]:
        """A flag of each week by year."""
        if len(alerts) != self.years * self.weeks:
            raise ValueError(f"{len(alerts)} flags, expected {self.years} years of {self.weeks} weeks")
        return [alerts[year * self.weeks : (year + 1) * self.weeks] for year in range(self.years)]


def frame(pairs: np.ndarray) -> pd.DataFrame:
    scores, labels = pairs[:, 0], pairs[:, 1].astype(int)
    return pd.DataFrame({"score": scores, "label": labels, "decision": (scores >= 0.5).astype(int)})


def read() -> Windows:
    """Reads the folder that the command line names: about.json, and rows.f64 with a score and a label of each row."""
    folder = Path(sys.argv[1])
    about = json.loads((folder / "about.json").read_text())
    pairs = np.fromfile(folder / "rows.f64", dtype="<f8").reshape(-1, 2)
    reference = about["reference"]
    expected = reference + about["years"] * about["weeks"] * about["weekly"]
    if len(pairs) != expected:
        raise ValueError(f"rows.f64 has {len(pairs)} rows, expected {expected}")
    return Windows(
        frame(pairs[:reference]), frame(pairs[reference:]), about["weekly"], about["weeks"], about["years"]
    )


def write(verdicts: dict[str, list[list[bool]]]) -> None:
    print(json.dumps(verdicts))
