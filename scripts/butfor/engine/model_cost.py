"""What a model costs in use: its operations, and how long a prediction takes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from butfor.data.several_inputs import Inputs, mapped
from butfor.engine.loops import as_inputs
from butfor.training.latency import latency


def operations(model: keras.Model, shape: Any) -> int | None:
    """Floating-point operations of a prediction for one example of that shape, or of several inputs by name, by TensorFlow's
    profiler, a multiplication and an addition as two; None where it cannot tell, as of loops over steps."""
    taken = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        mapped(lambda each: tf.TensorSpec((1, *each), tf.float32), shape)
    )
    graph = convert_variables_to_constants_v2(taken).graph
    if any(node.op in ("While", "StatelessWhile", "PartitionedCall") for node in graph.as_graph_def().node):
        return None
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    counted = tf.compat.v1.profiler.profile(graph, options=options)
    return int(counted.total_float_ops) if counted else None


def latencies(model: keras.Model, inputs: Inputs, sizes: Iterable[int]) -> dict[str, list[float]]:
    """Milliseconds that a compiled prediction takes, by batch size: the median and the 95th percentile of up to 200 after 5 that
    warm up. From inputs in memory to predictions in memory."""
    run = tf.function(lambda x: model(as_inputs(x), training=False), reduce_retracing=True)

    def predict(batch: Any) -> None:
        for output in tf.nest.flatten(run(batch)):
            output.numpy()

    measured = {}
    for size in sizes:
        batch = mapped(lambda x, places: tf.constant(x[places % len(x)]), inputs, np.arange(size))
        measured[str(size)] = latency(partial(predict, batch))
    return measured
