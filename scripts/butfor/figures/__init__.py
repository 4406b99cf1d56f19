"""The study's figures: records in, PNG and SVG out. `draw` draws those that the gallery lists; only it touches files."""

from butfor.figures.draw import draw

__all__ = ["draw"]
