"""Errors that a user can fix. The class name is also the error's name outside this program."""

from __future__ import annotations


class PrepareError(Exception):
    """An error that a user can fix; the text says what was found, what was expected and where."""


class ConfigError(PrepareError):
    """prepare.json is missing or invalid."""


class DataContractError(PrepareError):
    """The data does not match the configuration."""


class PrepareScriptError(PrepareError):
    """The user's prepare script failed or returned an invalid result."""


class DeliveryError(PrepareError):
    """The model's answers are no complete predictions of the rows that it was given."""


class MonitorError(PrepareError):
    """What monitoring reads is not what a release, the prediction service or an earlier look wrote."""
