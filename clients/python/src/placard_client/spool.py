"""The spool: append-only files of writes that are not delivered yet.

Each process has a file of its own, which it locks. A line is a CRC-32, a space and JSON. A file that no process locks
belongs to a process that has ended: any other process may deliver and remove it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pathlib
import socket
import sys
import time
import zlib
from collections.abc import Iterator
from typing import Any

from .config import Settings
from .encode import dumps
from .writes import Unit, Write, new_id

log = logging.getLogger("placard_client")

SUFFIX = ".spool"
FORMAT = 1
_ROTATE_BYTES = 1 << 20

if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> bool:
        os.lseek(fd, 1 << 40, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _append(fd: int, content: bytes, position: int) -> int:
    os.lseek(fd, position, os.SEEK_SET)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]
    return len(content)


def checked(record: dict[str, Any]) -> bytes:
    """Return a line with its checksum."""
    text = dumps(record).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def parse(line: bytes) -> dict[str, Any] | None:
    """Return the record of a line, or None if the line is damaged."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    with contextlib.suppress(ValueError):
        record = json.loads(text)
        if isinstance(record, dict):
            return record
    return None


def make_private(folder: pathlib.Path) -> None:
    """Create a folder that only the user can read."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


class SpoolFile:
    """The spool file of one process, locked while the object is open.

    Attributes:
        id: The ID of the file, which idempotency keys contain.
        units: The units that are not settled, in order.
        damage: The number of damaged lines.
    """

    def __init__(self, path: pathlib.Path, fd: int) -> None:
        self.path = path
        self.id = new_id()
        self.url = ""
        self.caller = ""
        self.units: list[Unit] = []
        self.damage = 0
        self.broken: OSError | None = None
        self.synced = True
        self._fd = fd
        self._size = 0
        self._numbers = 0
        self._made: set[str] = set()
        self._open: Unit | None = None

    @classmethod
    def create(cls, settings: Settings) -> SpoolFile:
        """Create the file of this process.

        Raises:
            OSError: The folder cannot be written.
        """
        make_private(settings.spool_dir)
        path = settings.spool_dir / f"{new_id()}-{os.getpid()}{SUFFIX}"
        new = path.with_suffix(".new")  # other processes adopt files with SUFFIX only, and this one is not locked yet
        fd = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        file = cls(path, fd)
        if not _lock(fd):
            os.close(fd)
            raise OSError(f"cannot lock {new}")
        file.url, file.caller = settings.url, settings.caller
        file._write(file._header())
        os.rename(new, path)
        return file

    @classmethod
    def in_memory(cls, settings: Settings, reason: OSError) -> SpoolFile:
        """Return an object without a file, for a folder that cannot be written."""
        file = cls(settings.spool_dir / "memory", -1)
        file.url, file.caller, file.broken = settings.url, settings.caller, reason
        return file

    @classmethod
    def adopt(cls, path: pathlib.Path) -> SpoolFile | None:
        """Open the file of a process that has ended; None if its process is alive, or the file is gone."""
        try:
            fd = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            return None
        try:
            if not _lock(fd) or not path.exists() or os.fstat(fd).st_ino != path.stat().st_ino:
                os.close(fd)
                return None
            file = cls(path, fd)
            file._replay()
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(fd)
            raise
        return file

    def _header(self) -> dict[str, Any]:
        return {
            "type": "file",
            "format": FORMAT,
            "id": self.id,
            "url": self.url,
            "caller": self.caller,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "created": time.time(),
        }

    def _replay(self) -> None:
        units: dict[str, Unit] = {}
        torn = False
        with open(self._fd, "rb", closefd=False) as reader:
            for line in reader:
                self._size += len(line)
                record = parse(line)
                if record is None or not self._read(record, units):
                    self.damage += 1
                    torn = not line.endswith(b"\n")
        if torn:  # so that the next line is not a part of the damaged one
            self._size += _append(self._fd, b"\n", self._size)
        self.units = list(units.values())

    def _read(self, record: dict[str, Any], units: dict[str, Unit]) -> bool:
        try:
            kind = record["type"]
            if kind == "file":
                self.id, self.url, self.caller = record["id"], record["url"], record["caller"]
                return bool(record["format"] == FORMAT)
            id = record["unit"]
            if kind == "write":
                write = Write.read(record)
                units.setdefault(id, Unit(id)).writes.append(write)
                self._numbers = max(self._numbers, write.number)
            elif kind == "done":
                units.pop(id, None)
            elif kind == "sent":
                if id in units and units[id].sent is None:
                    units[id].sent = record["at"]
            elif kind == "unsent":
                if id in units:
                    units[id].sent = None
            elif kind == "split":
                self._split(units, id)
            else:
                return False
        except (KeyError, TypeError):
            return False
        return True

    @staticmethod
    def _split(units: dict[str, Unit], id: str) -> None:
        before = list(units.items())
        units.clear()
        for other, unit in before:
            if other == id:
                units.update({part.id: part for part in singles(unit)})
            else:
                units[other] = unit

    def add(self, writes: list[Write], limit: int) -> None:
        """Append writes. They survive the end of the process at once, and a loss of power after `sync`."""
        records = []
        for write in writes:
            self._numbers += 1
            write.number = self._numbers
            write.waits = tuple(id for id in write.needs if id not in self._made)
            if write.makes:
                self._made.add(write.makes)
            if self._open is None or not self._open.accepts(write, limit):
                self._open = Unit(f"u{self._numbers}")
                self.units.append(self._open)
            self._open.add(write)
            records.append(write.line(self._open.id))
        self._write(*records)

    def seal(self) -> None:
        """Fix the members of all units: later writes begin a new one."""
        self._open = None

    def mark(self, kind: str, unit: Unit, **fields: Any) -> None:
        """Append a line about a unit: `sent`, `unsent`, `split` or `done`."""
        self._write({"type": kind, "unit": unit.id, **fields})

    def split(self, unit: Unit) -> list[Unit]:
        """Replace a unit by one unit per write."""
        self.mark("split", unit)
        parts = singles(unit)
        position = self.units.index(unit)
        self.units[position : position + 1] = parts
        return parts

    def settle(self, unit: Unit, outcome: str) -> None:
        """Remove a unit that is delivered, rejected or set aside."""
        self.mark("done", unit, outcome=outcome)
        self.units.remove(unit)
        if not self.units and self._size > _ROTATE_BYTES and not self.damage:
            self._restart()

    def _restart(self) -> None:
        """Empty the file. A new ID keeps idempotency keys unique."""
        try:
            os.ftruncate(self._fd, 0)
        except OSError as error:
            self.broken = error
            return
        self._size = 0
        self.id = new_id()
        self._open = None
        self._write(self._header())

    def _write(self, *records: dict[str, Any]) -> None:
        if self.broken:
            return
        content = b"".join(checked(record) for record in records)
        try:
            _append(self._fd, content, self._size)
        except OSError as error:
            self.broken = error
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            log.warning("cannot write the spool file %s (%s): writes are in memory only", self.path, error)
            return
        self._size += len(content)
        self.synced = False

    def sync(self) -> None:
        """Wait until all lines are on the disk."""
        if self.synced or self.broken:
            return
        self.synced = True
        try:
            os.fsync(self._fd)
        except OSError as error:
            self.broken = error
            log.warning("cannot sync the spool file %s (%s): writes are in memory only", self.path, error)

    def close(self) -> None:
        """Unlock the file, and remove it if all its writes are settled and no line is damaged."""
        if not self.units and not self.damage:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self.abandon()

    def abandon(self) -> None:
        """Close the descriptor, for example that of the parent process after a fork."""
        with contextlib.suppress(OSError):
            os.close(self._fd)

    def set_aside(self) -> pathlib.Path:
        """Move a damaged file to the folder `damaged`, and return its new path."""
        folder = self.path.parent / "damaged"
        make_private(folder)
        target = folder / self.path.name
        os.replace(self.path, target)
        return target


def singles(unit: Unit) -> list[Unit]:
    """Return one unit per write of a unit."""
    return [Unit(f"n{write.number}", [write]) for write in unit.writes]


def spool_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield the spool files of a folder, the oldest first."""
    try:
        found = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("cannot read the spool folder %s: %s", folder, error)
        return
    yield from found


def append_record(folder: pathlib.Path, name: str, record: dict[str, Any]) -> pathlib.Path:
    """Append a line to a file that several processes write, and wait until it is on the disk."""
    path = folder / name
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(fd, (dumps(record) + "\n").encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    return path
