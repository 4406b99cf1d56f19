"""What a study costs beside its compiled training, part by part: the example study, from nothing to its report.

    overhead.py [--seeds 5] [--ablations 20] [--epochs 7] [--cores 2]

Jobs run beside one another, so seconds are those of all cores, busy or not: how long the start took times its cores. Of a
training job its records say how long each phase was; processor seconds are divided alike. What part of the phase `train` is
compiled training is measured in a run of the baseline of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from measured_process import cost
from measured_table import ROOT, Table, machine, write
from sampled_processes import FOLLOWER, FORKS, OTHER, SNAKEMAKE, Lived

TRAINING = "train"  # the rule, and the phase
COMPILED = "compiled training"
JOB_START = "start of training jobs; records"
PHASES = {  # of a training job
    "evaluate": "evaluation at the end",
    "compile": "compilation",
    "data": "data, in training jobs",
    "diagnose": "diagnostics",
}
PARTS = {  # other processes
    SNAKEMAKE: "Snakemake: parse, plan, start jobs",
    "data": "data, found and stored",
    "check": "checks",
    "compare": "verdicts",
    "assess": "claims",
    "decide": "decisions at looks",
    "cost": "costs",
    "figures": "figures",
    "report": "report",
    "comment": "comment",
    "track": "MLflow, at the end",
    FOLLOWER: "MLflow, while it trains",
    FORKS: "imports, for all jobs",
    OTHER: "view, git and others",
}
Costs = dict[str, tuple[float, float]]  # by part: seconds of a core, and processor seconds
TARGET = 10.0  # percent, at most, beside compiled training


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[5], help="several: looks, as in the study file")
    parser.add_argument("--ablations", type=int, default=20, help="of the study's, the first")
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)  # measure within `train`, by this study's data
    return parser.parse_args(words)


def within_training(results: Path) -> dict[str, float]:
    """Of the phase `train` of a run of the baseline, the shares of compiled training, of evaluation after epochs, of the rest; by
    processor seconds of one thread."""
    from butfor.data.dataset import load
    from butfor.engine.device import use_device
    from butfor.engine.keras_engine import KerasEngine
    from butfor.training.arm_runs import ArmRuns
    from butfor.training.run import Run

    use_device(1)
    spent: dict[str, float] = {}
    for kind, name in ((KerasEngine, "train_epoch"), (KerasEngine, "evaluate"), (Run, TRAINING)):
        setattr(kind, name, timed(getattr(kind, name), name, spent))
    record = json.loads(next(results.glob("runs/baseline/look1/seed_*.json")).read_text())
    dataset = load(results / "data" / "arrays.npz", results / "data" / "manifest.json")
    runs = ArmRuns(KerasEngine, {"arm": "baseline", "recipe": record["recipe"], "validation": 0.1}, dataset, "")
    runs.train(0)
    spent.clear()
    runs.train(1)
    whole, after = spent[TRAINING], spent[f"evaluate within {TRAINING}"]
    shares = {COMPILED: spent["train_epoch"] / whole, "evaluation after epochs": after / whole}
    return {**shares, "other of an epoch": max(0.0, 1 - sum(shares.values()))}


def timed(inner: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    """A function with a clock, which adds to what was spent on its name."""

    @wraps(inner)
    def outer(*given: Any) -> Any:
        began = time.process_time()
        result = inner(*given)
        spent[name] = spent.get(name, 0.0) + time.process_time() - began
        if name == TRAINING:  # what is evaluated after it is a phase of its own
            spent[f"evaluate within {name}"] = spent["evaluate"]
        return result

    return outer


def phases(results: Path) -> dict[str, float]:
    """The seconds that all records' phases took."""
    total: dict[str, float] = {}
    for path in results.glob("runs/*/*/seed_*.json"):
        for phase, seconds in json.loads(path.read_text())["timing"]["seconds"].items():
            total[phase] = total.get(phase, 0.0) + seconds
    return total


def parts(
    lived: Sequence[Lived], by_phase: dict[str, float], shares: dict[str, float], wall: float, cores: int
) -> Costs:
    """Every part's cost, compiled training first. shares: of the phase `train`. wall: seconds that the start took."""
    jobs = [one for one in lived if one.kind == TRAINING]
    seconds, used = sum(one.seconds for one in jobs), sum(one.processor for one in jobs)
    pace = used / seconds if seconds else 0.0
    inside = {part: share * by_phase.get(TRAINING, 0.0) for part, share in shares.items()}
    inside |= {name: by_phase[phase] for phase, name in PHASES.items() if phase in by_phase}
    inside[JOB_START] = max(0.0, seconds - sum(inside.values()))
    costs: Costs = {part: (value, value * pace) for part, value in inside.items()}
    for one in lived:
        if one.kind != TRAINING:
            part = PARTS.get(one.kind, one.kind)
            before = costs.get(part, (0.0, 0.0))
            # Snakemake and the follower wait most of their lives.
            busy = one.processor if one.kind in (SNAKEMAKE, FOLLOWER, FORKS, OTHER) else one.seconds
            costs[part] = (before[0] + busy, before[1] + one.processor)
    costs["nothing at work"] = (max(0.0, wall * cores - sum(value for value, _ in costs.values())), 0.0)
    return costs


def table(costs: Costs, runs: int, wall: float, cores: int) -> Table:
    """The parts, the dearest first."""
    all_seconds, all_used = (sum(values) for values in zip(*costs.values(), strict=True))
    made = Table(
        f"Overhead of the example study, {runs} runs, {wall:.0f} s on {cores} cores",
        ["part", "seconds of a core", "%", "processor seconds", "% of these"],
    )
    first = costs[COMPILED]
    for part, (seconds, used) in sorted(costs.items(), key=lambda item: (item[0] != COMPILED, -item[1][0])):
        shares = f"{100 * seconds / all_seconds:.1f}", f"{100 * used / all_used:.1f}"
        made.rows.append([part, f"{seconds:.1f}", shares[0], f"{used:.1f}", shares[1]])
    beside = 100 * (1 - first[0] / all_seconds), 100 * (1 - first[1] / all_used)
    reached = "met" if beside[0] <= TARGET else "missed"
    made.notes.append(
        f"Not in compiled training: {beside[0]:.1f} % of the cores' seconds (at most {TARGET:g}: {reached}), {beside[1]:.1f} % of"
        " the processor seconds."
    )
    return made


def study(asked: argparse.Namespace) -> dict[str, object]:
    """The example study, or its beginning."""
    example = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    example["recipe"] |= {"epochs": asked.epochs}
    seeds = asked.seeds[0] if len(asked.seeds) == 1 else asked.seeds
    if asked.ablations < 20:
        example.pop("claims")
        example["ablations"] = dict(list(example["ablations"].items())[: asked.ablations])
    return {**example, "results": "results", "seeds": seeds}


def main() -> None:
    asked = arguments()
    if asked.within:
        print(json.dumps(within_training(asked.within)))
        return
    on, folder = machine(), Path(mkdtemp(prefix="bench-"))
    try:
        (folder / "study.yaml").write_text(yaml.safe_dump(study(asked)))
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(ROOT / "Snakefile"),
            "--cores",
            str(asked.cores),
        ]
        command += ["--directory", str(folder), "--configfile", "study.yaml"]
        environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
        used = cost(command, folder, environment)
        if used.failure:
            sys.exit(used.failure)
        measure = [sys.executable, __file__, "--within", str(folder / "results")]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
        done = subprocess.run(measure, stdout=subprocess.PIPE, text=True, check=True, env=quiet)
        shares = json.loads(done.stdout.splitlines()[-1])
        costs = parts(used.lived, phases(folder / "results"), shares, used.wall, asked.cores)
        runs = len(list(folder.glob("results/runs/*/*/seed_*.json")))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    on["load at the end"] = f"{os.getloadavg()[0]:.1f}"
    figures = {"parts": costs, "shares of an epoch": shares, "wall": used.wall, "processor": used.processor}
    print(write("overhead", [table(costs, runs, used.wall, asked.cores)], on, figures))


if __name__ == "__main__":
    main()
