"""What stands for a recipe where it is remembered for long: in the register, in claims. Standard library only."""

from __future__ import annotations

from typing import Any

from butfor.fingerprint import fingerprint

# Keys that came after the first registers, with the values by which a recipe does what one without them did.
LATER: dict[str, Any] = {
    "loss": {"name": "auto"},
    "class_weight": {"name": "none"},
    "sample_weight": "none",
    "target_scaling": {"name": "standard"},
    "precision": "float32",
    "ema": {"name": "none"},
    "accumulation": 1,
    **dict.fromkeys(("rotation", "zoom", "noise", "mixup", "cutmix"), 0.0),
    "cutout": 0,
    "categories": {"name": "embedded", "width": None},
    "deterministic": False,
    "matmul_precision": "tf32",
}


def recipe_mark(recipe: dict[str, Any]) -> str:
    """16 hexadecimal digits that stand for a recipe, the same whether or not there were keys yet that it does not use."""
    return fingerprint({key: value for key, value in recipe.items() if key not in LATER or value != LATER[key]})
