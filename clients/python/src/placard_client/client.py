"""Reading, with blocking calls."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from . import plans, selectors
from .config import Settings
from .engine import Engine, engine
from .errors import InvalidSelector, NotFound
from .filters import Condition, order_terms, where_filter
from .logging_api import encoded_metadata, merged, submit_log
from .plans import Comparison, Lineage, Plan, Series
from .records import Records, VersionData, html_table, table, to_arrow, to_pandas, to_polars
from .transport import Transport
from .writes import Write

T = TypeVar("T")


class Client:
    """Reads from a server. Writes of this process are delivered before each read.

    Args:
        url: The address of the server, by default that of `configure` and the environment.
        api_key: The API key.
        project: The project, by default that of the API key.
        timeout: Seconds that a request may take.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        project: str | None = None,
        timeout: float | None = None,
    ) -> None:
        self._writer: Engine | None = None
        if url is None and api_key is None:
            self._writer = engine()
            base = self._writer.settings
            self.settings = Settings.from_environment(
                url=base.url,
                api_key=base.api_key,
                project=project or base.project,
                timeout=base.timeout if timeout is None else timeout,
            )
        else:
            self.settings = Settings.from_environment(url=url, api_key=api_key, project=project, timeout=timeout)
        self._transport = Transport(self.settings)
        self._pid = os.getpid()

    def execute(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one GraphQL operation and return `data`.

        Raises:
            ServerError: The server refused the operation.
            TransportError: The server did not answer.
        """
        if self._pid != os.getpid():  # after a fork, connections belong to the parent
            self._transport, self._pid = Transport(self.settings), os.getpid()
        if self._writer is not None:
            engine().settle()
        return self._transport.post(document, variables, timeout=self.settings.timeout)

    def _run(self, plan: Plan[T]) -> T:
        try:
            request = next(plan)
            while True:
                request = plan.send(self.execute(*request))
        except StopIteration as end:
            result: T = end.value
            return result

    def artifact(self, name: str) -> Artifact:
        """Return an artifact.

        Raises:
            NotFound: It does not exist. `candidates` has near names.
        """
        return Artifact(self, self._run(plans.artifact(name, self.settings.project)))

    def version(self, id: str, *, as_of: datetime | str | None = None) -> Version:
        """Return the version with an ID.

        Raises:
            NotFound: It does not exist.
        """
        return Version(self, self._run(plans.version({"id": id}, plans.moment(as_of))))

    def get_artifact_version(self, name_id_or_prefix: str, version: str | int | None = None) -> Version:
        """Return a version by name or ID, as ZenML does; without `version` the latest one."""
        if version is None and is_id(name_id_or_prefix):
            return self.version(name_id_or_prefix)
        alias = "latest" if version is None else None
        named = version_name(name_id_or_prefix, version, alias, self.settings.project)
        return Version(self, self._run(plans.version({"named": named})))

    def find(
        self,
        artifact: str | None = None,
        where: Condition | None = None,
        order_by: Any = None,
        *,
        as_of: datetime | str | None = None,
    ) -> Versions:
        """Return the versions that match a condition. They are read in pages when they are needed.

        Args:
            artifact: Only versions of this artifact.
            where: A condition, such as `(M("metrics", "accuracy") > 0.9) & (F("tag") == "nightly")`.
            order_by: One or several sort keys, such as `-M("metrics", "accuracy")`; by default the newest first.
            as_of: Search the state at this instant.
        """
        return Versions(self, where_filter(where, artifact), order_terms(order_by), plans.moment(as_of))

    def compare(self, *versions: Any, only_differing: bool = False, as_of: datetime | str | None = None) -> Comparison:
        """Compare 2 to 20 versions.

        Args:
            versions: Objects of this package, IDs, or pairs such as `("churn_model", "7")`, `("churn_model", "@prod")`.
            only_differing: Omit keys with the same value in all versions.
            as_of: Compare the state at this instant.
        """
        refs = [plans.reference(version, self.settings.project) for version in versions]
        return self._run(plans.compare(refs, only_differing, plans.moment(as_of)))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.settings.url!r})"


class Artifact:
    """An artifact.

    Attributes:
        aliases: The version that each alias points to.
    """

    def __init__(self, client: Client, node: dict[str, Any]) -> None:
        self._client = client
        self.id: str = node["id"]
        self.name: str = node["name"]
        self.description: str | None = node["description"]
        self.aliases: dict[str, str] = {alias["name"]: alias["artifactVersion"]["version"] for alias in node["aliases"]}

    def version(
        self, version: str | int | None = None, *, alias: str | None = None, as_of: datetime | str | None = None
    ) -> Version:
        """Return a version by its name, its number or an alias.

        Raises:
            NotFound: It does not exist. `candidates` has near names.
        """
        named = version_name(self.name, version, alias, self._client.settings.project)
        return Version(self._client, self._client._run(plans.version({"named": named}, plans.moment(as_of))))

    @property
    def latest(self) -> Version:
        """The version with the greatest number."""
        return self.version(alias="latest")

    def versions(self, where: Condition | None = None, order_by: Any = None) -> Versions:
        """Return the versions that match a condition, see `Client.find`."""
        return self._client.find(self.name, where, order_by)

    def series(
        self,
        key: str,
        card: str | None = None,
        *,
        where: Condition | None = None,
        as_of: datetime | str | None = None,
    ) -> Series:
        """Return the values of a key over the versions, by ascending number, with statistics."""
        project = self._client.settings.project
        plan = plans.series(self.name, key, card, project, where_filter(where, None), plans.moment(as_of))
        return self._client._run(plan)

    def __repr__(self) -> str:
        return f"<Artifact {self.name}>"


def is_id(text: str) -> bool:
    """Report whether a text has the form of an ID."""
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


def version_name(name: str, version: str | int | None, alias: str | None, project: str | None) -> dict[str, Any]:
    """Return the `ArtifactVersionName` of a version name, a number or an alias."""
    if (version is None) == (alias is None):
        raise InvalidSelector("name the version or the alias, such as version('7') or version(alias='prod')")
    if alias is not None:
        found: dict[str, Any] = {"name": name, "alias": selectors.text("alias", alias)}
    elif isinstance(version, int):
        found = {"name": name, "number": version}
    else:
        found = {"name": name, "version": selectors.text("version", version)}
    return {**found, **({"project": project} if project else {})}


class Version(VersionData):
    """An artifact version. `metadata` and `cards` are those of the time of the read."""

    def __init__(self, client: Client, node: dict[str, Any]) -> None:
        super().__init__(**VersionData.fields(node))
        self._client = client

    def history(self, name: str, card: str | None = None) -> Records[Any]:
        """Return all values of a key, the oldest first; or the rows of a card, if `name` is a card.

        The rows of a card are dictionaries with the values that were logged together.
        """
        return self._client._run(plans.history(self.id, name, card, list(self.cards)))

    def as_of(self, time: datetime | str) -> Version:
        """Return the version as it stood at an instant."""
        return self._client.version(self.id.partition("@")[0], as_of=time)

    def lineage(self, depth: int = 10) -> Lineage:
        """Return the versions that this one was made from."""
        return self._client._run(plans.lineage(self.id, "upstream", depth))

    def descendants(self, depth: int = 10) -> Lineage:
        """Return the versions that were made from this one."""
        return self._client._run(plans.lineage(self.id, "downstream", depth))

    def log(self, metadata: Mapping[str, Any] | object = None, /, **facts: Any) -> None:
        """Log facts about the version. Read it again to see them."""
        submit_log(selectors.version_target(self.id), encoded_metadata(merged(metadata, facts)))

    def retract(self, key: str, card: str | None = None, *, reason: str | None = None) -> None:
        """Retract a key: it has no value afterwards, and the history keeps its values.

        Raises:
            NotFound: The key has no value.
        """
        named = {"key": key} if card is None else {"key": key, "card": card}
        input: dict[str, Any] = {"target": {"artifactVersionId": self.id}, "keys": [named]}
        if reason is not None:
            input["reason"] = reason
        engine().submit([Write("retractMetadata", input)], wait=True)

    def set_alias(self, alias: str) -> None:
        """Point an alias of the artifact to the version."""
        self._label("setAlias", alias=alias)

    def remove_alias(self, alias: str) -> None:
        """Remove an alias from the version."""
        self._label("removeAlias", alias=alias)

    def tag(self, *tags: str) -> None:
        """Add tags."""
        self._label("tagArtifactVersion", tags=list(tags))

    def untag(self, *tags: str) -> None:
        """Remove tags."""
        self._label("untagArtifactVersion", tags=list(tags))

    def _label(self, operation: str, **arguments: Any) -> None:
        engine().submit([Write(operation, {"artifactVersionId": self.id, **arguments})], wait=True)


class Versions:
    """The versions that match a condition, read in pages."""

    def __init__(
        self, client: Client, where: dict[str, Any] | None, order_by: list[dict[str, Any]], as_of: str | None
    ) -> None:
        self._client = client
        self._where, self._order_by, self._as_of = where, order_by, as_of

    def _page(self, first: int, after: str | None) -> dict[str, Any]:
        project = self._client.settings.project
        return self._client._run(plans.page(self._where, self._order_by, project, self._as_of, first, after))

    def __iter__(self) -> Iterator[Version]:
        after: str | None = None
        while True:
            page = self._page(plans.PAGE, after)
            yield from (Version(self._client, node) for node in page["nodes"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def first(self) -> Version:
        """Return the first version.

        Raises:
            NotFound: No version matches.
        """
        nodes = self._page(1, None)["nodes"]
        if not nodes:
            raise NotFound("no version matches", extensions={"code": "NOT_FOUND"})
        return Version(self._client, nodes[0])

    def count(self) -> int:
        """Return the number of versions, at most 10,000."""
        return self._client._run(plans.count(self._where, self._client.settings.project, self._as_of))

    def rows(self) -> list[dict[str, Any]]:
        """Return one dictionary per version, with a column per fact."""
        return table([version.row() for version in self])

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with a row per version."""
        return to_pandas(self.rows())

    def to_polars(self) -> Any:
        """Return a `polars.DataFrame` with a row per version."""
        return to_polars(self.rows())

    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table` with a row per version."""
        return to_arrow(self.rows())

    def __repr__(self) -> str:
        return f"<Versions where {self._where or 'all'}>"

    def _repr_html_(self) -> str:
        page = self._page(20, None)
        more = "<i>more versions</i>" if page["pageInfo"]["hasNextPage"] else ""
        return html_table(table([Version(self._client, node).row() for node in page["nodes"]])) + more


def find(
    artifact: str | None = None,
    where: Condition | None = None,
    order_by: Any = None,
    *,
    as_of: datetime | str | None = None,
) -> Versions:
    """Return versions of the configured server, see `Client.find`."""
    return Client().find(artifact, where, order_by, as_of=as_of)


def compare(*versions: Any, only_differing: bool = False, as_of: datetime | str | None = None) -> Comparison:
    """Compare versions of the configured server, see `Client.compare`."""
    return Client().compare(*versions, only_differing=only_differing, as_of=as_of)
