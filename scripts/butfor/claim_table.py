"""The report's table of claims, and what departed from what was declared. Standard library only."""

from __future__ import annotations

from typing import Any

from butfor.markdown import plain
from butfor.verdict_words import probability, signed

Judged = dict[str, Any]

OUTCOMES = ("supported", "refuted", "undecided")
HEAD = (
    "| claim | in words | expected | outcome | effect | interval | p | seeds | declared |\n"
    "| --- | --- | --- | --- | ---: | :---: | ---: | ---: | --- |"
)
NOTE = (
    "A claim is supported or refuted only where that is shown at the report's level; refuted means shown to be wrong."
    " Where it says what a verdict says, the verdict decides. Where it names a margin of its own, or runs that fail,"
    " one-sided tests do, multiplied by the planned looks and corrected by Holm's procedure over the claims that need one."
    " p is of the test that decided, or that a supported claim would have passed. “Exploratory” claims were declared or"
    " changed after there were data, and are no test of what was expected."
)


def section(found: dict[str, Any]) -> list[str]:
    """The section on the claims of claims.json; nothing for a study that never had any."""
    rows, deviations = found["claims"], found["deviations"]
    if not rows and not any("claim `" in line for line in deviations):
        return []
    counts = ", ".join(f"{count} {kind}" for kind in OUTCOMES if (count := sum(row["outcome"] == kind for row in rows)))
    table = (
        [f"{counts}.", "\n".join([HEAD, *map(_line, rows)]), NOTE] if rows else ["The study makes no claim any more."]
    )
    lines = "\n".join(f"- {line}" for line in deviations)
    return [
        "\n\n".join(
            ["## Claims", *table, f"Deviations from what was declared:\n\n{lines}" if lines else "No deviations."]
        )
    ]


def _line(row: Judged) -> str:
    outcome = row["outcome"] if row["outcome"] == "undecided" else f"**{row['outcome']}**"
    digits = 2 if "accuracy" in row["unit"] else 4
    cells = [
        f"`{row['claim']}`",
        plain(row["sentence"]),
        f"`{row['arm']}` {_expected(row)}",
        outcome + (f" ({row['reason']})" if row["reason"] else ""),
        signed(row["effect"], digits),
        "–" if row["low"] is None else f"[{signed(row['low'], digits)}, {signed(row['high'], digits)}]",
        probability(row["p"]),
        f"{row['planned'] - row['missing']}",
        _declared(row),
    ]
    return "| " + " | ".join(cells) + " |"


def _expected(row: Judged) -> str:
    if row["expect"] == "fails":
        return "fails"
    margin = "" if row["margin"] is None else f"{row['margin']:g} {row['unit']}"
    within = f" within ±{margin}" if row["expect"] == "same" else f" by at least {margin}" if margin else ""
    word = "is the same" if row["expect"] == "same" else row["expect"]
    return f"{word}{within}" + ("" if row["metric"] == "test/accuracy" else f" ({row['metric']})")


def _declared(row: Judged) -> str:
    if row["since"] is None:
        return "exploratory (never registered)"
    if row["standing"] == "exploratory":
        return f"exploratory ({row['since'][:10]}, after {row['runs']} runs)"
    return f"{row['standing']} ({row['since'][:10]})"
