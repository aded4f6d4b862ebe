"""Writes: mutations with their inputs, and the units in which they are sent."""

from __future__ import annotations

import os
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from .encode import dumps
from .errors import PlacardError

_ENTRY_SUBJECT = "subject { __typename id }"
_VERSION = "artifactVersion { id number version artifact { name } } deduplicated"

# The type of the input and the selection of each mutation.
MUTATIONS = {
    "logMetadata": ("LogMetadataInput", f"{_ENTRY_SUBJECT} deduplicated"),
    "logMetadataBatch": ("LogMetadataBatchInput", f"results {{ {_ENTRY_SUBJECT} }} deduplicated"),
    "retractMetadata": ("RetractMetadataInput", f"{_ENTRY_SUBJECT} deduplicated"),
    "createArtifactVersion": ("CreateArtifactVersionInput", _VERSION),
    "startPipelineRun": ("StartPipelineRunInput", "pipelineRun { id } deduplicated"),
    "finishPipelineRun": ("FinishPipelineRunInput", "pipelineRun { id status } deduplicated"),
    "startStepRun": ("StartStepRunInput", "stepRun { id } deduplicated"),
    "finishStepRun": ("FinishStepRunInput", "stepRun { id status } deduplicated"),
    "bindOutput": ("BindOutputInput", _VERSION),
    "setAlias": ("SetAliasInput", _VERSION),
    "removeAlias": ("RemoveAliasInput", _VERSION),
    "tagArtifactVersion": ("TagArtifactVersionInput", _VERSION),
    "untagArtifactVersion": ("UntagArtifactVersionInput", _VERSION),
}

# Creations have a client-made ID, and a final status can be set again. So these may be sent again at any time.
REPEATABLE = frozenset(
    ["createArtifactVersion", "startPipelineRun", "startStepRun", "finishPipelineRun", "finishStepRun"]
)


# The size of a unit of several writes. The server accepts 1,000 entries and 2 MiB by default.
MERGED_ENTRIES = 500
MERGED_BYTES = 262_144


def document(operation: str) -> str:
    """Return the text of a mutation."""
    input_type, selection = MUTATIONS[operation]
    return f"mutation($input: {input_type}!) {{ {operation}(input: $input) {{ {selection} }} }}"


def new_id() -> str:
    """Return a UUID of version 7, which begins with the time."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return str(uuid.UUID(int=value))


class Ticket:
    """The outcome of one write, on which threads can wait.

    Attributes:
        response: The payload of the mutation; None while the write is not delivered.
        error: The reason why the server refused the write.
    """

    __slots__ = ("_settled", "error", "reported", "response")

    def __init__(self) -> None:
        self._settled = threading.Event()
        self.response: dict[str, Any] | None = None
        self.error: PlacardError | None = None
        self.reported = False  # true if a caller waits, which gets the error

    @property
    def settled(self) -> bool:
        """True if the write is delivered or refused."""
        return self._settled.is_set()

    def deliver(self, response: dict[str, Any]) -> None:
        """Store the payload."""
        self.response = response
        self._settled.set()

    def refuse(self, error: PlacardError) -> None:
        """Store the reason of a refusal."""
        self.error = error
        self._settled.set()


@dataclass
class Write:
    """One mutation.

    Attributes:
        number: The position in its spool file.
        needs: Client-made IDs of objects that must exist first.
        waits: The IDs of `needs` that another process creates. Until then, `NOT_FOUND` is no refusal.
        makes: The client-made ID of the new object.
        created: The time of the call, as a Unix time.
    """

    operation: str
    input: dict[str, Any]
    needs: tuple[str, ...] = ()
    makes: str | None = None
    mergeable: bool = False
    waits: tuple[str, ...] = ()
    number: int = 0
    created: float = field(default_factory=time.time)
    ticket: Ticket = field(default_factory=Ticket)

    @property
    def entries(self) -> int:
        """The number of entries to log."""
        return sum(
            len(value) if isinstance(value, dict) and value and not next(iter(value)).startswith("$") else 1
            for value in self.input.get("metadata", {}).values()
        )

    def line(self, unit: str) -> dict[str, Any]:
        """Return the write as a line of a spool file."""
        return {
            "type": "write",
            "number": self.number,
            "unit": unit,
            "operation": self.operation,
            "input": self.input,
            "needs": self.needs,
            "waits": self.waits,
            "makes": self.makes,
            "mergeable": self.mergeable,
            "created": self.created,
        }

    @classmethod
    def read(cls, line: dict[str, Any]) -> Write:
        """Return the write of a line of a spool file."""
        return cls(
            operation=line["operation"],
            input=line["input"],
            needs=tuple(line["needs"]),
            waits=tuple(line["waits"]),
            makes=line["makes"],
            mergeable=line["mergeable"],
            number=line["number"],
            created=line["created"],
        )


@dataclass
class Unit:
    """Writes that are sent as one mutation.

    The members of a unit are fixed before it is sent, and its ID is part of the idempotency key. So a unit that is sent
    again after a crash is the same call.

    Attributes:
        sent: The time of the first attempt whose outcome is unknown.
    """

    id: str
    writes: list[Write] = field(default_factory=list)
    sent: float | None = None
    _entries: int = 0
    _bytes: int = 0
    _firsts: dict[tuple[str, str], str | None] = field(default_factory=dict)

    @property
    def repeatable(self) -> bool:
        """True if the unit may be sent again after the server has deleted its idempotency key."""
        return all(write.operation in REPEATABLE for write in self.writes)

    @property
    def needs(self) -> set[str]:
        """The IDs that the writes need."""
        return {id for write in self.writes for id in write.needs}

    def request(self, file_id: str) -> tuple[str, dict[str, Any]]:
        """Return the mutation and its input."""
        key = f"{file_id}-{self.id}"
        write = self.writes[0]
        # A unit that can have several writes is a batch also with one. So a unit of a damaged file, which has lost
        # writes, has the idempotency key of the whole unit in the same operation, and the server refuses it.
        if not write.mergeable or self.id.startswith("n"):
            if "clientId" in write.input:
                return write.operation, write.input
            return write.operation, {**write.input, "idempotencyKey": key}
        return "logMetadataBatch", {"writes": [write.input for write in self.writes], "idempotencyKey": key}

    def add(self, write: Write) -> None:
        """Add a write."""
        self.writes.append(write)
        self._entries += write.entries
        self._bytes += len(dumps(write.input))
        for place, first in _first_keys(write):
            self._firsts.setdefault(place, first)

    def accepts(self, write: Write, limit: int) -> bool:
        """Report whether a write can join the unit.

        Entries of one call have one time. For `history` of a card, a later write of the same card must begin with the
        same key, which begins a new row.
        """
        if not (write.mergeable and self.writes and self.writes[0].mergeable):
            return False
        if self._entries + write.entries > min(limit, MERGED_ENTRIES):
            return False
        if self._bytes + len(dumps(write.input)) > MERGED_BYTES:
            return False
        return all(self._firsts.get(place, first) == first for place, first in _first_keys(write))


def _first_keys(write: Write) -> list[tuple[tuple[str, str], str | None]]:
    """Return the subject and name of each card with its first key."""
    metadata = write.input.get("metadata", {})
    target = dumps(write.input.get("target"))
    return [((target, card), next(iter(fields), None)) for card, fields in metadata.items() if isinstance(fields, dict)]
