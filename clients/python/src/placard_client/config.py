"""Settings, which come from arguments of `configure` and from environment variables."""

from __future__ import annotations

import hashlib
import os
import pathlib
import sys
import tempfile
from dataclasses import dataclass, field, replace
from typing import Any

DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Settings:
    """Where to send writes, and how long to wait.

    Attributes:
        url: The address of the server (`PLACARD_URL`).
        api_key: The API key (`PLACARD_API_KEY`).
        project: The project of new runs and versions (`PLACARD_PROJECT`); by default that of the API key.
        spool_dir: The folder of writes that are not delivered yet (`PLACARD_SPOOL_DIR`).
        timeout: Seconds that a call waits for the server, retries included (`PLACARD_TIMEOUT`).
        strict: Raise an exception where the default is a warning (`PLACARD_STRICT=1`).
    """

    url: str = DEFAULT_URL
    api_key: str | None = field(default=None, repr=False)
    project: str | None = None
    spool_dir: pathlib.Path = field(default_factory=lambda: default_spool_dir())
    timeout: float = 10.0
    strict: bool = False

    @classmethod
    def from_environment(cls, **arguments: Any) -> Settings:
        """Return the settings of the environment; arguments that are not None have precedence.

        Raises:
            ValueError: A variable or argument is invalid. The message names it.
        """
        env = os.environ.get
        found = cls(
            url=env("PLACARD_URL") or DEFAULT_URL,
            api_key=env("PLACARD_API_KEY") or None,
            project=env("PLACARD_PROJECT") or None,
            spool_dir=_folder(env("PLACARD_SPOOL_DIR") or default_spool_dir()),
            timeout=_seconds("PLACARD_TIMEOUT", env("PLACARD_TIMEOUT") or "10"),
            strict=(env("PLACARD_STRICT") or "").lower() in ("1", "true", "yes", "on"),
        )
        given = {name: value for name, value in arguments.items() if value is not None}
        if "timeout" in given:
            given["timeout"] = _seconds("timeout", given["timeout"])
        if "spool_dir" in given:
            given["spool_dir"] = _folder(given["spool_dir"])
        found = replace(found, **given)
        if not found.url.startswith(("http://", "https://")):
            raise ValueError(f"the URL of the server must begin with http:// or https://, not {found.url!r}")
        url = found.url.rstrip("/").removesuffix("/graphql")
        return replace(found, url=url)

    def export(self, **arguments: Any) -> None:
        """Set the environment variables of the arguments that are not None, for child processes."""
        for name, value in arguments.items():
            if value is not None:
                text = "1" if value is True else "0" if value is False else str(getattr(self, name))
                os.environ[f"PLACARD_{name.upper()}"] = text

    @property
    def endpoint(self) -> str:
        """The URL of the GraphQL endpoint."""
        return self.url + "/graphql"

    @property
    def caller(self) -> str:
        """A fingerprint of the API key: the server keeps idempotency keys per caller."""
        return hashlib.sha256((self.api_key or "").encode()).hexdigest()[:16]

    @property
    def headers(self) -> dict[str, str]:
        """The headers of each request."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


def _folder(path: str | os.PathLike[str]) -> pathlib.Path:
    return pathlib.Path(path).expanduser().absolute()  # so that child processes find it


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise ValueError(f"{name} must be a number of seconds from 0 to 86400, not {value!r}")
    return seconds


def default_spool_dir() -> pathlib.Path:
    """Return the folder of the spool below the user's state directory."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or tempfile.gettempdir()
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return pathlib.Path(base) / "placard" / "spool"
