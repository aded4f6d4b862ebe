"""A server that accepts connections and never answers, and the end of the interpreter."""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import textwrap
import time

import pytest

import placard_client as placard

pytestmark = pytest.mark.fault


def test_a_server_that_never_answers_costs_one_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        placard.configure(f"http://127.0.0.1:{hole.getsockname()[1]}", timeout=2)
        begun = time.monotonic()
        run = placard.run("r").start()
        assert 1.5 < time.monotonic() - begun < 4
        begun = time.monotonic()
        for _ in range(100):
            run.log(a=1)
        assert time.monotonic() - begun < 1
        begun = time.monotonic()
        placard.log_metadata({"b": 1}, run_id_name_or_prefix=run.id)
        run.finish()
        assert time.monotonic() - begun < 4


def test_facts_that_are_logged_at_the_end_of_the_interpreter_reach_the_spool(tmp_path: pathlib.Path) -> None:
    program = """
        import atexit, placard_client as placard
        run = placard.Run("r")
        atexit.register(lambda: run.log(at="exit"))
    """
    environment = {**os.environ, "PLACARD_URL": "http://127.0.0.1:9", "PLACARD_TIMEOUT": "0.5"}
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=environment, check=True)
    assert time.monotonic() - begun < 15
    (file,) = (tmp_path / "spool").glob("*.spool")
    assert b'"at":"exit"' in file.read_bytes()
