"""Sentences about columns that are probably not what they look like.

`pipeline/tables/column-warnings.ts` says the same in the same words: `mlops validate` and the report of a run tell the
same story.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from .column import MARKER, NUMERIC, is_missing, kind_of
from .column_scan import ColumnScan
from .dialect import Decimal
from .problems import SHOWN_ITEMS, quote, quote_cell

# Largest share of fields that are no numbers, in a column that is text because of them alone.
FEW = 0.05
# Least share of a sample that a pattern has to fit.
MOST = 0.9
# Least fields, and least share of different ones among them, in a column that looks like an id.
LEAST_IDS = 20
DISTINCT = 0.95

_SIGN = "[$€£¥₹%]|USD|EUR|GBP|CHF|JPY"
_DIGITS = "[0-9](?:[0-9.,' \u00a0\u202f]*[0-9])?"
_UNIT = re.compile(f"[+-]?(?:(?:{_SIGN}) ?[+-]?{_DIGITS}|{_DIGITS} ?(?:{_SIGN}))").fullmatch
_GROUPED = re.compile("[+-]?[1-9][0-9]{0,2}(?:[,' \u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?").fullmatch
_TIME = "(?:[T ][0-9]{1,2}:[0-9]{2}[^\\n]*)?"
_DATE = re.compile(
    "|".join(
        (
            f"[0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}{_TIME}",
            f"[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.](?:[0-9]{{2}}|[0-9]{{4}}){_TIME}",
            f"[0-9]{{1,2}}[- ][A-Za-z]{{3,9}}[- ](?:[0-9]{{2}}|[0-9]{{4}}){_TIME}",
            "[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]+)?)?",
        )
    )
).fullmatch

# Chooses the words of a sentence: those for one column, or those for several.
_Words = Callable[[str, str], str]


def column_warnings(
    columns: Sequence[ColumnScan],
    types: Mapping[str, str],
    declared: Collection[str],
    decimal: Decimal,
    sensitive: Sequence[str],
    place: Callable[[int], str],
) -> list[str]:
    """Warnings about `columns`; at most one about a column, and one of a kind, but for columns with a few slips.

    `types`: data.columns. `declared`: the columns of text whose type the files declare. `sensitive`: those of which
    no cell is quoted. `place` describes a row.
    """
    kinds: dict[str, list[tuple[ColumnScan, str]]] = {}
    for column in columns:
        kind, example = _kind(column, types.get(column.name), column.name in declared, decimal)
        kinds.setdefault(kind, []).append((column, example))
    return list(_sentences(kinds, decimal, sensitive, place))


def _kind(column: ColumnScan, named: str | None, declared: bool, decimal: Decimal) -> tuple[str, str]:
    """What to warn of, and an example; "" for nothing."""
    type_ = {"text": "category", "number": "number", None: column.column().type}[named]
    if declared:
        type_ = "category"
    if not column.kinds and not column.sample:
        return "empty", ""
    if type_ != "category":
        return ("constant" if column.is_constant else type_ if column.kinds & MARKER else ""), ""
    pattern, example = ("", "") if named else _pattern(column.sample, decimal)
    if pattern and (not declared or pattern == "date"):
        return pattern, example
    if not (named or declared) and column.filled > column.others and column.others <= FEW * column.filled:
        return "few", ""
    if column.is_constant:
        return "constant", ""
    distinct = len(set(column.sample))
    return ("ids" if distinct >= max(LEAST_IDS, DISTINCT * len(column.sample)) else ""), ""


def _pattern(sample: Sequence[str], decimal: Decimal) -> tuple[str, str]:
    """The pattern that nearly all fields of a sample fit, numbers aside, and the first field that does."""
    found: dict[str, list[str]] = {"decimal": [], "grouped": [], "unit": [], "date": []}
    numbers = filled = 0
    for value in sample:
        text = value.strip()
        if is_missing(text):
            continue
        filled += 1
        if kind_of(text, decimal) & NUMERIC:
            numbers += 1
        elif _GROUPED(text):
            found["grouped"].append(value)
        elif kind_of(text, "," if decimal == "." else ".") & NUMERIC:
            found["decimal"].append(value)
        elif _UNIT(text):
            found["unit"].append(value)
        elif _DATE(text):
            found["date"].append(value)
    # 1,234 alone may be either; beside 12,5 it has a decimal comma.
    if found["decimal"] and decimal == ".":
        found["decimal"] += found["grouped"]
        found["grouped"] = []
    pattern = max(found, key=lambda name: len(found[name]))
    values = found[pattern]
    others = 0 if pattern == "date" else numbers
    return (pattern, values[0]) if values and len(values) + others >= MOST * filled else ("", "")


def _sentences(
    kinds: Mapping[str, Sequence[tuple[ColumnScan, str]]],
    decimal: Decimal,
    sensitive: Sequence[str],
    place: Callable[[int], str],
) -> Iterator[str]:
    def told(kind: str) -> Iterator[tuple[str, str, _Words]]:
        found = kinds.get(kind, ())
        if not found:
            return
        names = [quote(column.name) for column, _ in found]
        more = len(names) - SHOWN_ITEMS
        text = ", ".join(names[:SHOWN_ITEMS]) + (f" and {more} more" if more > 0 else "")
        one = len(names) == 1
        example = quote_cell(found[0][1], found[0][0].name, sensitive)
        yield f"The column{'' if one else 's'} {text}", example, lambda single, many: single if one else many

    for the, _, of in told("empty"):
        yield f"{the} {of('is', 'are')} empty in every row."
    for type_ in ("number", "boolean"):
        for the, _, of in told(type_):
            yield (
                f"{the} {of(f'is a {type_}', f'are {type_}s')}: text such as NA or null in {of('it', 'them')} "
                "was read as missing."
            )
    for column, _ in kinds.get("few", ())[:SHOWN_ITEMS]:
        row, text = column.first_other or (0, "")
        key, cell = _key(column.name), quote_cell(text, column.name, sensitive)
        yield (
            f"The column {quote(column.name)} is text, because {column.others:,} of its {column.filled:,} values "
            f"{'is' if column.others == 1 else 'are'} no number: {cell} ({place(row)}). Correct it and set "
            f"data.columns: {{ {key}: number }}, or say that it is meant: data.columns: {{ {key}: text }}."
        )
    mark, other = ("comma", ",") if decimal == "." else ("point", ".")
    for the, example, of in told("decimal"):
        yield (
            f"{the} {of('holds', 'hold')} numbers with a decimal {mark}, such as {example}, and {of('is', 'are')} read "
            f"as text: data.csv: {{ decimal: '{other}' }} reads them as numbers."
        )
    for the, example, of in told("grouped"):
        yield (
            f"{the} {of('holds', 'hold')} numbers whose digits are in groups, such as {example}, and {of('is', 'are')} "
            "read as text: write them without separators, or convert them in prepare.script."
        )
    for the, example, of in told("unit"):
        yield (
            f"{the} {of('holds', 'hold')} numbers with a sign, such as {example}, and {of('is', 'are')} read as text: "
            "write the numbers alone, or convert them in prepare.script."
        )
    for the, example, of in told("date"):
        yield (
            f"{the} {of('holds', 'hold')} dates or times, such as {example}, and "
            f"{of('is a category', 'are categories')}, without order: make numbers of them in prepare.script, or leave "
            "them out by data.features_exclude."
        )
    for the, _, of in told("constant"):
        yield (
            f"{the} {of('has', 'have')} the same value in every row, which tells a model nothing: data.exclude leaves "
            f"{of('it', 'them')} out."
        )
    for the, _, of in told("ids"):
        yield (
            f"{the} {of('has', 'have')} values that nearly all differ, as ids or free text do: as a category "
            f"{of('it tells', 'they tell')} a model nothing. data.exclude leaves {of('it', 'them')} out; data.row_id "
            "names a column that identifies a row."
        )


def _key(name: str) -> str:
    """How YAML writes a key in braces: with quotes where it is not a plain word."""
    return name if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*", name) else json.dumps(name, ensure_ascii=False)
