"""Which figures a study has, from its plan. Standard library only, because the Snakefile asks."""

from __future__ import annotations

from typing import Any

SCHEDULE_KEYS = {"schedule", "learning_rate"}
INITIALISER_KEYS = {"initialiser"}
REGULARISER_KEYS = {"l1", "l2", "dropout", "early_stopping"}


def arms_that_change(study: dict[str, Any], keys: set[str]) -> list[dict[str, Any]]:
    """The arms whose change to their reference touches one of the recipe keys (or a setting inside one)."""
    return [arm for arm in study["arms"] if keys & {key.split(".")[0] for key in arm["changed"]}]


def families(study: dict[str, Any]) -> list[str]:
    """The families of ablations, in the order of the plan."""
    return list(dict.fromkeys(arm["family"] for arm in study["arms"] if arm["reference"]))


def figures(study: dict[str, Any]) -> list[str]:
    """The names of the study's figures: one of all effects, one per family, and those that a changed part calls for."""
    names = ["effects", *(f"curves_{family}" for family in families(study))]
    special = {"schedules": SCHEDULE_KEYS, "activations": INITIALISER_KEYS, "gaps": REGULARISER_KEYS}
    return names + [name for name, keys in special.items() if arms_that_change(study, keys)]
