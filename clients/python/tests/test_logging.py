"""`log_metadata`: selectors as in ZenML, refusals, batches."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

import placard_client as placard
from conftest import Server
from placard_client import ArtifactVersionIdentifier, InvalidSelector, log_metadata


def metadata_of(server: Server, version_id: str) -> dict[str, Any]:
    data: Any = server.query(
        "query($id: ID!) { artifactVersion(ref: {id: $id}) { metadataExtendedJson } }", id=version_id
    )
    found: dict[str, Any] = data["artifactVersion"]["metadataExtendedJson"]
    return found


def unique(name: str) -> str:
    return f"{name}_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def version(connected: Server) -> placard.SavedVersion:
    with placard.run("setup") as run, run.step("make", outputs=["model"]) as step:
        saved = step.save("model", name=unique("churn_model"), version="7")
    return saved


def test_the_forms_of_zenml(connected: Server, version: placard.SavedVersion) -> None:
    log_metadata(metadata={"metrics": {"accuracy": 0.95}}, artifact_name=version.artifact, artifact_version="7")
    log_metadata({"number": 1}, artifact_name=version.artifact, artifact_version=7)
    log_metadata({"by": "id"}, artifact_version_id=version.id)
    log_metadata({"by_uuid": True}, artifact_version_id=uuid.UUID(version.id))
    assert metadata_of(connected, version.id) == {
        "metrics": {"accuracy": 0.95},
        "number": 1,
        "by": "id",
        "by_uuid": True,
    }
    with placard.run("training") as run, run.step("train", outputs=["model", "report"]) as step:
        log_metadata({"of": "step"})
        log_metadata({"of": "output"}, artifact_name="report", infer_artifact=True)
        with pytest.raises(placard.AmbiguousOutput) as caught:
            log_metadata({"x": 1}, infer_artifact=True)
        assert caught.value.candidates == ("model", "report")
        with pytest.raises(placard.OutputNotFound, match="its outputs are 'model', 'report'"):
            log_metadata({"x": 1}, artifact_name="modle", infer_artifact=True)
    log_metadata({"of": "step from outside"}, step_id=step.id)
    log_metadata({"of": "run"}, run_id_name_or_prefix=run.id)
    placard.flush()
    data: Any = connected.query(
        """query($id: ID!) { stepRun(id: $id) {
            metadataJson pipelineRun { metadataJson } outputs { name metadataJson } } }""",
        id=step.id,
    )
    assert data["stepRun"] == {
        "metadataJson": {"of": "step from outside"},
        "pipelineRun": {"metadataJson": {"of": "run"}},
        "outputs": [{"name": "model", "metadataJson": {}}, {"name": "report", "metadataJson": {"of": "output"}}],
    }


ID = str(uuid.uuid4())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"artifact_name": "a"}, "alone does not select a version"),
        ({"artifact_version": "1"}, "needs artifact_name"),
        ({"artifact_name": "a", "artifact_version": "1", "artifact_version_id": ID}, "different subjects"),
        ({"artifact_name": "a", "artifact_version": "1", "infer_artifact": True}, "different subjects"),
        ({"artifact_version_id": ID, "infer_artifact": True}, "different subjects"),
        ({"artifact_version": "1", "infer_artifact": True}, "different subjects"),
        ({"step_id": ID, "artifact_version_id": ID}, "different subjects"),
        ({"step_id": "abc"}, "step_id must be a full ID"),
        ({"run_id_name_or_prefix": "training"}, "names and prefixes are not supported"),
        ({"artifact_version_id": ID[:8]}, "must be a full ID"),
        ({"step_name": "train", "run_id_name_or_prefix": ID}, "use step_id"),
        ({"model_name": "m", "model_version": "1"}, "use artifact_name and artifact_version"),
        ({"model_version_id": ID}, "artifact_version_id"),
        ({"infer_model": True}, "infer_artifact=True"),
        ({"artifact_name": "", "artifact_version": "1"}, "artifact_name must be a text"),
        ({"artifact_name": "a", "artifact_version": ""}, "artifact_version must be a text"),
        ({"infer_artifact": True}, "needs a running step"),
        ({}, "no step and no run is running here"),
    ],
)
def test_refused_selectors(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidSelector, match=reason):
        log_metadata({"a": 1}, **arguments)


def test_an_unknown_argument_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="artefact_name"):
        log_metadata({"a": 1}, artefact_name="x")


def test_unknown_names_are_errors_with_near_ones(connected: Server, version: placard.SavedVersion) -> None:
    with pytest.raises(placard.NotFound) as caught:
        log_metadata({"a": 1}, artifact_name=version.artifact[:-1], artifact_version="7")
    assert version.artifact in caught.value.candidates
    with pytest.raises(placard.NotFound, match="version"):
        log_metadata({"a": 1}, artifact_name=version.artifact, artifact_version="8")
    with pytest.raises(placard.NotFound):
        log_metadata({"a": 1}, artifact_version_id=ID)
    assert not placard.flush().rejected


@pytest.mark.parametrize(
    "arguments",
    [
        {"artifact": "\ud800"},
        {"artifact": " a"},
        {"artifact": "x" * 251},
        {"tags": [5]},
        {"type": ""},
        {"alias": [None]},
    ],
)
def test_refused_names(connected: Server, arguments: dict[str, Any]) -> None:
    with pytest.raises((InvalidSelector, placard.InvalidValue)):
        placard.create_version(**{"artifact": "a", **arguments})
    assert placard.flush()


def test_a_step_without_outputs(connected: Server) -> None:
    with placard.run("r") as run, run.step("s"), pytest.raises(placard.NoOutputs):
        log_metadata({"a": 1}, infer_artifact=True)


def test_a_batch_is_all_or_nothing(connected: Server, version: placard.SavedVersion) -> None:
    with placard.batch():
        log_metadata({"one": 1}, artifact_version_id=version.id)
        log_metadata({"two": 2}, artifact_name=version.artifact, artifact_version="7")
    assert metadata_of(connected, version.id) == {"one": 1, "two": 2}
    with pytest.raises(placard.NotFound), placard.batch():
        log_metadata({"three": 3}, artifact_version_id=version.id)
        log_metadata({"four": 4}, artifact_version_id=ID)
    with pytest.raises(RuntimeError), placard.batch():
        log_metadata({"five": 5}, artifact_version_id=version.id)
        raise RuntimeError
    assert metadata_of(connected, version.id) == {"one": 1, "two": 2}


def test_bulk_log_metadata(connected: Server, version: placard.SavedVersion) -> None:
    with placard.run("r") as run, run.step("s", outputs=["a", "b"]) as step:
        placard.bulk_log_metadata(
            {"shared": 1},
            pipeline_runs=[placard.PipelineRunIdentifier(run.id)],
            artifact_versions=[
                ArtifactVersionIdentifier(id=version.id),
                ArtifactVersionIdentifier(id=version.id),
                ArtifactVersionIdentifier(name=version.artifact, version="7"),
            ],
            infer_artifacts=True,
        )
    data: Any = connected.query(
        "query($id: ID!) { stepRun(id: $id) { pipelineRun { metadataJson } outputs { metadataJson } } }", id=step.id
    )
    assert data["stepRun"]["pipelineRun"]["metadataJson"] == {"shared": 1}
    assert [output["metadataJson"] for output in data["stepRun"]["outputs"]] == [{"shared": 1}] * 2
    with pytest.raises(InvalidSelector, match="at least one subject"):
        placard.bulk_log_metadata({"a": 1})


def test_the_server_keeps_every_kind(connected: Server, version: placard.SavedVersion) -> None:
    from test_values import EXACT

    log_metadata({"all": {f"k{i}": value for i, (value, _) in enumerate(EXACT)}}, artifact_version_id=version.id)
    stored = metadata_of(connected, version.id)["all"]
    assert len(stored) == len(EXACT)
    from placard_client.decode import decode

    for index, (_, expected) in enumerate(EXACT):
        assert repr(decode(stored[f"k{index}"])) == repr(decode(expected))
