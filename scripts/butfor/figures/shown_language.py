"""The language that drawn figures are in, which is English where no font had the letters of the one that was asked for. Standard
library only."""

from __future__ import annotations

from pathlib import Path

from butfor.languages.phrases import ENGLISH, template

HEAD = 2000  # bytes of a drawing, in which its language is told
STILL_ENGLISH = template(
    "The figures are in English, because the machine that drew them has no font with the letters of this language. Install one,"
    " such as Noto Sans CJK, and draw again with `--forcerun figures`."
)


def figures_warning(folder: Path, language: str) -> str:
    """What is to be said of the figures in a folder, in English; nothing where they are in the language that was asked for."""
    drawing = next(iter(sorted(folder.glob("*.svg"))), None)
    if language == ENGLISH or drawing is None:
        return ""
    with drawing.open(encoding="utf-8") as file:
        return "" if f":language>{language}<" in file.read(HEAD) else STILL_ENGLISH
