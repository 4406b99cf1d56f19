"""The tutorials as they are written: their files are made, their commands run in order, and what they show is what is said."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import KERAS, PATIENCE, ROOT, environment

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DURATION = re.compile(r"\d+(?:\.\d+)? (?:s|minutes|hours)\b")  # a slower machine has a larger unit
NUMBER = re.compile(r"[+−]?\d+(?:\.\d+)?")


def without_figures(line):
    """The line with a sign in place of what differs from machine to machine: each duration and each number."""
    return NUMBER.sub("#", DURATION.sub("duration", line.strip()))


def test_a_line_is_the_same_on_a_slower_machine():
    quick, slow = "10 runs, about 18 s of one device", " 10 runs, about 1.4 minutes of one device"
    assert without_figures(quick) == without_figures(slow) == "# runs, about duration of one device"
    assert without_figures("5 seeds, +1.02 points") == "# seeds, # points"


@pytest.fixture
def shell(tmp_path):
    """Runs commands in a new home folder, from a folder where `.venv/bin` has the command of this checkout."""
    clone, home = tmp_path / "clone", tmp_path / "home"
    home.mkdir()
    commands = clone / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, called in {"python": "", "butfor": str(ROOT / "scripts" / "command.py")}.items():
        (commands / name).write_text(f'#!/bin/sh\nexec {sys.executable} {called} "$@"\n')
        (commands / name).chmod(0o755)
    asked = {**environment(KERAS), "HOME": str(home), "TERM": "dumb"}
    place = {"folder": clone, "path": os.environ["PATH"]}

    def run(commands):
        script = f"set -eu\n{commands}\npwd > {tmp_path}/folder\necho $PATH > {tmp_path}/path\n"
        done = subprocess.run(
            ["bash", "-c", script], cwd=place["folder"], env={**asked, "PATH": place["path"]}, timeout=PATIENCE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        place.update(
            folder=Path((tmp_path / "folder").read_text().strip()), path=(tmp_path / "path").read_text().strip()
        )
        return done.stdout

    return run, place


@pytest.mark.parametrize("page", ["tutorial", "from-train-py"])
def test_the_page_can_be_followed_as_it_is_written(page, shell):
    run, place = shell
    said, seen = "", 0
    for kind, text in BLOCK.findall((ROOT / "docs" / f"{page}.md").read_text()):
        if kind == "sh":
            said = run(text)
        elif kind == "text":
            shown = [without_figures(line) for line in text.splitlines()]
            lines = {without_figures(line) for line in said.splitlines()}
            assert [line for line in shown if line not in lines] == [], said
            seen += 1
        else:
            name = re.match(r"# (\S+\.(?:py|yaml))\n", text)
            (place["folder"] / name[1]).write_text(text)
    assert seen
