"""Reads as generators, which yield requests and receive responses. The sync and the async client run the same ones."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from .encode import encode
from .errors import InvalidSelector, NotFound
from .records import Entry, Records, instant

T = TypeVar("T")
Request: TypeAlias = tuple[str, dict[str, Any]]
Plan: TypeAlias = Generator[Request, dict[str, Any], T]

PAGE = 100
POINTS = 1000

ENTRY = "fragment E on MetadataEntry { key card kind extendedJson display seq loggedAt loggedBy retracted reason }"
VERSION = (
    "fragment V on ArtifactVersion { id number version type createdAt tags aliases asOf artifact { name } "
    "metadata { ...E } } " + ENTRY
)


def moment(as_of: datetime | str | None) -> str | None:
    """Return an instant as text; text stays."""
    if isinstance(as_of, datetime):
        return str(encode(as_of, ("as_of",))["$timestamp"])
    return as_of


def reference(version: Any, project: str | None) -> dict[str, Any]:
    """Return the `ArtifactVersionRef` of an object with `id`, an ID, or a pair of artifact and version.

    A version that begins with `@` is an alias.
    """
    if isinstance(version, str):
        return {"id": version}
    if isinstance(version, tuple) and len(version) == 2:
        name: dict[str, Any] = {"name": version[0], **({"project": project} if project else {})}
        if isinstance(version[1], int):
            return {"named": {**name, "number": version[1]}}
        if version[1].startswith("@"):
            return {"named": {**name, "alias": version[1][1:]}}
        return {"named": {**name, "version": version[1]}}
    if isinstance(id := getattr(version, "id", None), str):
        return {"id": id}
    raise InvalidSelector(
        f'a version is an object of this package, an ID, or a pair such as ("churn_model", "7"), not {version!r:.100}'
    )


def artifact(name: str, project: str | None) -> Plan[dict[str, Any]]:
    """Read an artifact.

    Raises:
        NotFound: It does not exist. `candidates` has near names.
    """
    data = yield (
        "query($name: String!, $project: String) { artifact(name: $name, project: $project) "
        "{ id name description createdAt aliases { name artifactVersion { version } } } }",
        {"name": name, "project": project},
    )
    if data["artifact"] is not None:
        found: dict[str, Any] = data["artifact"]
        return found
    data = yield (
        "query($project: String, $first: Int) { artifacts(project: $project, first: $first) { nodes { name } } }",
        {"project": project, "first": PAGE},
    )
    raise missing(f"there is no artifact {name!r}", name, [node["name"] for node in data["artifacts"]["nodes"]])


def missing(message: str, name: str, names: Sequence[str]) -> NotFound:
    """Return the exception for an unknown name, with near names, or the first names if none is near."""
    near = difflib.get_close_matches(name, names, n=10)
    if near:
        message += f"; near are {', '.join(map(repr, near))}"
    elif names:
        message += f"; there are {', '.join(map(repr, names[:10]))}" + (" and others" if len(names) > 10 else "")
    return NotFound(message, candidates=near or names[:10], extensions={"code": "NOT_FOUND"})


def version(ref: dict[str, Any], as_of: str | None = None) -> Plan[dict[str, Any]]:
    """Read a version.

    Raises:
        NotFound: It does not exist. `candidates` has near names.
    """
    data = yield (
        "query($ref: ArtifactVersionRef!, $asOf: DateTime) { artifactVersion(ref: $ref, asOf: $asOf) { ...V } } "
        + VERSION,
        {"ref": ref, "asOf": as_of},
    )
    if data["artifactVersion"] is not None:
        found: dict[str, Any] = data["artifactVersion"]
        return found
    named = ref.get("named")
    if named is None:
        raise NotFound(f"there is no artifact version with the ID {ref['id']!r}", extensions={"code": "NOT_FOUND"})
    yield from artifact(named["name"], named.get("project"))
    data = yield (
        "query($name: String!, $project: String, $first: Int) { artifact(name: $name, project: $project) "
        "{ aliases { name } versions(first: $first) { nodes { version } } } }",
        {"name": named["name"], "project": named.get("project"), "first": PAGE},
    )
    kind, value = next((kind, named[kind]) for kind in ("alias", "version", "number") if kind in named)
    aliases = [alias["name"] for alias in data["artifact"]["aliases"]]
    versions = [node["version"] for node in data["artifact"]["versions"]["nodes"]]
    at = f" at {as_of}" if as_of else ""
    raise missing(
        f"the artifact {named['name']!r} has no {kind} {value!r}{at}",
        str(value),
        aliases if kind == "alias" else versions,
    )


def page(
    where: dict[str, Any] | None,
    order_by: list[dict[str, Any]],
    project: str | None,
    as_of: str | None,
    first: int,
    after: str | None,
) -> Plan[dict[str, Any]]:
    """Read a page of versions."""
    data = yield (
        "query($where: ArtifactVersionFilter, $orderBy: [ArtifactVersionOrder!], $project: String, $asOf: DateTime, "
        "$first: Int, $after: String) { artifactVersions(where: $where, orderBy: $orderBy, project: $project, "
        "asOf: $asOf, first: $first, after: $after) { nodes { ...V } pageInfo { hasNextPage endCursor } } } " + VERSION,
        {"where": where or {}, "orderBy": order_by, "project": project, "asOf": as_of, "first": first, "after": after},
    )
    found: dict[str, Any] = data["artifactVersions"]
    return found


def count(where: dict[str, Any] | None, project: str | None, as_of: str | None) -> Plan[int]:
    """Count versions, up to 10,000."""
    data = yield (
        "query($where: ArtifactVersionFilter, $project: String, $asOf: DateTime) { artifactVersions(where: $where, "
        "project: $project, asOf: $asOf, first: 0) { totalCount } }",
        {"where": where or {}, "project": project, "asOf": as_of},
    )
    return int(data["artifactVersions"]["totalCount"])


def history(id: str, key: str, card: str | None, cards: Sequence[str]) -> Plan[Records[Any]]:
    """Read all entries of a key, or the rows of a card, the oldest first."""
    if card is None and key in cards:
        return (yield from _card_rows(id, key))
    found: list[Entry] = []
    after = None
    while True:
        data = yield (
            "query($id: ID!, $key: String, $card: String, $first: Int, $after: String) { node(id: $id) "
            "{ ... on Subject { metadataHistory(key: $key, card: $card, first: $first, after: $after) { nodes { ...E } "
            "pageInfo { hasNextPage endCursor } } } } } " + ENTRY,
            {"id": id, "key": key, "card": card, "first": PAGE, "after": after},
        )
        result = _node(data, id)["metadataHistory"]
        found += [Entry.read(node) for node in result["nodes"]]
        if not result["pageInfo"]["hasNextPage"]:
            return Records(found[::-1])
        after = result["pageInfo"]["endCursor"]


def _node(data: Mapping[str, Any], id: str) -> dict[str, Any]:
    if data["node"] is None:
        raise NotFound(f"there is no object with the ID {id!r}", extensions={"code": "NOT_FOUND"})
    found: dict[str, Any] = data["node"]
    return found


def _card_rows(id: str, card: str) -> Plan[Records[dict[str, Any]]]:
    """Read the history of a card: one row per call that logged it.

    The entries of a call have one time. Several calls can have the same time, too: then each begins with the same key,
    see `Unit.accepts`.
    """
    data = yield (
        "query($id: ID!, $card: String) { node(id: $id) { ... on Subject { metadata(card: $card) { key } } } }",
        {"id": id, "card": card},
    )
    entries: list[Entry] = []
    for key in [entry["key"] for entry in _node(data, id)["metadata"]]:
        after = None
        while True:
            data = yield (
                "query($id: ID!, $key: String!, $card: String, $first: Int, $after: String) { node(id: $id) "
                "{ ... on Subject { metadataSeries(key: $key, card: $card, first: $first, after: $after) "
                "{ points { entry { ...E } } pageInfo { hasNextPage endCursor } } } } } " + ENTRY,
                {"id": id, "key": key, "card": card, "first": POINTS, "after": after},
            )
            result = _node(data, id)["metadataSeries"]
            entries += [Entry.read(point["entry"]) for point in result["points"]]
            if not result["pageInfo"]["hasNextPage"]:
                break
            after = result["pageInfo"]["endCursor"]
    rows: list[dict[str, Any]] = []
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if not rows or rows[-1]["logged_at"] != entry.logged_at or entry.key in rows[-1]:
            rows.append({"logged_at": entry.logged_at})
        rows[-1][entry.key] = entry.value
    return Records(rows)


@dataclass(frozen=True)
class Point:
    """One point of a series over versions."""

    version: str
    number: int
    value: Any
    logged_at: datetime

    def row(self) -> dict[str, Any]:
        """Return the row of a table."""
        return {"version": self.version, "number": self.number, "value": self.value, "logged_at": self.logged_at}


class Series(Records[Point]):
    """The values of a key over the versions of an artifact, by ascending number.

    Attributes:
        statistics: `count`, `min`, `max`, `mean`, `p50` and others over all numbers; empty without numbers.
    """

    def __init__(self, items: Sequence[Point], statistics: dict[str, Any]) -> None:
        super().__init__(items)
        self.statistics = statistics


_STATISTICS = (
    "statistics @include(if: $all) "
    "{ count min max mean standardDeviation p50 p90 p99 first last change relativeChange }"
)


def series(
    name: str, key: str, card: str | None, project: str | None, where: dict[str, Any] | None, as_of: str | None
) -> Plan[Series]:
    """Read the values of a key over the versions of an artifact."""
    points: list[Point] = []
    statistics: dict[str, Any] = {}
    after = None
    while True:
        data = yield (
            "query($name: String!, $project: String, $key: String!, $card: String, $where: ArtifactVersionFilter, "
            "$asOf: DateTime, $first: Int, $after: String, $all: Boolean!) { artifact(name: $name, project: $project) "
            "{ metadataSeries(key: $key, card: $card, where: $where, asOf: $asOf, first: $first, after: $after) "
            "{ points { version { version number } entry { extendedJson loggedAt } } "
            "pageInfo { hasNextPage endCursor } " + _STATISTICS + " } } }",
            {
                "name": name,
                "project": project,
                "key": key,
                "card": card,
                "where": where or {},
                "asOf": as_of,
                "first": POINTS,
                "after": after,
                "all": after is None,
            },
        )  # fmt: skip
        if data["artifact"] is None:
            data["artifact"] = yield from artifact(name, project)
        result = data["artifact"]["metadataSeries"]
        statistics = statistics or result.get("statistics") or {}
        points += [
            Point(
                point["version"]["version"],
                point["version"]["number"],
                Entry.read({**_NO_ENTRY, **point["entry"]}).value,
                instant(point["entry"]["loggedAt"]),
            )
            for point in result["points"]
        ]
        if not result["pageInfo"]["hasNextPage"]:
            return Series(points, statistics)
        after = result["pageInfo"]["endCursor"]


_NO_ENTRY = {"key": "", "card": None, "kind": None, "display": None, "seq": "0"}


@dataclass(frozen=True)
class ComparedKey:
    """One key of compared versions, with a value per version; None where a version has none."""

    card: str | None
    key: str
    differs: bool
    values: list[Any]
    deltas: list[float | None]
    relative_deltas: list[float | None]


class Comparison(Records[ComparedKey]):
    """A comparison of versions.

    Attributes:
        versions: The names of the versions, such as `churn_model 7`.
    """

    def __init__(self, items: Sequence[ComparedKey], versions: Sequence[str]) -> None:
        super().__init__(items)
        self.versions = list(versions)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per key, with a column per version."""
        return [
            {"card": item.card, "key": item.key, "differs": item.differs, **dict(zip(self.versions, item.values))}
            for item in self
        ]


def compare(refs: list[dict[str, Any]], only_differing: bool, as_of: str | None) -> Plan[Comparison]:
    """Compare versions."""
    data = yield (
        "query($refs: [ArtifactVersionRef!]!, $onlyDiffering: Boolean!, $asOf: DateTime) { compareArtifactVersions("
        "refs: $refs, onlyDiffering: $onlyDiffering, asOf: $asOf) { versions { version artifact { name } } "
        "rows { card key differs cells { entry { extendedJson } delta relativeDelta } } } }",
        {"refs": refs, "onlyDiffering": only_differing, "asOf": as_of},
    )
    result = data["compareArtifactVersions"]
    rows = [
        ComparedKey(
            row["card"],
            row["key"],
            row["differs"],
            [
                None if cell["entry"] is None else Entry.read({**_NO_ENTRY, "loggedAt": None, **cell["entry"]}).value
                for cell in row["cells"]
            ],
            [cell["delta"] for cell in row["cells"]],
            [cell["relativeDelta"] for cell in row["cells"]],
        )
        for row in result["rows"]
    ]
    return Comparison(rows, [f"{each['artifact']['name']} {each['version']}" for each in result["versions"]])


@dataclass(frozen=True)
class Relative:
    """A version in a lineage."""

    id: str
    artifact: str
    version: str
    distance: int

    def row(self) -> dict[str, Any]:
        """Return the row of a table."""
        return {"artifact": self.artifact, "version": self.version, "distance": self.distance, "id": self.id}


class Lineage(Records[Relative]):
    """The versions that a version was made from, or that were made from it, the nearest first.

    Attributes:
        truncated: True if there are more.
    """

    def __init__(self, items: Sequence[Relative], truncated: bool) -> None:
        super().__init__(items)
        self.truncated = truncated


def lineage(id: str, direction: str, depth: int) -> Plan[Lineage]:
    """Read the lineage of a version."""
    data = yield (
        f"query($ref: ArtifactVersionRef!, $depth: Int!, $first: Int!) {{ artifactVersion(ref: $ref) {{ {direction}"
        "(depth: $depth, first: $first) { truncated versions { id version distance artifact { name } } } } }",
        {"ref": {"id": id}, "depth": depth, "first": PAGE},
    )
    result = _node({"node": data["artifactVersion"]}, id)[direction]
    return Lineage(
        [
            Relative(each["id"], each["artifact"]["name"], each["version"], each["distance"])
            for each in result["versions"]
        ],
        result["truncated"],
    )
