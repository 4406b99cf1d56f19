"""Seconds per run and epoch of the example study's network: Keras on TensorFlow, and on JAX one run alone and several at once.

`.venv/bin/python benchmarks/jax_cohorts.py [repeats] [steps]`, with JAX in .venv. Each engine has a process of its own, because
Keras takes its backend once; the variants take turns, each for some steps, so that a busy machine slows all of them. Of an
epoch's 421 steps, in wall time and in the time of the cores.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
THREADS, EPOCH, BATCH, EXAMPLES = 1, 421, 128, 6000
TENSORFLOW, JAX = "butfor.engine.keras_engine:KerasEngine", "butfor.jax_engine.jax_engine:JaxEngine"
COHORTS = ((1, False), (8, False), (32, False), (8, True))  # runs, and whether in turn


def example():
    """The example study's recipe, and images of the size of its own."""
    import yaml

    from butfor.data.dataset import Dataset
    from conftest import ROOT, resolved

    recipe = resolved(**yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["recipe"])
    draws = np.random.default_rng(0)
    x, y = draws.integers(0, 256, (EXAMPLES, 28, 28)).astype(np.uint8), draws.integers(0, 10, EXAMPLES).astype(np.int32)
    return recipe, Dataset("made-up", "f", 10, x, y, x[:100], y[:100], pixels=True).scaled(recipe)


def order_of(steps, seed):
    return np.random.default_rng(seed).integers(0, EXAMPLES, (steps, BATCH)).astype(np.int32)


def variants(engine, steps):
    """By name, what trains so many steps, and of how many runs."""
    from butfor.training.engine_choice import engine_named

    kind = engine_named(engine)
    kind.device(THREADS)
    recipe, data = example()
    rates = np.full(10_000_000, recipe["learning_rate"], np.float32)
    alone = kind(recipe, data, rates)
    alone.start(0)
    yield ("tensorflow" if engine == TENSORFLOW else "jax alone"), 1, lambda: alone.train_epoch(order_of(steps, 0))
    if engine == TENSORFLOW:
        return
    import jax

    from butfor.recipe.given_numbers import numbers_of

    program, part = alone.program, alone._parts["train"]
    for runs, in_turn in COHORTS:
        states = [program.first_state(recipe, seed) for seed in range(runs)]
        held = [jax.tree.map(lambda *each: jax.numpy.asarray(np.stack(each)), *states)]
        numbers = {name: np.full(runs, value, np.float32) for name, value in numbers_of(recipe).items()}
        orders, used = (
            np.stack([order_of(steps, seed) for seed in range(runs)]),
            np.full((runs, steps), 1e-3, np.float32),
        )

        given = numbers, orders, used, np.int32(steps), part
        epochs = program.epochs_in_turn if in_turn else program.epochs

        def train(held=held, given=given, epochs=epochs):
            held[0], losses = epochs(held[0], *given)
            np.asarray(losses)

        yield f"jax, {runs} {'in turn' if in_turn else 'at once'}", runs, train


def work(engine, steps):
    """Time a variant whenever its name comes in, once it is compiled."""
    every = {name: (runs, train) for name, runs, train in variants(engine, steps)}
    for _, train in every.values():
        train()
    print(json.dumps({name: runs for name, (runs, _) in every.items()}), flush=True)
    for line in sys.stdin:
        runs, train = every[line.strip()]
        began = time.perf_counter(), time.process_time()
        train()
        taken = time.perf_counter() - began[0], time.process_time() - began[1]
        print(json.dumps([seconds * EPOCH / (steps * runs) for seconds in taken]), flush=True)


def main(repeats=5, steps=60):
    path = os.pathsep.join([str(HERE.parent / folder) for folder in ("tests", "scripts")])
    workers = {}
    for engine in (TENSORFLOW, JAX):
        process = subprocess.Popen(
            [sys.executable, __file__, "work", engine, str(steps)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        workers |= dict.fromkeys(json.loads(process.stdout.readline()), process)
    taken = {name: [] for name in workers}
    for _ in range(repeats):
        for name, process in workers.items():
            process.stdin.write(f"{name}\n")
            process.stdin.flush()
            taken[name].append(json.loads(process.stdout.readline()))
    first = np.array(taken["tensorflow"])
    print(f"seconds per run and epoch of {EPOCH} steps, {THREADS} thread, median of {repeats} (smallest to largest)")
    for name, seconds in taken.items():
        wall, cores = np.array(seconds).T
        ratios = np.median(first / np.array(seconds), axis=0)
        print(
            f"{name:18} wall {np.median(wall):6.2f} ({wall.min():.2f} to {wall.max():.2f}), cores {np.median(cores):6.2f}"
            f" ({cores.min():.2f} to {cores.max():.2f}); TensorFlow's is {ratios[0]:.2f} and {ratios[1]:.2f} times that"
        )
    for process in set(workers.values()):
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work(sys.argv[2], int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:]))
