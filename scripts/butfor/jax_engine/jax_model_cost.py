"""What a model on JAX costs in use: its operations, and how long a prediction takes."""

from __future__ import annotations

import time
from typing import Any

import jax
import numpy as np

from butfor.data.dataset import Array
from butfor.jax_engine.jax_device import compiled
from butfor.jax_engine.training_program import Program, State, as_inputs

WARM_UP, REPEATS, SECONDS = 5, 200, 2.0  # as of the other engine


def cost(program: Program, state: State, inputs: Array, sizes: list[int]) -> dict[str, Any]:
    """`operations` of a prediction for one example, as XLA counts them, and by batch size the median and the 95th percentile of
    its milliseconds, from inputs in memory to predictions in memory."""
    trained, others = jax.device_put((program.predicting(state), state.others))
    run = compiled(lambda w, o, x: program.model.stateless_call(w, o, as_inputs(x), training=False)[0])
    counted = run.lower(trained, others, inputs[:1]).cost_analysis() or {}

    def milliseconds(batch: Any) -> float:
        began = time.perf_counter()
        np.asarray(run(trained, others, batch))
        return 1000 * (time.perf_counter() - began)

    measured = {}
    for size in sizes:
        batch = jax.device_put(inputs[np.arange(size) % len(inputs)])
        for _ in range(WARM_UP):
            milliseconds(batch)
        times, ended = [milliseconds(batch)], time.perf_counter() + SECONDS
        while len(times) < REPEATS and time.perf_counter() < ended:
            times.append(milliseconds(batch))
        measured[str(size)] = [float(np.median(times)), float(np.quantile(times, 0.95))]
    return {"operations": int(counted["flops"]) if "flops" in counted else None, "latency": measured}
