"""What a study's design can see, in words."""

from __future__ import annotations

from collections.abc import Iterator

from butfor.languages.phrases import phrase, template, term
from butfor.outlook.design_power import DesignPower
from butfor.plain_text import counted
from butfor.verdicts.numbers import of_spread, reckoned
from butfor.verdicts.words import listed

SOURCES = {
    "records": template(
        "A difference spreads from pair to pair by {sd} {unit}, as this study's records tell (the middle one of {ablations})."
    ),
    "earlier": template(
        "A difference spreads from pair to pair by {sd} {unit}, as those of the earlier study in {folder} do (the middle one of"
        " {ablations})."
    ),
    "assumed": template(
        "It is assumed that a difference spreads from pair to pair by {sd} {unit}, as where two runs answer an eighth of the"
        " {examples} test examples otherwise; no record tells it, and the study's own will."
    ),
    "unknown": template(
        "How far a difference spreads from pair to pair is told by no record; the study's own will tell it."
    ),
}

OF_ONE = {
    "records": template("A difference spreads from pair to pair by {sd} {unit}, as this study's records tell."),
    "earlier": template(
        "A difference spreads from pair to pair by {sd} {unit}, as those of the earlier study in {folder} do."
    ),
}


def power_lines(power: DesignPower | None) -> list[str]:
    """What the design can see at each look, and how many seeds the margin takes."""
    if power is None:
        return []
    if not power.task_is_known:
        return [
            phrase(
                "What it can see depends on the task, which the data tell once they are stored; `{setting}` in the study file"
                " tells it now.",
                setting="task: regression",
            )
        ]
    several = template("What it can see in {metric}, with {ablations} judged together:")
    lead = several if power.corrected_over > 1 else template("What it can see in {metric}, of one ablation:")
    ablations = counted(power.corrected_over, "ablation")
    return [
        _spread(power),  # by which the sizes are told
        phrase(lead, metric=term(power.title), ablations=ablations),
        *_at_each_look(power),
        *_margin(power),
        *_corrected(power),
    ]


def _at_each_look(power: DesignPower) -> Iterator[str]:
    plain = {seeds: _size(power, smallest) for seeds, smallest in power.can_see.without_caution.items()}
    sizes = {seeds: _size(power, smallest) for seeds, smallest in power.can_see.smallest.items()}
    for seeds, size in sizes.items():
        seen = {"seeds": counted(seeds, power.noun), "size": size}
        if plain.get(seeds, size) != size:
            yield "  " + phrase(
                "with {seeds}: a true difference of {size} or more, in 4 of 5 studies (without the caution: {plain})",
                **seen,
                plain=plain[seeds],
            )
        else:
            yield "  " + phrase("with {seeds}: a true difference of {size} or more, in 4 of 5 studies", **seen)
    if plain and plain != sizes:
        yield phrase(
            "That is with the caution that fewer than 5 ablations need: they are too few to tell whether runs have a long tail,"
            " so that an ablation whose own runs do not rule one out takes a larger difference."
        )


def _spread(power: DesignPower) -> str:
    spread, ablations = power.spread, counted(power.spread.ablations, "ablation")
    examples = f"{spread.examples or 0:,}".replace(",", " ")
    values = {"unit": term(power.unit), "ablations": ablations, "folder": spread.folder, "examples": examples}
    words = OF_ONE.get(spread.source) if spread.ablations == 1 else None
    return phrase(words or SOURCES[spread.source], sd=_rounded(power, spread.sd), **values)


def _size(power: DesignPower, smallest: float) -> str:
    if power.spread.source == "unknown":
        return phrase("{n} times that spread", n=f"{smallest:.{of_spread(smallest, 1)}f}")
    return f"{_rounded(power, smallest)} {term(power.unit)}"


def _rounded(power: DesignPower, size: float) -> str:
    return reckoned(size, power.decimals)


def _margin(power: DesignPower) -> list[str]:
    if power.margin is None and power.share:
        share = f"{100 * power.share:g}"
        return [phrase("The margin is {share} % of the baseline's mean, which no record tells yet.", share=share)]
    if power.margin is None:
        return [phrase("There is no margin, so that nothing can be shown to make no difference.")]
    if power.spread.source == "unknown":
        return []
    margin, can_see = f"{power.margin:g} {term(power.unit)}", power.can_see
    seeds = counted(can_see.for_margin, power.noun) if can_see.for_margin else ""
    values = {"margin": margin, "seeds": seeds, "same": can_see.for_sameness}
    if can_see.for_margin and can_see.for_sameness:
        return [
            phrase(
                "A difference as large as the margin ({margin}) is found with {seeds}; that an ablation makes no meaningful"
                " difference can be shown from {same} pairs on, if it makes none.",
                **values,
            )
        ]
    if can_see.for_margin:
        return [
            phrase(
                "A difference as large as the margin ({margin}) is found with {seeds}; that an ablation makes no meaningful"
                " difference is shown by no number of pairs up to ten thousand.",
                **values,
            )
        ]
    if can_see.for_sameness:
        return [
            phrase(
                "No number of pairs up to ten thousand finds a difference as large as the margin ({margin}); that an ablation"
                " makes no meaningful difference can be shown from {same} pairs on, if it makes none.",
                **values,
            )
        ]
    return [
        phrase(
            "No number of pairs up to ten thousand finds a difference as large as the margin ({margin}), or shows that an"
            " ablation makes no meaningful difference.",
            **values,
        )
    ]


def _corrected(power: DesignPower) -> list[str]:
    """Over what verdicts are corrected: those of the metric that decides, and those of all others."""
    ablations, metric = counted(power.corrected_over, "ablation"), term(power.title)
    if power.family:
        lines = [
            phrase(
                "Verdicts on {metric} are corrected over the ablations of each family, and over no other metric.",
                metric=metric,
            )
        ]
    else:
        lines = [
            phrase(
                "Verdicts on {metric} are corrected over {ablations}, and over no other metric.",
                metric=metric,
                ablations=ablations,
            )
        ]
    if power.beside:
        lines.append(
            phrase(
                "All others that are judged ({metrics}) share one more α over {comparisons}: they take nothing from that verdict,"
                " and make each other's stricter. With {setting} only those are judged that claims name.",
                metrics=listed([term(title) for title in power.beside]),
                comparisons=counted(power.corrected_over * len(power.beside), "comparison"),
                setting="verdict: {others: descriptive}",
            )
        )
    return lines
