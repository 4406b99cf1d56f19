"""The tests of a claim that no verdict decides: an effect of at least so much, the same within a margin of its own, runs that
fail; for new data, where the study's verdicts are to hold for it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import cast

from butfor import stats
from butfor.records.record import Record
from butfor.study.claims import Claim
from butfor.study.metrics import Metric
from butfor.study.study_metrics import metrics_of
from butfor.study.summary import Study
from butfor.verdicts.example_errors import example_errors
from butfor.verdicts.paired_values import pairing, rule_of
from butfor.verdicts.rows import ContrastRow

Tests = tuple[float | None, float | None]  # p where the null is that a claim is wrong, and where it is that it is right


def margin_of(claim: Claim, row: ContrastRow) -> float | None:
    """The margin that a claim is held to, its own or the verdict's, in the metric's unit."""
    return row["margin"] if claim["expect"] == "same" and claim["margin"] is None else claim["margin"]


def tests_of(study: Study, claim: Claim, records: list[Record], row: ContrastRow) -> Tests:
    """What verdicts do not say of a claim; None where a verdict says it, or where nothing is to be tested."""
    metric, looks = metrics_of(study)[claim["metric"]], len(study["looks"])
    margin, rule, judged = margin_of(claim, row), rule_of(study, metric, records), judged_runs(row)
    failed, runs = row["failed_ablation"], rule.independent_of(judged, judged)
    if claim["rate"] is not None:
        bound, least = (claim["rate"], looks), rule.independent_of(failed, judged)
        most = min(rule.independent_of(failed, judged, up=True), runs)
        return stats.p_fails_above(least, runs, *bound), stats.p_fails_below(most, runs, *bound)
    if claim["expect"] == "fails more":
        more, fewer = stats.fails_more(failed, row["failed_reference"], judged, rule)
        return min(1.0, looks * more), min(1.0, looks * fewer)
    if margin is None:
        return None, None
    pairs = dataclasses.replace(pairing(study, records, metric)(claim["arm"], row["look"]), margin=None)
    # guarded as the verdict was, by what all ablations say
    guarded = math.sqrt(rule.independent(row["pairs"])) * (row["error"] or 0.0), row["tail"]
    c = stats.contrast(pairs, dataclasses.replace(rule, margin=margin or None), *guarded)
    of_seeds = of_effect(claim, margin, metric.higher_is_better, c, looks)
    if study["verdict"].get("holds_for") != "new data" or study.get("replicates"):
        return of_seeds
    of_both = _for_new_data(study, claim, records, metric, c, row["look"])
    return cast(
        Tests, tuple(p if p is None or q is None else max(p, q) for p, q in zip(of_seeds, of_both, strict=True))
    )


def _for_new_data(
    study: Study, claim: Claim, records: list[Record], metric: Metric, c: stats.Contrast, look: int
) -> Tests:
    """The same tests with the test set's error beside the seeds'; 1 where that is not known."""
    errors = example_errors(study, records, {arm["name"]: look for arm in study["arms"]}, metric).get(claim["arm"])
    if errors is None:
        return 1.0, 1.0
    wide, looks = errors.beside(c.estimate), len(study["looks"])
    same = min(1.0, looks * wide.p_equivalence(c.margin))
    widened = dataclasses.replace(c, error=wide.error, freedom=wide.freedom, p_equivalence=same)
    return of_effect(claim, c.margin or 0.0, metric.higher_is_better, widened, looks)


def of_effect(claim: Claim, margin: float, higher_is_better: bool, c: stats.Contrast, looks: int) -> Tests:
    """The tests of a claim about an effect, against a margin."""
    if claim["expect"] == "same":
        return None if claim["margin"] is None else c.p_equivalence, stats.p_outside(c, margin, looks)
    upwards = (claim["expect"] == "helps") == higher_is_better
    above: Callable[..., float] = stats.p_above if upwards else stats.p_below
    below: Callable[..., float] = stats.p_below if upwards else stats.p_above
    bound = margin if upwards else -margin
    return above(c, bound, looks), below(c, bound, looks)


def judged_runs(row: ContrastRow) -> int:
    """The runs that an arm and its reference have both left."""
    return row["planned"] - row["missing"]
