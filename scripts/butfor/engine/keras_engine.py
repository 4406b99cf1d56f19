"""Keras on TensorFlow as an engine (see training/protocol).

TensorFlow's import and XLA's compilation cost more than a small training, so seeds share them: the model is built and
compiled once, and every seed begins by assigning its own initial weights. A model of the user's own may keep what a seed
decides, or what training changes, where Keras does not know of it (see step_graph): it is compiled anew for each seed then.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from butfor.data.dataset import Array, Dataset, Rows
from butfor.data.several_inputs import taken
from butfor.engine import compilation_cache, device, keras_optimisers, loops, model_cost, model_file, user_models
from butfor.engine.compiled_model import CompiledModel, Resident, assign
from butfor.engine.keras_internals import batches_taken
from butfor.engine.loop_choice import loop_for
from butfor.engine.model_source import source_for
from butfor.engine.probe import Probe, structure
from butfor.training.protocol import TrialStep

Recipe = dict[str, Any]
log = logging.getLogger(__name__)


class KerasEngine:
    """One arm's compiled Keras model."""

    def __init__(self, recipe: Recipe, dataset: Dataset, rates: loops.Rates) -> None:
        source = source_for(recipe, dataset)
        self._recipe, self._dataset, self._rates = recipe, source.dataset, rates
        self.loop: loops.Loop = loop_for(source)
        self._source, self._data = source.for_loop(self.loop), Resident(source.dataset, recipe)
        self._compiled = self._compile(self._source.build(seed=0))
        self._started = self._is_logged = False
        self.parameters, self.all_parameters = self._compiled.parameters, self._compiled.all_parameters

    @classmethod
    def device(cls, threads: int) -> str:
        """TensorFlow's device, see use_device."""
        return device.use_device(threads)

    @classmethod
    def set_arithmetic(cls, recipe: Recipe) -> None:
        """TensorFlow's, see device.set_arithmetic."""
        device.set_arithmetic(recipe["deterministic"], recipe["matmul_precision"])

    @classmethod
    def numerics(cls) -> dict[str, str]:
        """TensorFlow's, see device.numerics."""
        return device.numerics()

    @classmethod
    def compiled_in(cls, folder: Path, threads: int, recipe: str) -> AbstractContextManager[None]:
        """XLA's programs, see compilation_cache."""
        return compilation_cache.compiled_in(folder, threads, recipe)

    @classmethod
    def build_user_model(cls, recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
        """The layers of a user's own model, once it has passed its checks. Raises OwnCodeError."""
        return user_models.build(recipe, dataset, arm)

    def _compile(self, model: keras.Model) -> CompiledModel:
        return CompiledModel(model, self._recipe, self._data, self._rates, self.loop)

    @property
    def model(self) -> keras.Model:
        """The model that trains."""
        return self._compiled.model

    @property
    def probe(self) -> Probe:
        """What shows that model."""
        return self._compiled.probe

    def structure(self) -> list[dict[str, Any]]:
        """The model's layers."""
        return structure(self.model)

    def optimiser(self) -> dict[str, Any]:
        """Keras's optimiser by its configuration."""
        return keras_optimisers.described(self.model.optimizer)

    def takes(self, dataset: Dataset, rates: loops.Rates) -> bool:
        """What is compiled serves all folds of one room, and else TensorFlow keeps it for each number of examples; a model of the
        user's own is compiled anew where its code is told something else of the data."""
        source = replace(self._source, dataset=dataset)
        alike = not source.is_own or source.of_data == self._source.of_data
        if not alike or isinstance(dataset.x_train, dict) or not self._compiled.takes(dataset, rates):
            return False
        self._dataset, self._source, self._rates = dataset, source, rates
        return True

    def start(self, seed: int) -> None:
        """Give the compiled model this seed's initial weights and mask counters, and the optimiser its first state; or compile
        this seed's own model, where that would not do."""
        self._begin(seed)
        if self._compiled.mixing:
            self._compiled.mixing.start(seed)

    def _begin(self, seed: int) -> None:
        fresh = self._source.build(seed)
        if not self._source.trains_own_code:
            self._compiled.become(fresh)
            return
        own = self._compile(fresh)
        if self._started and self.resumable() and own.graph.digest == self._compiled.graph.digest:
            self._compiled.become(fresh)
            return
        if self._started and not self._is_logged:
            self._is_logged = True
            kept = "" if self.resumable() else ", and no checkpoints kept"
            log.info("%s: compiled anew for each seed%s, since more than its variables counts", self._source.name, kept)
        self._compiled, self._started = own, True

    def train_epoch(self, order: npt.NDArray[np.int32]) -> tuple[loops.Rates, float]:
        """One compiled call, see compiled_epoch; the model holds its average before and after, if there is one."""
        self._compiled.average.take_out()
        epoch = self._compiled.epoch(order)
        self._compiled.average.put_in()
        return epoch

    def try_step(self, order: npt.NDArray[np.int32], step: int) -> TrialStep:
        """The step as training takes it, after its loss and gradients were worked out eagerly."""
        rehearsal, rows = self._compiled.rehearsal, order[0]
        before = rehearsal.trainable()
        rehearsed = rehearsal.gradients(rows, taken(self._dataset.x_train, rows), self._dataset.y_train[rows])
        batches_taken(self.model.optimizer).assign(step)
        _, objective = self._compiled.epoch(order, steps=1)
        return rehearsal.step(before, rehearsed, objective)

    def scale_rates(self, scale: float) -> None:
        """Assign the factor that the rate table is read with."""
        self._compiled.rates.scale.assign(scale)

    def evaluate(self, part: str, rows: Rows) -> dict[str, float]:
        """One compiled call."""
        return self._compiled.inference.evaluate(self._compiled.parts[part], rows)

    def scores(self, part: str, rows: Rows) -> Array:
        """Compiled calls."""
        return self._compiled.inference.scores(self._compiled.parts[part], rows)

    def figures_and_scores(self, part: str, rows: Rows) -> tuple[dict[str, float], Array]:
        """Compiled calls for the scores, of which the figures are worked out."""
        return self._compiled.inference.figures_and_scores(self._compiled.parts[part], rows)

    def cost(self, batch_sizes: list[int]) -> dict[str, Any]:
        """Of the model as it is, see model_cost."""
        inputs = self._dataset.x_test
        return {
            "operations": model_cost.operations(self.model, self._dataset.input_shape),
            "latency": model_cost.latencies(self.model, inputs, batch_sizes),
        }

    def weights(self) -> list[Array]:
        """The model's weights, trained or gathered."""
        return list(self.model.get_weights())

    def set_weights(self, weights: list[Array]) -> None:
        """Assign them."""
        self.model.set_weights(weights)

    def resumable(self) -> bool:
        """Whether all that training changes is in variables that Keras knows."""
        return not (self._source.trains_own_code and self._compiled.graph.hides)

    def state(self) -> list[Array]:
        """Every variable of the model and of the optimiser, the model's as they train."""
        self._compiled.average.take_out()
        state = [variable.numpy() for variable in self._compiled.variables]
        self._compiled.average.put_in()
        return state

    def resume(self, state: list[Array]) -> None:
        """Assign them."""
        self._compiled.average.in_place = False
        assign(self._compiled.variables, state)
        self._compiled.average.put_in()

    def save(self, path: Path) -> None:
        """Write a `.keras` file of plain Keras. Raises ModelFileError."""
        model_file.save(self.model, path)
