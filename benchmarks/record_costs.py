"""What the record of a cohort's run costs beside the training: seconds of the processor, and how long it holds Python's lock.

    record_costs.py [ROOT …] [--rounds 7] [--threads 1 2] [--seeds 2] [--lock]

ROOT: whose library, several in turn (default: this one). Of the example study every arm and so many seeds are one round, by runs
that are made up, at their full length: nothing is trained, so all that takes time is what a record needs. --lock: sampled by
`py-spy`, which must be on the PATH.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
EXAMPLES = 60_000, 10_000
SHARE = 0.1  # of the examples, to validate on
SAMPLES = 500  # a second


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("roots", nargs="*", type=Path, default=[HERE.parent], help="whose libraries")
    parser.add_argument("--rounds", type=int, default=7, help="of all records, beside the first, which compiles")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="that make records")
    parser.add_argument("--seeds", type=int, default=2, help="of each arm")
    parser.add_argument("--lock", action="store_true", help="sample who holds Python's lock")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)  # in this process, a round a line
    return parser.parse_args(words)


class MadeUpCohort:
    """The example study's runs on made-up images, as if they had been trained, and what makes their records."""

    def __init__(self, root: Path, seeds: int) -> None:
        import yaml

        from butfor.jax_engine.cohort_records import RetoldEngine, ScaledDataset
        from butfor.jax_engine.cohort_training import CohortTraining
        from butfor.jax_engine.jax_engine import JaxEngine
        from butfor.recipe.cohorts import cohorts
        from butfor.study.settings import study_and_plan
        from butfor.training.arm_runs import ArmRuns
        from gpu_runs import made_up

        device = JaxEngine.device(1)
        study = yaml.safe_load((root / "config" / "config.yaml").read_text())
        _, plan = study_and_plan(study, root / "config" / "schema.yaml")
        pairs = [(arm.recipe, seed) for arm in plan.arms.values() for seed in range(seeds)]
        (cohort,) = cohorts(pairs)
        data = ScaledDataset.of(made_up(), cohort.recipe)
        self._training = CohortTraining(cohort, pairs, data, SHARE)
        kind = RetoldEngine.of(self._training)
        self._arms = {
            name: ArmRuns(kind, {"arm": name, "recipe": arm.recipe, "validation": SHARE}, data, device)
            for name, arm in plan.arms.items()
        }
        self._seeds = range(seeds)

    def runs(self) -> list[tuple[Any, Any]]:
        """Every arm with a run of it that is over."""
        return [(arm, self._over(arm.recipe, seed)) for arm in self._arms.values() for seed in self._seeds]

    def _over(self, recipe: dict[str, Any], seed: int) -> Any:
        import numpy as np

        from butfor.fingerprint import digest

        run, draws = self._training._begun(recipe, seed), np.random.default_rng(seed)
        figures = ("train/accuracy", "train/loss", "validation/accuracy", "validation/loss")
        while not run.trajectory.over:
            done, order = len(run.trajectory.rates), run.trajectory.batches()
            rates = run.rates[done : done + len(order)]
            row = {"epoch": len(run.trajectory.history) + 1, "objective": 1 / (2 + done)}
            row |= {name: float(value) / (2 + done) for name, value in zip(figures, draws.random(4), strict=True)}
            run.trajectory.add({**row, "order": digest(order)}, rates)
            run.clock.epoch_ended(self._training._load.read())
        state = self._training.program.first_state(recipe, seed)
        moved = [w + draws.normal(0, 0.01, np.shape(w)).astype(np.float32) for w in state.trained]
        run.weights = [*moved, *map(np.asarray, state.others)]
        run.metrics = dict(zip((*figures, "test/accuracy", "test/loss"), map(float, draws.random(6)), strict=True))
        return run


def work(root: Path, seeds: int) -> None:
    """Make all records by so many threads whenever their number comes in, and tell what that took, and digests of them."""
    from butfor.fingerprint import fingerprint
    from butfor.jax_engine.cohort_records import _make_record
    from butfor.process.record_threads import RecordThreads
    from butfor.records.record import _plain, write

    cohort, folder = MadeUpCohort(root, seeds), Path(tempfile.mkdtemp())
    print("ready", flush=True)
    for line in sys.stdin:
        runs, made = cohort.runs(), list[Any]()

        def keep(record: Any, predict: Any, made: list[Any] = made) -> None:
            write(folder / record.arm / f"seed_{record.seed}.json", record)
            made.append(record)

        began = time.perf_counter(), time.process_time()
        with RecordThreads(int(line), most=len(runs)) as threads:
            for arm, run in runs:
                threads.make(partial(_make_record, arm, run, keep))
        taken = time.perf_counter() - began[0], time.process_time() - began[1]
        numbers = [
            {key: value for key, value in vars(record).items() if key not in ("machine", "timing")}
            for record in sorted(made, key=lambda record: (record.arm, record.seed))
        ]
        costs_of_round = {"records": len(made), "wall": taken[0], "processor": taken[1]}
        print(json.dumps({**costs_of_round, "digest": fingerprint([_plain(each) for each in numbers])}), flush=True)


def started(root: Path, seeds: int) -> subprocess.Popen[str]:
    """A process that works with a library."""
    path = os.pathsep.join([str(root / "scripts"), str(root / "tests"), str(HERE)])
    process = subprocess.Popen(
        [sys.executable, __file__, str(root), "--work", "--seeds", str(seeds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def told_by(process: subprocess.Popen[str], threads: int, lock: bool) -> dict[str, Any]:
    """What a round has taken, and if asked `lock`, the seconds for which somebody held it, and `stacks` of them."""
    assert process.stdin and process.stdout
    with tempfile.TemporaryDirectory() as folder:
        stacks = Path(folder) / "stacks.txt"
        command = ["py-spy", "record", "--gil", "--nonblocking", "-r", str(SAMPLES), "-f", "raw", "-o", str(stacks)]
        spy = subprocess.Popen([*command, "-p", str(process.pid)], stderr=subprocess.PIPE) if lock else None
        if spy:
            time.sleep(1.0)
        process.stdin.write(f"{threads}\n")
        process.stdin.flush()
        costs_of_round: dict[str, Any] = json.loads(process.stdout.readline())
        if spy:
            spy.send_signal(2)
            spy.communicate()
            costs_of_round["stacks"] = list(_making(stacks.read_text()))
            costs_of_round["lock"] = sum(count for _, count in costs_of_round["stacks"]) / SAMPLES
    return costs_of_round


def _making(stacks: str) -> Iterator[tuple[list[str], int]]:
    """Of stacks that were sampled, those in which a record is made, from there on, and how often."""
    for line in stacks.splitlines():
        frames, _, count = line.rpartition(" ")
        names = frames.split(";")
        places = [place for place, name in enumerate(names) if re.match(r"_make_record\b", name)]
        if places:
            yield names[places[0] :], int(count)


def main() -> None:
    asked = arguments()
    if asked.work:
        work(asked.roots[0], asked.seeds)
        return
    processes = {root: started(root.resolve(), asked.seeds) for root in asked.roots}
    for process in processes.values():  # compiles
        told_by(process, 1, lock=False)
    taken: dict[tuple[Path, int], list[dict[str, Any]]] = {}
    for _ in range(asked.rounds):
        for threads in asked.threads:
            for root, process in processes.items():
                taken.setdefault((root, threads), []).append(told_by(process, threads, asked.lock))
    digests = {one["digest"] for every in taken.values() for one in every}
    print(
        f"{next(iter(taken.values()))[0]['records']} records a round, {asked.rounds} rounds, {len(digests)} content(s)\n"
    )
    kinds = ("wall", "processor", *(["lock"] if asked.lock else []))
    print(
        f"| library | threads | {' | '.join(f'{kind}, ms a record' for kind in kinds)} |\n| --- | ---: |"
        + " ---: |" * len(kinds)
    )
    for (root, threads), every in taken.items():
        cells = []
        for kind in kinds:
            each = sorted(1e3 * one[kind] / one["records"] for one in every)
            cells.append(f"{statistics.median(each):.1f} ({each[0]:.1f}–{each[-1]:.1f})")
        print(f"| {root} | {threads} | {' | '.join(cells)} |")
    for process in processes.values():
        assert process.stdin
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    main()
