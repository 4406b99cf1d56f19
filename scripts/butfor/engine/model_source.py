"""The source of an arm's models: a fresh one of any seed, for the arm's recipe and data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras

from butfor.data.dataset import Dataset
from butfor.engine import models
from butfor.engine.keras_internals import input_names
from butfor.engine.loops import Loop
from butfor.engine.random_layers import Algorithm
from butfor.engine.short_training import ShortTraining
from butfor.user_code.location import is_own


@dataclass(frozen=True)
class ModelSource:
    """A recipe, the data that its models take, what their masks are drawn by, and the shape of all inputs, by which they are
    built."""

    recipe: dict[str, Any]
    dataset: Dataset
    shape: models.Shape
    algorithm: Algorithm = "philox"

    @property
    def name(self) -> str:
        """The model's name in the recipe."""
        return str(self.recipe["model"]["name"])

    @property
    def is_own(self) -> bool:
        """Whether the model is the user's own."""
        return is_own(self.name)

    @property
    def trains_own_code(self) -> bool:
        """Whether the model or its optimiser is the user's own, which may keep what Keras does not know."""
        return self.is_own or is_own(self.recipe["optimiser"]["name"])

    def for_loop(self, loop: Loop) -> ModelSource:
        """The same, drawing masks by what the loop has a fast kernel for."""
        return replace(self, algorithm="threefry" if loop == "xla" else "philox")

    def build(self, seed: int) -> keras.Model:
        """A fresh model. Raises OwnCodeError."""
        outputs, *about = self.of_data
        return models.build(self.recipe, self.shape, outputs, seed, self.algorithm, *about)

    @property
    def of_data(self) -> tuple[Any, ...]:
        """What a model is built by of the data, beside the shape of its inputs."""
        data = self.dataset
        return data.output_shape, data.vocabulary, data.categorical, data.task

    def short_training(self, seed: int) -> ShortTraining:
        """A short training of one."""
        return ShortTraining(self.build(seed), self.recipe, self.dataset)


def source_for(recipe: dict[str, Any], dataset: Dataset) -> ModelSource:
    """The source of a recipe's models on a data set, of whose several inputs they may take some. Raises OwnCodeError."""
    source = ModelSource(recipe, dataset, dataset.input_shape)
    names = input_names(source.build(seed=0)) if isinstance(dataset.x_train, dict) else None
    return source if names is None else replace(source, dataset=dataset.only(names))
