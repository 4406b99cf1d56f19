"""What a study's design can see, in words."""

from __future__ import annotations

from collections.abc import Iterator

from butfor.languages.phrases import phrase, template, term
from butfor.outlook.design_power import DesignPower
from butfor.plain_text import counted

SOURCES = {
    "records": template(
        "A difference spreads from seed to seed by {sd} {unit}, as this study's records tell (the middle one of {ablations})."
    ),
    "earlier": template(
        "A difference spreads from seed to seed by {sd} {unit}, as those of the earlier study in {folder} do (the middle one of"
        " {ablations})."
    ),
    "assumed": template(
        "It is assumed that a difference spreads from seed to seed by {sd} {unit}, as where two runs answer an eighth of the"
        " {examples} test examples otherwise; no record tells it, and the study's own will after the first look."
    ),
    "unknown": template(
        "How far a difference spreads from seed to seed is told by no record; the study's own will tell it after the first look."
    ),
}


def power_lines(power: DesignPower | None) -> list[str]:
    """What the design can see at each look, and how many seeds the margin takes."""
    if power is None:
        return []
    return [
        phrase(
            "What it can see in {metric}, with {ablations} judged together:",
            metric=term(power.title),
            ablations=counted(power.corrected_over, "ablation"),
        ),
        *_at_each_look(power),
        *_margin(power),
        _spread(power),
    ]


def _at_each_look(power: DesignPower) -> Iterator[str]:
    plain = power.can_see.without_caution
    for seeds, smallest in power.can_see.smallest.items():
        seen = {"seeds": counted(seeds, "seed"), "size": _size(power, smallest)}
        if plain:
            yield "  " + phrase(
                "with {seeds}: a true difference of {size} or more, in 4 of 5 studies (without the caution: {plain})",
                **seen,
                plain=_size(power, plain[seeds]),
            )
        else:
            yield "  " + phrase("with {seeds}: a true difference of {size} or more, in 4 of 5 studies", **seen)
    if plain:
        yield phrase(
            "That is with the caution that fewer than 5 ablations need: they are too few to tell whether runs have a long tail,"
            " so that an ablation whose own runs do not rule one out takes a larger difference."
        )


def _spread(power: DesignPower) -> str:
    spread, sd = power.spread, f"{power.spread.sd:.{power.decimals}f}"
    ablations = counted(spread.ablations, "ablation")
    values = {"unit": term(power.unit), "ablations": ablations, "folder": spread.folder, "examples": spread.examples}
    return phrase(SOURCES[spread.source], sd=sd, **values)


def _size(power: DesignPower, smallest: float) -> str:
    if power.spread.source == "unknown":
        return phrase("{n} times that spread", n=f"{smallest:.1f}")
    return f"{smallest:.{power.decimals}f} {term(power.unit)}"


def _margin(power: DesignPower) -> list[str]:
    if power.margin is None and power.share:
        share = f"{100 * power.share:g}"
        return [phrase("The margin is {share} % of the baseline's mean, which the first look tells.", share=share)]
    if power.margin is None:
        return [phrase("There is no margin, so that nothing can be shown to make no difference.")]
    if power.spread.source == "unknown":
        return []
    margin, can_see = f"{power.margin:g} {term(power.unit)}", power.can_see
    seeds = counted(can_see.for_margin, "seed") if can_see.for_margin else ""
    values = {"margin": margin, "seeds": seeds, "same": can_see.for_sameness}
    if can_see.for_margin and can_see.for_sameness:
        return [
            phrase(
                "A difference as large as the margin ({margin}) takes {seeds}; an ablation that makes none at all can be shown to"
                " make no meaningful one from {same} seeds on.",
                **values,
            )
        ]
    if can_see.for_margin:
        return [
            phrase(
                "A difference as large as the margin ({margin}) takes {seeds}; and none can be shown to make no meaningful"
                " difference.",
                **values,
            )
        ]
    if can_see.for_sameness:
        return [
            phrase(
                "No number of seeds up to ten thousand finds a difference as large as the margin ({margin}); an ablation that"
                " makes none at all can be shown to make no meaningful one from {same} seeds on.",
                **values,
            )
        ]
    return [
        phrase(
            "No number of seeds up to ten thousand finds a difference as large as the margin ({margin}); and none can be shown to"
            " make no meaningful difference.",
            **values,
        )
    ]
