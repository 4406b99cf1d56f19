"""Verdicts at learning rates that were tuned for every arm: each arm at its best rate, checked and judged like the others."""

from __future__ import annotations

from typing import Any, cast

from butfor.checks.manipulation import examine
from butfor.recipe.rate_choice import chosen
from butfor.records.record import Record
from butfor.study.study_metrics import judged_by
from butfor.study.summary import ArmPlan, Study
from butfor.verdicts.contrasts import judge
from butfor.verdicts.rows import BestRate, ContrastRow, TunedComparison, none_for_nan


def tuned_comparison(study: Study, searches: list[dict[str, Any]], records: list[Record]) -> TunedComparison:
    """What the arms are worth at their best rates, from what each of the `searches` tried and the `records` at those rates.

    The contrasts are on the metric that verdicts are asked of.
    """
    metric = judged_by(study)
    rates = {search["arm"]: cast(BestRate, _best(search, metric.name)) for search in searches}
    planned: Study = {**study, "arms": [_at_rate(arm, rates) for arm in study["arms"] if arm["name"] in rates]}
    checks = examine(planned, records)
    rows = metric.rows(judge(planned, records, checks))
    return {
        "rates": rates,
        "checks": checks,
        "contrasts": [cast(ContrastRow, {key: none_for_nan(value) for key, value in row.items()}) for row in rows],
        "seconds": sum(sum(record.timing["seconds"].values()) for record in records),
    }


def _best(search: dict[str, Any], metric: str) -> dict[str, Any]:
    return chosen(search["tried"], metric, search.get("higher_is_better"))


def _at_rate(arm: ArmPlan, rates: dict[str, BestRate]) -> ArmPlan:
    """An arm as it was trained at its best rate; where its reference's is another, that is one more change."""
    rate, reference = rates[arm["name"]]["rate"], arm["reference"]
    moved = reference is not None and rates[reference]["rate"] != rate and "learning_rate" not in arm["changed"]
    changed = [*arm["changed"], "learning_rate"] if moved else arm["changed"]
    return {**arm, "recipe": {**arm["recipe"], "learning_rate": rate}, "changed": changed}
