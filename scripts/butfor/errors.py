"""Errors that a user can correct."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

Place = tuple[str | int, ...]  # keys of mappings and places in lists, from the top of a study file
CLOSE = 0.7  # from this similarity on, a name is taken for a slip of the pen
LONGEST = 1000  # characters of a message; the middle of a longer one is left out


class StudyError(Exception):
    """A mistake in a study, its data or its surroundings that the user can correct; shown without a traceback.

    A message may quote anything: control characters are written as escapes, and a long message is cut.
    """

    def __init__(self, message: str) -> None:
        printable = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in message)
        super().__init__(printable if len(printable) <= LONGEST else _cut(printable))


def _cut(message: str) -> str:
    """A message without its middle, between words."""
    first, last = message[: LONGEST // 2], message[-LONGEST // 2 :]
    first, last = first.rpartition(" ")[0] or first, last.partition(" ")[2] or last
    return f"{first} … {last}"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The question whether another name is meant, in whatever letters; empty where none is similar."""
    written = {each.lower(): each for each in names}
    similar = difflib.get_close_matches(name.lower(), list(written), n=1, cutoff=CLOSE)
    return f" Did you mean {written[similar[0]]}?" if similar else ""


class StudyFileError(StudyError):
    """A mistake in a study file; shown after the file's name and the line. at: the path of keys that it is about, if any."""

    def __init__(self, message: str, at: Place = ()) -> None:
        super().__init__(message)
        self.at = at


class SeveralErrors(StudyError):
    """Several mistakes at once, a line each: `errors`, none of which holds others."""

    def __init__(self, errors: Sequence[StudyError]) -> None:
        super().__init__("")
        self.errors = list(errors)

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))


class Errors:
    """Mistakes that are collected, each told once, before all are raised."""

    def __init__(self) -> None:
        self.every: list[StudyError] = []

    def add(self, error: StudyError) -> None:
        """Take over a mistake, or those that it holds."""
        known = {(str(other), getattr(other, "at", ())) for other in self.every}
        every = error.errors if isinstance(error, SeveralErrors) else [error]
        self.every += [each for each in every if (str(each), getattr(each, "at", ())) not in known]

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Take over what is raised inside."""
        try:
            yield
        except StudyError as error:
            self.add(error)

    def end(self) -> None:
        """Raise what was found: a single mistake as itself, or SeveralErrors."""
        if len(self.every) == 1:
            raise self.every[0]
        if self.every:
            raise SeveralErrors(self.every)
