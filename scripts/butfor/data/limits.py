"""The limits that the size of a data set sets to recipes: enough training images must be left after validation.

Checked for a published data set when the study is planned, and for every data set when it is prepared. Standard library
only, because every job of a cluster run imports it.
"""

from __future__ import annotations

from collections.abc import Mapping


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


def size_problem(left: int, sizes: Mapping[str, int | None]) -> str:
    """Why the `left` training images are too few for the `train_size` and `batch_size` of a recipe; empty if they suffice."""
    for key in ("train_size", "batch_size"):
        if (sizes[key] or 0) > left:
            return (
                f"{key}: expected at most the {left} training examples that are left after validation, received"
                f" {sizes[key]}. Write {left} or less."
            )
    return ""
