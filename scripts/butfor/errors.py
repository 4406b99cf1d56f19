"""What a user can mend."""

from __future__ import annotations


LONGEST = 1000  # characters of a message; what stands in its middle is left out


class StudyError(Exception):
    """Something in a study, its data or its surroundings that its user can mend; shown without a traceback.

    What it quotes may be anything: characters that a terminal would obey are spelt out, and a long message is cut.
    """

    def __init__(self, message: str) -> None:
        shown = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in message)
        half = LONGEST // 2
        super().__init__(shown if len(shown) <= LONGEST else f"{shown[:half]} … {shown[-half:]}")


class StudyFileError(StudyError):
    """A study file that cannot be run, in words for the person who wrote it; shown after the file's name."""
