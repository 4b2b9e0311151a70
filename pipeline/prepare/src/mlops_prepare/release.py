"""The two jobs of the release machine: `lay_out` before the model predicts, `deliver` after it.

`release.json` among the inputs chooses one. pipeline/steps/release/delivery.ts has the types of the documents.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, get_args

from .errors import ConfigError

Output = Literal["probability", "label", "value"]


@dataclass(frozen=True)
class LayOutSettings:
    """Settings of the job that lays out rows."""

    # The name of the rows in messages: data.scoring.
    source: str
    # The largest share of rows that may be left out.
    most_bad_rows: float


@dataclass(frozen=True)
class DeliverSettings:
    """Settings of the job that delivers predictions."""

    model: str
    release: str
    package: str
    predicted_at: datetime
    output: Output
    # The columns after the answer.
    extra: Sequence[str]
    threshold: float
    sensitive: Sequence[str]
    # Rows of the smallest group that the summary shows.
    min_group: int


def _settings_file(base: Path) -> Path:
    return base / "processing" / "input" / "release" / "release.json"


def is_release(base: Path) -> bool:
    """Whether the job under `base` is one of the release machine's."""
    return _settings_file(base).is_file()


def release(base: Path) -> list[str]:
    """Runs the job that release.json names; returns the sentences to print.

    Raises ConfigError, DataContractError, PrepareScriptError or DeliveryError; then no output is whole.
    """
    settings = read_settings(_settings_file(base))
    inputs, outputs = base / "processing" / "input", base / "processing" / "output"
    if isinstance(settings, LayOutSettings):
        from .lay_out import lay_out  # noqa: PLC0415

        return lay_out(inputs, outputs, settings)
    from .deliver import deliver  # noqa: PLC0415  (pyarrow takes a while to import)

    return deliver(inputs, outputs, settings)


def read_settings(path: Path) -> LayOutSettings | DeliverSettings:
    """The settings in release.json; ConfigError names the key that is missing or wrong."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path} must hold an object, found {json.dumps(document)[:80]}")
    step = _text(document, "step", ("lay_out", "deliver"))
    if step == "lay_out":
        return LayOutSettings(
            source=_text(document, "source"), most_bad_rows=_number(document, "most_bad_rows", least=0, most=1)
        )
    threshold = document.get("threshold")
    return DeliverSettings(
        model=_text(document, "model"),
        release=_text(document, "release"),
        package=_text(document, "package"),
        predicted_at=_time(document, "predicted_at"),
        output=_text(document, "output", get_args(Output)),
        extra=_texts(document, "extra"),
        threshold=0.5 if threshold is None else _number(document, "threshold", least=0, most=1),
        sensitive=_texts(document, "sensitive"),
        min_group=int(_number(document, "min_group", least=1, most=1e9)),
    )


def _text(document: dict[str, Any], key: str, choices: tuple[str, ...] | None = None) -> Any:
    value = document.get(key)
    if not isinstance(value, str) or not value or (choices is not None and value not in choices):
        raise _wrong(document, key, "text" if choices is None else "one of " + ", ".join(choices))
    return value


def _texts(document: dict[str, Any], key: str) -> Sequence[str]:
    value = document.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(document, key, "a list of texts")
    return value


def _number(document: dict[str, Any], key: str, *, least: float, most: float) -> float:
    value = document.get(key)
    # Not a number is not within the bounds either.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise _wrong(document, key, f"a number from {least:g} to {most:g}")
    return float(value)


def _time(document: dict[str, Any], key: str) -> datetime:
    text = _text(document, key)
    try:
        # Python 3.10 does not know Z.
        time = datetime.fromisoformat(text.removesuffix("Z") + ("+00:00" if text.endswith("Z") else ""))
    except ValueError:
        raise _wrong(document, key, "a time such as 2026-03-01T12:00:00Z") from None
    if time.tzinfo is None:
        raise _wrong(document, key, "a time in UTC such as 2026-03-01T12:00:00Z")
    return time.astimezone(timezone.utc)


def _wrong(document: dict[str, Any], key: str, expected: str) -> ConfigError:
    found = json.dumps(document[key])[:80] if key in document else "nothing"
    return ConfigError(f"release.json: {key} must be {expected}, found {found}")
