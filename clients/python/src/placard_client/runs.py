"""Runs and steps as context managers."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from . import context, selectors
from .engine import engine
from .errors import Conflict, InvalidSelector
from .kinds import Markdown
from .logging_api import encoded_metadata, merged, submit_log
from .saving import SavedVersion, submit_version
from .selectors import Target
from .writes import Write, new_id

_MESSAGE_CHARACTERS = 4_000


class Run:
    """One run of a pipeline. Use `placard.run(...)` in a `with` statement.

    Attributes:
        id: The ID, made by the client.
        pipeline: The name of the pipeline.
    """

    def __init__(self, pipeline: str, *, project: str | None = None, id: str | None = None) -> None:
        self.pipeline = selectors.text("pipeline", pipeline)
        self.project = project
        self.id = selectors.full_id("id", id) if id else new_id()
        self._previous: tuple[Run | None, Any] | None = None
        self.origins: dict[int, tuple[object, SavedVersion]] = {}

    def start(self) -> Run:
        """Start the run without a `with` statement; end it by `finish`."""
        context.own(self.id)
        input: dict[str, Any] = {"pipeline": self.pipeline, "clientId": self.id}
        if project := self.project or context.project():
            input["project"] = project
        engine().submit([Write("startPipelineRun", input, makes=self.id)], wait=True)
        context.enter(run=self)
        return self

    def finish(self, status: str = "COMPLETED") -> None:
        """End the run. Steps that are still running become CANCELLED."""
        context.leave(run=self)
        input = {"pipelineRunId": self.id, "status": status}
        engine().submit([Write("finishPipelineRun", input, needs=(self.id,))], wait=False)
        engine().flush(patient=False)

    def step(
        self,
        name: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        outputs: Sequence[str] | Mapping[str, str] | None = None,
    ) -> Step:
        """Return a step of the run, for a `with` statement.

        Args:
            name: The name of the step.
            inputs: The versions that the step reads, by the name of the input: a `SavedVersion`, an object with `id`,
                or a pair of artifact and version such as `("churn_data", "7")`.
            outputs: The names of the outputs, or a mapping from each output to the name of its artifact.
        """
        return Step(self, name, inputs=inputs, outputs=outputs)

    def log(self, metadata: Mapping[str, Any] | object = None, /, **facts: Any) -> None:
        """Log facts about the run, such as `run.log(config={"lr": 0.1})`."""
        submit_log(selectors.run_target(self.id), encoded_metadata(merged(metadata, facts)))

    def environ(self) -> dict[str, str]:
        """Return the environment variables that continue the run on another machine."""
        found = {context.RUN_VARIABLE: self.id, "PLACARD_URL": engine().settings.url}
        if project := self.project or context.project():
            found["PLACARD_PROJECT"] = project
        return found

    def __enter__(self) -> Run:
        self._previous = context.current_run.get(), context.current_step.get()
        self.start()
        context.current_run.set(self)
        context.current_step.set(None)
        return self

    def __exit__(
        self, cls: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is not None:
            context.current_run.set(self._previous[0])
            context.current_step.set(self._previous[1])
        self.finish(status_of(error))

    async def __aenter__(self) -> Run:
        import asyncio

        self._previous = context.current_run.get(), context.current_step.get()
        await asyncio.to_thread(self.start)
        context.current_run.set(self)
        context.current_step.set(None)
        return self

    async def __aexit__(
        self, cls: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import asyncio

        if self._previous is not None:
            context.current_run.set(self._previous[0])
            context.current_step.set(self._previous[1])
        await asyncio.to_thread(self.finish, status_of(error))

    def __repr__(self) -> str:
        return f"Run({self.pipeline!r}, id={self.id!r})"


class Step:
    """One run of a step. Use `run.step(...)` in a `with` statement.

    Attributes:
        id: The ID, made by the client.
        name: The name of the step.
        outputs: The artifact of each output.
        versions: The versions that were saved, by output.
    """

    def __init__(
        self,
        run: Run,
        name: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        outputs: Sequence[str] | Mapping[str, str] | None = None,
    ) -> None:
        if isinstance(outputs, str):
            raise InvalidSelector(f"outputs must be a list of names, such as [{outputs!r}]")
        self.run = run
        self.name = selectors.text("name", name)
        self.id = new_id()
        pairs = outputs.items() if isinstance(outputs, Mapping) else ((output, output) for output in outputs or ())
        self.outputs = {selectors.text("output", output): selectors.text("artifact", name) for output, name in pairs}
        self.versions: dict[str, SavedVersion] = {}
        self._inputs = {name: _input(name, version) for name, version in (inputs or {}).items()}
        self._previous: tuple[Run | None, Step | None] | None = None

    def start(self) -> Step:
        """Start the step without a `with` statement; end it by `finish`."""
        context.own(self.id)
        input: dict[str, Any] = {
            "pipelineRunId": self.run.id,
            "clientId": self.id,
            "name": self.name,
            "outputs": [{"name": output, "artifactName": name} for output, name in self.outputs.items()],
            "inputs": [{"name": name, **reference} for name, (reference, _) in self._inputs.items()],
        }
        needs = (self.run.id, *(id for _, id in self._inputs.values() if id))
        engine().submit([Write("startStepRun", input, needs=needs, makes=self.id)], wait=True)
        context.enter(step=self)
        return self

    def finish(self, status: str = "COMPLETED") -> None:
        """End the step."""
        context.leave(step=self)
        input = {"stepRunId": self.id, "status": status}
        engine().submit([Write("finishStepRun", input, needs=(self.id,))], wait=False)

    def log(self, metadata: Mapping[str, Any] | object = None, /, *, output: str | None = None, **facts: Any) -> None:
        """Log facts about the step, or about one of its outputs.

        Args:
            metadata: The facts.
            output: The name of an output. Its facts belong to the version that is saved later.
            facts: More facts, such as `metrics={"loss": 0.3}`.
        """
        encoded = encoded_metadata(merged(metadata, facts))
        if output is None:
            target = selectors.step_target(self.id)
        else:
            name = selectors.find_output(self.outputs, output)
            target = Target({"stepContext": {"stepRunId": self.id, "artifactName": name}}, (self.id,), known=True)
        submit_log(target, encoded)

    def save(
        self,
        output: str,
        value: object = None,
        *,
        name: str | None = None,
        version: str | None = None,
        type: str | None = None,
        tags: Sequence[str] = (),
        alias: str | Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> SavedVersion:
        """Create the artifact version of an output, and bind the output to it. The object itself is not stored.

        Args:
            output: The name of the output.
            value: A `Uri`, the path of a file, or an object. Its URI, size, SHA-256 or type become facts of the version
                in the card `contents`.
            name: The name of the artifact, by default that of the output.
            version: The name of the version, by default its number.
            type: The type, such as `model`.
            tags: Tags of the version.
            alias: One or several aliases that point to the version.
            metadata: Facts of the version.

        Raises:
            OutputNotFound: The step does not declare the output.
            Conflict: The output is saved already, or the version exists.
        """
        output = selectors.find_output(self.outputs, output)
        if output in self.versions:
            raise Conflict(f"the output {output!r} of the step {self.name!r} is saved already")
        saved = submit_version(
            name or self.outputs[output],
            value,
            version=version,
            type=type,
            tags=tags,
            alias=alias,
            metadata=metadata,
            project=self.run.project,
            output={"stepRunId": self.id, "name": output},
        )
        self.versions[output] = saved
        return saved

    def environ(self) -> dict[str, str]:
        """Return the environment variables that continue the step on another machine."""
        return {**self.run.environ(), context.STEP_VARIABLE: self.id}

    def _fail(self, error: BaseException) -> None:
        """Log an exception as facts of the step."""
        card = {"type": f"{type(error).__module__}.{type(error).__qualname__}", "message": _clean(str(error))}
        lines = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        card["traceback"] = Markdown("```\n" + _clean(lines[-_MESSAGE_CHARACTERS:]) + "\n```")
        self.log({"exception": card})

    def __enter__(self) -> Step:
        self._previous = context.current_run.get(), context.current_step.get()
        self.start()
        context.current_run.set(self.run)
        context.current_step.set(self)
        return self

    def _leave(self, error: BaseException | None) -> None:
        if self._previous is not None:
            context.current_run.set(self._previous[0])
            context.current_step.set(self._previous[1])
        status = status_of(error)
        if error is not None and status == "FAILED":
            self._fail(error)
        self.finish(status)

    def __exit__(
        self, cls: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(error)

    async def __aenter__(self) -> Step:
        import asyncio

        self._previous = context.current_run.get(), context.current_step.get()
        await asyncio.to_thread(self.start)
        context.current_run.set(self.run)
        context.current_step.set(self)
        return self

    async def __aexit__(
        self, cls: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(error)

    def __repr__(self) -> str:
        return f"Step({self.name!r}, id={self.id!r}, outputs={list(self.outputs)})"


def run(pipeline: str, *, project: str | None = None, id: str | None = None) -> Run:
    """Return a run of a pipeline, for a `with` statement.

    Args:
        pipeline: The name of the pipeline.
        project: The name of the project, by default that of the settings.
        id: The ID of the run, a UUID of version 4 or 7; by default a new one.
    """
    return Run(pipeline, project=project, id=id)


def _input(name: str, version: Any) -> tuple[dict[str, Any], str | None]:
    """Return the reference of an input, and the ID that must exist first."""
    selectors.text("name of an input", name)
    if isinstance(version, SavedVersion):
        return {"artifactVersionId": version.id}, version.id
    if isinstance(version, tuple) and len(version) == 2:
        return {"artifactVersion": {"named": selectors.named(*version)}}, None
    return {"artifactVersionId": selectors.full_id(f"inputs[{name!r}]", getattr(version, "id", version))}, None


def status_of(error: BaseException | None) -> str:
    """Return the final status of a block that raised an exception."""
    if error is None or (isinstance(error, SystemExit) and not error.code):
        return "COMPLETED"
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError":
        return "CANCELLED"
    return "FAILED"


def _clean(text: str) -> str:
    """Return text that the server accepts: without NUL and unpaired surrogates, cut to a limit."""
    cut = text if len(text) <= _MESSAGE_CHARACTERS else text[:_MESSAGE_CHARACTERS] + " …"
    return cut.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
