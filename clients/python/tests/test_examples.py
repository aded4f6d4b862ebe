"""The examples, which check their own results; and both database engines."""

from __future__ import annotations

import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import pytest

import placard_client as placard
from conftest import ROOT, Server, free_port
from test_faults import step_history

EXAMPLES = ROOT / "clients" / "python" / "examples"


def test_wine(own_server: Server, tmp_path: pathlib.Path) -> None:
    environment = {**os.environ, "PLACARD_URL": own_server.start().url}
    command = [sys.executable, str(EXAMPLES / "wine.py"), str(tmp_path)]
    text = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    assert "the best model:\nwine_model 4 @best" in text
    assert "[('wine_train', '1'), ('wine_test', '1'), ('wine_data', '1')]" in text
    assert (tmp_path / "wine.png").read_bytes().startswith(b"\x89PNG")
    placard.configure(own_server.url)
    versions = list(placard.find("wine_model"))
    assert len(versions) == 12
    assert all(version.cards["metrics"]["accuracy"] > 0.5 for version in versions)
    data: Any = own_server.query(
        "{ stepRuns(where: {status: {eq: FAILED}}) { nodes { name metadataJson outputs { metadataJson } } } }"
    )
    (failed,) = data["stepRuns"]["nodes"]
    assert failed["metadataJson"]["exception"]["message"] == "this step fails on purpose"
    assert failed["outputs"][0]["metadataJson"] == {"reason": "an example of a step that fails"}


@pytest.mark.fault
def test_training_loop(binary: pathlib.Path) -> None:
    command = [sys.executable, str(EXAMPLES / "training_loop.py"), str(binary), f"127.0.0.1:{free_port()}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert text.startswith("10000 steps")
    assert text.endswith("none missing, none doubled\n")


def programs() -> pathlib.Path | None:
    """Return the folder of PostgreSQL's programs."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb")
    return found[-1].parent if found else pathlib.Path(path).parent if path else None


@pytest.fixture
def postgres() -> Iterator[str]:
    """A PostgreSQL cluster on a socket. PostgreSQL refuses root, so its user runs it."""
    folder = programs()
    if folder is None:
        if os.environ.get("PLACARD_TEST_COMPLETE"):
            pytest.fail("PostgreSQL's programs are missing")
        pytest.skip("this test needs PostgreSQL's programs")
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    data = pathlib.Path(tempfile.mkdtemp(prefix="pg-"))
    if os.getuid() == 0:
        shutil.chown(data, user)
    options: dict[str, Any] = {"user": user, "cwd": data, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if os.getuid() != 0:
        del options["user"]
    subprocess.run([folder / "initdb", "-D", data / "data", "-U", "placard", "-A", "trust"], check=True, **options)
    settings = ["-c", "listen_addresses=", "-c", "fsync=off"]
    command: list[Any] = [folder / "postgres", "-D", data / "data", "-k", data, *settings]
    server = subprocess.Popen(command, **options)
    try:
        for _ in range(300):
            if subprocess.run([folder / "pg_isready", "-h", data], **options).returncode == 0:
                break
            time.sleep(0.05)
        yield f"postgres://placard@/postgres?host={data}&sslmode=disable"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(data)


def test_postgresql(postgres: str, binary: pathlib.Path, tmp_path: pathlib.Path) -> None:
    server = Server(binary, postgres, tmp_path / "log")
    placard.configure(server.url)
    try:
        with placard.run("r") as run, run.step("s", outputs=["o"]) as step:
            step.log(output="o", early=(1, 2))
            server.start()
            for number in range(300):
                step.log(train={"step": number})
                if number == 150:
                    server.kill()
                    server.start()
            version = step.save("o", name="on_postgresql")
        assert placard.flush(30)
        assert version.number == 1
        assert placard.find("on_postgresql", placard.M("early").contains(2)).count() == 1
        assert step_history(server, step.id, "step", "train") == list(range(300))
    finally:
        server.stop()
