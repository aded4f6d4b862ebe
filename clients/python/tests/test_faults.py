"""Nothing is lost and nothing is doubled: the server is killed, restarted and slow; processes fork, end and crash."""

from __future__ import annotations

import collections
import contextlib
import json
import multiprocessing
import os
import pathlib
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import pytest

import placard_client as placard
from conftest import Server
from placard_client import log_metadata

pytestmark = pytest.mark.fault


def spool_dir() -> pathlib.Path:
    return pathlib.Path(os.environ["PLACARD_SPOOL_DIR"])


def history(server: Server, field: str, id: str, key: str, card: str | None = None) -> list[Any]:
    """Return all values ever logged of a key, the oldest first."""
    query = f"""query($id: ID!, $key: String!, $card: String, $after: String) {{ subject: {field} {{
        metadataSeries(key: $key, card: $card, after: $after) {{
            points {{ entry {{ json }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
    found: list[Any] = []
    after = None
    while True:
        data: Any = server.query(query, id=id, key=key, card=card, after=after)
        page = data["subject"]["metadataSeries"]
        found += [point["entry"]["json"] for point in page["points"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def step_history(server: Server, id: str, key: str, card: str | None = None) -> list[Any]:
    return history(server, "stepRun(id: $id)", id, key, card)


def test_the_server_is_away_before_the_first_call(own_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    placard.configure(own_server.url)
    begun = time.monotonic()
    with placard.run("training") as run, run.step("train", outputs=["model"]) as step:
        log_metadata({"loss": 0.5}, infer_artifact=True)
        saved = step.save("model", name="away_model")
        with pytest.raises(placard.NotDelivered):
            _ = saved.number
        saved.log(later=True)
    assert time.monotonic() - begun < 30
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    own_server.start()
    report = placard.flush(20)
    assert report, report
    assert saved.number == 1
    data: Any = own_server.query(
        "query($id: ID!) { pipelineRun(id: $id) { status stepRuns { nodes { status outputs { metadataJson } } } } }",
        id=run.id,
    )
    assert data["pipelineRun"] == {
        "status": "COMPLETED",
        "stepRuns": {"nodes": [{"status": "COMPLETED", "outputs": [{"metadataJson": {"loss": 0.5, "later": True}}]}]},
    }


def test_the_next_start_delivers_what_a_killed_process_left(own_server: Server) -> None:
    program = """
        import os, signal, placard_client as placard
        run = placard.run("training", id="0190f5c2-0000-7000-8000-000000000001").start()
        step = run.step("train", outputs=["model"]).start()
        for i in range(50):
            step.log(train={"step": i})
        os.kill(os.getpid(), signal.SIGKILL)
    """
    environment = {**os.environ, "PLACARD_URL": own_server.url}
    child = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=environment, check=False)
    assert child.returncode == -signal.SIGKILL
    own_server.start()
    placard.configure(own_server.url)
    report = placard.flush(20)
    assert report.delivered == 52
    data: Any = own_server.query(
        '{ pipelineRun(id: "0190f5c2-0000-7000-8000-000000000001") { stepRuns { nodes { id } } } }'
    )
    (node,) = data["pipelineRun"]["stepRuns"]["nodes"]
    assert step_history(own_server, node["id"], "step", "train") == list(range(50))
    assert not list(spool_dir().glob("*.spool"))


def test_the_server_is_killed_again_and_again(own_server: Server) -> None:
    placard.configure(own_server.start().url)
    stop = threading.Event()

    def disturb() -> None:
        while not stop.is_set():
            time.sleep(0.3)
            own_server.kill()
            own_server.start()

    with placard.run("training") as run, run.step("train") as step:
        disturber = threading.Thread(target=disturb)
        disturber.start()
        for i in range(3000):
            log_metadata({"train": {"step": i, "loss": 1 / (i + 1)}})
            if i % 10 == 0:
                time.sleep(0.01)
        stop.set()
        disturber.join()
    assert placard.flush(30)
    assert step_history(own_server, step.id, "step", "train") == list(range(3000))


def test_control_without_idempotency_keys_facts_are_doubled(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check of the test before finds doubled facts: a client that sends again without a key doubles them."""
    from placard_client.writes import Unit

    original = Unit.request

    def without_key(unit: Unit, file_id: str) -> tuple[str, dict[str, Any]]:
        operation, input = original(unit, file_id)
        return operation, {key: value for key, value in input.items() if key != "idempotencyKey"}

    monkeypatch.setattr(Unit, "request", without_key)
    own_server.start()
    with LateProxy(own_server.port) as proxy, placard.run("r") as run:
        del run
        placard.configure(proxy.url, timeout=2)
        with placard.run("r") as run:
            proxy.drop_responses = 1
            run.log(n=1)
            placard.flush(20)
    assert history(own_server, "pipelineRun(id: $id)", run.id, "n") == [1, 1]


class LateProxy:
    """A proxy that can drop responses, or delay them."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.drop_responses = 0
        self.delay = 0.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.closed = False

    def __enter__(self) -> LateProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True
        self.listener.close()

    def _accept(self) -> None:
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._copy, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._copy, args=(server, client, True), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, response: bool) -> None:
        try:
            while chunk := source.recv(1 << 16):
                if response and self.drop_responses:
                    self.drop_responses -= 1
                    break
                if response:
                    time.sleep(self.delay)
                target.sendall(chunk)
        except OSError:
            pass
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def test_a_lost_response_stores_nothing_twice(own_server: Server) -> None:
    own_server.start()
    with LateProxy(own_server.port) as proxy:
        placard.configure(proxy.url)
        with placard.run("r") as run, run.step("s", outputs=["o"]) as step:
            for i in range(20):
                proxy.drop_responses = 1
                run.log(n=i)
                placard.flush(20)
            proxy.drop_responses = 1
            saved = step.save("o", name="lost_response")
            assert saved.number == 1
        assert placard.flush(20)
        assert history(own_server, "pipelineRun(id: $id)", run.id, "n") == list(range(20))


def test_a_late_server_does_not_stop_the_training(own_server: Server) -> None:
    own_server.start()
    with LateProxy(own_server.port) as proxy:
        placard.configure(proxy.url, timeout=1)
        with placard.run("r") as run:
            proxy.delay = 3
            begun = time.monotonic()
            for i in range(100):
                run.log(n=i)
            assert time.monotonic() - begun < 1
            begun = time.monotonic()
            log_metadata({"explicit": 1}, run_id_name_or_prefix=run.id)
            assert time.monotonic() - begun < 2.5
            proxy.delay = 0
        assert placard.flush(30)
        assert history(own_server, "pipelineRun(id: $id)", run.id, "n") == list(range(100))


def test_strict_raises(own_server: Server) -> None:
    placard.configure(own_server.url, strict=True, timeout=0.5)
    with pytest.raises(placard.NotDelivered, match="do not repeat it"):
        placard.run("r").start()
    own_server.start()
    assert placard.flush(20).delivered == 1


def test_two_hundred_threads(connected: Server) -> None:
    with placard.run("threads") as run, run.step("work") as step:

        def work(index: int) -> None:
            for n in range(20):
                step.log({f"t{index}": n})

        threads = [threading.Thread(target=work, args=(index,)) for index in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert placard.flush(60)
    for i in (0, 99, 199):
        assert step_history(connected, step.id, f"t{i}") == list(range(20))
    data: Any = connected.query("query($id: ID!) { stepRun(id: $id) { metadataJson } }", id=step.id)
    assert (
        data["stepRun"]["metadataJson"] == {f"t{i}": 19 for i in range(200)}
        or len(data["stepRun"]["metadataJson"]) == 200
    )


def _work(index: int) -> None:
    for n in range(25):
        log_metadata({f"p{index}": n})


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(connected: Server, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACARD_URL", connected.url)
    context: Any = multiprocessing.get_context(method)
    with placard.run("processes") as run, run.step("work") as step:
        step.log(parent=1)
        processes = [context.Process(target=_work, args=(index,)) for index in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0
    for index in range(4):
        assert step_history(connected, step.id, f"p{index}") == list(range(25))


def test_raw_forks_and_os_exit(connected: Server) -> None:
    with placard.run("forks") as run, run.step("work") as step:
        step.log(parent=1)
        pids = []
        for index in range(5):
            pid = os.fork()
            if pid == 0:
                _work(index)
                os._exit(0)
            pids.append(pid)
        for pid in pids:
            os.waitpid(pid, 0)
    assert placard.flush(30)
    for index in range(5):
        assert step_history(connected, step.id, f"p{index}") == list(range(25))
    assert step_history(connected, step.id, "parent") == [1]


def test_a_child_delivers_before_its_parent(own_server: Server) -> None:
    """The spool of the child reaches the server before that of the parent, which creates the step."""
    placard.configure(own_server.url)
    run = placard.run("r").start()
    step = run.step("s", outputs=["o"]).start()
    program = "import placard_client as p; p.log_metadata({'n': 1}); p.log_metadata({'m': 2}, infer_artifact=True)"
    environment = {**os.environ, **step.environ(), "PLACARD_TIMEOUT": "1"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    own_server.start()
    files = sorted(spool_dir().glob("*.spool"))
    assert len(files) == 2
    from placard_client.config import Settings
    from placard_client.delivery import Report
    from placard_client.engine import deliver_file
    from placard_client.transport import Transport

    settings = Settings.from_environment(url=own_server.url)
    report = Report()
    deliver_file(files[1], settings, Transport(settings), report, time.monotonic() + 10)
    step.finish()
    run.finish()
    report = placard.flush(20)
    assert placard.flush(20).pending == 0
    assert not list(spool_dir().glob("rejected*"))
    assert step_history(own_server, step.id, "n") == [1]


def test_a_child_reports_late(own_server: Server) -> None:
    """The parent ends its run while the spool of a child still holds a step of it."""
    placard.configure(own_server.start().url)
    with placard.run("r") as run:
        own_server.kill()
        program = """
            import placard_client as placard
            @placard.step(outputs=["late_model"])
            def late():
                placard.log_metadata({"n": 1}, infer_artifact=True)
            late()
        """
        environment = {**os.environ, **run.environ(), "PLACARD_TIMEOUT": "0.5"}
        subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=environment, check=True)
        (file,) = [file for file in spool_dir().glob("*.spool") if f"-{os.getpid()}." not in file.name]
        kept = file.rename(spool_dir() / "hidden")
        own_server.start()
    assert placard.flush(20)
    kept.rename(file)
    assert placard.flush(20).delivered == 4
    data: Any = own_server.query(
        "query($id: ID!) { pipelineRun(id: $id) { status stepRuns { nodes { status outputs { metadataJson } } } } }",
        id=run.id,
    )
    assert data["pipelineRun"]["status"] == "COMPLETED"
    (node,) = data["pipelineRun"]["stepRuns"]["nodes"]
    assert node["status"] == "COMPLETED"
    assert node["outputs"][0]["metadataJson"]["n"] == 1


def test_a_refused_write_takes_what_depends_on_it(connected: Server) -> None:
    with placard.run("r") as run, run.step("s", outputs=["o", "p"]) as step:
        bad = step.save("o", alias="latest")
        bad.log(depends=1)
        good = step.save("p", name="refused_neighbour")
        step.log(unaffected=1)
    placard.flush(20)
    with pytest.raises(placard.BadInput):
        _ = bad.number
    assert good.number == 1
    lines = [json.loads(line) for line in (spool_dir() / "rejected.jsonl").read_text().splitlines()]
    assert [line["operation"] for line in lines] == ["createArtifactVersion", "logMetadata"]
    assert lines[0]["code"] == "BAD_INPUT"
    assert "the server refused what this write needs" in lines[1]["error"]
    assert step_history(connected, step.id, "unaffected") == [1]


def test_importing_loads_nothing_heavy() -> None:
    program = (
        "import sys, placard_client; print([m for m in ('httpx', 'asyncio', 'numpy', 'pandas') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_no_signal_handler_is_installed(connected: Server) -> None:
    before = collections.Counter(signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT))
    with placard.run("r") as run:
        run.log(n=1)
    assert before == collections.Counter(signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT))
