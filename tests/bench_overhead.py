"""What MLflow costs a study, in percent of the same study without: mirrored into the results folder as jobs end, and sent
live to a real server. The three in turn, on idle cores; the example study's training, made long enough to be shown live.

Processor seconds are of all processes of a start, the follower's included, which outlives it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import yaml

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

from real_servers import Server

REPEATS, EPOCHS, SEEDS = int(sys.argv[1]), 30, 2
ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
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


def snakemake(config: Path, server: Server | None, *words: str) -> tuple[float, float]:
    """Start it and wait for all that it has started, the server aside; gives wall and processor seconds."""
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    environment |= {"MLFLOW_TRACKING_URI": server.uri} if server else {}
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--nolock", *words, "--configfile", str(config)]
    before, began = processor_seconds(), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    wall = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    for child in psutil.Process().children():
        if server is None or child.pid != server.process.pid:
            os.waitpid(child.pid, 0)
    return wall, processor_seconds() - before


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def training_seconds(results: Path) -> float:
    """What the epochs of all trainings took."""
    paths = results.glob("runs/*/look1/seed_*.json")
    return sum(json.loads(path.read_text())["timing"]["seconds"]["train"] for path in paths)


def main() -> None:
    ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    with TemporaryDirectory() as name:
        folder, measured = Path(name), {}
        for _ in range(REPEATS):
            for way in ("without", "mirrored", "live"):
                measured.setdefault(way, []).append(once(folder, way))
                print(way, *(f"{value:.1f}" for value in measured[way][-1]), flush=True)
    show(measured)


def once(folder: Path, way: str) -> tuple[float, float, float]:
    """Seconds of a study: wall, processor, epochs. The server's own are not the study's and not counted."""
    config, results = study(folder, way), folder / way
    if not results.exists():
        snakemake(config, None, "--until", "data")
    for path in results.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if way != "live":
        return (*snakemake(config, None), training_seconds(results))
    place = folder / f"server-{time.monotonic_ns()}"
    place.mkdir()
    with Server(place, f"sqlite:///{place}/mlflow.db") as server:
        return (*snakemake(config, server), training_seconds(results))


def show(measured: dict[str, list[tuple[float, float, float]]]) -> None:
    """Medians, and their difference to the study without MLflow."""
    print(f"\n| {REPEATS} times in turn | wall, s | processor, s | epochs, s |\n| --- | ---: | ---: | ---: |")
    base = [statistics.median(column) for column in zip(*measured["without"], strict=True)]
    for way, rows in measured.items():
        middle = [statistics.median(column) for column in zip(*rows, strict=True)]
        cells = [f"{value:.1f} ({100 * (value / one - 1):+.1f} %)" for value, one in zip(middle, base, strict=True)]
        print(f"| {way} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
