"""What a run and epoch costs on a GPU as more runs are trained at once by Keras on JAX: prints a table, writes JSON lines.

    python3 benchmarks/gpu_runs.py [OUT] [--small]     OUT: a folder for gpu_runs.jsonl (default: $OUT, or here)
                                                       --small: little of each, to try it on a CPU

Of the example study's network 1, 8, 32, 128 and 630 runs (these in 128 lanes), of a CNN 1, 5 and 20. Of each the seconds of
compiling, the milliseconds of a run and epoch in the program of an epoch alone, and with all that comes with it: orders drawn,
evaluation, the end. The images are made up, in Fashion-MNIST's shape and number. Less than 5 minutes, and no network.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

SMALL = "--small" in sys.argv
EXAMPLES = (1_500, 500) if SMALL else (60_000, 10_000)
EPOCHS = 3 if SMALL else 7
MLP = {"model": {"name": "mlp", "widths": [16] if SMALL else [256, 128]}, "dropout": 0.2, "l2": 1e-5}
CNN = {"model": {"name": "cnn", "filters": [2, 4] if SMALL else [32, 64]}}
RUNS = {"mlp": (1, 3) if SMALL else (1, 8, 32, 128, 630), "cnn": (1, 2) if SMALL else (1, 5, 20)}
FLOORS = {  # ms of a run and epoch, measured on one H100 on 2026-11-26: programs of JAX by hand, and of 8 to 128 runs by Keras
    ("mlp", 1): 24.6, ("mlp", 8): 5.0, ("mlp", 32): 3.2, ("mlp", 128): 2.5, ("mlp", 630): 1.9,
    ("cnn", 1): 75.0, ("cnn", 5): 58.0, ("cnn", 20): 53.0,
}  # fmt: skip


def made_up() -> Any:
    """Images of ten classes."""
    import numpy as np

    from butfor.data.dataset import Dataset

    draws = np.random.default_rng(0)
    centres = draws.normal(size=(10, 28, 28))
    labels = [draws.integers(0, 10, count).astype(np.int32) for count in EXAMPLES]
    images = [(128 + 20 * centres[y] + 60 * draws.normal(size=(len(y), 28, 28))).clip(0, 255) for y in labels]
    (x, y), (x_test, y_test) = ((x.astype(np.uint8), y) for x, y in zip(images, labels, strict=True))
    return Dataset("made-up", "f", 10, x, y, x_test, y_test, pixels=True)


def timed(epochs: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The program of an epoch, whose seconds are noted once the device has done it."""
    import jax

    def trained(*given: Any) -> Any:
        began = time.perf_counter()
        result = jax.block_until_ready(epochs(*given))
        seconds.append(time.perf_counter() - began)
        return result

    return trained


def measured(dataset: Any, name: str, runs: int) -> dict[str, Any]:
    """What so many runs of a network cost, trained twice: with the program of an epoch timed, and as a study does it."""
    from butfor.jax_engine.cohort_training import CohortTraining
    from butfor.recipe.cohorts import cohorts
    from conftest import resolved

    recipe = resolved(**{"mlp": MLP, "cnn": CNN}[name], batch_size=128, epochs=EPOCHS)
    asked = [(recipe, seed) for seed in range(runs)]
    (cohort,) = cohorts(asked)
    training = CohortTraining(cohort, asked, dataset.scaled(recipe), 0.1)
    program, seconds = training._epochs, list[float]()
    training._epochs = timed(program, seconds)
    training.train()
    trained = training.epochs_trained
    lanes = training.lanes
    training._epochs = program
    began = time.perf_counter()
    accuracies = [run.metrics["test/accuracy"] for run in training.train()]
    whole = time.perf_counter() - began
    assert training.epochs_trained == 2 * trained
    return {
        "model": name,
        "runs": runs,
        "how": training.how,
        "compile": seconds[0] - min(seconds),
        "epoch": 1e3 * statistics.median(seconds[1:]) / lanes,
        "whole": 1e3 * whole / (runs * EPOCHS),
        "seconds": whole,
        "accuracy": statistics.mean(accuracies),
    }


def main() -> None:
    from butfor.jax_engine.jax_engine import JaxEngine

    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    out = Path(words[0] if words else os.environ.get("OUT", "."))
    device, dataset = JaxEngine.device(1), made_up()
    print(f"{device}; {EPOCHS} epochs of {EXAMPLES[0] * 9 // 10} images, batches of 128\n")
    print("| network | runs | how | compiling, s | ms of a run and epoch, program | all | floor (H100) | all, s |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    with (out / "gpu_runs.jsonl").open("w") as lines:
        for name, counts in RUNS.items():
            for runs in counts:
                costs = measured(dataset, name, runs)
                lines.write(json.dumps({"device": device, **costs}) + "\n")
                lines.flush()
                figures = " | ".join(f"{costs[key]:.1f}" for key in ("compile", "epoch", "whole"))
                floor = FLOORS.get((name, runs), "")
                print(
                    f"| {name} | {runs} | {costs['how']} | {figures} | {floor} | {costs['seconds']:.1f} |", flush=True
                )


if __name__ == "__main__":
    main()
