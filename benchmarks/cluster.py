"""What a job costs more on Slurm than here: config/tiny.yaml with a dozen arms, in turn here, through our own submission,
and through the executor plugin with the settings under which it loses least. On a real Slurm on loopback and idle cores,
two jobs at a time and one question a second everywhere; the processor seconds are the whole machine's, daemons included.

    cluster.py [times in turn]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from slurm.box import PATH, Box, can_run
from slurm.study import Study, tiny

REPEATS = int((sys.argv[1:] or [3])[0])
RATES = [round(0.0011 * step, 4) for step in range(1, 12)]
ARMS = {f"rate_{number}": {"set": {"learning_rate": rate}} for number, rate in enumerate(RATES)}
JOBS = len(ARMS) + 1  # the trainings; everything else is done on the head node
PLUGIN = Path(sys.prefix) / "slurm-plugin"
SQUEUE = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1", "--slurm-no-requeue"]
POLLING = ["--max-status-checks-per-second", "100", "--seconds-between-status-checks", "1", "--latency-wait", "20"]


def here(study: Study) -> None:
    ended_well(study.run())


def ours(study: Study) -> None:
    study.finish("--jobs", "2")


def plugin(study: Study) -> None:
    words = [sys.executable, "-m", "snakemake", "--executor", "slurm", "--jobs", "2", *SQUEUE, *POLLING]
    environment = {**os.environ, "PATH": PATH, "PYTHONPATH": str(PLUGIN)}
    ended_well(subprocess.run(words, cwd=study.folder, env=environment, capture_output=True, text=True))


def ended_well(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def busy() -> float:
    """Processor seconds that the machine has worked since it was started."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system + times.irq + times.softirq


def once(run: Callable[[Study], None], folder: Path) -> tuple[float, float]:
    """Wall and processor seconds of a whole study."""
    study = Study(folder, tiny(ablations=ARMS, tracking={"mlflow": False}))
    used, began = busy(), time.perf_counter()
    run(study)
    return time.perf_counter() - began, busy() - used


def main() -> None:
    if not can_run() or not PLUGIN.exists():
        sys.exit("this needs root, Debian's slurm-wlm and munge, no Slurm of one's own, and make .venv/slurm-plugin")
    measured: dict[str, list[tuple[float, float]]] = {}
    box = Box()
    try:
        box.up()
        for turn in range(REPEATS):
            for run in (here, ours, plugin):
                with TemporaryDirectory() as folder:
                    measured.setdefault(run.__name__, []).append(once(run, Path(folder)))
                print(turn, run.__name__, *(f"{value:.1f}" for value in measured[run.__name__][-1]), flush=True)
    finally:
        box.down()
    show(measured)


def show(measured: dict[str, list[tuple[float, float]]]) -> None:
    """Medians of whole studies, and how much more than here each of its jobs takes."""
    print(f"\n| {REPEATS} times in turn, {JOBS} jobs | wall, s | processor, s | more per job: wall, s | processor, s |")
    print("| --- | ---: | ---: | ---: | ---: |")
    middle = {way: [statistics.median(column) for column in zip(*rows, strict=True)] for way, rows in measured.items()}
    for way, (wall, used) in middle.items():
        more = [(wall - middle["here"][0]) / JOBS, (used - middle["here"][1]) / JOBS]
        print(f"| {way} | {wall:.1f} | {used:.1f} | {more[0]:+.2f} | {more[1]:+.2f} |")


if __name__ == "__main__":
    main()
