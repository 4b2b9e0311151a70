"""The program `prepare`: a SageMaker Processing job without arguments."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from pathlib import Path

from .errors import PrepareError
from .job import prepare
from .monitor import is_monitor, monitor
from .release import is_release, release

# SageMaker shows so many bytes of output/message.
MESSAGE_BYTES = 1024


def main() -> int:
    """Runs the job under SAGEMAKER_BASE_DIR (default /opt/ml). 0: done; 1: failed, output/message says why."""
    # Searching millions of short lists for cycles takes longer than reading the file, and there are none.
    gc.disable()
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml")
    try:
        # The jobs of the machines release and monitor are of the same image: their settings say what to do.
        run = release if is_release(base) else monitor if is_monitor(base) else prepare
        for line in run(base):
            print(line, flush=True)
    except PrepareError as error:
        return _fail(base, f"{type(error).__name__}: {error}")
    except Exception as error:
        # Other errors, such as a full disk or a bug, must reach the user too.
        traceback.print_exc()
        return _fail(base, f"{type(error).__name__}: {error}")
    return 0


def _fail(base: Path, message: str) -> int:
    print(message, file=sys.stderr, flush=True)
    try:
        (base / "output").mkdir(parents=True, exist_ok=True)
        (base / "output" / "message").write_text(shorten(message), encoding="utf-8")
    except OSError as error:
        print(f"the message could not be written: {error}", file=sys.stderr, flush=True)
    return 1


def shorten(message: str, limit: int = MESSAGE_BYTES) -> str:
    """The message in at most `limit` bytes of UTF-8: whole lines if possible, and how many are left out."""
    if len(message.encode()) <= limit:
        return message
    lines = message.split("\n")
    for kept in range(len(lines) - 1, 0, -1):
        text = "\n".join([*lines[:kept], f"and {len(lines) - kept} more lines in the log"])
        if len(text.encode()) <= limit:
            return text
    return message.encode()[: limit - 3].decode(errors="ignore") + "…"


if __name__ == "__main__":
    raise SystemExit(main())
