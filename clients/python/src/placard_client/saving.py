"""Creation of artifact versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import context, selectors
from .contents import contents_of
from .engine import engine
from .errors import NotDelivered
from .logging_api import encoded_metadata, merged, submit_log
from .writes import Ticket, Write, new_id


class SavedVersion:
    """An artifact version that this process created.

    Attributes:
        id: The ID, made by the client.
        artifact: The name of the artifact.
    """

    def __init__(self, id: str, artifact: str) -> None:
        self.id = id
        self.artifact = artifact
        self.ticket = Ticket()

    def _field(self, name: str) -> Any:
        if not self.ticket.settled and self.ticket.error is None:
            engine().flush(patient=False)
        if self.ticket.error is not None:
            raise self.ticket.error
        version = (self.ticket.response or {}).get("artifactVersion")
        if version is None:
            raise NotDelivered(
                f"the server has not confirmed the version of {self.artifact!r} yet, so its {name} is not known; "
                "the write is in the spool and will be delivered later"
            )
        return version[name]

    @property
    def number(self) -> int:
        """The number of the version.

        Raises:
            NotDelivered: The server has not confirmed the version yet.
            ServerError: The server refused the version.
        """
        return int(self._field("number"))

    @property
    def version(self) -> str:
        """The name of the version. It raises the exceptions of `number`."""
        return str(self._field("version"))

    def log(self, metadata: Mapping[str, Any] | object = None, /, **facts: Any) -> None:
        """Log facts about the version."""
        submit_log(selectors.version_target(self.id), encoded_metadata(merged(metadata, facts)))

    def __repr__(self) -> str:
        return f"SavedVersion({self.artifact!r}, id={self.id!r})"


def create_version(
    artifact: str,
    value: object = None,
    *,
    version: str | None = None,
    type: str | None = None,
    tags: Sequence[str] = (),
    alias: str | Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    project: str | None = None,
) -> SavedVersion:
    """Create a version of an artifact outside of steps; in a step, use `step.save`. The object itself is not stored.

    Args:
        artifact: The name of the artifact. Its first version creates it.
        value: A `Uri`, the path of a file, or an object, see `Step.save`.
        version: The name of the version, by default its number.
        type: The type, such as `model`.
        tags: Tags of the version.
        alias: One or several aliases that point to the version.
        metadata: Facts of the version.
        project: The name of the project, by default that of the settings.

    Raises:
        Conflict: The version exists.
    """
    return submit_version(
        artifact, value, version=version, type=type, tags=tags, alias=alias, metadata=metadata, project=project
    )


def submit_version(
    artifact: str,
    value: object,
    *,
    version: str | None,
    type: str | None,
    tags: Sequence[str],
    alias: str | Sequence[str],
    metadata: Mapping[str, Any] | None,
    project: str | None,
    output: dict[str, str] | None = None,
) -> SavedVersion:
    """Create a version, for an output of a step or alone. Only a version of an output does not wait for the server."""
    facts = {**({"contents": found} if (found := contents_of(value)) else {}), **(metadata or {})}
    saved = SavedVersion(new_id(), selectors.text("artifact", artifact))
    input: dict[str, Any] = {
        "artifact": saved.artifact,
        "clientId": saved.id,
        "tags": [selectors.text("tag", tag) for tag in ([tags] if isinstance(tags, str) else tags)],
        "aliases": [selectors.text("alias", each) for each in ([alias] if isinstance(alias, str) else alias)],
    }
    if type is not None:
        selectors.text("type", type)
    if version is not None:
        selectors.text("version", version)
    given = {"version": version, "type": type, "output": output, "project": project or context.project()}
    input |= {name: argument for name, argument in given.items() if argument is not None}
    if facts:
        input["metadata"] = encoded_metadata(facts)
    context.own(saved.id)
    needs = (output["stepRunId"],) if output else ()
    write = Write("createArtifactVersion", input, needs=needs, makes=saved.id, ticket=saved.ticket)
    engine().submit([write], wait=version is not None or output is None)
    return saved
