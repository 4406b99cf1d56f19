"""What accounts for the numbers that the report of the study in numbers_study.py folds away."""

from __future__ import annotations

import json
import re

import numpy as np
from scipy import stats

from accounted_contrasts import contrast, said, settings
from number_ledger import Ledger
from numbers_study import BROKEN, EXAMPLES, MACHINE, UNSTABLE, VOID
from recomputed import OPEN, Effect, fails_more
from recomputed_study import ALPHA, LOOKS, MARGIN, MARGINS, STEP, Recomputed, smallest_step

ACCURACY, LOSS, F1 = "test/accuracy", "test/loss", "test/f1_macro"
K = len(LOOKS)


def account_for_details(told: Ledger, facts: Recomputed) -> None:
    """Take off all that is accounted for in these sections."""
    for part in (_all_numbers, _words_of_all_numbers, _arms, _importance, _test_set, _looks, _failures, _placebo):
        part(told, facts)
    for part in (_method, _sources, _provenance):
        part(told, facts)


def _all_numbers(told: Ledger, facts: Recomputed) -> None:
    for row in told.table("ablation | against | verdict | accuracy"):
        cells = list(row.values())
        arm = cells[0].text.strip("`")
        one, loss = facts.effects[ACCURACY][arm], facts.effects[LOSS][arm]
        said(cells[2], one)
        said(cells[14], loss)
        is_open, tested_at_all = one.verdict == OPEN, arm not in (VOID, BROKEN)
        contrast(told, [cells[3], cells[4], cells[7], cells[8]], one)
        told.cell(cells[5], *([float(np.median(one.differences))] if one.runs else []))
        told.cell(cells[6], *([one.alone] if tested_at_all else []))
        told.cell(cells[9], *([100 * (one.differences > 0).mean()] if one.runs else []))
        told.cell(cells[10], *([one.seeds - one.failed[0]] if one.failed[0] else []), one.seeds)
        told.cell(cells[11], *([facts.could_see[arm]] if is_open else []))
        counts = sorted(one.failed, reverse=True)
        both = [min(1.0, 2 * fails_more(*counts, one.seeds))] if counts[0] != counts[1] else []
        told.cell(cells[12], *one.failed, *both)
        told.cell(cells[13], *([loss.effect] if loss.runs else []))


def _words_of_all_numbers(told: Ledger, facts: Recomputed) -> None:
    told.says("\\* {} % for each ablation by itself", f"{100 * (1 - ALPHA):g}")
    told.says("corrected over all {} that are judged, so an interval may leave {} out", len(facts.judged), "0")
    told.says("so it may leave {} out", "0")
    told.harmless(r"as large as 1\.000 beside an interval that leaves 0 out")
    for section, metric in (("Verdicts", ACCURACY), ("All numbers", ACCURACY), ("Other metrics", F1)):
        told.says("wider than by these runs' own spread (up to {} times)", _widened(facts, metric), within=section)
        told.says("no spread is taken for less than {} of the median ablation's, for interval", "0.85", within=section)
    told.says("within the margin of ±{} points", f"{MARGIN}")
    decided = [
        one
        for one in facts.effects[ACCURACY].values()
        if one.verdict not in (OPEN, "void: nothing changed") and one.runs
    ]
    least = min(one.runs for one in decided)
    told.says("none of {} runs may still befall up to {} % of them ({} % bound)", least, _unseen(least), "95")
    told.says("with a chance of {} %, whatever", "80")
    for arm in facts.judged:
        if facts.verdicts[arm] == OPEN:
            told.says(f"`{arm}` {{}}", facts.lacking[arm], within="All numbers")


def _unseen(runs: int) -> float:
    """The largest share of failures, in percent, of which none among so many is not unlikely."""
    return 100 * stats.beta.ppf(0.95, 1, runs)


def _widened(facts: Recomputed, metric: str) -> float:
    """By how many times others' spreads have made the interval of an ablation on a metric wider, at most."""
    own = {
        arm: max(float(one.differences.std(ddof=1)), STEP if metric == ACCURACY else smallest_step(one))
        for arm, one in facts.effects[metric].items()
        if arm in facts.judged and one.runs > 1
    }
    return max(
        facts.effects[metric][arm].error * np.sqrt(facts.effects[metric][arm].runs) / spread
        for arm, spread in own.items()
    )


def _arms(told: Ledger, facts: Recomputed) -> None:
    for row in told.table("arm | against | what it changes"):
        cells = list(row.values())
        arm = re.match(r"`(\w+)`", cells[0].text)[1]  # type: ignore[index]
        if arm in facts.ablations:
            settings(told, cells[2], facts, arm)
        failed = facts.seen(arm) - len(facts.finished(arm))
        told.cell(cells[3], facts.seen(arm))
        told.cell(cells[4], failed)
        for cell, metric in zip(cells[5:], (ACCURACY, LOSS, F1), strict=True):
            own = facts.finished(arm, metric)
            of = [len(own), facts.seen(arm)] if failed and len(own) else []
            told.cell(cell, *([own.mean(), own.std(ddof=1), *of] if len(own) else []))


def _importance(told: Ledger, facts: Recomputed) -> None:
    together = sum(
        facts.reference[arm] == "baseline" for arm in facts.judged
    )  # in the one table, since `bare` has one arm alone
    for row in told.table("what was changed | largest with"):
        _, arm, effect, interval, _ = row.values()
        one = facts.effects[ACCURACY][arm.text.strip("`")]
        told.cell(effect, *([one.effect] if one.runs else []))
        told.cell(interval, *(one.interval(ALPHA / K / together) if one.runs else []))
    told.says("hold all together at {} %, over all looks", f"{100 * (1 - ALPHA):g}")


def _test_set(told: Ledger, facts: Recomputed) -> None:
    for row in told.table("ablation | effect | standard error"):
        arm, effect, seeds, examples, interval = row.values()
        one = facts.effects[ACCURACY][arm.text.strip("`")]
        error, low, high = facts.new_data[arm.text.strip("`")]
        told.cell(effect, one.effect)
        told.cell(seeds, one.error)
        told.cell(examples, *([error] if error else []))
        told.cell(interval, low, high)
    told.says("Another test set of {} examples", EXAMPLES)
    told.says("it is not shown to be {}.", "0")


def _looks(told: Ledger, facts: Recomputed) -> None:
    on = facts.effects[ACCURACY]
    further = [arm for arm in facts.runs if facts.seen(arm) > LOOKS[0]]
    went_on = [arm for arm in facts.judged if arm in further]
    stopped = [arm for arm in facts.judged if on[arm].stopped]
    told.says(
        "After {} seeds {} of {} ablations are settled, {} stopped undecided.",
        LOOKS[0],
        len(facts.ablations) - len(went_on) - len(stopped),
        len(facts.ablations),
        len(stopped),
    )
    runs = (LOOKS[1] - LOOKS[0]) * len(further)
    first = {
        arm: [sum(r["timing"]["seconds"].values()) for s, r in facts.runs[arm].items() if s < LOOKS[0]]
        for arm in further
    }
    seconds = sum(np.mean(each) for each in first.values()) * (LOOKS[1] - LOOKS[0])
    told.says(
        "The look at {} trains {} runs of {} arms, about {} s of one device",
        LOOKS[1],
        runs,
        len(further),
        float(seconds),
    )
    for words, look, names in re.findall(r"- (Settled|Stopped undecided) after (\d+) seeds: (.*)\.", told.text):
        ended = [
            arm for arm in facts.ablations if on[arm].seeds == int(look) and on[arm].stopped == (words != "Settled")
        ]
        expected = {f"`{arm}`" for arm in ended if on[arm].stopped or facts.verdicts[arm] != OPEN}
        assert {*names.split(", ")} == expected
        told.says(f"- {words} after {{}} seeds: {names}.", int(look))


def _failures(told: Ledger, facts: Recomputed) -> None:
    runs, failed = sum(map(len, facts.runs.values())), facts.seen(BROKEN) + 1
    told.says("{} of {} runs ended without a usable model.", failed, runs)
    counts = sorted({facts.seen(arm) for arm in facts.runs if arm not in (BROKEN, UNSTABLE)})
    bounds = ", ".join("{} % of runs after {} seeds" for _ in counts)
    told.says(f"may still fail in up to {bounds} ({{}} % bounds)", *(n for c in counts for n in (_unseen(c), c)), "95")
    first = [seed for seed, run in facts.runs[UNSTABLE].items() if run["status"] == "diverged"]
    told.says(f"`{UNSTABLE}`, diverged with seed {{}}: the loss was nan in epoch {{}}", *first, 1)
    ends = f"`{BROKEN}`, diverged with seeds {{}} to {{}}; the first: the loss was nan in epoch {{}}"
    told.says(ends, min(facts.runs[BROKEN]), max(facts.runs[BROKEN]), 1)


def _placebo(told: Ledger, facts: Recomputed) -> None:
    one = facts.placebo
    told.says(
        "no difference to `baseline`: {} accuracy points [{}, {}], by {} pairs",
        one.effect,
        *one.interval(ALPHA / K),
        one.runs,
    )


def _method(told: Ledger, facts: Recomputed) -> None:
    level, each = f"{100 * (1 - ALPHA):g}", f"{100 * (1 - ALPHA / K):g}"
    told.says("K = {} planned looks (after {}, {} seeds), M = {} judged ablations", K, *LOOKS, len(facts.judged))
    told.says("α = {}, margin ±{} accuracy points; loss: no margin, so a direction only; F1 (macro): margin ±{} points",
              f"{ALPHA}", f"{MARGIN}", f"{MARGINS[F1]:g}")  # fmt: skip
    told.says("t interval at {} % over all looks, {} % at each", level, each)
    told.says("no spread is taken for less than {} of the median", "0.85")
    told.says("With fewer than {} ablations nobody", "5")
    on = {arm: one for arm, one in facts.effects[ACCURACY].items() if one.runs > 1 and arm != VOID}
    alike = {arm: float(np.corrcoef(one.ablation, one.reference)[0, 1]) for arm, one in on.items()}
    wider = float(np.median([_paired_to_unpaired(one) for one in on.values()]))
    said = f"over runs is {{}}: pairs make the intervals {{}} % {'wider' if wider > 0 else 'narrower'} than"
    told.says(said, float(np.median([*alike.values()])), 100 * abs(wider))
    for arm, r in alike.items():
        told.says(f"`{arm}` {{}}", r, within="How it was computed")
    told.harmless(r"\(Klein, Wright and Wieczorek 2020\)|10(?=⁻³)")


def _paired_to_unpaired(one: Effect) -> float:
    """How much wider the 95 % interval is for pairs than by Welch, as a share; without the guard by other ablations."""
    step = 100 / EXAMPLES
    width = stats.t.isf(0.025, one.runs - 1) * max(step, one.differences.std(ddof=1)) / np.sqrt(one.runs)
    a, b = (max(step**2 / 2, values.var(ddof=1)) / one.runs for values in (one.ablation, one.reference))
    return float(width / (stats.t.isf(0.025, (one.runs - 1) * (a + b) ** 2 / (a**2 + b**2)) * np.sqrt(a + b)) - 1)


def _sources(told: Ledger, facts: Recomputed) -> None:
    for row in told.table("arm | runs | records"):
        arm, runs, *_ = row.values()
        seeds = [run["seed"] for run in facts.runs[arm.text.strip("`")].values()]
        told.cell(runs, min(seeds), max(seeds))


def _provenance(told: Ledger, facts: Recomputed) -> None:
    run = next(iter(facts.runs["baseline"].values()))
    recipe = re.search(r"```json\n(.*?)```", told.text, re.DOTALL)
    assert recipe and json.loads(recipe[1]) == run["recipe"]
    told.harmless(r"```json\n(?:.|\n)*?```")
    told.harmless(r"`[0-9a-f]{16}`")
    parts = (
        "{} training, {} validation and {} test examples per run",
        *(run["data"][k] for k in ("train", "validation", "test")),
    )
    told.says(*parts)
    told.says("taken as they are, from {} to {}", "0", "1")
    told.says("Keras {} on TensorFlow {}", MACHINE["keras"], MACHINE["tensorflow"])
    versions = (
        "Python {}, TensorFlow {}, Keras {}, NumPy {}",
        *(MACHINE[k] for k in ("python", "tensorflow", "keras", "numpy")),
    )
    told.says(*versions)
    told.harmless(re.escape(MACHINE["device"]))
