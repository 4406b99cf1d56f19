"""Trains runs as a cohort on JAX, some of them alone, and those in turn on a device that seems to have no memory for two.

In a process of its own. Standard input: `recipes`, `seeds`, `lanes`, and the places of those that train `alone` and are
`recorded`, too. Standard output: what each has left, as JSON.
"""

import json
import sys
import time
from dataclasses import replace
from itertools import chain, count
from types import SimpleNamespace

import jax
import numpy as np

from butfor.fingerprint import digest
from butfor.jax_engine.cohort_records import make_records
from butfor.jax_engine.cohort_training import CohortTraining
from butfor.jax_engine.device_answers import DeviceAnswers
from butfor.jax_engine.jax_engine import JaxEngine
from butfor.process import shared_seconds
from butfor.process.clock import Clock
from butfor.process.machine_load import MachineLoad
from butfor.process.pace import Pace
from butfor.recipe.cohorts import cohorts
from butfor.records.record import _plain
from butfor.training.arm_runs import ArmRuns
from butfor.training.evaluation import Evaluation
from butfor.training.run import Run
from butfor.training.trajectory import Trajectory
from conftest import resolved
from jax_training import made_up

KEPT = (
    "status",
    "recipe",
    "structure",
    "optimiser",
    "parameters",
    "data",
    "draws",
    "chance",
    "learning_rate",
    "stopped_epoch",
)
SHARE = 0.1  # of the examples, to validate on
EPOCH = 1.0  # seconds of one of a cohort by a made-up clock, and of each time that runs are measured
COMPILING = 10.0  # of the first epoch, besides


def told(trajectory, metrics, weights):
    figures = ("objective", "train/loss", "validation/loss", "validation/accuracy")
    return {
        "figures": [[row[name] for name in figures] for row in trajectory.history],
        "watched": [row.get("validation/trained_loss") for row in trajectory.history],
        "orders": [row["order"] for row in trajectory.history],
        "rates": [float(rate) for rate in trajectory.rates],
        "counted": trajectory.counted_epoch,
        "reason": trajectory.reason,
        "metrics": metrics,
        "weights": [float(np.abs(w).sum(dtype=np.float64)) for w in weights],
    }


def alone(run, data):
    engine = JaxEngine(run.recipe, data, run.rates)
    engine.start(run.seed)
    evaluation = Evaluation(engine, data, run.train, run.held, run.recipe)
    trajectory = Trajectory(run.recipe, run.seed, run.train, len(run.train) // run.recipe["batch_size"])
    Run(engine, trajectory, evaluation, Clock({}), Pace(), MachineLoad()).train([])
    metrics = {} if trajectory.reason else evaluation.final()
    trained = [*engine.program.predicting(engine._state), *engine._state.others]
    return told(trajectory, metrics, [np.asarray(w) for w in trained[: len(engine.model.trainable_variables)]])


def without_memory_at_first(epochs):
    """Epochs of which the second raises what JAX raises where the device has no more memory."""
    left = [1, 1]

    def called(*given):
        if len(left) == 1:
            left.clear()
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1 bytes.")
        if left:
            left.pop()
        return epochs(*given)

    return called


def recorded(record):
    """What a record holds, apart from times and the machine: what is to be the same, and what is but for rounding."""
    same = {key: getattr(record, key) for key in (*KEPT, "restored_epoch", "loop", "steps_per_epoch", "reason")}
    near = [record.first_loss, record.penalty, record.metrics, record.layers, record.history]
    steps = {name: row["digest"] for name, row in record.trial["variables"].items()}
    return json.loads(json.dumps([same, near, steps], default=lambda x: np.asarray(x).tolist()))


def records_of_both(runs, data, lanes):
    """The records of runs, given by arm, recipe and seed, as a cohort has them, and each by itself."""
    (cohort,) = cohorts([run[1:] for run in runs])
    made, measured, measure = [], [], CohortTraining._measure
    reads, read = [], MachineLoad.read
    MachineLoad.read = lambda load: (reads.append(load), read(load))[1]
    CohortTraining._measure = lambda *given: (measured.append(time.time()), measure(*given))
    late, answer = [], DeviceAnswers.to
    DeviceAnswers.to = lambda answers, question, ask: answer(
        answers, question, lambda: (late.append(str(question)), ask())[1]
    )
    make_records(cohort, runs, data, SHARE, "CPU", lambda record, predict: made.append(record), lanes)
    CohortTraining._measure, MachineLoad.read, DeviceAnswers.to = measure, read, answer
    told_again = len(reads) - sum(len(record.history) for record in made)
    alone = [ArmRuns(JaxEngine, {"arm": a, "recipe": r, "validation": SHARE}, data, "CPU").train(s) for a, r, s in runs]
    assert made[0].machine.pop("batched") and made[0].machine == alone[0].machine | {
        "revision": made[0].machine["revision"]
    }
    timings = [{**record.timing, "measured": at} for record, at in zip(made, measured, strict=True)]
    return [[recorded(record) for record in each] for each in (made, alone)], timings, told_again, late


def side_by_side(whole, runs, data):
    """How many records there are, whether three threads make the same as one, and what a cohort ends with whose records fail.
    Of a cohort, by the program that trains the whole of it."""
    cohort, every = replace(whole, runs=tuple(range(len(runs)))), []
    for threads in (1, 3):
        made = {}

        def keep(record, predict, made=made):
            fields = {key: value for key, value in vars(record).items() if key not in ("machine", "timing")}
            predictions = {name: digest(values) for name, values in predict(["test"]).items()}
            made[record.arm, record.seed] = json.dumps(_plain([fields, predictions]))

        make_records(cohort, runs, data, SHARE, "CPU", keep, lanes=4, threads=threads)
        every.append(made)

    def fail(record, predict):
        raise OSError("no space left")

    try:
        make_records(cohort, runs, data, SHARE, "CPU", fail, lanes=4, threads=3)
    except OSError as failure:
        return [len(every[0]), every[0] == every[1], str(failure)]
    return [len(every[0]), every[0] == every[1], ""]


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    JaxEngine.device(1)
    runs = [(resolved(**recipe), seed) for recipe in asked["recipes"] for seed in asked["seeds"]]
    (cohort,) = cohorts(runs)
    data = made_up().scaled(cohort.recipe)
    began = 0.0, EPOCH, 2 * EPOCH + COMPILING
    ticks = chain(began, count(began[-1] + EPOCH, EPOCH))
    shared_seconds.time = SimpleNamespace(perf_counter=lambda: next(ticks))
    training = CohortTraining(cohort, runs, data, SHARE, asked["lanes"], in_turn=False)
    heard = []
    together = training.train(lambda place, run: heard.append((place, run.seed)))
    few = [runs[place] for place in asked["alone"]]
    in_turn = CohortTraining(replace(cohort, runs=tuple(range(len(few)))), few, data, SHARE, lanes=4)
    in_turn._epochs = without_memory_at_first(in_turn._epochs)
    one_after_another = in_turn.train()
    count = len(training.program.model.trainable_variables)
    records, timings, read_again, late = records_of_both(
        [(str(n), *runs[n]) for n in asked["recorded"]], made_up(), lanes=1
    )
    print(
        json.dumps(
            {
                "seconds": [run.clock.timing()["seconds"] for run in together],
                "timings": timings,
                "read_again": read_again,
                "late": late,
                "how": [
                    training.how,
                    in_turn.how,
                    CohortTraining(replace(cohort, runs=(0,)), runs, data, SHARE, 4).how,
                ],
                "epochs": training.epochs_trained,
                "heard": len(heard),
                "together": [told(run.trajectory, run.metrics, run.weights[:count]) for run in together],
                "in_turn": [told(run.trajectory, run.metrics, run.weights[:count]) for run in one_after_another],
                "alone": [alone(together[place], data) for place in asked["alone"]],
                "records": records,
                "side_by_side": side_by_side(
                    cohort, [(str(n), runs[2 * n][0], seed) for n in range(2) for seed in range(3)], made_up()
                ),
                "tensorflow": "tensorflow" in sys.modules,
            }
        )
    )
