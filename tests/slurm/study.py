"""A small study in a folder of its own, run on the cluster or here, and what it leaves."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from conftest import KERAS, ROOT, Workflow
from conftest import environment as environment_of

TIMES = {"machine", "timing", "sha256"}  # the last one is over the others too
# A job script that notes where it runs and which GPUs it may use, and gives the job no network.
JOBSCRIPT = """#!/bin/sh
# properties = {properties}
echo "$SLURM_JOB_ID $SLURMD_NODENAME ${{CUDA_VISIBLE_DEVICES-none}} $(date +%s.%N)" >>places
export MLFLOW_TRACKING_URI=http://127.0.0.1:9
unshare -n sh <<'END'
{exec_job}
END
"""


def tiny(**changes: Any) -> dict[str, Any]:
    """The study in config/tiny.yaml with other settings, without the ablations that are None."""
    study = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    return {**study, "results": "results", **changes}


class Study(Workflow):
    """A copy of the workflow whose config/config.yaml is this study, trained by the same engine here as on the cluster."""

    def __init__(self, folder: Path, study: dict[str, Any], engine: str = KERAS) -> None:
        super().__init__(folder / "copy", engine)
        self.write(study)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """`make cluster`, polling every second and in a session of its own, its output in `start.log`."""
        command = [sys.executable, "scripts/cluster.py", "start", *words]
        command += ["--seconds-between-status-checks", "1", "--latency-wait", "20"]
        with (self.folder / "start.log").open("w") as out:
            return subprocess.Popen(
                command, cwd=self.folder, stdout=out, stderr=out, text=True, start_new_session=True,
                env={**environment_of(self.engine), **environment},
            )  # fmt: skip

    def start_refused(self) -> subprocess.CompletedProcess[str]:
        """Another start while one is under way."""
        command = [sys.executable, "scripts/cluster.py", "start"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)

    def said(self) -> str:
        """What the last start printed."""
        return (self.folder / "start.log").read_text()

    def finish(self, *words: str, patience: float = 900, **environment: str) -> str:
        """Start on the cluster, expect that it ends well, and return what it printed."""
        process = self.start(*words, **environment)
        with stopped_at_the_end(process):
            code = process.wait(patience)
        assert code == 0, self.said()
        return self.said()

    def records(self) -> dict[str, Any]:
        """Every record by its path, without machine and times."""
        paths = sorted(self.folder.glob("results/runs/*/look*/seed_*.json"))
        read = {str(path.relative_to(self.folder)): json.loads(path.read_text()) for path in paths}
        return {
            path: {key: value for key, value in record.items() if key not in TIMES} for path, record in read.items()
        }

    def begun(self) -> list[Path]:
        """The files that say that a job has begun."""
        return sorted((self.folder / ".snakemake" / "cluster").glob("*.begun"))

    def places(self) -> list[list[str]]:
        """Per job: number, node, GPUs, when it began (with JOBSCRIPT)."""
        return [line.split() for line in (self.folder / "places").read_text().splitlines()]


@contextlib.contextmanager
def stopped_at_the_end(process: subprocess.Popen[str]) -> Any:
    """Whatever happens, the process and its children are gone afterwards."""
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()


def tasks(jobs: list[list[str]]) -> Counter[str]:
    """How many of Slurm's jobs there were for each task, of squeue's lines with the name last."""
    return Counter(row[-1].rsplit(".", 2)[0] for row in jobs)
