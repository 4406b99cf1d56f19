"""The files of a paper's folder whose names do not depend on the study, tables aside. Standard library only."""

from __future__ import annotations

from typing import Final

TEXTS: Final = (
    "main.tex",
    "preamble.tex",
    "macros.tex",
    "methods.tex",
    "checklist.tex",
    "deviations.tex",
    "references.bib",
)
FRAMES: Final = ("effects", "effects_seeds")
FIGURE: Final = "figures/effects.pdf"


def paper_files(folder: str) -> list[str]:
    """All of them, the main document first."""
    data = [f"data/{name}.{kind}" for name in FRAMES for kind in ("csv", "parquet")]
    return [f"{folder}/{name}" for name in (*TEXTS, FIGURE, *data)]
