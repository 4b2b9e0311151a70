"""What can go wrong through something that a user can mend; the class name is the error's name outside too."""

from __future__ import annotations


class PrepareError(Exception):
    """A fault that a user can mend; the text says what was found, what was expected and where."""


class ConfigError(PrepareError):
    """prepare.json does not say what it has to."""


class DataContractError(PrepareError):
    """The data is not what the configuration says it is."""


class PrepareScriptError(PrepareError):
    """The user's prepare script failed, or returned what cannot be used."""
