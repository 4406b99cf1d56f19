"""Keras on TensorFlow as an engine (see training/protocol).

TensorFlow's import and XLA's compilation cost more than a small training, so seeds share them: the model is built and
compiled once, and every seed begins by assigning its own initial weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor.data.dataset import Array, Dataset, Rows
from butfor.engine import device, keras_optimisers, loops, losses, model_file, models, user_models
from butfor.engine.probe import Probe, structure
from butfor.engine.random_layers import Algorithm

Recipe = dict[str, Any]


class KerasEngine:
    """One arm's compiled Keras model."""

    def __init__(self, recipe: Recipe, dataset: Dataset, rates: loops.Rates) -> None:
        self._recipe, self._dataset = recipe, dataset
        self.loop: loops.Loop = loops.loop_for(recipe, models.convolves(self._build(seed=0, loop="graph")))
        self.model = self._build(seed=0, loop=self.loop)
        self._rates = keras_optimisers.RateTable(rates)
        self.model.compile(keras_optimisers.optimiser(recipe, self._rates), losses.loss(recipe), jit_compile=False)
        self.model.optimizer.build(self.model.trainable_variables)
        self._optimiser_start = [variable.numpy() for variable in self.model.optimizer.variables]
        images, labels = tf.constant(dataset.x_train), tf.constant(dataset.y_train)
        self._train_epoch = loops.compiled_epoch(self.model, images, labels, self.loop)
        self._evaluations = {
            "train": loops.compiled_evaluation(self.model, images, labels),
            "test": loops.compiled_evaluation(self.model, tf.constant(dataset.x_test), tf.constant(dataset.y_test)),
        }
        self.parameters = int(sum(np.prod(variable.shape) for variable in self.model.trainable_variables))
        self.probe = Probe(self.model, compiled=self.loop == "xla")

    @classmethod
    def device(cls, threads: int) -> str:
        """TensorFlow's device, see use_device."""
        return device.use_device(threads)

    @classmethod
    def build_user_model(cls, recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
        """The layers of a user's own model, once it has passed its checks. Raises OwnCodeError."""
        return user_models.build(recipe, dataset, arm)

    def _build(self, seed: int, loop: loops.Loop) -> keras.Model:
        algorithm: Algorithm = "threefry" if loop == "xla" else "philox"
        return models.build(self._recipe, self._dataset.x_train.shape[1:], self._dataset.classes, seed, algorithm)

    def structure(self) -> list[dict[str, Any]]:
        """The model's outermost layers."""
        return structure(self.model)

    def optimiser(self) -> dict[str, Any]:
        """Keras's optimiser by its configuration."""
        return keras_optimisers.described(self.model.optimizer)

    def start(self, seed: int) -> None:
        """Give the compiled model this seed's initial weights and mask counters, and the optimiser its first state."""
        fresh = self._build(seed, self.loop)
        for layer, fresh_layer in zip(self.model.layers, fresh.layers, strict=True):
            for variable, value in zip(layer.variables, fresh_layer.variables, strict=True):
                variable.assign(value)
        for variable, value in zip(self.model.optimizer.variables, self._optimiser_start, strict=True):
            variable.assign(value)
        self.scale_rates(1.0)

    def train_epoch(self, order: npt.NDArray[np.int32]) -> tuple[loops.Rates, float]:
        """One compiled call, see compiled_epoch."""
        return self._train_epoch(order)

    def scale_rates(self, scale: float) -> None:
        """Assign the factor that the rate table is read with."""
        self._rates.scale.assign(scale)

    def evaluate(self, part: str, rows: Rows) -> dict[str, float]:
        """One compiled call, see compiled_evaluation."""
        accuracy, loss = self._evaluations[part](rows)
        return {"accuracy": accuracy, "loss": loss}

    def weights(self) -> list[Array]:
        """The model's weights, trained or gathered."""
        return list(self.model.get_weights())

    def set_weights(self, weights: list[Array]) -> None:
        """Assign them."""
        self.model.set_weights(weights)

    def state(self) -> list[Array]:
        """Every variable of the model's layers and of the optimiser."""
        return [variable.numpy() for variable in self._variables()]

    def resume(self, state: list[Array]) -> None:
        """Assign them."""
        for variable, value in zip(self._variables(), state, strict=True):
            variable.assign(value)

    def _variables(self) -> list[Any]:
        return [v for layer in self.model.layers for v in layer.variables] + list(self.model.optimizer.variables)

    def save(self, path: Path) -> None:
        """Write a `.keras` file of plain Keras. Raises ModelFileError."""
        model_file.save(self.model, path)
