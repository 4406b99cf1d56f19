"""A small study, started as a user starts it, disturbed, and compared with one that nobody disturbed."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient

from conftest import Workflow, environment

STUDY = {
    "study": "small",
    "seeds": 2,
    "data": {"name": "digits"},
    "recipe": {
        "model": {"name": "mlp", "widths": [8]},
        "dropout": 0.1,
        "epochs": 100,  # of the NumPy engine, so that a training takes about a second, to be killed in
        "batch_size": 64,
        "learning_rate": 0.003,
    },
    "ablations": {"no_dropout": {"set": {"dropout": 0.0}}},
    "claims": {"same": {"sentence": "Dropout does nothing here.", "arm": "no_dropout", "expect": "same"}},
}
RUNS = 4
MIRRORED = RUNS + 3  # two arms' and the report's
WHOLE = ("contrasts.json", "comparison.json", "checks.json", "data/arrays.npz", "data/manifest.json")
PATIENCE = 300  # seconds for what should take a few, on a busy machine


signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job ignores, and all it starts


class Start:
    """One start of Snakemake, under way."""

    def __init__(self, folder: Path, engine: str, words: tuple[str, ...]) -> None:
        self._out = (folder / "out.txt").open("w+")
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *words]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment(engine), stdout=self._out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def everything(self) -> list[psutil.Process]:
        """The start and all it has started, its follower too."""
        try:
            process = psutil.Process(self.process.pid)
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def jobs(self, script: str = "train.py") -> list[psutil.Process]:
        """The processes of the jobs that run a script."""
        found = []
        for process in self.everything()[1:]:
            try:
                if any(word.endswith(f".{script}") for word in process.cmdline()):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def wait_for_job(self, script: str = "train.py") -> None:
        """Until a job runs that script."""
        until(lambda: self.jobs(script) or self.process.poll() is not None)

    def end(self) -> tuple[int, str]:
        """Exit status and output, once it has ended."""
        status = self.process.wait(PATIENCE)
        self._out.seek(0)
        return status, self._out.read()


class Study:
    """The study in a copy of the workflow."""

    def __init__(self, copy: Workflow, study: dict[str, Any] = STUDY) -> None:
        self.folder, self.results, self._copy = copy.folder, copy.folder / "results" / "small", copy
        copy.write(study)

    def start(self, *words: str) -> Start:
        """Begin a start, always by the same command."""
        return Start(self.folder, self._copy.engine, words)

    def run(self, *words: str) -> tuple[int, str]:
        """A start from beginning to end, left alone."""
        done = self._copy.run(*words)
        return done.returncode, done.stdout + done.stderr

    def edit(self, file: str, old: str, new: str) -> None:
        """Put a fault into the copy's own code."""
        path = self.folder / "scripts" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


def until(true: Any, patience: float = PATIENCE) -> None:
    """Wait until something is true."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def has_ended(process: psutil.Process) -> bool:
    """Whether a process has ended, which it may do between two questions."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def gone(processes: list[psutil.Process]) -> bool:
    """Whether processes have ended."""
    return all(map(has_ended, processes))


def kill(processes: list[psutil.Process], number: int = signal.SIGKILL) -> None:
    """Send a signal to all that are still there."""
    for process in processes:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            continue


def content(results: Path) -> dict[str, Any]:
    """All that a study has found, by path, without what differs between two undisturbed runs of it: records without
    `timing`, `machine` and the checksum over them, the report without its section on cost and the figure there, claims without
    the time they were declared, the table of runs without its columns of seconds.
    """
    found: dict[str, Any] = {}
    for path in results.rglob("*"):
        name = str(path.relative_to(results))
        if path.name.startswith("seed_") and path.suffix == ".json" and "mlflow" not in name:
            record = json.loads(path.read_text())
            found[name] = {key: record[key] for key in record if key not in ("timing", "machine", "sha256")}
        elif name == "report.md":
            found[name] = re.sub(r"## Cost\n.*?(?=\n## )", "", path.read_text(), flags=re.DOTALL)
        elif name == "claims.json":
            found[name] = re.sub(r'"since": "[^"]*"', "", path.read_text())
        elif name in WHOLE or (name.startswith("figures/") and path.stem != "cost"):
            found[name] = path.read_bytes()
        elif name.startswith("tables/") and path.suffix == ".csv":
            found[name] = _without_seconds(path.read_text())
    return found


def _without_seconds(text: str) -> list[list[str]]:
    rows = [line.split(",") for line in text.splitlines()]
    kept = [place for place, name in enumerate(rows[0]) if not name.startswith("seconds.")]
    return [[row[place] for place in kept if place < len(row)] for row in rows]


def check(study: Study, undisturbed: dict[str, Any], fault: str, seconds: float, repeats: int = 1) -> None:
    """Assert that nothing was lost, duplicated or changed, and that nothing of the fault is left; with the environment
    variable FAULT_TABLE, add a row to that file."""
    found = content(study.results)
    lost, extra = undisturbed.keys() - found.keys(), found.keys() - undisturbed.keys()
    differing = [name for name in undisturbed.keys() & found.keys() if found[name] != undisturbed[name]]
    client = MlflowClient(f"sqlite:///{study.results}/mlflow/mlflow.db")
    runs = client.search_runs([client.get_experiment_by_name("small").experiment_id])
    keys = Counter(_stands_for(run.data.tags) for run in runs)
    twice = [key for key, count in keys.items() if count > 1]
    if place := os.environ.get("FAULT_TABLE"):
        with Path(place).open("a") as table:
            row = fault, repeats, len(lost) + MIRRORED - len(keys), len(extra) + len(twice), len(differing)
            table.write("| " + " | ".join(map(str, row)) + f" | {seconds:.0f} |\n")
    assert (lost, extra, differing, twice) == (set(), set(), [], [])
    unfinished = {
        key: run.info.status
        for key, run in ((_stands_for(run.data.tags), run) for run in runs)
        if run.info.status != "FINISHED"
    }
    assert (len(keys), unfinished) == (MIRRORED, {}), (sorted(keys), unfinished)
    places = ("results/*/runs/*/.unfinished/*", ".snakemake/locks/*", ".snakemake/incomplete/*")
    left = [str(path) for place in places for path in study.folder.glob(place)]
    assert not left, left


def _stands_for(tags: dict[str, str]) -> str:
    """What a run of MLflow stands for: a seed, an arm or the report."""
    return tags.get("butfor.key") or f"{tags['butfor.kind']} {tags.get('butfor.arm', '')}"


@functools.cache
def _undisturbed(make: Callable[[str], Workflow]) -> Study:
    study = Study(make("undisturbed"))
    status, out = study.run()
    assert status == 0, out
    return study


@pytest.fixture(scope="session")
def finished(workflow_copy: Callable[[str], Workflow]) -> Study:
    """A study that nobody disturbed; one for all modules that import this."""
    return _undisturbed(workflow_copy)


@pytest.fixture(scope="session")
def undisturbed(finished: Study) -> dict[str, Any]:
    """What it has found."""
    return content(finished.results)


@pytest.fixture
def study(workflow_copy: Callable[[str], Workflow], request: pytest.FixtureRequest) -> Study:
    """A study that has not begun."""
    return Study(workflow_copy(re.sub(r"\W", "_", request.node.name)[:20]))


def resume(study: Study, *words: str) -> float:
    """Give the same command again; says how many seconds it took."""
    began = time.monotonic()
    status, out = study.run(*words)
    assert status == 0 and "Traceback" not in out, out
    return time.monotonic() - began
