"""The report's table of claims. Standard library only."""

from __future__ import annotations

from typing import get_args

from butfor.languages.phrases import phrase, plural, stored, term
from butfor.plain_text import counted, plain
from butfor.report.details import fold
from butfor.report.fold_words import replicate
from butfor.study.summary import Study
from butfor.verdicts.numbers import NONE, effect_of, interval_of, percent, probability
from butfor.verdicts.rows import Assessment, ClaimRow, Outcome


def claim_section(study: Study, assessment: Assessment) -> str:
    """Every claim with its outcome and numbers; nothing for a study that makes none."""
    rows = assessment["claims"]
    if not rows:
        return ""
    counts = {kind: sum(row["outcome"] == kind for row in rows) for kind in get_args(Outcome)}
    tally = ", ".join(phrase("{n} {outcome}", n=count, outcome=stored(kind)) for kind, count in counts.items() if count)
    heads = [phrase("claim"), phrase("expected"), phrase("outcome"), phrase("effect"), phrase("interval")]
    lines = [_line(row, study["verdict"]["metric"]) for row in rows]
    open_table = "\n".join([f"| {' | '.join(heads)} |", "| --- | --- | --- | ---: | :---: |", *lines])
    replicates = phrase("folds") if replicate(study) == "fold" else phrase("seeds")
    heads = [phrase("claim"), phrase("reason"), phrase("p"), replicates, phrase("declared")]
    table = "\n".join([f"| {' | '.join(heads)} |", "| --- | --- | ---: | ---: | --- |", *map(_numbers, rows)])
    late = any(row["standing"] == "exploratory" for row in rows)
    details = fold(phrase("How claims were decided"), f"{table}\n\n{_note(study, assessment)}")
    return "\n\n".join(
        filter(None, [f"## {phrase('Claims')}", f"{tally}.", open_table, _exploratory() if late else "", details])
    )


def _exploratory() -> str:
    return phrase("† exploratory: declared or changed after there were data, so it is no test of what was expected.")


def _note(study: Study, assessment: Assessment) -> str:
    """How claims are decided."""
    parts = [
        phrase(
            "A claim is supported or refuted only where that is shown at the report's level; refuted means shown to be wrong."
            " Where it says what a verdict says, the verdict decides: the opposite verdict refutes it, and an effect that is"
            " shown to be smaller than the margin leaves it undecided."
        ),
        phrase(
            "Where it names a margin of its own, or runs that fail, two one-sided tests do (against the margin; of a failure"
            " rate, the exact binomial test; of more failures than the reference's, Boschloo's), multiplied by the planned looks"
            " and by the number of claims that need one."
        )
        if len(study["looks"]) > 1
        else phrase(
            "Where it names a margin of its own, or runs that fail, two one-sided tests do (against the margin; of a failure"
            " rate, the exact binomial test; of more failures than the reference's, Boschloo's), multiplied by the number of"
            " claims that need one."
        ),
        phrase("A claim is right or wrong, so that only one of its two tests can err, and that number pays for both."),
        phrase(
            "Costs that are counted are compared as they are, those measured once where they differ by more than two measurements"
            " do."
        ),
        phrase("p is of the test that decided, or that a supported claim would have passed."),
        phrase(
            "“Exploratory” claims were declared or changed after there were data, and are no test of what was expected."
        ),
    ]
    if any(row.get("data_sets") for row in assessment["claims"]):
        parts.append(
            phrase(
                "A claim about an average over data sets is decided by the verdict on the mean effect (see Data sets), or by a"
                " test of that mean. One about every data set is supported where it is on each, which needs no further"
                " correction, and refuted where one of them shows it wrong, which is corrected for their number; its numbers are"
                " those of the data set that decides it."
            )
        )
    if any(row.get("against") for row in assessment["claims"]):
        parts.append(
            phrase(
                "A claim against another arm than the reference has a test of its own, on the seeds that both arms have had: no"
                " verdict says it. Both get more seeds until it is decided, up to the last look."
            )
        )
    if removed := assessment.get("removed", 0):
        parts.append(
            plural(
                "{n} claim taken out since still counts in that number.",
                "{n} claims taken out since still count in that number.",
                removed,
            )
        )
    return " ".join(parts)


def data_set_shown(row: ClaimRow) -> str:
    """The data set whose numbers stand for a claim about every one, since it decided; empty for any other claim."""
    return row.get("data", "") if row.get("data_sets") == "every" else ""


def _line(row: ClaimRow, metric: str) -> str:
    """metric: the one that verdicts are asked of, which goes without saying."""
    outcome = stored(row["outcome"]) if row["outcome"] == "undecided" else f"**{stored(row['outcome'])}**"
    mark = " †" if row["standing"] == "exploratory" else ""
    cells = [
        f"{plain(row['sentence'])} (`{row['claim']}`{mark})",
        f"`{row['arm']}` {_expected(row, metric)}",
        outcome + (f" ({stored(row['reason'])})" if row["reason"] else ""),
        *_effect(row),
    ]
    return "| " + " | ".join(cells) + " |"


def _effect(row: ClaimRow) -> list[str]:
    """The effect and its interval; none for a claim about how often runs fail, which is not about what the others reach."""
    if row["rate"] is not None or row["expect"] == "fails more":
        return [NONE, NONE]
    effect = effect_of(row)
    if on := data_set_shown(row):
        effect = phrase("{effect} on {data_set}", effect=effect, data_set=plain(on))
    return [effect, interval_of(row)]


def _numbers(row: ClaimRow) -> str:
    cells = [
        f"`{row['claim']}`",
        stored(row["reason"] or row["outcome"]),
        probability(row["p"]),
        f"{_seeds(row)}" if row["planned"] else NONE,  # of a cost that is measured once
        _declared(row),
    ]
    return "| " + " | ".join(cells) + " |"


def _seeds(row: ClaimRow) -> int:
    """How many seeds its contrast rests on, of a mean on each data set."""
    return row["pairs"] if row.get("data_sets") == "mean" else row["planned"] - row["missing"]


def _expected(row: ClaimRow, metric: str) -> str:
    expected, over = _on_one(row, metric), row.get("data_sets", "")
    if over == "mean":
        return phrase("{expected}, on average over the data sets", expected=expected)
    return phrase("{expected}, on every data set", expected=expected) if over == "every" else expected


def _on_one(row: ClaimRow, metric: str) -> str:
    if row["rate"] is not None:
        return phrase("fails in more than {share} of runs", share=percent(row["rate"]))
    if row["expect"] == "fails more":
        return phrase("fails more often than `{reference}`", reference=row["reference"])
    expectation = _with_margin(
        row["expect"], "" if row["margin"] is None else f"{row['margin']:.4g} {term(row['unit'])}"
    )
    if other := row.get("against"):
        expectation = phrase("{expected}, against `{arm}`", expected=expectation, arm=other)
    return expectation if row["metric"] == metric else f"{expectation} ({row['metric']})"


def _with_margin(expect: str, margin: str) -> str:
    if expect == "same":
        return phrase("is the same within ±{margin}", margin=margin)
    if not margin:
        return stored(expect)
    if expect == "helps":
        return phrase("helps by at least {margin}", margin=margin)
    return phrase("hurts by at least {margin}", margin=margin)


def _declared(row: ClaimRow) -> str:
    if row["since"] is None:
        return phrase("exploratory (never registered)")
    if row["standing"] == "exploratory":
        runs = counted(row["runs"] or 0, "run")
        return phrase("exploratory ({date}, after {runs})", date=row["since"][:10], runs=runs)
    return f"{stored(row['standing'])} ({row['since'][:10]})"
