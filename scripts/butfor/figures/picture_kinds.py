"""The kinds of pictures that a family of ablations may have: what each is about, its title and how it is read. Standard library
only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from butfor.languages.phrases import phrase, template
from butfor.study.summary import ArmPlan, setting

MOST_ARMS = 40  # in a picture, beside the reference: more take minutes to draw and are not read
INITIAL = ("initialiser", "layer_initialisers", "bias_initialiser", "model.activation", "normalisation")
PENALTIES = ("l1", "l2", "activity_l1", "activity_l2", "max_norm", "weight_decay")
AGAINST_OVERFITTING = (
    *PENALTIES,
    *("dropout", "input_dropout", "spatial_dropout", "label_smoothing", "shift", "flip"),
    *("early_stopping", "normalisation"),
)
HE_NOTE = template(
    "He's standard deviation is sqrt(2/n) (He et al. 2015, equation 10); tuning notes that give 2/sqrt(n) are a factor"
    " sqrt 2 too large."
)


@dataclass(frozen=True)
class Kind:
    """A kind of picture: a family has one of it if enough of its arms change one of the recipe keys (none: any arm).

    drawing: where the function lies that draws it, given the records of a family's arms and the arms' names, the reference
    first. heading, reading, more: its title, its caption, and a sentence for the first of the kind only, in English. alone:
    whether an arm counts only if it changes nothing else. most: how many arms it can show. number: whether it is about arms
    that change one number alone, the same in two of them.
    """

    name: str
    drawing: str
    heading: str
    reading: str
    keys: tuple[str, ...] = ()
    alone: bool = False
    fewest: int = 1
    more: str = ""
    most: float = MOST_ARMS
    number: bool = False

    @property
    def title(self) -> str:
        """Its title in the language in use."""
        return phrase(self.heading)

    @property
    def caption(self) -> str:
        """How it is read, in the language in use."""
        return phrase(self.reading)

    @property
    def once(self) -> str:
        """The sentence for the first of the kind."""
        return phrase(self.more) if self.more else ""

    def shows(self, arm: ArmPlan, reference: ArmPlan) -> bool:
        """Whether an arm belongs in such a picture."""
        touched = self.touched(arm, reference)
        if self.alone:
            return bool(touched) and set(arm["changed"]) <= set(self.keys)
        return bool(touched) or not self.keys

    def touched(self, arm: ArmPlan, reference: ArmPlan) -> list[str]:
        """Which of the kind's recipe keys an arm changes."""
        changed = {key.partition(".")[0] for key in arm["changed"]}  # no other can differ
        keys = [key for key in self.keys if key.partition(".")[0] in changed]
        return [key for key in keys if setting(arm, key) != setting(reference, key)]


SENSITIVITY, CURVES = "sensitivity", "curves"
KINDS = (
    Kind(
        SENSITIVITY,
        "",
        template("Sensitivity"),
        template(
            "The effect on the metric that decides, against the values of a number that ablations change alone: a point at each"
            " value with its verdict, a band for the intervals, a diamond at the reference's value. The axis of values that span"
            " decades is logarithmic. Words at the edge are effects beyond it."
        ),
        most=math.inf,
        number=True,
    ),
    Kind(
        CURVES,
        "butfor.figures.curves:curves",
        template("Learning curves"),
        template(
            "Validation figures by epoch, in inference mode, that of the verdicts first; where that is measured at the end"
            " alone, the loss that was trained is first, as the optimiser saw it. The line is the mean over an arm's runs, the"
            " band reaches from the worst to the best; once one of them has stopped, each of the others has a thin line. Where"
            " each arm has a panel, its reference is grey."
        ),
    ),
    Kind(
        "rates",
        "butfor.figures.loss_by_rate:rates",
        template("Loss by learning rate"),
        template(
            "Final training and validation loss, in inference mode and without penalty terms, against the learning rate: a"
            " dot per run, hollow where the run learnt nothing, and a line at the mean. Crosses at the top edge count the"
            " runs that diverged."
        ),
        ("learning_rate",),
        alone=True,
        fewest=2,
        most=math.inf,
    ),
    Kind(
        "schedules",
        "butfor.figures.rates_used:schedules",
        template("Learning rates used"),
        template(
            "The learning rate that the optimiser used at each step (first run); rates more than 300 times below the arm's"
            " highest, 0 included, are not drawn."
        ),
        ("schedule", "warmup"),
    ),
    Kind(
        "depth",
        "butfor.figures.depth:depth",
        template("Activations by depth at the start"),
        template(
            "Size and saturation of the hidden layers' activations before any step, on up to 1 000 validation examples, as in"
            " training but for dropout and augmentation; saturated are sigmoids outside (.05, .95), tanh beyond .95 in size,"
            " and ReLU at exactly 0. The line is the mean over runs (of logarithms, for the size), the band reaches over all"
            " runs. Triangles at the foot are exact zeros, at the top overflows."
        ),
        INITIAL,
        more=HE_NOTE,
    ),
    Kind(
        "distributions",
        "butfor.figures.distributions:distributions",
        template("Distributions of activations at the start"),
        template(
            "What leaves the hidden layers' activation functions before any step (first run, up to 1 000 validation examples, as"
            " in training but for dropout and augmentation), a column per layer, at most six of them; each panel has its own"
            " range, which it names; a bin that is more than three times as high as all others is cut off and says its share."
        ),
        INITIAL,
    ),
    Kind(
        "gradients",
        "butfor.figures.depth:gradients",
        template("Gradients by layer at the start"),
        template(
            "Norm of the cross-entropy's gradient by each layer's weights before any step, as in training but for dropout and"
            " augmentation; the last layer is the one that gives the logits. The line is the geometric mean over runs, the"
            " band reaches over all runs. Triangles at the foot are exact zeros, at the top overflows."
        ),
        INITIAL,
    ),
    Kind(
        "weights",
        "butfor.figures.final_weights:weights",
        template("Weights at the end"),
        template(
            "Above, the first layer's final weights (first run), the reference in grey, as a density on a logarithmic scale."
            " Below, the share of weights that are at most 10⁻³ in size, by layer: a dot per run, a bar at the mean."
        ),
        PENALTIES,
    ),
    Kind(
        "gaps",
        "butfor.figures.gaps:gaps",
        template("Generalisation gaps"),
        template(
            "Above, the gap between training and test examples for the final weights: a dot per run, a bar at the mean. Below,"
            " the gap between training and validation examples by epoch: mean over an arm's runs, and the band from the smallest"
            " to the largest; once one of them has stopped, a thin line for each of the others. All in inference mode and without"
            " penalty terms."
        ),
        AGAINST_OVERFITTING,
    ),
    Kind(
        "stopping",
        "butfor.figures.stopping:stopping",
        template("Where training stopped"),
        template(
            "Per run, the epoch after which training ended, the epoch whose weights were evaluated, and the epoch with the"
            " best validation figure: the one that was monitored, else the loss."
        ),
        ("early_stopping",),
    ),
)
