"""Runs the user's prepare script, `transform(frame) -> frame`, separately on each side."""

from __future__ import annotations

import sys
import traceback
import types
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from .errors import PrepareScriptError
from .problems import enumerate_some, quote

Transform = Callable[[pd.DataFrame], object]

# Only the end of a traceback is shown, because it says what happened.
TRACEBACK_CHARACTERS = 800


def load_transform(path: Path) -> Transform:
    """The function `transform` of the script; PrepareScriptError if the script fails or has none."""
    module = types.ModuleType("prepare_script")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        raise _failed(path, "it failed on import", error) from error
    transform = getattr(module, "transform", None)
    if not callable(transform):
        raise PrepareScriptError("prepare.py has no function transform(frame), which returns a frame")
    return transform  # type: ignore[no-any-return]


def run_transform(transform: Transform, path: Path, side: str, frame: pd.DataFrame, target: str | None) -> pd.DataFrame:
    """What `transform` returns for a side's frame: some of its rows, each once, in the frame's order.

    The target must be among its columns, if there is one.

    PrepareScriptError if the script fails or returns anything else.
    """
    row_ids = frame.index
    try:
        # A copy, so that a script that edits in place cannot damage the row ids.
        result = transform(frame.copy())
    except (Exception, SystemExit) as error:
        raise _failed(path, f"transform failed on the {side}", error) from error

    def refuse(text: str) -> PrepareScriptError:
        return PrepareScriptError(f"prepare.py: transform, on the {side}, {text}")

    if not isinstance(result, pd.DataFrame):
        raise refuse(f"returned {type(result).__name__}; a pandas DataFrame is expected")
    if result.index.nlevels != 1:
        raise refuse("returned a frame with several index levels; keep the index: it holds the row ids")
    unknown = result.index[~result.index.isin(row_ids)]
    if len(unknown):
        raise refuse(
            f"returned {len(unknown):,} rows whose index is no row id of the data, such as {_quoted(unknown[:3])}; "
            "keep the frame's index: it holds the row ids (reset_index and ignore_index lose it)"
        )
    if not result.index.is_unique:
        repeated = result.index[result.index.duplicated()].unique()
        raise refuse(
            f"returned {len(repeated):,} row ids more than once: {_quoted(repeated)}; one row per row id is expected"
        )
    names = list(result.columns)
    wrong = [name for name in names if not isinstance(name, str) or not name]
    if wrong:
        raise refuse(f"returned column names that are not text: {enumerate_some(map(repr, wrong))}")
    if not result.columns.is_unique:
        raise refuse(f"returned columns twice: {_quoted(result.columns[result.columns.duplicated()].unique())}")
    if target is not None and target not in names:
        raise refuse(f"returned no column {quote(target)}, the target")
    return result.loc[row_ids[row_ids.isin(result.index)]]


def _quoted(names: Iterable[object]) -> str:
    return enumerate_some(quote(str(name)) for name in names)


def _failed(path: Path, what: str, error: BaseException) -> PrepareScriptError:
    # Show the script's author only the frames of the script itself.
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    lines = traceback.format_list(frames) + traceback.format_exception_only(error)
    text = "".join(lines).replace(str(path), path.name).strip()
    if len(text) > TRACEBACK_CHARACTERS:
        text = "…" + text[-TRACEBACK_CHARACTERS:]
    return PrepareScriptError(f"prepare.py: {what}:\n{text}")
