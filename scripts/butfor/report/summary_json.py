"""summary.json: what the report says, for programs; docs/summary.schema.json says what is in it.

Numbers are as computed, not rounded, and null where they are not known. Standard library only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from butfor.checks.outcomes import CheckOutcome, CheckRow
from butfor.report.answer import answer_of, before_all
from butfor.report.claim_section import data_set_shown
from butfor.report.run_costs import RunCost
from butfor.report.source_section import results_from
from butfor.study.metrics import Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import DescribedStudy
from butfor.verdicts.across_rows import AcrossRow
from butfor.verdicts.placebo_row import PlaceboRow
from butfor.verdicts.rows import ArmRow, Assessment, ClaimRow, Comparison, ContrastRow
from butfor.verdicts.words import lean

SCHEMA_VERSION = 1  # of summary.json: raised where a field is taken out or changes its meaning
SUMMARY = "summary.json"
NUMBERS = ("effect", "low", "high", "p_difference", "p_equivalence")
RUNS = ("pairs", "planned", "missing", "failed_ablation", "failed_reference", "more_seeds")
OF_CLAIM = (
    *("claim", "sentence", "arm", "reference", "metric", "unit", "expect", "outcome", "reason"),
    *("effect", "low", "high", "p", "standing"),
)


def summary(
    study: DescribedStudy,
    rows: Sequence[ContrastRow],
    comparison: Comparison,
    checks: Sequence[CheckRow],
    claims: Assessment,
    costs: Mapping[str, RunCost],
    places: Mapping[str, str],
    partial: bool,
) -> dict[str, Any]:
    """The whole file. costs, places: see RunCost and places_of. partial: whether runs are still to come."""
    metric, verdict = judged_by(study), study["verdict"]
    settling, by_arm = metric.rows(rows), dict[str, list[ContrastRow]]()
    for row in rows:
        by_arm.setdefault(row["arm"], []).append(row)
    proofs = {check["arm"]: check["outcome"] for check in reversed(checks)}
    return {
        "schema_version": SCHEMA_VERSION,
        "study": study["study"],
        "question": study["question"],
        "partial": partial,
        "answer": [*before_all(comparison, marked=False), *answer_of(list(rows), comparison, marked=False)]
        if comparison.get("arms")
        else [],
        "metric": {
            "name": metric.name,
            "title": metric.title,
            "unit": metric.unit.name,
            "higher_is_better": metric.higher_is_better,
            "margin": metric.margin_in(verdict),
        },
        "alpha": verdict["alpha"],
        "runs": comparison["runs"],
        "failed_runs": sum(len(row["seeds"]) for row in comparison["failed"]),
        "verdicts": dict(Counter(row["verdict"] for row in settling)),
        "arms": [_arm(row, metric.name, costs, places) for row in comparison.get("arms", [])],
        "ablations": [_ablation(row, by_arm[row["arm"]], metric, proofs.get(row["arm"])) for row in settling],
        "over_data_sets": [_over(row) for row in across["rows"]] if (across := comparison.get("across")) else [],
        "placebo": [_placebo(row) for row in comparison.get("placebo", [])],
        "claims": [_claim(row) for row in claims["claims"]],
        "deviations": claims["deviations"],
        "links": {
            "report": "report.md",
            "figure": "figures/effects.svg",
            **{name: f"{name}.json" for name in ("contrasts", "comparison", "checks", "claims")},
            "runs": "tables/runs.csv",
            "mlflow": f"{results_from(places)}tracked.json",
        },
    }


def _arm(row: ArmRow, metric: str, costs: Mapping[str, RunCost], places: Mapping[str, str]) -> dict[str, Any]:
    level, cost = row["reaches"].get(metric), costs.get(row["arm"])
    return {
        **{key: row[key] for key in ("arm", "label", "reference", "sets", "runs", "failed")},  # type: ignore[literal-required]
        "mean": level["mean"] if level else None,
        "sd": level["sd"] if level else None,
        "parameters": cost.parameters if cost else None,
        "all_parameters": cost.all_parameters if cost else None,
        "seconds": cost.seconds if cost else None,
        "records": places.get(row["arm"]),
    }


def _ablation(
    row: ContrastRow, rows: Sequence[ContrastRow], decides: Metric, proof: CheckOutcome | None
) -> dict[str, Any]:
    """An ablation on the metric that decides, with what a check has proven of it, and what it does to the other metrics. rows:
    its own, on every metric."""
    others = {other["metric"]: other for other in rows}
    return {
        **{key: row[key] for key in ("arm", "data", "reference", "family", "verdict", "remark", "unit")},  # type: ignore[literal-required]
        "label": row.get("label", ""),
        **{key: row[key] for key in (*NUMBERS, *RUNS)},  # type: ignore[literal-required]
        "leans": lean(row, decides) if row["verdict"] == "inconclusive" else None,
        "proof": proof,
        "metrics": {
            name: {key: other[key] for key in ("verdict", "unit", "effect", "low", "high")}  # type: ignore[literal-required]
            for name, other in others.items()
        },
    }


def _over(row: AcrossRow) -> dict[str, Any]:
    """An ablation's mean effect over the data sets."""
    shown = (*("arm", "reference", "verdict", "remark", "unit", "pairs"), *NUMBERS)
    differing = ("effects", "heterogeneity", "p_heterogeneity")
    return {key: row[key] for key in (*shown, *differing)}  # type: ignore[literal-required]


def _placebo(row: PlaceboRow) -> dict[str, Any]:
    shown = ("arm", "reference", "shows", "verdict", "remark", "unit", "effect", "low", "high", "pairs")
    return {key: row[key] for key in shown}  # type: ignore[literal-required]


def _claim(row: ClaimRow) -> dict[str, Any]:
    return {**{key: row[key] for key in OF_CLAIM}, "data": data_set_shown(row)}  # type: ignore[literal-required]
