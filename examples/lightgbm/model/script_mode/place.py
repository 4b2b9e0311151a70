"""Where the user's script and the job's files are."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

FOLDER = Path(__file__).resolve().parents[1]


def base() -> Path:
    """The folder with SageMaker's layout: /opt/ml, or elsewhere when the job runs as a plain process."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def training_script() -> Path:
    """The script to train with: SAGEMAKER_PROGRAM, train.py, or the only other Python file beside this package.

    Raises:
        ImportError: there is none, or it is not clear which.
    """
    named = os.environ.get("SAGEMAKER_PROGRAM")
    expected = named or "train.py"
    if (FOLDER / expected).is_file():
        return FOLDER / expected
    others = sorted(file for file in FOLDER.glob("*.py") if file.name not in ("inference.py", "setup.py"))
    if len(others) == 1 and not named:
        return others[0]
    found = ", ".join(file.name for file in others) or "no Python file"
    raise ImportError(f"script mode: found {found} beside script_mode/, expected {expected}")


def serving_script() -> Path:
    """The script with model_fn: inference.py if there is one, else the training script."""
    separate = FOLDER / "inference.py"
    return separate if separate.is_file() and not os.environ.get("SAGEMAKER_PROGRAM") else training_script()


def in_script(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that begins in the user's files; the whole one if none of it does."""
    own = str(Path(__file__).parent) + os.sep
    frame = trace
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if file.startswith(str(FOLDER) + os.sep) and not file.startswith(own):
            return frame
        frame = frame.tb_next
    return trace
