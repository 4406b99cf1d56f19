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
from butfor.verdicts.numbers import signed
from butfor.verdicts.rows import SAME, ContrastRow

FEW = 2.0  # standard errors of the test set that a margin should be


def test_set_section(study: Study, rows: list[ContrastRow], records: list[Record]) -> str:
    """Per ablation, the standard errors of seeds and of the test set and the interval for new data, with a warning where the
    margin is less than the test set can carry; empty where nothing is known of single examples."""
    if study.get("replicates"):
        return fold_words.test_set(study)
    metric = judged_by(study)
    own = [row for row in metric.rows(rows) if row["test_error"] is not None and row["error"] is not None]
    count = next((record.data.get("test", 0) for record in records if record.data), 0)
    warning = _warning(study, own, count)
    if not own:
        unknown = "" if metric.name == ACCURACY else _unknown(metric)
        return "\n\n".join(["## The test set", *filter(None, [warning, unknown])]) if warning or unknown else ""
    decimals = metric.unit.decimals
    lines = ["| ablation | effect | standard error, seeds | standard error, test set | interval for new data |"]
    lines.append("| --- | ---: | ---: | ---: | :---: |")
    for row in own:
        low, high = (signed(row[end] or 0.0, decimals) for end in ("new_low", "new_high"))
        cells = (
            signed(row["effect"] or 0.0, decimals),
            f"{row['error']:.{decimals}f}",
            f"{row['test_error']:.{decimals}f}",
        )
        lines.append(f"| `{row['arm']}` | {' | '.join(cells)} | [{low}, {high}] |")
    subject = (
        "Verdicts hold for new data: one that this test set is too small to carry is inconclusive."
        if study["verdict"].get("holds_for") == "new data"
        else "Verdicts are on this test set: other seeds would give them again, on the same examples."
        " `verdict: {holds_for: new data}` asks for more."
    )
    words = (
        f"{subject} Another test set of {count} examples would give other effects; how far, is its standard error here,"
        f" {_way(metric)}. The interval is that of the table above, for other examples too, for each ablation by itself, in"
        f" {metric.unit.name}."
    )
    return "\n\n".join(filter(None, ["## The test set", warning, words, "\n".join(lines)]))


def _way(metric: Metric) -> str:
    """How the test set's error is known."""
    if metric.name == ACCURACY:
        return "over examples that one arm gets right and the other does not, seed by seed (of one seed, McNemar's)"
    return f"by the jackknife over {GROUPS} groups of examples, the same for all runs (of fewer examples, each is one)"


def _unknown(metric: Metric) -> str:
    return (
        f"How far another test set would move {metric.title} is not known: that takes the accuracy, or a metric of butfor's that"
        " the study asks for under `metrics`, of which what each group of test examples does is measured."
    )


def _warning(study: Study, rows: list[ContrastRow], count: int) -> str:
    metric = judged_by(study)
    margin = metric.margin_in(study["verdict"])
    if not margin or not metric.share or not count:
        return ""
    step, unit = metric.unit.scale / count, metric.unit.name
    if margin < step:
        return f"> The margin of {margin:g} {unit} is less than one of {count} test examples, {step:.2g}: it can decide nothing."
    open_or_same = [row for row in rows if row["verdict"] in (SAME, "inconclusive")]
    largest = max((row["test_error"] or 0.0 for row in open_or_same), default=0.0)
    if margin < FEW * largest and math.isfinite(largest):
        return (
            f"> The margin of {margin:g} {unit} is less than {FEW:g} standard errors of this test set ({largest:.2g} at most):"
            " what it calls no meaningful difference may be one on other examples."
        )
    return ""
