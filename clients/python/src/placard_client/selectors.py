"""The subject of metadata, from the arguments of `log_metadata`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from . import context
from .encode import MAX_KEY
from .errors import AmbiguousOutput, InvalidSelector, NoContext, NoOutputs, OutputNotFound

_FORMS = """Select one subject:
  the current step or run                log_metadata(metadata)
  the only output of the current step    log_metadata(metadata, infer_artifact=True)
  an output of the current step          log_metadata(metadata, artifact_name="model", infer_artifact=True)
  a version by name                      log_metadata(metadata, artifact_name="churn_model", artifact_version="7")
  a version by ID                        log_metadata(metadata, artifact_version_id="...")
  a step run                             log_metadata(metadata, step_id="...")
  a pipeline run                         log_metadata(metadata, run_id_name_or_prefix="<the full ID of the run>")"""


@dataclass(frozen=True)
class Target:
    """The subject of a write.

    Attributes:
        selector: A `MetadataTarget` of the API.
        needs: Client-made IDs of objects that must exist first.
        known: True if the server has nothing to check, because the subject is a current one of this package. Then a
            write does not wait for the server.
    """

    selector: dict[str, Any]
    needs: tuple[str, ...] = ()
    known: bool = field(default=False, compare=False)


def resolve(
    *,
    step_id: object = None,
    step_name: object = None,
    run_id_name_or_prefix: object = None,
    artifact_version_id: object = None,
    artifact_name: object = None,
    artifact_version: object = None,
    infer_artifact: bool = False,
    **models: object,
) -> Target:
    """Return the subject that the arguments of `log_metadata` select.

    Raises:
        InvalidSelector: The arguments select no subject, or several.
    """
    _refuse_unsupported(step_name, models)
    given = {
        "step_id": step_id,
        "run_id_name_or_prefix": run_id_name_or_prefix,
        "artifact_version_id": artifact_version_id,
        "artifact_name": artifact_name,
        "artifact_version": artifact_version,
        "infer_artifact": infer_artifact or None,
    }
    names = {name for name, value in given.items() if value is not None}
    if names == {"step_id"}:
        return replace(step_target(full_id("step_id", step_id)), known=False)
    if names == {"run_id_name_or_prefix"}:
        return replace(run_target(full_id("run_id_name_or_prefix", run_id_name_or_prefix)), known=False)
    if names == {"artifact_version_id"}:
        return replace(version_target(full_id("artifact_version_id", artifact_version_id)), known=False)
    if names == {"artifact_name", "artifact_version"}:
        return Target({"artifactVersion": named(artifact_name, artifact_version)})
    if "infer_artifact" in names and names <= {"infer_artifact", "artifact_name"}:
        return output_target(None if artifact_name is None else text("artifact_name", artifact_name))
    if not names:
        return current_target()
    raise InvalidSelector(_mistake(names, artifact_name))


def _refuse_unsupported(step_name: object, models: dict[str, object]) -> None:
    for name, value in models.items():
        if name not in ("model_name", "model_version", "model_version_id", "infer_model"):
            raise TypeError(f"log_metadata() got an unexpected keyword argument {name!r}")
        if value:
            raise InvalidSelector(
                f"{name} is not supported: a model is an artifact here; use artifact_name and artifact_version, "
                "artifact_version_id, or infer_artifact=True in the step that makes it"
            )
    if step_name is not None:
        raise InvalidSelector(
            "step_name is not supported, because a run can have several steps with one name; "
            "use step_id with the ID of the step run"
        )


def _mistake(names: set[str], artifact_name: object) -> str:
    listed = " and ".join(sorted(names))
    if names == {"artifact_name"}:
        name = repr(artifact_name)
        return (
            f"artifact_name={name} alone does not select a version: add artifact_version, "
            f"or infer_artifact=True for the output of the current step.\n{_FORMS}"
        )
    if names == {"artifact_version"}:
        return f"artifact_version needs artifact_name.\n{_FORMS}"
    return f"{listed} select different subjects, so that it is unclear which one is meant.\n{_FORMS}"


def full_id(name: str, value: object) -> str:
    """Return an ID as text.

    Raises:
        InvalidSelector: The value is no full ID.
    """
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, str):
        try:
            return str(uuid.UUID(value)) if len(value) in (32, 36) else _no_id(name, value)
        except ValueError:
            pass
    return _no_id(name, value)


def _no_id(name: str, value: object) -> str:
    hint = "; names and prefixes are not supported" if name.startswith("run_id") else ""
    raise InvalidSelector(f"{name} must be a full ID such as '0190f5c2-…-8a11', not {value!r:.100}{hint}")


def text(name: str, value: object) -> str:
    """Return a name.

    Raises:
        InvalidSelector: The value is no name: empty, too long, or with white space at its ends.
    """
    if not isinstance(value, str) or not value:
        raise InvalidSelector(f"{name} must be a text that is not empty, not {value!r:.100}")
    if len(value) > MAX_KEY:
        raise InvalidSelector(f"{name} has {len(value)} characters, and a name has at most {MAX_KEY}")
    if value != value.strip() or "\0" in value:
        raise InvalidSelector(f"{name} must not contain NUL, or begin or end with white space: {value!r:.100}")
    return str(value)


def named(artifact: object, version: object) -> dict[str, Any]:
    """Return the `ArtifactVersionName` of a version. A number is the number of the version."""
    found: dict[str, Any] = {"name": text("artifact_name", artifact)}
    if project := context.project():
        found["project"] = project
    if isinstance(version, int) and not isinstance(version, bool):
        return {**found, "number": int(version)}
    return {**found, "version": text("artifact_version", version)}


def step_target(id: str) -> Target:
    """Return the subject of a step run."""
    return Target({"stepRunId": id}, (id,) if context.is_own(id) else (), context.is_own(id))


def run_target(id: str) -> Target:
    """Return the subject of a pipeline run."""
    return Target({"pipelineRunId": id}, (id,) if context.is_own(id) else (), context.is_own(id))


def version_target(id: str) -> Target:
    """Return the subject of an artifact version."""
    return Target({"artifactVersionId": id}, (id,) if context.is_own(id) else (), context.is_own(id))


def current_target() -> Target:
    """Return the current step, else the current run.

    Raises:
        NoContext: Neither a step nor a run is running.
    """
    if (step := context.current_step_id()) is not None:
        return step_target(step)
    if (run := context.current_run_id()) is not None:
        return run_target(run)
    raise NoContext(f"no step and no run is running here. {_FORMS}")


def output_target(output: str | None) -> Target:
    """Return an output of the current step.

    Raises:
        NoContext: No step is running.
        NoOutputs, AmbiguousOutput, OutputNotFound: The step has no such output.
    """
    step_id = context.current_step_id()
    if step_id is None:
        raise NoContext(f"infer_artifact=True needs a running step, and none is running here. {_FORMS}")
    step = context.live_step(step_id)
    selector: dict[str, Any] = {"stepRunId": step_id}
    if step is None:  # the step of another process, whose outputs only the server knows
        if output is not None:
            selector["artifactName"] = output
    else:
        selector["artifactName"] = find_output(step.outputs, output)
    return Target({"stepContext": selector}, (step_id,), step is not None)


def find_output(outputs: dict[str, str], name: str | None) -> str:
    """Return the output with a name, or with an artifact of that name; without a name the only output.

    Args:
        outputs: The artifact of each output.
        name: The name of an output or of an artifact.
    """
    listed = ", ".join(repr(output) for output in outputs)
    if not outputs:
        raise NoOutputs("the step has no outputs; declare them by outputs=[...] or by the return annotation")
    if name is None:
        if len(outputs) == 1:
            return next(iter(outputs))
        raise AmbiguousOutput(
            f"the step has {len(outputs)} outputs: name one in artifact_name; they are {listed}",
            candidates=list(outputs),
        )
    if name in outputs:
        return name
    matches = [output for output, artifact in outputs.items() if artifact == name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise AmbiguousOutput(f"several outputs have the artifact {name!r}: {listed}", candidates=matches)
    raise OutputNotFound(f"the step has no output {name!r}; its outputs are {listed}", candidates=list(outputs))


def all_outputs() -> list[Target]:
    """Return all outputs of the current step.

    Raises:
        NoContext: No step of this process is running.
        NoOutputs: The step has no outputs.
    """
    step_id = context.current_step_id()
    step = context.live_step(step_id) if step_id else None
    if step is None:
        raise NoContext("infer_artifacts=True needs a step that is running in this process")
    if not step.outputs:
        raise NoOutputs("the step has no outputs; declare them by outputs=[...] or by the return annotation")
    return [output_target(output) for output in step.outputs]
