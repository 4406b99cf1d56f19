"""What a run begins with: the weights that its recipe and seed draw, and the streams of its layers.

Draws are those of the other engine on a CPU, to the bit (orthogonal kernels: to rounding).
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from butfor.engine.keras_internals import every_layer
from butfor.jax_engine.chance_layers import ChanceLayer
from butfor.jax_engine.counter_draws import Stream
from butfor.jax_engine.kept_kernels import KeptKernels
from butfor.recipe import streams
from butfor.recipe.initialisers import CUT_SPREAD, INITIALISERS

Recipe = dict[str, Any]
Floats = npt.NDArray[np.float32]
_kernels = KeptKernels(2**27)  # those of 140 seeds of a network of 235 000 weights
VARIANCE_SCALING = {  # scale, mode, distribution
    "lecun_uniform": (1.0, "fan_in", "uniform"),
    "lecun_normal": (1.0, "fan_in", "truncated_normal"),
    "glorot_uniform": (1.0, "fan_avg", "uniform"),
    "glorot_normal": (1.0, "fan_avg", "truncated_normal"),
    "he_uniform": (2.0, "fan_in", "uniform"),
    "he_normal": (2.0, "fan_in", "truncated_normal"),
}


def initial_values(model: keras.Model, recipe: Recipe, seed: int) -> tuple[list[Any], list[Any]]:
    """Of a seed, the values of a model's trainable variables and of its others, averages and streams among them."""
    drawn: dict[int, Any] = {}
    for layer in every_layer(model):
        if isinstance(layer, ChanceLayer):
            key = streams.key(seed, layer.stream, layer.name)
            drawn[id(layer.seed_generator.state)] = np.array([key, 0], np.uint32)
        if not hasattr(layer, "kernel"):
            continue
        settings = recipe["layer_initialisers"].get(layer.name, recipe["initialiser"])
        drawn[id(layer.kernel)] = _kernels.drawn(
            initial, settings, streams.key(seed, "weights", layer.name), layer.kernel.shape
        )
        if layer.bias is not None:
            key = streams.key(seed, "biases", layer.name)
            drawn[id(layer.bias)] = initial(recipe["bias_initialiser"], key, layer.bias.shape)

    def values(variables: list[Any]) -> list[Any]:
        return [drawn[id(v)] if id(v) in drawn else np.asarray(v.value) for v in variables]

    return values(model.trainable_variables), values(model.non_trainable_variables)


def initial(settings: dict[str, Any], key: int, shape: tuple[int, ...]) -> Floats:
    """A tensor that starts as `settings` say, drawn from the stream of a key."""
    name, stream = settings["name"], Stream(key)
    if not INITIALISERS[name].draws:
        constant = {"zeros": 0.0, "ones": 1.0}.get(name, settings.get("value", 0.0))
        return np.full(shape, constant, np.float32)
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
