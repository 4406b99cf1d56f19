"""Settings of the loss that a model with a training step or a loss of its own leaves out, so that they would change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from butfor.engine.losses import is_worked_out_by
from butfor.engine.model_source import ModelSource
from butfor.engine.short_training import ShortTraining, difference

OFF: dict[str, Any] = {"label_smoothing": 0.0, "loss": {"name": "auto"}}  # what stands in the recipe's loss
UNWEIGHTED: dict[str, Any] = {"class_weight": {"name": "none"}, "sample_weight": "none"}  # what stands beside it


def idle_settings(source: ModelSource, trained: ShortTraining) -> Iterator[str]:
    """A message for each such setting of the recipe. trained: a short training of such a model, after some steps."""
    if not is_worked_out_by(trained.model):
        return
    for key in _asked(source, OFF) if trained.model.loss and not trained.asked_loss else ():
        if not _is_read(source, key, OFF[key]):
            yield (
                f"{_in_words(source, key)}, and its training never asks for the recipe's loss, so that it would change nothing."
                " Work the loss out by self.compute_loss(x, y, y_pred) in its train_step, and by super().compute_loss in a"
                f" compute_loss of its own; or take {key} out of the recipe."
            )
    weights = _asked(source, UNWEIGHTED)
    if weights and not trained.takes_weights() and not any(_is_read(source, key, UNWEIGHTED[key]) for key in weights):
        yield (
            f"{_in_words(source, weights[0])}, and its training never uses the weights that each batch brings, so that it would"
            " change nothing. Give sample_weight, the third of what train_step is given, to self.compute_loss(x, y, y_pred,"
            f" sample_weight), which passes it on; or take {weights[0]} out of the recipe."
        )


def _asked(source: ModelSource, off: dict[str, Any]) -> list[str]:
    return [key for key, value in off.items() if source.recipe[key] != value]


def _is_read(source: ModelSource, key: str, off: Any) -> bool:
    """Whether the model itself makes something of a setting that it reads in the recipe."""
    without = replace(source, recipe={**source.recipe, key: off})
    return bool(difference(source.short_training(0), without.short_training(0)))


def _in_words(source: ModelSource, key: str) -> str:
    value = source.recipe[key]
    return f"{key} is {value['name'] if isinstance(value, dict) else value} in this arm"
