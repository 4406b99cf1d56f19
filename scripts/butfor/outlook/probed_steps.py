"""The process of a probe: trains a few steps of one recipe, writes what a whole run of it would take, and builds what others have
of the user's own."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import Dataset, load
from butfor.data.fetch import FetchError
from butfor.data.prepare import prepare
from butfor.errors import StudyError
from butfor.metrics.metric_trial import try_own
from butfor.outlook.step_probe import BUILDS, PROBE, REFUSAL
from butfor.outlook.trial_builds import build_in_turn
from butfor.process.start_settings import announced
from butfor.records.files import write_atomically
from butfor.records.record import Record
from butfor.training.arm_runs import ArmRuns
from butfor.training.engine_choice import engine_named
from butfor.training.scorer_choice import Scorer, scorer_of
from butfor.user_code.location import is_own
from butfor.workflow.planning import find_modules_beside

STEPS = 5, 200  # that are tried, as far as time is left; the last tells
WAITING = 0.5  # seconds of a start in which a process waits for files
SEEDS = 0, 1  # of which the second has nothing to compile
EPOCHS = 2
PLAIN = {"schedule": {"name": "none"}, "warmup": 0, "early_stopping": {"name": "none"}, "accumulation": 1}


class SharedTime:
    """What share of the time that passes this process has the processor, so that it is known what it would take alone; all of it
    where a GPU trains. Since it was made."""

    def __init__(self, on_cpu: bool) -> None:
        self._on_cpu, self._began, self._used = on_cpu, time.perf_counter(), time.process_time()

    def share(self) -> float:
        """The share, at most 1."""
        passed, used = time.perf_counter() - self._began, time.process_time() - self._used
        return min(1.0, used / passed) if self._on_cpu and passed else 1.0


def main(folder: Path) -> None:
    """Probe what the file task.json in the folder asks for, and leave beside it what each number of steps tells, and then what
    the builds do."""
    task = json.loads((folder / "task.json").read_text())
    find_modules_beside(task["beside"])
    training, parts = task["training"], task["paths"]
    kind = engine_named(training["engine"])
    imported = _since(task["began"])
    device = kind.device(task["threads"])
    kind.set_arithmetic(training["recipe"])
    start = _since(task["began"])
    if not parts:
        parts = [str(folder / name) for name in ("arrays.npz", "manifest.json", "source.json")]
        prepare(task["data"], parts[0], parts[1], parts[2], store=folder / "files")
    try_own(announced().metrics, parts[0], parts[1], training["validation"], training["seeds"][0])
    began, loading = time.perf_counter(), SharedTime(on_cpu=True)
    stored = load(parts[0], parts[1], announced().streams(task["data_set"])).of_seed(training["seeds"][0])
    loaded = (time.perf_counter() - began) * loading.share()
    if task["steps"]:
        beginning = {"start": start, "imported": imported}
        scorer = scorer_of(training, parts[0], parts[1])
        _try_steps(task, kind, stored, device, loaded, beginning, folder / PROBE, scorer)
    tried = [training["recipe"]] if task["steps"] else []
    build_in_turn(kind, task["builds"], tried, stored, folder / BUILDS)


def _try_steps(
    task: dict[str, Any],
    kind: Any,
    dataset: Dataset,
    device: str,
    loaded: float,
    beginning: dict[str, float],
    path: Path,
    scorer: Scorer | None,
) -> None:
    """Try more and more steps of the training, as far as time is left. loaded: the seconds that its data took. beginning: those
    of this process, which the file tells too. scorer: see _run."""
    training = task["training"]
    if is_own(training["recipe"]["model"]["name"]):  # as a start builds it before it trains
        kind.build_user_model(training["recipe"], dataset.scaled(training["recipe"]), training["arm"])
    for steps in STEPS:
        before = time.perf_counter()
        run = _run(kind, training, dataset, device, steps, scorer)
        run["seconds"]["data"] += loaded
        write_atomically(path, json.dumps({"run": run, **beginning}))
        each_step = run["seconds"]["train"] / (run["epochs"] * run["steps_per_epoch"])
        if time.perf_counter() - before + each_step * STEPS[-1] * EPOCHS * (len(SEEDS) + 1) > task["longest"]:
            break


def _since(began: float) -> float:
    """The seconds that this process would have taken alone since it was begun."""
    return min(time.time() - began, time.process_time() + WAITING)


def _run(
    kind: Any, training: dict[str, Any], dataset: Dataset, device: str, steps: int, scorer: Scorer | None = None
) -> dict[str, Any]:
    """A run of the whole recipe, as two seeds of a few steps foretell it. scorer: what computes after each epoch what the recipe
    watches."""
    recipe, whole = training["recipe"], _examples(training, dataset)
    size, on_cpu = min(whole, steps * recipe["batch_size"]), device.startswith("CPU")
    few = {**training, "recipe": {**recipe, **PLAIN, "epochs": EPOCHS, "train_size": size}}
    compiling = SharedTime(on_cpu)
    runs = ArmRuns(kind, few, dataset, device, scorer)
    first = runs.train(SEEDS[0])
    once, training_alone = compiling.share(), SharedTime(on_cpu)
    then = runs.train(SEEDS[1])
    alone = training_alone.share()
    seconds = {phase: alone * taken for phase, taken in then.timing["seconds"].items()}
    steps_of, step = whole // recipe["batch_size"], _step(runs, size // recipe["batch_size"], size, on_cpu)
    after_each_epoch = max(0.0, seconds["train"] / EPOCHS - step * then.steps_per_epoch)
    others = then.data.get("validation", 0) + then.data.get("test", 0)
    return {
        "arm": training["arm"],
        "recipe": recipe,
        "data": then.data,
        "seconds": {
            "data": 0.0,
            "compile": max(0.0, once * _but_training(first) - alone * _but_training(then)),
            "diagnose": seconds.get("diagnose", 0.0),
            "train": recipe["epochs"] * (steps_of * step + after_each_epoch),
            "evaluate": seconds.get("evaluate", 0.0) * (whole + others) / (size + others),
        },
        "epochs": recipe["epochs"],
        "steps_per_epoch": steps_of,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "device": device,
        "engine": training["engine"],
    }


def _but_training(record: Record) -> float:
    """The seconds of a run without those of its training: of a first one, with all that is compiled."""
    return float(sum(taken for phase, taken in record.timing["seconds"].items() if phase not in ("train", "data")))


def _examples(training: dict[str, Any], dataset: Dataset) -> int:
    """How many examples a run of the whole recipe trains on."""
    share, official = training["validation"], dataset.official
    left = len(dataset.y_train) - (official if isinstance(share, str) else round(len(dataset.y_train) * share))
    return min(left, training["recipe"]["train_size"] or left)


def _step(runs: ArmRuns, steps: int, size: int, on_cpu: bool) -> float:
    """The seconds of a compiled step: of epochs of so many, the shortest."""
    order = np.arange(size - size % steps, dtype=np.int32).reshape(steps, -1)
    runs.engine.start(SEEDS[0])
    times = []
    for _ in range(EPOCHS):
        began, shared = time.perf_counter(), SharedTime(on_cpu)
        runs.engine.train_epoch(order)
        times.append((time.perf_counter() - began) * shared.share())
    return min(times) / steps


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except FetchError as error:  # which may be gone when the study starts
        sys.exit(f"a start would refuse it: {' '.join(str(error).split())}")
    except StudyError as error:
        write_atomically(Path(sys.argv[1]) / REFUSAL, str(error))
