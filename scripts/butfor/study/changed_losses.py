"""Arms that may change the very loss that is measured of them: where a model has its own. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from butfor.languages.phrases import phrase
from butfor.recipe.tasks import OWN

LOSS = "test/loss"
FEW = 5  # arms that are named
# What a model's own loss may be made of: its own settings, the scale of what it sees, how many examples it sees at once, and the
# penalties that are added to it.
PENALTIES = ("l1", "l2", "activity_l1", "activity_l2")
MADE_OF = ("model", "input_scaling", "batch_size", *PENALTIES)


def decides(study: Mapping[str, Any]) -> bool:
    """Whether verdicts are asked of the loss; else it is shown beside what they are asked of."""
    return bool(study["verdict"]["metric"] == LOSS)


def settings_in_loss(changed: Sequence[str]) -> list[str]:
    """Those changed settings of an arm that its own loss may be made of."""
    return [key for key in changed if key.split(".")[0] in MADE_OF]


def may_change_loss(study: Mapping[str, Any]) -> dict[str, list[str]]:
    """By arm, these settings, where the loss that is measured may be another quantity for it: that which a model's own step
    gives, if it has no other. Of any other task the plain loss is measured, the same for every arm, whatever trains."""
    if study.get("task") != OWN.name:
        return {}
    settings = {arm["name"]: settings_in_loss(arm["changed"]) for arm in study["arms"] if arm["reference"]}
    return {name: keys for name, keys in settings.items() if keys}


def in_words(by_arm: Mapping[str, Sequence[str]], decided_by: bool, code: str = "") -> str:
    """What is to be thought of such arms, and what to decide by, in a sentence or two. decided_by: whether verdicts are asked of
    the loss. code: what stands around what is written in a study file."""
    arms = [f"{code}{name}{code} ({', '.join(keys)})" for name, keys in by_arm.items()]
    more = len(arms) - FEW
    shown = [*arms[:FEW], *([phrase("{n} more", n=more)] if more > 0 else [])]
    if not decided_by:
        return phrase(
            "Beside what decides stands the loss that the model itself works out, and these arms change what it may be made of:"
            " {arms}. Where they do, it is another quantity there than the reference's, and a verdict or an effect on it says"
            " nothing of a better model.",
            arms=", ".join(shown),
        )
    return phrase(
        "What decides is the loss that the model itself works out, and these arms change what it may be made of: {arms}. Where"
        " they do, it is another quantity there than the reference's, and less of it is no better model: decide by a metric that"
        " means the same in every arm, {remedy}.",
        arms=", ".join(shown),
        remedy=f'{code}metrics: {{name: {{function: "my_metrics:name", higher_is_better: …, primary: true}}}}{code}',
    )
