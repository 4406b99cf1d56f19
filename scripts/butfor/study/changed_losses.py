"""Arms that may change the very loss by which they are judged: where a model's own loss decides. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from butfor.languages.phrases import phrase
from butfor.recipe.tasks import OWN

LOSS = "test/loss"
FEW = 5  # arms that are named
# What a model's own loss may be made of: its own settings, the scale of what it sees, and the penalties that are added to it.
PENALTIES = ("l1", "l2", "activity_l1", "activity_l2")
MADE_OF = ("model", "input_scaling", *PENALTIES)


def is_own_loss(study: Mapping[str, Any]) -> bool:
    """Whether what decides is the loss that a model's own step gives: it has no other. Of any other task the plain loss is
    measured, the same for every arm, whatever trains."""
    return bool(study.get("task") == OWN.name and study["verdict"]["metric"] == LOSS)


def settings_in_loss(changed: Sequence[str]) -> list[str]:
    """Those changed settings of an arm that its own loss may be made of."""
    return [key for key in changed if key.split(".")[0] in MADE_OF]


def may_change_loss(study: Mapping[str, Any]) -> dict[str, list[str]]:
    """By arm, these settings, where what decides may be another quantity for it."""
    if not is_own_loss(study):
        return {}
    settings = {arm["name"]: settings_in_loss(arm["changed"]) for arm in study["arms"] if arm["reference"]}
    return {name: keys for name, keys in settings.items() if keys}


def in_words(by_arm: Mapping[str, Sequence[str]], code: str = "") -> str:
    """What is to be thought of such arms, and what to decide by, in a sentence or two. code: what stands around what is written
    in a study file."""
    arms = [f"{code}{name}{code} ({', '.join(keys)})" for name, keys in by_arm.items()]
    more = len(arms) - FEW
    shown = [*arms[:FEW], *([phrase("{n} more", n=more)] if more > 0 else [])]
    return phrase(
        "What decides is the loss that the model itself works out, and these arms change what it may be made of: {arms}. Where"
        " they do, it is another quantity there than the reference's, and less of it is no better model: decide by a metric that"
        " means the same in every arm, {remedy}.",
        arms=", ".join(shown),
        remedy=f'{code}metrics: {{name: {{function: "my_metrics:name", higher_is_better: …, primary: true}}}}{code}',
    )
