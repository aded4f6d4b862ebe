"""Functions that log metadata."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from . import selectors
from .encode import MAX_VALUE_BYTES, dumps, encode_metadata, refuse
from .engine import Engine, engine
from .errors import InvalidSelector, InvalidValue, PlacardError
from .selectors import Target
from .writes import Write

_ENVELOPE = 4_096  # bytes of a request without its facts


def log_metadata(
    metadata: Mapping[str, Any] | object,
    step_id: str | UUID | None = None,
    step_name: str | None = None,
    run_id_name_or_prefix: str | UUID | None = None,
    artifact_version_id: str | UUID | None = None,
    artifact_name: str | None = None,
    artifact_version: str | int | None = None,
    infer_artifact: bool = False,
    **unsupported: Any,
) -> None:
    """Log facts about one subject. The arguments are those of ZenML's `log_metadata`.

    A dictionary at the top of `metadata` is a card: a named group of facts. Logging a key again adds an entry, and the
    latest one is shown.

    Facts of the current step and run are in the spool when the call returns, and the server gets them within a
    fraction of a second. A call that names another subject waits for the server.

    Args:
        metadata: The facts: keys of 1 to 250 characters with values of at most 64 KiB as JSON.
        step_id: The full ID of a step run.
        step_name: Refused; use `step_id`.
        run_id_name_or_prefix: The full ID of a pipeline run.
        artifact_version_id: The full ID of an artifact version.
        artifact_name: The name of an artifact with `artifact_version`, or of an output with `infer_artifact`.
        artifact_version: The name or number of the version.
        infer_artifact: Select an output of the current step.
        unsupported: The arguments of ZenML about models, which are refused.

    Raises:
        InvalidValue: A value cannot be stored exactly. Nothing was sent.
        InvalidSelector: The arguments select no subject, or several. Nothing was sent.
        NotFound: The server has no such subject. `candidates` has near names.

    >>> log_metadata({"r": b"12"}, artifact_name="data", artifact_version="1")
    Traceback (most recent call last):
    ...
    placard_client.errors.InvalidValue: metadata.r: bytes cannot be stored; decode them, or save a file and log its Uri
    """
    encoded = encoded_metadata(metadata)
    target = selectors.resolve(
        step_id=step_id,
        step_name=step_name,
        run_id_name_or_prefix=run_id_name_or_prefix,
        artifact_version_id=artifact_version_id,
        artifact_name=artifact_name,
        artifact_version=artifact_version,
        infer_artifact=infer_artifact,
        **unsupported,
    )
    submit_log(target, encoded)


def encoded_metadata(metadata: object) -> dict[str, Any]:
    """Return extended JSON of metadata, by the limits of the server if they are known."""
    current = engine()
    facts = current.transport.facts
    try:
        encoded = encode_metadata(metadata, max_value_bytes=facts.value_bytes)
    except InvalidValue as error:
        if facts.version is not None or f"at most {MAX_VALUE_BYTES}" not in error.message:
            raise
        _read_limits(current)
        encoded = encode_metadata(metadata, max_value_bytes=facts.value_bytes)
    count = sum(max(1, len(value)) if isinstance(value, dict) else 1 for value in encoded.values())
    if count > facts.entries_per_call:
        raise refuse(("metadata",), f"has {count} facts, and a call has at most {facts.entries_per_call}")
    size = len(dumps(encoded).encode())
    if size > facts.request_bytes - _ENVELOPE:
        raise refuse(
            ("metadata",),
            f"has {size} bytes, and a request has at most {facts.request_bytes}; log it in several calls",
        )
    return encoded


def _read_limits(current: Engine) -> None:
    """Ask the server for its limits: its limit of a value can be higher than the default."""
    with contextlib.suppress(PlacardError):  # the default limit holds then
        current.transport.ping(2.0)


def merged(metadata: object, facts: Mapping[str, Any]) -> object:
    """Return the facts of a positional argument and of keywords together."""
    if metadata is None:
        return facts
    if not facts:
        return metadata
    if not isinstance(metadata, Mapping):
        raise TypeError("facts by keyword need a dictionary as metadata")
    if both := sorted(set(metadata) & set(facts)):
        raise InvalidSelector(f"the facts {', '.join(both)} are given twice")
    return {**metadata, **facts}


def submit_log(target: Target, metadata: dict[str, Any]) -> None:
    """Log encoded metadata, or add it to the batch of the context."""
    write = Write(
        "logMetadata",
        {"target": target.selector, "metadata": metadata},
        needs=target.needs,
        mergeable=target.known,
    )
    current = _batch.get()
    if current is not None:
        current.add(write)
        return
    engine().submit([write], wait=not target.known)


@dataclass
class Batch:
    """Facts that are logged in one transaction."""

    writes: list[Write] = field(default_factory=list)

    def add(self, write: Write) -> None:
        """Add a write.

        Raises:
            InvalidValue: The batch has more facts than one call can have.
        """
        limit = engine().transport.facts.entries_per_call
        if sum(other.entries for other in (*self.writes, write)) > limit:
            raise InvalidValue(f"a batch has at most {limit} facts in all; nothing of the batch was sent")
        facts = engine().transport.facts
        if sum(len(dumps(other.input).encode()) for other in (*self.writes, write)) > facts.request_bytes - _ENVELOPE:
            raise InvalidValue(f"a batch has at most {facts.request_bytes} bytes; nothing of the batch was sent")
        self.writes.append(write)


_batch: contextvars.ContextVar[Batch | None] = contextvars.ContextVar("placard_batch", default=None)


@contextlib.contextmanager
def batch() -> Iterator[Batch]:
    """Log all facts of a block in one transaction: all or none. A block that raises logs none.

    A batch has at most 1,000 facts. The end of the block waits for the server.

    Raises:
        ServerError: The server refused a fact, so that none was stored.
    """
    if _batch.get() is not None:
        raise InvalidSelector("a batch is open already; batches cannot be nested")
    current = Batch()
    _batch.set(current)
    try:
        yield current
    finally:
        _batch.set(None)
    if current.writes:
        writes = [write.input for write in current.writes]
        needs = tuple(dict.fromkeys(id for write in current.writes for id in write.needs))
        engine().submit([Write("logMetadataBatch", {"writes": writes}, needs=needs)], wait=True)


# --- Several subjects, as in ZenML -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ArtifactVersionIdentifier:
    """A version, by `id` or by `name` and `version`."""

    id: str | UUID | None = None
    name: str | None = None
    version: str | int | None = None


@dataclass(frozen=True)
class PipelineRunIdentifier:
    """A pipeline run, by its full ID."""

    id: str | UUID


@dataclass(frozen=True)
class StepRunIdentifier:
    """A step run, by its full ID."""

    id: str | UUID


def bulk_log_metadata(
    metadata: Mapping[str, Any],
    pipeline_runs: Sequence[PipelineRunIdentifier] | None = None,
    step_runs: Sequence[StepRunIdentifier] | None = None,
    artifact_versions: Sequence[ArtifactVersionIdentifier] | None = None,
    *,
    infer_artifacts: bool = False,
) -> None:
    """Log the same facts about several subjects in one transaction, as ZenML's `bulk_log_metadata`.

    Args:
        metadata: The facts.
        pipeline_runs: Pipeline runs.
        step_runs: Step runs.
        artifact_versions: Artifact versions.
        infer_artifacts: All outputs of the current step, too.

    Raises:
        InvalidSelector: There is no subject.
    """
    encoded = encoded_metadata(metadata)
    targets = [selectors.resolve(run_id_name_or_prefix=run.id) for run in pipeline_runs or ()]
    targets += [selectors.resolve(step_id=step.id) for step in step_runs or ()]
    for version in artifact_versions or ():
        targets.append(
            selectors.resolve(
                artifact_version_id=version.id, artifact_name=version.name, artifact_version=version.version
            )
        )
    if infer_artifacts:
        targets += selectors.all_outputs()
    distinct = list({dumps(target.selector): target for target in targets}.values())
    if not distinct:
        raise InvalidSelector("bulk_log_metadata needs at least one subject: pipeline_runs, step_runs, "
                              "artifact_versions or infer_artifacts=True")  # fmt: skip
    with batch():
        for target in distinct:
            submit_log(target, encoded)
