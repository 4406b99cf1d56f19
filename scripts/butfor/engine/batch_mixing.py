"""Mixing of a batch with itself: mixup and cutmix, with their targets.

An example's partner is the one before it in the batch, which the order of the epoch has drawn. How much of it is taken
follows Beta(alpha, alpha), drawn by the inverse of its distribution, for each example anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from butfor.data.several_inputs import mapped
from butfor.engine.answers import Answers
from butfor.engine.random_layers import Algorithm
from butfor.fingerprint import digest
from butfor.recipe import streams
from butfor.recipe.tasks import REGRESSION
from butfor.records.layer_statistics import DRAWN_IMAGES

Tensor = Any
Draws = dict[str, Tensor]
NUMBERS = {"mixup": 1, "cutmix": 3}  # that are drawn for an example: its share, and the centre of what is cut
BOTH = "mixing"  # the stream that chooses between them for each batch
STEPS = 4096  # of the table of a distribution


def mixes(recipe: dict[str, Any]) -> bool:
    """Whether a recipe mixes batches."""
    return any(recipe[name] for name in NUMBERS)


def _quantiles(alpha: float) -> Tensor:
    """The quantiles of a Beta(alpha, alpha) at even steps from 0 to 1."""
    from scipy.special import betaincinv  # half a second, for those who mix

    return tf.constant(betaincinv(alpha, alpha, np.linspace(0, 1, STEPS + 1)), tf.float32)


class BatchMixing:
    """Mixes the batches of a training, each kind by the draws of a stream of its own.

    variables: the streams' places, which belong to the state of a training. shape: of an example. compiled: whether XLA
    compiles the training. Of several inputs mixup mixes each alike; cutmix has one.
    """

    def __init__(self, recipe: dict[str, Any], answers: Answers, classes: int, shape: Any, compiled: bool) -> None:
        self._alphas = {name: recipe[name] for name in NUMBERS if recipe[name]}
        self._answers, self._classes, self._shape, self._compiled = answers, classes, shape, compiled
        self._algorithm: Algorithm = "threefry" if compiled else "philox"
        names = [*self._alphas, BOTH] if len(self._alphas) > 1 else [*self._alphas]
        self._streams = {name: tf.Variable([0, 0], dtype=tf.int32) for name in names}
        self._tables = {name: _quantiles(alpha) for name, alpha in self._alphas.items()}
        self.coming = tf.function(self._coming, jit_compile=compiled, autograph=False)

    @property
    def variables(self) -> list[Any]:
        """The streams' places."""
        return list(self._streams.values())

    def start(self, seed: int) -> None:
        """Begin the streams of a seed."""
        for name, stream in self._streams.items():
            stream.assign([streams.key(seed, "augmentation", name), 0])

    def __call__(self, x: Tensor, y: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """The next batch, mixed: inputs, targets (classes as columns), and what its examples count."""
        draws = self._coming(tf.shape(y)[0])
        for stream in self._streams.values():
            stream.assign_add([0, 1])
        return self.mixed(draws, x, y, weights)

    def _coming(self, batch: Tensor) -> Draws:
        """The next draws, which stay the next."""
        shapes = {name: [batch, NUMBERS[name]] for name in self._alphas} | {BOTH: [1]}
        return {
            name: tf.random.stateless_uniform(shapes[name], stream, alg=self._algorithm)
            for name, stream in self._streams.items()
        }

    def mixed(
        self, draws: Draws, x: Tensor, y: Tensor, weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """A batch as these draws mix it."""
        ways = [self._inputs(name, draws[name], x) for name in self._alphas]
        if len(ways) == 1:
            inputs, shares = ways[0]
        else:
            inputs, shares = (tf.where(draws[BOTH] < 0.5, one, other) for one, other in zip(*ways, strict=True))
        targets = _between(self._columns(y), shares)
        return inputs, targets, None if weights is None else _between(weights, shares)

    def _inputs(self, name: str, draws: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs mixed by one kind, and the share of each example that is left, `(batch,)`."""
        shares = _interpolated(self._tables[name], draws[:, 0])
        if name == "mixup":
            return mapped(lambda each: _between(each, shares), x), shares
        sides = tf.sqrt(1.0 - shares)
        rows, columns = (_cut(draws[:, axis], sides, x.shape[axis]) for axis in (1, 2))
        cut = rows[:, :, None] & columns[:, None, :]
        left = 1.0 - tf.reduce_mean(tf.cast(cut, tf.float32), axis=[1, 2])
        return tf.where(cut[..., None] if len(x.shape) == 4 else cut, tf.roll(x, 1, 0), x), left

    def _columns(self, y: Tensor) -> Tensor:
        if self._answers.task is REGRESSION:
            return tf.cast(y, tf.float32)
        return (
            self._answers.as_column(y) if self._answers.independent else tf.one_hot(tf.cast(y, tf.int32), self._classes)
        )

    def taken(self) -> dict[str, int]:
        """How many batches each kind has drawn for since its seed was set."""
        return {name: int(self._streams[name].numpy()[1]) for name in self._alphas}

    def measured(self, target: tuple[int, ...]) -> dict[str, dict[str, Any]]:
        """Per kind, of 256 examples that are 0 and 1 in turn: a digest of the shares left of each, one of the `next`, their
        `mean` and `spread`, and how far the share of its target is `off` at most. target: the shape of one."""
        turns = np.arange(DRAWN_IMAGES) % 2
        labels = tf.cast(_in_turn(turns, target), tf.int32)
        by_way = {}
        for name in self._alphas:
            x, stream = _in_turn(turns, (1,) if name == "mixup" else self._shape[:2]), self._streams[name]
            run, kept = (
                tf.function(self._means(name, x, labels), jit_compile=self._compiled, autograph=False),
                stream.numpy(),
            )
            given, its = (np.where(turns, mean.numpy(), 1 - mean.numpy()) for mean in run())
            stream.assign_add([0, 1])
            then = np.where(turns, run()[0].numpy(), 1 - run()[0].numpy())
            stream.assign(kept)
            by_way[name] = {
                "class": name,
                "digest": digest(given),
                "next": digest(then),
                "mean": float(given.mean(dtype=np.float64)),
                "spread": float(given.std(dtype=np.float64)),
                "off": float(np.abs(given - its).max()),
                "shape": [] if isinstance(self._shape, dict) else list(self._shape[:2]),
            }
        return by_way

    def _means(self, name: str, x: Tensor, labels: Tensor) -> Callable[[], tuple[Tensor, Tensor]]:
        """Gives the means of each mixed input, and of its target's last number or the second class's column."""
        last = -1 if self._answers.independent or self._answers.task is REGRESSION else 1

        def run() -> tuple[Tensor, Tensor]:
            inputs, shares = self._inputs(name, self._coming(tf.constant(DRAWN_IMAGES))[name], x)
            targets = _between(self._columns(labels), shares)[..., last]
            return _mean(inputs), _mean(targets)

        return run


def _in_turn(turns: Any, shape: Any) -> Tensor:
    return tf.constant(np.broadcast_to(turns.reshape(-1, *[1] * len(shape)), (len(turns), *shape)), tf.float32)


def _mean(values: Tensor) -> Tensor:
    return tf.reduce_mean(values, axis=list(range(1, len(values.shape)))) if len(values.shape) > 1 else values


def _between(values: Tensor, shares: Tensor) -> Tensor:
    """Each example's values with those of the one before it, of which there is the rest."""
    left = tf.reshape(shares, [-1, *[1] * (len(values.shape) - 1)])
    return left * values + (1.0 - left) * tf.roll(values, 1, 0)


def _interpolated(table: Tensor, places: Tensor) -> Tensor:
    """The values of a table at places from 0 to 1."""
    scaled = places * float(STEPS)
    below = tf.cast(scaled, tf.int32)
    low, high = tf.gather(table, below), tf.gather(table, tf.minimum(below + 1, STEPS))
    return low + (scaled - tf.cast(below, tf.float32)) * (high - low)


def _cut(centres: Tensor, sides: Tensor, length: int) -> Tensor:
    """Which of so many pixels are cut out, `(batch, length)`, about centres and by sides that are shares of them."""
    wide = tf.cast(sides * float(length), tf.int32)
    start = (tf.cast(centres * float(length), tf.int32) - wide // 2)[:, None]
    places = tf.range(length)[None, :]
    return (places >= start) & (places < start + wide[:, None])
