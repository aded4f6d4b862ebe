"""The command `placard-py`."""

from __future__ import annotations

import json
from typing import Any

import pytest

import placard_client as placard
from conftest import Server
from placard_client.command import main
from test_logging import unique


@pytest.fixture
def name(connected: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PLACARD_URL", connected.url)
    name = unique("churn_model")
    with placard.run("r") as run:
        for accuracy in (0.85, 0.95):
            with run.step("s", outputs=["o"]) as step:
                step.save("o", name=name, alias="prod", metadata={"metrics": {"accuracy": accuracy}, "shape": (1, 2)})
    placard.flush()
    return name


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    captured = capsys.readouterr()
    return captured.out if code == 0 else captured.err


def test_find(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "find", name, "--order=-metrics.accuracy")
    assert text.splitlines()[0].split() == ["artifact", "version", "number", "created_at", "shape", "metrics.accuracy"]
    assert text.splitlines()[1].split()[1] == "2"
    found = json.loads(output(capsys, "find", name, "--where", "metrics.accuracy < 0.9", "--json"))
    assert [version["version"] for version in found] == ["1"]
    assert found[0]["metadata"] == {"metrics": {"accuracy": 0.85}, "shape": {"$tuple": [1, 2]}}
    assert output(capsys, "find", name, "--where", "nothing=1") == "nothing found\n"


def test_show_log_compare_history(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    output(capsys, "log", f"{name}:1", "metrics.accuracy=0.5", "note=good enough", 'size={"$storageSize": 5}')
    shown: Any = json.loads(output(capsys, "show", f"{name}:1", "--json"))
    assert shown["metadata"] == {
        "metrics": {"accuracy": 0.5},
        "shape": {"$tuple": [1, 2]},
        "note": "good enough",
        "size": {"$storageSize": 5},
    }
    assert "good enough" in output(capsys, "show", f"{name}:1")
    assert "note" not in output(capsys, "show", f"{name}@prod")
    rows = json.loads(output(capsys, "compare", f"{name}:1", name, "--json"))
    assert {(row["card"], row["key"]) for row in rows} == {("metrics", "accuracy"), (None, "note"), (None, "size")}
    assert f"{name} 2" in output(capsys, "compare", f"{name}:1", f"{name}:2")
    values = json.loads(output(capsys, "history", f"{name}:1", "metrics.accuracy", "--json"))
    assert [row["value"] for row in values] == [0.85, 0.5]


def test_failures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "near are" in output(capsys, "show", name + "x", code=1)
    assert "log needs a version" in output(capsys, "log", name, "a=1", code=2)
    assert "KEY=VALUE" in output(capsys, "log", f"{name}:1", "a", code=2)
    assert "--where takes" in output(capsys, "find", "--where", "accuracy", code=2)
    assert "did not answer" in output(capsys, "show", name, "--url", "http://127.0.0.1:9", code=1)
    with pytest.raises(SystemExit) as caught:
        main(["nonsense"])
    assert caught.value.code == 2


def test_spool(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "spool", "list").startswith("nothing in ")
    assert json.loads(output(capsys, "spool", "send", "--json"))["pending"] == 0
