"""The study's figures: records in, PNG and SVG out. `draw.draw` draws those that the gallery lists; only it touches files."""
