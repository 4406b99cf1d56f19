"""Recipe to Keras optimiser on JAX, whose rate, betas, decay and limits are numbers that it reads at each step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import jax.numpy as jnp
import keras

from butfor.engine.coupled_decay import with_coupled_decay
from butfor.recipe.given_numbers import BETAS, RATE, REST, Numbers
from butfor.recipe.optimisers import NOT_DECAYED, OPTIMISERS, optimiser_settings

Recipe = dict[str, Any]
Tensor: TypeAlias = Any
AVERAGE = "model_variables_moving_average"


class CurrentRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of the step that is being taken, whatever its number."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers

    def __call__(self, step: Tensor) -> Tensor:
        return self.numbers[RATE]

    def get_config(self) -> dict[str, Any]:
        return {}


class Share:
    """A traced share of 1 with what it leaves, each rounded once from double precision, as where both are constants."""

    def __init__(self, share: Tensor, rest: Tensor) -> None:
        self._share, self._rest = share, rest

    def __jax_array__(self) -> Tensor:
        return self._share

    def __rsub__(self, one: float) -> Tensor:
        return self._rest

    def __mul__(self, other: Tensor) -> Tensor:
        return self._share * other

    __rmul__ = __mul__


def optimiser(recipe: Recipe, numbers: Numbers) -> keras.optimizers.Optimizer:
    """The Keras optimiser a recipe names; it says of itself what the recipe says."""
    kind = _clipping_by_number(getattr(keras.optimizers, OPTIMISERS[recipe["optimiser"]["name"]]))
    if recipe["weight_decay"]["name"] == "coupled":
        kind = with_coupled_decay(kind)
    made = kind(learning_rate=CurrentRate(numbers), **optimiser_settings(recipe))
    made.exclude_from_weight_decay(var_names=[NOT_DECAYED])
    return made


@contextmanager
def reading(made: keras.optimizers.Optimizer, recipe: Recipe, numbers: Numbers) -> Iterator[None]:
    """A context in which an optimiser works with the numbers as they are now, in place of its own settings."""
    name, read = recipe["optimiser"]["name"], dict[str, Any]()
    for beta in BETAS.get(name, ()):
        rounded_twice = name == "lion"  # Keras subtracts what it has rounded already
        read[beta] = numbers[beta] if rounded_twice else Share(numbers[beta], numbers[beta + REST])
    if recipe["clipping"]["name"] != "none":
        read["limit"] = numbers["clipping"]
    if recipe["weight_decay"]["name"] != "none":
        key = "weight_decay" if recipe["weight_decay"]["name"] == "decoupled" else "coupled_decay"
        read[key] = numbers["weight_decay"]
    if recipe["ema"]["name"] != "none":
        read["ema_momentum"] = numbers["ema_momentum"]
    kept = {key: getattr(made, key) for key in read}
    try:
        for key, value in read.items():
            object.__setattr__(made, key, value)
        yield
    finally:
        for key, value in kept.items():
            object.__setattr__(made, key, value)


def described(made: keras.optimizers.Optimizer) -> dict[str, Any]:
    """What an optimiser says of itself: its class and every parameter but the learning rate."""
    parameters = {key: value for key, value in made.get_config().items() if key not in ("learning_rate", "name")}
    return {"class": type(made).__name__, **parameters}


def _clipping_by_number(kind: Any) -> Any:
    class ByNumber(kind):  # type: ignore[misc]
        """The optimiser `kind`, which clips at `limit` in whichever way it was made to."""

        limit: Any = 0.0

        def _clip_gradients(self, gradients: list[Tensor]) -> list[Tensor]:
            if self.clipvalue:
                return [jnp.clip(g, -self.limit, self.limit) for g in gradients]
            if self.clipnorm:
                return [g * self.limit / jnp.maximum(_norm([g]), self.limit) for g in gradients]
            if self.global_clipnorm:
                norm = _norm(gradients)
                scale = self.limit * jnp.minimum(1.0 / norm, 1.0 / self.limit)
                return [g * (scale + (norm - norm)) for g in gradients]  # not a number where the norm is infinite
            return gradients

    ByNumber.__name__ = kind.__name__
    return ByNumber


def _norm(gradients: list[Tensor]) -> Tensor:
    return jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in gradients))
