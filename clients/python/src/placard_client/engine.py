"""The writer of this process: it appends writes to the spool, and delivers them by a thread or by waiting callers."""

from __future__ import annotations

import atexit
import logging
import os
import pathlib
import sys
import threading
import time
from typing import Any

from .config import Settings
from .delivery import Delivery, Report
from .encode import dumps
from .errors import InvalidValue, NotDelivered, PlacardError, TransportError
from .spool import SpoolFile, spool_files
from .transport import Transport, backoff
from .writes import Ticket, Write

log = logging.getLogger("placard_client")

_LINGER = 0.05  # seconds in which writes of the background join one call
_AWAY_PATIENCE = 0.5  # seconds for which a caller tries a server that did not answer the last time
_REFUSED_PATIENCE = 2.0  # seconds for which a caller waits for a server that refuses connections


class Engine:
    """Accepts and delivers the writes of one process to one server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.transport = Transport(settings)
        self._delivery: Delivery | None = None
        self._start = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._warned = False
        self._adopted = Report()
        self._adopting = threading.Lock()

    # --- Accepting ---------------------------------------------------------------------------------------------------

    def _started(self) -> Delivery:
        with self._start:
            if self._delivery is None:
                self._delivery = Delivery(self._create_file(), self.transport, self.settings.spool_dir)
                self._start_thread()
                _flush_in_children()
            return self._delivery

    def _start_thread(self) -> None:
        try:
            threading.Thread(target=self._loop, name="placard-delivery", daemon=True).start()
        except RuntimeError as error:  # the interpreter is ending, and `close` delivers
            log.debug("there is no thread for the delivery: %s", error)

    def _create_file(self) -> SpoolFile:
        try:
            return SpoolFile.create(self.settings)
        except OSError as error:
            if self.settings.strict:
                raise PlacardError(
                    f"cannot create a spool file in {self.settings.spool_dir} ({error}); set PLACARD_SPOOL_DIR"
                ) from error
            log.warning(
                "cannot create a spool file in %s (%s): writes are in memory only; set PLACARD_SPOOL_DIR",
                self.settings.spool_dir,
                error,
            )
            return SpoolFile.in_memory(self.settings, error)

    def submit(self, writes: list[Write], *, wait: bool) -> None:
        """Append writes to the spool. With `wait`, or with the setting `strict`, wait for the server.

        Raises:
            ServerError: The server refused the last write.
            NotDelivered: With `strict`, the server did not answer. The writes remain in the spool.
        """
        for write in writes:
            _check_text(write)
        delivery = self._started()
        wait = wait or self.settings.strict
        for write in writes:
            write.ticket.reported = wait and write is writes[-1]
        delivery.add(writes, self.transport.facts.entries_per_call)
        if not wait:
            self._wake.set()
            return
        self._wait(delivery, writes[-1].ticket)

    def _wait(self, delivery: Delivery, ticket: Ticket) -> None:
        begun = time.monotonic()
        patient = self.settings.strict or delivery.problem is None
        deadline = begun + (self.settings.timeout if patient else min(self.settings.timeout, _AWAY_PATIENCE))
        attempt = 0
        while not ticket.settled:
            delivery.run(deadline, ticket)
            now = time.monotonic()
            problem = delivery.problem
            refused = isinstance(problem, TransportError) and not problem.sent
            limit = deadline if self.settings.strict or not refused else begun + _REFUSED_PATIENCE
            if ticket.settled or problem is None or not patient or now >= limit or not _passes(problem):
                break
            time.sleep(min(backoff(attempt), max(0.0, limit - now)))
            attempt += 1
        if ticket.error is not None:
            raise ticket.error
        with delivery.guard:
            ticket.reported = ticket.settled
        if not ticket.settled:
            self._undelivered(delivery)
        elif ticket.error is not None:
            raise ticket.error

    def _undelivered(self, delivery: Delivery) -> None:
        problem = delivery.problem
        if problem is not None and not isinstance(problem, TransportError) and not _passes(problem):
            # The settings are wrong: the caller can repair them.
            raise problem
        reason = str(problem or delivery.report.reason or "the server did not answer in time")
        message = f"{reason}. The write is in {delivery.file.path} and will be delivered later: do not repeat it"
        if self.settings.strict:
            raise NotDelivered(message)
        self._wake.set()
        self._warn(message)

    def _warn(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            log.warning("%s", message)

    # --- Delivering --------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        delivery = self._delivery
        assert delivery is not None
        try:
            self._deliver_orphans(time.monotonic() + 60)
        except Exception:
            log.exception("cannot deliver the spool files of earlier processes")
        attempt = 0
        last = 0.0
        while not self._closed:
            if not delivery.file.units:
                self._wake.wait()
            self._wake.clear()
            # The first write after a pause is sent at once. Writes that follow it join one call.
            time.sleep(max(0.0, last + _LINGER - time.monotonic()))
            try:
                delivery.file.sync()
                delivery.run(time.monotonic() + 60)
            except Exception:
                log.exception("the delivery of writes failed; they remain in the spool")
            last = time.monotonic()
            if not delivery.file.units:
                attempt, self._warned = 0, False
                continue
            attempt += 1
            if delivery.problem is not None:
                self._warn(f"{delivery.problem}. Writes are in {delivery.file.path} and will be delivered later")
            self._pause(delivery, attempt)

    def _pause(self, delivery: Delivery, attempt: int) -> None:
        """Sleep before the next attempt, and write what arrives meanwhile to the disk every half second."""
        end = time.monotonic() + backoff(attempt, _retry_after(delivery.problem))
        while not self._closed and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            delivery.file.sync()

    def _deliver_orphans(self, deadline: float) -> None:
        """Deliver the spool files of processes that have ended."""
        own = self._delivery.file.path if self._delivery else None
        if not self._adopting.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return
        try:
            for path in spool_files(self.settings.spool_dir):
                if path != own and time.monotonic() < deadline:
                    deliver_file(path, self.settings, self.transport, self._adopted, deadline)
        finally:
            self._adopting.release()

    def flush(self, timeout: float | None = None, *, patient: bool = True) -> Report:
        """Deliver everything that is in the spool, also of processes that have ended.

        Args:
            timeout: Seconds to try.
            patient: Try until the time is over, also if the server refuses connections.
        """
        begun = time.monotonic()
        deadline = begun + (self.settings.timeout if timeout is None else timeout)
        delivery = self._delivery
        away = delivery is not None and delivery.problem is not None
        if away and not patient:
            deadline = min(deadline, begun + _AWAY_PATIENCE)
        self._adopted.pending, self._adopted.reason = 0, ""
        if patient or not away:
            self._deliver_orphans(deadline)
        report, self._adopted = self._adopted, Report()
        if delivery is None:
            return report
        attempt = 0
        while delivery.file.units:
            delivery.file.sync()
            delivery.run(deadline)
            limit = deadline if patient else min(deadline, begun + (0 if away else _REFUSED_PATIENCE))
            left = limit - time.monotonic()
            if not delivery.file.units or left <= 0 or not _passes(delivery.problem):
                break
            time.sleep(min(backoff(attempt), left))
            attempt += 1
        own, delivery.report = delivery.report, Report()
        report.delivered += own.delivered
        report.rejected += own.rejected
        report.unconfirmed += own.unconfirmed
        pending = sum(len(unit.writes) for unit in delivery.file.units)
        if pending:
            report.pending += pending
            report.reason = str(delivery.problem or own.reason or "the time is over")
        return report

    def settle(self) -> None:
        """Deliver the writes of this process before a read. A server that is away is not waited for."""
        if self._delivery is not None and self._delivery.file.units:
            self.flush(patient=False)

    def close(self, timeout: float) -> Report:
        """Deliver what is there, and close the spool file."""
        report = self.flush(timeout, patient=False)
        self._closed = True
        self._wake.set()
        delivery = self._delivery
        if delivery is not None and delivery.lock.acquire(timeout=1):
            delivery.file.sync()
            delivery.file.close()
            self.transport.close()
        if report.pending:
            self._warn(
                f"{report.pending} writes are not delivered: {report.reason}. They are in {self.settings.spool_dir}, "
                "and the next start or `placard-py spool send` delivers them"
            )
        return report


def _check_text(write: Write) -> None:
    """Raise an exception for a name that is no valid Unicode, before it reaches the spool."""
    try:
        dumps(write.input).encode()
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"the input of {write.operation} has no form in JSON: {error}") from None


def _passes(problem: PlacardError | None) -> bool:
    """Report whether a problem can pass without a person."""
    return problem is not None and (isinstance(problem, TransportError) or problem.extensions.get("retryable") is True)


def _retry_after(problem: PlacardError | None) -> float | None:
    if problem is None:
        return None
    value: Any = getattr(problem, "retry_after", None) or problem.extensions.get("retryAfter")
    return float(value) if value is not None else None


def deliver_file(path: pathlib.Path, settings: Settings, transport: Transport, report: Report, deadline: float) -> None:
    """Deliver the spool file of a process that has ended, and add the result to `report`."""
    file = SpoolFile.adopt(path)
    if file is None:
        return
    try:
        if file.damage and not file.url:
            report.notes.append(f"the spool file {file.set_aside()} is damaged: its first line is not readable")
            log.error("%s", report.notes[-1])
            return
        if file.url != settings.url and file.units:
            report.pending += sum(len(unit.writes) for unit in file.units)
            report.reason = f"{path} is for the server {file.url}: set PLACARD_URL to deliver it"
            return
        delivery = Delivery(file, transport, settings.spool_dir)
        delivery.run(deadline)
        report.delivered += delivery.report.delivered
        report.rejected += delivery.report.rejected
        report.unconfirmed += delivery.report.unconfirmed
        if file.units:
            report.pending += sum(len(unit.writes) for unit in file.units)
            report.reason = str(delivery.problem or delivery.report.reason)
        elif file.damage:
            lines = file.damage
            report.notes.append(
                f"{lines} lines of the spool file {file.set_aside()} are damaged; its other writes are delivered"
            )
            log.error("%s", report.notes[-1])
    finally:
        file.close()


# --- The engine of this process --------------------------------------------------------------------------------------

_lock = threading.Lock()
_engine: Engine | None = None
_inherited: list[Engine] = []  # of the parent process; kept, because a finalizer would close its connections


def engine() -> Engine:
    """Return the engine of this process."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = Engine(Settings.from_environment())
        return _engine


def configure(
    url: str | None = None,
    *,
    api_key: str | None = None,
    project: str | None = None,
    spool_dir: str | os.PathLike[str] | None = None,
    timeout: float | None = None,
    strict: bool | None = None,
) -> Settings:
    """Change the settings of this process. Absent arguments come from the environment, see `Settings`.

    The arguments become environment variables, too, so that child processes have the same settings.
    Writes to the earlier server are delivered first, or remain in the spool.
    """
    global _engine
    settings = Settings.from_environment(
        url=url, api_key=api_key, project=project, spool_dir=spool_dir, timeout=timeout, strict=strict
    )
    settings.export(url=url, api_key=api_key, project=project, spool_dir=spool_dir, timeout=timeout, strict=strict)
    with _lock:
        earlier, _engine = _engine, Engine(settings)
    if earlier is not None:
        earlier.close(min(5.0, earlier.settings.timeout))
    return settings


def settings() -> Settings:
    """Return the settings of this process."""
    return engine().settings


def flush(timeout: float | None = None) -> Report:
    """Deliver all writes in the spool, also those of processes that have ended.

    Args:
        timeout: Seconds to try, by default the setting `timeout`.

    Returns:
        The numbers of writes. The report is true if everything was delivered.
    """
    return engine().flush(timeout)


def _at_exit() -> None:
    current = _engine
    if current is not None:
        current.close(min(5.0, current.settings.timeout))


def _after_fork() -> None:
    global _engine, _lock
    _lock = threading.Lock()
    if _engine is not None:
        _inherited.append(_engine)
        if _engine._delivery is not None:
            _engine._delivery.file.abandon()
        _engine = Engine(_engine.settings)


_registered_for: int | None = None


def _flush_in_children() -> None:
    """Flush when a child of `multiprocessing` ends: `atexit` does not run there."""
    global _registered_for
    module = sys.modules.get("multiprocessing.process")
    if module is None or module.parent_process() is None or _registered_for == os.getpid():
        return
    from multiprocessing import util

    _registered_for = os.getpid()
    util.Finalize(None, _at_exit, exitpriority=100)


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
