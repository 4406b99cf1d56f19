"""A study's pictures, from its plan: which there are, what each shows and says. Standard library only.

The Snakefile asks which there are, `figures` draws them, and the report shows each with its caption.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from butfor.arm_names import data_set_of
from butfor.figures.picture_kinds import KINDS as KINDS
from butfor.figures.picture_kinds import MOST_ARMS, Kind
from butfor.figures.pictured_families import ALL, pictured_families, pictured_grids
from butfor.figures.strongest import which_are_shown
from butfor.languages.phrases import phrase, template
from butfor.study.arm import UNGROUPED
from butfor.study.changed_numbers import numbers_changed
from butfor.study.designs import Grid
from butfor.study.study_metrics import ELSEWHERE
from butfor.study.summary import ArmPlan, PlanSummary, families
from butfor.verdicts.words import listed

MOST_KEYS = 6  # of recipes, that are named
MOST_EFFECTS = 100  # in the picture of all


@dataclass(frozen=True)
class Picture:
    """One figure: its kind, the family that it is about, its title and caption, its arms, the reference first, and how many
    of the others it can show. which: a sentence on those that it shows, if it does not show all.
    """

    kind: str
    family: str
    title: str
    caption: str
    arms: tuple[str, ...] = field(default=())
    mark: str = ""
    most: float = math.inf
    which: str = ""

    @property
    def name(self) -> str:
        """The file's name, without its ending."""
        return f"{self.kind}_{self.family}{self.mark}" if self.family else f"{self.kind}{self.mark}"


INTERACTIONS = "interactions"
EVERY = template("Every ablation against its reference.")
EFFECTS = Picture("effects", "", template("Effects"), EVERY, most=MOST_EFFECTS)
BY_METRIC = Picture("effects_by_metric", "", template("Effects on every metric"), EVERY, most=MOST_ARMS)
COST = Picture(
    "cost",
    "",
    template("Cost and effect"),
    template("Every ablation of the baseline by the seconds that its median run trained and by its effect."),
    most=MOST_EFFECTS,
)
FEWEST_RANKED = 6  # data sets, from which on ranks of arms are compared (stats.FEWEST_RANKED)
CRITICAL = Picture(
    "critical_difference",
    "",
    template("Ranks over data sets"),
    template("Arms by their mean rank over the data sets."),
)
KIND_NAMES = frozenset(kind.name for kind in KINDS)


def figures(study: PlanSummary) -> list[str]:
    """The names of the study's figures."""
    return [picture.name for picture in pictures(study)]


def pictures(study: PlanSummary) -> list[Picture]:
    """The study's pictures in the language in use: all effects, then family by family, then in the order of the kinds.

    A family whose arms have several references has a picture of each kind for every reference, which it names.
    """
    of_all = [EFFECTS, *([BY_METRIC] if study.get("metrics") else []), COST]
    made = [_spoken(picture) for picture in of_all]
    if study.get("task") == ELSEWHERE:  # whose runs have left nothing but their figures
        return made[: len(study.get("metrics", {}))]
    if len({data_set_of(arm["name"]) for arm in study["arms"]}) >= FEWEST_RANKED:
        made.append(_spoken(CRITICAL))
    named, designs = {arm["name"]: arm for arm in study["arms"]}, pictured_grids(study)
    for family, by_reference in pictured_families(study).items():
        for kind in KINDS:
            for reference, arms in by_reference.items():
                shown = _shown(kind, arms, named[reference])
                if len(shown) >= kind.fewest:
                    first = not any(picture.kind == kind.name for picture in made)
                    of_some = _which_change(kind, arms, named[reference], shown)
                    made.append(_picture(study, kind, family, reference, shown, of_some, len(by_reference) > 1, first))
        made += [_of_grid(grid, family) for grid in designs.get(family, [])]
    return made


def _spoken(picture: Picture) -> Picture:
    return replace(picture, title=phrase(picture.title), caption=phrase(picture.caption))


def _shown(kind: Kind, arms: list[ArmPlan], reference: ArmPlan) -> list[str]:
    """The arms that belong in a picture of a kind."""
    if kind.number:
        return [arm for own in numbers_changed(arms, reference).values() for arm in own]
    return [arm["name"] for arm in arms if kind.shows(arm, reference)]


def _which_change(kind: Kind, arms: list[ArmPlan], reference: ArmPlan, shown: list[str]) -> str:
    """Which of a family's ablations a picture is about, and why; empty if it is about all, or about numbers, which it names."""
    if kind.number or len(shown) == len(arms):
        return ""
    keys = dict.fromkeys(key for arm in arms if arm["name"] in shown for key in kind.touched(arm, reference))
    few = listed(list(keys)[:MOST_KEYS])
    if kind.alone:
        return phrase("Shown are the ablations that change {keys} alone.", keys=few)
    return phrase("Shown are the ablations that change {keys}.", keys=few)


def _of_grid(grid: Grid, family: str) -> Picture:
    """The picture of a grid; its arms are the grid's cells, that of all base levels first."""
    return Picture(
        INTERACTIONS,
        family,
        phrase("Interactions: {grid}", grid=grid.name),
        phrase(
            "Per cell of the grid, the test metric minus that of the cell with all base levels, in pairs of runs: the mean,"
            " with its interval by itself, and a grey dot per pair; further factors are averaged over. Lines"
            " that are not parallel are interactions. A cross at the foot is a cell of which no pair of runs finished."
        ),
        tuple(grid.arms),
        "" if grid.name == family else f"@{grid.name}",
    )


def _picture(
    study: PlanSummary,
    kind: Kind,
    family: str,
    reference: str,
    shown: list[str],
    of_some: str,
    named: bool,
    first: bool,
) -> Picture:
    seeds = phrase("Seeds that all of them have.") if len(study["looks"]) > 1 else ""
    most = min(kind.most, MOST_EFFECTS) if family == ALL else kind.most
    which = " ".join(filter(None, [of_some, which_are_shown(len(shown), most)]))
    against = phrase("Reference: `{reference}`.", reference=reference)
    sentences = [kind.caption, against, which, seeds, kind.once if first else ""]
    return Picture(
        kind.name,
        family,
        _title(kind.title, _called(family, families(study)), reference if named else ""),
        " ".join(filter(None, sentences)),
        (reference, *shown),
        f"@{reference}" if named else "",
        most,
        which,
    )


def _called(family: str, every: list[str]) -> str:
    if family == ALL:
        return phrase("all ablations")
    if every == [UNGROUPED]:
        return phrase("the ablations")
    return phrase("ablations of no family") if family == UNGROUPED else family


def _title(kind: str, family: str, reference: str) -> str:
    if reference:
        return phrase("{kind}: {family}, against {reference}", kind=kind, family=family, reference=reference)
    return phrase("{kind}: {family}", kind=kind, family=family)
