"""`train`: runs the script as `python train.py --hyperparameter value ...` would, with the variables SM_*."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from pathlib import Path

from script_mode.columns import save_columns
from script_mode.environment import arguments, hyperparameters, variables
from script_mode.place import FOLDER, base, in_script, training_script

SCRIPT = training_script()
SOURCE = SCRIPT.read_text(encoding="utf-8")
# A mistake in the script's syntax shows before the job.
compile(SOURCE, str(SCRIPT), "exec")


def main() -> None:
    """Trains. Exits with 1, the traceback and a failure file if the script fails or leaves no model."""
    folder = base()
    argv = arguments(hyperparameters(folder), SOURCE)
    os.environ.update(variables(folder, SCRIPT, argv))
    for needed in ("model", "output/data"):
        (folder / needed).mkdir(parents=True, exist_ok=True)
    sys.argv[:] = [str(SCRIPT), *argv]
    sys.path.insert(0, str(FOLDER))
    try:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    except SystemExit as exit_:
        if exit_.code not in (None, 0):
            raise
    except Exception as error:
        trace = in_script(error.__traceback__)
        sys.excepthook(type(error), error, trace)
        fail(folder, f"{type(error).__name__}: {error}{place_of(error)}{hint(error)}")
    if not any((folder / "model").iterdir()):
        fail(folder, f"{SCRIPT.name} left nothing in SM_MODEL_DIR, expected the model that model_fn loads")
    save_columns(folder)


def place_of(error: Exception) -> str:
    """The last place in the user's files that the error passed."""
    frames = traceback.extract_tb(in_script(error.__traceback__))
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(FOLDER)]
    return f" ({Path(own[-1].filename).relative_to(FOLDER)}, line {own[-1].lineno})" if own else ""


def hint(error: Exception) -> str:
    """Advice about a channel that a script expects and the job does not have."""
    name = str(error.args[0]) if isinstance(error, KeyError) and error.args else ""
    if not name.startswith("SM_CHANNEL_"):
        return ""
    return (
        f": this job has the channels {os.environ['SM_CHANNELS']}; the pipeline keeps the holdout to itself, so take "
        "rows for a validation from the training channel"
    )


def fail(folder: Path, message: str) -> None:
    """Ends the program with a reason, which SageMaker shows."""
    (folder / "output").mkdir(parents=True, exist_ok=True)
    (folder / "output" / "failure").write_text(message[:1024], encoding="utf-8")
    sys.exit(f"train: {message}")
