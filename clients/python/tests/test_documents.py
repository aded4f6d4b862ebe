"""The Python code and the commands of the documents."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import placard_client as placard
from conftest import ROOT, Server
from placard_client import command

PAGES = ["README.md", "clients/python/README.md", "docs/how-to/python.md", "docs/coming-from.md"]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_python_code_of_a_page(own_server: Server, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    monkeypatch.setenv("PLACARD_URL", own_server.start().url)
    placard.configure()
    if page == "clients/python/README.md":
        placard.create_version("churn_model", version="7", metadata={"metrics": {"accuracy": 0.95}})
    code = blocks(page, "python")
    assert code
    names: dict[str, object] = {}
    for block in code:
        exec(compile(block, page, "exec"), names)
    if page.endswith("how-to/python.md"):
        for line in re.findall(r"^\$ placard-py (.*)$", "\n".join(blocks(page, "console")), re.MULTILINE):
            arguments = [part.strip('"') for part in re.findall(r'"[^"]*"|\S+', line)]
            assert command.main(arguments) == 0, line


def test_the_command_of_the_readme_installs_the_package_and_logs(own_server: Server, tmp_path: pathlib.Path) -> None:
    text, shown = re.findall(
        r"^```console\n\$ (.*?)^```\n\n```\n(.*?)^```$",
        (ROOT / "clients/python/README.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )[0]
    shutil.copytree(
        ROOT / "clients" / "python",
        tmp_path / "clients" / "python",
        ignore=shutil.ignore_patterns(".venv", "__pycache__", ".*_cache"),
    )
    python = shutil.which("python3") or sys.executable
    environment = {**os.environ, "PLACARD_URL": own_server.start().url, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        ["bash", "-ec", text.replace("python3 -m", f"{python} -m").replace("pip install", "pip install -q")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown
    installed = subprocess.check_output([tmp_path / ".venv/bin/placard-py", "--version"], text=True).strip()
    assert installed == placard.__version__
