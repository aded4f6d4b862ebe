"""Conversion of Python values to extended JSON. A value that cannot be kept exactly is refused with its path."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import pathlib
from collections import deque
from collections.abc import Callable, ItemsView, KeysView, Mapping, ValuesView
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from . import foreign
from .errors import InvalidValue
from .kinds import Dict, DType, Duration, Markdown, OrderedSet, Path, StorageSize, Uri

Place = tuple[str | int, ...]

MAX_NESTING = 32
MAX_KEY = 250
MAX_VALUE_BYTES = 65_536
_INT64 = range(-(2**63), 2**63)


def spell(place: Place) -> str:
    """Return a path for messages, such as `metadata["a b"].loss[2]`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}" if text else part
        else:
            short = part if len(part) <= 100 else part[:100] + "…"
            text += f"[{json.dumps(short, ensure_ascii=False)}]"
    return text


def refuse(place: Place, reason: str) -> InvalidValue:
    """Return the exception for a value at a place."""
    return InvalidValue(f"{spell(place)}: {reason}", path=place)


def dumps(value: Any) -> str:
    """Return extended JSON as text without spaces."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode_metadata(metadata: object, *, max_value_bytes: int = MAX_VALUE_BYTES) -> dict[str, Any]:
    """Return extended JSON of the argument `metadata`. A dictionary at the top is a card.

    Raises:
        InvalidValue: A key or value cannot be stored exactly; the message begins with its path.

    >>> encode_metadata({"metrics": {"loss": float("nan")}, "shape": (240, 3)})
    {'metrics': {'loss': {'$float': 'NaN'}}, 'shape': {'$tuple': [240, 3]}}
    """
    top: Place = ("metadata",)
    fields = metadata if isinstance(metadata, Mapping) else _fields(metadata)
    if fields is None:
        raise refuse(top, f"must be a dictionary, not {describe(metadata)}")
    if not fields:
        raise refuse(top, "has no facts to log")
    found: dict[str, Any] = {}
    for raw, value in fields.items():
        key = _key(raw, top, entry=True)
        place = (*top, key)
        value = _unwrap(value, place)
        if isinstance(value, Mapping) and not isinstance(value, Dict):
            found[key] = _card(value, place, max_value_bytes)
            continue
        found[key] = {"$dict": _dict(value, place, 1, mark=False)} if isinstance(value, Dict) else encode(value, place)
        _check_size(found[key], place, max_value_bytes)
    return found


def _card(card: Mapping[Any, Any], place: Place, max_value_bytes: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for raw, value in card.items():
        key = _key(raw, place, entry=True)
        found[key] = encode(value, (*place, key))
        _check_size(found[key], (*place, key), max_value_bytes)
    return found


def _check_size(value: Any, place: Place, limit: int) -> None:
    size = len(dumps(value).encode())
    if size > limit:
        raise refuse(
            place,
            f"has {size} bytes as JSON, and a value has at most {limit}; "
            "save a large object as a file, and log its Uri",
        )


def _key(raw: Any, place: Place, *, entry: bool = False) -> str:
    if isinstance(raw, enum.Enum) and isinstance(raw, str):
        raw = raw.value
    if not isinstance(raw, str):
        raise refuse(place, f"keys must be text, but one is {raw!r} ({describe(raw)})"[:300])
    key = str(raw)
    if not key:
        raise refuse(place, "a key must not be empty")
    _check_text(key, (*place, key), "a key")
    if entry and key.startswith("$"):
        raise refuse((*place, key), "the name of an entry or a card must not begin with $")
    if len(key) > MAX_KEY:
        raise refuse((*place, key), f"a key has at most {MAX_KEY} characters, and this one has {len(key)}")
    return key


def _check_text(text: str, place: Place, what: str) -> None:
    if "\0" in text:
        raise refuse(place, f"{what} must not contain NUL (\\0)")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise refuse(
            place, f"{what} has an unpaired surrogate at character {error.start}, which is not valid Unicode"
        ) from None


def describe(value: object) -> str:
    """Return the qualified name of the type of a value."""
    cls = type(value)
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _unwrap(value: Any, place: Place) -> Any:
    """Return the standard Python object for an object of another package, or the value itself."""
    if isinstance(value, enum.Enum):
        return _unwrap(value.value, place)
    if isinstance(value, _STANDARD) and not foreign.is_missing(value):
        return value
    try:
        found = foreign.to_standard(value)
    except foreign.Refused as error:
        raise refuse(place, str(error)) from None
    if found is not value:
        return _unwrap(found, place)
    fields = _fields(value)
    return value if fields is None else fields


def encode(value: Any, place: Place = ("value",), depth: int = 0) -> Any:
    """Return extended JSON of one value.

    >>> encode(StorageSize(5))
    {'$storageSize': 5}
    >>> encode(b"x")
    Traceback (most recent call last):
    ...
    placard_client.errors.InvalidValue: value: bytes cannot be stored; decode them, or save a file and log its Uri
    """
    value = _unwrap(value, place)
    for cls, convert in _CONVERSIONS:
        if isinstance(value, cls):
            return convert(value, place, depth + 1)
    raise refuse(place, f"{describe(value)} cannot be stored exactly" + _HINTS.get(type(value).__name__, ""))


def _int(value: Any, place: Place, depth: int) -> int:
    number = int(value)
    if number not in _INT64:
        raise refuse(place, f"the integer {number if abs(number) < 10**40 else '…'} does not fit into 64 bits")
    return number


def _size(value: Any, place: Place, depth: int) -> dict[str, Any]:
    return {"$storageSize": _int(value, place, depth)}


def _float(value: Any, place: Place, depth: int) -> Any:
    number = float(value)
    if math.isfinite(number):
        return number
    return {"$float": "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"}


def _str(value: Any, place: Place, depth: int) -> str:
    text = str.__str__(value)
    _check_text(text, place, "text")
    return text


def _mark(mark: str) -> Callable[[Any, Place, int], dict[str, str]]:
    return lambda value, place, depth: {mark: _str(value, place, depth)}


def _decimal(value: Decimal, place: Place, depth: int) -> Any:
    if value.is_nan() and not value.is_snan():
        return {"$float": "NaN"}
    if value.is_infinite():
        return _float(value, place, depth)
    number = math.inf if value.is_snan() else _or_infinity(value)
    if not math.isfinite(number) or Decimal(repr(number)) != value:
        raise refuse(place, f"Decimal {value} is not exact as a double; log float(value) or str(value)")
    return number


def _fraction(value: Fraction, place: Place, depth: int) -> float:
    number = _or_infinity(value)
    if not math.isfinite(number) or Fraction(number) != value:
        raise refuse(place, "the fraction is not exact as a double; log float(value) or str(value)")
    return number


def _or_infinity(value: Decimal | Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _datetime(value: datetime, place: Place, depth: int) -> dict[str, str]:
    if value.tzinfo is None or value.utcoffset() is None:
        raise refuse(place, "the time has no time zone; use datetime.now(timezone.utc) or value.astimezone()")
    try:
        utc = value.astimezone(timezone.utc)
    except OverflowError:
        raise refuse(place, "the time is out of range in UTC") from None
    nanosecond = getattr(value, "nanosecond", 0)
    text = utc.strftime("%m-%dT%H:%M:%S")
    decimals = f"{utc.microsecond:06d}{nanosecond:03d}".rstrip("0")
    return {"$timestamp": f"{utc.year:04d}-{text}" + (f".{decimals}" if decimals else "") + "Z"}


def _timedelta(value: timedelta, place: Place, depth: int) -> dict[str, float]:
    # pandas' Timedelta has nanoseconds, which are not part of its microseconds.
    microseconds = (value.days * 86_400 + value.seconds) * 10**6 + value.microseconds
    nanoseconds = microseconds * 1000 + getattr(value, "nanoseconds", 0)
    return {"$duration": seconds_of(nanoseconds, place)}


def seconds_of(nanoseconds: int, place: Place) -> float:
    """Return seconds, from which the nanoseconds, or whole microseconds, can be computed again."""
    seconds = float(Fraction(nanoseconds, 10**9))
    step = 1000 if nanoseconds % 1000 == 0 else 1
    if round(Fraction(seconds) * 10**9 / step) * step != nanoseconds:
        raise refuse(place, "the duration is not exact as seconds in a double; log a rounded duration")
    return seconds


def _nested(place: Place, depth: int) -> None:
    if depth > MAX_NESTING:
        raise refuse(place[:8], f"is nested deeper than {MAX_NESTING} levels, or contains itself")


def _list(value: Any, place: Place, depth: int) -> list[Any]:
    _nested(place, depth)
    return [encode(item, (*place, index), depth) for index, item in enumerate(value)]


def _tuple(value: Any, place: Place, depth: int) -> Any:
    names = getattr(value, "_fields", None)
    if isinstance(names, tuple) and all(isinstance(name, str) for name in names):  # a named tuple
        return _dict(dict(zip(names, value)), place, depth)
    return {"$tuple": _list(value, place, depth)}


def _set(value: Any, place: Place, depth: int) -> dict[str, list[Any]]:
    _nested(place, depth)
    items = [encode(item, (*place, index), depth) for index, item in enumerate(value)]
    texts = [_canonical(item) for item in items]
    if len(set(texts)) < len(texts):
        raise refuse(place, "two members of the set are the same value")
    if not isinstance(value, OrderedSet):
        items = [item for _, item in sorted(zip(texts, items), key=lambda pair: pair[0])]
    return {"$set": items}


def _canonical(value: Any) -> str:
    """Return a text that is the same for members that the server treats as the same."""
    if isinstance(value, dict):
        if len(value) == 1 and "$set" in value:
            return "{" + ",".join(sorted(_canonical(item) for item in value["$set"])) + "}"
        return "(" + ",".join(sorted(dumps(key) + _canonical(item) for key, item in value.items())) + ")"
    if isinstance(value, list):
        return "[" + ",".join(_canonical(item) for item in value) + "]"
    return dumps(value)


def _dict(value: Mapping[Any, Any], place: Place, depth: int, *, mark: bool = True) -> dict[str, Any]:
    _nested(place, depth)
    found = {}
    for raw, item in value.items():
        key = _key(raw, place)
        found[key] = encode(item, (*place, key), depth)
    if mark and any(key.startswith("$") for key in found):
        return {"$dict": found}
    return found


def _fields(value: Any) -> dict[str, Any] | None:
    """Return the fields of a data class, a model of pydantic, or a class of attrs or msgspec; else None."""
    cls: Any = type(value)
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(cls):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(cls)}
    if hasattr(cls, "model_dump") and hasattr(cls, "model_fields"):  # pydantic 2
        return {name: getattr(value, name) for name in cls.model_fields} | dict(value.model_extra or {})
    if hasattr(cls, "__fields__") and hasattr(cls, "parse_obj"):  # pydantic 1
        return {name: getattr(value, name) for name in cls.__fields__}
    if hasattr(cls, "__attrs_attrs__"):
        return {field.name: getattr(value, field.name) for field in cls.__attrs_attrs__}
    if hasattr(cls, "__struct_fields__"):  # msgspec
        return {name: getattr(value, name) for name in cls.__struct_fields__}
    return None


def _bytes(value: Any, place: Place, depth: int) -> Any:
    raise refuse(place, f"{describe(value)} cannot be stored; decode them, or save a file and log its Uri")


def _date(value: Any, place: Place, depth: int) -> Any:
    raise refuse(place, f"{describe(value)} is no instant; log value.isoformat(), or a datetime with a time zone")


def _nanoseconds(value: foreign.Nanoseconds, place: Place, depth: int) -> dict[str, float]:
    return {"$duration": seconds_of(value.count, place)}


# The first class that matches decides, so subclasses come before their bases.
_CONVERSIONS: tuple[tuple[Any, Callable[[Any, Place, int], Any]], ...] = (
    (type(None), lambda value, place, depth: None),
    (bool, lambda value, place, depth: bool(value)),
    (StorageSize, _size),
    (int, _int),
    (Duration, lambda value, place, depth: {"$duration": _finite(value, place)}),
    (float, _float),
    (Uri, _mark("$uri")),
    (Path, _mark("$path")),
    (DType, _mark("$dtype")),
    (Markdown, _mark("$markdown")),
    (str, _str),
    (pathlib.PurePath, lambda value, place, depth: {"$path": _str(str(value), place, depth)}),
    (Decimal, _decimal),
    (Fraction, _fraction),
    (datetime, _datetime),
    ((date, time), _date),
    (timedelta, _timedelta),
    (foreign.Nanoseconds, _nanoseconds),
    ((bytes, bytearray, memoryview), _bytes),
    (Dict, lambda value, place, depth: _dict(value, place, depth)),
    (Mapping, _dict),
    ((set, frozenset, OrderedSet, KeysView), _set),
    (tuple, _tuple),
    ((list, deque, range, ValuesView, ItemsView), _list),
)
_STANDARD = (
    bool, int, float, str, pathlib.PurePath, Decimal, Fraction, date, time, timedelta, bytes, bytearray, memoryview,
    Mapping, set, frozenset, tuple, list, deque, range, type(None), foreign.Nanoseconds,
)  # fmt: skip


def _finite(value: float, place: Place) -> float:
    if not math.isfinite(value):
        raise refuse(place, "a duration must be finite")
    return float(value)


_HINTS = {
    "UUID": "; log str(value)",
    "type": '; log DType("int") or the name of the class',
    "complex": "; log its real and imaginary parts",
    "generator": "; log list(value)",
    "function": "; call it, or log its name",
    "ellipsis": "; it is no value",
}
