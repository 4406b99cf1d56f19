"""Claims about what arms cost: counts are compared as they are, seconds per epoch in pairs of runs, and a latency where its
medians are further apart than its own spread. Less is better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from butfor import stats
from butfor.records.record import Record
from butfor.study.claims import Claim
from butfor.study.cost_metrics import COSTS, TIMED
from butfor.study.summary import Study

Costs = dict[str, Any]
Tests = tuple[float | None, float | None]  # p where the null is that a claim is wrong, and where it is that it is right


@dataclass(frozen=True)
class CostContrast:
    """An arm's cost minus its reference's. spread: by how much each may be off; 0 of what is counted. pairs: of runs, of a cost
    that each run tells; None of any other. low, high: the interval of those."""

    effect: float | None
    spread: float = 0.0
    pairs: stats.Contrast | None = None


def seconds_per_epoch(record: Record) -> float | None:
    """What an epoch of a run took, without evaluation; None of one that ended in its first."""
    return float(record.timing["seconds"]["train"]) / len(record.history) if record.history else None


def contrasts(
    study: Study, claims: dict[str, Claim], records: list[Record], costs: Costs | None
) -> dict[str, CostContrast]:
    """Of each claim about a cost, by name. costs: see training/arm_costs; None before they are measured."""
    return {
        name: _timed(study, claim, records) if claim["metric"] == TIMED else _measured(claim, costs)
        for name, claim in claims.items()
    }


def tests(study: Study, claim: Claim, contrast: CostContrast) -> Tests:
    """Of a cost that each run tells; none of any other."""
    if contrast.pairs is None or contrast.pairs.pairs < 2:
        return None, None
    c, looks, margin = contrast.pairs, len(study["looks"]), claim["margin"] or 0.0
    if claim["expect"] == "same":
        return c.p_equivalence, stats.p_outside(c, margin, looks)
    if claim["expect"] == "helps":
        return stats.p_below(c, -margin, looks), stats.p_above(c, -margin, looks)
    return stats.p_above(c, margin, looks), stats.p_below(c, margin, looks)


def _ruling(
    claim: Claim, contrast: CostContrast, shown: float | None, wrong: float | None, alpha: float
) -> tuple[str, str, float | None]:
    """The outcome, why, and the corrected probability that says so, if there is one."""
    if contrast.effect is None:
        return "undecided", "not measured yet, or not told by this machine", None
    if contrast.pairs is not None:
        for outcome, p in (("supported", shown), ("refuted", wrong)):
            if p is not None and p <= alpha:
                return outcome, "", p
        return "undecided", "", shown
    beyond = _beyond(claim, contrast.effect)
    if claim["metric"] != TIMED and abs(beyond) <= contrast.spread and not COSTS[claim["metric"]].exact:
        return "undecided", "closer to what the claim says than two measurements of one model are to each other", None
    return ("supported" if beyond >= 0 and (beyond > 0 or _counts_equal(claim)) else "refuted"), _how(claim), None


def row(
    name: str, claim: Claim, contrast: CostContrast, shown: float | None, wrong: float | None, alpha: float
) -> dict[str, Any]:
    """The claim as a row of claims.json. shown, wrong: the corrected probabilities of its tests, if it has any."""
    decided = _ruling(claim, contrast, shown, wrong, alpha)
    about, c = COSTS[claim["metric"]], contrast.pairs
    none = {
        "low": None,
        "high": None,
        "pairs": 0,
        "planned": 0,
        "missing": 0,
        "failed_ablation": 0,
        "failed_reference": 0,
    }
    numbers = {key: getattr(c, key) for key in none} if c else none
    return {
        "claim": name,
        **{key: claim[key] for key in ("sentence", "arm", "reference", "metric", "expect", "margin", "rate")},  # type: ignore[literal-required]
        **{"unit": about.unit, "decimals": about.decimals},
        **dict(zip(("outcome", "reason", "p"), decided, strict=True)),
        "effect": contrast.effect,
        **{
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in numbers.items()
        },
    }


def _measured(claim: Claim, costs: Costs | None) -> CostContrast:
    own, base = ((costs or {"arms": {}})["arms"].get(claim[key]) for key in ("arm", "reference"))  # type: ignore[literal-required]
    key = claim["metric"].partition("/")[2]
    if not own or not base:
        return CostContrast(None)
    if key != "latency_ms":
        about, is_told = COSTS[claim["metric"]], None not in (own.get(key), base.get(key))
        spread = about.noise + about.noise_share * about.scale * (base[key] if is_told else 0.0)
        return CostContrast(about.scale * (own[key] - base[key]) if is_told else None, spread=spread)
    size = next(iter(own["latency"]))  # the first that the study names
    (median, tail), (of_base, tail_of_base) = own["latency"][size], base["latency"][size]
    return CostContrast(median - of_base, spread=max(tail - median, tail_of_base - of_base))


def _timed(study: Study, claim: Claim, records: list[Record]) -> CostContrast:
    values: dict[str, dict[int, float | None]] = {claim["arm"]: {}, claim["reference"]: {}}
    for record in records:
        if record.arm in values and (seconds := seconds_per_epoch(record)) is not None:
            values[record.arm][record.seed] = seconds
    seeds = [seed for look in study["looks"] for seed in look["seeds"]]
    own, base = values[claim["arm"]], values[claim["reference"]]
    pairs = stats.pair(own, base, [seed for seed in seeds if seed in own and seed in base])
    looks = tuple(look["seen"] for look in study["looks"])
    rule = stats.Rule(claim["margin"], looks, study["verdict"]["alpha"], higher_is_better=False)
    c = stats.contrast(pairs, rule)
    return CostContrast(c.effect if c.pairs else None, pairs=c)


def _beyond(claim: Claim, effect: float) -> float:
    """By how much the claim is right; below 0 if it is wrong."""
    margin = claim["margin"] or 0.0
    return (
        margin - abs(effect)
        if claim["expect"] == "same"
        else (-effect if claim["expect"] == "helps" else effect) - margin
    )


def _counts_equal(claim: Claim) -> bool:
    """Whether a difference of exactly the margin is what the claim says."""
    return claim["expect"] == "same" or bool(claim["margin"])


def _how(claim: Claim) -> str:
    return "counted" if COSTS[claim["metric"]].exact else "by one measurement"
