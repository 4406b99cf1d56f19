"""What accounts for each number in the report of the study in numbers_study.py: the place where it stands, and its value as it
follows from the records."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from accounted_contrasts import changed, contrast, said, settings
from accounted_costs import account_for_costs
from accounted_details import account_for_details
from number_ledger import Ledger
from numbers_study import BROKEN, CLAIMED, UNSTABLE, VOID
from recomputed import OPEN, SAME, Effect, verdict_of
from recomputed_study import ALPHA, LOOKS, MARGIN, Recomputed

ACCURACY, GAP = "test/accuracy", "gap/loss"


def account(told: Ledger, facts: Recomputed) -> None:
    """Take off all that is accounted for. Raises AssertionError where a number is another than the records say."""
    for part in (_names, _opening, _answer, _warnings, _first_table, _families, _grids):
        part(told, facts)
    account_for_costs(told, facts)
    account_for_details(told, facts)


def name(facts: Recomputed, arm: str) -> str:
    """An arm as sentences call it."""
    return f"**{facts.label[arm]}**" if arm in facts.label else f"`{arm}`"


def _names(told: Ledger, facts: Recomputed) -> None:
    for arm in facts.runs:
        told.harmless(rf"`{arm}`|\(runs/{arm}\)|(?<=[ ,]){arm}(?=[,.])")
    told.harmless(r"!\[[^\]]*\]\([^)]*\)")


def _opening(told: Ledger, facts: Recomputed) -> None:
    counts = [len(runs) for runs in facts.runs.values()]
    seeds = (len(facts.ablations), min(counts), max(counts), sum(counts))
    told.says("{} ablations, {} to {} seeds each, {} runs", *seeds)


def _arms_with(facts: Recomputed, *verdicts: str) -> list[str]:
    return [arm for arm in facts.judged if facts.verdicts[arm] in verdicts]


def _numbers(facts: Recomputed, arm: str, metric: str = ACCURACY) -> tuple[float, float, float]:
    return facts.effects[metric][arm].effect, *facts.interval(arm, metric)


def _finite(facts: Recomputed) -> list[str]:
    return [arm for arm in facts.judged if arm != BROKEN]


def _answer(told: Ledger, facts: Recomputed) -> None:
    base = facts.finished("baseline")
    reached = "The baseline's test accuracy is {} ± {} % (mean ± standard deviation over {} seeds)"
    told.says(reached, base.mean(), base.std(ddof=1), len(base))
    for verdict, several in (("helps", "help"), ("hurts", "hurt")):
        told.says(f"{{}} changes {several}, most of all", len(_arms_with(facts, verdict)))
    told.says("and {} more.", len(_arms_with(facts, "hurts")) - 3)
    told.says("{} changes are undecided", len(_arms_with(facts, OPEN)))
    told.says("it is shown to be within ±{} points", f"{MARGIN}")
    told.says("every run failed ({}/{})", *[len(facts.runs[BROKEN])] * 2)
    for arm in facts.ablations:
        told.harmless(re.escape(f"{name(facts, arm)} ({_as_set(facts, arm)}"))
    for arm in _finite(facts):
        sets = f"{name(facts, arm)} ({_as_set(facts, arm)})"
        told.says(
            f"{sets}: {{}} points [{{}}, {{}}], {{}} seeds", *_numbers(facts, arm), _pairs(facts, arm), must=False
        )
        told.says(f"{name(facts, arm)} ({{}} points [{{}}, {{}}])", *_numbers(facts, arm), must=False)


def _pairs(facts: Recomputed, arm: str) -> int:
    return facts.effects[ACCURACY][arm].runs


def _as_set(facts: Recomputed, arm: str) -> str:
    sets = "; ".join(f"{key}: {a} → {b}".replace("_", "\\_") for key, (a, b) in changed(facts, arm).items())
    return sets if facts.reference[arm] == "baseline" else f"{sets}; against {name(facts, facts.reference[arm])}"


def _warnings(told: Ledger, facts: Recomputed) -> None:
    failed = {BROKEN: facts.seen(BROKEN), UNSTABLE: 1}
    runs = sum(len(of) for of in facts.runs.values())
    told.says("**Failed:** {} of {} runs ended", sum(failed.values()), runs)
    for arm, count in failed.items():
        told.says(f"`{arm}` {{}} of {{}}", count, facts.seen(arm))
    outcomes = Counter(CLAIMED.values())
    told.says("**Refuted:** {} of {} claims", outcomes["refuted"], len(CLAIMED))
    for arm in _arms_with(facts, OPEN):
        if arm == UNSTABLE:  # which leans towards what is not said of an arm that failed more often
            told.says("lacks at most about {} more seeds, if as many go on failing", facts.lacking[arm])
        else:
            told.says(_lean(facts, arm) + " and lacks at most about {} more seeds", facts.lacking[arm])
    told.says("(unstable {}/{})", 1, facts.seen(UNSTABLE))
    told.says("(stopped: {} seeds would not decide it either)", LOOKS[-1])


def _lean(facts: Recomputed, arm: str) -> str:
    """The end of what the warning says of an undecided arm, before the number of seeds."""
    one = facts.effects[ACCURACY][arm]
    same, differ = one.shown["same"], one.shown["differ"]
    is_nearer = same < differ or (same == differ and abs(one.effect) < MARGIN / 2)
    near = SAME if is_nearer else "helps" if one.effect > 0 else "hurts"
    return f"leans towards “{near}”"


def _first_table(told: Ledger, facts: Recomputed) -> None:
    told.says(
        ", ".join(f"{{}} {verdict}" for verdict in _tally(facts)) + ".", *_tally(facts).values(), within="Verdicts"
    )
    level = f"{100 * (1 - ALPHA):g}"
    told.says(" | {} % interval | ", level)
    for row in told.table("change | what it sets"):
        cells = list(row.values())
        arm = re.search(r"\(runs/(\w+)\)", cells[0].text)[1]  # type: ignore[index]
        own, one = facts.finished(arm), facts.effects[ACCURACY].get(arm)
        if one is not None:
            settings(told, cells[1], facts, arm)
            said(cells[2], one)
        has_interval = arm in _finite(facts)
        told.cell(cells[3], *([one.effect] if one is not None and arm != BROKEN else []))
        told.cell(cells[4], *(facts.interval(arm) if has_interval else []))
        told.cell(cells[5], *([own.mean(), own.std(ddof=1)] if len(own) else []))
        told.cell(cells[6], *([len(own)] if len(own) == facts.seen(arm) else [len(own), facts.seen(arm)]))
        told.cell(cells[7], *facts.parameters(arm))
        told.cell(cells[8], f"{np.median(facts.seconds(arm)):.3g}")
    told.says("the effect lies within the margin of ±{} accuracy points", f"{MARGIN}")
    told.says("any of the {} verdicts is wrong is at most {} %", len(facts.judged), f"{100 * ALPHA:g}")
    each = f"{100 * (1 - ALPHA / len(LOOKS)):g}"
    told.says(
        "The intervals hold at {} % over all {} planned looks, and so are drawn at {} % at each",
        level,
        len(LOOKS),
        each,
    )


def _tally(facts: Recomputed) -> dict[str, int]:
    return dict(Counter(facts.verdicts[arm] for arm in facts.ablations).most_common())


def _families(told: Ledger, facts: Recomputed) -> None:
    for arm in [*_finite(facts), VOID]:
        told.says(f"{name(facts, arm)} {{}} points", facts.effects[ACCURACY][arm].effect, must=False)
        gap = facts.effects[GAP][arm]
        lower = 100 * (gap.differences < 0).mean()
        for words in ("undecided", "less", "more"):
            said = f"{name(facts, arm)} {words}, {{}} nats [{{}}, {{}}], smaller in {{}} % of pairs"
            told.says(
                said, *((gap.effect, *facts.interval(arm, GAP), lower) if arm != VOID else [None] * 4), must=False
            )


def _grids(told: Ledger, facts: Recomputed) -> None:
    effects = facts.grid
    seeds = [min(LOOKS), min(LOOKS)]
    changes = {"`batch_size`": ("32", "256"), "`epochs`": ("5", "20")}
    for kind in ("main effect", "interaction"):
        for row in told.table(f"{kind} | effect"):
            cells = list(row.values())
            of = re.findall(r"`(\w+)`", cells[0].text)
            one = effects[of[0] if kind == "main effect" else "interaction"]
            one.verdict = _of_kind(one, kind)
            said(cells[5], one)
            contrast(told, cells[1:], one)
            told.cell(cells[6], *seeds)
    for factor, (base, level) in changes.items():
        told.says(f"{factor} {{}} → {{}}", base, level)
    told.says(": {} accuracy points [{}, {}] beyond the sum of the two", *_of(effects["interaction"]))
    part, runs = effects["dropout"], facts.values
    few = range(min(LOOKS))
    leave, add = (
        np.mean([runs(one)[s] - runs(other)[s] for s in few])  # type: ignore[operator]
        for one, other in (("baseline", "no_dropout"), ("bare_dropout", "bare"))
    )
    worth = "it is worth {} accuracy points, added to `bare` {}, {} [{}, {}] apart"
    told.says(worth, leave, add, *_of(part))
    told.says("“Disagree” is said at {} %", f"{100 * ALPHA:g}")


def _of_kind(one: Effect, kind: str) -> str:
    """The verdict on an effect of a grid."""
    verdict = verdict_of(one, one.shown, ALPHA)
    if kind == "main effect" or verdict == OPEN:
        return verdict
    return "no meaningful interaction" if verdict == SAME else "interaction"


def _of(one: Effect, level: float = ALPHA / len(LOOKS)) -> tuple[float, float, float]:
    return one.effect, *one.interval(level)
