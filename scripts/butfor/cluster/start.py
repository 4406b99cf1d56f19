"""The start of a study on a cluster, after whatever ended the last one.

A killed start leaves jobs that go on, and outputs that nobody recorded. Jobs go on and are taken over by `submit`, or are
cancelled; what ended meanwhile is kept for exactly the task that made it. (Snakemake's lock is the Snakefile's to lift.)
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from butfor.cluster import folder, slurm
from butfor.cluster.folder import FOLDER
from butfor.errors import StudyError

PLUGIN = "snakemake_executor_plugin_cluster_generic"


def start(words: list[str], cancel: bool) -> int:
    """Run Snakemake with `words` and the profile `slurm`, and return its exit code. Raises StudyError.

    Jobs of an earlier start in this folder are taken over, or cancelled first if `cancel`.
    """
    if shutil.which("sbatch") is None:
        raise StudyError("sbatch is not there: start the study where Slurm's commands are.")
    if importlib.util.find_spec(PLUGIN) is None:
        raise StudyError("Snakemake's executor for clusters is not installed: make cluster installs it.")
    lock = _only_one()
    leftovers = _leftovers()
    if leftovers and cancel:
        print(f"Cancelling {len(leftovers)} jobs of an earlier start.", flush=True)
        _cancel(leftovers)
    elif leftovers:
        print(
            f"{len(leftovers)} jobs of an earlier start go on and are taken over (LEFTOVERS=cancel ends them).",
            flush=True,
        )
    _tidy({job.number for job in leftovers})
    command = [sys.executable, "-m", "snakemake", "--workflow-profile", "slurm", *words]
    code = _run([*command, "--rerun-incomplete"], lock)
    for node, why in folder.unfit().items():
        print(f"Node {node} had no more jobs: {why}", file=sys.stderr)
    return code


def _only_one() -> IO[str]:
    """The open lock of this folder, held until this process and Snakemake are both gone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = (FOLDER / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise StudyError(
            f"A study is being run on the cluster from this folder already ({lock.read().strip()}). Wait for it, or end it"
            " with Ctrl-C there; another study at the same time needs a folder of its own."
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()} on {platform.node()}, since {time.strftime('%F %T')}\n")
    lock.flush()
    return lock


def _leftovers() -> list[slurm.Job]:
    """This folder's jobs that wait or run. Raises StudyError if Slurm does not say."""
    try:
        every = slurm.jobs().values()
    except StudyError as silence:  # no controller, or no Slurm that is set up here
        reason = str(silence).strip().splitlines()[-1]
        raise StudyError(
            f"Slurm does not answer here ({reason}), so whether jobs of an earlier start are still there is not known."
            " Nothing was started. Start on a node where squeue answers, or without a cluster by snakemake --cores 2."
        ) from silence
    here = str(Path.cwd())
    return [job for job in every if job.name.startswith("butfor.") and job.folder == here and not job.ended]


def _cancel(jobs: list[slurm.Job]) -> None:
    slurm.ask(["scancel", *(job.number for job in jobs)])
    while any(job.number in {left.number for left in _leftovers()} for job in jobs):
        time.sleep(1)


def _tidy(going_on: set[str]) -> None:
    """Keep what was finished unseen, forget the rest, and give nodes that were unfit another chance."""
    ended = [path.stem for path in FOLDER.glob("*.job") if path.stem not in going_on]
    kept = sum(folder.keep(number) for number in ended)
    for number in ended:
        folder.forget(number)
    for path in FOLDER.glob("*.unfit"):
        path.unlink()
    if kept:
        print(f"{kept} jobs ended well meanwhile; what they made is taken up.", flush=True)


def _run(command: list[str], lock: IO[str]) -> int:
    """Run Snakemake; a Ctrl-C reaches it by itself, a SIGTERM is passed on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = subprocess.Popen(
        command, pass_fds=[lock.fileno()], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    )
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()
