"""Figure colours: those that drawings were made with, as variables of the page, each with another value on dark ground.

Greys change places, dark for light; other colours keep their hue and become as light as a dark ground needs.
"""

from __future__ import annotations

import colorsys
import re

COLOUR = re.compile(r"#[0-9a-f]{6}\b", re.IGNORECASE)
GREYEST = 0.12  # saturation of what still counts as grey
DARKEST, LIGHTEST = 0.105, 0.92  # what white and black become
FAINTEST, BRIGHTEST = 0.6, 0.65  # lightness that a colour has at least on dark ground, and saturation at most


class FigureColours:
    """The colours that have been met, each with its name in the page."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def named(self, style: str) -> str:
        """A style attribute with variables in place of its colours."""
        return COLOUR.sub(lambda match: self._variable(match[0].lower()), style)

    def _variable(self, colour: str) -> str:
        self._met.add(colour)
        return f"var(--f{colour[1:]})"

    def css(self) -> str:
        """The variables' values: as drawn, and where the browser can tell dark from light, for either."""
        light = "".join(f"--f{c[1:]}:{c};" for c in sorted(self._met))
        both = "".join(f"--f{c[1:]}:light-dark({c},{on_dark(c)});" for c in sorted(self._met))
        return f":root{{{light}}}\n@supports (color:light-dark(#000,#fff)){{:root{{{both}}}}}\n"


def on_dark(colour: str) -> str:
    """What stands on dark ground for a colour on white."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    is_grey = max(red, green, blue) - min(red, green, blue) < GREYEST
    lightness = LIGHTEST - lightness * (LIGHTEST - DARKEST) if is_grey else max(lightness, FAINTEST)
    channels = colorsys.hls_to_rgb(hue, lightness, 0.0 if is_grey else min(saturation, BRIGHTEST))
    return "#" + "".join(f"{round(255 * part):02x}" for part in channels)
