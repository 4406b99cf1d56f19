"""Learning curves of one arm: the mean over its seeds, and a band from the smallest to the largest."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib.colors
import numpy as np
from matplotlib.artist import Artist

from butfor.figures import style
from butfor.figures.run_curves import PARTS, as_svg, panels
from butfor.study.metrics import QUANTITIES

GOLDEN = 0.618034  # of a turn: hues that far apart stay distinct however many there are
DEPTHS = ((0.85, 0.75), (0.6, 0.55), (1.0, 0.95))  # saturation and value, in turns


@dataclass(frozen=True)
class Band:
    """A curve over seeds, by epoch from the first: mean, smallest and largest, and how many seeds got so far."""

    mean: list[float]
    low: list[float]
    high: list[float]
    seeds: list[int]


def drawn(curves: Mapping[str, Band]) -> str:
    """The curves by their names in a record, as SVG: each quantity, and the learning rate, by epoch."""
    figure, axes = panels(("mean over the seeds, and from the smallest to the largest", style.BLUE))
    lines: list[tuple[str, str, Any]] = [("rate", "train/learning_rate", "-")]
    lines += [(name, f"{part}/{name}", dash) for part, dash in PARTS.items() for name in QUANTITIES]
    artists: list[Artist] = []
    for panel, name, dash in lines:
        if band := curves.get(name):
            epochs = np.arange(1, len(band.mean) + 1)
            mean, low, high = (np.where(np.isfinite(y), y, np.nan) for y in (band.mean, band.low, band.high))
            marker = "." if len(epochs) == 1 else None
            artists += axes[panel].plot(epochs, mean, color=style.BLUE, linestyle=dash, marker=marker)
            artists.append(axes[panel].fill_between(epochs, low, high, color=style.BLUE, alpha=0.15, linewidth=0))
    text = as_svg(figure, axes)
    for artist in artists:
        artist.remove()
    return text


def colour(place: int) -> str:
    """The colour of an arm by its place among the study's: black for the first, then the palette's, then others still."""
    if place == 0:
        return "#000000"
    if place <= len(style.PALETTE):
        return style.PALETTE[place - 1]
    saturation, value = DEPTHS[place % len(DEPTHS)]
    return str(matplotlib.colors.to_hex(colorsys.hsv_to_rgb(place * GOLDEN % 1, saturation, value)))
