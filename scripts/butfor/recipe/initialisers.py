"""Initial weights: for each initialiser the law that its draws follow, and what Keras calls it.

Standard library only. Glorot & Bengio 2010, equation 16; He et al. 2015, equation 10: the standard deviation is sqrt(2/n),
not 2/sqrt(n).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Settings = dict[str, Any]
Shape = Sequence[int]  # of a kernel or bias: the receptive field, inputs, units

CUT = 2.0  # truncated normals end at two standard deviations before the cut
CUT_SPREAD = 0.8796256610342398  # what the cut leaves of the standard deviation


@dataclass(frozen=True)
class Law:
    """The distribution of weights around 0. `size` is a constant's value, a normal's standard deviation (`truncated`: before
    the cut at CUT of them), a uniform's largest absolute value."""

    kind: Literal["constant", "normal", "truncated", "uniform"]
    size: float


@dataclass(frozen=True)
class Initialiser:
    """law: of a tensor of a shape, by the settings in config/schema.yaml. keras: the name of Keras's class, which draws so;
    arguments: what it is given of them. draws: whether chance has a part in it."""

    law: Callable[[Settings, Shape], Law]
    keras: str
    arguments: Callable[[Settings], Settings] = lambda settings: {}
    draws: bool = True


def _scaled(scale: float, mode: str, distribution: str, shape: Shape) -> Law:
    """A spread of sqrt(scale/n), with n the inputs, the outputs or their mean, of the receptive field together."""
    receptive = math.prod(shape[:-2])
    inputs, outputs = receptive * shape[-2], receptive * shape[-1]
    n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[mode]
    spread = math.sqrt(scale / n)
    if distribution == "uniform":
        return Law("uniform", spread * math.sqrt(3))
    return Law("normal", spread) if distribution == "untruncated_normal" else Law("truncated", spread / CUT_SPREAD)


def _published(scale: float, mode: str, distribution: str, keras: str) -> Initialiser:
    return Initialiser(lambda s, shape: _scaled(scale, mode, distribution, shape), keras)


# Keras's *_normal ones are cut at two raw standard deviations and rescaled to the published spread; its TruncatedNormal is cut
# and not rescaled.
INITIALISERS: dict[str, Initialiser] = {
    "zeros": Initialiser(lambda s, shape: Law("constant", 0.0), "Zeros", draws=False),
    "ones": Initialiser(lambda s, shape: Law("constant", 1.0), "Ones", draws=False),
    "constant": Initialiser(
        lambda s, shape: Law("constant", s["value"]), "Constant", lambda s: {"value": s["value"]}, draws=False
    ),
    "normal": Initialiser(
        lambda s, shape: Law("normal", s["stddev"]), "RandomNormal", lambda s: {"stddev": s["stddev"]}
    ),
    "truncated_normal": Initialiser(
        lambda s, shape: Law("truncated", s["stddev"]), "TruncatedNormal", lambda s: {"stddev": s["stddev"]}
    ),
    "uniform": Initialiser(
        lambda s, shape: Law("uniform", s["limit"]),
        "RandomUniform",
        lambda s: {"minval": -s["limit"], "maxval": s["limit"]},
    ),
    "lecun_uniform": _published(1.0, "fan_in", "uniform", "LecunUniform"),
    "lecun_normal": _published(1.0, "fan_in", "truncated_normal", "LecunNormal"),
    "glorot_uniform": _published(1.0, "fan_avg", "uniform", "GlorotUniform"),
    "glorot_normal": _published(1.0, "fan_avg", "truncated_normal", "GlorotNormal"),
    "he_uniform": _published(2.0, "fan_in", "uniform", "HeUniform"),
    "he_normal": _published(2.0, "fan_in", "truncated_normal", "HeNormal"),
    "orthogonal": Initialiser(
        lambda s, shape: Law("normal", s["gain"] / math.sqrt(max(math.prod(shape[:-1]), shape[-1]))),
        "Orthogonal",
        lambda s: {"gain": s["gain"]},
    ),
    "variance_scaling": Initialiser(
        lambda s, shape: _scaled(s["scale"], s["mode"], s["distribution"], shape),
        "VarianceScaling",
        lambda s: {key: s[key] for key in ("scale", "mode", "distribution")},
    ),
}


def law(settings: Settings, shape: Shape) -> Law:
    """The law of a tensor that starts as `settings` say."""
    return INITIALISERS[settings["name"]].law(settings, shape)
