"""What an engine is: the model of one arm, and what trains, evaluates and probes it, one seed at a time.

A class with these methods is an engine; studies name it by `module:Class`, and nothing else of butfor knows it. Arrays are
NumPy's on both sides. Whatever an engine draws comes from the streams of recipe/streams, by seed and name.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from butfor.data.dataset import Array, Dataset, Rows
from butfor.data.several_inputs import Inputs

Recipe = dict[str, Any]
Rates = npt.NDArray[np.float32]  # learning rates by step
Order = npt.NDArray[np.int32]  # rows of the training images by step and place in the batch
Part = Literal["train", "test"]  # of the data set; validation images are rows of its training images
State = list[Array]


@dataclass(frozen=True)
class TriedVariable:
    """A trainable variable before and after a trial step.

    gradient: of the trial's `loss`, at `before`; None where the loss does not depend on it. moments: the optimiser's after the
    step, by Keras's names. constraint: the class of what limits its values after a step, else empty.
    """

    before: Array
    after: Array
    gradient: Array | None
    moments: dict[str, Array]
    constraint: str = ""


@dataclass(frozen=True)
class TrialStep:
    """One step of training and, apart from the loop that takes it, the loss and gradients that lead to it.

    objective: the loss that the optimiser saw. loss: the same with the same draws, of a built-in model without the penalties
    on kernels. unknown: why `loss` and gradients cannot be told, else empty. precision: of the arithmetic: float32, tf32,
    or Keras's name of a mixed one. variables: the trainable ones, by path. averages: all other weights after the step.
    """

    objective: float
    loss: float | None
    unknown: str
    precision: str
    variables: dict[str, TriedVariable]
    averages: dict[str, Array]


@runtime_checkable
class Probe(Protocol):
    """What shows a model from outside. Measuring leaves weights, moments and streams as they were.

    images: `(n, *image)` as in the data set; labels: `(n,)`. Losses and penalties are in nats.
    """

    def initial_digests(self) -> dict[str, dict[str, str]]:
        """Of layers with kernels, by name: digests of their `weights`, and of their `biases` where they have any; of the
        `others` among the model's weights, by path."""

    def random_draws(self) -> dict[str, dict[str, Any]]:
        """Per layer that draws in training: its `class`, a `digest` of what it drew for 256 images and one of what it drew
        `next`, and the `share` of units dropped with the `scale` of the others, the `pixels` moved at most, or the `share`
        of images flipped."""

    def draws_taken(self) -> dict[str, int]:
        """How often each of those layers has drawn since the seed was set: after a training, once per step."""

    def first_loss(self, images: Inputs, labels: Array) -> dict[str, float]:
        """Before any step: the loss that training minimises, without penalties (`objective`), the task's `plain` loss, and
        of classes that against a `uniform` label."""

    def penalties(self, images: Inputs, as_trained: bool = False) -> dict[str, float]:
        """The terms added for this batch, on `kernels` and on `activations`; as_trained: see `statistics`."""

    def statistics(self, images: Inputs, labels: Array, as_trained: bool = False) -> list[dict[str, Any]]:
        """A row per layer with a kernel, from input to logits, as a record's `layers` has it (records/layer_statistics).

        as_trained: batch normalisation uses the statistics of these images, as in training; dropout and augmentation rest.
        """


@runtime_checkable
class Engine(Protocol):
    """One arm's model, compiled once.

    loop: what runs the steps, as a record says it. parameters: the number of trainable weights; all_parameters: with those that
    are not. probe: see Probe.
    """

    loop: str
    parameters: int
    all_parameters: int
    probe: Probe

    @classmethod
    def device(cls, threads: int) -> str:
        """Prepare this process for training on at most `threads` CPU threads, and name the device that trains."""

    @classmethod
    def set_arithmetic(cls, recipe: Recipe) -> None:
        """Compute as the recipe asks, by its `deterministic` and `matmul_precision`, from now on; before anything is computed."""

    @classmethod
    def numerics(cls) -> dict[str, str]:
        """What decides the last bits of a training beside device and versions, by name."""

    @classmethod
    def compiled_in(cls, folder: Path, threads: int, recipe: str) -> AbstractContextManager[None]:
        """A context in which what earlier jobs have compiled is taken from a folder, and what is compiled is kept there if the
        context ends well; entered before `device`. recipe: a word that stands for what is trained."""

    @classmethod
    def build_user_model(cls, recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
        """The layers of a user's own model (see `structure`), after every check that one arm allows. Raises OwnCodeError."""

    def __init__(self, recipe: Recipe, dataset: Dataset, rates: Rates) -> None:
        """rates: the learning rate at each step of the whole training, `(steps,)`."""

    def structure(self) -> list[dict[str, Any]]:
        """The layers in order: `layer` (its name), `class`, output `shape` without the batch, trainable `parameters`; where
        they are known, the names of the layers it takes its `inputs` from, its `activation`, and a normalisation's `settings`."""

    def optimiser(self) -> dict[str, Any]:
        """The live optimiser as it describes itself: its `class` and every setting but the learning rate."""

    def takes(self, dataset: Dataset, rates: Rates) -> bool:
        """Whether it trains and evaluates on another data set from now on, such as another fold of the same, at the rates of its
        steps, to the numbers that an engine of its own would give. Where not, nothing has changed."""

    def start(self, seed: int) -> None:
        """Give the model this seed's initial weights and streams, and the optimiser its first state, at rate scale 1."""

    def train_epoch(self, order: Order) -> tuple[Rates, float]:
        """Train on batches of training images, `(steps, batch)`. The learning rate used at each step, `(steps,)`, and the
        mean loss over the epoch as the optimiser saw it: dropout on, penalties in. An engine may leave out the steps after the
        first whose loss is NaN or infinite; the mean is no finite number then."""

    def try_step(self, order: Order, step: int) -> TrialStep:
        """Train on the first batch of `order`, an epoch's, as if it were step number `step` of the training, from 0; where
        gradients of several batches are gathered, those before it were 0. The engine stays where that leads:
        `resume` takes it back."""

    def scale_rates(self, scale: float) -> None:
        """From the next step on, use the learning rates times `scale`."""

    def evaluate(self, part: Part, rows: Rows) -> dict[str, float]:
        """Figures by name on rows `(n,)` of a part's images, in inference mode and without penalties: the mean of the task's
        plain `loss`, and what its table (recipe/tasks) has beside it: `accuracy` (share) or `mae`; where the recipe watches it,
        also the mean `trained_loss`, that which it trains by, without what examples and classes count."""

    def scores(self, part: Part, rows: Rows) -> Array:
        """The model's scores `(n, *outputs)` for rows `(n,)` of a part's images, in inference mode: logits of classes, or numbers
        in the targets' own unit."""

    def figures_and_scores(self, part: Part, rows: Rows) -> tuple[dict[str, float], Array]:
        """What `evaluate` and `scores` give for the same rows, to the bit; of one pass over them, where the engine can."""

    def cost(self, batch_sizes: list[int]) -> dict[str, Any]:
        """What a prediction costs: `operations` (floating-point, for one example; None if unknown) and `latency` in milliseconds,
        median and 95th percentile, by batch size as text."""

    def weights(self) -> State:
        """The weights by which the model predicts, moving averages included; of a recipe with `ema`, once a step was taken, the
        average of the weights."""

    def set_weights(self, weights: State) -> None:
        """Go back to what `weights` gave."""

    def resumable(self) -> bool:
        """Whether a training goes on from its `state`; where it would not, it keeps no checkpoint."""

    def state(self) -> State:
        """All that training changes: weights, averages, positions in streams, the optimiser's moments and step."""

    def resume(self, state: State) -> None:
        """Go back to what `state` gave, in this process or another; the rate scale aside."""

    def save(self, path: Path) -> None:
        """Write the model into the file `path`, which is there whole or not at all. Raises StudyError."""
