"""A study's pictures, from its plan: which there are, what each shows and says. Standard library only.

The Snakefile asks which there are, `figures` draws them, and the report shows each with its caption.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from butfor.arm_names import data_set_of
from butfor.figures.strongest import which_are_shown
from butfor.study.changed_numbers import numbers_changed
from butfor.study.designs import grids
from butfor.study.study_metrics import ELSEWHERE
from butfor.study.summary import ArmPlan, PlanSummary, ablations_of, arm_of, families, reference_of, setting

MOST_ARMS, MOST_EFFECTS = 40, 100  # in a picture, beside the reference: more take minutes to draw and are not read
INITIAL = ("initialiser", "layer_initialisers", "bias_initialiser", "model.activation", "normalisation")
PENALTIES = ("l1", "l2", "activity_l1", "activity_l2", "max_norm", "weight_decay")
AGAINST_OVERFITTING = (
    *PENALTIES,
    *("dropout", "input_dropout", "spatial_dropout", "label_smoothing", "shift", "flip"),
    *("early_stopping", "normalisation"),
)
HE_NOTE = (
    "He's standard deviation is sqrt(2/n) (He et al. 2015, equation 10); tuning notes that give 2/sqrt(n) are a factor"
    " sqrt 2 too large."
)


@dataclass(frozen=True)
class Kind:
    """A kind of picture: a family has one of it if enough of its arms change one of the recipe keys (none: any arm).

    drawing: where the function lies that draws it, given the records of a family's arms and the arms' names, the reference
    first. alone: whether an arm counts only if it changes nothing else. once: a sentence for the first of the kind only.
    most: how many arms it can show. number: whether it is about arms that change one number alone, the same in two of them.
    """

    name: str
    drawing: str
    title: str
    caption: str
    keys: tuple[str, ...] = ()
    alone: bool = False
    fewest: int = 1
    once: str = ""
    most: float = MOST_ARMS
    number: bool = False

    def shows(self, arm: ArmPlan, reference: ArmPlan) -> bool:
        """Whether an arm belongs in such a picture."""
        touched = [key for key in self.keys if setting(arm, key) != setting(reference, key)]
        if self.alone:
            return bool(touched) and set(arm["changed"]) <= set(self.keys)
        return bool(touched) or not self.keys


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
        return f"{self.kind}_{self.family}{self.mark}" if self.family else self.kind


INTERACTIONS = "interactions"
EFFECTS = Picture("effects", "", "Effects", "Every ablation against its reference.", most=MOST_EFFECTS)
BY_METRIC = Picture(
    "effects_by_metric", "", "Effects on every metric", "Every ablation against its reference.", most=MOST_ARMS
)
COST = Picture(
    "cost",
    "",
    "Cost and effect",
    "Every ablation of the baseline by the seconds that its median run trained and by its effect.",
)
FEWEST_RANKED = 6  # data sets, from which on ranks of arms are compared (stats.FEWEST_RANKED)
CRITICAL = Picture("critical_difference", "", "Ranks over data sets", "Arms by their mean rank over the data sets.")

SENSITIVITY = "sensitivity"
KINDS = (
    Kind(
        SENSITIVITY,
        "",
        "Sensitivity",
        "The effect on the metric that decides, against the values of a number that ablations change alone: a point at each"
        " value with its verdict, a band for the intervals, a diamond at the reference's value. The axis of values that span"
        " decades is logarithmic. Words at the edge are effects beyond it.",
        most=math.inf,
        number=True,
    ),
    Kind(
        "curves",
        "butfor.figures.curves:curves",
        "Learning curves",
        "Validation figures by epoch, in inference mode; the line is the mean over the runs that are still"
        " training, the band reaches from the worst to the best. Where each arm has a panel, its reference is grey.",
    ),
    Kind(
        "rates",
        "butfor.figures.loss_by_rate:rates",
        "Loss by learning rate",
        "Final training and validation loss, in inference mode and without penalty terms, against the learning rate: a"
        " dot per run, hollow where the run learnt nothing, and a line at the mean. Crosses at the top edge count the"
        " runs that diverged.",
        ("learning_rate",),
        alone=True,
        fewest=2,
        most=math.inf,
    ),
    Kind(
        "schedules",
        "butfor.figures.rates_used:schedules",
        "Learning rates used",
        "The learning rate that the optimiser used at each step (first run); rates more than 300 times below the arm's"
        " highest, 0 included, are not drawn.",
        ("schedule", "warmup"),
    ),
    Kind(
        "depth",
        "butfor.figures.depth:depth",
        "Activations by depth at the start",
        "Size and saturation of the hidden layers' activations before any step, on up to 1 000 validation examples, as in"
        " training but for dropout and augmentation; saturated are sigmoids outside (.05, .95), tanh beyond .95 in size,"
        " and ReLU at exactly 0. The line is the mean over runs (of logarithms, for the size), the band reaches over all"
        " runs. Triangles at the foot are exact zeros, at the top overflows.",
        INITIAL,
        once=HE_NOTE,
    ),
    Kind(
        "distributions",
        "butfor.figures.distributions:distributions",
        "Distributions of activations at the start",
        "What leaves the hidden layers' activation functions before any step (first run, up to 1 000 validation examples, as"
        " in training but for dropout and augmentation), a column per layer, at most six of them; each panel has its own"
        " range, which it names; a bin that is more than three times as high as all others is cut off and says its share.",
        INITIAL,
    ),
    Kind(
        "gradients",
        "butfor.figures.depth:gradients",
        "Gradients by layer at the start",
        "Norm of the cross-entropy's gradient by each layer's weights before any step, as in training but for dropout and"
        " augmentation; the last layer is the one that gives the logits. The line is the geometric mean over runs, the"
        " band reaches over all runs. Triangles at the foot are exact zeros, at the top overflows.",
        INITIAL,
    ),
    Kind(
        "weights",
        "butfor.figures.final_weights:weights",
        "Weights at the end",
        "Above, the first layer's final weights (first run), the reference in grey, as a density on a logarithmic scale."
        " Below, the share of weights that are at most 10⁻³ in size, by layer: a dot per run, a bar at the mean.",
        PENALTIES,
    ),
    Kind(
        "gaps",
        "butfor.figures.gaps:gaps",
        "Generalisation gaps",
        "Above, the gap between training and test examples for the final weights: a dot per run, a bar at the mean. Below,"
        " the gap between training and validation examples by epoch: mean over the runs that are still training, and the"
        " band from the smallest to the largest. All in inference mode and without penalty terms.",
        AGAINST_OVERFITTING,
    ),
    Kind(
        "stopping",
        "butfor.figures.stopping:stopping",
        "Where training stopped",
        "Per run, the epoch after which training ended, the epoch whose weights were evaluated, and the epoch with the"
        " best validation figure: the one that was monitored, else the loss.",
        ("early_stopping",),
    ),
)


def figures(study: PlanSummary) -> list[str]:
    """The names of the study's figures."""
    return [picture.name for picture in pictures(study)]


def pictures(study: PlanSummary) -> list[Picture]:
    """The study's pictures: all effects, then family by family, then in the order of the kinds.

    A family whose arms have several references has a picture of each kind for every reference, which it names.
    """
    made: list[Picture] = [EFFECTS, *([BY_METRIC] if study.get("metrics") else []), COST]
    if study.get("task") == ELSEWHERE:  # whose runs have left nothing but their figures
        return made[: len(study.get("metrics", {}))]
    if len({data_set_of(arm["name"]) for arm in study["arms"]}) >= FEWEST_RANKED:
        made.append(CRITICAL)
    for family in families(study):
        by_reference = _by_reference(study, family)
        for kind in KINDS:
            for reference, arms in by_reference.items():
                shown = _shown(kind, arms, arm_of(study, reference))
                if len(shown) >= kind.fewest:
                    first = not any(picture.kind == kind.name for picture in made)
                    made.append(_picture(study, kind, family, reference, shown, len(by_reference) > 1, first))
        made += _of_grids(study, family)
    return made


def _shown(kind: Kind, arms: list[ArmPlan], reference: ArmPlan) -> list[str]:
    """The arms that belong in a picture of a kind."""
    if kind.number:
        return [arm for own in numbers_changed(arms, reference).values() for arm in own]
    return [arm["name"] for arm in arms if kind.shows(arm, reference)]


def _of_grids(study: PlanSummary, family: str) -> list[Picture]:
    """A picture of each grid in a family; its arms are the grid's cells, that of all base levels first."""
    return [
        Picture(
            INTERACTIONS,
            family,
            f"Interactions: {grid.name}",
            "Per cell of the grid, the test metric minus that of the cell with all base levels, in pairs of runs: the mean,"
            " with its interval by itself, and a grey dot per pair; further factors are averaged over. Lines"
            " that are not parallel are interactions. A cross at the foot is a cell of which no pair of runs finished.",
            tuple(grid.arms),
            "" if grid.name == family else f"@{grid.name}",
        )
        for grid in grids(study)
        if grid.family == family
    ]


def _picture(
    study: PlanSummary, kind: Kind, family: str, reference: str, shown: list[str], named: bool, first: bool
) -> Picture:
    seeds = "Seeds that all of them have." if len(study["looks"]) > 1 else ""
    which = which_are_shown(len(shown), kind.most)
    sentences = [kind.caption, f"Reference: `{reference}`.", which, seeds, kind.once if first else ""]
    return Picture(
        kind.name,
        family,
        f"{kind.title}: {family}" + (f", against {reference}" if named else ""),
        " ".join(filter(None, sentences)),
        (reference, *shown),
        f"@{reference}" if named else "",
        kind.most,
        which,
    )


def _by_reference(study: PlanSummary, family: str) -> dict[str, list[ArmPlan]]:
    groups: dict[str, list[ArmPlan]] = {}
    for arm in ablations_of(study):
        if arm["family"] == family:
            groups.setdefault(reference_of(arm), []).append(arm)
    return groups
