"""Footprints of what is done to training inputs at random, beside shifts and flips."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from butfor.checks.footprints.reading import CHANCE
from butfor.records.layer_statistics import DRAWN_IMAGES
from butfor.records.record import Record

# The largest of 256 draws that are equally likely up to a limit is less than this share of it once in 10^10 times.
ROUNDING = 1e-3
SIMULATED = 20_000
NEAR = 1e-10 ** (1 / DRAWN_IMAGES)


def drawn(r: Record, layer: str, size: str) -> float:
    """What a layer was seen to do; 0 where it is not there."""
    return float(r.chance.get(layer, {}).get(size, 0.0))


def largest_fault(r: Record, layer: str, size: str) -> str:
    """A limit up to which every value is equally likely, by the largest of those drawn."""
    limit, received = float(r.recipe[layer]), drawn(r, layer, size)
    if NEAR * limit * (1 - ROUNDING) <= received <= limit * (1 + ROUNDING):
        return ""
    return f"expected {size} of up to {limit:g}, received {received:.4g}"


def noise_fault(r: Record) -> str:
    expected, received = float(r.recipe["noise"]), drawn(r, "noise", "spread")
    numbers = DRAWN_IMAGES * math.prod(r.chance.get("noise", {}).get("shape", [1]))
    if abs(received - expected) <= expected * CHANCE / math.sqrt(2 * numbers):
        return ""
    return f"expected noise of the standard deviation {expected:g}, received {received:.4g}"


def cutout_fault(r: Record) -> str:
    """The square reaches over the edge unless it is drawn near enough to the middle, which of 256 images some are."""
    side, received = r.recipe["cutout"], int(drawn(r, "cutout", "pixels"))
    longest = max([*r.chance.get("cutout", {}).get("shape", [])[:2], 0])
    if side - math.ceil((1 - NEAR) * longest) <= received <= side:
        return ""
    return f"expected squares of {side} pixels cut out, received {received}"


def mixing_trace(r: Record, way: str) -> str:
    return f"{drawn(r, way, 'spread'):.4g}" if way in r.chance else "none are"


def mixing_fault(r: Record, way: str) -> str:
    """The spread of the shares of 256 examples against that of many by the same law, and whether targets follow inputs."""
    alpha, seen = r.recipe[way], r.chance.get(way)
    if not alpha or not seen:
        return "" if bool(alpha) == bool(seen) else f"expected {way} {alpha:g}, received {mixing_trace(r, way)}"
    if seen["off"] > ROUNDING:
        return f"expected targets mixed as inputs are, received shares that are {seen['off']:.3g} apart"
    shares = _shares(way, alpha, seen["shape"])
    squares = np.square(shares - shares.mean())
    expected, error = float(squares.mean()), float(squares.std()) / math.sqrt(DRAWN_IMAGES)
    off = abs(seen["spread"] ** 2 - expected) > CHANCE * error + ROUNDING
    return f"expected shares that spread by {math.sqrt(expected):.3g}, received {seen['spread']:.3g}" if off else ""


def _shares(way: str, alpha: float, shape: list[int]) -> npt.NDArray[np.float64]:
    """What is left of each of many examples, by Zhang et al. 2018 and Yun et al. 2019."""
    generator = np.random.default_rng(0)
    shares = generator.beta(alpha, alpha, SIMULATED)
    if way == "mixup":
        return shares
    cut = np.ones(SIMULATED)
    for length in shape:
        side = np.floor(np.sqrt(1 - shares) * length)
        start = generator.integers(0, length, SIMULATED) - side // 2
        cut *= (np.minimum(start + side, length) - np.maximum(start, 0)) / length
    return 1 - cut
