"""Plain text: words of a user's as they were written, whatever they look like, and words that fit their number. Standard
library only."""

from __future__ import annotations

import re

from butfor.languages.phrases import plural

SPOKEN = re.compile(
    r"([\\`*_{}\[\]<>#|~$&!])"
)  # what markdown, HTML and formulas in markdown take for more than a letter


def plain(text: str) -> str:
    """The text in one line in which markdown sees no table, code, link, picture, HTML or formula."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return SPOKEN.sub(r"\\\1", " ".join(shown.split()))


def counted(number: int, noun: str) -> str:
    """A number of things in the language in use, such as `1 run` or `2 runs`; catalogues have `{n} runs`."""
    return plural(f"{{n}} {noun}", f"{{n}} {noun}s", number)


def sentence(words: str) -> str:
    """Words with a full stop, unless they end with a mark."""
    return words if words.endswith((".", "!", "?")) else f"{words}."
