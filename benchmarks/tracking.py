"""What mirroring runs into MLflow costs, a run: for 10, 100 and 2000 runs of made-up studies, in a fresh SQLite store.

    python benchmarks/tracking.py [runs ...]

CPU seconds, beside the time that passed, since that depends on what else the machine does. For other machines to compare
with, the same of MLflow alone: one run of as many values as a call of its own takes at best, with nothing else in it.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from butfor.records.record import write
from butfor.tracking import study_import
from test_record import EXAMPLE

EPOCHS, SEEDS = 30, 10
PARTS = ("train/accuracy", "train/loss", "validation/accuracy", "validation/loss")


def made_up(results: Path, runs: int) -> dict[str, Any]:
    """Write the records of a study of so many runs; gives what the workflow would tell MLflow of it."""
    arms = {f"arm_{place}" if place else "baseline": {} for place in range(-(-runs // SEEDS))}
    history = [
        {"epoch": n, "objective": 1 / n, **dict.fromkeys(PARTS, 1 / n), "order": "0"} for n in range(1, EPOCHS + 1)
    ]
    timing = {"started": 1e9, "ended": 1e9 + EPOCHS, "epochs_ended": [1e9 + n for n in range(EPOCHS)], "seconds": {}}
    run = dataclasses.replace(
        EXAMPLE,
        recipe={f"setting_{place}": place for place in range(20)},
        data={"name": "digits", "fingerprint": "abc", "train": 1, "validation": 1, "test": 1},
        history=history,
        learning_rate=[0.1] * EPOCHS,
        steps_per_epoch=1,
        metrics=dict.fromkeys((*PARTS, "test/accuracy", "test/loss"), 0.5),
        machine={"device": "CPU", "revision": "0123"},
        timing=timing,
    )
    for place in range(runs):
        arm, seed = list(arms)[place // SEEDS], place % SEEDS
        write(results / "runs" / arm / "look1" / f"seed_{seed}.json", dataclasses.replace(run, arm=arm, seed=seed))
    for arm in arms:
        arms[arm] = {"family": arm, "reference": None if arm == "baseline" else "baseline"}
    return {
        "experiment": "s",
        "question": "?",
        "metric": "test/accuracy",
        "must_learn": True,
        "target": "results",
        "identity": None,
        "code": "0123",
        "arm_code": "0123",
        "arms": arms,
        "varying": list(run.recipe)[:5],
        "system_metrics": False,
        "models": "none",
        "register": False,
    }


def imported(study: dict[str, Any], results: Path) -> tuple[float, float]:
    """Seconds of CPU and of waiting that an import takes."""
    for name in ("checks.json", "contrasts.json"):
        (results / name).write_text("[]")
    (results / "report.md").write_text("# made up")
    folders = sorted((results / "runs").glob("*/*"))
    began, used = time.perf_counter(), time.process_time()
    verdicts = results / "checks.json", results / "contrasts.json"
    sources = study_import.Sources(folders, *verdicts, [results / "report.md"], results / "tables")
    study_import.track(study, sources, results / "tracked.json")
    return time.process_time() - used, time.perf_counter() - began


def bare(folder: Path, runs: int = 50) -> float:
    """Milliseconds of CPU that MLflow itself takes for a run: made, filled in one call, ended."""
    client = MlflowClient(f"sqlite:///{folder}/bare.db")
    experiment = client.create_experiment("bare")
    values = [Metric(f"{name}", 0.5, 1000 * n, n) for n in range(EPOCHS) for name in (*PARTS, "objective", "rate")]
    settings, tags = [Param(f"setting_{n}", "0") for n in range(8)], [RunTag("digest", "0")]
    began = time.process_time()
    for _ in range(runs):
        run = client.create_run(experiment, tags={f"tag_{n}": "0" for n in range(15)}).info.run_id
        client.log_batch(run, values, settings, tags)
        client.set_terminated(run)
    return 1000 * (time.process_time() - began) / runs


def main(counts: list[int]) -> None:
    """Print a row per number of runs: milliseconds per run of the first import, and of one that finds nothing new."""
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    print(f"{EPOCHS} epochs a run; ms per run: CPU (elapsed)\n\n  runs   first import      repeated")
    with tempfile.TemporaryDirectory() as folder:
        alone = bare(Path(folder))
    for runs in [1, *counts]:  # the first takes the libraries in
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder)
            study = made_up(results, runs)
            rows = [imported(study, results) for _ in range(2)]
            shown = "".join(f"{1000 * cpu / runs:8.1f} ({1000 * wall / runs:.1f})" for cpu, wall in rows)
            done = json.loads((results / "tracked.json").read_text())["runs"]
            assert set(done.values()) == {"same"} and len(done) == runs
        if runs > 1:
            print(f"{runs:6d} {shown}", flush=True)
    print(f"\nMLflow alone, a run of {EPOCHS} x 6 values in one call: {alone:.1f}")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10, 100, 2000])
