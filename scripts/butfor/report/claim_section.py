"""The report's table of claims. Standard library only."""

from __future__ import annotations

from typing import get_args

from butfor.plain_text import counted, plain
from butfor.study.summary import Study
from butfor.verdicts.numbers import effect_of, interval_of, percent, probability
from butfor.verdicts.rows import Assessment, ClaimRow, Outcome

HEAD = (
    "| claim | in words | expected | outcome | effect | interval | p | seeds | declared |\n"
    "| --- | --- | --- | --- | ---: | :---: | ---: | ---: | --- |"
)
NOTE = (
    "A claim is supported or refuted only where that is shown at the report's level; refuted means shown to be wrong."
    " Where it says what a verdict says, the verdict decides: the opposite verdict refutes it, and an effect that"
    " is shown to be smaller than the margin leaves it undecided. Where it names a margin of its own, or runs that fail,"
    " two one-sided tests do (against the margin; of a failure rate, the exact binomial test; of more failures than the"
    " reference's, Boschloo's), multiplied by the planned looks and by the number of claims that need one. A claim is right"
    " or wrong, so that only one of its two tests can err, and that number pays for both."
    " Costs that are counted are compared as they are, those measured once where they differ by more than two measurements do."
    " p is of the test that decided, or that a supported claim would have passed. “Exploratory” claims were declared or"
    " changed after there were data, and are no test of what was expected."
)


def claim_section(study: Study, assessment: Assessment) -> str:
    """Every claim with its outcome and numbers; nothing for a study that makes none."""
    rows, removed = assessment["claims"], assessment.get("removed", 0)
    if not rows:
        return ""
    counts = {kind: sum(row["outcome"] == kind for row in rows) for kind in get_args(Outcome)}
    tally = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    lines = [_line(row, study["verdict"]["metric"]) for row in rows]
    more = f" {counted(removed, 'claim')} taken out since still {'counts' if removed == 1 else 'count'} in that number."
    return "\n\n".join(["## Claims", f"{tally}.", "\n".join([HEAD, *lines]), NOTE + (more if removed else "")])


def _line(row: ClaimRow, metric: str) -> str:
    """metric: the one that verdicts are asked of, which goes without saying."""
    outcome = row["outcome"] if row["outcome"] == "undecided" else f"**{row['outcome']}**"
    cells = [
        f"`{row['claim']}`",
        plain(row["sentence"]),
        f"`{row['arm']}` {_expected(row, metric)}",
        outcome + (f" ({row['reason']})" if row["reason"] else ""),
        effect_of(row),
        interval_of(row),
        probability(row["p"]),
        f"{row['planned'] - row['missing']}",
        _declared(row),
    ]
    return "| " + " | ".join(cells) + " |"


def _expected(row: ClaimRow, metric: str) -> str:
    if row["rate"] is not None:
        return f"fails in more than {percent(row['rate'])} of runs"
    if row["expect"] == "fails more":
        return f"fails more often than `{row['reference']}`"
    margin = "" if row["margin"] is None else f"{row['margin']:.4g} {row['unit']}"
    within = f" within ±{margin}" if row["expect"] == "same" else f" by at least {margin}" if margin else ""
    word = "is the same" if row["expect"] == "same" else row["expect"]
    return f"{word}{within}" + ("" if row["metric"] == metric else f" ({row['metric']})")


def _declared(row: ClaimRow) -> str:
    if row["since"] is None:
        return "exploratory (never registered)"
    if row["standing"] == "exploratory":
        return f"exploratory ({row['since'][:10]}, after {counted(row['runs'] or 0, 'run')})"
    return f"{row['standing']} ({row['since'][:10]})"
