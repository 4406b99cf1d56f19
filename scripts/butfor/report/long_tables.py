"""Tables of a report that nobody could read whole: both ends stay, and where the rest is to be found is said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from butfor.languages.phrases import phrase

MOST_LINES = 200
MOST_NAMED = 30  # in a sentence


def shortened(text: str) -> str:
    """Markdown in which no table has more than MOST_LINES: of longer ones the first and the last half, since tables of verdicts
    begin with one end of the effects and end with the other."""
    lines: list[str] = []
    for is_table, group in groupby(text.split("\n"), key=lambda line: line.startswith("| ")):
        part = list(group)
        lines += _ends(part) if is_table and len(part) > MOST_LINES + 2 else part
    return "\n".join(lines)


def few(names: Sequence[str]) -> str:
    """Names in a sentence, of many the first."""
    more = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED])
    return phrase("{names} and {more} more", names=shown, more=more) if more > 0 else shown


def _ends(lines: list[str]) -> list[str]:
    head, body, half = lines[:2], lines[2:], MOST_LINES // 2
    left_out = phrase(
        "*Shown are the first {half} and the last {half} of {count} rows; `tables/` and `summary.json` have all.*",
        half=half,
        count=len(body),
    )
    return [*head, *body[:half], *body[-half:], "", left_out]
