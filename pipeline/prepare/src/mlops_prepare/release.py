"""The two jobs of the release machine: `lay_out` before the model predicts, `deliver` after it.

`release.json` among the inputs chooses one. pipeline/steps/release/delivery.ts has the types of the documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from .settings_file import SettingsFile

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
    file = SettingsFile(path)
    if file.text("step", ("lay_out", "deliver")) == "lay_out":
        return LayOutSettings(source=file.text("source"), most_bad_rows=file.number("most_bad_rows", least=0, most=1))
    threshold = file.document.get("threshold")
    return DeliverSettings(
        model=file.text("model"),
        release=file.text("release"),
        package=file.text("package"),
        predicted_at=file.time("predicted_at"),
        output=file.text("output", get_args(Output)),
        extra=file.texts("extra"),
        threshold=0.5 if threshold is None else file.number("threshold", least=0, most=1),
        sensitive=file.texts("sensitive"),
        min_group=int(file.number("min_group", least=1, most=1e9)),
    )
