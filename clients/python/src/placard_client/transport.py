"""GraphQL over HTTP. This is the only module that sends requests."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import __about__
from .config import DEFAULT_URL, Settings
from .consistency import seen
from .encode import MAX_VALUE_BYTES
from .errors import IncompatibleServer, PlacardError, ServerError, TransportError, server_error

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("placard_client")

SERVER_INFO = "{ serverInfo { version features limits { valueBytes entriesPerCall idempotencyHours requestBytes } } }"
# Features that the package uses. A server without one of them is too old.
REQUIRED_FEATURES = ("nullableFields", "pastIds", "warnings")
NEWEST_MAJOR = 1


@dataclass
class ServerFacts:
    """The version and limits of the server; defaults until the server has answered."""

    version: str | None = None
    value_bytes: int = MAX_VALUE_BYTES
    entries_per_call: int = 1000
    request_bytes: int = 2_097_152
    idempotency_hours: float = 48.0

    def read(self, data: Mapping[str, Any]) -> None:
        """Store the response to SERVER_INFO.

        Raises:
            IncompatibleServer: The server lacks a feature that the package needs.
        """
        info = data["serverInfo"]
        missing = [name for name in REQUIRED_FEATURES if name not in info["features"]]
        if missing:
            raise IncompatibleServer(
                f"the server (version {info['version']}) is too old for placard-client {__about__.__version__}: "
                f"it lacks {', '.join(missing)}; upgrade the server, or install an older placard-client"
            )
        major = str(info["version"]).removeprefix("v").partition(".")[0]
        if major.isdecimal() and int(major) > NEWEST_MAJOR:
            raise IncompatibleServer(
                f"the server (version {info['version']}) is too new for placard-client {__about__.__version__}, which "
                f"supports servers up to version {NEWEST_MAJOR}; upgrade placard-client"
            )
        limits = info["limits"]
        self.version = str(info["version"])
        self.value_bytes = limits["valueBytes"]
        self.request_bytes = limits["requestBytes"]
        self.entries_per_call = limits["entriesPerCall"]
        self.idempotency_hours = limits["idempotencyHours"]


def payload(document: str, variables: Mapping[str, Any] | None) -> bytes:
    """Return the body of a request."""
    body = {"query": document, "variables": variables or {}}
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read_response(response: httpx.Response) -> dict[str, Any]:
    """Return `data` of a response.

    Raises:
        ServerError: The response has errors.
        TransportError: The response is not GraphQL, for example that of a proxy.
    """
    try:
        body = json.loads(response.content)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not ("errors" in body or "data" in body):
        message = f"{response.url} answered with status {response.status_code}, which is not GraphQL"
        if response.status_code < 500 and response.status_code not in (404, 408, 425, 429):
            raise ServerError(message)
        raise TransportError(message, sent=True, retry_after=_retry_after(response))
    if errors := body.get("errors"):
        found = server_error(errors[0])
        if found.code == "GRAPHQL_VALIDATION_FAILED":
            raise IncompatibleServer(_mismatch(found.message), extensions=found.extensions)
        found.extensions.setdefault("retryAfter", _retry_after(response))
        raise found
    for warning in body.get("extensions", {}).get("warnings", ()):
        log.warning("%s", warning["message"])
    data = body["data"]
    assert isinstance(data, dict)
    return data


def _mismatch(message: str) -> str:
    return (
        f"the schema of the server does not fit placard-client {__about__.__version__} "
        f"(server version {_last_version or 'unknown'}): {message}"
    )


_last_version: str | None = None  # for messages only


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return min(float(response.headers["Retry-After"]), 60.0)
    except (KeyError, ValueError):
        return None


def transport_error(error: Exception, url: str) -> TransportError:
    """Return the exception for an exception of httpx."""
    import httpx

    unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol))
    reason = str(error) or type(error).__name__
    hint = ""
    if unsent and url == DEFAULT_URL:
        hint = "; start a server there, or set PLACARD_URL to the address of another one"
    return TransportError(f"the server {url} did not answer: {reason}{hint}", sent=not unsent)


@dataclass
class Transport:
    """A connection to one server. It can be used by several threads."""

    settings: Settings
    facts: ServerFacts = field(default_factory=ServerFacts)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._http: httpx.Client | None = None

    def _client(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._http is None:
                self._http = httpx.Client(headers=request_headers(self.settings), follow_redirects=False)
            return self._http

    def post(self, document: str, variables: Mapping[str, Any] | None = None, *, timeout: float) -> dict[str, Any]:
        """Send one operation and return `data`.

        Raises:
            ServerError: The server refused the operation.
            TransportError: There is no answer within `timeout` seconds.
            IncompatibleServer: The server is too old or too new.
        """
        if self.facts.version is None:
            self.ping(timeout)
        return self._send(document, variables, timeout)

    def ping(self, timeout: float) -> None:
        """Read the version and the limits of the server.

        Raises:
            IncompatibleServer: The server is too old or too new.
            TransportError: There is no answer. `sent` is false, because nothing else was sent.
        """
        global _last_version
        try:
            data = self._send(SERVER_INFO, None, timeout)
        except IncompatibleServer as error:
            raise IncompatibleServer(
                f"the server is too old for placard-client {__about__.__version__}: {error}"
            ) from None
        except TransportError as error:
            error.sent = False  # only the question for the version was sent
            raise
        self.facts.read(data)
        _last_version = self.facts.version

    def _send(self, document: str, variables: Mapping[str, Any] | None, timeout: float) -> dict[str, Any]:
        import httpx

        content, tokens = payload(document, variables), seen(self.settings.endpoint)
        try:
            response = self._client().post(
                self.settings.endpoint, content=content, headers=tokens.headers(), timeout=max(timeout, 0.001)
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transport_error(error, self.settings.url) from error
        tokens.record(response.headers)
        return read_response(response)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._http is not None:
                self._http.close()
                self._http = None


def request_headers(settings: Settings) -> dict[str, str]:
    """Return the headers of each request."""
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": f"placard-client/{__about__.__version__}",
        **settings.headers,
    }


def backoff(attempt: int, retry_after: float | None = None) -> float:
    """Return the seconds before the next attempt: a random part of a limit that doubles, at most 10 s."""
    limit = min(10.0, 0.1 * 2 ** min(attempt, 10))
    return max(retry_after or 0.0, random.uniform(limit / 4, limit))


def is_retryable(error: PlacardError) -> bool:
    """Report whether the same call can succeed later."""
    return isinstance(error, TransportError) or (isinstance(error, ServerError) and error.retryable)
