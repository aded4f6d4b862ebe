"""Values: the golden file that Go reads too, and values of other packages at every depth."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import json
import math
import pathlib
import uuid
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest

from conftest import VALUES
from placard_client import (
    Dict,
    DType,
    Duration,
    InvalidValue,
    Markdown,
    OrderedSet,
    Path,
    StorageSize,
    Timestamp,
    Uri,
)
from placard_client.decode import decode
from placard_client.encode import encode, encode_metadata

UTC = dt.timezone.utc
CASES = json.loads(VALUES.read_text())


def same(left: Any, right: Any) -> bool:
    """Compare JSON by type and value; 90 and 90.0 are the same inside a duration only."""
    if isinstance(left, dict) and "$duration" in left:
        return bool(left["$duration"] == right["$duration"])
    if isinstance(left, dict):
        return isinstance(right, dict) and list(left) == list(right) and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and repr(left) == repr(right)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_golden_value_round_trip(case: dict[str, Any]) -> None:
    value = decode(case["extendedJson"])
    at_top = encode_metadata({"value": value})["value"]
    if case["kind"] == "DICT":
        value = Dict(value)
        at_top = encode_metadata({"value": value})["value"]
    assert same(at_top, case["extendedJson"])
    nested = encode_metadata({"card": {"list": [value, {"d": (value,)}]}})["card"]["list"]
    assert same(decode(nested)[0], value) or decode(nested)[0] == value or value != value


class Color(enum.Enum):
    RED = "red"
    TWO = 2


class Named(str, enum.Enum):
    KEY = "key"


@dataclasses.dataclass
class Point:
    x: int
    size: StorageSize


class Model(pydantic.BaseModel):  # type: ignore[misc, unused-ignore]
    name: str
    took: dt.timedelta


def shown(item: Any) -> str:
    return type(item).__name__ if not isinstance(item, str) else "text"


Pair = collections.namedtuple("Pair", ["left", "right"])

EXACT: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (np.bool_(False), False),
    (np.int8(-3), -3),
    (np.uint64(2**63 - 1), 2**63 - 1),
    (np.float64(0.1), 0.1),
    (np.float32(0.1), 0.10000000149011612),
    (np.float16(0.5), 0.5),
    (np.longdouble(0.5), 0.5),
    (np.float64("nan"), {"$float": "NaN"}),
    (np.float32("-inf"), {"$float": "-Infinity"}),
    (np.str_("é"), "é"),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array([1.5, np.nan], dtype="float32"), [1.5, {"$float": "NaN"}]),
    (np.array(7), 7),
    (np.array([], dtype=float), []),
    (np.array([{"a": np.int64(1)}, None], dtype=object), [{"a": 1}, None]),
    (np.ma.masked_array([1, 2], mask=[False, True]), [1, None]),
    (np.timedelta64(90, "s"), {"$duration": 90.0}),
    (np.timedelta64("NaT"), None),
    (np.datetime64("NaT"), None),
    (np.dtype("float32"), {"$dtype": "float32"}),
    (pd.NA, None),
    (pd.NaT, None),
    (pd.Timestamp("2026-01-02T03:04:05.123456789+01:00"), {"$timestamp": "2026-01-02T02:04:05.123456789Z"}),
    (pd.Timedelta(90, "s"), {"$duration": 90.0}),
    (pd.Timedelta(1, "ns"), {"$duration": 1e-09}),
    (pd.Series([1, 2]), [1, 2]),
    (pd.Series([1.0, None], index=["a", "b"]), {"a": 1.0, "b": {"$float": "NaN"}}),
    (pd.Series([1, None], dtype="Int64"), [1, None]),
    (pd.DataFrame({"a": [1], "b": [0.5]}).dtypes, {"a": {"$dtype": "int64"}, "b": {"$dtype": "float64"}}),
    (pd.Index(["a", "b"]), ["a", "b"]),
    (pd.Categorical(["x", "y"]), ["x", "y"]),
    (pd.Series([True, False]), [True, False]),
    (pl.Series([1, None]), [1, None]),
    (pl.Series(["a"]), ["a"]),
    (pl.Series([dt.timedelta(seconds=1.5)]), [{"$duration": 1.5}]),
    (pl.Int64(), {"$dtype": "Int64"}),
    (pl.Int64, {"$dtype": "Int64"}),
    (pa.scalar(5), 5),
    (pa.array([1, None]), [1, None]),
    (pa.int32(), {"$dtype": "int32"}),
    (dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), {"$timestamp": "2026-01-02T03:04:05.000006Z"}),
    (dt.datetime(1, 1, 1, tzinfo=UTC), {"$timestamp": "0001-01-01T00:00:00Z"}),
    (dt.timedelta(days=-1, microseconds=1), {"$duration": -86399.999999}),
    (Decimal("0.95"), 0.95),
    (Decimal("-0"), -0.0),
    (Decimal("NaN"), {"$float": "NaN"}),
    (Fraction(1, 4), 0.25),
    (Color.RED, "red"),
    (Color.TWO, 2),
    (Named.KEY, "key"),
    (pathlib.PurePosixPath("/data/x"), {"$path": "/data/x"}),
    (Point(1, StorageSize(5)), {"x": 1, "size": {"$storageSize": 5}}),
    (Model(name="m", took=dt.timedelta(seconds=2)), {"name": "m", "took": {"$duration": 2.0}}),
    (Pair(1, (2,)), {"left": 1, "right": {"$tuple": [2]}}),
    ({3, 1, 2}, {"$set": [1, 2, 3]}),
    (frozenset({frozenset({1})}), {"$set": [{"$set": [1]}]}),
    ({"a": 1}.keys(), {"$set": ["a"]}),
    (range(3), [0, 1, 2]),
    (collections.deque([1]), [1]),
    (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    (collections.Counter("aab"), {"a": 2, "b": 1}),
    ({"$ref": "x"}, {"$dict": {"$ref": "x"}}),
    (Uri("s3://b"), {"$uri": "s3://b"}),
    (Path("x"), {"$path": "x"}),
    (DType("int8"), {"$dtype": "int8"}),
    (Markdown("**a**"), {"$markdown": "**a**"}),
    (Duration(1e300), {"$duration": 1e300}),
    (Timestamp.parse("2026-01-02T03:04:05.000000001Z"), {"$timestamp": "2026-01-02T03:04:05.000000001Z"}),
    (StorageSize(np.int64(3)), {"$storageSize": 3}),
]


@pytest.mark.parametrize(("value", "expected"), EXACT, ids=shown)
def test_exact_values_at_every_depth(value: Any, expected: Any) -> None:
    assert same(encode(value), expected)
    assert same(encode([{"a": (value,)}]), [{"a": {"$tuple": [expected]}}])
    assert same(encode_metadata({"card": {"key": value}})["card"]["key"], expected)


class Opaque:
    pass


cycle: list[Any] = []
cycle.append(cycle)

REFUSED: list[tuple[Any, str]] = [
    (b"x", "bytes cannot be stored; decode them"),
    (bytearray(b"x"), "bytearray"),
    (np.bytes_(b"x"), "decode them"),
    (2**63, "does not fit into 64 bits"),
    (np.uint64(2**63), "64 bits"),
    (10**5000, "64 bits"),
    (1j, "real and imaginary"),
    (np.complex64(1), "complex64"),
    (dt.datetime(2026, 1, 1), "no time zone"),
    (pd.Timestamp("2026-01-01"), "no time zone"),
    (np.datetime64("2026-01-01"), "no time zone"),
    (pd.Series(pd.to_datetime(["2026-01-01"])), "no time zone"),
    (dt.date(2026, 1, 1), "isoformat"),
    (dt.time(1), "isoformat"),
    (dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=5))), "out of range"),
    (Decimal("0.12345678901234567890123"), "not exact"),
    (Decimal("1e400"), "not exact"),
    (Decimal("sNaN"), "not exact"),
    (Fraction(1, 3), "not exact"),
    (np.timedelta64(1, "M"), "unit M"),
    (dt.timedelta(days=999999, microseconds=1), "not exact"),
    (pd.Timedelta(days=365_00, nanoseconds=1), "not exact"),
    (uuid.uuid4(), "log str(value)"),
    (int, "DType"),
    (len, "cannot be stored"),
    ((i for i in range(0)), "list(value)"),
    (Opaque(), "Opaque cannot be stored exactly"),
    ("a\0b", "NUL"),
    ("\ud800", "surrogate"),
    ({"a\0": 1}, "NUL"),
    ({1: 2}, "keys must be text"),
    ({None: 1}, "keys must be text"),
    ({("a",): 1}, "keys must be text"),
    ({"": 1}, "empty"),
    ({"k" * 251: 1}, "250 characters"),
    ({math.nan, float("nan")}, "two members"),
    (OrderedSet([1, 1]), "two members"),
    (Duration("inf"), "finite"),
    (cycle, "contains itself"),
    (pd.DataFrame({"a": [1]}), "DataFrame is no fact"),
    (pl.DataFrame({"a": [1]}), "DataFrame is no fact"),
    (pl.Series([dt.datetime(2026, 1, 1)]), "no time zone"),
    (pl.Series([1], dtype=pl.Duration("ns")), "nanoseconds"),
    (pd.Series([1], index=[5]), "index"),
    (pd.Period("2026-01"), "Period"),
    (np.zeros(40_000), "40,000 items"),
    (np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), "structured"),
    (np.longdouble("0.1"), "not exact"),
    (pydantic.SecretStr("x"), "SecretStr"),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED, ids=shown)
def test_refused_values_name_their_path(value: Any, reason: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        encode_metadata({"ok": 1, "card": {"a b": [0, (value,)]}})
    assert caught.value.message.startswith('metadata.card["a b"][1][0]')
    assert reason in caught.value.message
    assert caught.value.path[:5] == ("metadata", "card", "a b", 1, 0)


@pytest.mark.parametrize("metadata", [{}, None, 3, "text", [1], {"$a": 1}, {"card": {"$b": 1}}, {"x" * 70_000: 1}])
def test_refused_metadata(metadata: Any) -> None:
    with pytest.raises(InvalidValue, match=r"^metadata"):
        encode_metadata(metadata)


def test_a_value_over_the_limit_is_refused_with_its_size() -> None:
    with pytest.raises(InvalidValue, match=r"^metadata\.notes: has 70002 bytes as JSON, and a value has at most 65536"):
        encode_metadata({"notes": "x" * 70_000})


def test_dictionaries_at_the_top() -> None:
    assert encode_metadata({"card": {"a": 1}, "dict": Dict(a=1), "none": {}}) == {
        "card": {"a": 1},
        "dict": {"$dict": {"a": 1}},
        "none": {},
    }


def test_read_values_have_python_types() -> None:
    assert decode({"$timestamp": "2026-01-02T03:04:05Z"}) == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert type(decode({"$timestamp": "2026-01-02T03:04:05Z"})) is dt.datetime
    assert decode({"$duration": 90.5}) == dt.timedelta(seconds=90.5)
    assert decode({"$set": [1, 2]}) == {1, 2}
    assert decode({"$set": [[1], 2]}) == OrderedSet([[1], 2])
    assert decode({"$set": [1, 1.0]}) == OrderedSet([1, 1.0])
    assert isinstance(decode({"$storageSize": 5}), StorageSize)
