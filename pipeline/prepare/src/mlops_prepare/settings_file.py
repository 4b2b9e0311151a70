"""Reads the JSON document that holds the settings of a job."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .errors import ConfigError


class SettingsFile:
    """An object of JSON by key; each reader raises ConfigError, which names the key that is missing or wrong."""

    def __init__(self, path: Path) -> None:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigError(f"{path} is not JSON: {error}") from None
        if not isinstance(document, dict):
            raise ConfigError(f"{path} must hold an object, found {json.dumps(document)[:80]}")
        self.document: dict[str, Any] = document
        self._name = path.name
        self._prefix = ""

    def inner(self, key: str) -> SettingsFile:
        """The object under the key."""
        value = self.document.get(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "an object")
        found = SettingsFile.__new__(SettingsFile)
        found.document, found._name, found._prefix = value, self._name, f"{self._prefix}{key}."
        return found

    def text(self, key: str, choices: tuple[str, ...] | None = None) -> Any:
        """A text that is not empty, one of the choices if there are some."""
        value = self.document.get(key)
        if not isinstance(value, str) or not value or (choices is not None and value not in choices):
            raise self.wrong(key, "text" if choices is None else "one of " + ", ".join(choices))
        return value

    def texts(self, key: str) -> Sequence[str]:
        """A list of texts."""
        value = self.document.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "a list of texts")
        return value

    def number(self, key: str, *, least: float, most: float) -> float:
        """A number within bounds."""
        value = self.document.get(key)
        # Not a number is not within the bounds either.
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise self.wrong(key, f"a number from {least:g} to {most:g}")
        return float(value)

    def time(self, key: str) -> datetime:
        """A time in UTC."""
        text = self.text(key)
        try:
            # Python 3.10 does not know Z.
            time = datetime.fromisoformat(text.removesuffix("Z") + ("+00:00" if text.endswith("Z") else ""))
        except ValueError:
            raise self.wrong(key, "a time such as 2026-03-01T12:00:00Z") from None
        if time.tzinfo is None:
            raise self.wrong(key, "a time in UTC such as 2026-03-01T12:00:00Z")
        return time.astimezone(timezone.utc)

    def wrong(self, key: str, expected: str) -> ConfigError:
        """The error about a key."""
        found = json.dumps(self.document[key])[:80] if key in self.document else "nothing"
        return ConfigError(f"{self._name}: {self._prefix}{key} must be {expected}, found {found}")
