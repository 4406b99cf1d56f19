"""The report's section on the test set: what it adds to the error of each effect."""

from __future__ import annotations

import math

from butfor.languages.phrases import phrase, term
from butfor.metrics.jackknife import GROUPS
from butfor.records.record import Record
from butfor.report import fold_words
from butfor.study.metrics import Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.example_errors import ACCURACY
from butfor.verdicts.numbers import NONE, interval, of_spread, signed, within
from butfor.verdicts.rows import REFUSED, SAME, ContrastRow

FEW = 2.0  # standard errors of the test set that a margin should be


def test_set_section(study: Study, rows: list[ContrastRow], records: list[Record], is_grouped: bool = False) -> str:
    """Per ablation, the standard errors of seeds and of the test set and the interval for new data, with a warning where the
    margin is less than the test set can carry; empty where nothing is known of single examples. is_grouped: whether the data say
    what examples belong to."""
    if study.get("replicates"):
        return fold_words.test_set(study)
    metric = judged_by(study)
    own = [row for row in metric.rows(rows) if row["test_error"] is not None and row["error"] is not None]
    own = [row for row in own if row["verdict"] not in REFUSED]
    count = next((record.data.get("test", 0) for record in records if record.data), 0)
    warning = _quoted(test_set_warning(study, rows, records))
    if not own:
        unknown = "" if metric.name == ACCURACY else _unknown(metric)
        return (
            "\n\n".join([f"## {phrase('The test set')}", *filter(None, [warning, unknown])])
            if warning or unknown
            else ""
        )
    decimals = metric.unit.decimals
    heads = [
        *(phrase("ablation"), phrase("effect"), phrase("standard error, seeds")),
        *(phrase("standard error, test set beyond that"), phrase("interval for new data")),
    ]
    lines = [f"| {' | '.join(heads)} |", "| --- | ---: | ---: | ---: | :---: |"]
    for row in own:
        places = within(row["new_low"], row["new_high"], decimals)
        cells = (
            signed(row["effect"] or 0.0, places),
            _error(row["error"], decimals),
            _error(row["test_error"], decimals) if row["test_error"] else _not_seen(),
            interval(row["new_low"] or 0.0, row["new_high"] or 0.0, places),
        )
        lines.append(f"| `{row['arm']}` | {' | '.join(cells)} |")
    parts = [
        phrase("Verdicts hold for new data: one that this test set is too small to carry is inconclusive.")
        if study["verdict"].get("holds_for") == "new data"
        else phrase(
            "Verdicts are on this test set: other seeds would give them again, on the same examples."
            " `verdict: {{holds_for: new data}}` asks for more."
        ),
        phrase(
            "Another test set of {n} examples would give other effects; how far, beyond what other seeds would change, is its"
            " standard error here, {way}.",
            n=count,
            way=_way(metric),
        ),
        "" if all(row["test_error"] for row in own) else _hidden(),
        phrase(
            "The data say what examples belong to (`data.groups`, such as patients): what varies is whole groups of them, so that"
            " examples of one are not taken for independent."
        )
        if is_grouped
        else "",
        phrase(
            "The interval is that of the first table, for other examples too, for each ablation by itself, in {unit}.",
            unit=term(metric.unit.name),
        ),
    ]
    words = " ".join(filter(None, parts))
    return "\n\n".join(filter(None, [f"## {phrase('The test set')}", warning, words, "\n".join(lines)]))


def _not_seen() -> str:
    return phrase("not discernible beside the seeds'")


def _hidden() -> str:
    """What it means that the test set adds nothing that can be seen."""
    return phrase(
        "“Not discernible beside the seeds'”: examples vary no more than seeds alone make them, so that the test set's own part"
        " drowns in the seeds'; it is not shown to be 0."
    )


def _error(error: float | None, usual: int) -> str:
    """A standard error as its size leaves a meaning; one that shows as 0 by what it is less than."""
    if error is None:
        return NONE
    decimals = min(of_spread(error, usual), usual)
    return f"< {10**-decimals:.{decimals}f}" if error and not round(error, decimals) else f"{error:.{decimals}f}"


def _way(metric: Metric) -> str:
    """How the test set's error is known."""
    if metric.name == ACCURACY:
        return phrase(
            "by the examples that one arm gets right and the other does not, less what seeds make of that (so it is not McNemar's"
            " error, which has both)"
        )
    return phrase(
        "by the jackknife over {n} groups of examples, the same for all runs (of fewer examples, each is one)", n=GROUPS
    )


def _unknown(metric: Metric) -> str:
    return phrase(
        "How far another test set would move {metric} is not known: that takes the accuracy, or a metric of butfor's that the"
        " study asks for under `metrics`, of which what each group of test examples does is measured.",
        metric=term(metric.title),
    )


def _quoted(warning: str) -> str:
    return f"> {warning}" if warning else ""


def test_set_warning(study: Study, rows: list[ContrastRow], records: list[Record]) -> str:
    """What is the matter with a margin that the test set cannot carry; empty where it can."""
    metric = judged_by(study)
    rows = [row for row in metric.rows(rows) if row["test_error"] is not None and row["error"] is not None]
    count = next((record.data.get("test", 0) for record in records if record.data), 0)
    if study.get("replicates"):
        return ""
    margin = metric.margin_in(study["verdict"])
    if not margin or not metric.share or not count:
        return ""
    step, margin_in_words = metric.unit.scale / count, f"{margin:g} {term(metric.unit.name)}"
    if margin < step:
        return phrase(
            "The margin of {margin} is less than one of {n} test examples, {step}: it can decide nothing.",
            margin=margin_in_words,
            n=count,
            step=f"{step:.2g}",
        )
    open_or_same = [row for row in rows if row["verdict"] in (SAME, "inconclusive")]
    largest = max((row["test_error"] or 0.0 for row in open_or_same), default=0.0)
    if margin < FEW * largest and math.isfinite(largest):
        return phrase(
            "The margin of {margin} is less than {few} standard errors of this test set ({largest} at most): what it calls no"
            " meaningful difference may be one on other examples.",
            margin=margin_in_words,
            few=f"{FEW:g}",
            largest=f"{largest:.2g}",
        )
    return ""
