"""The report's table of claims. Standard library only."""

from __future__ import annotations

from typing import get_args

from butfor.plain_text import counted, plain
from butfor.report.details import fold
from butfor.report.fold_words import replicate
from butfor.study.summary import Study
from butfor.verdicts.numbers import effect_of, interval_of, percent, probability
from butfor.verdicts.rows import Assessment, ClaimRow, Outcome

HEAD = "| claim | expected | outcome | effect | interval |\n| --- | --- | --- | ---: | :---: |"
NUMBERS = "| claim | reason | p | {noun}s | declared |\n| --- | --- | ---: | ---: | --- |"
EXPLORATORY = "† exploratory: declared or changed after there were data, so it is no test of what was expected."
NOTE_OVER = (
    " A claim about an average over data sets is decided by the verdict on the mean effect (see Data sets), or by a test of that"
    " mean. One about every data set is supported where it is on each, which needs no further correction, and refuted where one"
    " of them shows it wrong, which is corrected for their number; its numbers are those of the data set that decides it."
)
OVER = {"": "", "mean": ", on average over the data sets", "every": ", on every data set"}
NOTE = (
    "A claim is supported or refuted only where that is shown at the report's level; refuted means shown to be wrong."
    " Where it says what a verdict says, the verdict decides: the opposite verdict refutes it, and an effect that"
    " is shown to be smaller than the margin leaves it undecided. Where it names a margin of its own, or runs that fail,"
    " two one-sided tests do (against the margin; of a failure rate, the exact binomial test; of more failures than the"
    " reference's, Boschloo's), multiplied by {times} of claims that need one. A claim is right"
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
    times = "the planned looks and by the number" if len(study["looks"]) > 1 else "the number"
    over = NOTE_OVER if any(row.get("data_sets") for row in rows) else ""
    more = f" {counted(removed, 'claim')} taken out since still {'counts' if removed == 1 else 'count'} in that number."
    table = "\n".join([NUMBERS.format(noun=replicate(study)), *map(_numbers, rows)])
    note = NOTE.format(times=times) + over + (more if removed else "")
    told = fold("How claims were decided", f"{table}\n\n{note}")
    late = "" if all(row["standing"] != "exploratory" for row in rows) else EXPLORATORY
    return "\n\n".join(filter(None, ["## Claims", f"{tally}.", "\n".join([HEAD, *lines]), late, told]))


def data_set_shown(row: ClaimRow) -> str:
    """The data set whose numbers stand for a claim about every one, since it decided; empty for any other claim."""
    return row.get("data", "") if row.get("data_sets") == "every" else ""


def _line(row: ClaimRow, metric: str) -> str:
    """metric: the one that verdicts are asked of, which goes without saying."""
    outcome = row["outcome"] if row["outcome"] == "undecided" else f"**{row['outcome']}**"
    mark = " †" if row["standing"] == "exploratory" else ""
    cells = [
        f"{plain(row['sentence'])} (`{row['claim']}`{mark})",
        f"`{row['arm']}` {_expected(row, metric)}",
        outcome + (f" ({row['reason']})" if row["reason"] else ""),
        effect_of(row) + (f" on {plain(on)}" if (on := data_set_shown(row)) else ""),
        interval_of(row),
    ]
    return "| " + " | ".join(cells) + " |"


def _numbers(row: ClaimRow) -> str:
    cells = [
        f"`{row['claim']}`",
        row["reason"] or row["outcome"],
        probability(row["p"]),
        f"{_seeds(row)}",
        _declared(row),
    ]
    return "| " + " | ".join(cells) + " |"


def _seeds(row: ClaimRow) -> int:
    """How many seeds its contrast rests on, of a mean on each data set."""
    return row["pairs"] if row.get("data_sets") == "mean" else row["planned"] - row["missing"]


def _expected(row: ClaimRow, metric: str) -> str:
    return _on_one(row, metric) + OVER[row.get("data_sets", "")]


def _on_one(row: ClaimRow, metric: str) -> str:
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
