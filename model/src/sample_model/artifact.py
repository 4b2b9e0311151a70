"""What `train` leaves for `serve`: the fitted pipeline, and as JSON what its columns are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import joblib
from sklearn.pipeline import Pipeline

from sample_model.container import InputError
from sample_model.features import Feature
from sample_model.hyperparameters import Problem


@dataclass(frozen=True)
class Artifact:
    """A fitted pipeline with the columns that it was fitted on."""

    problem: Problem
    features: list[Feature]
    pipeline: Pipeline


def save_artifact(artifact: Artifact, folder: Path) -> None:
    """Writes pipeline.joblib and model.json to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(artifact.pipeline, folder / "pipeline.joblib")
    description = {"problem": artifact.problem, "features": [asdict(feature) for feature in artifact.features]}
    (folder / "model.json").write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load_artifact(folder: Path) -> Artifact:
    """Reads what `save_artifact` wrote. A pickle runs code when loaded: only for artifacts of one's own pipeline.

    Raises:
        InputError: a file is missing.
    """
    for name in ("model.json", "pipeline.joblib"):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: found no {name}, expected what train wrote")
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if description["problem"] not in get_args(Problem):
        raise InputError(f"{folder / 'model.json'}: found problem {description['problem']!r}")
    return Artifact(
        problem=description["problem"],
        features=[Feature(**feature) for feature in description["features"]],
        pipeline=joblib.load(folder / "pipeline.joblib"),
    )
