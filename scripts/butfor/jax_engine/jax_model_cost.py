"""What a model on JAX costs in use: its operations, and how long a prediction takes."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from butfor.data.dataset import Array
from butfor.jax_engine.jax_device import compiled
from butfor.jax_engine.training_program import Program, State, as_inputs
from butfor.training.latency import latency


def cost(program: Program, state: State, inputs: Array, sizes: list[int]) -> dict[str, Any]:
    """`operations` of a prediction for one example, as XLA counts them, and by batch size the median and the 95th percentile of
    its milliseconds, from inputs in memory to predictions in memory."""
    trained, others = jax.device_put((program.predicting(state), state.others))
    run = compiled(lambda w, o, x: program.model.stateless_call(w, o, as_inputs(x), training=False)[0])
    counted = run.lower(trained, others, inputs[:1]).cost_analysis() or {}

    def predict(batch: Any) -> None:
        np.asarray(run(trained, others, batch))

    measured = {}
    for size in sizes:
        measured[str(size)] = latency(partial(predict, jax.device_put(inputs[np.arange(size) % len(inputs)])))
    return {"operations": int(counted["flops"]) if "flops" in counted else None, "latency": measured}
