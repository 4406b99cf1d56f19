"""The limits that the size of a data set sets to recipes: enough training images must be left after validation.

Checked for a published data set when the study is planned, and for every data set when it is prepared. Standard library
only, because every job of a cluster run imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OFFICIAL = "official"  # what the study's `data.validation` calls a validation part of the user's, instead of a share
Validation = float | str


def left_to_train(images: int, validation: float) -> int:
    """The number of training images that are left after the share `validation` of them."""
    return images - round(images * validation)


def validation_problem(images: int, validation: float) -> str:
    """Why that share of the training images is no validation set; empty if it is one."""
    if left_to_train(images, validation) < images:
        return ""
    return (
        f"data.validation: expected a share that is at least one of the {images} training images, received"
        f" {validation:g}."
    )


def images_for_an_update(recipe: Mapping[str, Any]) -> int:
    """How many training images an epoch must have so that gradients of `accumulation` batches are gathered in the training."""
    return int(-(-recipe["accumulation"] // recipe["epochs"]) * recipe["batch_size"])


def size_problem(left: int, sizes: Mapping[str, int | None]) -> str:
    """Why the `left` training images are too few for the `train_size` and `batch_size` of a recipe, or for one update of its
    weights (`accumulated`, see images_for_an_update); empty if they suffice."""
    for key in ("train_size", "batch_size"):
        if (sizes[key] or 0) > left:
            return (
                f"{key}: expected at most the {left} training examples that are left after validation, received"
                f" {sizes[key]}. Write {left} or less."
            )
    needed = sizes.get("accumulated") or 0
    if needed > left:
        return (
            f"accumulation: expected at least one update in the whole training, which takes {needed} of the training examples in"
            f" each epoch, received {left}. Write a smaller accumulation or batch_size, or more epochs."
        )
    return ""
