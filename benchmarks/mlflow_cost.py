"""What MLflow costs a study, in percent of the same study without: mirrored into the results folder as jobs end, sent live
to a real server, and told to a server that takes every call and never answers. In turn, on idle cores; the example study's
training, made long enough to be shown live. Studies have all cores but one, which is the server's, as if it were elsewhere.

    mlflow_cost.py [times in turn] [epochs] [ways...]

Processor seconds are of all processes of a start, the follower's included, which outlives it. The epoch is the median of
all epochs but each run's first.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import yaml

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from real_servers import Server

REPEATS, EPOCHS, SEEDS = int((sys.argv[1:] or [3])[0]), int((sys.argv[2:] or [30])[0]), 2
WAYS = ["without", *(sys.argv[3:] or ["mirrored", "live", "silent"])]
ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
CORES = sorted(os.sched_getaffinity(0))
KEPT = {"data"}  # what is made once and not timed


def study(folder: Path, way: str) -> Path:
    """A file of the example study with its baseline and one ablation."""
    example = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    example["recipe"] |= {"epochs": EPOCHS, "early_stopping": "none"}
    example |= {
        "results": str(folder / way),
        "seeds": SEEDS,
        "ablations": {"no_dropout": {"set": {"dropout": 0.0}}},
        "tracking": {"mlflow": way != "without"},
    }
    example.pop("claims", None)
    path = folder / f"{way}.yaml"
    path.write_text(yaml.safe_dump(example))
    return path


def snakemake(config: Path, uri: str | None, *words: str, reachable: bool = True) -> tuple[float, float]:
    """Start it and wait until it ends, and its follower after it; gives wall and processor seconds.

    reachable: whether MLflow can be told of the study; it must end well then, and else by saying that it could not.
    """
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    environment |= {"MLFLOW_TRACKING_URI": uri} if uri else {}
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        str(len(CORES) - 1),
        "--nolock",
        *words,
        "--configfile",
        str(config),
    ]
    before, began = processor_seconds(), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    wall = time.perf_counter() - began
    output = done.stdout + done.stderr
    if bool(done.returncode) == reachable or ("MLflow could not be written to" in output) == reachable:
        sys.exit(output)
    for child in psutil.Process().children():
        if child.status() == psutil.STATUS_ZOMBIE or any(word.endswith("follow.py") for word in child.cmdline()):
            os.waitpid(child.pid, 0)
    return wall, processor_seconds() - before


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def trainings(results: Path) -> tuple[float, float]:
    """Seconds of all trainings' epochs, and milliseconds of the one in the middle."""
    timings = [json.loads(path.read_text())["timing"] for path in results.glob("runs/*/look1/seed_*.json")]
    epochs = [late - early for one in timings for early, late in pairwise(one["epochs_ended"])]
    return sum(one["seconds"]["train"] for one in timings), 1000 * statistics.median(epochs)


def main() -> None:
    if len(CORES) < 2:
        sys.exit(f"expected at least 2 cores, one of them for the server, received {len(CORES)}")
    os.sched_setaffinity(0, CORES[:-1])
    ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    with TemporaryDirectory() as name:
        folder, measured = Path(name), {}
        for _ in range(REPEATS):
            for way in WAYS:
                measured.setdefault(way, []).append(once(folder, way))
                print(way, *(f"{value:.1f}" for value in measured[way][-1]), flush=True)
    show(measured)


def once(folder: Path, way: str) -> tuple[float, ...]:
    """Seconds of a study: wall, processor, all epochs; and ms of an epoch. A server's own are not the study's."""
    config, results = study(folder, way), folder / way
    if not results.exists():
        snakemake(config, None, "--until", "data")
    for path in results.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if way == "silent":
        with socket.create_server(("127.0.0.1", 0)) as listening:
            uri = f"http://127.0.0.1:{listening.getsockname()[1]}"
            return (*snakemake(config, uri, reachable=False), *trainings(results))
    if way != "live":
        return (*snakemake(config, None), *trainings(results))
    place = folder / f"server-{time.monotonic_ns()}"
    place.mkdir()
    os.sched_setaffinity(0, CORES[-1:])
    with Server(place, f"sqlite:///{place}/mlflow.db") as server:
        os.sched_setaffinity(0, CORES[:-1])
        seconds = (*snakemake(config, server.uri), *trainings(results))
        print(f"{shown_while_training(server.uri)} of the study's runs were shown while they trained")
    return seconds


def shown_while_training(uri: str) -> int:
    """How many runs MLflow knew before they had ended."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    return sum("butfor.live" in run.data.tags for run in runs)


def show(measured: dict[str, list[tuple[float, ...]]]) -> None:
    """Medians, and their difference to the study without MLflow."""
    print(f"\n| {REPEATS} times in turn | wall, s | processor, s | epochs, s | an epoch, ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    base = [statistics.median(column) for column in zip(*measured["without"], strict=True)]
    for way, rows in measured.items():
        middle = [statistics.median(column) for column in zip(*rows, strict=True)]
        cells = [f"{value:.1f} ({100 * (value / one - 1):+.1f} %)" for value, one in zip(middle, base, strict=True)]
        print(f"| {way} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
