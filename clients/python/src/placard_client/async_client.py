"""Reading, with `async` calls. The surface is that of `Client`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from . import plans, transport
from .client import is_id, version_name
from .config import Settings
from .consistency import seen
from .engine import engine
from .errors import NotFound
from .filters import Condition, order_terms, where_filter
from .logging_api import encoded_metadata, merged
from .plans import Comparison, Lineage, Plan, Series
from .records import Records, VersionData, table, to_arrow, to_pandas, to_polars
from .writes import Write

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


class AsyncClient:
    """Reads from a server, see `Client`. Use it in `async with`."""

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        project: str | None = None,
        timeout: float | None = None,
    ) -> None:
        base = engine().settings
        self._own = url is None and api_key is None
        self.settings = Settings.from_environment(
            url=base.url if self._own else url,
            api_key=base.api_key if self._own else api_key,
            project=project or (base.project if self._own else None),
            timeout=timeout if timeout is not None else base.timeout if self._own else None,
        )
        self._facts = transport.ServerFacts()
        self._http: httpx.AsyncClient | None = None

    async def execute(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one GraphQL operation and return `data`, see `Client.execute`."""
        if self._own:
            await asyncio.to_thread(engine().settle)
        if self._facts.version is None:
            self._facts.read(await self._send(transport.SERVER_INFO, None))
        return await self._send(document, variables)

    async def _send(self, document: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        import httpx

        if self._http is None:
            self._http = httpx.AsyncClient(headers=transport.request_headers(self.settings))
        content, tokens = transport.payload(document, variables), seen(self.settings.endpoint)
        try:
            response = await self._http.post(
                self.settings.endpoint, content=content, headers=tokens.headers(), timeout=self.settings.timeout
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transport.transport_error(error, self.settings.url) from error
        tokens.record(response.headers)
        return transport.read_response(response)

    async def _run(self, plan: Plan[T]) -> T:
        try:
            request = next(plan)
            while True:
                request = plan.send(await self.execute(*request))
        except StopIteration as end:
            result: T = end.value
            return result

    async def artifact(self, name: str) -> AsyncArtifact:
        """Return an artifact, see `Client.artifact`."""
        return AsyncArtifact(self, await self._run(plans.artifact(name, self.settings.project)))

    async def version(self, id: str, *, as_of: datetime | str | None = None) -> AsyncVersion:
        """Return the version with an ID, see `Client.version`."""
        return AsyncVersion(self, await self._run(plans.version({"id": id}, plans.moment(as_of))))

    async def get_artifact_version(self, name_id_or_prefix: str, version: str | int | None = None) -> AsyncVersion:
        """Return a version by name or ID, as ZenML does; without `version` the latest one."""
        if version is None and is_id(name_id_or_prefix):
            return await self.version(name_id_or_prefix)
        alias = "latest" if version is None else None
        named = version_name(name_id_or_prefix, version, alias, self.settings.project)
        return AsyncVersion(self, await self._run(plans.version({"named": named})))

    def find(
        self,
        artifact: str | None = None,
        where: Condition | None = None,
        order_by: Any = None,
        *,
        as_of: datetime | str | None = None,
    ) -> AsyncVersions:
        """Return the versions that match a condition, for `async for`, see `Client.find`."""
        return AsyncVersions(self, where_filter(where, artifact), order_terms(order_by), plans.moment(as_of))

    async def compare(
        self, *versions: Any, only_differing: bool = False, as_of: datetime | str | None = None
    ) -> Comparison:
        """Compare 2 to 20 versions, see `Client.compare`."""
        refs = [plans.reference(version, self.settings.project) for version in versions]
        return await self._run(plans.compare(refs, only_differing, plans.moment(as_of)))

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.settings.url!r})"


class AsyncArtifact:
    """An artifact, see `Artifact`."""

    def __init__(self, client: AsyncClient, node: dict[str, Any]) -> None:
        self._client = client
        self.id: str = node["id"]
        self.name: str = node["name"]
        self.description: str | None = node["description"]
        self.aliases: dict[str, str] = {alias["name"]: alias["artifactVersion"]["version"] for alias in node["aliases"]}

    async def version(
        self, version: str | int | None = None, *, alias: str | None = None, as_of: datetime | str | None = None
    ) -> AsyncVersion:
        """Return a version by its name, its number or an alias, see `Artifact.version`."""
        named = version_name(self.name, version, alias, self._client.settings.project)
        return AsyncVersion(self._client, await self._client._run(plans.version({"named": named}, plans.moment(as_of))))

    async def latest(self) -> AsyncVersion:
        """Return the version with the greatest number."""
        return await self.version(alias="latest")

    def versions(self, where: Condition | None = None, order_by: Any = None) -> AsyncVersions:
        """Return the versions that match a condition."""
        return self._client.find(self.name, where, order_by)

    async def series(
        self,
        key: str,
        card: str | None = None,
        *,
        where: Condition | None = None,
        as_of: datetime | str | None = None,
    ) -> Series:
        """Return the values of a key over the versions, see `Artifact.series`."""
        project = self._client.settings.project
        plan = plans.series(self.name, key, card, project, where_filter(where, None), plans.moment(as_of))
        return await self._client._run(plan)

    def __repr__(self) -> str:
        return f"<AsyncArtifact {self.name}>"


class AsyncVersion(VersionData):
    """An artifact version, see `Version`."""

    def __init__(self, client: AsyncClient, node: dict[str, Any]) -> None:
        super().__init__(**VersionData.fields(node))
        self._client = client

    async def history(self, name: str, card: str | None = None) -> Records[Any]:
        """Return all values of a key, or the rows of a card, see `Version.history`."""
        return await self._client._run(plans.history(self.id, name, card, list(self.cards)))

    async def as_of(self, time: datetime | str) -> AsyncVersion:
        """Return the version as it stood at an instant."""
        return await self._client.version(self.id.partition("@")[0], as_of=time)

    async def lineage(self, depth: int = 10) -> Lineage:
        """Return the versions that this one was made from."""
        return await self._client._run(plans.lineage(self.id, "upstream", depth))

    async def descendants(self, depth: int = 10) -> Lineage:
        """Return the versions that were made from this one."""
        return await self._client._run(plans.lineage(self.id, "downstream", depth))

    async def log(self, metadata: Mapping[str, Any] | object = None, /, **facts: Any) -> None:
        """Log facts about the version. Read it again to see them."""
        encoded = encoded_metadata(merged(metadata, facts))
        await self._write("logMetadata", {"target": {"artifactVersionId": self.id}, "metadata": encoded})

    async def retract(self, key: str, card: str | None = None, *, reason: str | None = None) -> None:
        """Retract a key: it has no value afterwards, and the history keeps its values.

        Raises:
            NotFound: The key has no value.
        """
        named = {"key": key} if card is None else {"key": key, "card": card}
        input: dict[str, Any] = {"target": {"artifactVersionId": self.id}, "keys": [named]}
        if reason is not None:
            input["reason"] = reason
        await self._write("retractMetadata", input)

    async def set_alias(self, alias: str) -> None:
        """Point an alias of the artifact to the version."""
        await self._write("setAlias", {"artifactVersionId": self.id, "alias": alias})

    async def remove_alias(self, alias: str) -> None:
        """Remove an alias from the version."""
        await self._write("removeAlias", {"artifactVersionId": self.id, "alias": alias})

    async def tag(self, *tags: str) -> None:
        """Add tags."""
        await self._write("tagArtifactVersion", {"artifactVersionId": self.id, "tags": list(tags)})

    async def untag(self, *tags: str) -> None:
        """Remove tags."""
        await self._write("untagArtifactVersion", {"artifactVersionId": self.id, "tags": list(tags)})

    async def _write(self, operation: str, input: dict[str, Any]) -> None:
        await asyncio.to_thread(engine().submit, [Write(operation, input)], wait=True)


class AsyncVersions:
    """The versions that match a condition, read in pages, see `Versions`."""

    def __init__(
        self, client: AsyncClient, where: dict[str, Any] | None, order_by: list[dict[str, Any]], as_of: str | None
    ) -> None:
        self._client = client
        self._where, self._order_by, self._as_of = where, order_by, as_of

    async def _page(self, first: int, after: str | None) -> dict[str, Any]:
        project = self._client.settings.project
        return await self._client._run(plans.page(self._where, self._order_by, project, self._as_of, first, after))

    async def __aiter__(self) -> AsyncIterator[AsyncVersion]:
        after: str | None = None
        while True:
            page = await self._page(plans.PAGE, after)
            for node in page["nodes"]:
                yield AsyncVersion(self._client, node)
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    async def first(self) -> AsyncVersion:
        """Return the first version, see `Versions.first`."""
        nodes = (await self._page(1, None))["nodes"]
        if not nodes:
            raise NotFound("no version matches", extensions={"code": "NOT_FOUND"})
        return AsyncVersion(self._client, nodes[0])

    async def count(self) -> int:
        """Return the number of versions, at most 10,000."""
        return await self._client._run(plans.count(self._where, self._client.settings.project, self._as_of))

    async def rows(self) -> list[dict[str, Any]]:
        """Return one dictionary per version, with a column per fact."""
        return table([version.row() async for version in self])

    async def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with a row per version."""
        return to_pandas(await self.rows())

    async def to_polars(self) -> Any:
        """Return a `polars.DataFrame` with a row per version."""
        return to_polars(await self.rows())

    async def to_arrow(self) -> Any:
        """Return a `pyarrow.Table` with a row per version."""
        return to_arrow(await self.rows())
