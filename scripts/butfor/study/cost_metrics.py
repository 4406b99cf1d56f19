"""What an arm costs, as claims may name it: `cost/parameters` and the like, in one table. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PART = "cost/"
TIMED = "cost/seconds_per_epoch"


@dataclass(frozen=True)
class CostMetric:
    """A cost, of which less is better. exact: whether it is the same whenever it is asked, so that arms are compared without
    a test. once: whether it is measured once. scale: how many of the unit one that is measured is. noise: by how much two
    measurements of one model may differ, in the unit, and as a share of what the reference takes."""

    unit: str
    decimals: int
    exact: bool = False
    once: bool = False
    scale: float = 1.0
    noise: float = 0.0
    noise_share: float = 0.0


COSTS = {
    "cost/parameters": CostMetric("parameters", 0, exact=True),
    "cost/operations": CostMetric("operations", 0, exact=True),
    "cost/latency_ms": CostMetric("ms", 3),
    "cost/memory": CostMetric("MiB", 1, once=True, scale=2**-20, noise=2.0),
    "cost/joules": CostMetric("J per 1 000 predictions", 3, once=True, noise_share=0.05),
    TIMED: CostMetric("s", 4),
}


def is_cost(metric: str | None) -> bool:
    """Whether a claim's metric is a cost."""
    return bool(metric) and str(metric).startswith(PART)


def problem(claim: dict[str, Any], batch_sizes: list[int]) -> tuple[str, str]:
    """The key of a claim about a cost that cannot be decided, with why; two empty texts if there is none."""
    metric, expect = claim["metric"], claim["expect"]
    if metric not in COSTS:
        return "metric", f"expected one of {', '.join(COSTS)}, received {metric}."
    if metric != TIMED and not batch_sizes:
        return (
            "metric",
            f"expected costs to be measured, received {metric}, which is not. Write costs: {{batch_sizes: [1]}} in the study.",
        )
    if expect in ("fails", "fails more"):
        return "expect", f"expected helps, hurts or same of a cost, received {expect}."
    if claim["margin"] is None and (COSTS[metric].once or (expect == "same" and not COSTS[metric].exact)):
        return "margin", f"expected how large a difference in {metric} would not matter, received null."
    return "", ""
