"""The distribution that an initialiser promises, and whether recorded weights keep the promise.

Glorot & Bengio 2010, equation 16; He et al. 2015, equation 10: the standard deviation is sqrt(2/n), not 2/sqrt(n).
"""

from __future__ import annotations

import math
from typing import Any

from scipy import stats

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)  # those of a record's spread
CUT = 2.0  # truncated normals end at two standard deviations before the cut
CUT_SPREAD = float(stats.truncnorm(-CUT, CUT).std())  # 0.87962566, what the cut leaves of the standard deviation
TOLERANCE = 6.0  # standard errors: one false alarm in a hundred million looks

CONSTANTS = {"zeros": 0.0, "ones": 1.0}
SCALED = {"lecun": (1.0, "fan_in"), "glorot": (1.0, "fan_avg"), "he": (2.0, "fan_in")}


def distribution(settings: dict[str, Any], shape: list[int]) -> Any:
    """The promised distribution of the weights of a kernel or bias: a number, or a frozen scipy distribution."""
    name = settings["name"]
    if name in CONSTANTS or name == "constant":
        return CONSTANTS.get(name, settings.get("value"))
    if name == "normal":
        return stats.norm(0, settings["stddev"])
    if name == "truncated_normal":
        return stats.truncnorm(-CUT, CUT, scale=settings["stddev"])
    if name == "uniform":
        return stats.uniform(-settings["limit"], 2 * settings["limit"])
    if name == "orthogonal":
        return stats.norm(0, settings["gain"] / math.sqrt(max(math.prod(shape[:-1]), shape[-1])))
    if name == "variance_scaling":
        return _scaled(settings["scale"], settings["mode"], settings["distribution"], shape)
    family, kind = name.split("_")
    scale, mode = SCALED[family]
    return _scaled(scale, mode, "uniform" if kind == "uniform" else "truncated_normal", shape)


def broken_promise(settings: dict[str, Any], shape: list[int], spread: dict[str, Any]) -> str:
    """What is wrong with the recorded spread of initial weights; empty if they are as promised, within chance."""
    promised = distribution(settings, shape)
    if isinstance(promised, float):
        ends = spread["quantiles"][0], spread["quantiles"][-1]
        off = max(abs(end - promised) for end in ends)
        return f"expected every weight {promised:g}, received {ends[0]:g} to {ends[1]:g}" if off > 1e-6 else ""
    n = math.prod(shape)
    if abs(spread["std"] / promised.std() - 1) > TOLERANCE / math.sqrt(2 * n) + 1e-6:
        return f"expected a standard deviation of {promised.std():.4g}, received {spread['std']:.4g}"
    for share, value in zip(QUANTILES, spread["quantiles"], strict=True):
        if abs(promised.cdf(value) - share) > TOLERANCE * math.sqrt(share * (1 - share) / n) + 2 / n:
            return f"expected {share:.0%} of weights below {promised.ppf(share):.4g}, received {value:.4g}"
    return ""


def _scaled(scale: float, mode: str, kind: str, shape: list[int]) -> Any:
    receptive = math.prod(shape[:-2])
    inputs, outputs = receptive * shape[-2], receptive * shape[-1]
    n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[mode]
    std = math.sqrt(scale / n)
    if kind == "uniform":
        return stats.uniform(-std * math.sqrt(3), 2 * std * math.sqrt(3))
    return stats.norm(0, std) if kind == "untruncated_normal" else stats.truncnorm(-CUT, CUT, scale=std / CUT_SPREAD)
