"""Spool files that are damaged, old, of another process, or cannot be written."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import textwrap
import time

import pytest

import placard_client as placard
from conftest import Server
from placard_client.spool import SpoolFile, checked, parse
from test_faults import history, spool_dir, step_history

pytestmark = pytest.mark.fault


def left_behind(own_server: Server) -> tuple[pathlib.Path, str]:
    """Return the spool file of a process that was killed while the server was away, and the ID of its step."""
    program = """
        import os, signal, placard_client as placard
        step = placard.run("r").start().step("s").start()
        for i in range(10):
            step.log(n=i)
        print(step.id, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    environment = {**os.environ, "PLACARD_URL": own_server.url, "PLACARD_TIMEOUT": "0.2"}
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env=environment, check=False, capture_output=True, text=True
    )
    (file,) = spool_dir().glob("*.spool")
    return file, child.stdout.strip()


@pytest.mark.parametrize("damage", ["torn end", "flipped bit", "garbage"])
def test_a_damaged_file_is_set_aside_and_named(own_server: Server, damage: str) -> None:
    file, step_id = left_behind(own_server)
    content = file.read_bytes()
    lines = content.splitlines(keepends=True)
    writes = [i for i, line in enumerate(lines) if (record := parse(line)) and record["type"] == "write"]
    if damage == "torn end":
        content, expected = content[:-20], list(range(10))
        if parse(lines[-1])["type"] == "write":  # type: ignore[index]
            expected = list(range(9))
    elif damage == "flipped bit":
        middle = bytearray(lines[writes[6]])
        middle[60] ^= 4
        lines[writes[6]] = bytes(middle)
        content, expected = b"".join(lines), [0, 1, 2, 3, 5, 6, 7, 8, 9]
    else:
        content, expected = content + b"\xff\x00garbage\n", list(range(10))
    file.write_bytes(content)
    own_server.start()
    placard.configure(own_server.url)
    report = placard.flush(20)
    assert step_history(own_server, step_id, "n") == expected
    kept = spool_dir() / "damaged" / file.name
    assert kept.read_bytes().startswith(content)
    assert str(kept) in report.notes[0]


def test_a_file_without_its_first_line_is_not_sent(own_server: Server) -> None:
    file, _ = left_behind(own_server)
    file.write_bytes(b"x" + file.read_bytes())
    own_server.start()
    placard.configure(own_server.url)
    report = placard.flush(20)
    assert report.delivered == 0
    assert (spool_dir() / "damaged" / file.name).exists()
    assert report.notes


def test_a_unit_that_lost_a_write_is_not_stored_twice(own_server: Server) -> None:
    """The unit reached the server, the file did not learn it, and then lost one of its lines."""
    file, step_id = left_behind(own_server)
    content = file.read_bytes()
    own_server.start()
    placard.configure(own_server.url)
    assert placard.flush(20).delivered == 12
    lines = content.splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if (record := parse(line)) and record["type"] == "write")
    lines[last] = b"0" + lines[last][1:] if lines[last][:1] != b"0" else b"1" + lines[last][1:]
    file.write_bytes(b"".join(lines))
    placard.flush(20)
    assert step_history(own_server, step_id, "n") == list(range(10))


def test_an_old_write_without_an_answer_is_set_aside(own_server: Server) -> None:
    file, step_id = left_behind(own_server)
    unit = next(
        record
        for line in file.open("rb")
        if (record := parse(line)) and record["operation" if "operation" in record else "type"] == "logMetadata"
    )["unit"]
    with file.open("ab") as writer:
        writer.write(checked({"type": "sent", "unit": unit, "at": time.time() - 49 * 3600}))
    own_server.start()
    placard.configure(own_server.url)
    report = placard.flush(20)
    assert report.unconfirmed > 0
    assert not report
    kept = (spool_dir() / "unconfirmed.jsonl").read_text().splitlines()
    assert len(kept) == report.unconfirmed
    stored = step_history(own_server, step_id, "n")
    assert sorted(stored + [json.loads(line)["input"]["metadata"]["n"] for line in kept]) == list(range(10))


def test_a_live_process_keeps_its_file(connected: Server) -> None:
    placard.configure("http://127.0.0.1:9", timeout=0.1)
    placard.run("r").start()
    (file,) = spool_dir().glob("*.spool")
    assert SpoolFile.adopt(file) is None


def test_a_folder_that_cannot_be_written(
    connected: Server, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    placard.configure(connected.url, spool_dir=blocker / "spool")
    with placard.run("r") as run:
        run.log(n=1)
    assert "memory only" in caplog.text
    assert history(connected, "pipelineRun(id: $id)", run.id, "n") == [1]


def test_an_api_key_that_is_wrong_loses_nothing(own_server: Server) -> None:
    own_server.start("--auth=keys")
    placard.configure(own_server.url, api_key="wrong")
    with pytest.raises(placard.Unauthenticated):
        placard.run("r").start()
    assert placard.flush(2).pending == 1


def test_a_client_that_is_killed_at_any_moment(own_server: Server) -> None:
    """Every call that returned is stored once, whatever moment the process and the server are killed at."""
    program = """
        import sys, placard_client as placard
        step = placard.run("r").start().step("s").start()
        print(step.id, flush=True)
        for i in range(100_000):
            step.log(n=i)
            print(i, flush=True)
    """
    own_server.start()
    placard.configure(own_server.url)
    for round in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)], env=dict(os.environ), stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        step_id = child.stdout.readline().strip()
        time.sleep(0.05 + 0.11 * round)
        if round % 2:
            own_server.kill()
            time.sleep(0.05)
        child.kill()
        returned = [int(line) for line in child.stdout.read().splitlines()]
        child.wait()
        if round % 2:
            own_server.start()
        assert placard.flush(30), placard.flush()
        stored = step_history(own_server, step_id, "n")
        assert stored == list(range(len(stored)))
        assert len(stored) >= len(returned) > 0
