"""Errors that a user can correct."""

from __future__ import annotations

LONGEST = 1000  # characters of a message; the middle of a longer one is left out


class StudyError(Exception):
    """A mistake in a study, its data or its surroundings that the user can correct; shown without a traceback.

    A message may quote anything: control characters are written as escapes, and a long message is cut.
    """

    def __init__(self, message: str) -> None:
        printable = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in message)
        half = LONGEST // 2
        super().__init__(printable if len(printable) <= LONGEST else f"{printable[:half]} … {printable[-half:]}")


class StudyFileError(StudyError):
    """A mistake in a study file; shown after the file's name."""
