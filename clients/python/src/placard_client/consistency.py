"""Consistency tokens: a server answers from a replica of its database only if it has what this process has seen."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Mapping

HEADER = "Placard-Consistency"

_TOKEN = re.compile(r"(\d+:\d+):([0-9A-F]{1,8})/([0-9A-F]{1,8})")


def later(kept: str | None, received: str | None) -> str | None:
    """Return the token to keep: the higher one of the same log, and otherwise the newer one, which is `received`."""
    if not received:
        return kept
    before, after = _TOKEN.fullmatch(kept or ""), _TOKEN.fullmatch(received)
    if before and after and before[1] == after[1] and _position(before) > _position(after):
        return kept
    return received


def _position(token: re.Match[str]) -> int:
    return (int(token[2], 16) << 32) + int(token[3], 16)


class Seen:
    """The token of what a process has seen of one server. It can be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the header of a request."""
        token = self._token
        return {HEADER: token} if token else {}

    def record(self, headers: Mapping[str, str]) -> None:
        """Keep the token of a response, if it has a later one."""
        with self._lock:
            self._token = later(self._token, headers.get(HEADER))


@functools.cache
def seen(endpoint: str) -> Seen:
    """Return what the process has seen of a server. All its clients share it: one reads what another has written."""
    return Seen()
