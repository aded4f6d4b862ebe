"""Types for values that Python has no type for. Each is a kind of the server.

>>> StorageSize(1_500_000)
StorageSize(1500000)
>>> Uri("s3://bucket/x") == "s3://bucket/x"
True
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any


class _Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str.__repr__(self)})"


class Uri(_Text):
    """A URI, such as `Uri("s3://bucket/model.pkl")`."""

    __slots__ = ()


class Path(_Text):
    """The path of a file. Objects of `pathlib` are logged as this kind, too."""

    __slots__ = ()


class DType(_Text):
    """The name of a data type, such as `DType("float32")`. Data types of NumPy and pandas are logged as this kind."""

    __slots__ = ()


class Markdown(_Text):
    """Text with Markdown formatting."""

    __slots__ = ()


class StorageSize(int):
    """A number of bytes, 0 or more."""

    __slots__ = ()

    def __new__(cls, value: Any = 0) -> StorageSize:
        """Return a number of bytes; ValueError if it is negative or has a fraction."""
        size = super().__new__(cls, value)
        if size != value:
            raise ValueError(f"a storage size is a whole number of bytes, not {value!r}")
        if size < 0:
            raise ValueError(f"a storage size is 0 or more, not {value!r}")
        return size

    def __repr__(self) -> str:
        return f"StorageSize({int(self)})"


class Duration(float):
    """A time span in seconds. `timedelta` is logged as this kind, too.

    Reading returns a `timedelta` if it has the value exactly, else a `Duration`.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Duration({float(self)!r})"


class Dict(dict[str, Any]):
    """A dictionary without a card. A plain `dict` at the top of `metadata` is a card."""

    def __repr__(self) -> str:
        return f"Dict({dict(self)!r})"


class OrderedSet(list[Any]):
    """The members of a set that a Python `set` cannot hold: lists and dictionaries, or 1 and 1.0."""

    def __repr__(self) -> str:
        return f"OrderedSet({list(self)!r})"


class Timestamp(datetime):
    """A `datetime` with nanoseconds. Reading returns it if a `datetime` cannot hold the value exactly.

    >>> Timestamp.parse("2026-01-02T03:04:05.123456789Z").nanosecond
    789
    """

    nanosecond: int

    @classmethod
    def parse(cls, text: str) -> Timestamp:
        """Return the instant of an RFC 3339 text in UTC with up to nine decimals."""
        seconds, _, decimals = text.removesuffix("Z").partition(".")
        decimals = decimals.ljust(9, "0")
        base = datetime.fromisoformat(f"{seconds}.{decimals[:6]}+00:00")
        found = cls(base.year, base.month, base.day, base.hour, base.minute, base.second, base.microsecond, base.tzinfo)
        found.nanosecond = int(decimals[6:])
        return found

    def __repr__(self) -> str:
        return f"Timestamp.parse({self.text!r})"

    @property
    def text(self) -> str:
        """RFC 3339 in UTC, with nanoseconds."""
        return f"{self:%Y-%m-%dT%H:%M:%S}.{self.microsecond:06d}{getattr(self, 'nanosecond', 0):03d}Z"

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Timestamp.parse, (self.text,)


def members(items: Iterable[Any]) -> set[Any] | OrderedSet:
    """Return a Python set, or an `OrderedSet` if a set cannot hold the items."""
    found = list(items)
    try:
        as_set = set(found)
    except TypeError:
        return OrderedSet(found)
    return as_set if len(as_set) == len(found) else OrderedSet(found)
