"""What a manipulation check came to, as checks.json, the report and MLflow have it. Standard library only."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

CheckOutcome = Literal["proven", "unverified", "void", "unproven", "unknown"]


class CheckRow(TypedDict):
    """One arm's check.

    acted: at how many of the compared `seeds` its runs differ from the reference's by more than two machines' rounding may.
    outcome, the level of proof: `void` if at none; `unproven` if there are `problems`; `unverified` if nothing but the runs'
    figures shows that the change took effect, or a check could not be made, as the `reasons` say; `unknown` without records;
    else `proven`. line: the check in one line. note: what else is to be known, such as that two machines were compared.
    mixed: in what those differ, by the names of a record's machine.
    """

    arm: str
    reference: str | None
    acted: int
    seeds: int
    problems: list[str]
    reasons: list[str]
    outcome: CheckOutcome
    line: str
    note: str
    mixed: NotRequired[list[str]]
