"""Reads a column of times (data.split.by: time): ISO 8601 dates and timestamps, or numbers."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Literal

from .column import number

Kind = Literal["date", "number", ""]

_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2})(-[0-9]{2}(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r" ?(Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?"
).fullmatch
_EPOCH = date(1970, 1, 1).toordinal()
_SECONDS_A_DAY = 86_400
# The largest number of each unit of Unix time, and how many units a second has.
_UNITS = ((1e8, 1e11, 1.0), (1e11, 1e14, 1e3), (1e14, 1e17, 1e6), (1e17, 1e20, 1e9))


def moment(text: str) -> tuple[float, Kind]:
    """The time that the text writes: microseconds since 1970, UTC, for a date, itself for a number; else NaN.

    A timestamp without a zone is in UTC. A fraction is cut to microseconds.
    """
    found = _ISO(text.strip())
    if found is None:
        value = number(text) if text else None
        return (math.nan, "") if not value else (float(value), "number")
    month, rest, hour, minute, second, fraction, zone = found.groups()
    try:
        day = date.fromisoformat(month + (rest[:3] if rest else "-01")).toordinal() - _EPOCH
    except ValueError:
        return math.nan, ""
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    if h > 23 or m > 59 or s > 59:
        return math.nan, ""
    seconds = day * _SECONDS_A_DAY + h * 3600 + m * 60 + s - _offset(zone)
    return seconds * 1e6 + int((fraction or "0")[:6].ljust(6, "0")), "date"


def boundary_of(times: Sequence[float], share: float) -> float:
    """The latest time that at least `share` of all times are at or after; equal times are on one side."""
    held = math.ceil(share * len(times) - 1e-9)
    return sorted(times)[len(times) - max(held, 1)]


def unit_of(times: array[float]) -> float | None:
    """Units a second of numbers that are all Unix times in one unit (1e3: milliseconds); None for other numbers."""
    least, most = min(times), max(times)
    return next((unit for low, high, unit in _UNITS if low <= least and most < high), None)


def written(time: float, kind: str) -> str:
    """The time as text, such as 2024-03-01, 2024-03-01T12:00:00Z or 1984."""
    if kind == "number":
        return str(int(time)) if time.is_integer() else repr(time)
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=time)
    if at.timetz().replace(tzinfo=None) == datetime.min.time():
        return at.date().isoformat()
    return at.replace(tzinfo=None).isoformat() + "Z"


def _offset(zone: str | None) -> int:
    """Seconds ahead of UTC."""
    if zone in (None, "", "Z", "UTC"):
        return 0
    assert zone is not None
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)
