"""Reading: versions, history, the past, searches, tables, comparison, lineage; sync and async."""

from __future__ import annotations

import asyncio
import datetime as dt
import html
from typing import Any

import pytest

import placard_client as placard
from conftest import Server
from placard_client import AsyncClient, Client, F, M, StorageSize, Uri
from test_logging import unique


@pytest.fixture
def name(connected: Server) -> str:
    """Three versions of a model, made from one data set."""
    name = unique("churn_model")
    with placard.run("training") as run:
        with run.step("load", outputs=["data"]) as load:
            data = load.save("data", name=f"{name}_data")
        for index, accuracy in enumerate((0.85, 0.95, 0.9)):
            with run.step("train", inputs={"data": data}, outputs=["model"]) as step:
                for epoch in range(3):
                    step.log({"train": {"step": epoch, "loss": 1 / (epoch + 1)}}, output="model")
                step.save(
                    "model",
                    name=name,
                    tags=["nightly"] if index else [],
                    alias="prod" if index == 1 else (),
                    metadata={
                        "metrics": {"accuracy": accuracy, "recall": 0.5},
                        "size": StorageSize(10**9 * (index + 1)),
                        "layers": (1, 2),
                    },
                )
    placard.flush()
    return name


def test_versions(name: str) -> None:
    artifact = Client().artifact(name)
    version = artifact.version("2")
    assert version.metadata["size"] == StorageSize(2 * 10**9)
    assert isinstance(version.metadata["size"], StorageSize)
    assert version.metadata["layers"] == (1, 2)
    assert version.cards["metrics"]["recall"] == 0.5
    assert version.run_metadata["metrics"] == {"accuracy": 0.95, "recall": 0.5}
    assert artifact.version(2).id == artifact.version(alias="prod").id == version.id
    assert artifact.latest.number == 3
    assert artifact.aliases == {"prod": "2"}
    assert Client().version(version.id).version == "2"
    assert Client().get_artifact_version(name, "2").run_metadata["size"] == 2 * 10**9
    assert Client().get_artifact_version(name).number == 3
    assert Client().get_artifact_version(version.id).number == 2
    assert f"{name} 2 @prod" in repr(version)
    assert "accuracy" in str(version)


def test_missing_things_are_named_with_near_ones(name: str) -> None:
    client = Client()
    with pytest.raises(placard.NotFound) as caught:
        client.artifact(name[:-1])
    assert name in caught.value.candidates
    artifact = client.artifact(name)
    with pytest.raises(placard.NotFound, match="has no version '9'; there are '3', '2', '1'"):
        artifact.version("9")
    with pytest.raises(placard.NotFound, match="has no alias 'prodd'; near are 'prod'"):
        artifact.version(alias="prodd")
    with pytest.raises(placard.InvalidSelector):
        artifact.version()
    version = artifact.latest
    with pytest.raises(placard.UnknownKey, match=r"the card 'metrics' has it: \.cards\['metrics'\]\['accuracy'\]"):
        version.metadata["accuracy"]
    with pytest.raises(placard.UnknownKey, match="it is a card"):
        version.metadata["metrics"]
    with pytest.raises(KeyError, match="near are 'accuracy'"):
        version.cards["metrics"]["acuracy"]
    with pytest.raises(placard.UnknownKey, match="no card 'metric'"):
        version.cards["metric"]


def test_history_and_the_past(name: str) -> None:
    version = Client().artifact(name).version("1")
    version.log({"quality": 1})
    placard.flush()  # facts that are sent together have one time
    version.log({"quality": 2.5})
    entries = version.history("quality")
    assert [entry.value for entry in entries] == [1, 2.5]
    assert version.as_of(entries[0].logged_at).metadata["quality"] == 1
    version.retract("quality", reason="wrong")
    assert "quality" not in Client().version(version.id).metadata
    last = version.history("quality")[-1]
    assert (last.retracted, last.reason, last.value) == (True, "wrong", None)
    assert [row["step"] for row in version.history("train")] == [0, 1, 2]
    assert version.history("train")[2]["loss"] == 1 / 3
    assert [entry.value for entry in version.history("accuracy", card="metrics")] == [0.85]
    assert list(version.history("train").to_pandas()["step"]) == [0, 1, 2]
    view = version.as_of(dt.datetime.now(dt.timezone.utc) - dt.timedelta(microseconds=1))
    assert view.metadata["size"] == 10**9


def test_find(name: str) -> None:
    client = Client()
    best = client.find(name, order_by=-M("metrics", "accuracy")).first()
    assert best.number == 2
    found = client.find(
        artifact=name, where=(M("metrics", "accuracy") > 0.86) & M("size").lt("2.5GB"), order_by=F("number")
    )
    assert [version.number for version in found] == [2]
    assert [v.number for v in placard.find(name, (F("tag") == "nightly") | (F("alias") == "prod"), F("number"))] == [
        2,
        3,
    ]
    assert placard.find(name, ~(M("metrics", "accuracy") == 0.95)).count() == 2
    assert placard.find(name, M("nothing").exists()).count() == 0
    assert placard.find(name, M("layers").contains(2)).count() == 3
    assert placard.find(name, M("size").is_in([StorageSize(10**9), 5])).count() == 1
    assert placard.find(name, F("created_at") < dt.datetime.now(dt.timezone.utc)).count() == 3
    with pytest.raises(placard.NotFound, match="no version matches"):
        placard.find(name, M("x") == 1).first()
    with pytest.raises(TypeError, match="no truth value"):
        placard.find(name, M("x") == 1 and M("y") == 2)
    with pytest.raises(placard.InvalidSelector, match="M takes a key"):
        M("a", "b", "c")
    with pytest.raises(placard.InvalidSelector, match="no field 'tags'"):
        F("tags")
    with pytest.raises(placard.InvalidSelector, match="order_by takes"):
        placard.find(name, order_by="accuracy")


def test_a_misspelt_key_is_a_warning(name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert placard.find(name, M("metrics", "acuracy") > 0.9).count() == 0
    assert "acuracy" in caplog.text
    assert "metrics.accuracy" in caplog.text


def test_tables(name: str) -> None:
    found = placard.find(name, order_by=F("number"))
    frame = found.to_pandas()
    assert list(frame["metrics.accuracy"]) == [0.85, 0.95, 0.9]
    assert frame["size"].dtype == "int64"
    polars = found.to_polars()
    assert polars["metrics.accuracy"].to_list() == [0.85, 0.95, 0.9]
    assert polars["layers"].to_list() == [[1, 2]] * 3
    assert found.to_arrow().column("number").to_pylist() == [1, 2, 3]
    assert name in found._repr_html_()


def test_pages_are_lazy(connected: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    name = unique("many")
    with placard.run("r") as run, run.step("s", outputs=[f"o{i}" for i in range(7)]) as step:
        for i in range(7):
            step.save(f"o{i}", name=name)
    placard.flush()
    monkeypatch.setattr("placard_client.plans.PAGE", 3)
    client = Client()
    requests: list[str] = []
    execute = client.execute

    def counted(document: str, variables: Any = None) -> Any:
        requests.append(document)
        return execute(document, variables)

    monkeypatch.setattr(client, "execute", counted)
    found = iter(client.find(name, order_by=F("number")))
    assert not requests
    assert next(found).number == 1
    assert len(requests) == 1
    assert [version.number for version in found] == [2, 3, 4, 5, 6, 7]
    assert len(requests) == 3


def test_compare_series_and_lineage(name: str) -> None:
    client = Client()
    artifact = client.artifact(name)
    comparison = client.compare((name, "1"), (name, "@prod"), artifact.latest, only_differing=True)
    rows = {(row.card, row.key): row for row in comparison}
    assert rows["metrics", "accuracy"].values == [0.85, 0.95, 0.9]
    assert rows["metrics", "accuracy"].deltas[1] == pytest.approx(0.1)
    assert ("metrics", "recall") not in rows
    assert list(comparison.to_pandas().columns)[3:] == [f"{name} 1", f"{name} 2", f"{name} 3"]
    series = artifact.series("accuracy", "metrics")
    assert [(point.version, point.value) for point in series] == [("1", 0.85), ("2", 0.95), ("3", 0.9)]
    assert series.statistics["max"] == 0.95
    (parent,) = artifact.latest.lineage()
    assert (parent.artifact, parent.distance) == (f"{name}_data", 1)
    data = client.artifact(f"{name}_data").latest
    assert {child.version for child in data.descendants()} == {"1", "2", "3"}


def test_labels(name: str) -> None:
    version = Client().artifact(name).version("1")
    version.set_alias("best")
    version.tag("a", "b")
    version.untag("a")
    again = Client().version(version.id)
    assert again.aliases == ["best"]
    assert again.tags == ["b"]
    again.remove_alias("best")
    assert Client().version(version.id).aliases == []


def test_the_async_client_has_the_same_surface(name: str) -> None:
    def surface(cls: type) -> set[str]:
        return {attribute for attribute in dir(cls) if not attribute.startswith("_")}

    from placard_client import async_client, client

    assert surface(client.Client) == surface(async_client.AsyncClient)
    assert surface(client.Artifact) == surface(async_client.AsyncArtifact)
    assert surface(client.Version) == surface(async_client.AsyncVersion)
    assert surface(client.Versions) == surface(async_client.AsyncVersions)

    async def read() -> None:
        async with AsyncClient() as reader:
            artifact = await reader.artifact(name)
            version = await artifact.version(alias="prod")
            assert version.cards["metrics"]["accuracy"] == 0.95
            assert (await artifact.latest()).number == 3
            await version.log({"by": "async"})
            assert (await reader.version(version.id)).metadata["by"] == "async"
            assert [found.number async for found in reader.find(name, order_by=F("number"))] == [1, 2, 3]
            assert (await reader.find(name, order_by=-M("metrics", "accuracy")).first()).number == 2
            assert len(await version.history("train")) == 3
            assert len(await reader.compare((name, 1), (name, 2))) > 3
            assert len(await artifact.series("accuracy", "metrics")) == 3
            assert len(await version.lineage()) == 1
            assert list((await reader.find(name).to_pandas())["number"]) == [3, 2, 1]
            with pytest.raises(placard.NotFound):
                await reader.artifact("nothing_here")

    asyncio.run(read())


HOSTILE = "<script>alert('x')</script>&\"<img src=x onerror=alert(1)>"


def test_notebook_cards_escape_hostile_texts(connected: Server) -> None:
    name = unique("h") + HOSTILE
    with placard.run(HOSTILE) as run, run.step(HOSTILE, outputs=["o"]) as step:
        step.save(
            "o", name=name, alias=HOSTILE, metadata={HOSTILE: {HOSTILE: HOSTILE}, "uri": Uri("javascript:alert(1)")}
        )
    placard.flush()
    version = Client().artifact(name).latest
    for text in (
        version._repr_html_(),
        placard.find(name)._repr_html_(),
        version.history(HOSTILE)._repr_html_(),
    ):
        assert html.escape(HOSTILE) in text
        assert "<script" not in text
        assert "<img" not in text
        assert "href" not in text


def test_a_server_that_is_too_new_or_too_old_is_named(connected: Server) -> None:
    from placard_client.transport import ServerFacts

    limits = {"valueBytes": 1, "entriesPerCall": 1, "idempotencyHours": 1, "requestBytes": 1}
    features = ["nullableFields", "pastIds", "warnings"]
    with pytest.raises(placard.IncompatibleServer, match=r"version 2\.0\.0\) is too new for placard-client 0\.1\.0"):
        ServerFacts().read({"serverInfo": {"version": "2.0.0", "features": features, "limits": limits}})
    with pytest.raises(placard.IncompatibleServer, match=r"version 0\.0\.1\) is too old for placard-client 0\.1\.0"):
        ServerFacts().read({"serverInfo": {"version": "0.0.1", "features": [], "limits": limits}})
    with pytest.raises(placard.IncompatibleServer, match=r"server version 0\.1\.0"):
        Client().execute("{ nothing }")
