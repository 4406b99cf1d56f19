"""Recipe to Keras optimiser: the rule, its own parameters, weight decay, clipping, and the learning rate by step."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor.data.room import filled
from butfor.engine.coupled_decay import with_coupled_decay
from butfor.engine.optimiser_kinds import made_of, optimiser_kind
from butfor.recipe.optimisers import NOT_DECAYED, optimiser_settings

Recipe = dict[str, Any]

# The ends of paths such as `block/hidden_1/bias`; the names of layers say nothing. `scale` is that of RMSNormalization.


class RateTable(keras.optimizers.schedules.LearningRateSchedule):
    """A learning-rate schedule read from a table: step s uses `rates[s]`·`scale`, float32 `(steps,)`.

    Gathered, not sliced: XLA takes a slice's start for a compile-time constant and would compile anew at every call.
    `scale` is what a plateau assigns between epochs; the product is one of double precision, see schedules.scaled.
    room: for how many steps, if others are to be held in place of these.
    """

    def __init__(self, rates: npt.NDArray[np.float32], room: int = 0) -> None:
        self._room = room
        self.rates = tf.Variable(filled(rates, room), trainable=False) if room else tf.constant(rates)
        self.scale = tf.Variable(1.0, trainable=False, dtype=tf.float64)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        rate = tf.cast(tf.gather(self.rates, tf.cast(step, tf.int32)), tf.float64)
        return tf.cast(rate * self.scale, tf.float32)

    @property
    def variables(self) -> list[tf.Variable]:
        """What the rate of a step is read from and may change."""
        return [*([self.rates] if self._room else []), self.scale]

    def takes(self, rates: npt.NDArray[np.float32]) -> bool:
        """Whether it can hold these."""
        return len(rates) <= self._room if self._room else np.array_equal(self.rates.numpy(), rates)

    def hold(self, rates: npt.NDArray[np.float32]) -> None:
        """Hold these from now on, which it `takes`."""
        if self._room:
            self.rates.assign(filled(rates, self._room))

    def get_config(self) -> dict[str, Any]:
        return {"rates": self.rates.numpy().tolist()}


def optimiser(recipe: Recipe, rates: RateTable) -> keras.optimizers.Optimizer:
    """The Keras optimiser a recipe names, at the learning rates of a table. Raises OwnCodeError."""
    kind = _adding_in_order(optimiser_kind(recipe["optimiser"]))
    if recipe["weight_decay"]["name"] == "coupled":
        kind = with_coupled_decay(kind)
    made = made_of(kind, recipe["optimiser"], {"learning_rate": rates, **optimiser_settings(recipe)})
    made.exclude_from_weight_decay(var_names=[NOT_DECAYED])
    return made


def described(made: keras.optimizers.Optimizer) -> dict[str, Any]:
    """What a live optimiser says of itself: its class and every parameter but the learning rate. Keras wraps it in one that
    scales the loss where a model computes in float16."""
    made = getattr(made, "inner_optimizer", made)
    parameters = {key: value for key, value in made.get_config().items() if key not in ("learning_rate", "name")}
    plain = {key: value for key, value in parameters.items() if _is_plain(value)}
    return {"class": type(made).__name__, **plain}


def _is_plain(value: Any) -> bool:
    """Whether a record can hold a setting, which one of the user's own class need not be."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _adding_in_order(kind: type[keras.optimizers.Optimizer]) -> type[keras.optimizers.Optimizer]:
    """The optimiser `kind`, which on a CPU adds the rows of an embedding's gradient one after another.

    A batch has a row for each place of a word, and Keras's optimiser adds those of one word in whatever order several threads
    come to them, so that the sum's last bits are chance. Adding them by scatter_nd_add is what a single thread does, to the
    bit, and takes as long.
    """
    if tf.config.list_physical_devices("GPU"):
        return kind

    class InOrder(kind):  # type: ignore[misc, valid-type]
        """The optimiser `kind`, whose sparse gradients are added row by row."""

        def assign_add(self, variable: Any, value: Any) -> None:
            if isinstance(value, tf.IndexedSlices):
                changed = _inside(variable)
                changed.scatter_nd_add(value.indices[:, None], tf.cast(value.values, changed.dtype))
            else:
                super().assign_add(variable, value)

        def assign_sub(self, variable: Any, value: Any) -> None:
            if isinstance(value, tf.IndexedSlices):
                changed = _inside(variable)
                changed.scatter_nd_sub(value.indices[:, None], tf.cast(value.values, changed.dtype))
            else:
                super().assign_sub(variable, value)

    InOrder.__name__ = kind.__name__
    return InOrder


def _inside(variable: Any) -> tf.Variable:
    """TensorFlow's variable of one of Keras's."""
    return variable.value if isinstance(variable, keras.Variable) else variable
