"""Letters that the usual font of figures lacks, such as Korean ones in the names of arms: taken from what other fonts this
machine has, font by font, or else said to be missing, once."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import matplotlib
from matplotlib.font_manager import FontEntry, fontManager, get_font

USUAL = "DejaVu Sans"
NO_LETTERS = "Last Resort"  # has a box for every letter
log = logging.getLogger(__name__)


def provide(texts: Iterable[str]) -> None:
    """Have figures draw every letter of the texts for which this machine has a font; a line in the log names the others."""
    lacking = {letter for text in texts for letter in text if ord(letter) > 127}
    families = []
    for font in _fonts() if lacking else []:
        if found := {letter for letter in lacking if ord(letter) in get_font(font.fname).get_charmap()}:
            lacking -= found
            families += [font.name] if font.name != USUAL else []
    matplotlib.rcParams["font.family"] = ["sans-serif", *families]
    if lacking:
        log.warning(
            "no font on this machine has the letters %s: figures show boxes for them. Install one (Noto's have all letters),"
            " delete matplotlib's cache, and draw again with --forcerun figures.",
            " ".join(sorted(lacking)),
        )


def _fonts() -> list[FontEntry]:
    """The upright fonts of normal weight, one a family, the usual one first; a family without serifs before others."""
    fonts = {
        font.name: font
        for font in fontManager.ttflist
        if (font.style, font.weight) == ("normal", 400) and not font.name.startswith(NO_LETTERS)
    }
    return sorted(fonts.values(), key=lambda font: (font.name != USUAL, "Sans" not in font.name, font.name))
