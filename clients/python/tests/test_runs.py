"""Runs and steps: context managers, decorators, threads, tasks and subprocesses."""

from __future__ import annotations

import asyncio
import contextvars
import os
import pathlib
import subprocess
import sys
import threading
from typing import Annotated, Any

import pytest

import placard_client as placard
from conftest import Server
from placard_client import Uri, log_metadata
from test_logging import unique

RUN = """query($id: ID!) { pipelineRun(id: $id) { pipeline status metadataJson stepRuns { nodes {
    name status metadataJson
    inputs { name artifactVersion { id } }
    outputs { name artifactName metadataJson artifactVersion { number artifact { name } tags aliases type } }
} } } }"""


def run_of(server: Server, id: str) -> Any:
    placard.flush()
    return server.query(RUN, id=id)["pipelineRun"]


def test_a_run_with_a_step(connected: Server) -> None:
    name = unique("model")
    with placard.run("training") as run:
        run.log(config={"lr": 0.1})
        with run.step("train", outputs=["model"]) as step:
            step.log({"gpu": "A100"}, metrics={"loss": 0.3})
            step.log(output="model", early=True)
            saved = step.save(
                "model",
                Uri("s3://b/m"),
                name=name,
                type="model",
                tags=["nightly"],
                alias="candidate",
                metadata={"k": 1},
            )
            with pytest.raises(placard.Conflict):
                step.save("model")
        with run.step("evaluate", inputs={"model": saved, "same": (name, 1)}) as second:
            assert placard.current_step_id() == second.id
    assert saved.number == 1
    assert saved.version == "1"
    found = run_of(connected, run.id)
    assert found["status"] == "COMPLETED"
    assert found["metadataJson"] == {"config": {"lr": 0.1}}
    train, evaluate = sorted(found["stepRuns"]["nodes"], key=lambda node: node["name"], reverse=True)
    assert train["metadataJson"] == {"gpu": "A100", "metrics": {"loss": 0.3}}
    (output,) = train["outputs"]
    assert output["metadataJson"] == {"early": True, "contents": {"uri": "s3://b/m"}, "k": 1}
    assert output["artifactVersion"] == {
        "number": 1,
        "artifact": {"name": name},
        "tags": ["nightly"],
        "aliases": ["candidate"],
        "type": "model",
    }
    assert [entry["artifactVersion"]["id"] for entry in evaluate["inputs"]] == [saved.id] * 2
    assert placard.current_step_id() is None
    assert placard.current_run_id() is None
    assert "PLACARD_RUN_ID" not in os.environ


def test_an_exception_fails_the_step_and_keeps_its_facts(connected: Server) -> None:
    with pytest.raises(ZeroDivisionError), placard.run("r") as run, run.step("s", outputs=["o"]) as step:
        step.log(output="o", rows=5)
        1 / 0  # noqa: B018
    found = run_of(connected, run.id)
    assert found["status"] == "FAILED"
    (node,) = found["stepRuns"]["nodes"]
    assert node["status"] == "FAILED"
    assert node["metadataJson"]["exception"]["type"] == "builtins.ZeroDivisionError"
    assert "1 / 0" in node["metadataJson"]["exception"]["traceback"]
    assert node["outputs"][0]["metadataJson"] == {"rows": 5}


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), "CANCELLED"), (SystemExit(0), "COMPLETED"), (SystemExit(3), "FAILED")]
)
def test_final_status(connected: Server, error: BaseException, status: str) -> None:
    with pytest.raises(type(error)), placard.run("r") as run:
        raise error
    assert run_of(connected, run.id)["status"] == status


def test_decorators(connected: Server) -> None:
    train_name, test_name = "train_data", "test_data"
    ids: list[str | None] = []

    @placard.step
    def split() -> tuple[Annotated[list[int], "train_data"], Annotated[list[int], "test_data"]]:
        return [1, 2], [3]

    @placard.step(outputs=["model"])
    def train(data: list[int], rate: float) -> dict[str, int]:
        log_metadata({"metrics": {"accuracy": 0.9}}, infer_artifact=True)
        return {"weights": len(data)}

    @placard.step
    def report(model: dict[str, int]) -> None:
        log_metadata({"ok": True})

    @placard.pipeline(name="decorated")
    def flow() -> int:
        ids.append(placard.current_run_id())
        train_data, _ = split()
        report(train(train_data, rate=0.1))
        return 5

    assert split()[0] == [1, 2]  # outside of a pipeline, it is a run of its own
    assert placard.current_run_id() is None
    assert flow() == 5
    found = run_of(connected, str(ids[0]))
    assert found["pipeline"] == "decorated"
    nodes = {node["name"]: node for node in found["stepRuns"]["nodes"]}
    assert {o["name"]: o["artifactVersion"]["artifact"]["name"] for o in nodes["split"]["outputs"]} == {
        train_name: train_name,
        test_name: test_name,
    }
    assert [entry["name"] for entry in nodes["train"]["inputs"]] == ["data"]
    assert [entry["name"] for entry in nodes["report"]["inputs"]] == ["model"]
    assert nodes["train"]["outputs"][0]["metadataJson"]["metrics"] == {"accuracy": 0.9}
    assert nodes["report"]["metadataJson"] == {"ok": True}


def test_an_annotation_that_cannot_be_read_is_refused(connected: Server) -> None:
    name = "local"

    @placard.step
    def load() -> Annotated[int, name]:
        return 1

    with placard.run("p"), pytest.raises(placard.InvalidSelector, match="outputs="):
        load()


def test_an_unnamed_output_has_the_name_of_zenml(connected: Server) -> None:
    @placard.step
    def load() -> int:
        log_metadata({"rows": 1}, infer_artifact=True)
        return 1

    with placard.run("p") as run:
        load()
    output = run_of(connected, run.id)["stepRuns"]["nodes"][0]["outputs"][0]
    assert (output["name"], output["artifactVersion"]["artifact"]["name"]) == ("output", "p::load::output")


def test_async_decorators_keep_tasks_apart(connected: Server) -> None:
    ids: list[str | None] = []

    @placard.step(outputs=["o"])
    async def work(index: int) -> int:
        await asyncio.sleep(0.01 * (index % 3))
        log_metadata({"index": index})
        await asyncio.sleep(0.01)
        return index

    @placard.pipeline
    async def flow() -> None:
        ids.append(placard.current_run_id())
        await asyncio.gather(*(work(index) for index in range(8)))

    asyncio.run(flow())
    found = run_of(connected, str(ids[0]))
    assert sorted(node["metadataJson"]["index"] for node in found["stepRuns"]["nodes"]) == list(range(8))


def test_threads(connected: Server) -> None:
    with placard.run("threads") as run:
        with run.step("one") as step:
            thread = threading.Thread(target=log_metadata, args=({"from": "thread"},))
            thread.start()
            thread.join()
            with run.step("two") as second:
                errors: list[Exception] = []

                def ambiguous() -> None:
                    try:
                        log_metadata({"a": 1})
                    except placard.NoContext as error:
                        errors.append(error)

                thread = threading.Thread(target=ambiguous)
                thread.start()
                thread.join()
                assert "2 steps are running" in str(errors[0])
                context = contextvars.copy_context()
                thread = threading.Thread(target=context.run, args=(log_metadata, {"copied": True}))
                thread.start()
                thread.join()
    nodes = {node["name"]: node for node in run_of(connected, run.id)["stepRuns"]["nodes"]}
    assert nodes["one"]["metadataJson"] == {"from": "thread"}
    assert nodes["two"]["metadataJson"] == {"copied": True}
    assert step.id != second.id


def test_a_subprocess_continues_the_step(connected: Server) -> None:
    program = "import placard_client as p; p.log_metadata({'rows': 5}); p.log_metadata({'o': 1}, infer_artifact=True)"
    with placard.run("parent") as run, run.step("work", outputs=["o"]) as step:
        subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PLACARD_URL": connected.url})
        clean = {
            key: value for key, value in os.environ.items() if key not in ("PLACARD_RUN_ID", "PLACARD_STEP_RUN_ID")
        }
        assert "PLACARD_STEP_RUN_ID" in os.environ
        subprocess.run([sys.executable, "-c", program.replace("5", "6")], check=True, env={**clean, **step.environ()})
    (node,) = run_of(connected, run.id)["stepRuns"]["nodes"]
    assert node["metadataJson"] == {"rows": 6}
    assert node["outputs"][0]["metadataJson"] == {"o": 1}


def test_files_have_size_and_hash(connected: Server, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"abc")
    with placard.run("r") as run, run.step("s", outputs=["o"]) as step:
        step.save("o", file, name=unique("file"))
    card = run_of(connected, run.id)["stepRuns"]["nodes"][0]["outputs"][0]["metadataJson"]["contents"]
    assert card == {
        "uri": file.as_uri(),
        "size": 3,
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }


def test_a_step_with_an_unknown_input_does_not_start(connected: Server) -> None:
    with placard.run("r") as run, pytest.raises(placard.NotFound):
        with run.step("s", inputs={"data": ("no_such_artifact", "1")}):
            raise AssertionError("unreachable")
