"""What a run begins with: the weights that its recipe and seed draw, and the streams of its layers.

Draws are those of the other engine on a CPU, to the bit (orthogonal kernels: to rounding).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from butfor.data.dataset import Array
from butfor.engine.keras_internals import every_layer
from butfor.jax_engine.chance_layers import ChanceLayer
from butfor.jax_engine.counter_draws import Stream
from butfor.process.memory_limit import memory_limit
from butfor.recipe import streams
from butfor.recipe.initialisers import CUT_SPREAD, INITIALISERS
from butfor.training.kept_kernels import KeptKernels, most_kept

Recipe = dict[str, Any]
Floats = npt.NDArray[np.float32]
Draw = Callable[[Recipe, int], Array]  # by recipe and seed
_kernels = KeptKernels(most_kept(memory_limit()))
VARIANCE_SCALING = {  # scale, mode, distribution
    "lecun_uniform": (1.0, "fan_in", "uniform"),
    "lecun_normal": (1.0, "fan_in", "truncated_normal"),
    "glorot_uniform": (1.0, "fan_avg", "uniform"),
    "glorot_normal": (1.0, "fan_avg", "truncated_normal"),
    "he_uniform": (2.0, "fan_in", "uniform"),
    "he_normal": (2.0, "fan_in", "truncated_normal"),
}


class InitialValues:
    """What the runs of a model begin with: how each of its variables gets a value from a recipe and a seed, told once."""

    def __init__(self, model: keras.Model) -> None:
        drawn: dict[int, Draw] = {}
        for layer in every_layer(model):
            if isinstance(layer, ChanceLayer):
                drawn[id(layer.seed_generator.state)] = partial(_counter, layer.stream, layer.name)
            if not hasattr(layer, "kernel"):
                continue
            drawn[id(layer.kernel)] = partial(_kernel, layer.name, tuple(layer.kernel.shape))
            if layer.bias is not None:
                drawn[id(layer.bias)] = partial(_bias, layer.name, tuple(layer.bias.shape))

        def draws(variables: list[Any]) -> list[Draw]:
            return [drawn.get(id(v)) or partial(_given, np.asarray(v.value)) for v in variables]

        self._trained, self._others = draws(model.trainable_variables), draws(model.non_trainable_variables)

    def of(self, recipe: Recipe, seed: int) -> tuple[list[Any], list[Any]]:
        """The values of a seed: of the trainable variables, and of the others, averages and streams among them."""
        return [draw(recipe, seed) for draw in self._trained], [draw(recipe, seed) for draw in self._others]


def _counter(stream: str, layer: str, recipe: Recipe, seed: int) -> Array:
    return np.array([streams.key(seed, stream, layer), 0], np.uint32)


def _kernel(layer: str, shape: tuple[int, ...], recipe: Recipe, seed: int) -> Array:
    settings = recipe["layer_initialisers"].get(layer, recipe["initialiser"])
    return _kernels.drawn(initial, settings, streams.key(seed, "weights", layer), shape)


def _bias(layer: str, shape: tuple[int, ...], recipe: Recipe, seed: int) -> Array:
    return initial(recipe["bias_initialiser"], streams.key(seed, "biases", layer), shape)


def _given(value: Array, recipe: Recipe, seed: int) -> Array:
    return value


def initial(settings: dict[str, Any], key: int, shape: tuple[int, ...]) -> Floats:
    """A tensor that starts as `settings` say, drawn from the stream of a key."""
    name = settings["name"]
    if not INITIALISERS[name].draws:
        constant = {"zeros": 0.0, "ones": 1.0}.get(name, settings.get("value", 0.0))
        return np.full(shape, constant, np.float32)
    stream = Stream(key)
    if name == "normal":
        return stream.normal(shape) * np.float32(settings["stddev"])
    if name == "truncated_normal":
        return stream.truncated(shape) * np.float32(settings["stddev"])
    if name == "uniform":
        return _uniform(stream, settings["limit"], shape)
    if name == "orthogonal":
        return _orthogonal(stream, settings["gain"], shape)
    scale, mode, distribution = VARIANCE_SCALING.get(name) or (settings[k] for k in ("scale", "mode", "distribution"))
    return _scaled(stream, scale, mode, distribution, shape)


def _uniform(stream: Stream, limit: float, shape: tuple[int, ...]) -> Floats:
    low, high = np.float32(-limit), np.float32(limit)
    return stream.uniform(shape) * (high - low) + low


def _scaled(stream: Stream, scale: Any, mode: str, distribution: str, shape: tuple[int, ...]) -> Floats:
    receptive, ends = math.prod(shape[:-2]), (shape[-2:] if len(shape) > 1 else (shape[0], shape[0]))
    inputs, outputs = int(receptive * ends[0]), int(receptive * ends[1])
    n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[mode]
    scale /= max(1.0, n)
    if distribution == "uniform":
        return _uniform(stream, math.sqrt(3.0 * scale), shape)
    if distribution == "untruncated_normal":
        return stream.normal(shape) * np.float32(math.sqrt(scale))
    return stream.truncated(shape) * np.float32(math.sqrt(scale) / CUT_SPREAD)


def _orthogonal(stream: Stream, gain: float, shape: tuple[int, ...]) -> Floats:
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(stream.normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return np.asarray(np.float32(gain) * (q.T if rows < columns else q).reshape(shape), np.float32)
