"""A real server for the tests. PLACARD_TEST_BINARY is the path of the program; without it, `go build` makes one."""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

import placard_client as placard
from placard_client import context, engine

ROOT = pathlib.Path(__file__).parents[3]
VALUES = ROOT / "models" / "testdata" / "values.json"


WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = itertools.count(20_000 + WORKER * 500 + os.getpid() % 400)


def free_port() -> int:
    """Return a port that no other test uses, below the ephemeral range, which outgoing connections use."""
    for port in PORTS:
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError("unreachable")


class Server:
    """A server process that can be killed and started again on the same database."""

    def __init__(self, binary: pathlib.Path, database: str, log: pathlib.Path) -> None:
        self.binary, self.database, self.log = binary, database, log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *flags: str) -> Server:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PLACARD_")}
        environment["PLACARD_DATABASE_URL"] = self.database
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", f"--addr=127.0.0.1:{self.port}", *flags],
                env=environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(self.url + "/readyz").status_code == 200:
                    return self
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)
        raise TimeoutError(self.log.read_text())

    def stop(self, sig: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(sig)
            self.process.wait(30)
            self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def query(self, text: str, **variables: object) -> dict[str, object]:
        body = httpx.post(self.url + "/graphql", json={"query": text, "variables": variables}, timeout=30).json()
        assert "errors" not in body, body
        data = body["data"]
        assert isinstance(data, dict)
        return data


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    if given := os.environ.get("PLACARD_TEST_BINARY"):
        return pathlib.Path(given).resolve()
    path = tmp_path_factory.mktemp("bin") / "placard"
    subprocess.run(["go", "build", "-o", path, "."], cwd=ROOT, check=True, env={**os.environ, "CGO_ENABLED": "0"})
    return path


@pytest.fixture(scope="session")
def server(binary: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on SQLite that all tests share."""
    folder = tmp_path_factory.mktemp("server")
    running = Server(binary, f"sqlite:{folder}/placard.db", folder / "log").start()
    yield running
    running.stop()


@pytest.fixture
def own_server(binary: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[Server]:
    """A server that the test may kill. It is not started."""
    found = Server(binary, f"sqlite:{tmp_path}/placard.db", tmp_path / "log")
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def clean(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the spools of tests apart."""
    for name in list(os.environ):
        if name.startswith("PLACARD_") and not name.startswith("PLACARD_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PLACARD_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("PLACARD_URL", "http://127.0.0.1:9")
    yield
    for started in list(context._active.steps.values()):
        context.leave(step=started)
    for run in list(context._active.runs.values()):
        context.leave(run=run)
    with engine._lock:
        current, engine._engine = engine._engine, None
    if current is not None:
        current.close(0)


@pytest.fixture
def connected(server: Server) -> Server:
    """Settings for the shared server."""
    placard.configure(server.url)
    return server
