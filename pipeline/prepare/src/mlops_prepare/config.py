"""Reads prepare.json, the job's configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from .errors import ConfigError

Problem = Literal["binary", "multiclass", "regression"]
Format = Literal["csv", "parquet"]
ContentType = Literal["text/csv", "application/jsonlines"]
Side = Literal["first", "last"]
SplitBy = Literal["hash", "group", "time", "file"]


@dataclass(frozen=True)
class CsvLayout:
    """Layout of the training CSV: whether it has a header, and where the target is."""

    header: bool
    target: Side


@dataclass(frozen=True)
class SplitRule:
    """What decides a row's side: its id, the group or the time in `column`, or the files of `source`."""

    by: SplitBy = "hash"
    column: str | None = None
    # Seconds before the holdout in which rows are left out of training (by time).
    embargo: float = 0
    source: str | None = None


@dataclass(frozen=True)
class Config:
    """The job's configuration; the keys are those of mlops.yaml."""

    problem: Problem
    format: Format
    target: str
    positive: str | None
    row_id: str | None
    exclude: tuple[str, ...]
    features_exclude: tuple[str, ...]
    slices: tuple[str, ...]
    holdout: float
    salt: str
    content_type: ContentType
    csv: CsvLayout
    source: str
    split: SplitRule


def read_config(path: Path) -> Config:
    """The configuration in the file `path`; ConfigError names the key that is missing or wrong."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path} must hold an object, found {json.dumps(document)[:80]}")

    content_type: ContentType = _choice(document, "content_type", get_args(ContentType))
    # JSON Lines needs no CSV layout, so it may be absent.
    layout = document.get("csv") or {}
    if content_type == "text/csv" and not isinstance(document.get("csv"), dict):
        raise _wrong(document, "csv", 'an object such as {"header": false, "target": "first"}')
    config = Config(
        problem=_choice(document, "problem", get_args(Problem)),
        format=_choice(document, "format", get_args(Format)),
        target=_text(document, "target"),
        positive=_optional_text(document, "positive"),
        row_id=_optional_text(document, "row_id"),
        exclude=_texts(document, "exclude"),
        features_exclude=_texts(document, "features_exclude"),
        slices=_texts(document, "slices"),
        holdout=_share(document, "holdout"),
        salt=_text(document, "salt"),
        content_type=content_type,
        csv=CsvLayout(
            header=_flag(layout, "header") if layout else False,
            target=_choice(layout, "target", get_args(Side)) if layout else "first",
        ),
        source=_text(document, "source"),
        split=_split(document),
    )
    if config.target == config.row_id:
        raise ConfigError(f"data.row_id and data.target are both {json.dumps(config.target)}")
    if config.row_id in config.slices:
        raise ConfigError(f"data.slices holds the row id, {json.dumps(config.row_id)}: a slice of one row each")
    if config.target == config.split.column:
        raise ConfigError(f"data.split.column and data.target are both {json.dumps(config.target)}")
    for key, names in (("exclude", config.exclude), ("features_exclude", config.features_exclude)):
        if config.target in names:
            raise ConfigError(f"data.{key} holds the target, {json.dumps(config.target)}")
    return config


def _wrong(document: dict[str, Any], key: str, expected: str) -> ConfigError:
    found = json.dumps(document[key])[:80] if key in document else "nothing"
    return ConfigError(f"prepare.json: {key} must be {expected}, found {found}")


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str):
        raise _wrong(document, key, "text")
    return value


def _optional_text(document: dict[str, Any], key: str) -> str | None:
    return None if document.get(key) is None else _text(document, key)


def _texts(document: dict[str, Any], key: str) -> tuple[str, ...]:
    value = document.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(document, key, "a list of column names")
    # A column named twice is one column.
    return tuple(dict.fromkeys(value))


def _choice(document: dict[str, Any], key: str, choices: tuple[str, ...]) -> Any:
    value = document.get(key)
    if value not in choices:
        raise _wrong(document, key, "one of " + ", ".join(choices))
    return value


def _split(document: dict[str, Any]) -> SplitRule:
    """Settings without a split are those of a split by hash."""
    rule = document.get("split")
    if rule is None:
        return SplitRule()
    if not isinstance(rule, dict):
        raise _wrong(document, "split", 'an object such as {"by": "group", "column": "person"}')
    by: SplitBy = _choice(rule, "by", get_args(SplitBy))
    embargo = rule.get("embargo", 0)
    if isinstance(embargo, bool) or not isinstance(embargo, (int, float)) or embargo < 0:
        raise _wrong(rule, "embargo", "a number of seconds")
    return SplitRule(
        by=by,
        column=_text(rule, "column") if by in ("group", "time") else None,
        embargo=embargo,
        source=_text(rule, "source") if by == "file" else None,
    )


def _flag(document: dict[str, Any], key: str) -> bool:
    value = document.get(key)
    if not isinstance(value, bool):
        raise _wrong(document, key, "true or false")
    return value


def _share(document: dict[str, Any], key: str) -> float:
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise _wrong(document, key, "a number above 0 and below 1")
    return float(value)
