"""Facts about a saved object: its URI, size, hash and type. Nothing is stored or copied."""

from __future__ import annotations

import hashlib
import os
import pathlib
from typing import Any

from .encode import describe
from .kinds import Path, StorageSize, Uri


def contents_of(value: Any) -> dict[str, Any]:
    """Return the facts of the card `contents`.

    Args:
        value: A `Uri` or a text with `://`, a path, bytes, or any object.

    Raises:
        FileNotFoundError: The file of a path does not exist.
    """
    if value is None:
        return {}
    if isinstance(value, Uri) or (isinstance(value, str) and "://" in value):
        return {"uri": Uri(value)}
    if isinstance(value, (pathlib.Path, Path)):
        return _file(pathlib.Path(value))
    found: dict[str, Any] = {"python_type": describe(value)}
    if isinstance(value, (bytes, bytearray, memoryview)):
        view = memoryview(value)
        found["size"] = StorageSize(view.nbytes)
        found["sha256"] = hashlib.sha256(view).hexdigest()
        return found
    if (size := _bytes_in_memory(value)) is not None:
        found["size"] = StorageSize(size)
    if isinstance(shape := getattr(value, "shape", None), tuple):
        found["shape"] = tuple(int(length) for length in shape)
    return found


def _file(path: pathlib.Path) -> dict[str, Any]:
    absolute = path.resolve()
    if absolute.is_dir():
        files = [pathlib.Path(folder) / name for folder, _, names in os.walk(absolute) for name in names]
        return {
            "uri": Uri(absolute.as_uri()),
            "size": StorageSize(sum(file.stat().st_size for file in files)),
            "files": len(files),
        }
    digest = hashlib.sha256()
    with absolute.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return {
        "uri": Uri(absolute.as_uri()),
        "size": StorageSize(absolute.stat().st_size),
        "sha256": digest.hexdigest(),
    }


def _bytes_in_memory(value: Any) -> int | None:
    """Return the size of the data of an array or a data frame."""
    if isinstance(size := getattr(value, "nbytes", None), int):
        return size
    estimate: Any = getattr(value, "estimated_size", None)  # polars
    if callable(estimate):
        size = estimate()
        return int(size) if isinstance(size, (int, float)) else None
    usage: Any = getattr(value, "memory_usage", None)  # pandas
    if callable(usage):
        total: Any = usage(deep=True)
        return int(total.sum() if hasattr(total, "sum") else total)
    return None
