"""The colour of each arm of a study, in charts that draw any number of them."""

from __future__ import annotations

import colorsys

import matplotlib.colors

from butfor.figures import style

GOLDEN = 0.618034  # of a turn: hues that far apart stay distinct however many there are
DEPTHS = ((0.85, 0.75), (0.6, 0.55), (1.0, 0.95))  # saturation and value, in turns


def colour(place: int) -> str:
    """The colour of an arm by its place among the study's: black for the first, then the palette's, then others still."""
    if place == 0:
        return "#000000"
    if place <= len(style.PALETTE):
        return style.PALETTE[place - 1]
    saturation, value = DEPTHS[place % len(DEPTHS)]
    return str(matplotlib.colors.to_hex(colorsys.hsv_to_rgb(place * GOLDEN % 1, saturation, value)))
