"""A training loop that logs 10,000 times while the server is killed and restarted.

It starts a server of its own: `python examples/training_loop.py PATH_OF_PLACARD`. Afterwards it checks that no entry is
missing, and that none is doubled.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

import httpx

import placard_client as placard
from placard_client import log_metadata

STEPS = int(os.environ.get("STEPS", "10000"))
ADDRESS = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:18765"


class Server:
    """A server that this program may kill."""

    def __init__(self, binary: str, folder: pathlib.Path) -> None:
        self.command = [binary, "serve", f"--addr={ADDRESS}", f"--database-url=sqlite:{folder}/placard.db"]
        self.log = (folder / "server.log").open("wb")
        self.kills = 0

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        for _ in range(500):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://{ADDRESS}/readyz").status_code == 200:
                    return
            time.sleep(0.02)
        raise TimeoutError("the server does not start")

    def kill(self) -> None:
        """Kill the server."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def disturb(self, stop: threading.Event) -> None:
        """Kill and start the server until `stop` is set."""
        while not stop.wait(0.4):
            self.kill()
            time.sleep(0.2)
            self.start()


def main(binary: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        placard.configure(f"http://{ADDRESS}", spool_dir=folder / "spool")
        server = Server(binary, folder)
        stop = threading.Event()
        disturber = threading.Thread(target=server.disturb, args=(stop,))
        # The server is not there yet: the run starts in the spool.
        with placard.run("endurance") as run, run.step("train", outputs=["model"]) as step:
            server.start()
            disturber.start()
            begun = time.monotonic()
            for number in range(STEPS):
                log_metadata({"train": {"step": number, "loss": 1 / (number + 1)}}, infer_artifact=True)
            seconds = time.monotonic() - begun
            while time.monotonic() - begun < 3:  # at least three kills
                time.sleep(0.1)
            stop.set()
            disturber.join()
            step.save("model", name="endurance_model")
        report = placard.flush(60)
        assert report, report
        rows = placard.Client().artifact("endurance_model").latest.history("train").rows()
        assert [row["step"] for row in rows] == list(range(STEPS)), "an entry is missing or doubled"
        assert [row["loss"] for row in rows] == [1 / (number + 1) for number in range(STEPS)]
        print(f"{STEPS} steps in {seconds:.1f} s, {server.kills} kills: none missing, none doubled")
        server.process.terminate()
        server.process.wait()


if __name__ == "__main__":
    main(sys.argv[1])
