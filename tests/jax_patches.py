"""Convolves by patches on JAX beside Keras's layer, and trains two networks side by side by them, and alone without.

In a process of its own. Standard input: `recipes`, each of a cohort by itself, trained of two seeds. Standard output: JSON.
"""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

from butfor.jax_engine.cohort_training import CohortTraining
from butfor.jax_engine.jax_engine import JaxEngine
from butfor.jax_engine.patch_convolution import Conv2D
from butfor.recipe.cohorts import cohorts
from conftest import resolved
from jax_cohort import SHARE, alone, told
from jax_training import made_up

KerasConv2D = Conv2D.__base__  # Keras itself is imported by the engine alone
PLACES = [((9, 7, 3), 3, 1), ((9, 8, 2), 3, 2), ((8, 8, 4), 1, 2), ((7, 9, 1), 5, 3), ((6, 6, 2), 2, 1)]


def of_each(kind, image, side, stride):
    """What three layers side by side, each with images of its own, give and how the sum of their squares changes."""
    layer = kind(4, side, strides=stride, padding="same")
    layer.build((None, *image))
    drawn = np.random.default_rng(0)
    x = jnp.asarray(drawn.normal(size=(3, 2, *image)), jnp.float32)
    weights = [jnp.asarray(drawn.normal(size=(3, *w.shape)), jnp.float32) for w in layer.trainable_variables]

    def outputs(weights, x):
        return layer.stateless_call(weights, [], x)[0]

    def size(weights, x):
        return jnp.sum(jnp.square(outputs(weights, x)))

    found = jax.jit(lambda *given: [jax.vmap(outputs)(*given), *jax.vmap(jax.grad(size))(*given)])(weights, x)
    return [np.asarray(values).tolist() for values in found]


def trained(recipe):
    runs = [(resolved(**recipe), seed) for seed in (0, 1)]
    (cohort,) = cohorts(runs)
    data = made_up().scaled(cohort.recipe)
    training = CohortTraining(cohort, runs, data, SHARE, lanes=2, in_turn=False)
    kinds = {type(layer).__module__ for layer in training.program.model.layers if isinstance(layer, KerasConv2D)}
    together, count = training.train(), len(training.program.model.trainable_variables)
    sides = [told(run.trajectory, run.metrics, run.weights[:count]) for run in together]
    return {"kinds": sorted(kinds), "together": sides, "alone": [alone(run, data) for run in together]}


if __name__ == "__main__":
    JaxEngine.device(1)
    JaxEngine.set_arithmetic({"deterministic": False, "matmul_precision": "float32"})
    layers = [[of_each(kind, *place) for kind in (KerasConv2D, Conv2D)] for place in PLACES]
    print(json.dumps({"layers": layers, "trained": [trained(recipe) for recipe in json.load(sys.stdin)["recipes"]]}))
