"""Delivery of the units of one spool file, in order and exactly once."""

from __future__ import annotations

import enum
import logging
import pathlib
import threading
import time
from dataclasses import dataclass, field

from .errors import (
    Forbidden,
    IdempotencyKeyReused,
    IncompatibleServer,
    InternalError,
    NotFound,
    PlacardError,
    ServerError,
    TransportError,
    Unauthenticated,
    Unavailable,
)
from .spool import SpoolFile, append_record
from .transport import Transport, is_retryable
from .writes import Ticket, Unit, Write, document

log = logging.getLogger("placard_client")

REJECTED, UNCONFIRMED = "rejected.jsonl", "unconfirmed.jsonl"
FOREIGN_HOURS = 48  # how long a write waits for an object that another process creates
ATTEMPT_SECONDS = 30.0  # more than the write deadline of the server


# Failures of the server or of the settings, after which no other write would succeed either.
_STOPS = (Unauthenticated, IncompatibleServer, Unavailable)


class Outcome(enum.Enum):
    """The result of one attempt."""

    SETTLED = enum.auto()
    BLOCKED = enum.auto()  # only this unit, and those that need the same objects
    STOPPED = enum.auto()  # nothing can be sent now


@dataclass
class Report:
    """What a delivery has done.

    Attributes:
        delivered: The number of writes that the server confirmed.
        rejected: The number of writes that the server refused for good. They are in `rejected.jsonl`.
        unconfirmed: The number of writes with an unknown outcome that may not be sent again. They are in
            `unconfirmed.jsonl`.
        pending: The number of writes that remain in the spool.
        reason: Why writes remain.
        notes: Damaged files, and other facts that a person must know.
    """

    delivered: int = 0
    rejected: int = 0
    unconfirmed: int = 0
    pending: int = 0
    reason: str = ""
    notes: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """True if everything was delivered."""
        return not (self.rejected or self.unconfirmed or self.pending or self.notes)


class Delivery:
    """Sends the units of a spool file. `lock` is held while one of them is under way.

    Attributes:
        problem: The reason why the last attempt failed; None if the server answered.
        guard: The lock of the list of units, which is never held while waiting for the server.
    """

    def __init__(self, file: SpoolFile, transport: Transport, folder: pathlib.Path) -> None:
        self.file = file
        self.transport = transport
        self.folder = folder
        self.lock = threading.Lock()
        self.guard = threading.RLock()
        self.problem: PlacardError | None = None
        self.dead: dict[str, str] = {}
        self.report = Report()

    def add(self, writes: list[Write], limit: int) -> None:
        """Append writes to the spool file."""
        with self.guard:
            self.file.add(writes, limit)

    def run(self, deadline: float, until: Ticket | None = None) -> None:
        """Send units until all, or the one of `until`, are settled; or until one attempt fails.

        `deadline` is on the clock of `time.monotonic`.
        """
        if not self.lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return
        try:
            self._run(deadline, until)
        finally:
            self.lock.release()

    def _run(self, deadline: float, until: Ticket | None) -> None:
        blocked: set[str] = set()
        passed: set[str] = set()
        while not (until and until.settled) and (left := deadline - time.monotonic()) > 0:
            with self.guard:
                unit = next((unit for unit in self.file.units if unit.id not in passed), None)
                if unit is None:
                    return
                self.file.seal()
            if blocked & unit.needs:
                if len(unit.writes) > 1:
                    self._split(unit)
                    continue
                passed.add(unit.id)
                blocked.update(write.makes for write in unit.writes if write.makes)
                continue
            outcome = self._deliver(unit, min(left, ATTEMPT_SECONDS))
            if outcome is Outcome.STOPPED:
                return
            if outcome is Outcome.BLOCKED:
                passed.add(unit.id)
                blocked |= unit.needs | {write.makes for write in unit.writes if write.makes}

    def _split(self, unit: Unit) -> None:
        with self.guard:
            self.file.split(unit)
            self.file.sync()

    def _deliver(self, unit: Unit, timeout: float) -> Outcome:
        if dead := next((id for id in unit.needs if id in self.dead), None):
            if len(unit.writes) > 1:
                self._split(unit)
                return Outcome.SETTLED
            return self._reject(unit, PlacardError(f"the server refused what this write needs: {self.dead[dead]}"))
        if self._unrepeatable(unit):
            return self._set_aside(unit)
        if self.problem is not None and (error := self._probe(timeout)):
            self.problem = error
            return Outcome.STOPPED
        first = unit.sent is None
        with self.guard:
            if first:
                unit.sent = time.time()
                self.file.mark("sent", unit, at=unit.sent)
            operation, input = unit.request(self.file.id)
        self.file.sync()
        try:
            data = self.transport.post(document(operation), {"input": input}, timeout=timeout)
        except PlacardError as error:
            return self._failed(unit, error, first)
        self._confirmed(unit, data[operation])
        return Outcome.SETTLED

    def _probe(self, timeout: float) -> PlacardError | None:
        """Ask a server that was away for its version, so that no write gets an unknown outcome."""
        try:
            self.transport.ping(min(timeout, 5.0))
        except PlacardError as error:
            return error
        self.problem = None
        return None

    def _unrepeatable(self, unit: Unit) -> bool:
        if unit.sent is None or unit.repeatable:
            return False
        hours = (time.time() - unit.sent) / 3600
        return hours > self.transport.facts.idempotency_hours or self.file.caller != self.transport.settings.caller

    def _confirmed(self, unit: Unit, response: object) -> None:
        payload = response if isinstance(response, dict) else {}
        with self.guard:
            self.file.settle(unit, "delivered")
            self.report.delivered += len(unit.writes)
        self.problem = None
        results = payload.get("results")
        for index, write in enumerate(unit.writes):
            write.ticket.deliver(results[index] if results else payload)

    def _failed(self, unit: Unit, error: PlacardError, first: bool) -> Outcome:
        if isinstance(error, ServerError) and len(error.field) > 1:
            # The mutation succeeded, and a part of its response failed.
            self._confirmed(unit, None)
            return Outcome.SETTLED
        if isinstance(error, TransportError) and not error.sent and first:
            with self.guard:
                unit.sent = None
                self.file.mark("unsent", unit)
        if is_retryable(error) or isinstance(error, _STOPS) or not error.extensions:
            self.problem = error
            return Outcome.STOPPED
        self.problem = None
        if isinstance(error, InternalError):
            self.report.reason = str(error)
            return Outcome.BLOCKED
        if isinstance(error, IdempotencyKeyReused) and self.file.damage:
            # The file has lost a write of the unit. The whole unit was delivered.
            self._confirmed(unit, None)
            return Outcome.SETTLED
        if len(unit.writes) > 1:
            self._split(unit)
            return Outcome.SETTLED
        if isinstance(error, Forbidden) or self._awaits(unit.writes[0], error):
            with self.guard:
                unit.sent = None
                self.file.mark("unsent", unit)
            self.report.reason = str(error)
            return Outcome.BLOCKED
        return self._reject(unit, error)

    def _awaits(self, write: Write, error: PlacardError) -> bool:
        """Report whether the write needs an object that the spool of another process may still hold."""
        if not isinstance(error, NotFound) or not write.waits:
            return False
        if time.time() - write.created > FOREIGN_HOURS * 3600:
            return False
        return not error.path or error.path[-1] in ("stepRunId", "pipelineRunId", "artifactVersionId", "id")

    def _reject(self, unit: Unit, error: PlacardError) -> Outcome:
        write = unit.writes[0]
        with self.guard:  # a caller that stops waiting gets the error, or the file gets the write
            if not write.ticket.reported:
                path = self._record(REJECTED, unit, str(error), error.code)
                if path is None:
                    return Outcome.BLOCKED
                self.report.rejected += 1
                log.error("the server refused %s: %s. The write is in %s", write.operation, error, path)
            if write.makes:
                self.dead[write.makes] = f"{write.operation}: {error}"
            self.file.settle(unit, "rejected")
            write.ticket.refuse(error)
        return Outcome.SETTLED

    def _set_aside(self, unit: Unit) -> Outcome:
        reason = (
            "the write was sent without an answer, and the server may have deleted its idempotency key since, "
            "so sending it again could store it twice"
        )
        path = self._record(UNCONFIRMED, unit, reason, "")
        if path is None:
            return Outcome.BLOCKED
        log.error("%d writes with an unknown outcome are in %s: %s", len(unit.writes), path, reason)
        with self.guard:
            self.file.settle(unit, "unconfirmed")
            self.report.unconfirmed += len(unit.writes)
        for write in unit.writes:
            write.ticket.refuse(PlacardError(reason))
        return Outcome.SETTLED

    def _record(self, name: str, unit: Unit, reason: str, code: str) -> pathlib.Path | None:
        """Append the writes of a unit to a file, and return its path; None if it cannot be written."""
        try:
            for write in unit.writes:
                line = {"error": reason, "code": code, "at": time.time(), "file": self.file.id, **write.line(unit.id)}
                append_record(self.folder, name, line)
        except OSError as error:
            log.error("cannot write %s (%s); the write remains in the spool: %s", self.folder / name, error, reason)
            return None
        return self.folder / name
