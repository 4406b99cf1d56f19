"""Records to contrasts: every ablation against its reference, on each metric, with a verdict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection
from typing import Any, cast

from butfor import stats
from butfor.arm_names import data_set_of
from butfor.checks.outcomes import CheckRow
from butfor.missing_pairs import is_unjudged, pairs_missing_of
from butfor.plain_text import counted
from butfor.records.record import Record
from butfor.stats.importance import decided_by_failures
from butfor.study.metrics import METRICS, Metric
from butfor.study.study_metrics import descriptive, judged_by, metrics_of
from butfor.study.summary import ArmPlan, Study, ablations_of, arm_of, reference_of
from butfor.verdicts.baseline import FailedBaseline, failed_baselines
from butfor.verdicts.example_errors import example_errors, fields, for_new_data
from butfor.verdicts.paired_values import are_independent, looks_had, pairing, rule_of
from butfor.verdicts.rows import DESCRIBED, REFUSED, SETTLING, UNJUDGED, UNPROVEN, VOID, ContrastRow, fields_of
from butfor.verdicts.withheld import withheld

ACCURACIES = [name for name in METRICS if name.endswith("/accuracy")]
UNPAIRED: dict[str, Any] = {  # what is not known of arms that share no seeds
    **{"typical": None, "p_typical": None, "typical_note": "", "pairing": math.nan},
    **{"better": math.nan, "correlation": math.nan, "sd": math.nan},
}
CUT = {(False, False): "", (True, False): "low", (False, True): "high", (True, True): "both"}  # an interval's ends
Refusals = dict[str, tuple[str, str]]  # verdict and remark of the arms that are not judged


def judge(study: Study, records: list[Record], checks: list[CheckRow]) -> list[ContrastRow]:
    """One row per ablation and metric: arm, reference, family, metric, unit, the fields of stats.Contrast,
    `smallest_effect`, what the ablation's seeds could have shown, `more_seeds`, what an undecided one lacks, and what the
    typical run says beside the mean.

    The metric that verdicts are asked of says after which look an ablation is settled (see `decided`); the other metrics
    are judged on the same seeds.
    """
    deciding, refusals = withheld(decided(study, records, checks), study, records), _refusals(study, records, checks)
    looks = {name: c.look for name, c in deciding.items()}
    deciding = for_new_data(deciding, example_errors(study, records, looks, judged_by(study)), study)
    groups = _groups(study, refusals)
    rows = []
    described = descriptive(study)
    for metric in metrics_of(study).values():
        saturated = _saturated(study, records, metric)
        judged = (
            deciding
            if metric.name == study["verdict"]["metric"]
            else _with_failures(_all_judged(study, records, metric, {**saturated, **refusals}, looks), deciding, study)
        )
        rule, pairs = rule_of(study, metric, records), pairing(study, records, metric)
        errors, shares = example_errors(study, records, looks, metric), _shares(study, metric, groups)
        for arm in ablations_of(study):
            c = judged[arm["name"]]
            if metric.name in described and c.verdict not in REFUSED:
                c = dataclasses.replace(c, verdict=DESCRIBED, remark="" if c.pairs else c.remark)
            row = _row(arm, metric, c, pairs(arm["name"], c.look), rule, shares.get(arm["name"], 1))
            new = fields(c, errors.get(arm["name"]), rule.alpha / len(rule.looks))
            new["new_low"], new["new_high"] = metric.possible(new["new_low"], new["new_high"])
            unknown = UNPAIRED if are_independent(study) else {}
            rows.append(cast(ContrastRow, {**row, **new, **unknown}))
    return rows


def decided(study: Study, records: list[Record], checks: list[CheckRow]) -> dict[str, stats.Contrast]:
    """Every ablation's contrast on the metric that verdicts are asked of, after the look that settled it or its last.

    An ablation that changed nothing is void, one that failed its check is unproven: neither is judged, and neither
    counts among the ablations that probabilities are corrected over. Nor is one of a baseline that learnt nothing.
    """
    refusals = _refusals(study, records, checks)
    return _all_judged(study, records, judged_by(study), refusals, looks_had(study, records))


def contrast_of(row: ContrastRow) -> stats.Contrast:
    """The contrast that a row of contrasts.json was made of."""
    names = [field.name for field in dataclasses.fields(stats.Contrast)]
    values: dict[str, Any] = {name: row[name] for name in names}  # type: ignore[literal-required]
    unknown = {name: math.nan for name in names if values[name] is None and name != "margin"}
    return stats.Contrast(**{**values, **unknown})


def _row(
    arm: ArmPlan, metric: Metric, c: stats.Contrast, pairs: stats.Pairs, rule: stats.Rule, share: float
) -> ContrastRow:
    level = float(pairs.reference.mean()) if c.pairs else math.nan
    low, high = metric.possible(c.low, c.high)
    beside = stats.typical(pairs, c.margin, independent=not rule.overlap)
    is_open = c.verdict == "inconclusive"
    row = {
        **{"arm": arm["name"], "label": arm.get("label", ""), "data": data_set_of(arm["name"])},
        **{"reference": arm["reference"], "family": arm["family"]},
        **{"metric": metric.name, "unit": metric.unit.name, "decimals": metric.unit.decimals},
        **{**fields_of(c), "low": low, "high": high},
        "level": level,
        "p_raw": c.estimate.p_difference() if c.pairs > 1 else math.nan,
        **{"typical": beside.difference, "p_typical": beside.p, "typical_note": beside.note},
        "pairing": stats.pairing_cost(pairs, rule),
        **{"widened": stats.widened(c, pairs, rule), "cut": CUT[low > c.low, high < c.high]},
        "smallest_effect": stats.smallest_effect(c, rule, share) if is_open else None,
        "more_seeds": _more_seeds(c, rule, share) if is_open else None,
    }
    if c.remark.endswith(stats.MISSED) and row["more_seeds"] and not rule.overlap:
        row["remark"] = f"{c.remark}; at most about {counted(row['more_seeds'], 'more seed')} {SETTLING}"
    if is_unjudged(row):
        row["remark"] = pairs_missing_of(c.missing, c.planned, pairs.runs_ablation, pairs.runs_reference)
    return cast(ContrastRow, row)


def _more_seeds(c: stats.Contrast, rule: stats.Rule, share: float) -> int | None:
    """How many seeds an undecided ablation lacks, by its figures or by its failures, whichever decides first; None where that is
    not known, or where it is not seeds that it lacks. Figures that lean towards what is not said of an arm that failed more often
    decide nothing."""
    more_failed = c.failed_ablation - c.failed_reference
    is_worse = c.effect < 0 if rule.higher_is_better else c.effect > 0
    by_figures = None if more_failed and is_worse != (more_failed > 0) else stats.more_seeds(c, rule, share)
    known = [more for more in (by_figures, stats.more_seeds_by_failures(c, rule, share)) if more]
    return min(known, default=None)


def _shares(study: Study, metric: Metric, groups: list[list[str]]) -> dict[str, float]:
    """By ablation, how many equal shares its own of alpha is one of, before any other is rejected."""
    if metric.name != study["verdict"]["metric"]:
        of_groups = [(group, _compared_beside(study, group)) for group in groups]
        return {name: share for group, share in of_groups for name in group}
    primary, shares = [arm["name"] for arm in study["arms"] if arm["primary"]], dict[str, float]()
    for group in groups:
        removed = _removed_beside(study, group)
        weights = stats.weights(group, primary, removed)
        shares |= {name: (sum(weights.values()) + removed) / weight for name, weight in weights.items()}
    return shares


def _compared_beside(study: Study, group: list[str]) -> int:
    """How many comparisons of a group's ablations the other metrics that are judged share one alpha over."""
    others = len(metrics_of(study)) - 1 - len(descriptive(study))
    return max(others, 1) * (len(group) + _removed_beside(study, group))


def _all_judged(
    study: Study, records: list[Record], metric: Metric, refusals: Refusals, looks: dict[str, int]
) -> dict[str, stats.Contrast]:
    """Every ablation's contrast after as many looks as `looks` says, corrected within its group, or refused."""
    pairs, rule_of_all = pairing(study, records, metric), rule_of(study, metric, records)
    primary = [arm["name"] for arm in study["arms"] if arm["primary"]]
    contrasts: dict[str, stats.Contrast] = {}
    for group in _groups(study, refusals):
        removed = _removed_beside(study, group)
        rule, weights = dataclasses.replace(rule_of_all, others=removed), stats.weights(group, primary, removed)
        if metric.name == study["verdict"]["metric"]:
            had = {name: [pairs(name, n + 1) for n in range(looks[name])] for name in group}
            contrasts |= stats.judge_pairs(had, rule, weights)
        else:  # all other metrics share one alpha
            shared = dataclasses.replace(rule, others=_compared_beside(study, group) - len(group))
            once = stats.judge_once({name: pairs(name, looks[name]) for name in group}, shared)
            contrasts |= {name: dataclasses.replace(c, look=looks[name]) for name, c in once.items()}
    for name in (arm["name"] for arm in ablations_of(study) if arm["name"] in refusals):
        c = stats.contrast(pairs(name, looks[name]), rule_of_all)
        verdict, remark = refusals[name]
        contrasts[name] = dataclasses.replace(c, verdict=verdict, remark=remark, look=looks[name], settled=True)
    return contrasts


def _with_failures(
    judged: dict[str, stats.Contrast], deciding: dict[str, stats.Contrast], study: Study
) -> dict[str, stats.Contrast]:
    """Contrasts on another metric, where what failed runs have decided is not asked again: a run fails by one metric only."""
    return {
        name: dataclasses.replace(c, verdict=deciding[name].verdict, remark=deciding[name].remark, settled=True)
        if decided_by_failures(deciding[name], study["verdict"]["alpha"])
        else c
        for name, c in judged.items()
    }


def _groups(study: Study, refused: Collection[str]) -> list[list[str]]:
    """The judged ablations, by what their probabilities are corrected over together."""
    whole = study["verdict"]["corrected_over"] == "report"
    groups: dict[str, list[str]] = {}
    for arm in ablations_of(study):
        if arm["name"] not in refused:
            groups.setdefault("" if whole else arm["family"], []).append(arm["name"])
    return list(groups.values())


def _removed_beside(study: Study, group: list[str]) -> int:
    """How many ablations that are not in the study any more count among those of a group: those of its family, and those
    that were removed while all were corrected together."""
    removed = study.get("removed", {})
    if study["verdict"]["corrected_over"] == "report":
        return sum(removed.values())
    return sum(removed.get(family, 0) for family in ("", arm_of(study, group[0])["family"]))


def _refusals(study: Study, records: list[Record], checks: list[CheckRow]) -> Refusals:
    verdict = study["verdict"]
    return _against(study, failed_baselines(records, verdict["must_learn"], verdict["metric"])) | {
        row["arm"]: (VOID, "") if row["outcome"] == "void" else (UNPROVEN, row["problems"][0])
        for row in checks
        if row["outcome"] in ("void", "unproven")
    }


def _saturated(study: Study, records: list[Record], metric: Metric) -> Refusals:
    """The arms of which accuracy cannot speak, where it settles nothing, because the baseline only names the commonest class."""
    of_accuracy = metric.name in ACCURACIES
    return _against(study, failed_baselines(records, True, metric.name)) if of_accuracy else {}


def _against(study: Study, failed: list[FailedBaseline]) -> Refusals:
    """The arms that are not judged for what is the matter with their reference, a baseline."""
    why = {baseline.arm: (UNJUDGED, baseline.in_short) for baseline in failed if not baseline.diverged}
    return {arm["name"]: why[reference_of(arm)] for arm in ablations_of(study) if arm["reference"] in why}
