"""Words of a user's in a report: as they were written, whatever they look like. Standard library only."""

from __future__ import annotations

import re

SPOKEN = re.compile(
    r"([\\`*_{}\[\]<>#|~$&!])"
)  # what markdown, HTML and formulas in markdown take for more than a letter


def plain(text: str) -> str:
    """The text in one line in which markdown sees no table, code, link, picture, HTML or formula."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return SPOKEN.sub(r"\\\1", " ".join(shown.split()))
