"""Exceptions. Each error code of the server has a class of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class PlacardError(Exception):
    """The base class of all exceptions of this package.

    Attributes:
        code: The stable error code, such as `NOT_FOUND`. Empty for errors that the package itself found.
        path: The position in the input, such as `("metadata", "metrics", "loss")`.
        candidates: Names that the caller may have meant, the nearest first.
        extensions: The extensions of the GraphQL error.
    """

    code = ""

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        candidates: Sequence[str] = (),
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = tuple(path)
        self.candidates = tuple(candidates)
        self.extensions = dict(extensions or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.path, self.candidates, self.extensions)


def _rebuild(
    cls: type[PlacardError],
    message: str,
    path: Sequence[str | int],
    candidates: Sequence[str],
    extensions: Mapping[str, Any],
) -> PlacardError:
    error = cls(message, path=path, candidates=candidates, extensions=extensions)
    error.code = extensions.get("code", cls.code)
    return error


class InvalidValue(PlacardError, ValueError):
    """A value cannot be stored exactly. `path` has the keys that lead to it. Nothing was sent."""


class InvalidSelector(PlacardError, ValueError):
    """The arguments do not select exactly one subject. Nothing was sent."""


class NoContext(InvalidSelector):
    """The call needs a running step or run, and there is none."""


class NotDelivered(PlacardError):
    """The server has not confirmed a write yet. The write is in the spool and will be delivered later."""


class UnknownKey(PlacardError, KeyError):
    """A subject has no value for a key. `candidates` has near keys."""

    def __str__(self) -> str:
        return self.message


class IncompatibleServer(PlacardError):
    """The server is too old or too new for this package. The message names both versions."""


class TransportError(PlacardError):
    """The server did not answer. `sent` is true if it may have received the request."""

    def __init__(self, message: str, *, sent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.sent = sent
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_transport, (self.message, self.sent, self.retry_after)


def _rebuild_transport(message: str, sent: bool, retry_after: float | None) -> TransportError:
    return TransportError(message, sent=sent, retry_after=retry_after)


class ServerError(PlacardError):
    """The server refused an operation. `code` has the error code."""

    field: tuple[str | int, ...] = ()
    """The field of the response that failed. If it is below a mutation, the mutation itself succeeded."""

    @property
    def retryable(self) -> bool:
        """True if the same call can succeed later."""
        return self.extensions.get("retryable") is True


class BadInput(ServerError, ValueError):
    """The server found the input invalid."""

    code = "BAD_INPUT"


class NotFound(ServerError, LookupError):
    """Something that the call names does not exist. `candidates` has near names."""

    code = "NOT_FOUND"


class AmbiguousOutput(ServerError):
    """The step has several outputs that match. `candidates` has their names."""

    code = "AMBIGUOUS_OUTPUT"


class NoOutputs(ServerError):
    """The step has no outputs."""

    code = "NO_OUTPUTS"


class OutputNotFound(ServerError):
    """The step has no output with the name. `candidates` has the names of its outputs."""

    code = "OUTPUT_NOT_FOUND"


class Conflict(ServerError):
    """The call contradicts stored data, such as a version name that is taken."""

    code = "CONFLICT"


class IdempotencyKeyReused(ServerError):
    """An idempotency key was used with other input."""

    code = "IDEMPOTENCY_KEY_REUSED"


class LimitExceeded(ServerError, ValueError):
    """A limit of the server is exceeded. `extensions` has `limit` and `actual`."""

    code = "LIMIT_EXCEEDED"


class Unauthenticated(ServerError):
    """The server needs a valid API key in PLACARD_API_KEY."""

    code = "UNAUTHENTICATED"


class Forbidden(ServerError):
    """The role of the API key does not allow the operation."""

    code = "FORBIDDEN"


class Overloaded(ServerError):
    """The server has too many requests."""

    code = "OVERLOADED"


class Unavailable(ServerError):
    """The database of the server is not available."""

    code = "UNAVAILABLE"


class InternalError(ServerError):
    """A defect of the server. `extensions` has the `requestId` of its log."""

    code = "INTERNAL"


_CLASSES: dict[str, type[ServerError]] = {
    cls.code: cls
    for cls in (
        BadInput,
        NotFound,
        AmbiguousOutput,
        NoOutputs,
        OutputNotFound,
        Conflict,
        IdempotencyKeyReused,
        LimitExceeded,
        Unauthenticated,
        Forbidden,
        Overloaded,
        Unavailable,
        InternalError,
    )
}


def server_error(error: Mapping[str, Any]) -> ServerError:
    """Return the exception for one item of `errors` in a GraphQL response."""
    extensions = error.get("extensions") or {}
    code = str(extensions.get("code", ""))
    cls = _CLASSES.get(code, ServerError)
    found = cls(
        str(error.get("message", "the server gave no message")),
        path=extensions.get("path") or (),
        candidates=extensions.get("candidates") or (),
        extensions=extensions,
    )
    found.code = code
    found.field = tuple(error.get("path") or ())
    return found
