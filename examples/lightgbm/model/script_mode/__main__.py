"""The entry point of a container: `python -m script_mode train` or `serve`."""

from __future__ import annotations

import importlib
import sys

if __name__ == "__main__":
    program = sys.argv[1] if len(sys.argv) > 1 else ""
    if program not in ("train", "serve"):
        sys.exit(f'program: found "{program}", expected train or serve')
    importlib.import_module(f"script_mode.{program}").main()
