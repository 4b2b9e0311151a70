"""SageMaker's container contract: where things lie, what a job is told, how it fails and stops.

Standard library only: both programs import it first, before anything slow.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

FAILURE_CHARACTERS = 1024  # what SageMaker keeps of the failure file as FailureReason


class InputError(ValueError):
    """What the user can fix: the message says what was found, what was expected and where."""


def base_dir() -> Path:
    """SAGEMAKER_BASE_DIR, or /opt/ml as in SageMaker's own containers."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml")


def settle() -> None:
    """Makes SIGTERM end the process at once and keeps numeric libraries to one thread, before they are imported.

    As process 1 of a container a program without a handler ignores SIGTERM. Several jobs share the cores, and these
    fits are too small to gain from threads; both variables can be set from outside.
    """
    signal.signal(signal.SIGTERM, _stop)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def read_hyperparameters(base: Path) -> dict[str, str]:
    """The job's hyperparameters as text by name, {} without the file.

    Values are text by contract, kept to the letter; SageMaker's Python SDK sends text as JSON, in quotes, which are
    taken off.

    Raises:
        InputError: the file is no JSON object.
    """
    path = base / "input" / "config" / "hyperparameters.json"
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: found no valid JSON ({error})") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: found {type(values).__name__}, expected a JSON object of hyperparameters")
    return {name: _unquoted(str(value)) for name, value in values.items()}


def _unquoted(text: str) -> str:
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def report_failure(base: Path, message: str) -> None:
    """Writes the message to the failure file, which becomes the job's FailureReason."""
    path = base / "output" / "failure"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(message[:FAILURE_CHARACTERS], encoding="utf-8")


def _stop(signum: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signum)
