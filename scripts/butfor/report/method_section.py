"""The report's section on how it was computed."""

from __future__ import annotations

from statistics import median

from butfor.plain_text import counted
from butfor.study.metrics import Metric, beside, judged_by
from butfor.study.summary import Study, VerdictSettings
from butfor.verdicts.numbers import level
from butfor.verdicts.rows import REFUSED, ContrastRow


def method_section(study: Study, rows: list[ContrastRow]) -> str:
    """The statistics with their settings, and what figures are measured on."""
    verdict, looks, metric = study["verdict"], len(study["looks"]), judged_by(study)
    settling = metric.rows(rows)
    judged = sum(row["verdict"] not in REFUSED for row in settling)
    others = "".join(f"; {other.short}: {_margin(other, verdict)}" for other in beside(metric))
    return (
        "## How it was computed\n\n"
        f"K = {counted(looks, 'planned look')} (after {', '.join(str(look['seen']) for look in study['looks'])}"
        f" {'seed' if study['looks'][-1]['seen'] == 1 else 'seeds'}), M = {counted(judged, 'judged ablation')},"
        f" α = {verdict['alpha']:g}, {_margin(metric, verdict)}{others}.\n\n"
        "Each seed drives separate streams for initial weights, batch order, dropout masks and the validation split, the"
        " same for every arm, so arms are compared in pairs. Per ablation and metric: a paired t test (p differ) and two"
        f" one-sided t tests against the margin (p same), both multiplied by K and corrected {_corrected(verdict)}."
        f" {_interval(verdict['alpha'], looks)} Failed runs are not averaged in: their counts are compared by Boschloo's"
        " exact test (none is asked where every run of one fails and none of the other), and an arm that fails more often"
        " than its reference is never said to help.\n\n"
        f"{_stopping(verdict['metric'], looks)}"
        "Accuracies and losses of training, validation and test examples are all measured in inference mode and without"
        " penalty terms. Early stopping and the choice of epoch use validation examples only; the test set is touched once"
        " per run, at its end. Seeds vary initialisation, order, split and masks, and the test set is fixed, so the"
        f" conclusions are about this test set.{_pairing(settling, metric)}"
    )


def _margin(metric: Metric, verdict: VerdictSettings) -> str:
    margin = metric.margin_in(verdict)
    return f"margin ±{margin:g} {metric.unit.name}" if margin else "no margin, so a direction only"


def _pairing(settling: list[ContrastRow], metric: Metric) -> str:
    """How much pairing by seed has gained."""
    correlations = [row["correlation"] for row in settling if row["correlation"] is not None]
    if not correlations:
        return ""
    return f" The median correlation of paired {metric.plural} over seeds is {median(correlations):+.2f}."


def _corrected(verdict: VerdictSettings) -> str:
    if verdict["corrected_over"] == "report":
        return "over the M ablations by Holm's procedure"
    return (
        "over the ablations of each family by Holm's procedure, so that α holds within a family and not over the report"
    )


def _interval(alpha: float, looks: int) -> str:
    at_each = f", {level(alpha / looks)} at each" if looks > 1 else ""
    return (
        f"The interval is the paired t interval at {level(alpha)} over all looks{at_each}, before the correction"
        " over ablations."
    )


def _stopping(metric: str, looks: int) -> str:
    if looks == 1:
        return ""
    return (
        f"An ablation whose verdict on {metric} is not inconclusive after a look is settled: it gets no more seeds, its"
        " verdict stands, and in later corrections it counts with the probabilities that settled it. Other metrics are"
        " judged on the same seeds.\n\n"
    )
