"""The report's section on the test set: what it adds to the error of each effect."""

from __future__ import annotations

import math

from butfor.metrics.jackknife import GROUPS
from butfor.records.record import Record
from butfor.report import fold_words
from butfor.study.metrics import Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.example_errors import ACCURACY
from butfor.verdicts.numbers import NONE, interval, of_spread, signed, within
from butfor.verdicts.rows import SAME, ContrastRow

WHOLE = (
    " The data say what examples belong to (`data.groups`, such as patients): what varies is whole groups of them, so that"
    " examples of one are not taken for independent."
)
HIDDEN = "not discernible beside the seeds'"
FEW = 2.0  # standard errors of the test set that a margin should be


def test_set_section(study: Study, rows: list[ContrastRow], records: list[Record], is_grouped: bool = False) -> str:
    """Per ablation, the standard errors of seeds and of the test set and the interval for new data, with a warning where the
    margin is less than the test set can carry; empty where nothing is known of single examples. is_grouped: whether the data say
    what examples belong to."""
    if study.get("replicates"):
        return fold_words.test_set(study)
    metric = judged_by(study)
    own = [row for row in metric.rows(rows) if row["test_error"] is not None and row["error"] is not None]
    count = next((record.data.get("test", 0) for record in records if record.data), 0)
    warning = _quoted(test_set_warning(study, rows, records))
    if not own:
        unknown = "" if metric.name == ACCURACY else _unknown(metric)
        return "\n\n".join(["## The test set", *filter(None, [warning, unknown])]) if warning or unknown else ""
    decimals = metric.unit.decimals
    lines = [
        "| ablation | effect | standard error, seeds | standard error, test set beyond that | interval for new data |"
    ]
    lines.append("| --- | ---: | ---: | ---: | :---: |")
    for row in own:
        places = within(row["new_low"], row["new_high"], decimals)
        cells = (
            signed(row["effect"] or 0.0, places),
            _error(row["error"], decimals),
            _error(row["test_error"], decimals) if row["test_error"] else HIDDEN,
            interval(row["new_low"] or 0.0, row["new_high"] or 0.0, places),
        )
        lines.append(f"| `{row['arm']}` | {' | '.join(cells)} |")
    subject = (
        "Verdicts hold for new data: one that this test set is too small to carry is inconclusive."
        if study["verdict"].get("holds_for") == "new data"
        else "Verdicts are on this test set: other seeds would give them again, on the same examples."
        " `verdict: {holds_for: new data}` asks for more."
    )
    words = (
        f"{subject} Another test set of {count} examples would give other effects; how far, beyond what other seeds would change,"
        f" is its standard error here, {_way(metric)}.{_hidden(own)}"
        f"{WHOLE if is_grouped else ''} The interval is that of the first table, for"
        f" other examples too, for each ablation by itself, in {metric.unit.name}."
    )
    return "\n\n".join(filter(None, ["## The test set", warning, words, "\n".join(lines)]))


def _hidden(own: list[ContrastRow]) -> str:
    """What it means that the test set adds nothing that can be seen."""
    if all(row["test_error"] for row in own):
        return ""
    return (
        f" “{HIDDEN.capitalize()}”: examples vary no more than seeds alone make them, so that the test set's own part"
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
        return (
            "by the examples that one arm gets right and the other does not, less what seeds make of that (so it is not McNemar's"
            " error, which has both)"
        )
    return f"by the jackknife over {GROUPS} groups of examples, the same for all runs (of fewer examples, each is one)"


def _unknown(metric: Metric) -> str:
    return (
        f"How far another test set would move {metric.title} is not known: that takes the accuracy, or a metric of butfor's that"
        " the study asks for under `metrics`, of which what each group of test examples does is measured."
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
    step, unit = metric.unit.scale / count, metric.unit.name
    if margin < step:
        return f"The margin of {margin:g} {unit} is less than one of {count} test examples, {step:.2g}: it can decide nothing."
    open_or_same = [row for row in rows if row["verdict"] in (SAME, "inconclusive")]
    largest = max((row["test_error"] or 0.0 for row in open_or_same), default=0.0)
    if margin < FEW * largest and math.isfinite(largest):
        return (
            f"The margin of {margin:g} {unit} is less than {FEW:g} standard errors of this test set ({largest:.2g} at most):"
            " what it calls no meaningful difference may be one on other examples."
        )
    return ""
