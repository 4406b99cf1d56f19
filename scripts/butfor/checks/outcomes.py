"""What a manipulation check came to, as checks.json has it. Standard library only."""

from __future__ import annotations

from typing import Literal, TypedDict

CheckOutcome = Literal["proven", "void", "failed", "unknown"]


class CheckRow(TypedDict):
    """One arm's check.

    acted: at how many of the compared `seeds` its runs differ from the reference's. outcome: `void` if at none, `failed` if
    there are `problems`, `unknown` without records. line: the check in one line.
    """

    arm: str
    reference: str | None
    acted: int
    seeds: int
    problems: list[str]
    outcome: CheckOutcome
    line: str
