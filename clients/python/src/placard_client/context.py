"""The current run and step: of the context, of the process, and of the environment."""

from __future__ import annotations

import contextvars
import os
import threading
from typing import TYPE_CHECKING

from .errors import NoContext

if TYPE_CHECKING:
    from .runs import Run, Step

RUN_VARIABLE, STEP_VARIABLE = "PLACARD_RUN_ID", "PLACARD_STEP_RUN_ID"

current_run: contextvars.ContextVar[Run | None] = contextvars.ContextVar("placard_run", default=None)
current_step: contextvars.ContextVar[Step | None] = contextvars.ContextVar("placard_step", default=None)


class _Active:
    """The runs and steps that are running in this process.

    Threads without a context of their own, and subprocesses, use the step of the process if there is exactly one.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.runs: dict[str, Run] = {}
        self.steps: dict[str, Step] = {}
        self.attached: dict[str, Run] = {}
        self.environment: dict[str, str | None] = {}

    def export(self) -> None:
        """Set the environment variables of subprocesses."""
        for variable, active in ((RUN_VARIABLE, self.runs), (STEP_VARIABLE, self.steps)):
            if not active:
                if variable in self.environment:
                    _set(variable, self.environment.pop(variable))
                continue
            self.environment.setdefault(variable, os.environ.get(variable))
            _set(variable, next(iter(active)) if len(active) == 1 else None)


def _set(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value


_active = _Active()
_own: set[str] = set()


def enter(run: Run | None = None, step: Step | None = None) -> None:
    """Register a run or a step that starts in this process."""
    with _active.lock:
        if run is not None:
            _active.runs[run.id] = run
        if step is not None:
            _active.steps[step.id] = step
        _active.export()


def leave(run: Run | None = None, step: Step | None = None) -> None:
    """Remove a run or a step that ended in this process."""
    with _active.lock:
        if run is not None:
            _active.runs.pop(run.id, None)
        if step is not None:
            _active.steps.pop(step.id, None)
        _active.export()


def own(id: str) -> None:
    """Remember an ID that this package made, or inherited from a process that made it."""
    _own.add(id)


def is_own(id: str) -> bool:
    """Report whether this package made an ID, in this process or in the one that started it."""
    return id in _own or id in (os.environ.get(RUN_VARIABLE), os.environ.get(STEP_VARIABLE))


def live_step(id: str) -> Step | None:
    """Return the step of this process with an ID."""
    return _active.steps.get(id)


def current_step_id() -> str | None:
    """Return the ID of the current step.

    Raises:
        NoContext: Several steps are running, and this thread has the context of none.
    """
    if (step := current_step.get()) is not None:
        return step.id
    if current_run.get() is not None:
        return None
    steps = list(_active.steps)
    if len(steps) > 1:
        raise NoContext(
            f"{len(steps)} steps are running, and this thread has the context of none; "
            "start it with contextvars.copy_context().run, or call step.log(...)"
        )
    return steps[0] if steps else _inherited_id(STEP_VARIABLE)


def current_run_id() -> str | None:
    """Return the ID of the current run."""
    if (run := current_run.get()) is not None:
        return run.id
    if len(_active.runs) == 1:
        return next(iter(_active.runs))
    return _inherited_id(RUN_VARIABLE)


def attached_run() -> Run | None:
    """Return the run of this process, or a handle of the run that the environment names."""
    with _active.lock:
        if len(_active.runs) == 1:
            return next(iter(_active.runs.values()))
        id = _inherited_id(RUN_VARIABLE)
        if _active.runs or id is None:
            return None
        if id not in _active.attached:
            from .runs import Run

            _active.attached[id] = Run("attached", id=id)
        return _active.attached[id]


def _inherited_id(variable: str) -> str | None:
    return os.environ.get(variable) or None


def project() -> str | None:
    """Return the project of the settings."""
    from .engine import settings

    return settings().project


def _after_fork() -> None:
    _active.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
