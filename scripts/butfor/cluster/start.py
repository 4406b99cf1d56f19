"""The start of a study on a cluster, whatever ended the last one.

A killed start leaves jobs that go on, and outputs that Snakemake does not know. Such jobs are taken over by `submit`, or
cancelled; the outputs of those that have ended are kept for exactly the task that made them. (The locks that a killed
Snakemake has left are removed by the Snakefile, see workflow.recovery.)
"""

from __future__ import annotations

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
from butfor.plain_text import counted
from butfor.process.file_locks import ALONE, AT_ONCE, lock, open_lock

PLUGIN = "snakemake_executor_plugin_cluster_generic"


def start(arguments: list[str], cancel: bool) -> int:
    """Run Snakemake with these arguments and the profile `slurm`, and return its exit code. Raises StudyError.

    Jobs of an earlier start in this folder are taken over, or with `cancel` cancelled first.
    """
    if shutil.which("sbatch") is None:
        raise StudyError("sbatch was not found: start the study on a node that has Slurm's commands.")
    if importlib.util.find_spec(PLUGIN) is None:
        raise StudyError("Snakemake's executor for clusters is not installed: make cluster installs it.")
    in_use = _lock_folder()
    leftovers = _leftovers()
    if leftovers and cancel:
        print(f"Cancelling {counted(len(leftovers), 'job')} of an earlier start.", flush=True)
        _cancel(leftovers)
    elif leftovers:
        print(
            f"{counted(len(leftovers), 'job')} of an earlier start: they go on and are taken over (LEFTOVERS=cancel ends them).",
            flush=True,
        )
    _clear_folder({job.number for job in leftovers})
    command = [sys.executable, "-m", "snakemake", "--workflow-profile", "slurm", *arguments]
    exit_code = _run([*command, "--rerun-incomplete"], in_use)
    for node, reason in folder.unfit_nodes().items():
        print(f"Node {node} got no more jobs: {reason}", file=sys.stderr)
    return exit_code


def _lock_folder() -> IO[str]:
    """The lock of this folder, held until both this process and Snakemake have ended. Raises StudyError if it is taken."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    in_use = open_lock(FOLDER / "lock")
    try:
        lock(in_use, ALONE | AT_ONCE)
    except BlockingIOError:
        in_use.seek(0)
        raise StudyError(
            f"A study is being run on the cluster from this folder already ({in_use.read().strip()}). Wait for it, or end it"
            " with Ctrl-C there; another study at the same time needs a folder of its own."
        ) from None
    in_use.truncate(0)
    in_use.write(f"process {os.getpid()} on {platform.node()}, since {time.strftime('%F %T %z')}\n")
    in_use.flush()
    return in_use


def _leftovers() -> list[slurm.Job]:
    """This folder's jobs that wait or run. Raises StudyError if Slurm does not answer."""
    try:
        jobs = slurm.jobs().values()
    except StudyError as failure:  # no controller, or a Slurm that is not set up here
        reason = str(failure).strip().splitlines()[-1]
        raise StudyError(
            f"Slurm does not answer here ({reason}), so it is not known whether jobs of an earlier start still run."
            " Nothing was started. Start on a node where squeue answers, or without a cluster by snakemake --cores 2."
        ) from failure
    here = str(Path.cwd())
    return [job for job in jobs if job.name.startswith("butfor.") and job.folder == here and not job.ended]


def _cancel(jobs: list[slurm.Job]) -> None:
    slurm.run(["scancel", *(job.number for job in jobs)])
    while any(job.number in {left.number for left in _leftovers()} for job in jobs):
        time.sleep(1)


def _clear_folder(running: set[str]) -> None:
    """Keep the outputs of jobs that have ended well since the last start, delete the files of all that do not run any more,
    and allow jobs on nodes that were unfit.
    """
    ended = [path.stem for path in FOLDER.glob("*.job") if path.stem not in running]
    kept = sum(folder.keep_outputs(number) for number in ended)
    for number in ended:
        folder.forget(number)
    for path in FOLDER.glob("*.unfit"):
        path.unlink()
    if kept:
        print(f"{counted(kept, 'job')} ended well since the last start: what was made is used.", flush=True)


def _run(command: list[str], in_use: IO[str]) -> int:
    """Run Snakemake and return its exit code. A Ctrl-C reaches it directly, a SIGTERM is passed on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = subprocess.Popen(
        command, pass_fds=[in_use.fileno()], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    )
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()
