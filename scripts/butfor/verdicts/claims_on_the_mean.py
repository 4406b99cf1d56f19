"""Claims about an ablation's mean effect over data sets, and about how often its runs fail on average over them.

Where verdicts are given on the mean, they decide, as those on one data set do. A bound of the claim's own, and a metric that
nothing is settled by, have a test of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from butfor import stats
from butfor.records.record import Record
from butfor.study.claims import Claim
from butfor.study.metrics import Metric
from butfor.study.study_metrics import metrics_of
from butfor.study.summary import Study
from butfor.verdicts.across_data_sets import judged_means, mean_errors, on_several, opposed, shared_pairs
from butfor.verdicts.claim_tests import Tests, of_effect
from butfor.verdicts.paired_values import rule_of
from butfor.verdicts.rows import DESCRIBED, REFUSED, ContrastRow, fields_of, none_for_nan

MEAN = "their mean"  # in the place of a data set's name
Pairs = list[stats.Pairs]


@dataclass(frozen=True)
class OnTheMean:
    """A claim about a mean: the contrast of that mean as a row of contrasts, and the tests of what no verdict on it says."""

    row: ContrastRow
    tests: Tests


def on_the_mean(study: Study, claim: Claim, records: list[Record], rows: list[ContrastRow]) -> OnTheMean:
    """What a claim about the mean over data sets is decided by. rows: of all contrasts."""
    metric, names = metrics_of(study)[claim["metric"]], on_several(study)[claim["arm"]]
    of_sets = [row for row in metric.rows(rows) if row["arm"] in names]
    shared = shared_pairs(study, records, metric, of_sets).get(claim["arm"])
    if shared is None:
        return OnTheMean(_refused(claim, of_sets), (None, None))
    judged = judged_means(study, records, metric, rows)[claim["arm"]]
    if not metric.settles:
        judged = replace(judged, verdict=DESCRIBED, remark="")
    judged = replace(judged, remark="; ".join(filter(None, [judged.remark, opposed(judged.verdict, of_sets)])))
    row = _row(claim, of_sets[0], judged)
    return OnTheMean(row, _tests(study, claim, records, metric, rows, [*shared.values()]))


def _tests(
    study: Study, claim: Claim, records: list[Record], metric: Metric, rows: list[ContrastRow], shared: Pairs
) -> Tests:
    looks, rule = len(study["looks"]), rule_of(study, metric, records)
    if claim["rate"] is not None:
        return _of_failing(shared, rule, claim["rate"])
    if claim["expect"] == "fails more":
        return _of_failing_more(shared, rule)
    same_by_verdict = claim["expect"] == "same" and claim["margin"] is None
    if claim["margin"] is None and metric.settles and not same_by_verdict:
        return None, None
    bounded = replace(rule, margin=claim["margin"])
    of_all = {
        name: {on: pairs if same_by_verdict else replace(pairs, margin=None) for on, pairs in sets.items()}
        for name, sets in shared_pairs(study, records, metric, metric.rows(rows)).items()
    }
    of_each = stats.contrasts_of_each(of_all, rule if same_by_verdict else bounded)[claim["arm"]]
    c = stats.mean_contrast(of_each, rule if same_by_verdict else bounded)
    margin = (c.margin if same_by_verdict else claim["margin"]) or 0.0
    of_seeds = of_effect(claim, margin, metric.higher_is_better, c, looks)
    if study["verdict"].get("holds_for") != "new data" or study.get("replicates"):
        return of_seeds
    errors = mean_errors(study, records, metric).get(claim["arm"])
    if errors is None:
        return cast(Tests, tuple(p if p is None else 1.0 for p in of_seeds))
    wide = errors.beside(c.estimate)
    same = min(1.0, looks * wide.p_equivalence(c.margin))
    widened = replace(c, error=wide.error, freedom=wide.freedom, p_equivalence=same)
    of_both = of_effect(claim, margin, metric.higher_is_better, widened, looks)
    return cast(
        Tests, tuple(p if p is None or q is None else max(p, q) for p, q in zip(of_seeds, of_both, strict=True))
    )


def _of_failing(shared: Pairs, rule: stats.Rule, rate: float) -> Tests:
    """Whether the mean of the rates is above one: by all runs together, of which an exact binomial test is never too sure, since
    a sum of unlike chances spreads less than one of alike ones (Hoeffding 1956). Runs that are missing count against it."""
    runs = [rule.independent_of(pairs.planned, pairs.planned) for pairs in shared]
    least = sum(rule.independent_of(pairs.failed_ablation, pairs.planned) for pairs in shared)
    most = sum(
        min(rule.independent_of(pairs.failed_ablation + pairs.missing, pairs.planned, up=True), of_set)
        for pairs, of_set in zip(shared, runs, strict=True)
    )
    bound = sum(runs), rate, len(rule.looks)
    return stats.p_fails_above(least, *bound), stats.p_fails_below(most, *bound)


def _of_failing_more(shared: Pairs, rule: stats.Rule) -> Tests:
    """Boschloo's test on all runs together, those that are missing counted against it."""
    planned, missing = (sum(getattr(pairs, key) for pairs in shared) for key in ("planned", "missing"))
    failed, of_reference = (
        sum(getattr(pairs, key) for pairs in shared) for key in ("failed_ablation", "failed_reference")
    )
    share = replace(rule, overlap=rule.overlap / len(shared))  # folds overlap with those of their own data set alone

    def p(one: int, other: int, which: int) -> float:
        return min(1.0, len(rule.looks) * stats.fails_more(one, other, planned, share)[which])

    return p(failed, of_reference + missing, 0), p(failed + missing, of_reference, 1)


def _row(claim: Claim, like: ContrastRow, c: stats.Contrast) -> ContrastRow:
    about = {"arm": claim["arm"], "reference": claim["reference"], "data": MEAN, "metric": claim["metric"]}
    values = {key: none_for_nan(value) for key, value in fields_of(c).items()}
    return cast(ContrastRow, {**like, **values, **about})


def _refused(claim: Claim, of_sets: list[ContrastRow]) -> ContrastRow:
    """In the place of a mean that there is none of, since the ablation has no verdict on a data set."""
    first = next(row for row in of_sets if row["verdict"] in REFUSED)
    about = {"arm": claim["arm"], "reference": claim["reference"], "data": MEAN}
    none = dict.fromkeys(("effect", "low", "high"))
    remark = ": ".join(filter(None, [f"on {first['data']}", first["remark"]]))
    return cast(ContrastRow, {**first, **about, **none, "remark": remark})
