"""Conversion of extended JSON to Python values."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .kinds import Dict, DType, Duration, Markdown, Path, StorageSize, Timestamp, Uri, members

_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def decode(value: Any) -> Any:
    """Return the Python value of extended JSON.

    >>> decode({"$tuple": [1, {"$storageSize": 5}]})
    (1, StorageSize(5))
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (mark, payload), *_ = value.items()
        if (convert := _MARKS.get(mark)) is not None:
            return convert(payload)
    return {key: decode(item) for key, item in value.items()}


def decode_card(card: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a card."""
    return {key: decode(item) for key, item in card.items()}


def _timestamp(text: str) -> datetime:
    found = Timestamp.parse(text)
    if found.nanosecond:
        return found
    return datetime.fromisoformat(found.isoformat())


def _duration(seconds: float) -> timedelta | Duration:
    try:
        span = timedelta(seconds=seconds)
    except OverflowError:
        return Duration(seconds)
    exact = span.total_seconds() == seconds and math.copysign(1, seconds) == math.copysign(1, span.total_seconds())
    return span if exact else Duration(seconds)


_MARKS: dict[str, Callable[[Any], Any]] = {
    "$float": _FLOATS.__getitem__,
    "$tuple": lambda items: tuple(decode(item) for item in items),
    "$set": lambda items: members(_frozen(decode(item)) for item in items),
    "$dict": lambda fields: Dict(decode_card(fields)),
    "$uri": Uri,
    "$path": Path,
    "$dtype": DType,
    "$storageSize": lambda size: StorageSize(int(size)),
    "$timestamp": _timestamp,
    "$duration": _duration,
    "$markdown": Markdown,
}


def _frozen(item: Any) -> Any:
    return frozenset(item) if isinstance(item, set) else item
