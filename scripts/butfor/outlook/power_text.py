"""What a study's design can see, in words."""

from __future__ import annotations

from collections.abc import Iterator

from butfor.outlook.design_power import DesignPower
from butfor.plain_text import counted

SOURCES = {
    "records": "A difference spreads from seed to seed by {sd} {unit}, as this study's records tell (the middle one of"
    " {ablations}).",
    "earlier": "A difference spreads from seed to seed by {sd} {unit}, as those of the earlier study in {folder} do (the middle"
    " one of {ablations}).",
    "assumed": "It is assumed that a difference spreads from seed to seed by {sd} {unit}, as where two runs answer an eighth of"
    " the {examples} test examples otherwise; no record tells it, and the study's own will after the first look.",
    "unknown": "How far a difference spreads from seed to seed is told by no record; the study's own will tell it after the first"
    " look.",
}


def power_lines(power: DesignPower | None) -> list[str]:
    """What the design can see at each look, and how many seeds the margin takes."""
    if power is None:
        return []
    return [
        f"What it can see in {power.title}, with {counted(power.corrected_over, 'ablation')} judged together:",
        *_at_each_look(power),
        *_margin(power),
        _spread(power),
    ]


def _at_each_look(power: DesignPower) -> Iterator[str]:
    plain = power.can_see.without_caution
    for seeds, smallest in power.can_see.smallest.items():
        line = (
            f"  with {counted(seeds, 'seed')}: a true difference of {_size(power, smallest)} or more, in 4 of 5 studies"
        )
        yield line + (f" (without the caution: {_size(power, plain[seeds])})" if plain else "")
    if plain:
        yield (
            "That is with the caution that fewer than 5 ablations need: they are too few to tell whether runs have a long tail,"
            " so that an ablation whose own runs do not rule one out takes a larger difference."
        )


def _spread(power: DesignPower) -> str:
    spread, sd = power.spread, f"{power.spread.sd:.{power.decimals}f}"
    ablations = counted(spread.ablations, "ablation")
    return SOURCES[spread.source].format(
        sd=sd, unit=power.unit, ablations=ablations, folder=spread.folder, examples=spread.examples
    )


def _size(power: DesignPower, smallest: float) -> str:
    if power.spread.source == "unknown":
        return f"{smallest:.1f} times that spread"
    return f"{smallest:.{power.decimals}f} {power.unit}"


def _margin(power: DesignPower) -> list[str]:
    if power.margin is None:
        return ["There is no margin, so that nothing can be shown to make no difference."]
    if power.spread.source == "unknown":
        return []
    margin, can_see = f"{power.margin:g} {power.unit}", power.can_see
    found = (
        f"A difference as large as the margin ({margin}) takes {counted(can_see.for_margin, 'seed')}"
        if can_see.for_margin
        else f"No number of seeds up to ten thousand finds a difference as large as the margin ({margin})"
    )
    same = (
        f"an ablation that makes none at all can be shown to make no meaningful one from {can_see.for_sameness} seeds on."
        if can_see.for_sameness
        else "and none can be shown to make no meaningful difference."
    )
    return [f"{found}; {same}"]
