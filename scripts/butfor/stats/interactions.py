"""Main effects and two-factor interactions of a full factorial, in pairs: every seed gives each contrast once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from butfor.plain_text import counted
from butfor.stats.contrast import Contrast, contrast
from butfor.stats.correction import correct
from butfor.stats.estimate import step
from butfor.stats.pairs import BySeed, Pairs, pair
from butfor.stats.rule import Rule
from butfor.stats.tails import tails
from butfor.stats.verdict import decide

Cell = tuple[str, ...]
Weights = dict[Cell, float]

INTERACTION, NO_INTERACTION = "interaction", "no meaningful interaction"


@dataclass(frozen=True)
class FactorialEffect:
    """A contrast of a factorial's cell means.

    of: one factor, then it is a main effect: `levels` against `bases`, as the mean over the cells of all other factors;
    or two, then it is an interaction: the first factor's effect at the second's level minus that at the second's base,
    as the mean over the cells of the remaining factors. The contrast's failures count seeds at which some cell of the
    level, or of the base, failed.
    """

    of: tuple[str, ...]
    levels: tuple[str, ...]
    bases: tuple[str, ...]
    contrast: Contrast


@dataclass(frozen=True)
class LeaveAndAdd:
    """What a part is worth in the full recipe (`leave`: full minus without) and on its own (`add`: only minus bare), as
    means over the seeds at which all four arms finished, and the contrast of the two: its interaction with the rest."""

    leave: float
    add: float
    contrast: Contrast


def factorial(
    values: Mapping[Cell, BySeed], factors: Mapping[str, Sequence[str]], seeds: Sequence[int], rule: Rule
) -> list[FactorialEffect]:
    """All main effects, then all two-factor interactions, of a full factorial, with verdicts.

    values: by cell (a level per factor, in the factors' order), its values by seed, None where a run failed. factors:
    each factor's levels, the base first. A contrast takes the seeds at which every cell that it is made of finished, so
    that each seed contributes one balanced difference and its own level cancels out; over balanced cells these are the
    estimates of a linear model with a block per seed (Montgomery 2017, chapter 5), and the interval needs no equal
    variances. Raises ValueError for a cell without values.
    """
    return judge_effects(factorial_effects(values, factors, seeds, rule), rule)


def factorial_effects(
    values: Mapping[Cell, BySeed], factors: Mapping[str, Sequence[str]], seeds: Sequence[int], rule: Rule
) -> list[FactorialEffect]:
    """The contrasts of `factorial` before they are corrected and judged, for several grids to be judged together."""
    if lacking := [cell for cell in itertools.product(*factors.values()) if cell not in values]:
        raise ValueError(f"factorial: expected values of every cell of the grid, received none of {lacking[0]}.")
    effects = list(_effects(factors))
    pairs = [_pairs(values, at_level, at_base, seeds) for *_, at_level, at_base in effects]
    contrasts: dict[int, Contrast] = {}
    for order in (1, 2):
        family = {place: pairs[place] for place, (of, *_) in enumerate(effects) if len(of) == order}
        contrasts |= _guarded(family, rule, interaction=order > 1)
    return [FactorialEffect(*effect[:3], contrasts[place]) for place, effect in enumerate(effects)]


def _effects(factors: Mapping[str, Sequence[str]]) -> Iterator[tuple[Cell, Cell, Cell, Weights, Weights]]:
    """What each effect is of, its levels and bases, and the cells' weights on its two sides."""
    for factor, (base, *levels) in factors.items():
        at_base = _mean_over(factors, {factor: base})
        for level in levels:
            yield (factor,), (level,), (base,), _mean_over(factors, {factor: level}), at_base
    for one, other in itertools.combinations(factors, 2):
        (base, *levels), (other_base, *other_levels) = factors[one], factors[other]
        for level, at in itertools.product(levels, other_levels):
            there, here = (_simple_effect(factors, one, (level, base), {other: end}) for end in (at, other_base))
            yield (one, other), (level, at), (base, other_base), there, here


def judge_effects(effects: Sequence[FactorialEffect], rule: Rule) -> list[FactorialEffect]:
    """The effects corrected by Holm's procedure, all main effects as one family and all interactions as another, and
    judged: main effects as ablations are, interactions as shown, shown not to matter, or inconclusive."""
    judged = list(effects)
    for order in (1, 2):
        family = [place for place, effect in enumerate(effects) if len(effect.of) == order]
        for place, c in zip(family, correct([effects[place].contrast for place in family]), strict=True):
            judged[place] = replace(effects[place], contrast=_decided(c, rule, interaction=order > 1))
    return judged


def leave_and_add(
    full: BySeed, without: BySeed, only: BySeed, bare: BySeed, seeds: Sequence[int], rule: Rule
) -> LeaveAndAdd:
    """A part left out of the full recipe and added to a bare one, before `judge_parts`: where the part and the rest add
    up, both differences are the same, so that their difference is the interaction of the part with the rest."""
    values: dict[Cell, BySeed] = {("full",): full, ("without",): without, ("only",): only, ("bare",): bare}
    leave: Weights = {("full",): 1.0, ("without",): -1.0}
    add: Weights = {("only",): 1.0, ("bare",): -1.0}
    pairs = _pairs(values, leave, add, seeds)
    left, added = (float(side.mean()) if len(side) else float("nan") for side in (pairs.ablation, pairs.reference))
    return LeaveAndAdd(left, added, _guarded({0: pairs}, rule, interaction=True)[0])


def judge_parts(parts: Mapping[str, LeaveAndAdd], rule: Rule) -> dict[str, LeaveAndAdd]:
    """The parts' interactions with the rest, corrected by Holm's procedure over the parts and judged."""
    corrected = correct([part.contrast for part in parts.values()])
    return {
        name: replace(part, contrast=_decided(c, rule, interaction=True))
        for (name, part), c in zip(parts.items(), corrected, strict=True)
    }


def cell_pairs(
    values: Mapping[Cell, BySeed], factors: Mapping[str, Sequence[str]], of: tuple[str, str], seeds: Sequence[int]
) -> dict[tuple[str, str], Pairs]:
    """By level of either factor, the mean over the other factors' cells, paired with that at both bases."""
    both = list(itertools.product(factors[of[0]], factors[of[1]]))
    cells = {ends: _mean_over(factors, dict(zip(of, ends, strict=True))) for ends in both}
    return {ends: _pairs(values, cell, cells[both[0]], seeds) for ends, cell in cells.items()}


def _mean_over(factors: Mapping[str, Sequence[str]], fixed: Mapping[str, str]) -> Weights:
    """The mean over all cells with the fixed levels, by factor."""
    left = [[fixed[factor]] if factor in fixed else levels for factor, levels in factors.items()]
    cells = list(itertools.product(*left))
    return dict.fromkeys(cells, 1.0 / len(cells))


def _simple_effect(
    factors: Mapping[str, Sequence[str]], factor: str, ends: tuple[str, str], at: Mapping[str, str]
) -> Weights:
    """One factor's level against its base at fixed levels of others."""
    level, base = (_mean_over(factors, {factor: end, **at}) for end in ends)
    return _difference(level, base)


def _difference(one: Weights, other: Weights) -> Weights:
    return {**one, **{cell: -weight for cell, weight in other.items()}}


def _guarded(pairs: Mapping[int, Pairs], rule: Rule, interaction: bool) -> dict[int, Contrast]:
    """The contrasts of one kind, with the floors of ablations: no spread much smaller than what the others have, and none
    smaller than steps of the metric, of which an interaction is a difference of two differences."""
    guards = tails({f"{name}": each for name, each in pairs.items()}, [f"{name}" for name in pairs])
    contrasts = {}
    for place, each in pairs.items():
        name, floor = f"{place}", 2.0 * step(each, rule.resolution) if interaction else 0.0
        contrasts[place] = contrast(each, rule, max(guards.floors.get(name, 0.0), floor), guards.side)
    return contrasts


def _pairs(values: Mapping[Cell, BySeed], one: Weights, other: Weights, seeds: Sequence[int]) -> Pairs:
    return pair(_combined(values, one, seeds), _combined(values, other, seeds), seeds)


def _combined(values: Mapping[Cell, BySeed], weights: Weights, seeds: Sequence[int]) -> dict[int, float | None]:
    """The weighted sum of cells by seed: None where a cell failed, without an entry where one has left nothing."""
    sums: dict[int, float | None] = {}
    for seed in seeds:
        if all(seed in values[cell] for cell in weights):
            terms = [(weight, values[cell][seed]) for cell, weight in weights.items()]
            finished = [weight * value for weight, value in terms if value is not None]
            sums[seed] = sum(finished) if len(finished) == len(terms) else None
    return sums


def _decided(c: Contrast, rule: Rule, interaction: bool) -> Contrast:
    """The verdict on the seeds at which all cells finished. The two sides' failures are not compared: they count seeds
    at which any of several cells failed, and each cell's own verdict is where its failures are judged."""
    if c.pairs < 2:
        return replace(c, verdict="inconclusive", remark=f"{counted(c.pairs, 'seed')} at which every cell finished")
    decided = decide(replace(c, p_failure=1.0, p_rescue=1.0), rule.alpha, rule.higher_is_better)
    words = {"helps": INTERACTION, "hurts": INTERACTION, "no meaningful difference": NO_INTERACTION}
    verdict = words.get(decided.verdict, decided.verdict) if interaction else decided.verdict
    return replace(decided, p_failure=c.p_failure, p_rescue=c.p_rescue, verdict=verdict)
