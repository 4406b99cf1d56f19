"""What accounts for the numbers of claims, other metrics and costs in the report of the study in numbers_study.py."""

from __future__ import annotations

import re

import numpy as np
from scipy import stats

from accounted_contrasts import contrast, every_run, said
from number_ledger import Expected, Ledger
from numbers_study import BROKEN, CLAIMED, UNSTABLE
from recomputed import Effect, fails_more, paired
from recomputed_study import ALPHA, LOOKS, MARGIN, MARGINS, PLACEBO, SCALES, Recomputed, smallest_step

ACCURACY, F1 = "test/accuracy", "test/f1_macro"
K = len(LOOKS)


def account_for_costs(told: Ledger, facts: Recomputed) -> None:
    """Take off all that is accounted for in these sections."""
    for part in (_claims, _other_metric, _cost_table, _costs_most, _seconds):
        part(told, facts)


def _claims(told: Ledger, facts: Recomputed) -> None:
    outcomes = [*CLAIMED.values()]
    counts = [outcomes.count(kind) for kind in ("supported", "refuted", "undecided")]
    told.says("{} supported, {} refuted, {} undecided.", *counts)
    written = {
        "decay_is_small": [0, "2"],
        "rate_by_one": ["1"],
        "high_fails": ["40"],
        "decay_is_nothing": [0, f"{MARGIN}"],
        "smaller": ["100"],
    }
    numbers = _claims_tested(facts)
    for row in told.table("claim | expected"):
        sentence, expected, outcome, effect, interval = row.values()
        claim = re.search(r"\(`(\w+)`", sentence.text)[1]  # type: ignore[index]
        told.take(sentence)
        told.cell(expected, *(value for value in written.get(claim, []) if value))
        one, _, why = numbers[claim]
        assert CLAIMED[claim] in outcome.text
        told.cell(outcome, *why)
        told.cell(effect, *([] if one is None else [f"{one:+d}"] if isinstance(one, int) else [one.effect]))
        told.cell(interval, *(one.interval(ALPHA / K) if isinstance(one, Effect) else []))
    for row in told.table("claim | reason"):
        claim, reason, p, seeds, declared = row.values()
        one, expected_p, why = numbers[claim.text.strip("`")]
        told.cell(reason, *why)
        told.cell(p, *([] if expected_p is None else [expected_p]))
        told.cell(seeds, *_seeds_of(facts, claim.text.strip("`"), one))
        assert declared.text == "declared before the data (2026-03-01)"
        told.take(declared)


def _seeds_of(facts: Recomputed, claim: str, one: Effect | int | None) -> list[int]:
    if claim in ("high_fails", "fails_more"):
        return [facts.seen(BROKEN if claim == "high_fails" else UNSTABLE)]
    return [one.seeds] if isinstance(one, Effect) else []


def _claims_tested(facts: Recomputed) -> dict[str, tuple[Effect | int | None, float | None, list[Expected]]]:
    """Of each claim its contrast, the corrected p, and the numbers that its reason says."""
    on, own = facts.effects[ACCURACY], 6  # claims have a test of their own
    small, by_one, seconds = on["no_l2"], on["rate_low"], _seconds_per_epoch(facts)
    broken, unstable = facts.seen(BROKEN), facts.seen(UNSTABLE)
    law = stats.t(by_one.runs - 1, scale=by_one.error)
    fails = own * K * stats.binom.sf(broken - 1, broken, 0.4)
    spread = stats.t(seconds.runs - 1, scale=seconds.error)
    fewer = facts.costs["bare"]["parameters"] - facts.costs["baseline"]["parameters"]
    return {
        "dropout_matters": (on["no_dropout"], on["no_dropout"].shown["differ"], []),
        "decay_is_small": (small, own * K * small.tests(2.0)["same"], []),
        "rate_by_one": (by_one, own * K * law.cdf(by_one.effect + 1), []),
        "high_fails": (None, fails, [broken, broken]),
        "fails_more": (None, min(1.0, own * K * fails_more(1, 0, unstable)), [1, unstable, 0]),
        "decay_is_nothing": (small, small.shown["same"], []),
        "slower": (seconds, min(1.0, own * K * spread.sf(seconds.effect)), []),
        "macro": (facts.effects[F1]["rate_high"], facts.effects[F1]["rate_high"].shown["differ"], []),
        "smaller": (fewer, None, []),
    }


def _seconds_per_epoch(facts: Recomputed) -> Effect:
    own, base = (
        {s: r["timing"]["seconds"]["train"] / len(r["history"]) for s, r in facts.runs[a].items()}
        for a in ("bare", "baseline")
    )
    one = paired(own, base, own)
    one.error = max(one.differences.std(ddof=1), smallest_step(one)) / np.sqrt(one.runs)
    return one


def _other_metric(told: Ledger, facts: Recomputed) -> None:
    count = (len(SCALES) - 1) * len(facts.judged)
    told.says("corrected over {} comparisons: {} ablations on", count, len(facts.judged))
    told.says("margin ±{} points.", f"{MARGINS[F1]:g}")
    for row in told.table("ablation | against | verdict | effect"):
        cells = list(row.values())
        arm = cells[0].text.strip("`")
        one = facts.effects[F1][arm]
        said(cells[2], one)
        told.cell(
            cells[2],
            *([one.failed[0], one.seeds, one.failed[1], one.seeds] if arm == UNSTABLE else every_run(facts, arm)),
        )
        contrast(told, cells[3:], one)
        told.cell(cells[7], one.runs)


def _cost_table(told: Ledger, facts: Recomputed) -> None:
    keys = ("parameters", "operations", "1", "64", "memory", "joules")
    for row in told.table("arm | parameters | operations"):
        cells = list(row.values())
        arm = cells[0].text.strip("`")
        base = facts.reference[arm] if arm not in ("baseline", PLACEBO) else None
        per_epoch = [_per_epoch(facts, one) if one else None for one in (arm, base)]
        pairs = [(_cost(facts, arm, key), _cost(facts, base, key) if base else None) for key in keys] + [per_epoch]
        for cell, (own, of_base) in zip(cells[1:8], pairs, strict=True):
            more = [] if of_base is None or own == of_base else [100 * (own / of_base - 1)]
            told.cell(cell, short(own), *more)
        one = facts.effects[ACCURACY].get(arm)
        told.cell(cells[8], *([one.effect] if one is not None and one.runs else []))
    told.says("ms, batch {} | ms, batch {} |", "1", "64")
    told.says("J / {} | s per epoch", "1 000")
    told.says("joules for {} predictions", "1 000")
    told.says("on CPU with {} CPU thread(s)", 2)
    tails = "batch {}: {} % of predictions within {} ms; batch {}: {} % of predictions within {} ms"
    told.says(tails, "1", "95", "0.9", "64", "95", "3.25")


def _cost(facts: Recomputed, arm: str, key: str) -> float:
    own = facts.costs[arm]
    return own["latency"][key][0] if key in own["latency"] else own[key] / 2**20 if key == "memory" else own[key]


def _per_epoch(facts: Recomputed, arm: str) -> float:
    return float(np.median([r["timing"]["seconds"]["train"] / len(r["history"]) for r in facts.runs[arm].values()]))


def short(value: float) -> str:
    """Three digits; of thousands, those of the thousands."""
    return f"{value / (1000 if value >= 1000 else 1):.3g}"


def _costs_most(told: Ledger, facts: Recomputed) -> None:
    rates = {}
    for arm in facts.judged:
        one = facts.effects[ACCURACY][arm]
        if facts.verdicts[arm] in ("helps", "hurts") and one.runs:
            more = _cost(facts, arm, "operations") - _cost(facts, facts.reference[arm], "operations")
            rates[arm] = (more / one.effect, more if one.effect > 0 else -more, abs(one.effect))
    for place, arm in enumerate(sorted(rates, key=lambda arm: -rates[arm][0]), 1):
        rate, more, better = rates[arm]
        if more > 0:
            said = f"{{}}. `{arm}`: it is better by {{}}, for {{}} k operations more ({{}} k per point)"
            told.says(said, place, better, short(more), short(rate))
        else:
            said = f"{{}}. `{arm}`: its reference is better by {{}}, and takes {{}} k fewer operations"
            told.says(said, place, better, short(-more))


def _seconds(told: Ledger, facts: Recomputed) -> None:
    phases = ("data", "compile", "train")
    total = sum(facts.seconds(arm, phase).sum() for arm in facts.runs for phase in phases)
    told.says("{} minutes of training jobs in all", total / 60)
    for row in told.table("arm | data | compile | train"):
        arm, *cells = row.values()
        of_arm = [facts.seconds(arm.text.strip("`"), phase) for phase in phases]
        sums = [each.sum() for each in of_arm]
        for cell, value in zip(cells, [*sums, sum(sums), np.median(of_arm[-1])], strict=False):
            told.cell(cell, float(value))
        told.cell(cells[5], *facts.parameters(arm.text.strip("`")))
