"""How wide a text is where letters have one width, as in a terminal: Korean, Chinese and Japanese ones take two places.
Standard library only."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import Any

FILLER = "\ue000"  # of a private alphabet: stands behind each wide letter while a text is wrapped


def width(text: str) -> int:
    """The places that a text takes."""
    return sum(0 if unicodedata.combining(letter) else 2 if _is_wide(letter) else 1 for letter in text)


def padded(text: str, places: int) -> str:
    """The text with spaces behind it, so that it takes so many places."""
    return text + " " * max(0, places - width(text))


def padded_before(text: str, places: int) -> str:
    """The text with spaces before it, so that it takes so many places."""
    return " " * max(0, places - width(text)) + text


def wrapped(text: str, places: int, **how: Any) -> list[str]:
    """The lines of a text, none wider than so many places. how: as of textwrap.wrap."""
    spread = "".join(letter + FILLER if _is_wide(letter) else letter for letter in text)
    return [line.replace(FILLER, "") for line in textwrap.wrap(spread, places, **how)]


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"
