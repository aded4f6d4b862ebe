"""Values of NumPy, pandas, polars, PyArrow and tensor libraries. None of them is imported here."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from .kinds import DType

MAX_ITEMS = 32_768  # each item has at least two bytes of the limit of 64 KiB


class Refused(Exception):
    """A value has no exact form. The text has the reason."""


@dataclass(frozen=True)
class Nanoseconds:
    """A time span that a `timedelta` cannot hold."""

    count: int


def is_missing(value: Any) -> bool:
    """Report whether a value is NA or NaT of pandas."""
    cls = type(value)
    return cls.__name__ in ("NAType", "NaTType") and cls.__module__.startswith("pandas")


def to_standard(value: Any) -> Any:
    """Return the standard Python object with the same value; the value itself if it is of no known package."""
    cls = type(value)
    if is_missing(value):
        return None
    root = cls.__module__.partition(".")[0]
    convert = _PACKAGES.get(root)
    if convert is not None and root in sys.modules:
        return convert(value)
    if any(base.__module__.partition(".")[0] == "numpy" for base in cls.__mro__):
        return _numpy(value)
    if callable(getattr(value, "tolist", None)) and hasattr(value, "dtype") and hasattr(value, "shape"):
        return _array(value)
    return value


def _check_items(count: int) -> None:
    if count > MAX_ITEMS:
        raise Refused(
            f"has {count:,} items, which is more than a value can hold; log a summary, or save a file and log its Uri"
        )


def _numpy(value: Any) -> Any:
    np: Any = sys.modules["numpy"]
    if isinstance(value, np.dtype):
        return DType(str(value))
    if value is np.ma.masked:
        return None
    if isinstance(value, np.ndarray):
        _check_items(value.size)
        if value.ndim == 0:
            return value[()] if value.dtype != object else value.item()
        if value.dtype.kind == "V":
            raise Refused("a structured array has no exact form; log one array per field")
        return list(value)
    if not isinstance(value, np.generic):
        return value
    kind = value.dtype.kind
    if kind == "b":
        return bool(value)
    if kind in "iu":
        return int(value)
    if kind == "f":
        number = float(value)
        if value == value and type(value)(number) != value:
            raise Refused(f"{value.dtype} {value} is not exact as a double; log float(value)")
        return number
    if kind == "U":
        return str(value)
    if kind == "m":
        return _timedelta64(value, np)
    if kind == "M":
        if np.isnat(value):
            return None
        raise Refused(
            "numpy.datetime64 has no time zone; log pandas.Timestamp(value, tz='UTC') or a datetime with a time zone"
        )
    raise Refused(f"numpy.{type(value).__name__} cannot be stored exactly")


def _timedelta64(value: Any, np: Any) -> Any:
    if np.isnat(value):
        return None
    unit, step = np.datetime_data(value.dtype)
    scale = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
             "D": 86_400 * 10**9, "W": 7 * 86_400 * 10**9}.get(unit)  # fmt: skip
    if scale is None:
        raise Refused(f"a timedelta64 with the unit {unit} has no exact number of nanoseconds; convert it first")
    return Nanoseconds(int(value.view("i8")) * scale * step)


def _pandas(value: Any) -> Any:
    pd: Any = sys.modules["pandas"]
    if isinstance(value, pd.DataFrame):
        raise Refused("a DataFrame is no fact; log its shape, columns or .to_dict('list'), or save it as an artifact")
    if isinstance(value, pd.Series):
        _check_items(len(value))
        return _series(value, pd)
    if isinstance(value, (pd.Index, pd.api.extensions.ExtensionArray)):
        _check_items(len(value))
        if isinstance(value, pd.MultiIndex):
            return list(value)
        return list(value)
    if isinstance(value, pd.api.extensions.ExtensionDtype):
        return DType(str(value))
    if isinstance(value, (pd.Timestamp, pd.Timedelta)):
        return value
    raise Refused(f"pandas.{type(value).__name__} cannot be stored exactly; log its parts")


def _series(value: Any, pd: Any) -> Any:
    index = value.index
    if isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1:
        return list(value)
    if index.is_unique and all(isinstance(key, str) for key in index):
        return dict(zip(index, value))
    raise Refused("a Series with such an index has no exact form; log .tolist(), or .to_dict() with text as keys")


def _polars(value: Any) -> Any:
    pl: Any = sys.modules["polars"]
    if isinstance(value, (pl.DataFrame, pl.LazyFrame)):
        raise Refused(
            "a DataFrame is no fact; log its shape, columns or .to_dict(as_series=False), or save it as an artifact"
        )
    if isinstance(value, pl.Series):
        _check_items(len(value))
        if getattr(value.dtype, "time_unit", "") == "ns" and ((value.cast(pl.Int64) % 1000) != 0).any():
            raise Refused("the Series has nanoseconds, which Python's types lack; log it in microseconds")
        return value.to_list()
    if isinstance(value, (pl.datatypes.DataType, pl.datatypes.DataTypeClass)):  # pl.Int8() and pl.Int8
        return DType(str(value))
    raise Refused(f"polars.{type(value).__name__} cannot be stored; collect it to values first")


def _pyarrow(value: Any) -> Any:
    pa: Any = sys.modules["pyarrow"]
    if isinstance(value, pa.DataType):
        return DType(str(value))
    try:
        if isinstance(value, pa.Scalar):
            return value.as_py()
        if isinstance(value, (pa.Array, pa.ChunkedArray)):
            _check_items(len(value))
            return value.to_pylist()
    except (ValueError, ImportError) as error:
        raise Refused(f"the value of PyArrow has no exact form in Python: {error}") from None
    raise Refused(f"pyarrow.{type(value).__name__} is no fact; log its columns, or save it as an artifact")


def _torch(value: Any) -> Any:
    if type(value).__name__ == "dtype":
        return DType(str(value))
    if hasattr(value, "detach"):
        return _array(value.detach().cpu())
    return value


def _array(value: Any) -> Any:
    count = 1
    for size in value.shape:
        count *= int(size)
    _check_items(count)
    return value.tolist()


_PACKAGES = {"numpy": _numpy, "pandas": _pandas, "polars": _polars, "pyarrow": _pyarrow, "torch": _torch}
