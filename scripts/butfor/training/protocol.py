"""What an engine is: the model of one arm, and what trains, evaluates and probes it, one seed at a time.

A class with these methods is an engine; studies name it by `module:Class`, and nothing else of butfor knows it. Arrays are
NumPy's on both sides. Whatever an engine draws comes from the streams of recipe/streams, by seed and name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from butfor.data.dataset import Array, Dataset, Rows

Recipe = dict[str, Any]
Rates = npt.NDArray[np.float32]  # learning rates by step
Order = npt.NDArray[np.int32]  # rows of the training images by step and place in the batch
Part = Literal["train", "test"]  # of the data set; validation images are rows of its training images
State = list[Array]


@runtime_checkable
class Probe(Protocol):
    """What shows a model from outside. Measuring leaves weights, moments and streams as they were.

    images: `(n, *image)` as in the data set; labels: `(n,)`. Losses and penalties are in nats.
    """

    def initial_digests(self) -> dict[str, dict[str, str]]:
        """Of layers with kernels, by name: digests of their `weights`, and of their `biases` where they have any."""

    def random_draws(self) -> dict[str, dict[str, Any]]:
        """Per layer that draws in training: its `class`, a `digest` of what it drew for 256 images, and the `share` of units
        dropped with the `scale` of the others, the `pixels` moved at most, or the `share` of images flipped."""

    def first_loss(self, images: Array, labels: Array) -> dict[str, float]:
        """Before any step: the loss that training minimises, without penalties (`objective`), the plain `cross_entropy`,
        and that against a `uniform` label."""

    def penalties(self, images: Array) -> dict[str, float]:
        """The terms that training would add for this batch, on `kernels` and on `activations`."""

    def statistics(self, images: Array, labels: Array, as_trained: bool = False) -> list[dict[str, Any]]:
        """A row per layer with a kernel, from input to logits, as a record's `layers` has it (records/layer_statistics).

        as_trained: batch normalisation uses the statistics of these images, as in training; dropout and augmentation rest.
        """


@runtime_checkable
class Engine(Protocol):
    """One arm's model, compiled once.

    loop: what runs the steps, as a record says it. parameters: the number of trainable weights. probe: see Probe.
    """

    loop: str
    parameters: int
    probe: Probe

    @classmethod
    def device(cls, threads: int) -> str:
        """Prepare this process for training on at most `threads` CPU threads, and name the device that trains."""

    @classmethod
    def build_user_model(cls, recipe: Recipe, dataset: Dataset, arm: str) -> list[dict[str, Any]]:
        """The layers of a user's own model (see `structure`), after every check that one arm allows. Raises OwnCodeError."""

    def __init__(self, recipe: Recipe, dataset: Dataset, rates: Rates) -> None:
        """rates: the learning rate at each step of the whole training, `(steps,)`."""

    def structure(self) -> list[dict[str, Any]]:
        """The layers in order: `layer` (its name), `class`, output `shape` without the batch, trainable `parameters`."""

    def optimiser(self) -> dict[str, Any]:
        """The live optimiser as it describes itself: its `class` and every setting but the learning rate."""

    def start(self, seed: int) -> None:
        """Give the model this seed's initial weights and streams, and the optimiser its first state, at rate scale 1."""

    def train_epoch(self, order: Order) -> tuple[Rates, float]:
        """Train on batches of training images, `(steps, batch)`. The learning rate used at each step, `(steps,)`, and the
        mean loss over the epoch as the optimiser saw it: dropout on, penalties in."""

    def scale_rates(self, scale: float) -> None:
        """From the next step on, use the learning rates times `scale`."""

    def evaluate(self, part: Part, rows: Rows) -> dict[str, float]:
        """Figures by name on rows `(n,)` of a part's images, in inference mode and without penalties: `accuracy` (share)
        and mean `loss` (nats)."""

    def weights(self) -> State:
        """The weights by which the model predicts, moving averages included."""

    def set_weights(self, weights: State) -> None:
        """Go back to what `weights` gave."""

    def state(self) -> State:
        """All that training changes: weights, averages, positions in streams, the optimiser's moments and step."""

    def resume(self, state: State) -> None:
        """Go back to what `state` gave, in this process or another; the rate scale aside."""

    def save(self, path: Path) -> None:
        """Write the model into the file `path`, which is there whole or not at all. Raises StudyError."""
