"""The target: its classes, their order and the codes that a model reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, islice

from .column import number
from .config import Config
from .dataset import Dataset, lacks_label
from .dialect import Decimal
from .problems import SHOWN_ITEMS, Problems, enumerate_some, nearest, quote
from .table import Places


@dataclass(frozen=True)
class Target:
    """`labels` in the order of their codes: binary [negative, positive], multiclass by code point, regression none."""

    labels: Sequence[str]
    positive: str | None
    positive_defaulted: bool
    # The decimal mark of the labels, where they are numbers.
    decimal: Decimal = "."

    def encode(self, labels: Sequence[str]) -> list[str]:
        """The text to write for the raw labels: a class's code, or the number itself."""
        if not self.labels:
            return [number(label, self.decimal) or "" for label in labels]
        codes = {label: str(code) for code, label in enumerate(self.labels)}
        return [codes[label] for label in labels]


def read_target(config: Config, data: Dataset, places: Places, problems: Problems, warnings: list[str]) -> Target:
    """Checks the labels of both sides and decides the classes; adds mistakes to `problems`."""
    column = f"column {quote(config.target)} (data.target)"
    words = {label for label in set(data.labels) if lacks_label(config, label)}
    missing = [data.rows[at] for at, label in enumerate(data.labels) if label in words]
    if missing:
        problems.add(f"{places.describe(missing, len(missing))}: {column} {_missing(config, words)}")
    if config.problem == "regression":
        _check_numbers(column, config, data, places, problems)
        _check_sides(config, data, problems)
        return Target([], None, False, config.source_csv.decimal)

    counts = Counter(data.labels)
    for word in words:
        del counts[word]
    classes = sorted(counts)
    if config.problem == "multiclass":
        if len(classes) < 2:
            problems.add(f"{config.source}: {column} has {_found(counts)}; two classes or more are expected")
        else:
            warnings += _spaces_apart(config, classes)
            _check_classes(config, data, classes, problems, warnings)
        return Target(labels=classes, positive=None, positive_defaulted=False)

    if len(classes) != 2:
        problems.add(f"{config.source}: {column} has {_found(counts)}; problem: binary expects exactly two classes")
    if counts and config.positive is not None and config.positive not in counts:
        problems.add(
            f"{config.source}: {column} never holds {quote(config.positive)} (data.positive)"
            + nearest(config.positive, classes)
        )
    if len(classes) == 2:
        _check_classes(config, data, classes, problems, warnings)
    # By default the rarer class is positive; if both are equally frequent, the later one.
    positive = config.positive or min(reversed(classes), key=counts.__getitem__, default="")
    if config.positive is None:
        warnings.append(
            f"data.positive is not set: the rarer class, {quote(positive)} ({counts[positive]:,} of "
            f"{counts.total():,} rows), is the positive one."
        )
    negative = next((label for label in classes if label != positive), "")
    return Target(labels=[negative, positive], positive=positive, positive_defaulted=config.positive is None)


def _spaces_apart(config: Config, classes: Sequence[str]) -> list[str]:
    """The sentence that `"yes" and "yes "` differ in spaces alone, which nobody sees in a list; none if no two do."""
    first: dict[str, str] = {}
    pairs = [
        f"{quote(other)} and {quote(label)}"
        for label in classes
        if (other := first.setdefault(label.strip(), label)) != label
    ]
    if not pairs:
        return []
    found = f"{', '.join(pairs)} differ in spaces alone: remove them from the data"
    return [f"{config.source}: column {config.target}: the classes {found}"]


def _missing(config: Config, words: set[str]) -> str:
    """How the target of some rows is missing, and what to do."""
    texts = sorted(words - {""})
    parts = (["is empty"] if "" in words else []) + ([f"holds {enumerate_some(map(quote, texts))}"] if texts else [])
    found = " and ".join(parts)
    drop = "data.drop_missing_target: true leaves such rows out and counts them"
    if not texts or config.problem == "regression":
        return f"{found}; every row needs a value. {drop}"
    return f"{found}; every row needs a value. {drop}, or data.columns: {{ {config.target}: text }} if it is a class"


def _check_numbers(column: str, config: Config, data: Dataset, places: Places, problems: Problems) -> None:
    decimal = config.source_csv.decimal
    wrong = [
        at for at, label in enumerate(data.labels) if number(label, decimal) is None and not lacks_label(config, label)
    ]
    if wrong:
        where = places.describe((data.rows[at] for at in wrong), len(wrong))
        examples = enumerate_some(dict.fromkeys(quote(data.labels[at]) for at in islice(wrong, SHOWN_ITEMS)))
        problems.add(f"{where}: {column} holds {examples}; problem: regression expects a finite number")
    elif len(data.labels) > 1 and len(set(data.labels)) == 1:
        problems.add(f"{config.source}: {column} is {quote(data.labels[0])} in every row; there is nothing to predict")


def _check_classes(config: Config, data: Dataset, classes: list[str], problems: Problems, warnings: list[str]) -> None:
    train, holdout = _check_sides(config, data, problems)
    if not train or not holdout:
        return
    for name, counts in (("training rows", train), ("holdout", holdout)):
        absent = [quote(label) for label in classes if not counts[label]]
        if not absent:
            continue
        text = f"none of the {counts.total():,} rows of the {name} has {config.target} = {enumerate_some(absent)}"
        if config.problem == "multiclass" and counts is holdout and len(classes) - len(absent) > 1:
            warnings.append(text[0].upper() + text[1:] + ": no metric says how well it is predicted.")
        else:
            problems.add(
                f"{config.source}: {text}; more rows or another data.holdout (now {config.holdout}) are needed"
            )


def _check_sides(config: Config, data: Dataset, problems: Problems) -> tuple[Counter[str], Counter[str]]:
    holdout = Counter(compress(data.labels, data.held_out))
    train = Counter(compress(data.labels, data.trained))
    for name, counts in (("training rows", train), ("holdout", holdout)):
        if data.rows and not counts.total():
            problems.add(
                f"{config.source}: no row falls to the {name}: {len(data.rows):,} rows are too few for "
                f"data.holdout {config.holdout}"
            )
    return train, holdout


def _found(counts: Counter[str]) -> str:
    if not counts:
        return "no value"
    classes = [f"{quote(label)} ({count:,})" for label, count in sorted(counts.items())]
    return f"{len(classes):,} class{'es' if len(classes) > 1 else ''}, {enumerate_some(classes)}"
