"""Reads the manifest that the prepare job of a package wrote: what its model takes and answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from .column import Column
from .config import ContentType, Problem
from .errors import ConfigError
from .table import Type


@dataclass(frozen=True)
class PackageManifest:
    """What a model was trained on."""

    problem: Problem
    target: str
    positive: str | None
    # Binary: [negative, positive]; multiclass: by code; regression: none.
    labels: Sequence[str]
    row_id: str | None
    # The columns whose content identifies a row without an id; None if there is an id, or in manifests that lack it.
    id_columns: Sequence[str] | None
    content_type: ContentType
    features: Sequence[Column]
    slices: Sequence[str]
    # The type of each column of the source: number, integer, boolean or category. Empty in manifests that lack it.
    columns: Mapping[str, str] = field(default_factory=dict)
    # The categories of training, of columns that have few. Empty in manifests that lack them.
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_manifest(path: Path) -> PackageManifest:
    """The manifest in the file; ConfigError says what is missing or wrong."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is missing; the package's manifest is expected there") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path} must hold an object, found {json.dumps(document)[:80]}")
    features = document.get("features")
    if not isinstance(features, list) or not features or not all(_is_feature(feature) for feature in features):
        raise _wrong(document, "features", 'a list such as [{"name": "age", "type": "number"}]')
    manifest = PackageManifest(
        problem=_choice(document, "problem", get_args(Problem)),
        target=_choice(document, "target"),
        positive=document.get("positive"),
        labels=_texts(document, "labels"),
        row_id=document.get("row_id"),
        id_columns=_texts(document, "id_columns") if document.get("id_columns") is not None else None,
        content_type=_choice(document, "content_type", get_args(ContentType)),
        features=[Column(feature["name"], feature["type"]) for feature in features],
        slices=_texts(document, "slices"),
        columns=_mapping(document, "columns"),
        categories=_mapping(document, "categories"),
    )
    classes = {"binary": len(manifest.labels) == 2, "multiclass": len(manifest.labels) > 1, "regression": True}
    if not classes[manifest.problem]:
        raise _wrong(document, "labels", "two classes" if manifest.problem == "binary" else "two classes or more")
    return manifest


def _is_feature(feature: Any) -> bool:
    return isinstance(feature, dict) and isinstance(feature.get("name"), str) and feature.get("type") in get_args(Type)


def _choice(document: dict[str, Any], key: str, choices: tuple[str, ...] | None = None) -> Any:
    value = document.get(key)
    if not isinstance(value, str) or (choices is not None and value not in choices):
        raise _wrong(document, key, "text" if choices is None else "one of " + ", ".join(choices))
    return value


def _texts(document: dict[str, Any], key: str) -> Sequence[str]:
    value = document.get(key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(document, key, "a list of texts")
    return value


def _mapping(document: dict[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise _wrong(document, key, "an object")
    return value


def _wrong(document: dict[str, Any], key: str, expected: str) -> ConfigError:
    found = json.dumps(document[key])[:80] if key in document else "nothing"
    return ConfigError(f"the package's manifest.json: {key} must be {expected}, found {found}")
